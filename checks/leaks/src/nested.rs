//! Texts inside a value: escapes, percent-encoding, base64 and gzip are taken off, and what is below is scanned as what it is.

use std::ops::Range;

use super::decode;
use super::entry::Around;
use super::leak::Where;
use super::level::Level;
use super::lines::{self, Bare, Lines};
use super::sink::{Scan, Text};
use super::{flow, tokens, yaml};

/// Base64 inside base64, at most.
const DEEPEST: usize = 4;

/// Longer strings are read as they are written, escapes and all.
const MAX_ESCAPED: usize = 1 << 20;

/// Looks into a value that was no credential itself. `name` is what it stands under.
pub fn value(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, escaped: bool, name: &str, place: Where) {
    let bytes = &text.bytes[range.clone()];
    if bytes.len() < 8 {
        return;
    }
    if escaped && bytes.len() <= MAX_ESCAPED && memchr::memchr(b'\\', bytes).is_some() {
        let (plain, from) = decode::unescape(bytes);
        let table: Vec<usize> = from.iter().map(|&at| text.place(range.start + at as usize..range.end).start).collect();
        let table = ends(table, text.place(range.clone()).end);
        let below = if text.encoding().is_empty() {
            Text::table(&plain, &table)
        } else {
            Text::decoded(&plain, text.place(range), text.encoding())
        };
        scan.inside(name.to_owned(), |scan| {
            tokens::scan(scan, &below, place);
            self::text(scan, &below, 0..plain.len(), name, place);
        });
        return;
    }
    if is_base64(bytes) && base64(scan, text, range.clone(), name, place) {
        return;
    }
    if percent_encoded(bytes) {
        let (plain, table) = percent(text, range.clone());
        let below = Text::table(&plain, &table);
        if text.encoding().is_empty() {
            scan.inside(name.to_owned(), |scan| {
                tokens::scan(scan, &below, place);
                self::text(scan, &below, 0..plain.len(), name, place);
            });
            return;
        }
    }
    if lines::worth_a_look(bytes) {
        scan.inside(name.to_owned(), |scan| self::text(scan, text, range, name, place));
    }
}

fn ends(mut table: Vec<usize>, end: usize) -> Vec<usize> {
    if let Some(last) = table.last_mut() {
        *last = end;
    }
    table
}

/// Scans a text of any form under a name, which may end in a file's extension.
pub fn text(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, name: &str, place: Where) {
    let bytes = &text.bytes[range.clone()];
    if let Some(table) = lines::table(name) {
        table.scan(scan, text, range, place);
        return;
    }
    match form(bytes, name) {
        Form::Flow => {
            let start = range.start + bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
            flow::scan(scan, text, start..range.end, &Level::top(Around::top(place)), &String::new);
        }
        Form::Yaml => yaml::scan(scan, text, range, Around::top(place)),
        Form::Lines(bare) => lines::scan(scan, text, range, Lines { bare, place }),
    }
}

/// What a text is, as far as the scan cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JSON, or a flow map or list.
    Flow,
    /// YAML by lines.
    Yaml,
    /// Anything else.
    Lines(Bare),
}

/// What an extension says, if anything.
pub fn form_of_name(name: &str) -> Option<Form> {
    let extension = name.rsplit(['.', '-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    Some(match extension.as_str() {
        "yaml" | "yml" | "gotmpl" => Form::Yaml,
        "json" | "tfstate" | "ipynb" => Form::Flow,
        "go" | "py" | "js" | "ts" | "tsx" | "jsx" | "java" | "kt" | "rb" | "rs" | "php" | "cs" | "scala" | "groovy"
        | "swift" | "c" | "cpp" | "h" | "tf" | "hcl" | "tfvars" | "toml" | "lua" | "jsonnet" | "libsonnet"
        | "gradle" | "ex" | "exs" | "mjs" | "cjs" | "vue" | "star" | "nix" | "bicep" | "jenkinsfile" | "pl" | "ps1" => {
            Form::Lines(Bare::Quoted)
        }
        "env" | "properties" | "ini" | "envrc" => Form::Lines(Bare::Line),
        "conf" | "cfg" | "cnf" | "sh" | "bash" | "zsh" | "sql" | "xml" | "dockerfile" | "npmrc" | "netrc"
        | "pypirc" | "config" | "bat" | "makefile" | "service" => Form::Lines(Bare::Literal),
        "1" | "5" | "7" | "8" | "md" | "mdx" | "rst" | "adoc" | "html" | "htm" | "txt" | "log" | "csv" | "tex" => {
            Form::Lines(Bare::Prose)
        }
        _ => return None,
    })
}

