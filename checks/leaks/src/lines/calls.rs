//! What a call takes that is a credential: an argument behind others, what a setter sets, what a call for a variable of the
//! environment falls back to.

use super::assigned::{Found, REACH, value_at};
use super::{Bare, MAX_BARE, name_byte};
use crate::lexicon::Lexicon;
use crate::placeholders::is_placeholder;
use crate::shapes;
use crate::words::{holds, word_share};

/// `auth=("user", "x")`, `HTTPBasicAuth("user", "x")`: the second of two strings.
pub(super) fn second_argument(bytes: &[u8], name: &[u8], right: usize) -> Option<Found> {
    let basic = name.eq_ignore_ascii_case(b"auth") || holds(name, b"basicauth");
    let basic =
        basic || holds(name, b"basic_auth") || holds(name, b"networkcredential") || holds(name, b"passwordcredentials");
    let rest = bytes.get(right..)?;
    let last = &name[memchr::memrchr(b'.', name).map_or(0, |dot| dot + 1)..];
    // `jwt.sign({…}, "x")`, `smtp.PlainAuth("", "user", "x")`
    if holds(name, b"jwt.") && matches!(last, b"sign" | b"verify" | b"encode" | b"decode") && rest.starts_with(b"(") {
        let found = argument(bytes, right, 1)?;
        return (shapes::judge(&bytes[found.start..found.end]) == shapes::Shape::Strong).then_some(found);
    }
    if last == b"PlainAuth" && rest.starts_with(b"(") {
        return argument(bytes, right, 2);
    }
    let open = rest.iter().take_while(|b| matches!(b, b' ' | b'=')).count();
    if !basic || rest.get(open) != Some(&b'(') {
        return None;
    }
    // Jenkins' own has a scope, a name and a description before them.
    let behind = if holds(name, b"passwordcredentialsimpl") { 4 } else { 1 };
    argument(bytes, right + open + 1, behind)
}

/// `token != "x"`: a random literal that a value is compared with.
pub(super) fn compared(bytes: &[u8], right: usize) -> Option<Found> {
    let rest = bytes.get(right..)?;
    let spaces = rest.iter().take_while(|b| **b == b' ').count();
    let sign = [b"===".as_slice(), b"!==", b"==", b"!="].into_iter().find(|sign| rest[spaces..].starts_with(sign))?;
    let found = value_at(bytes, right + spaces + sign.len(), Bare::Quoted, false)?;
    let value = &bytes[found.start..found.end];
    let hex = value.len() >= 32 && value.iter().all(u8::is_ascii_hexdigit);
    let random = value.len() >= 16 && (hex || word_share(value) < 30) && shapes::judge(value) == shapes::Shape::Strong;
    random.then_some(Found { leads: true, ..found })
}

/// A string among the arguments of a call, behind so many others: `("user", "x")`, `("user", Some("x"))`.
pub(super) fn argument(bytes: &[u8], at: usize, behind: usize) -> Option<Found> {
    let open = usize::from(bytes.get(at) == Some(&b'('));
    let bytes = &bytes[..bytes.len().min(at + REACH)];
    let mut at = at + open;
    for _ in 0..behind {
        // A string, an object, or a name.
        let blank = bytes.get(at..)?.iter().take_while(|b| **b == b' ').count();
        let end = match value_at(bytes, at, Bare::Quoted, false) {
            Some(string) => string.end + 1,
            None if bytes[at + blank..].starts_with(b"\"\"") => at + blank + 2,
            None if bytes[at + blank..].starts_with(b"{") => {
                at + blank + memchr::memchr(b'}', &bytes[at + blank..])? + 1
            }
            None => {
                at + bytes.get(at..)?.iter().take_while(|b| name_byte(**b) || matches!(b, b' ' | b'$' | b':')).count()
            }
        };
        let comma = bytes.get(end..)?.iter().take_while(|b| **b == b' ').count();
        at = (bytes.get(end + comma) == Some(&b',')).then_some(end + comma + 1)?;
    }
    let blank = bytes[at..].iter().take_while(|b| **b == b' ').count();
    let some = bytes[at + blank..].starts_with(b"Some(");
    let found = value_at(bytes, if some { at + blank + b"Some(".len() } else { at }, Bare::Quoted, false)?;
    let ends = matches!(bytes.get(found.end + 1), Some(b')' | b',' | b' '));
    (ends && !is_placeholder(&bytes[found.start..found.end])).then_some(Found { leads: true, ..found })
}

/// Whether a call of this name sets what it names: `setPassword`, `builder.password`.
pub(super) fn sets(name: &[u8]) -> bool {
    static NAMES: Lexicon = Lexicon::new("password passwd pass secret token apiKey secretKey accessKey clientSecret");
    let dot = memchr::memrchr(b'.', name);
    let last = &name[dot.map_or(0, |dot| dot + 1)..];
    name == b"auth"
        || dot.is_some() && NAMES.has(last)
        || [b"set".as_slice(), b"Set", b"with", b"With"].iter().any(|verb| last.starts_with(verb))
}

/// The literal that a call for a variable of the environment falls back to.
pub(super) fn default_argument(bytes: &[u8], at: usize) -> Option<Found> {
    let rest = bytes.get(at..bytes.len().min(at + MAX_BARE))?;
    let open = memchr::memchr(b'(', rest)?;
    let call = rest[..open].trim_ascii();
    if !holds(call, b"env") || !call.iter().all(|&b| name_byte(b) || b == b':') {
        return None;
    }
    let variable = value_at(bytes, at + open + 1, Bare::Quoted, false)?;
    let after = bytes.get(variable.end + 1..)?;
    let comma = after.iter().take_while(|b| **b == b' ').count();
    (after.get(comma) == Some(&b',')).then(|| value_at(bytes, variable.end + 2 + comma, Bare::Quoted, false))?
}
