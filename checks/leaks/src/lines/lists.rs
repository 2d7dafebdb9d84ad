//! Values that stand further from their name than behind a sign: the strings of a list, the cells of a table's row, the argument of
//! SQL's `PASSWORD()`, what a sentence tells.

use super::assigned::{Found, close_quote, value_at};
use super::{Bare, Lines, MAX_BARE, MAX_NAME};
use crate::leak::Where;
use crate::names::{Class, Name};
use crate::shapes::{self, Shape};
use crate::words::{holds, word_share};

/// Strings of one list that are looked at.
const MOST: usize = 64;

/// How far a column's name may stand from the brackets of its list.
const REACH: usize = 512;

/// Rows that are looked at reach so far: a dump's lines are longer, and each column goes through them.
const MAX_ROWS: usize = 4 * 1024;

/// Whether a list of strings is assigned to the name that ends at `right`: `= ["x", "y"]`.
pub(super) fn opens(bytes: &[u8], right: usize) -> bool {
    list_at(bytes, right).is_some()
}

/// What is told of the name between `left` and `right`, other than behind a sign.
pub(super) fn told(bytes: &[u8], left: usize, right: usize, name: Name, how: Lines) -> Vec<Found> {
    if let Some(at) = list_at(bytes, right) {
        return strings(bytes, at);
    }
    let columns = inserted(bytes, left, right);
    if !columns.is_empty() || name.class < Class::Token {
        return columns;
    }
    let explains = how.bare == Bare::Prose || how.place == Where::Comment;
    let cells = if explains { cells(bytes, left, right) } else { Vec::new() };
    if !cells.is_empty() {
        return cells;
    }
    let sentence = if explains { sentence(bytes, left, right, name.class == Class::Password) } else { None };
    sentence
        .or_else(|| if name.class == Class::Password { sql(bytes, left, right) } else { None })
        .into_iter()
        .collect()
}

