//! A finding as JSON on one line. The same text as serde's, made without looking at each character of what needs no escape: a
//! scan may have a million findings.

use serde::Serialize;

use crate::{Finding, Place, Severity};

/// Writes a finding as JSON, on one line, without its end.
pub fn json_line(finding: &Finding, out: &mut Vec<u8>) {
    out.extend(b"{\"rule\":");
    text(out, &finding.rule);
    out.extend(match finding.severity {
        Severity::Off => b",\"severity\":\"off\"".as_slice(),
        Severity::Warning => b",\"severity\":\"warning\"",
        Severity::Error => b",\"severity\":\"error\"",
    });
    field(out, "message", &finding.message);
    if !finding.label.is_empty() {
        field(out, "label", &finding.label);
    }
    if !finding.help.is_empty() {
        field(out, "help", &finding.help);
    }
    if let Some(at) = &finding.place {
        place(out, at);
    }
    if !finding.related.is_empty() {
        any(out, "related", &finding.related);
    }
    if !finding.render.is_empty() {
        any(out, "render", &finding.render);
    }
    if !finding.notes.is_empty() {
        any(out, "notes", &finding.notes);
    }
    if let Some(excerpt) = &finding.excerpt {
        field(out, "excerpt", excerpt);
    }
    if finding.cells.is_empty() {
        out.extend(b",\"cells\":[]");
    } else {
        any(out, "cells", &finding.cells);
    }
    field(out, "fingerprint", &finding.fingerprint);
    out.push(b'}');
}

fn place(out: &mut Vec<u8>, place: &Place) {
    out.extend(b",\"location\":{\"file\":");
    text(out, &place.file);
    out.extend(b",\"line\":");
    number(out, place.line);
    out.extend(b",\"column\":");
    number(out, place.column);
    out.extend(b",\"end_line\":");
    number(out, place.end_line);
    out.extend(b",\"end_column\":");
    number(out, place.end_column);
    out.push(b'}');
}

fn number(out: &mut Vec<u8>, number: usize) {
    let (mut digits, mut at, mut rest) = ([0; 20], 20, number);
    while at == 20 || rest > 0 {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
    out.extend(&digits[at..]);
}

fn name(out: &mut Vec<u8>, name: &str) {
    out.extend(b",\"");
    out.extend(name.as_bytes());
    out.extend(b"\":");
}

fn field(out: &mut Vec<u8>, named: &str, value: &str) {
    name(out, named);
    text(out, value);
}

fn any(out: &mut Vec<u8>, named: &str, value: &impl Serialize) {
    name(out, named);
    // Strings, numbers and lists of them: nothing that could not be written.
    let _ = serde_json::to_writer(out, value);
}

/// A string. Whether one has anything to escape is asked of many bytes at once.
#[allow(clippy::needless_bitwise_bool)]
fn text(out: &mut Vec<u8>, value: &str) {
    let escapes = |b: u8| (b < b' ') | (b == b'"') | (b == b'\\');
    let any = |part: &[u8]| part.iter().fold(false, |any, b| any | escapes(*b));
    let (parts, rest) = value.as_bytes().as_chunks::<16>();
    if !parts.iter().any(|part| any(part)) && !any(rest) {
        out.push(b'"');
        out.extend(value.as_bytes());
        out.push(b'"');
    } else {
        let _ = serde_json::to_writer(out, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RenderPlace;

    #[test]
    fn the_same_text_as_serde() {
        let plain = Finding::new("a/b", Severity::Error, "m").at(Place::line("f.yaml", 3)).label("l").help("h");
        let place = RenderPlace { cell: "e/r".to_owned(), line: 7, ..RenderPlace::default() };
        let full = Finding::new("a/\"b\"", Severity::Warning, "a\tb \\ ü \u{1}")
            .at(Place { file: "x\ny".to_owned(), line: 1, column: 2, end_line: 3, end_column: 40 })
            .help("one\ntwo")
            .note("n")
            .related(Place::file("g"), "there")
            .excerpt("> \"x\"")
            .cell("a/b")
            .shown(place);
        let bare = Finding::new("", Severity::Off, "");
        let all = [plain, full, bare];
        for finding in all {
            let mut line = Vec::new();
            json_line(&finding, &mut line);
            assert_eq!(String::from_utf8_lossy(&line), serde_json::to_string(&finding).expect("JSON"));
        }
    }
}
