//! A name and its value, judged: schemes and quotes taken off, defaults inside references looked into.

use std::ops::Range;

use super::assigned::Found;
use super::{Bare, Lines, MAX_BARE};
use crate::leak::{LeakRule, Where};
use crate::names::{Class, Name};
use crate::sink::{Charge, Scan, Text};
use crate::tokens::password_shape;
use crate::verdict::{self, Trust};
use crate::{decode, shapes, words};

/// What `Authorization` begins with.
pub static SCHEMES: &[&[u8]] = &[b"Bearer ", b"bearer ", b"Token ", b"token ", b"Basic ", b"basic ", b"ApiKey "];

#[allow(clippy::too_many_arguments)]
pub(super) fn convict(
    scan: &mut Scan,
    text: &Text<'_>,
    base: usize,
    bytes: &[u8],
    full_name: &[u8],
    name: Name,
    value: &Found,
    how: Lines,
) {
    let mut range = value.start..value.end;
    let mut content = &bytes[range.clone()];
    let mut name = name;
    // `Authorization: Bearer x`, `Basic x`.
    let first = content.first().copied().unwrap_or_default();
    for scheme in SCHEMES {
        if scheme[0] == first
            && let Some(rest) = content.strip_prefix(*scheme)
        {
            let rest = rest.split(|b| b.is_ascii_whitespace() || *b == b'"' || *b == b'\'').next().unwrap_or_default();
            if scheme.eq_ignore_ascii_case(b"basic ") {
                basic(scan, text, base + range.start + scheme.len(), rest, how.place, full_name);
                return;
            }
            range.start += scheme.len();
            range.end = range.start + rest.len();
            content = rest;
            name = Name { class: Class::Token, kind: "token" };
        }
    }
    // `_auth=` of npm.
    if full_name == b"_auth" && basic(scan, text, base + range.start, content, how.place, full_name) {
        return;
    }
    // `-passout pass:x` of openssl.
    if let Some(rest) = content.strip_prefix(b"pass:") {
        range.start += 5;
        content = rest;
    }
    // `smtp_sasl_password_maps = static:user:x` of Postfix.
    if let Some(user) = content.strip_prefix(b"static:")
        && let Some(colon) = memchr::memchr(b':', user)
    {
        range.start += b"static:".len() + colon + 1;
        content = &user[colon + 1..];
        name = Name { class: Class::Password, kind: "password" };
    }
    if content.is_empty() {
        return;
    }
    // A default inside a reference: `${DB_PASSWORD:-x}`.
    if content.starts_with(b"${") && content.contains(&b':') {
        default_of_content(scan, text, base + range.start, content, name, full_name, how);
        return;
    }
    let trust = trust(value, how);
    // `crypt($1`: a call whose arguments go on.
    if !value.quoted
        && memchr::memchr(b'(', content).is_some_and(|at| {
            let called = |b: &u8| b.is_ascii_lowercase() || matches!(b, b'_' | b'.');
            // `VARCHAR(64`
            let sized =
                content[at + 1..].iter().all(u8::is_ascii_digit) && content[..at].iter().all(u8::is_ascii_alphabetic);
            at > 1 && (content[..at].iter().all(called) || sized)
        })
    {
        return;
    }
    // `SecureRandom.base64`: what a class of Ruby gives.
    if !value.quoted && is_member(content) {
        return;
    }
    // `` `+dir+` ``: what stands between two strings.
    let joins = |b: &u8| matches!(b, b'"' | b'\'' | b'`');
    if content.len() > 2
        && (value.quoted && content.starts_with(b"+") && content.ends_with(b"+")
            || joins(&content[0]) && content[1] == b'+'
            || joins(&content[content.len() - 1]) && content[content.len() - 2] == b'+')
    {
        return;
    }
    // `password==x`, arrows, calls and members of code without quotes.
    if !value.quoted
        && (content[0] == b'('
            || matches!(content.last(), Some(b'(' | b'['))
            || content.starts_with(b"<") && trust == Trust::Low)
    {
        return;
    }
    // `password: 'Passwort'` is a translation.
    if how.bare == Bare::Quoted && content[0].is_ascii_uppercase() && shapes::judge(content) == shapes::Shape::Words {
        return;
    }
    if let Some(charge) = verdict::judge(name, full_name, content, how.place, trust) {
        // Prose, and the messages of a chart's helpers, explain with placeholders.
        let explains = how.bare == Bare::Prose || matches!(how.place, Where::Comment | Where::Template);
        if charge.rule == LeakRule::Placeholder && explains {
            return;
        }
        let path = words::text(full_name);
        scan.report(charge, text, base + range.start..base + range.end, how.place, path, content);
    }
}

/// The name of a class, a dot and a method's.
fn is_member(content: &[u8]) -> bool {
    let Some(dot) = memchr::memchr(b'.', content) else { return false };
    let (class, method) = (&content[..dot], &content[dot + 1..]);
    let letters = method.iter().take_while(|b| b.is_ascii_lowercase() || **b == b'_').count();
    class.first().is_some_and(u8::is_ascii_uppercase)
        && class.iter().all(u8::is_ascii_alphabetic)
        && letters >= 2
        && method.len() - letters <= 2
        && method[letters..].iter().all(u8::is_ascii_digit)
        && words::word_share(content) >= 60
}

