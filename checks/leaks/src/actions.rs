//! Literals inside the actions of a template: `default "x"`, `$password := "x"`, `"x" | b64enc`, `set . "password" "x"`.

use std::ops::Range;

use super::leak::Where;
use super::lines::{self, Bare, Lines};
use super::memory;
use super::names::{Class, Name};
use super::sink::{Scan, Text};
use super::verdict::{self, Trust};
use super::words;

/// Scans every action of a range. `outer` is the name that the result is written under, if any.
pub fn scan(
    scan: &mut Scan,
    text: &Text<'_>,
    range: Range<usize>,
    outer: &[u8],
    path: &dyn Fn() -> String,
    place: Where,
) {
    let bytes = &text.bytes[range.clone()];
    let mut at = 0;
    while let Some(open) = memchr::memmem::find(&bytes[at..], b"{{") {
        let start = at + open + 2;
        let end = memchr::memmem::find(&bytes[start..], b"}}").map_or(bytes.len(), |n| start + n);
        let near = written_under(&bytes[at..at + open]);
        let outer = if outer.is_empty() || memory::known(near).name.class >= Class::Weak { near } else { outer };
        action(scan, text, range.start + start..range.start + end, outer, path, place);
        at = end;
    }
}

/// The name that an action's result is written under, by what stands before it on its line: `smtp_password = {{ … }}`.
fn written_under(before: &[u8]) -> &[u8] {
    let line = memchr::memrchr(b'\n', before).map_or(before, |at| &before[at + 1..]);
    let line = line.trim_ascii_end();
    let line = line.strip_suffix(b"\"").or_else(|| line.strip_suffix(b"'")).unwrap_or(line).trim_ascii_end();
    let Some(name) = line.strip_suffix(b"=").or_else(|| line.strip_suffix(b":")) else { return b"" };
    let name = name.trim_ascii();
    let plain = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let name = &name[name.len() - name.iter().rev().take(128).take_while(plain).count()..];
    &name[name.iter().take_while(|b| **b == b'-').count()..]
}

fn action(
    scan: &mut Scan,
    text: &Text<'_>,
    range: Range<usize>,
    outer: &[u8],
    path: &dyn Fn() -> String,
    place: Where,
) {
    let bytes = &text.bytes[range.clone()];
    if bytes.len() > 4096 {
        return;
    }
    let trimmed = bytes.trim_ascii_start();
    if trimmed.starts_with(b"/*") || trimmed.starts_with(b"- /*") {
        let opened = memchr::memchr(b'*', bytes).map_or(bytes.len(), |at| at + 1);
        let closed = memchr::memmem::rfind(bytes, b"*/").unwrap_or(bytes.len()).max(opened);
        let how = Lines { bare: Bare::Prose, place: Where::Comment };
        lines::scan(scan, text, range.start + opened..range.start + closed, how);
        return;
    }
    if memchr::memchr2(b'"', b'`', bytes).is_none() {
        jinja_default(scan, text, range, outer, path, place);
        return;
    }
    let mut at = 0;
    // The literal before, for `set . "password" "x"` and `dict "password" "x"`.
    let mut before: Option<(Range<usize>, usize)> = None;
    while let Some(found) = memchr::memchr2(b'"', b'`', &bytes[at..]) {
        let open = at + found;
        let quote = bytes[open];
        let Some(length) = memchr::memchr(quote, &bytes[open + 1..]) else { return };
        let literal = open + 1..open + 1 + length;
        at = literal.end + 1;
        if length == 0 {
            before = None;
            continue;
        }
        let lead = bytes[..open].trim_ascii_end();
        let tail = bytes[at..].trim_ascii_start();
        // `default (printf "x")`
        let formats = [b"(printf".as_slice(), b"(print", b"(quote", b"(toString"];
        let lead = formats.iter().find_map(|f| lead.strip_suffix(*f)).map_or(lead, <[u8]>::trim_ascii_end);
        let word_start = lead.iter().rposition(|b| !(b.is_ascii_alphanumeric() || *b == b'_')).map_or(0, |p| p + 1);
        let word = &lead[word_start..];
        let alternative = match word {
            b"default" | b"coalesce" | b"ternary" | b"b64enc" | b"quote" => true,
            // `coalesce .Values.a .Values.b "x"`
            _ if memchr::memmem::rfind(lead, b"coalesce ")
                .is_some_and(|at| !lead[at..].iter().any(|b| matches!(b, b'(' | b')' | b'|'))) =>
            {
                true
            }
            _ => before.as_ref().is_some_and(|(_, end)| {
                bytes[*end..open].iter().all(u8::is_ascii_whitespace) && holds_word(&bytes[..*end], b"ternary")
            }),
        };
        let assigned = assignment(lead);
        let first = lead.iter().all(|b| matches!(b, b'-' | b'(' | b' '));
        let piped = tail.starts_with(b"|") && first;
        let keyed = key_of(bytes, open).map(<[u8]>::to_vec);
        before = Some((literal.clone(), at));
        let name: Vec<u8> = if let Some(name) = keyed {
            name
        } else if let Some(variable) = assigned {
            variable.to_vec()
        } else if alternative || piped {
            let own = last_path(bytes, open);
            let class = |name| memory::known(name).name.class;
            let outer_tells = class(outer) >= Class::Weak && class(own) != Class::Password;
            if outer_tells || own.is_empty() { outer.to_vec() } else { own.to_vec() }
        } else {
            continue;
        };
        let value = &bytes[literal.clone()];
        let judged: Name = memory::known(&name).name;
        let place_ = if matches!(place, Where::Secret | Where::Target) { place } else { Where::Template };
        if judged.class < Class::Weak && !matches!(place_, Where::Secret | Where::Target) {
            continue;
        }
        // Of a Secret's template only what is named is convicted: other literals are formats and names. What is encoded right
        // there is a value.
        let encoded =
            word == b"b64enc" || tail.strip_prefix(b"|").is_some_and(|t| t.trim_ascii().starts_with(b"b64enc"));
        if judged.class < Class::Weak {
            if encoded && let Some(charge) = verdict::unnamed(&name, value) {
                let found = range.start + literal.start..range.start + literal.end;
                scan.report(charge, text, found, place_, path(), value);
            }
            continue;
        }
        // `set . "appKey" "vlinsert"` names something; a default password may be a word.
        let value_itself = encoded && value.iter().any(u8::is_ascii_digit);
        let trust = if judged.class == Class::Token && !value_itself { Trust::Middle } else { Trust::High };
        if let Some(charge) = verdict::judge(judged, &name, value, place_, trust) {
            let whole = path();
            let whole = if whole.is_empty() { words::text(&name).into_owned() } else { whole };
            scan.report(charge, text, range.start + literal.start..range.start + literal.end, place_, whole, value);
        }
    }
}

