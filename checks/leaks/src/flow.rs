//! The walk over JSON and YAML's flow maps and lists: one pass, no recursion.

use std::ops::Range;

use super::actions;
use super::entry::{Kind, Scalar, Zone};
use super::level::Level;
use super::sink::{Scan, Text};
use super::words;

/// Deeper ones are walked, but their keys are not known any more.
const DEEPEST: usize = 100;

struct Open {
    level: Level,
    map: bool,
    /// A key was read and its value not yet.
    value_next: bool,
}

/// Walks what starts with `{` or `[` at the start of a range; returns where it ends. `outer` is what it stands in.
pub fn scan(
    scan: &mut Scan,
    text: &Text<'_>,
    range: Range<usize>,
    outer: &Level,
    prefix: &dyn Fn() -> String,
) -> usize {
    let bytes = &text.bytes[..range.end];
    let mut stack: Vec<Open> = Vec::new();
    let mut skipped = 0usize;
    let mut lookups = 0usize;
    let mut at = range.start;
    while at < bytes.len() {
        match bytes[at] {
            b' ' | b'\t' | b'\r' | b'\n' | b':' => at += 1,
            b'{' if bytes[at..].starts_with(b"{{") && !bytes[at..].starts_with(b"{{\"") => {
                let end = memchr::memmem::find(&bytes[at..], b"}}").map_or(bytes.len(), |n| at + n + 2);
                if let Some(Level { key, child, .. }) = stack.last().map(|open| &open.level) {
                    let path = || words::text(&text.bytes[key.clone()]).into_owned();
                    actions::scan(scan, text, at..end, &text.bytes[key.clone()], &path, child.place);
                }
                at = end;
                settle(&mut stack);
            }
            open @ (b'{' | b'[') => {
                at += 1;
                if stack.len() == DEEPEST {
                    skipped += 1;
                    continue;
                }
                let above = stack.last().map_or(outer, |o| &o.level);
                let level = if open == b'{' { above.map() } else { above.list() };
                stack.push(Open { level, map: open == b'{', value_next: false });
            }
            b'}' | b']' => {
                at += 1;
                if skipped > 0 {
                    skipped -= 1;
                    continue;
                }
                stack.pop();
                settle(&mut stack);
                if stack.is_empty() {
                    return at;
                }
            }
            b',' => {
                at += 1;
                settle(&mut stack);
            }
            b'#' if at == 0 || bytes[at - 1].is_ascii_whitespace() => {
                at = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n);
            }
            quote @ (b'"' | b'\'') => {
                let inner = at + 1;
                let Some(length) = close(&bytes[inner..], quote) else { return bytes.len() };
                let value = Scalar { range: inner..inner + length, escaped: quote == b'"' };
                at = inner + length + 1;
                token(scan, text, &mut stack, value, at, &mut lookups, prefix);
            }
            _ => {
                let length = plain(&bytes[at..]);
                if length == 0 {
                    at += 1;
                    continue;
                }
                let end = at + bytes[at..at + length].trim_ascii_end().len();
                let value = Scalar { range: at..end, escaped: false };
                at += length;
                token(scan, text, &mut stack, value, at, &mut lookups, prefix);
            }
        }
    }
    bytes.len()
}

/// What came was a value.
fn settle(stack: &mut [Open]) {
    if let Some(open) = stack.last_mut() {
        open.value_next = false;
    }
}

fn token(
    scan: &mut Scan,
    text: &Text<'_>,
    stack: &mut [Open],
    value: Scalar,
    next: usize,
    lookups: &mut usize,
    prefix: &dyn Fn() -> String,
) {
    let Some((last, above)) = stack.split_last_mut() else { return };
    let key = last.level.key.clone();
    let path = || {
        let mut path = prefix();
        let keys = above.iter().filter(|o| o.map).map(|o| o.level.key.clone());
        for key in keys.chain(last.map.then_some(key.clone())) {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&words::text(&text.bytes[key]));
        }
        path
    };
    if !last.map {
        last.level.item(scan, text, &value, &path);
        return;
    }
    if last.value_next {
        last.value_next = false;
        last.level.scalar(scan, text, &value, &path);
        return;
    }
    let rest = text.bytes.get(next..).unwrap_or_default();
    let spaces = rest.iter().take(64).take_while(|b| b.is_ascii_whitespace()).count();
    if rest.get(spaces) != Some(&b':') {
        return;
    }
    let name = &text.bytes[value.range.clone()];
    if matches!(name, b"data" | b"stringData") && !last.level.looked && last.level.around.zone == Zone::Fields {
        last.level.looked = true;
        *lookups += 1;
        if *lookups <= 1000 {
            last.level.around.kind = kind_ahead(rest);
        }
    }
    last.level.set_key(text, value.range);
    last.value_next = true;
}

/// The kind of an object whose `kind` comes after its data.
fn kind_ahead(rest: &[u8]) -> Kind {
    let rest = &rest[..rest.len().min(64 * 1024)];
    let Some(at) = memchr::memmem::find(rest, b"\"kind\"") else { return Kind::Other };
    let value = rest[at + 6..].trim_ascii_start();
    let Some(value) = value.strip_prefix(b":").map(<[u8]>::trim_ascii_start).and_then(|v| v.strip_prefix(b"\"")) else {
        return Kind::Other;
    };
    Kind::of(value.split(|&b| b == b'"').next().unwrap_or_default())
}

/// The closing quote; actions of a template are stepped over.
pub fn close(bytes: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr3(quote, b'\\', b'{', &bytes[at..])?;
        match bytes[at] {
            b'{' => {
                let line = &bytes[at..bytes.len().min(at + 2048)];
                let action = line.starts_with(b"{{").then(|| memchr::memmem::find(line, b"}}")).flatten();
                let same_line = action.filter(|&end| memchr::memchr(b'\n', &line[..end]).is_none());
                at += same_line.map_or(1, |end| end + 2);
            }
            b'\\' if quote == b'"' => at += 2,
            b'\\' => at += 1,
            _ if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => at += 2,
            _ => return Some(at),
        }
        if at >= bytes.len() {
            return None;
        }
    }
}

/// The length of a plain scalar.
fn plain(bytes: &[u8]) -> usize {
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b',' | b'}' | b']' | b'{' | b'[' | b'\n' => break,
            b':' if matches!(bytes.get(at + 1), None | Some(b' ' | b'\n' | b',' | b'}' | b']')) => break,
            b'#' if at > 0 && bytes[at - 1] == b' ' => break,
            _ => at += 1,
        }
    }
    at
}