pub(super) fn trust(value: &Found, how: Lines) -> Trust {
    match (how.place, how.bare) {
        (Where::Comment, _) | (_, Bare::Prose) => {
            if value.leads && !value.loose {
                Trust::Middle
            } else {
                Trust::Low
            }
        }
        (_, Bare::Literal | Bare::Line) => {
            if value.quoted || value.leads || !value.loose {
                Trust::High
            } else {
                Trust::Middle
            }
        }
        (_, Bare::Quoted) => {
            if value.leads {
                Trust::High
            } else {
                Trust::Middle
            }
        }
    }
}

/// `Basic` and the base64 of `user:password`; whether it was that.
pub fn basic(scan: &mut Scan, text: &Text<'_>, start: usize, encoded: &[u8], place: Where, full_name: &[u8]) -> bool {
    let Some(decoded) = decode::base64(encoded) else { return false };
    let Some(colon) = memchr::memchr(b':', &decoded) else { return false };
    if !decode::is_text(&decoded) || encoded.len() < 8 {
        return false;
    }
    if let Some(rule) = password_shape(&decoded[colon + 1..]) {
        let rule = match (rule, place) {
            (LeakRule::Placeholder, _) => rule,
            (_, Where::Secret | Where::Target) => LeakRule::InlineSecret,
            (_, Where::Args) => LeakRule::CredentialInArgs,
            _ => LeakRule::LiteralCredential,
        };
        let charge = Charge { rule, kind: "password", reason: "base64 of a user and a password" };
        let path = words::text(full_name);
        scan.report(charge, text, start..start + encoded.len(), place, path, &decoded[colon + 1..]);
    }
    true
}

/// `${NAME:-literal}` and Spring's `${NAME:literal}`, from the name on.
#[allow(clippy::too_many_arguments)]
pub(super) fn fallback(
    scan: &mut Scan,
    text: &Text<'_>,
    base: usize,
    bytes: &[u8],
    right: usize,
    name: Name,
    name_bytes: &[u8],
    how: Lines,
) -> usize {
    if bytes.get(right) != Some(&b':') {
        return right;
    }
    let mut at = right + 1;
    if matches!(bytes.get(at), Some(b'-' | b'=')) {
        at += 1;
    } else if matches!(bytes.get(at), Some(b'?' | b'+')) {
        return at;
    }
    let Some(length) = memchr::memchr(b'}', &bytes[at..bytes.len().min(at + MAX_BARE)]) else { return at };
    let value = Found { start: at, end: at + length, quoted: true, loose: false, leads: false };
    if length > 0 && !is_provided(&bytes[at..at + length]) {
        convict(scan, text, base, bytes, name_bytes, name, &value, Lines { bare: Bare::Literal, ..how });
    }
    at
}

/// What follows the first colon of `${secrets:namespace/name:key}`, which asks one of Kafka's providers.
fn is_provided(value: &[u8]) -> bool {
    value.contains(&b'/') && value.contains(&b':') && !value.windows(3).any(|w| w == b"://")
}

/// A value that is one reference with a literal default.
pub(super) fn default_of_content(
    scan: &mut Scan,
    text: &Text<'_>,
    start: usize,
    content: &[u8],
    name: Name,
    full_name: &[u8],
    how: Lines,
) {
    let Some(colon) = memchr::memchr(b':', content) else { return };
    let mut at = colon + 1;
    match content.get(at) {
        Some(b'-' | b'=') => at += 1,
        Some(b'?' | b'+') => return,
        _ => {}
    }
    let end = memchr::memchr(b'}', &content[at..]).map_or(content.len(), |n| at + n);
    let value = &content[at..end];
    if value.is_empty() || value.starts_with(b"$") || is_provided(value) {
        return;
    }
    let trust = if how.place == Where::Comment { Trust::Low } else { Trust::High };
    if let Some(charge) = verdict::judge(name, full_name, value, how.place, trust) {
        let path = words::text(full_name);
        scan.report(charge, text, start + at..start + end, how.place, path, value);
    }
}

/// What `<%= ENV['X'] || 'x' %>` and `<%= ENV.fetch('X', 'x') %>` of Ruby's templates fall back to.
pub fn default_of_ruby(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, name: Name, path: &str, place: Where) {
    let bytes = &text.bytes[range.clone()];
    let inner = bytes.strip_suffix(b"%>").unwrap_or(bytes).trim_ascii_end();
    let inner = inner.strip_suffix(b")").unwrap_or(inner);
    let Some((&quote @ (b'"' | b'\''), inner)) = inner.split_last() else { return };
    let Some(open) = memchr::memrchr(quote, inner) else { return };
    let before = inner[..open].trim_ascii_end();
    if !before.ends_with(b"||") && !before.ends_with(b",") || memchr::memmem::find(before, b"ENV").is_none() {
        return;
    }
    let (value, start) = (&inner[open + 1..], range.start + open + 1);
    if let Some(charge) = verdict::judge(name, path.as_bytes(), value, place, Trust::High) {
        scan.report(charge, text, start..start + value.len(), place, path, value);
    }
}

/// The literal default of a value that is a reference otherwise: `${DB_PASSWORD:-x}`.
pub fn default_of(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, name: Name, full_name: &str, how: Lines) {
    default_of_content(scan, text, range.start, &text.bytes[range], name, full_name.as_bytes(), how);
}
