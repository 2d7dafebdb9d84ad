//! Files whose fields have no names: `.pgpass`, Postfix' passwords, `PgBouncer`'s list of users, `.htpasswd`.

use std::ops::Range;

use crate::leak::{LeakRule, Where};
use crate::shapes::{self, Shape};
use crate::sink::{Charge, Scan, Text};
use crate::tokens::password_shape;

/// Where the password of a line stands.
type Field = fn(&[u8]) -> Option<Range<usize>>;

/// Such a file.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// The password of a line.
    field: Field,
    reason: &'static str,
}

/// What a file of this name is, if one of them.
pub fn table(name: &str) -> Option<Table> {
    let (field, reason): (Field, _) = match name {
        _ if name.ends_with("pgpass") => (last_of_five, "the last field of a PostgreSQL password file"),
        _ if name.starts_with("sasl_passwd") => (of_a_server, "the last field of a list of mail servers"),
        _ if name.ends_with("userlist.txt") => (second_in_quotes, "the second field of a list of users"),
        _ if name.ends_with("htpasswd") || name.ends_with("htpasswd.txt") => {
            (behind_the_user, "what follows a user in a list of users")
        }
        _ if name.ends_with("tokens.csv") => (first_of_four, "the first field of a list of tokens"),
        _ => return None,
    };
    Some(Table { field, reason })
}

impl Table {
    /// Scans it line by line.
    pub fn scan(self, scan: &mut Scan, text: &Text<'_>, range: Range<usize>, place: Where) {
        let mut at = range.start;
        while at < range.end {
            let stop = memchr::memchr(b'\n', &text.bytes[at..range.end]).map_or(range.end, |n| at + n);
            let line = text.bytes[at..stop].trim_ascii_end();
            let value = (self.field)(line).filter(|_| !line.trim_ascii_start().starts_with(b"#"));
            if let Some((value, rule)) = value.and_then(|v| Some((v.clone(), password_shape(&line[v])?))) {
                let charge = Charge {
                    rule: if rule == LeakRule::Placeholder { rule } else { LeakRule::LiteralCredential },
                    kind: "password",
                    reason: self.reason,
                };
                scan.report(charge, text, at + value.start..at + value.end, place, "", &line[value.clone()]);
            }
            at = stop + 1;
        }
    }
}

/// `token,user,uid,"groups"`.
fn first_of_four(line: &[u8]) -> Option<Range<usize>> {
    let end = memchr::memchr(b',', line)?;
    let more = memchr::memchr_iter(b',', &line[end + 1..]).count();
    (more >= 1 && shapes::judge(&line[..end]) == Shape::Strong).then_some(0..end)
}

/// `host:port:database:user:password`.
fn last_of_five(line: &[u8]) -> Option<Range<usize>> {
    let mut colons = memchr::memchr_iter(b':', line).take(5);
    let last = colons.nth(3)?;
    colons.next().is_none().then_some(last + 1..line.len())
}

/// `host user:password`.
fn of_a_server(line: &[u8]) -> Option<Range<usize>> {
    let user = line.iter().rposition(u8::is_ascii_whitespace)? + 1;
    let colon = memchr::memchr(b':', &line[user..])?;
    Some(user + colon + 1..line.len())
}

/// `"user" "password"`, but not what begins as a hash.
fn second_in_quotes(line: &[u8]) -> Option<Range<usize>> {
    let marks: Vec<usize> = memchr::memchr_iter(b'"', line).take(5).collect();
    let &[_, _, open, close] = marks.as_slice() else { return None };
    (!line[open + 1..close].starts_with(b"md5")).then_some(open + 1..close)
}

/// `user:password`, with or without the word that it is no hash.
fn behind_the_user(line: &[u8]) -> Option<Range<usize>> {
    let colon = memchr::memchr(b':', line).filter(|&at| at > 0 && !line[..at].contains(&b' '))?;
    let plain = b"{PLAIN}".len();
    let start = colon + 1 + if line[colon + 1..].starts_with(b"{PLAIN}") { plain } else { 0 };
    // A comment may follow, as a third field.
    let end = memchr::memchr(b':', &line[start..]).map_or(line.len(), |n| start + n);
    Some(start..end)
}
