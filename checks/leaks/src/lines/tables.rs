//! Files whose fields have no names: `.pgpass`, Postfix' passwords, `PgBouncer`'s list of users.

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
