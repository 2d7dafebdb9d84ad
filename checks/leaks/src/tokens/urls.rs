//! Passwords and tokens in URLs and names of data sources.

use std::ops::Range;

use crate::decode;
use crate::harmless::is_dotted_words;
use crate::issuers::is_documented;
use crate::leak::{LeakRule, Where};
use crate::shapes::{self, Shape};
use crate::sink::{Charge, Scan, Text};
use crate::words::{holds, word_share};

/// Whether a password that stands between separators is a literal, and which kind of one.
pub fn password_shape(password: &[u8]) -> Option<LeakRule> {
    if password.is_empty() || password.len() > 512 {
        return None;
    }
    if password.iter().any(|b| matches!(b, b'{' | b'}' | b'<' | b'>' | b'$' | b'(' | b')' | b'[' | b']')) {
        let special = password.iter().any(|b| matches!(b, b'<' | b'>' | b'[' | b']' | b'{' | b'}'));
        let call = matches!(shapes::judge(password), Shape::Reference | Shape::Harmless | Shape::Placeholder);
        return (!special && !call && !password.starts_with(b"$")).then_some(LeakRule::PasswordInUrl);
    }
    if password.iter().all(|b| matches!(b, b'*' | b'.' | b'x' | b'X' | b'%' | b'-' | b'_' | b'?' | b's')) {
        return None;
    }
    match shapes::judge(password) {
        Shape::Reference | Shape::Empty => None,
        Shape::Placeholder => Some(LeakRule::Placeholder),
        Shape::Harmless => {
            (password.iter().all(u8::is_ascii_digit) || is_dotted_words(password)).then_some(LeakRule::PasswordInUrl)
        }
        _ if is_documented(password) => None,
        _ => Some(LeakRule::PasswordInUrl),
    }
}

/// `scheme://user:password@host`.
pub(super) fn userinfo(scan: &mut Scan, text: &Text<'_>, mark: usize, start: usize, place: Where) {
    let bytes = text.bytes;
    let scheme = bytes[..mark]
        .iter()
        .rev()
        .take(30)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        .count();
    if scheme == 0 || !bytes[mark - scheme..mark].iter().any(u8::is_ascii_alphabetic) {
        return;
    }
    let rest = &bytes[start..bytes.len().min(start + 400)];
    if memchr::memchr(b'@', rest).is_none() {
        return;
    }
    let mut at = 0;
    let (mut colon, mut found) = (None, None);
    while at < rest.len() {
        match rest[at] {
            // An action or a variable may hold anything.
            b'{' if rest[at..].starts_with(b"{{") => {
                let Some(close) = memchr::memmem::find(&rest[at..], b"}}") else { break };
                at += close + 2;
                continue;
            }
            b'$' if matches!(rest.get(at + 1), Some(b'{' | b'(')) => {
                let until = if rest[at + 1] == b'{' { b'}' } else { b')' };
                let Some(close) = memchr::memchr(until, &rest[at..]) else { break };
                at += close + 1;
                continue;
            }
            b':' if colon.is_none() => colon = Some(at),
            b'@' if colon.is_some() => found = Some(at),
            b'@' if token_alone(scan, text, start..start + at, place) => return,
            b' ' | b'\n' | b'\r' | b'\t' | b'"' | b'\'' | b'`' | b'\\' | b',' => break,
            b'/' | b'?' | b'#' if found.is_some() => break,
            b'/' if colon.is_none() => return,
            _ => {}
        }
        at += 1;
    }
    let (Some(colon), Some(sign)) = (colon, found) else { return };
    let password = &rest[colon + 1..sign];
    // A slash in what would be the password means that the `@` is of the path: `http://host:80/x@y`.
    if let Some(slash) = password.iter().position(|b| matches!(b, b'/' | b'?' | b'#'))
        && password[..slash].iter().all(u8::is_ascii_digit)
    {
        return;
    }
    let host = rest.get(sign + 1).copied().unwrap_or(b' ');
    if !(host.is_ascii_alphanumeric()
        || matches!(host, b'$' | b'{' | b'[' | b'<' | b'(' | b'_' | b'%' | b'.' | b'/' | b'*'))
    {
        return;
    }
    in_url(scan, text, start + colon + 1..start + sign, place, &rest[..colon]);
}

