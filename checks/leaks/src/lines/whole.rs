//! Files that are a credential as a whole, by their name: `.erlang.cookie`, `master.key`, the user and password of `OpenVPN`.

use crate::harmless::is_public;
use crate::leak::{LeakRule, Where};
use crate::memory;
use crate::names::{Class, Name};
use crate::sink::{Charge, Scan, Text};
use crate::tokens::password_shape;
use crate::verdict::{self, Trust};

/// The one word of a file that is called as a credential is: `.erlang.cookie`, `master.key`, `db-password.txt`.
pub fn alone(scan: &mut Scan, text: &Text<'_>, name: &str, place: Where) -> bool {
    const LONGEST: usize = 4096;
    let stem = name.trim_end_matches(".txt").trim_start_matches('.');
    let bytes = text.bytes;
    let content = bytes.trim_ascii();
    // The members of MongoDB know each other by a key of several lines.
    let keyfile = stem.ends_with("keyfile");
    let content =
        if keyfile { content.split(|b| *b == b'\n').next().unwrap_or_default().trim_ascii() } else { content };
    if (stem.ends_with("auth") || stem.ends_with("user-pass")) && bytes.len() <= LONGEST {
        return second_of_two(scan, text, place);
    }
    if bytes.len() > LONGEST || content.is_empty() || content.contains(&b'\n') || is_public(content) {
        return false;
    }
    let plain =
        !stem.contains('.') || [".key", ".cookie", ".token", ".secret", ".pass"].iter().any(|e| stem.ends_with(e));
    let own = memory::known(stem.as_bytes()).name;
    let own = if keyfile { Name { class: Class::Token, kind: "key" } } else { own };
    if !plain || own.class < Class::Token {
        return false;
    }
    // `ed25519 a_b x`
    let start = content.iter().rposition(u8::is_ascii_whitespace).map_or(0, |blank| blank + 1);
    if content[..start].iter().filter(|b| b.is_ascii_whitespace()).count() > 2 {
        return false;
    }
    let value = &content[start..];
    let from = bytes.len() - bytes.trim_ascii_start().len() + start;
    // `user:hash` is a list of users with one line.
    if value.contains(&b':') {
        return false;
    }
    let Some(charge) = verdict::judge(own, stem.as_bytes(), value, place, Trust::High) else { return false };
    scan.report(charge, text, from..from + value.len(), place, stem, value);
    true
}

/// A user and a password, a line each, as `OpenVPN` reads them.
fn second_of_two(scan: &mut Scan, text: &Text<'_>, place: Where) -> bool {
    let mut lines = text.bytes.trim_ascii().split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    let (Some(user), Some(password), None) = (lines.next(), lines.next(), lines.next()) else { return false };
    let plain = |line: &[u8]| !line.is_empty() && !line.iter().any(|b| b.is_ascii_whitespace() || *b == b'=');
    let mixes = password.iter().any(u8::is_ascii_digit) && !user.ends_with(b":") && !user.starts_with(b"#");
    if !plain(user) || !plain(password) || !mixes || password_shape(password).is_none() {
        return false;
    }
    let start = password.as_ptr() as usize - text.bytes.as_ptr() as usize;
    let reason = "the second line of a file with a user and a password";
    let charge = Charge { rule: LeakRule::LiteralCredential, kind: "password", reason };
    scan.report(charge, text, start..start + password.len(), place, "", password);
    true
}
