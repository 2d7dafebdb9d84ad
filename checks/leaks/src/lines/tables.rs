//! Lines whose fields have no names: of `.pgpass`, of `PgBouncer`'s list of users, of Redis' and `HAProxy`'s users.

use std::ops::Range;

use crate::leak::{LeakRule, Where};
use crate::sink::{Charge, Scan, Text};
use crate::tokens::password_shape;

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