/// Where the strings of an assigned list begin.
fn list_at(bytes: &[u8], right: usize) -> Option<usize> {
    let skip = |at: usize| at + bytes[at..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let at = skip(if matches!(bytes.get(right), Some(b'"' | b'\'')) { right + 1 } else { right });
    let at = skip(match bytes.get(at)? {
        b'=' | b':' => at + 1,
        _ => return None,
    });
    let at = skip(bytes.get(at).filter(|b| **b == b'[').map(|_| at + 1)?);
    matches!(bytes.get(at)?, b'"' | b'\'').then_some(at)
}

/// The strings from `at` to the list's end.
fn strings(bytes: &[u8], mut at: usize) -> Vec<Found> {
    let mut found = Vec::new();
    while found.len() < MOST {
        let Some(value) = value_at(bytes, at, Bare::Quoted, false) else { break };
        at = value.end + 1;
        found.push(value);
        let rest = bytes[at..].trim_ascii_start();
        // `["x", "y"].concat()` is one text.
        if rest.starts_with(b"].") {
            return Vec::new();
        }
        let Some(rest) = rest.strip_prefix(b",") else { break };
        at = bytes.len() - rest.len();
    }
    found
}

/// `SET PASSWORD FOR 'x'@'%' = PASSWORD('x')`.
fn sql(bytes: &[u8], left: usize, right: usize) -> Option<Found> {
    let rest = bytes.get(right..)?;
    if rest.starts_with(b"('") && holds(&bytes[left.saturating_sub(200)..left], b"set password") {
        return value_at(bytes, right + 1, Bare::Quoted, false);
    }
    // `SET PASSWORD FOR 'x'@'%' = 'x'`
    let set = bytes[..left].trim_ascii_end().len().checked_sub(3)?;
    if !bytes[set..].get(..3)?.eq_ignore_ascii_case(b"set") || !rest.get(..5)?.eq_ignore_ascii_case(b" for ") {
        return None;
    }
    let equals = memchr::memchr(b'=', &rest[..rest.len().min(200)])?;
    value_at(bytes, right + equals + 1, Bare::Quoted, false)
}

/// `INSERT INTO users (name, password) VALUES ('x', 'y')`: what each row has in the column between `left` and `right`.
fn inserted(bytes: &[u8], left: usize, right: usize) -> Vec<Found> {
    let mut found = Vec::new();
    let after = right + usize::from(matches!(bytes.get(right), Some(b'"' | b'`')));
    if !matches!(bytes.get(after), Some(b',' | b')')) {
        return found;
    }
    let floor = left.saturating_sub(REACH);
    let Some(open) = memchr::memrchr(b'(', &bytes[floor..left]).map(|at| floor + at) else { return found };
    if !holds(&bytes[open.saturating_sub(MAX_NAME)..open], b"insert ") {
        return found;
    }
    let column = memchr::memchr_iter(b',', &bytes[open..left]).count();
    let reach = &bytes[right..bytes.len().min(right + REACH)];
    let Some(close) = memchr::memchr(b')', reach).map(|at| right + at + 1) else { return found };
    let bytes = &bytes[..bytes.len().min(close + MAX_ROWS)];
    let rows = bytes[close..].trim_ascii_start();
    let mut at = bytes.len() - rows.len() + b"values".len();
    if !rows.get(..6).is_some_and(|word| word.eq_ignore_ascii_case(b"values")) {
        return found;
    }
    let (mut cell, mut depth) = (0, 0usize);
    while let Some(&b) = bytes.get(at).filter(|_| found.len() < MOST) {
        match b {
            b'(' => {
                depth += 1;
                cell = if depth == 1 { 0 } else { cell };
            }
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 1 => cell += 1,
            b';' if depth == 0 => break,
            b'\'' => {
                let Some(length) = close_quote(&bytes[at + 1..], b'\'') else { break };
                if depth == 1 && cell == column && length > 0 {
                    let (start, end) = (at + 1, at + 1 + length);
                    found.push(Found { start, end, quoted: true, loose: false, leads: true });
                }
                at += length + 1;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// ``| `db.password` | text | `x` |``: the cells in code style of the row that the name opens.
fn cells(bytes: &[u8], left: usize, right: usize) -> Vec<Found> {
    let mut found = Vec::new();
    let opens = bytes[..left].trim_ascii() == b"| `" || bytes[..left].trim_ascii() == b"|";
    let rest = &bytes[right..];
    let end = rest.strip_prefix(b"`").unwrap_or(rest).trim_ascii_start();
    if !opens || !end.starts_with(b"|") {
        return found;
    }
    let mut at = bytes.len() - end.len() + 1;
    while let Some(length) = memchr::memchr(b'|', &bytes[at..]) {
        let cell = bytes[at..at + length].trim_ascii();
        if let Some(inner) = cell.strip_prefix(b"`").and_then(|c| c.strip_suffix(b"`")) {
            let start = at + bytes[at..].iter().take_while(|b| b.is_ascii_whitespace()).count() + 1;
            let quotes = usize::from(inner.len() > 2 && inner.starts_with(b"\"") && inner.ends_with(b"\""));
            let (start, stop) = (start + quotes, start + inner.len() - quotes);
            // Tables tell defaults, which the values file tells too; what is random is none.
            let value = &bytes[start..stop.max(start)];
            let mixed = value.iter().any(|b| !b.is_ascii_uppercase() && *b != b'_');
            let mixed = mixed && value.iter().any(u8::is_ascii_digit);
            if mixed && value.len() <= MAX_BARE && shapes::judge(value) == Shape::Strong {
                found.push(Found { start, end: stop, quoted: true, loose: true, leads: false });
            }
        }
        at += length + 1;
    }
    found
}

/// `Login: admin / x`: what follows a user and a slash, when it mixes letters with digits.
pub(super) fn account(bytes: &[u8], right: usize) -> Option<Found> {
    const LONGEST: usize = 128;
    let rest = &bytes[right..bytes.len().min(right + LONGEST)];
    let slash = memchr::memmem::find(rest, b" / ")?;
    // `Log in at https://… with admin / x`
    let with = memchr::memmem::rfind(&rest[..slash], b" with ").map_or(0, |at| at + b" with ".len());
    let user = rest[with..slash].trim_ascii();
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'@' | b'`' | b'"');
    let start = right + slash + 3;
    let length = bytes[start..].iter().take(LONGEST).take_while(|b| !b.is_ascii_whitespace()).count();
    let value = &bytes[start..start + length];
    let length = length - value.iter().rev().take_while(|b| matches!(b, b'.' | b',' | b';' | b')')).count();
    let value = &value[..length];
    let quotes = usize::from(length > 2 && matches!(value[0], b'`' | b'"') && value.first() == value.last());
    let value = &value[quotes..length - quotes];
    let mixes = value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic);
    (!user.is_empty() && user.iter().all(plain) && mixes && value.len() >= 6).then_some(Found {
        start: start + quotes,
        end: start + length - quotes,
        quoted: true,
        loose: false,
        leads: true,
    })
}

/// ``The password is `x`.``, `password was x`: in code style or quotes it must mix letters with digits, bare it must look random.
fn sentence(bytes: &[u8], left: usize, right: usize, password: bool) -> Option<Found> {
    let rest = bytes.get(right..)?;
    let verb = [b" is: ".as_slice(), b" was: ", b" is ", b" was ", b" changed to ", b" set to "]
        .into_iter()
        .find(|verb| rest.starts_with(verb));
    // ``with password `x` ``, `with password "x"`
    let asked = || [b"with ".as_slice(), b"and ", b"the "].iter().any(|word| bytes[..left].ends_with(word));
    let quoted =
        password && rest.starts_with(b" `") || (rest.starts_with(b" \"") || rest.starts_with(b" '")) && asked();
    let verb = verb.or_else(|| quoted.then_some(b" "))?;
    let at = right + verb.len();
    let has = |value: &[u8], kind: fn(&u8) -> bool| value.iter().any(kind);
    if let Some(quote @ (b'`' | b'"' | b'\'')) = bytes.get(at).copied() {
        let length = close_quote(&bytes[at + 1..bytes.len().min(at + 1 + MAX_BARE)], quote)?;
        let value = &bytes[at + 1..at + 1 + length];
        let mixes = has(value, u8::is_ascii_digit) && has(value, u8::is_ascii_alphabetic);
        return (mixes && length >= 6).then_some(Found {
            start: at + 1,
            end: at + 1 + length,
            quoted: true,
            loose: true,
            leads: false,
        });
    }
    let word = bytes[at..].iter().take(MAX_BARE).take_while(|b| !b.is_ascii_whitespace()).count();
    let value = &bytes[at..at + word];
    let kept = word - value.iter().rev().take_while(|b| matches!(b, b'.' | b',' | b')' | b';' | b':')).count();
    let value = &value[..kept];
    let mixed = has(value, u8::is_ascii_uppercase) && has(value, u8::is_ascii_lowercase);
    // What was there before is named by nobody who explains.
    let old = kept >= 8 && verb == b" was: " && has(value, u8::is_ascii_alphabetic);
    let hex = kept >= 24 && value.iter().all(u8::is_ascii_hexdigit);
    let hard = kept >= 8 && mixed && has(value, |b| matches!(b, b'!' | b'#' | b'$' | b'%' | b'&' | b'*' | b'_'));
    let random = kept >= 10 && mixed && word_share(value) < 50 || old || hex || hard;
    let random = random && has(value, u8::is_ascii_digit);
    random.then_some(Found { start: at, end: at + kept, quoted: false, loose: true, leads: false })
}