/// `https://TOKEN@host`, without a user.
pub(super) fn token_alone(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, place: Where) -> bool {
    let token = &text.bytes[range.clone()];
    let host = &text.bytes[range.end..text.bytes.len().min(range.end + 80)];
    // What Sentry's clients are told is no secret.
    let plain = token.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    let found = (16..=255).contains(&token.len())
        && plain
        && shapes::judge(token) == Shape::Strong
        && word_share(token) < 30
        && !holds(host, b"sentry");
    if found {
        let charge =
            Charge { rule: LeakRule::PasswordInUrl, kind: "token in a URL", reason: "user information of random text" };
        scan.report(charge, text, range, place, "", token);
    }
    found
}

pub(super) fn in_url(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, place: Where, user: &[u8]) {
    let password = &text.bytes[range.clone()];
    let Some(rule) = password_shape(password) else { return };
    // `user:pass@host` explains a format.
    let format = matches!(user, b"user" | b"username" | b"USER" | b"USERNAME" | b"login")
        && matches!(password, b"pass" | b"password" | b"PASSWORD" | b"PASS" | b"pwd" | b"passwd");
    let line = &text.bytes[..range.start];
    let line = line[memchr::memrchr(b'\n', &line[line.len().saturating_sub(400)..])
        .map_or(line.len().saturating_sub(400), |n| line.len().saturating_sub(400) + n + 1)..]
        .trim_ascii_start();
    let comment =
        place == Where::Comment || line.starts_with(b"#") || line.starts_with(b"//") || line.starts_with(b"*");
    // Names in capitals explain a format too, as placeholders do in comments and pages.
    let capitals = password.iter().all(|b| b.is_ascii_uppercase() || *b == b'_');
    let explains = comment || place == Where::Text;
    let about = |word: &[u8]| holds(password, word);
    let words = !password.iter().any(u8::is_ascii_digit) && (about(b"pass") || about(b"token") || about(b"secret"));
    let separated = password.iter().any(|b| matches!(b, b'-' | b'_')) && holds(user, b"user");
    if capitals
        || words && (comment || explains && separated)
        || ((format || rule == LeakRule::Placeholder) && explains)
    {
        return;
    }
    let charge = Charge { rule, kind: "password in a URL", reason: "user information with a literal password" };
    let decoded = decode::percent(password);
    scan.report(charge, text, range, place, "", &decoded);
}

/// `user:password@tcp(host:3306)/db`.
pub(super) fn data_source(scan: &mut Scan, text: &Text<'_>, sign: usize, place: Where) {
    let bytes = text.bytes;
    let length = bytes[..sign]
        .iter()
        .rev()
        .take(200)
        .take_while(|b| !b.is_ascii_whitespace() && !matches!(b, b'"' | b'\'' | b'`' | b'='))
        .count();
    let Some(colon) = memchr::memchr(b':', &bytes[sign - length..sign]) else { return };
    in_url(scan, text, sign - length + colon + 1..sign, place, &bytes[sign - length..sign - length + colon]);
}

/// `jdbc:oracle:thin:user/password@host`.
pub(super) fn oracle(scan: &mut Scan, text: &Text<'_>, start: usize, place: Where) {
    let rest = &text.bytes[start..text.bytes.len().min(start + 300)];
    let Some(sign) = memchr::memchr(b'@', rest) else { return };
    let Some(slash) = memchr::memchr(b'/', &rest[..sign]) else { return };
    if !rest[..sign].iter().any(u8::is_ascii_whitespace) {
        in_url(scan, text, start + slash + 1..start + sign, place, &rest[..slash]);
    }
}