/// What a text looks like.
pub fn form(bytes: &[u8], name: &str) -> Form {
    let head = bytes.trim_ascii_start();
    let flow =
        (head.starts_with(b"{") && !head.starts_with(b"{{")) || head.starts_with(b"[{") || head.starts_with(b"[\"");
    let page = [".md", ".mdx", ".rst", ".adoc", ".html"].iter().any(|ending| name.ends_with(ending));
    match form_of_name(name) {
        Some(form) if page => return form,
        Some(Form::Lines(Bare::Prose)) | None => {}
        Some(Form::Flow) if !flow => return Form::Yaml,
        Some(form) => return form,
    }
    if flow {
        return Form::Flow;
    }
    // Most lines of YAML are a key with a colon and a space; `key=value` lines are none.
    let (mut keys, mut sets, mut all) = (0, 0, 0);
    for line in bytes.split(|&b| b == b'\n').take(60) {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") || line.starts_with(b"{{") {
            continue;
        }
        all += 1;
        let line = line.strip_prefix(b"- ").unwrap_or(line);
        let name = line
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b'"' | b'\''))
            .count();
        match line.get(name) {
            Some(b':') if name > 0 && matches!(line.get(name + 1), None | Some(b' ' | b'\r')) => keys += 1,
            Some(b'=') if name > 0 => sets += 1,
            _ => {}
        }
    }
    if keys > sets && keys * 2 >= all && all > 1 { Form::Yaml } else { Form::Lines(Bare::Literal) }
}

/// Whether a value could be base64 of a text.
pub fn is_base64(bytes: &[u8]) -> bool {
    bytes.len() >= 16
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_' | b'\n' | b'\r' | b' '))
        && bytes.iter().any(u8::is_ascii_uppercase)
        && !bytes.iter().all(u8::is_ascii_hexdigit)
}

/// Decodes and scans what is below; false when that is no text.
pub fn base64(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, name: &str, place: Where) -> bool {
    if scan.depth >= DEEPEST {
        return false;
    }
    let Some(mut decoded) = decode::base64(&text.bytes[range.clone()]) else { return false };
    let mut encoding = if text.encoding().is_empty() { "base64" } else { "base64, twice" };
    if let Some(unfolded) = decode::gunzip(&decoded) {
        decoded = unfolded;
        encoding = "base64, gzip";
    }
    if !decode::is_text(&decoded) || decoded.len() < 4 {
        return false;
    }
    let below = Text::decoded(&decoded, text.place(range), encoding);
    scan.inside(name.to_owned(), |scan| {
        tokens::scan(scan, &below, place);
        if is_base64(decoded.trim_ascii()) && base64(scan, &below, 0..decoded.len(), "", place) {
            return;
        }
        if lines::worth_a_look(&decoded) {
            self::text(scan, &below, 0..decoded.len(), name, place);
        }
    });
    true
}

/// `%3D`, `%7B`, `%22`, `%40`: what only percent-encoding writes.
fn percent_encoded(bytes: &[u8]) -> bool {
    memchr::memchr(b'%', bytes).is_some()
        && bytes.windows(3).filter(|w| w[0] == b'%' && w[1].is_ascii_hexdigit() && w[2].is_ascii_hexdigit()).count()
            >= 2
}

fn percent(text: &Text<'_>, range: Range<usize>) -> (Vec<u8>, Vec<usize>) {
    let bytes = &text.bytes[range.clone()];
    let (mut plain, mut table) = (Vec::with_capacity(bytes.len()), Vec::with_capacity(bytes.len() + 1));
    let mut at = 0;
    while at < bytes.len() {
        table.push(text.place(range.start + at..range.end).start);
        let digits = bytes.get(at + 1..at + 3).and_then(|d| std::str::from_utf8(d).ok());
        match digits.and_then(|d| u8::from_str_radix(d, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                plain.push(byte);
                at += 3;
            }
            _ => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    table.push(text.place(range).end);
    (plain, table)
}
