//! Lines that tell a program who may use it, or answer its question, each in its own form and without the name of a credential.

use std::ops::Range;

use super::name_byte;
use crate::shapes::{self, Shape};
use crate::words::{find_pair, holds};

/// The password of such a line. What stands `above` it in the text says what it is, where its form alone does not.
pub(super) fn password(line: &[u8], above: &[u8]) -> Option<Range<usize>> {
    let lead = line.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'-' | b'"')).count();
    let found = match &line[lead..] {
        rest if rest.starts_with(b"user ") => of_a_user(rest),
        rest if rest.starts_with(b"user_") => of_jaas(rest, above),
        rest if rest.starts_with(b"send ") => sent(rest, above),
        rest if rest.starts_with(b"sentinel ") => of_a_master(rest),
        rest if rest.starts_with(b"stats ") => of_statistics(rest),
        rest => listed(rest, above).or_else(|| of_a_host(rest)),
    }?;
    Some(lead + found.start..lead + found.end)
}

/// `admin = x, role` of a section for users: what looks random.
pub(super) fn entry(line: &[u8]) -> Option<Range<usize>> {
    let equals = memchr::memchr(b'=', line).filter(|&at| line[..at].trim_ascii_end().iter().all(|&b| name_byte(b)))?;
    let rest = &line[equals + 1..];
    let start = equals + 1 + rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let length = line[start..].iter().take_while(|b| !b.is_ascii_whitespace() && **b != b',').count();
    let value = &line[start..start + length];
    (!value.contains(&b'=') && shapes::judge(value) == Shape::Strong).then_some(start..start + length)
}

/// The word that starts at a place: not less than four characters.
fn word(line: &[u8], from: usize) -> Option<Range<usize>> {
    let length = line.get(from..)?.iter().take_while(|b| !b.is_ascii_whitespace() && **b != b'"').count();
    (length > 3).then_some(from..from + length)
}

/// `user app on >x` of Redis, `user app insecure-password x` of `HAProxy`.
fn of_a_user(line: &[u8]) -> Option<Range<usize>> {
    if memchr::memmem::find(line, b" on ").is_some()
        && let Some(at) = memchr::memmem::find(line, b" >")
    {
        return word(line, at + 2);
    }
    let name = b"user ".len();
    [b" insecure-password ".as_slice(), b" password "].into_iter().find_map(|flag| {
        // Only the user's name stands before it.
        let at = memchr::memmem::find(&line[name..], flag)?;
        let alone = !line[name..name + at].trim_ascii().contains(&b' ');
        alone.then(|| word(line, name + at + flag.len()))?
    })
}

/// `user_app="x"` of Kafka's JAAS.
fn of_jaas(line: &[u8], above: &[u8]) -> Option<Range<usize>> {
    let open = find_pair(line, *b"=\"").filter(|&at| line[..at].iter().all(|&b| name_byte(b)))?;
    memchr::memmem::find(near(above, 2048), b"LoginModule").and_then(|_| word(line, open + 2))
}

/// `send "x\r"` of `expect`, after a prompt for a password.
fn sent(line: &[u8], above: &[u8]) -> Option<Range<usize>> {
    let text = line.strip_prefix(b"send ")?;
    let text = text.strip_prefix(b"-- ").unwrap_or(text).strip_prefix(b"\"")?;
    let start = line.len() - text.len();
    let length = memchr::memmem::find(text, b"\\r\"").or_else(|| memchr::memmem::find(text, b"\\n\""))?;
    let near = near(above, 256);
    let asked = &near[memchr::memmem::rfind(near, b"expect")?..];
    // Nothing else was sent in between.
    let first = memchr::memmem::find(asked, b"send ").is_none();
    (length > 3 && first && holds(asked, b"assword")).then_some(start..start + length)
}

/// `root:x` in the list of cloud-init's chpasswd.
fn listed(line: &[u8], above: &[u8]) -> Option<Range<usize>> {
    let colon = memchr::memchr(b':', line).filter(|colon| (1..=32).contains(colon))?;
    let (user, rest) = (&line[..colon], line[colon + 1..].trim_ascii_end());
    if rest.contains(&b' ') || !user.iter().all(|&b| name_byte(b)) {
        return None;
    }
    let near = near(above, 256);
    let list = memchr::memmem::rfind(near, b"chpasswd").is_some_and(|at| near[at..].starts_with(b"chpasswd:"));
    let mixes = rest.len() >= 8 && rest.iter().any(u8::is_ascii_digit) && rest.iter().any(u8::is_ascii_alphabetic);
    (list && (mixes || shapes::judge(rest) == Shape::Strong)).then(|| word(line, colon + 1))?
}

/// `@host : PSK "x"` and `: RSA file "x"` of `strongSwan`.
fn of_a_host(line: &[u8]) -> Option<Range<usize>> {
    let kind = find_pair(line, *b": ").filter(|&at| at == 0 || line[at - 1] == b' ')? + 2;
    if [b"RSA ".as_slice(), b"ECDSA "].iter().any(|file| line[kind..].starts_with(file)) {
        return word(line, kind + memchr::memchr(b'"', &line[kind..])? + 1);
    }
    let shared = [b"PSK ".as_slice(), b"EAP ", b"XAUTH "];
    let at = kind + shared.iter().find(|name| line[kind..].starts_with(name))?.len();
    word(line, at + line[at..].iter().take_while(|b| matches!(b, b' ' | b'"')).count())
}

/// `sentinel auth-pass main x` of Redis.
fn of_a_master(line: &[u8]) -> Option<Range<usize>> {
    let master = line.strip_prefix(b"sentinel auth-pass ")?;
    word(line, line.len() - master.len() + memchr::memchr(b' ', master)? + 1)
}

/// `stats auth app:x` of `HAProxy`.
fn of_statistics(line: &[u8]) -> Option<Range<usize>> {
    let pair = line.strip_prefix(b"stats auth ")?.trim_ascii_start();
    let pair = word(line, line.len() - pair.len())?;
    let colon = memchr::memchr(b':', &line[pair.clone()])?;
    Some(pair.start + colon + 1..pair.end)
}

/// The end of a text: looking further would make many such lines slow.
fn near(above: &[u8], most: usize) -> &[u8] {
    &above[above.len().saturating_sub(most)..]
}
