//! Words that are no part of a credential's name, and behind which one stands all the same: `IDENTIFIED BY`, `SecureString`, a call
//! that takes a password behind other arguments, `Login:`.

use std::ops::Range;

use super::assigned::{Found, value_at};
use super::calls::argument;
use super::{Bare, Lines, convict, lists};
use crate::names::{Class, Name};
use crate::placeholders::is_placeholder;
use crate::sink::{Scan, Text};
use crate::words::holds;

/// How far before `IDENTIFIED BY` a user is looked for, and how far behind it the password.
const REACH: usize = 200;

const PASSWORD: Name = Name { class: Class::Password, kind: "password" };
/// What may be anything else.
const ANY: Name = Name { class: Class::Token, kind: "password" };

/// `user:x`, to a blank or what follows a host's sign.
fn of_a_pair(bytes: &[u8], at: usize) -> Option<Found> {
    let rest = &bytes[at..bytes.len().min(at + REACH)];
    let start = rest.iter().take_while(|b| **b == b' ').count();
    let word = start + rest[start..].iter().take_while(|b| !b.is_ascii_whitespace() && **b != b'@').count();
    let colon = start + memchr::memchr(b':', &rest[start..word])?;
    let url = rest[colon..].starts_with(b"://");
    let user = !url && rest[start..colon].iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b));
    (user && colon > start && word > colon + 1).then_some(Found {
        start: at + colon + 1,
        end: at + word,
        quoted: false,
        loose: false,
        leads: true,
    })
}

/// The string that follows one with the name of an entry of LDAP: `"cn=app,dc=x", "y"`.
fn behind_an_entry(bytes: &[u8], at: usize) -> Option<Found> {
    let rest = &bytes[at..bytes.len().min(at + REACH)];
    let close = at + memchr::memchr2(b'"', b'\'', rest)?;
    let comma = bytes.get(close + 1) == Some(&b',');
    let found = value_at(bytes, close + 2, Bare::Quoted, false).filter(|_| comma)?;
    let content = &bytes[found.start..found.end];
    (!is_placeholder(content) && !content.contains(&b'=')).then_some(Found { leads: true, ..found })
}

/// Looks at a word of a line that starts at `base`; returns from where to go on, if it was one of these.
pub(super) fn look(
    scan: &mut Scan,
    text: &Text<'_>,
    base: usize,
    bytes: &[u8],
    word: Range<usize>,
    how: Lines,
) -> Option<usize> {
    let end = word.end;
    let mut lower = [0; 32];
    let lower = lower.get_mut(..word.len())?;
    lower.copy_from_slice(&bytes[word.clone()]);
    lower.make_ascii_lowercase();
    let string = |at| value_at(bytes, at, Bare::Quoted, false);
    let code = how.bare == Bare::Quoted;
    let literal = Lines { bare: Bare::Literal, ..how };
    let (found, label, name, how): (Option<Found>, &[u8], _, _) = match &*lower {
        b"securestring" => {
            let named = bytes[end..].get(..8).is_some_and(|flag| flag.eq_ignore_ascii_case(b" -string"));
            (string(if named { end + 8 } else { end }), b"SecureString", PASSWORD, how)
        }
        // `<credential-reference clear-text="x"/>` of WildFly.
        b"clear-text=" => (string(end), b"clear-text", PASSWORD, how),
        b"identified with" => {
            let rest = bytes[end..bytes.len().min(end + REACH)].to_ascii_lowercase();
            let by = memchr::memmem::find(&rest, b" by ");
            (by.and_then(|by| string(end + by + 4)), b"IDENTIFIED BY", PASSWORD, how)
        }
        b"identified by" => {
            // The user may be on the line before.
            let before = &text.bytes[(base + word.start).saturating_sub(REACH)..base + word.start];
            let sql = [b"user ".as_slice(), b"role ", b"grant "].iter().any(|word| holds(before, word));
            (string(end).filter(|_| sql), b"IDENTIFIED BY", PASSWORD, how)
        }
        b"login:" | b"login is" | b"log in " => (lists::account(bytes, end), b"login", ANY, literal),
        // `register => user:x@host` of Asterisk, `cache_peer … login=user:x` of Squid.
        b"register =>" | b"login=" => (of_a_pair(bytes, end), b"login", ANY, literal),
        b",dc=" => (behind_an_entry(bytes, end).filter(|_| code), b"password", ANY, how),
        b".login(" => (argument(bytes, end, 1).filter(|_| code), b"password", ANY, how),
        b"getconnection(" | b"pdo(" | b"mysqli" => {
            (argument(bytes, end, 2).filter(|_| code), b"password", PASSWORD, how)
        }
        _ => return None,
    };
    let Some(value) = found else { return Some(end) };
    convict(scan, text, base, bytes, label, name, &value, how);
    Some(value.end)
}
