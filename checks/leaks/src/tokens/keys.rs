//! Keys and signed tokens: PEM blocks, JSON web keys, JWTs.

use std::ops::Range;

use super::boundary;
use crate::decode;
use crate::issuers::is_documented;
use crate::leak::{LeakRule, Where};
use crate::sink::{Charge, Scan, Text};
use crate::words::variety;

/// The private part of a JSON web key: `d` of a pair, `k` of a symmetric key, beside `kty`. Returns where its object ends: such an
/// object is flat, and is looked at once.
pub(super) fn json_web_key(scan: &mut Scan, text: &Text<'_>, start: usize, place: Where) -> usize {
    const REACH: usize = 8 * 1024;
    let bytes = text.bytes;
    let floor = start.saturating_sub(REACH);
    let Some(open) = memchr::memrchr(b'{', &bytes[floor..start]).map(|at| floor + at) else { return start };
    let reach = &bytes[open + 1..bytes.len().min(start + REACH)];
    let object = &reach[..memchr::memchr2(b'{', b'}', reach).unwrap_or(reach.len())];
    for name in [b"\"d\"".as_slice(), b"\"k\""] {
        let Some(at) = memchr::memmem::find(object, name) else { continue };
        let rest = &object[at + name.len()..];
        let blank = rest.iter().take_while(|b| b.is_ascii_whitespace() || **b == b':').count();
        let Some(value) = rest[blank..].strip_prefix(b"\"") else { continue };
        let length = value.iter().take_while(|b| url_digit(**b)).count();
        if length >= 16 && value.get(length) == Some(&b'"') && variety(&value[..length]) >= 10 {
            let from = open + 1 + at + name.len() + blank + 1;
            let charge = Charge {
                rule: LeakRule::PrivateKey,
                kind: "JSON web key",
                reason: "the private part of a key, beside its type",
            };
            scan.report(charge, text, from..from + length, place, "", &value[..length]);
            break;
        }
    }
    open + 1 + object.len()
}

/// A private key in PEM, from `-----BEGIN` to its end.
pub fn pem(bytes: &[u8], start: usize, end: usize) -> Option<Range<usize>> {
    let head = bytes.get(end..bytes.len().min(end + 60))?;
    let close = memchr::memmem::find(head, b"-----")?;
    let label = &head[..close];
    let private = [b"PRIVATE KEY".as_slice(), b"OpenVPN Static key"];
    private.iter().find_map(|label_of| memchr::memmem::find(label, label_of))?;
    let body_at = end + close + 5;
    let body = &bytes[body_at..bytes.len().min(body_at + 16 * 1024)];
    let stop = memchr::memmem::find(body, b"-----END");
    let body = &body[..stop.unwrap_or(body.len().min(2048))];
    if !has_body(body) {
        return None;
    }
    let finish = match stop {
        Some(at) => {
            let tail = &bytes[body_at + at + 8..bytes.len().min(body_at + at + 80)];
            body_at + at + 8 + memchr::memmem::find(tail, b"-----").map_or(0, |t| t + 5)
        }
        None => body_at + body.len(),
    };
    Some(start..finish)
}

/// Base64 of a whole RSA key on one line, whose inner beginning stands at `mark`.
pub(super) fn der(bytes: &[u8], mark: usize) -> Option<Range<usize>> {
    const SHORTEST: usize = 400;
    let start = mark.checked_sub(6)?;
    let digit = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    if !bytes[start..].starts_with(b"MII") || start > 0 && digit(&bytes[start - 1]) {
        return None;
    }
    let length = bytes[start..].iter().take(16 * 1024).take_while(|b| digit(b)).count();
    let padding = bytes[start + length..].iter().take(2).take_while(|b| **b == b'=').count();
    (length >= SHORTEST && variety(&bytes[start..start + length]) > 40).then_some(start..start + length + padding)
}

/// Whether what follows a label is base64, line by line, as in a real block; not prose, an ellipsis or an action.
pub(super) fn has_body(body: &[u8]) -> bool {
    let (mut digits, mut seen) = (0, [false; 256]);
    // Lines end at a line's end, or at `\n` inside a quoted string.
    let mut lines = body.split(|&b| b == b'\n').flat_map(|line| Pieces { rest: line });
    let noise =
        |b: &u8| b.is_ascii_whitespace() || matches!(b, b'#' | b'"' | b'\'' | b',' | b'*' | b'\\' | b'|' | b'>');
    let all = lines.by_ref().take(400).all(|line| {
        let from = line.iter().take_while(|b| noise(b)).count();
        let to = line.iter().rev().take_while(|b| noise(b)).count();
        let Some(line) = line.get(from..line.len() - to.min(line.len() - from)) else { return true };
        // Headers: `Proc-Type: 4,ENCRYPTED`, `Comment: …`.
        if line.is_empty() || (digits == 0 && memchr::memmem::find(line, b": ").is_some()) {
            return true;
        }
        if !line.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b' ')) {
            // A block that is not closed ends where something else begins.
            return digits >= 120 && memchr::memmem::find(line, b"...").is_none();
        }
        digits += line.len();
        for &b in line {
            seen[usize::from(b)] = true;
        }
        true
    });
    all && digits >= 40 && seen.iter().filter(|s| **s).count() >= 14
}

/// The parts of a line between escaped line ends.
struct Pieces<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memmem::find(self.rest, b"\\n");
        let (piece, rest) = match end {
            Some(at) => (&self.rest[..at], &self.rest[at + 2..]),
            None => (self.rest, &self.rest[self.rest.len()..]),
        };
        self.rest = rest;
        Some(piece)
    }
}

pub(super) fn url_digit(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')
}

/// A JWT: three parts, the first of which is a header.
pub(super) fn jwt(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    if start > 0 && (url_digit(bytes[start - 1]) || bytes[start - 1] == b'.') && !boundary(bytes, start, true) {
        return None;
    }
    let part = |at: usize| bytes[at..].iter().take(16 * 1024).take_while(|&&b| url_digit(b)).count();
    let header = part(start);
    let payload_at = start + header + 1;
    if header < 12 || bytes.get(payload_at - 1) != Some(&b'.') {
        return None;
    }
    let payload = part(payload_at);
    let signature_at = payload_at + payload + 1;
    if payload < 8 || bytes.get(signature_at - 1) != Some(&b'.') {
        return None;
    }
    let signature = part(signature_at);
    let end = signature_at + signature;
    let head = decode::base64(&bytes[start..start + header])?;
    let known = memchr::memmem::find(&head, b"\"alg\"").is_some();
    let body = decode::base64(&bytes[payload_at..payload_at + payload])?;
    let example = memchr::memmem::find(&body, b"\"1234567890\"").is_some()
        && memchr::memmem::find(&body, b"\"John Doe\"").is_some();
    // What Supabase tells everybody.
    let example = example || memchr::memmem::find(&body, b"\"role\":\"anon\"").is_some();
    let sealed = bytes.get(end) == Some(&b'.');
    (known
        && signature >= 20
        && !example
        && !sealed
        && variety(&bytes[signature_at..end]) > 8
        && !is_documented(&bytes[start..end]))
    .then_some(start..end)
}

pub(super) fn service_account(token: &[u8]) -> bool {
    token
        .split(|&b| b == b'.')
        .nth(1)
        .and_then(decode::base64)
        .is_some_and(|payload| memchr::memmem::find(&payload, b"kubernetes.io").is_some())
}
