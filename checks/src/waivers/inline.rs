//! Waivers inside a source: `# xtask:allow RULE until=DATE: reason` on the line that it is about or above it, and
//! `gitleaks:allow`, which people have there already.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use memchr::memmem;

use super::{Allowed, Malformed, Scope, Waiver};
use crate::model::Place;

const OURS: &str = "xtask:allow";
const THEIRS: &str = "gitleaks:allow";
/// What opens a comment in YAML, templates, scripts, JSON with comments, SQL, INI and HTML.
const OPENERS: [&str; 6] = ["#", "/*", "//", "--", ";", "<!--"];
/// What may close one.
const CLOSERS: [&str; 3] = ["-->", "*/", "}}"];
/// Waivers of one file; more are a mistake that must not cost memory.
const MOST: usize = 10_000;

/// Reads the waivers of one source. `cells` are those that read the file.
pub fn read(path: &str, bytes: &[u8], cells: &BTreeSet<String>) -> Allowed {
    let mut allowed = Allowed::default();
    if [OURS, THEIRS].iter().all(|mark| memmem::find(bytes, mark.as_bytes()).is_none()) {
        return allowed;
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return allowed };
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        if line.contains(THEIRS) && allowed.gitleaks.len() < MOST {
            allowed.gitleaks.insert((path.to_owned(), index + 1));
        }
        // Pages show how a waiver is written.
        let Some(at) = comment(line).filter(|_| !path.ends_with(".md")) else { continue };
        if allowed.waivers.len() + allowed.malformed.len() >= MOST {
            break;
        }
        let body = body(&line[at + OURS.len()..]);
        let column = line[..at].chars().count() + 1;
        let end_column = column + OURS.len() + line[at + OURS.len()..].chars().take_while(|c| *c != '}').count();
        let place = Place { file: path.to_owned(), line: index + 1, column, end_line: index + 1, end_column };
        match parse(body) {
            Ok((rule, until, reason)) => allowed.waivers.push(Waiver {
                rule: rule.to_owned(),
                scope: Scope::Lines(path.to_owned(), covered(&lines, index, &line[..at])),
                object: None,
                reason: reason.to_owned(),
                until,
                place,
                cells: cells.clone(),
            }),
            Err(why) => allowed.malformed.push(Malformed { place, why: why.to_owned(), cells: cells.clone() }),
        }
    }
    allowed
}

/// Where the marker stands in a line, if it is the first word of a comment.
fn comment(line: &str) -> Option<usize> {
    let at = line.find(OURS)?;
    let before = line[..at].trim_end();
    OPENERS.iter().any(|opener| before.ends_with(opener)).then_some(at)
}

/// What stands behind the marker, without the end of the comment.
fn body(rest: &str) -> &str {
    let end = CLOSERS.iter().filter_map(|closer| rest.find(closer)).min().unwrap_or(rest.len());
    rest[..end].trim().trim_end_matches('-').trim_end()
}

fn parse(body: &str) -> Result<(&str, super::Date, &str), &'static str> {
    let (rule, rest) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
    if rule.is_empty() || rule == ":" || rule.starts_with("until=") {
        return Err("it names no rule");
    }
    let Some(rest) = rest.trim_start().strip_prefix("until=") else { return Err("it has no date") };
    let Some((date, reason)) = rest.split_once(':') else { return Err("it has no reason") };
    let Ok(until) = date.trim().parse() else { return Err("its date is none: write YYYY-MM-DD") };
    let reason = reason.trim();
    if reason.is_empty() { Err("it has no reason") } else { Ok((rule, until, reason)) }
}

