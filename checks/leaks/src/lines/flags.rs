//! Passwords on command lines and in the lines of servers' configurations where no name says so: `curl -u`, `mysql -p`, Redis' and
//! `HAProxy`'s users.

use std::ops::Range;

use super::assigned::value_at;
use super::{Bare, Lines};
use crate::leak::{LeakRule, Where};
use crate::shapes;
use crate::sink::{Charge, Scan, Text};
use crate::tokens::password_shape;

/// A word of a command line that is a password, if it is a literal.
pub(super) fn on_command_line(
    scan: &mut Scan,
    text: &Text<'_>,
    base: usize,
    bytes: &[u8],
    value: Range<usize>,
    how: Lines,
) {
    let content = &bytes[value.clone()];
    // Two characters hide nothing.
    let Some(rule) = password_shape(content).filter(|_| content.len() > 2) else { return };
    // Pages and comments explain with placeholders and words.
    let explains = how.bare == Bare::Prose || how.place == Where::Comment;
    if explains && (rule == LeakRule::Placeholder || shapes::judge(content) != shapes::Shape::Strong) {
        return;
    }
    let rule = if rule == LeakRule::Placeholder { rule } else { LeakRule::CredentialInArgs };
    let charge = Charge { rule, kind: "password", reason: "the place where this program takes a password" };
    scan.report(charge, text, base + value.start..base + value.end, how.place, "", content);
}

/// `user app on >password` of Redis, `user app insecure-password x` and `stats auth app:x` of `HAProxy`.
pub(super) fn user_line(line: &[u8]) -> Option<Range<usize>> {
    let lead = line.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'-' | b'"')).count();
    let rest = &line[lead..];
    let word = |from: usize| {
        let length = line[from..].iter().take_while(|b| !b.is_ascii_whitespace() && **b != b'"').count();
        (length > 3).then_some(from..from + length)
    };
    if rest.starts_with(b"user ") {
        let redis = memchr::memmem::find(rest, b" on ").is_some();
        if let Some(at) = memchr::memmem::find(rest, b" >").filter(|_| redis) {
            return word(lead + at + 2);
        }
        for name in [b" insecure-password ".as_slice(), b" password "] {
            if let Some(at) = memchr::memmem::find(rest, name) {
                return word(lead + at + name.len());
            }
        }
    }
    let pair = word(lead + rest.strip_prefix(b"stats auth ").map(|after| rest.len() - after.len())?)?;
    let colon = memchr::memchr(b':', &line[pair.clone()])?;
    Some(pair.start + colon + 1..pair.end)
}

/// `-u user:password` of curl.
pub(super) fn user_flag(scan: &mut Scan, text: &Text<'_>, base: usize, bytes: &[u8], from: usize, how: Lines) -> usize {
    let rest = &bytes[from..bytes.len().min(from + 1024)];
    for flag in [b" -u ".as_slice(), b" --user ", b" --proxy-user ", b" -U ", b" -u", b" --user=", b" --proxy-user="] {
        let Some(at) = memchr::memmem::find(rest, flag).or_else(|| rest.starts_with(&flag[1..]).then_some(0)) else {
            continue;
        };
        let at = at + flag.len() - usize::from(rest.starts_with(&flag[1..]));
        let Some(found) = value_at(bytes, from + at, Bare::Literal, false) else { continue };
        let pair = &bytes[found.start..found.end];
        if let Some(colon) = memchr::memchr(b':', pair)
            && !pair.iter().all(|b| b.is_ascii_uppercase() || matches!(b, b'_' | b':'))
            && let Some(rule) = password_shape(&pair[colon + 1..])
        {
            let rule = if rule == LeakRule::Placeholder { rule } else { LeakRule::CredentialInArgs };
            if how.place == Where::Comment && rule == LeakRule::Placeholder {
                return from;
            }
            let charge = Charge { rule, kind: "password", reason: "the user and password of curl" };
            scan.report(
                charge,
                text,
                base + found.start + colon + 1..base + found.end,
                how.place,
                "",
                &pair[colon + 1..],
            );
        }
        break;
    }
    from
}

/// `-pPASSWORD` of `MySQL`'s tools, `-a PASSWORD` of redis-cli, `-P PASSWORD` of sqlcmd.
pub(super) fn short_flag(
    scan: &mut Scan,
    text: &Text<'_>,
    base: usize,
    bytes: &[u8],
    from: usize,
    how: Lines,
) -> usize {
    let rest = &bytes[from..bytes.len().min(from + 400)];
    let mut at = 0;
    while let Some(found) = memchr::memmem::find(&rest[at..], b" -") {
        let flag = at + found + 2;
        at = flag;
        let value = match rest.get(flag) {
            // MySQL's own takes its value without a space.
            Some(b'p') if rest.get(flag + 1).is_some_and(|b| !b.is_ascii_whitespace()) => from + flag + 1,
            Some(b'a') if rest.get(flag + 1) == Some(&b' ') && rest[..flag].windows(3).all(|w| w != b"sql") => {
                from + flag + 2
            }
            Some(b'P') if rest.get(flag + 1) == Some(&b' ') => from + flag + 2,
            _ => continue,
        };
        let Some(found) = value_at(bytes, value, Bare::Literal, false) else { continue };
        let content = &bytes[found.start..found.end];
        let numeric = content.iter().all(u8::is_ascii_digit) && content.len() < 6;
        if content.starts_with(b"-")
            || numeric
            || content.starts_with(b"assword")
            || content.starts_with(b"rotocol")
            || content.starts_with(b"ort")
        {
            continue;
        }
        if password_shape(content) == Some(LeakRule::PasswordInUrl) {
            let charge = Charge {
                rule: LeakRule::CredentialInArgs,
                kind: "password",
                reason: "the password flag of a database's client",
            };
            scan.report(charge, text, base + found.start..base + found.end, how.place, "", content);
            return found.end;
        }
    }
    from
}
