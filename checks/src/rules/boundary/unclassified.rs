//! `boundary/unclassified`.

use crate::model::Severity;
use crate::object::Object;
use crate::places;
use crate::rules::{CellView, Check, Rule};
use finding::Finding;
use leaks::names::{self, Class};
use leaks::shapes::{self, Shape};
use yaml::Node;

/// The rule.
pub static RULE: Rule = Rule {
    id: "boundary/unclassified",
    severity: Severity::Error,
    summary: "an entry that is neither known configuration nor a declared secret, in a release with classify: strict",
    check: Check::Cell(check),
    doc: "\
## What it finds
In a release with `classify: strict` in the matrix file: an entry of a ConfigMap or a literal environment variable that is not
known to be configuration. An entry is known

- by its value: a boolean, a number, a duration, a URL without a password, a host, a path, a single plain word, a list of these;
- by its name, when what it means is public by nature: it starts with `NEXT_PUBLIC_`, `VITE_`, `PUBLIC_` or `REACT_APP_`, which
  end up in the browser, or it is a file (`nginx.conf`);
- by the release's page, which names it in backticks on a line that says `config`;

and never when its name means a credential.

## Why it matters
Frontends have long ConfigMaps, and a token among eighty URLs is not seen in review. Strict means that somebody has said of
each entry which of the two it is.

## Example
`SESSION_SEAL: q8…` in the ConfigMap of `www-ameide-platform`.

## What to do instead
Take it from a Secret, or declare it: a line of the page that names it in backticks and says that it is config.

## When it stays silent
Everywhere without `classify: strict`, and for entries that come from a Secret.
",
};

const PUBLIC: &[&str] = &["NEXT_PUBLIC_", "VITE_", "PUBLIC_", "REACT_APP_", "NUXT_PUBLIC_", "GATSBY_"];

fn check(view: &CellView<'_>, findings: &mut Vec<Finding>) {
    let Some(release) = view.matrix.release(&view.cell.release).filter(|r| r.classify) else { return };
    let page = release.docs.as_deref().and_then(|p| view.sources.get(p)).and_then(|s| s.text()).unwrap_or_default();
    let mut judge = |object: &Object, path: String, name: &str, value: &Node| {
        if is_known(name, value) || is_declared(page, name) {
            return;
        }
        findings.push(
            RULE.finding(format!("{name} is neither known configuration nor a secret"))
                .at(places::of_text_in_cell(view.sources, view.cell, object.template.as_deref(), name))
                .label(format!("in {}", object.short()))
                .help("take it from a Secret, or say in the release's page that it is config")
                .shown(super::shown(&view.cell.name(), object, &path, value)),
        );
    };
    for object in view.objects {
        if object.id.group.is_empty() && object.id.kind == "ConfigMap" {
            for entry in object.root.get("data").map(Node::entries).unwrap_or_default() {
                let key = entry.key.text().unwrap_or_default();
                judge(object, format!("data.{key}"), key, &entry.value);
            }
        }
        for (path, container) in super::containers(object) {
            for (i, entry) in container.get("env").map(Node::items).unwrap_or_default().iter().enumerate() {
                let name = entry.get("name").and_then(Node::text).unwrap_or_default();
                if let Some(value) = entry.get("value") {
                    judge(object, format!("{path}.env[{i}].value"), name, value);
                }
            }
        }
    }
}

fn is_known(name: &str, value: &Node) -> bool {
    let text = value.text().unwrap_or_default().trim();
    if text.is_empty() || value.is_null() {
        return true;
    }
    let public = PUBLIC.iter().any(|p| name.starts_with(p));
    let speaks_of_one = match names::judge(name.as_bytes()).class {
        Class::None | Class::Not => false,
        Class::Weak => !public,
        Class::Token | Class::Password => true,
    };
    let reference = shapes::judge(text.as_bytes()) == Shape::Reference;
    if speaks_of_one {
        return reference || is_switch(text);
    }
    let file = text.contains('\n') || name.contains('.');
    file || public || text.split([',', ' ', ';']).all(|part| is_plain(part.trim()))
}

/// A boolean, a number or a duration: no credential, whatever its name says.
fn is_switch(text: &str) -> bool {
    matches!(text, "true" | "false" | "yes" | "no" | "on" | "off" | "0" | "1")
}

fn is_plain(part: &str) -> bool {
    if part.is_empty() || part.len() < 4 || part.bytes().all(|b| b.is_ascii_digit()) {
        return true;
    }
    let word = part.bytes().all(|b| b.is_ascii_lowercase()) || part.bytes().all(|b| b.is_ascii_uppercase());
    (word && part.len() <= 24)
        || is_host(part)
        || matches!(
            shapes::judge(part.as_bytes()),
            Shape::Empty | Shape::Reference | Shape::Harmless | Shape::Name | Shape::Words
        )
}

/// A host with at least one dot, and perhaps a port.
fn is_host(text: &str) -> bool {
    let (host, number) = text.split_once(':').unwrap_or((text, "0"));
    host.contains('.')
        && number.parse::<u16>().is_ok()
        && host.split('.').all(|label| {
            let plain = |c: char| c.is_ascii_lowercase() || c == '-' || c.is_ascii_digit();
            (1..=63).contains(&label.len()) && label.chars().all(plain)
        })
}

/// Whether the page names the entry in backticks on a line that says what it is.
fn is_declared(page: &str, name: &str) -> bool {
    let quoted = format!("`{name}`");
    page.lines().any(|line| line.contains(&quoted) && line.to_ascii_lowercase().contains("config"))
}
