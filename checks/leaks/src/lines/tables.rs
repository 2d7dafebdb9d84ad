//! Lines whose fields have no names: of `.pgpass`, of `PgBouncer`'s list of users, of Redis' and `HAProxy`'s users.

use std::ops::Range;

use super::name_byte;
use crate::leak::{LeakRule, Where};
use crate::shapes::{self, Shape};
use crate::sink::{Charge, Scan, Text};
use crate::tokens::password_shape;
use crate::words::{find_pair, holds};

/// `host:port:database:user:password`, line by line.
pub fn pgpass(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, place: Where) {
    let mut at = range.start;
    while at < range.end {
        let stop = memchr::memchr(b'\n', &text.bytes[at..range.end]).map_or(range.end, |n| at + n);
        let line = text.bytes[at..stop].trim_ascii();
        let start = at + (stop - at - text.bytes[at..stop].trim_ascii_start().len());
        let colons: Vec<usize> = memchr::memchr_iter(b':', line).take(5).collect();
        if colons.len() == 4
            && line[0] != b'#'
            && let Some(rule) = password_shape(&line[colons[3] + 1..])
        {
            let value = start + colons[3] + 1..start + line.len();
            let charge = Charge {
                rule: if rule == LeakRule::Placeholder { rule } else { LeakRule::LiteralCredential },
                kind: "password",
                reason: "the last field of a PostgreSQL password file",
            };
            scan.report(charge, text, value.clone(), place, "", &text.bytes[value]);
        }
        at = stop + 1;
    }
}

/// `host user:password`, line by line, as Postfix has it.
pub fn sasl(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, place: Where) {
    let mut at = range.start;
    while at < range.end {
        let stop = memchr::memchr(b'\n', &text.bytes[at..range.end]).map_or(range.end, |n| at + n);
        let line = text.bytes[at..stop].trim_ascii_end();
        let start = line.iter().rposition(u8::is_ascii_whitespace).map_or(0, |blank| blank + 1);
        if !line.starts_with(b"#")
            && start > 0
            && let Some(colon) = memchr::memchr(b':', &line[start..]).map(|colon| start + colon)
            && let Some(rule) = password_shape(&line[colon + 1..])
        {
            let charge = Charge {
                rule: if rule == LeakRule::Placeholder { rule } else { LeakRule::LiteralCredential },
                kind: "password",
                reason: "the last field of a list of mail servers",
            };
            let value = at + colon + 1..at + line.len();
            scan.report(charge, text, value.clone(), place, "", &text.bytes[value]);
        }
        at = stop + 1;
    }
}

/// `"user" "password"`, line by line, as `PgBouncer` has it.
pub fn userlist(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, place: Where) {
    let mut at = range.start;
    while at < range.end {
        let stop = memchr::memchr(b'\n', &text.bytes[at..range.end]).map_or(range.end, |n| at + n);
        let marks: Vec<usize> = memchr::memchr_iter(b'"', &text.bytes[at..stop]).take(5).map(|n| at + n).collect();
        if let &[_, _, open, close] = marks.as_slice()
            && let Some(rule) = password_shape(&text.bytes[open + 1..close])
            && !text.bytes[open + 1..close].starts_with(b"md5")
        {
            let charge = Charge {
                rule: if rule == LeakRule::Placeholder { rule } else { LeakRule::LiteralCredential },
                kind: "password",
                reason: "the second field of a list of users",
            };
            scan.report(charge, text, open + 1..close, place, "", &text.bytes[open + 1..close]);
        }
        at = stop + 1;
    }
}

/// `user app on >password` of Redis, `sentinel auth-pass main x`, `user app insecure-password x` and `stats auth app:x` of `HAProxy`, `@host : PSK "x"` of
/// `strongSwan`, `user_app="x"` of Kafka's JAAS and what `expect` sends to a prompt for a password, when `above` says so.
pub(super) fn user_line(line: &[u8], above: &[u8]) -> Option<Range<usize>> {
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
            // Only the user's name stands before it.
            if let Some(at) =
                memchr::memmem::find(rest, name).filter(|&at| !rest[b"user ".len()..at].trim_ascii().contains(&b' '))
            {
                return word(lead + at + name.len());
            }
        }
    }
    if rest.starts_with(b"user_") {
        let open = find_pair(rest, *b"=\"").filter(|&at| rest[..at].iter().all(|&b| name_byte(b)))?;
        let near = &above[above.len().saturating_sub(2048)..];
        return memchr::memmem::find(near, b"LoginModule").and_then(|_| word(lead + open + 2));
    }
    if let Some(sent) = rest.strip_prefix(b"send ") {
        let sent = sent.strip_prefix(b"-- ").unwrap_or(sent).strip_prefix(b"\"")?;
        let start = line.len() - sent.len();
        let length = memchr::memmem::find(sent, b"\\r\"").or_else(|| memchr::memmem::find(sent, b"\\n\""))?;
        let near = &above[above.len().saturating_sub(256)..];
        let asked = memchr::memmem::rfind(near, b"expect").filter(|&at| holds(&near[at..], b"assword"));
        // Nothing else may be sent in between.
        let first = |at: usize| memchr::memmem::find(&near[at..], b"send ").is_none();
        return asked.filter(|&at| length > 3 && first(at)).map(|_| start..start + length);
    }
    // `root:x` in the list of cloud-init's chpasswd.
    if let Some(colon) = memchr::memchr(b':', rest)
        && (1..=32).contains(&colon)
        && rest[..colon].iter().all(|&b| name_byte(b))
        && !rest[colon + 1..].contains(&b' ')
    {
        let near = &above[above.len().saturating_sub(256)..];
        let listed = memchr::memmem::rfind(near, b"chpasswd").is_some_and(|at| near[at..].starts_with(b"chpasswd:"));
        let random = shapes::judge(rest[colon + 1..].trim_ascii()) == Shape::Strong;
        return word(lead + colon + 1).filter(|_| listed && random);
    }
    if let Some(colon) = find_pair(line, *b": ")
        && let Some(kind) = [b"PSK ".as_slice(), b"EAP ", b"XAUTH ", b"RSA ", b"ECDSA "]
            .iter()
            .find(|k| line[colon + 2..].starts_with(k))
    {
        let at = colon + 2 + kind.len();
        if kind.starts_with(b"RSA") || kind.starts_with(b"ECDSA") {
            let open = at + memchr::memchr(b'"', &line[at..])?;
            return word(open + 1);
        }
        return word(at + line[at..].iter().take_while(|b| matches!(b, b' ' | b'"')).count());
    }
    if let Some(master) = rest.strip_prefix(b"sentinel auth-pass ") {
        let blank = memchr::memchr(b' ', master)?;
        return word(line.len() - master.len() + blank + 1);
    }
    let pair = rest.strip_prefix(b"stats auth ").map(<[u8]>::trim_ascii_start)?;
    let pair = word(line.len() - pair.len())?;
    let colon = memchr::memchr(b':', &line[pair.clone()])?;
    Some(pair.start + colon + 1..pair.end)
}

/// `admin = x, role` of a section for users: what looks random.
pub(super) fn user_entry(line: &[u8]) -> Option<Range<usize>> {
    let equals = memchr::memchr(b'=', line).filter(|&at| line[..at].trim_ascii_end().iter().all(|&b| name_byte(b)))?;
    let rest = &line[equals + 1..];
    let start = equals + 1 + rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let length = line[start..].iter().take_while(|b| !b.is_ascii_whitespace() && **b != b',').count();
    let value = &line[start..start + length];
    (!value.contains(&b'=') && shapes::judge(value) == Shape::Strong).then_some(start..start + length)
}