/// The lines that a waiver speaks of: its own when something stands before the comment, otherwise the next one that is no
/// comment; with a block scalar, whose lines can hold no comment, all of it.
fn covered(lines: &[&str], index: usize, before: &str) -> RangeInclusive<usize> {
    let before = before.trim().trim_start_matches("{{").trim_start_matches(['-', ' ']);
    let alone = before.is_empty() || OPENERS.contains(&before);
    let is_comment = |line: &str| {
        let line = line.trim_start();
        line.starts_with('#') || line.starts_with("//") || line.starts_with("{{/*") || line.starts_with("{{- /*")
    };
    let first = if alone { (index + 1..lines.len()).find(|i| !is_comment(lines[*i])).unwrap_or(index) } else { index };
    let code = lines[first].split(" #").next().unwrap_or_default().trim_end();
    let indicators = code.trim_end_matches(|c: char| matches!(c, '+' | '-') || c.is_ascii_digit());
    let mut last = first;
    if indicators.ends_with([':', '-', ' ']) || !indicators.ends_with(['|', '>']) {
        return index + 1..=first + 1;
    }
    let indent = |line: &str| line.len() - line.trim_start().len();
    for (at, line) in lines.iter().enumerate().skip(first + 1) {
        if !line.trim().is_empty() && indent(line) <= indent(lines[first]) {
            break;
        }
        last = at;
    }
    index + 1..=last + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Allowed {
        read("f.yaml", text.as_bytes(), &BTreeSet::new())
    }

    fn lines(text: &str) -> Vec<RangeInclusive<usize>> {
        let scope = |w: Waiver| match w.scope {
            Scope::Lines(_, lines) => lines,
            Scope::Where(_) => unreachable!(),
        };
        read_text(text).waivers.into_iter().map(scope).collect()
    }

    #[test]
    fn on_the_line_or_above_it() {
        assert_eq!(lines("a: 1 # xtask:allow a/b until=2026-01-01: r\nb: 2\n"), [1..=1]);
        assert_eq!(lines("# xtask:allow a/b until=2026-01-01: r\nb: 2\nc: 3\n"), [1..=2]);
        assert_eq!(
            lines("# xtask:allow a/b until=2026-01-01: r\n# xtask:allow c/d until=2026-01-01: r\nb: 2\n"),
            [1..=3, 2..=3]
        );
        assert_eq!(lines("{{/* xtask:allow a/b until=2026-01-01: r */}}\nb: {{ .x }}\n"), [1..=2]);
        assert_eq!(lines("{{ .x }} # xtask:allow a/b until=2026-01-01: r\nb: 1\n"), [1..=1]);
        assert_eq!(lines("{{- /* xtask:allow a/b until=2026-01-01: r */ -}}\nb: {{ .x }}\n"), [1..=2]);
    }

    #[test]
    fn a_block_scalar_is_covered_whole() {
        assert_eq!(lines("# xtask:allow a/b until=2026-01-01: r\nkey: |-\n  one\n\n  two\nother: 1\n"), [1..=5]);
    }

    #[test]
    fn rule_date_and_reason_are_read() {
        let allowed = read_text("x: y # xtask:allow leaks/jwt until=2026-03-31: a test key: see docs\n");
        let waiver = &allowed.waivers[0];
        assert_eq!((waiver.rule.as_str(), waiver.reason.as_str()), ("leaks/jwt", "a test key: see docs"));
        assert_eq!(waiver.until.to_string(), "2026-03-31");
        assert_eq!((waiver.place.column, waiver.place.line), (8, 1));
        let html = read_text("<!-- xtask:allow a/b until=2026-01-01: r -->\n");
        assert_eq!(html.waivers[0].reason, "r");
    }

    #[test]
    fn what_is_wrong_is_said_and_prose_is_none() {
        for (comment, why) in [
            ("# xtask:allow", "it names no rule"),
            ("# xtask:allow a/b: reason", "it has no date"),
            ("# xtask:allow a/b", "it has no date"),
            ("# xtask:allow a/b until=2026-01-01", "it has no reason"),
            ("# xtask:allow a/b until=soon: r", "its date is none: write YYYY-MM-DD"),
            ("# xtask:allow a/b until=2026-01-01:  ", "it has no reason"),
        ] {
            let allowed = read_text(comment);
            let said: Vec<&str> = allowed.malformed.iter().map(|m| m.why.as_str()).collect();
            assert!(allowed.waivers.is_empty());
            assert_eq!(said, [why], "{comment}");
        }
        let prose = read_text("text: write xtask:allow in a comment\n");
        assert!(prose.waivers.is_empty() && prose.malformed.is_empty());
        assert_eq!(read_text("a\nb # gitleaks:allow\n").gitleaks.len(), 1);
    }
}
