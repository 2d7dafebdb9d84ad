//! Credentials pasted where they do not belong. None stands here: they are put together when the test runs.

use super::boundary::with_entry;
use super::change::{Change, Random};
use super::edit::into_block;
use super::values::overlays;
use super::world::{Rendered, World, chain, overlay};

/// A token with a known issuer's shape.
fn token(r: &mut Random) -> Option<String> {
    let digits = r.letters(24);
    let upper: String = digits.to_uppercase().chars().take(16).collect();
    let hex: String = digits.bytes().filter_map(|b| char::from_digit(u32::from(b % 16), 16)).collect();
    r.pick(vec![
        ["AK", "IA", &upper].concat(),
        ["glp", "at-", &digits[..20]].concat(),
        ["sk_", "live_", &digits].concat(),
        ["xo", "xb-", "123456789012-123456789012-", &digits].concat(),
        ["key", "-", &hex, "0123abcd"].concat(),
    ])
}

/// An overlay with one more top-level key; its cell.
fn overlay_with(w: &World, r: &mut Random, added: &str) -> Option<(Change, String, String)> {
    let (cell, leaf) = r.pick(overlays(w))?;
    let change = Change::new(format!("{} gets a credential", leaf.file));
    Some((change.write(&leaf.file, format!("{}\n{added}\n", w.text(&leaf.file))), leaf.file.clone(), cell.cell.name()))
}

/// A token in an overlay.
pub fn token_in_an_overlay(w: &World, r: &mut Random) -> Option<Change> {
    let added = format!("webhook:\n  reference: {}", token(r)?);
    let (change, file, cell) = overlay_with(w, r, &added)?;
    Some(change.finds("leaks/provider-token", [file], cell))
}

/// A token in a comment of an overlay.
pub fn token_in_a_comment(w: &World, r: &mut Random) -> Option<Change> {
    let added = format!("# tried with {}", token(r)?);
    let (change, file, cell) = overlay_with(w, r, &added)?;
    Some(change.finds("leaks/provider-token", [file], cell))
}

/// A token in a template.
pub fn token_in_a_template(w: &World, r: &mut Random) -> Option<Change> {
    let added = format!("  INTEGRATION: \"{}\"", token(r)?);
    let (change, file, cell) = with_entry(w, r, &|_| true, &added)?;
    Some(change.finds("leaks/provider-token", [file], cell))
}

/// A token in a page.
pub fn token_in_a_page(w: &World, r: &mut Random) -> Option<Change> {
    let release = r.pick(w.matrix.releases.iter().filter(|o| o.docs.is_some()).collect())?;
    let file = release.docs.as_deref()?;
    let cell = w.cells.iter().find(|c| c.cell.release == release.name)?;
    let text = format!("{}\nTry it: `curl -H 'Authorization: Bearer {}'`\n", w.text(file), token(r)?);
    Some(Change::new(format!("{file} gets a token")).write(file, text).finds(
        "leaks/provider-token",
        [file],
        cell.cell.name(),
    ))
}

/// A token in the matrix file.
pub fn token_in_the_matrix_file(w: &World, r: &mut Random) -> Option<Change> {
    let text = format!("{}# {}\n", w.text(&w.matrix.file), token(r)?);
    let change = Change::new("the matrix file gets a token").write(&w.matrix.file, text);
    Some(change.finds_somewhere("leaks/provider-token", [&w.matrix.file]))
}

/// A URL with a password in an overlay.
pub fn password_in_a_url(w: &World, r: &mut Random) -> Option<Change> {
    let scheme = r.pick(vec!["postgresql", "redis", "https", "amqp", "mongodb+srv"])?;
    let added = format!("upstream: {scheme}://service:{}@db.svc.cluster.local:5432/a", r.letters(14));
    let (change, file, cell) = overlay_with(w, r, &added)?;
    Some(change.finds("leaks/password-in-url", [file], cell))
}

/// A password in an overlay.
pub fn password_in_an_overlay(w: &World, r: &mut Random) -> Option<Change> {
    let key = r.pick(vec!["adminPassword", "clientSecret", "apiToken", "db_password"])?;
    let added = format!("{key}: {}", r.letters(20));
    let (change, file, cell) = overlay_with(w, r, &added)?;
    Some(change.finds("leaks/literal-credential", [file], cell))
}

/// A password in a chart's defaults or the shared values.
pub fn password_in_shared_values(w: &World, r: &mut Random) -> Option<Change> {
    let cell = r.pick(w.cells.iter().collect())?;
    let overlay = overlay(&cell.cell).unwrap_or_default();
    let file = r.pick(chain(&cell.cell).into_iter().filter(|f| f != overlay).collect())?;
    let text = format!("{}\ndatabase:\n  password: {}\n", w.text(&file), r.letters(16));
    Some(Change::new(format!("{file} gets a password")).write(&file, text).finds(
        "leaks/literal-credential",
        [file],
        cell.cell.name(),
    ))
}

/// A password in a `ConfigMap`.
pub fn password_in_a_config_map(w: &World, r: &mut Random) -> Option<Change> {
    let entry = format!("  SMTP_PASSWORD: \"{}\"", r.letters(16));
    let (change, file, cell) = with_entry(w, r, &|_| true, &entry)?;
    Some(change.finds("leaks/literal-credential", [file], cell))
}