/// `{{ x | default('y') }}` of Jinja, which Ansible has.
fn jinja_default(
    scan: &mut Scan,
    text: &Text<'_>,
    range: Range<usize>,
    outer: &[u8],
    path: &dyn Fn() -> String,
    place: Where,
) {
    let bytes = &text.bytes[range.clone()];
    let Some(from) = memchr::memmem::rfind(bytes, b"default('").map(|at| at + b"default('".len()) else { return };
    let Some(length) = memchr::memchr(b'\'', &bytes[from..]) else { return };
    let name = memory::known(outer).name;
    let value = &bytes[from..from + length];
    if let Some(charge) = verdict::judge(name, outer, value, place, Trust::High) {
        scan.report(charge, text, range.start + from..range.start + from + length, place, path(), value);
    }
}

fn holds_word(text: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(text, word).is_some()
}

/// The key that a literal is the value of in `dict "password" "x"` and `set . "password" "x"`.
fn key_of(action: &[u8], literal: usize) -> Option<&[u8]> {
    let lead = &action[..literal];
    let dict = memchr::memmem::rfind(lead, b"dict ").map(|at| (at + 5, 0));
    let set = memchr::memmem::rfind(lead, b"set ").map(|at| (at + 4, 1));
    let (from, odd) = dict.max(set)?;
    // The arguments from there on: literals, groups in parentheses, words.
    let (mut at, mut number, mut key) = (from, 0, None);
    while at < literal {
        match action[at] {
            b' ' | b'\n' | b'\t' | b'\r' => {
                at += 1;
                continue;
            }
            b')' | b'|' => return None,
            b'(' => {
                let mut depth = 0usize;
                while at < literal {
                    match action[at] {
                        b'(' => depth += 1,
                        b')' => depth -= 1,
                        _ => {}
                    }
                    at += 1;
                    if depth == 0 {
                        break;
                    }
                }
                key = None;
            }
            quote @ (b'"' | b'`') => {
                let end = at + 1 + memchr::memchr(quote, &action[at + 1..])?;
                key = Some(&action[at + 1..end]);
                at = end + 1;
            }
            _ => {
                at += action[at..].iter().take_while(|b| !b.is_ascii_whitespace() && **b != b')').count().max(1);
                key = None;
            }
        }
        number += 1;
    }
    // The literal's own number says whether it is a value.
    (number % 2 == 1 - odd && number > odd || odd == 1 && number == 2).then_some(key?)
}

/// The variable of `$password :=` and `$password =`.
fn assignment(lead: &[u8]) -> Option<&[u8]> {
    let rest = lead.strip_suffix(b"=")?;
    let rest = rest.strip_suffix(b":").unwrap_or(rest).trim_ascii_end();
    let start = rest.iter().rposition(|b| !(b.is_ascii_alphanumeric() || *b == b'_')).map_or(0, |p| p + 1);
    (start > 0 && rest[start - 1] == b'$').then_some(&rest[start..])
}

/// The last part of the value that a default stands in for: `.Values.auth.password` of either side.
fn last_path(action: &[u8], literal: usize) -> &[u8] {
    let is_path = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$');
    // `default "x" .Values.a.b`
    let after = &action[literal..];
    let close = memchr::memchr(after[0], &after[1..]).map_or(after.len(), |n| n + 2);
    let after = &after[close.min(after.len())..];
    let after = after.trim_ascii_start();
    let length = after.iter().take_while(|b| is_path(b)).count();
    let path = if after.starts_with(b".") || after.starts_with(b"$") {
        &after[..length]
    } else {
        // `.Values.a.b | default "x"`
        let before = &action[..literal];
        match memchr::memmem::rfind(before, b".Values.") {
            Some(dot) => {
                let length = before[dot..].iter().take_while(|b| is_path(b)).count();
                &before[dot..dot + length]
            }
            // `.password | default "x"` inside `with`.
            None => {
                let piped = before.trim_ascii_end().strip_suffix(b"default").map(<[u8]>::trim_ascii_end);
                let Some(piped) = piped.and_then(|p| p.strip_suffix(b"|")) else { return b"" };
                let piped = piped.trim_ascii_end();
                let length = piped.iter().rev().take_while(|b| is_path(b)).count();
                &piped[piped.len() - length..]
            }
        }
    };
    path.rsplit(|&b| b == b'.').next().unwrap_or_default()
}