/// A password in a file inside of a `ConfigMap`.
pub fn password_in_a_nested_file(w: &World, r: &mut Random) -> Option<Change> {
    let line = r.pick(vec!["spring.datasource.password=", "DB_PASSWORD=", "password: "])?;
    let entry = format!("  settings.properties: |\n    logging.level=info\n    {line}{}", r.letters(18));
    let (change, file, cell) = with_entry(w, r, &|_| true, &entry)?;
    Some(change.finds("leaks/literal-credential", [file], cell))
}

/// A private key in an overlay.
pub fn private_key(w: &World, r: &mut Random) -> Option<Change> {
    let kind = r.pick(vec!["", "RSA ", "EC ", "OPENSSH "])?;
    let body = format!("    {}\n    {}\n    {}", r.letters(64), r.letters(64), r.letters(40));
    let mark = |word: &str| ["-----", word, " ", kind, "PRIVATE", " KEY", "-----"].concat();
    let added = format!("identity:\n  file: |\n    {}\n{body}\n    {}", mark("BEGIN"), mark("END"));
    let (change, file, cell) = overlay_with(w, r, &added)?;
    Some(change.finds("leaks/private-key", [file], cell))
}

/// A signed token in an annotation.
pub fn signed_token_in_an_annotation(w: &World, r: &mut Random) -> Option<Change> {
    let mut places = Vec::new();
    for (cell, object) in w.cells.iter().flat_map(|c| c.objects.iter().map(move |o| (c, o))) {
        let Some(text) = w.files.get(&object.template) else { continue };
        places.extend(text.contains("\n  annotations:\n").then_some((cell, object)));
    }
    let (cell, object) = r.pick(places)?;
    // {"alg":"HS256","typ":"JWT"} and {"sub":"1234567890","name":"a"}
    let parts = ["eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6ImEifQ", &r.letters(43)]
        .join(".");
    let text = into_block(&w.text(&object.template), "  annotations:", &format!("    example.org/session: {parts}"))?;
    let change = Change::new(format!("{} gets a token", object.template)).write(&object.template, text);
    Some(change.finds("leaks/jwt", [&object.template], cell.cell.name()))
}

/// A password on a command line.
pub fn password_in_arguments(w: &World, r: &mut Random) -> Option<Change> {
    let (cell, object) =
        r.pick(w.workloads().into_iter().filter(|(_, o)| !w.files[&o.template].contains("args:")).collect())?;
    let lines = w.lines(&object.template);
    let at = lines.iter().position(|l| l.trim() == "env:")?;
    let depth = " ".repeat(super::edit::indent(&lines[at]));
    let flag = r.pick(vec!["--password=", "--db-password=", "--api-token="])?;
    let mut lines = lines;
    lines.insert(at, format!("{depth}args: [\"serve\", \"{flag}{}\"]", r.letters(16)));
    let change = Change::new(format!("{} gets arguments", object.template)).write_lines(&object.template, &lines);
    Some(change.finds("leaks/credential-in-args", [&object.template], cell.cell.name()))
}

/// A placeholder where a credential belongs.
pub fn placeholder(w: &World, r: &mut Random) -> Option<Change> {
    let word = r.pick(vec!["CHANGEME", "change-me", "<token>", "REPLACE_ME"])?;
    let (change, file, cell) = overlay_with(w, r, &format!("adminPassword: \"{word}\""))?;
    Some(change.finds("leaks/placeholder", [file], cell))
}

fn new_template(w: &World, r: &mut Random, text: &str) -> Option<(Change, String, String)> {
    let cell = r.pick(w.cells.iter().collect::<Vec<&Rendered>>())?;
    let file = format!("{}/templates/secret.yaml", cell.cell.chart);
    Some((Change::new(format!("{file} is new")).write(&file, text), file, cell.cell.name()))
}

/// A Secret with a literal.
pub fn inline_secret(w: &World, r: &mut Random) -> Option<Change> {
    let body = format!("stringData:\n  password: {}\n", r.letters(20));
    let text = format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: quick-fix\n{body}");
    let (change, file, cell) = new_template(w, r, &text)?;
    Some(change.finds("leaks/inline-secret", [file], cell))
}

/// A template that makes a Secret of values.
pub fn secret_template(w: &World, r: &mut Random) -> Option<Change> {
    let body = r.pick(vec![
        "stringData:\n  password: {{ .Values.password | quote }}\n",
        "data:\n  {{- range $key, $value := .Values.credentials }}\n  {{ $key }}: {{ $value | b64enc }}\n  {{- end }}\n",
        "data:\n  token: {{ randAlphaNum 32 | b64enc }}\n",
    ])?;
    let text = format!(
        "{{{{- if .Values.createSecret }}}}\napiVersion: v1\nkind: Secret\nmetadata:\n  name: quick-fix\n{body}{{{{- end }}}}\n"
    );
    let (change, file, cell) = new_template(w, r, &text)?;
    Some(change.finds("sources/secret-template", [file], cell))
}
