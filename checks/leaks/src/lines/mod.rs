//! Assignments in text that is no YAML, or inside a YAML value: `.env`, properties, ini, TOML, XML, JSON, SQL, shell, source
//! code, DSNs, prose. The words of credentials are looked for; what stands before and after them says whether something is
//! assigned.

mod assigned;
mod calls;
mod columns;
mod convict;
mod lists;
mod places;
mod tables;
mod users;
mod whole;

use std::ops::Range;
use std::sync::OnceLock;

use self::assigned::{Found, assigned, assigned_variable, value_at};
use self::calls::{compared, second_argument};
use self::columns::Columns;
pub use self::convict::{SCHEMES, basic, default_of, default_of_ruby};
use self::convict::{convict, fallback};
pub use self::tables::table;
pub use self::whole::alone;
use crate::leak::Where;
use crate::memory;
use crate::names::{self, Class, Name};
use crate::needles::Needles;
use crate::programs;
use crate::sink::{Scan, Text};
use crate::verdict;

/// How the values of a text are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bare {
    /// What follows `=` or `:` is the value, quoted or not, to the next blank or separator: shell, configurations.
    Literal,
    /// The same, but to the end of the line, whatever it holds: `.env`, properties, ini.
    Line,
    /// A word without quotes is an expression: source code, TOML, HCL.
    Quoted,
    /// People's prose: `password: hunter2` may be a sentence.
    Prose,
}

/// What is known of the text around.
#[derive(Debug, Clone, Copy)]
pub struct Lines {
    /// How bare values are read.
    pub bare: Bare,
    /// Where it stands.
    pub place: Where,
}

/// Longest bare value and name.
const MAX_BARE: usize = 512;

const MAX_NAME: usize = 128;

/// Parts of the names of credentials, and what leads to passwords of SQL.
const WORDS: [&str; 56] = [
    "pass",
    "pwd",
    "psw",
    "secret",
    "token",
    "key",
    "cred",
    "auth",
    "salt",
    "licen",
    "psk",
    "pepper",
    "mnemonic",
    "otp",
    "jwt",
    "bearer",
    "hmac",
    "senha",
    "contrasena",
    "wachtwoord",
    "motdepasse",
    "cookie",
    "bindpw",
    "securestring",
    "clear-text=",
    "sudo -s",
    "community",
    "userpw",
    "rootpw",
    "seed",
    "identified by",
    "identified with",
    "_pw",
    "_pat",
    ".pat",
    "sas_",
    "_pat=",
    "pw=",
    "pw:",
    "-pw ",
    "login:",
    "log in ",
    "login is",
    "pw is",
    "honeycomb-team",
    "jfrog-art-api",
    "login=",
    "register =>",
    "encrypt",
    "initial_management",
    " on >",
    ",dc=",
    ".login(",
    "getconnection(",
    "pdo(",
    "mysqli",
];

/// The words that could name a credential, and the programs that take one.
fn words() -> &'static Needles<13, true> {
    static NEEDLES: OnceLock<Needles<13, true>> = OnceLock::new();
    NEEDLES.get_or_init(|| Needles::new(WORDS.into_iter().map(str::to_owned).chain(programs::marks())))
}

/// Whether a text has any word that could name a credential.
pub fn worth_a_look(text: &[u8]) -> bool {
    words().any(text)
}

/// Scans every line of a range.
pub fn scan(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, how: Lines) {
    let mut at = range.start;
    let mut pair = Pair { first: true, ..Pair::default() };
    // Whether a here-document is open, and the word that closes it.
    let mut here: Option<Range<usize>> = None;
    while at < range.end {
        let stop = memchr::memchr(b'\n', &text.bytes[at..range.end]).map_or(range.end, |n| at + n);
        let bytes = &text.bytes[at..stop];
        // In it is no code.
        let bare = if here.is_some() { Bare::Literal } else { how.bare };
        line(scan, text, at..stop, Lines { bare, ..how }, &mut pair);
        pair.first = false;
        if how.bare == Bare::Quoted {
            match &here {
                Some(word) if bytes.trim_ascii() == &text.bytes[word.clone()] => here = None,
                Some(_) => {}
                None => here = opens_here(bytes).map(|word| at + word.start..at + word.end),
            }
        }
        at = stop + 1;
    }
}

/// The word that closes the here-document which a line opens: `values = <<-YAML`.
fn opens_here(line: &[u8]) -> Option<Range<usize>> {
    let line = line.trim_ascii_end();
    let length = line.iter().rev().take_while(|b| b.is_ascii_uppercase() || **b == b'_').count();
    let before = &line[..line.len() - length];
    let before = before.strip_suffix(b"-").or_else(|| before.strip_suffix(b"~")).unwrap_or(before);
    (length >= 3 && before.ends_with(b"<<")).then_some(line.len() - length..line.len())
}

/// Scans one value or line by itself.
pub fn one(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, how: Lines) {
    self::scan(scan, text, range, how);
}

/// `name = "…"` on a line before `value = "…"`, as in Terraform and XML.
#[derive(Default)]
struct Pair {
    name: Option<Vec<u8>>,
    /// An element of XML, whose text is on the next line.
    element: bool,
    age: u8,
    /// The section of users, whose entries are passwords.
    users: bool,
    /// At the first line.
    first: bool,
    /// A table whose first row was read.
    columns: Option<Columns>,
}

fn line(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, how: Lines, pair: &mut Pair) {
    let bytes = &text.bytes[range.clone()];
    if let Some(mut columns) = pair.columns.take()
        && let Some(row) = columns.row(bytes)
    {
        for cell in row {
            let value = Found { start: cell.range.start, end: cell.range.end, quoted: true, loose: false, leads: true };
            convict(
                scan,
                text,
                range.start,
                bytes,
                cell.label,
                cell.name,
                &value,
                Lines { bare: Bare::Literal, ..how },
            );
        }
        pair.columns = Some(columns);
    }
    if bytes.len() < 5 {
        return;
    }
    pair.age = pair.age.saturating_add(1);
    if pair.age > 6 {
        pair.name = None;
    }
    if pair.name.is_some() {
        paired(scan, text, range.clone(), how, pair);
    }
    let worth = worth_a_look(bytes);
    if bytes.first() == Some(&b'[') {
        pair.users = bytes.trim_ascii_end() == b"[users]";
    } else if pair.users
        && let Some(value) = users::entry(bytes)
    {
        programs::tell(scan, text, range.start + value.start..range.start + value.end, how, "users");
    }
    if let Some(value) = users::password(bytes, &text.bytes[..range.start]).or_else(|| programs::piped(bytes)) {
        programs::tell(scan, text, range.start + value.start..range.start + value.end, how, "");
    }
    if !worth {
        return;
    }
    if let Some(name) = pair_name(bytes) {
        (pair.name, pair.element, pair.age) = (Some(name.to_vec()), false, 0);
    } else if let Some(name) = element(bytes) {
        (pair.name, pair.element, pair.age) = (Some(name.to_vec()), true, 0);
    }
    if matches!(how.bare, Bare::Literal | Bare::Prose) && pair.columns.is_none() {
        pair.columns = Columns::named(bytes, pair.first);
    }
    let how = if is_comment(bytes) && how.place != Where::Comment {
        Lines { place: Where::Comment, bare: if how.bare == Bare::Quoted { Bare::Quoted } else { Bare::Prose } }
    } else {
        how
    };
    let mut from = 0;
    while let Some(hit) = words().first(&bytes[from..]) {
        let (start, end) = (from + hit.start, from + hit.end);
        let next = one_word(scan, text, range.start, bytes, start, end, from, how);
        from = next.max(end);
    }
}

/// `<password>` alone on its line.
fn element(line: &[u8]) -> Option<&[u8]> {
    let name = line.trim_ascii().strip_prefix(b"<")?.strip_suffix(b">")?;
    (!name.is_empty() && name.len() <= MAX_NAME && name.iter().all(|&b| name_byte(b)) && name[0] != b'/')
        .then_some(name)
}

fn is_comment(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    line.starts_with(b"#")
        || line.starts_with(b"//")
        || line.starts_with(b";")
        || line.starts_with(b"-- ")
        || line.starts_with(b"* ")
        || line.starts_with(b"/*")
        || line.starts_with(b"<!--")
}

fn name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/')
}

/// Looks at one hit; returns from where to go on.
#[allow(clippy::too_many_arguments)]
fn one_word(
    scan: &mut Scan,
    text: &Text<'_>,
    base: usize,
    bytes: &[u8],
    start: usize,
    end: usize,
    floor: usize,
    how: Lines,
) -> usize {
    if let Some(next) = places::look(scan, text, base, bytes, start..end, how) {
        return next;
    }
    // The mark of a program ends it; the sign after `pw=` is none of the name.
    let short = bytes[start..end].eq_ignore_ascii_case(b"-pw ");
    let program = matches!(bytes[end - 1], b' ' | b'"') && !short;
    let verb = if bytes[start..end].ends_with(b" is") { b" is".len() } else { 0 };
    let end = end - verb - usize::from(program || short || matches!(bytes[end - 1], b'=' | b':'));
    let mut left = start;
    while left > floor && start - left < MAX_NAME && name_byte(bytes[left - 1]) {
        left -= 1;
    }
    let mut right = end;
    while right < bytes.len() && right - start < MAX_NAME && name_byte(bytes[right]) {
        right += 1;
    }
    // `sshpass` and `keytool` have a credential's word in their names.
    if matches!(bytes.get(right), Some(b' ' | b'"')) {
        for value in programs::passwords(text.bytes, base + left..base + right) {
            programs::tell(scan, text, value, how, "");
        }
        if program {
            return right;
        }
    }
    let dashes = bytes[left..right].iter().take_while(|&&b| b == b'-').count();
    let name_range = left + dashes..right;
    let name_bytes = trim_name(&bytes[name_range.clone()]);
    if name_bytes.is_empty() {
        return right;
    }
    let known = memory::known(name_bytes);
    let listed = lists::opens(bytes, right) || bytes.get(right) == Some(&b'[');
    let mut name = if listed { known.in_list() } else { known.alone() };
    // `API key: x` of prose.
    if name.class < Class::Weak && name_bytes.eq_ignore_ascii_case(b"key") && how.bare == Bare::Prose {
        let before = [b"api ".as_slice(), b"access ", b"secret "];
        let owner = &bytes[left.saturating_sub(8)..left].to_ascii_lowercase();
        if before.iter().any(|word| owner.ends_with(word)) {
            name = Name { class: Class::Token, kind: "key" };
        }
    }
    if name == names::USER
        && let Some(value) = assigned(bytes, left, right, false, how)
        && let Some(charge) = verdict::user(&bytes[value.start..value.end])
    {
        let content = &bytes[value.start..value.end];
        let path = crate::words::text(name_bytes);
        scan.report(charge, text, base + value.start..base + value.end, how.place, path, content);
        return value.end;
    }
    if name.class < Class::Weak {
        return right;
    }
    let flag = dashes > 0 && (left == 0 || matches!(bytes[left - 1], b' ' | b'"' | b'\'' | b'\t' | b'[' | b'`' | b'='));
    // A variable's use is no assignment: `$PASSWORD:`, `${PASSWORD}`.
    if left > 0 && (bytes[left - 1] == b'$' || (bytes[left - 1] == b'{' && left > 1 && bytes[left - 2] == b'$')) {
        if bytes[left - 1] == b'{' {
            return fallback(scan, text, base, bytes, right, name, name_bytes, how);
        }
        // PHP, Perl and PowerShell assign to it, nginx compares with it.
        let set = assigned_variable(bytes, left, right).or_else(|| compared(bytes, right));
        let Some(value) = set else { return right };
        convict(scan, text, base, bytes, name_bytes, name, &value, Lines { bare: Bare::Quoted, ..how });
        return value.end;
    }
    if let Some(value) = second_argument(bytes, name_bytes, right) {
        // Two words may be anything.
        let name = Name { class: Class::Token, kind: "password" };
        convict(scan, text, base, bytes, name_bytes, name, &value, Lines { bare: Bare::Quoted, ..how });
        return value.end;
    }
    let value = assigned(bytes, left, right, flag, how).or_else(|| compared(bytes, right));
    let Some(value) = value else {
        for value in lists::told(bytes, left, right, name, how) {
            // A list of tokens may be one of their names; in code and prose only what looks random is trusted anyway.
            let name = if name.class == Class::Token && matches!(how.bare, Bare::Literal | Bare::Line) {
                Name { class: Class::Weak, ..name }
            } else {
                name
            };
            convict(scan, text, base, bytes, name_bytes, name, &value, how);
        }
        return right;
    };
    convict(scan, text, base, bytes, name_bytes, name, &value, how);
    if value.end - value.start > 64 { value.end } else { value.start.max(right) }
}

fn trim_name(name: &[u8]) -> &[u8] {
    let from = name.iter().take_while(|b| matches!(b, b'.' | b'/' | b'-')).count();
    let to = name.iter().rev().take_while(|b| matches!(b, b'.' | b'/' | b'-')).count();
    if from + to >= name.len() { b"" } else { &name[from..name.len() - to] }
}

/// `name = "DB_PASSWORD"`, `variable "db_password" {`, `<name>db.password</name>`: the name of what a later line sets.
fn pair_name(line: &[u8]) -> Option<&[u8]> {
    let line = line.trim_ascii();
    let key = [
        b"name".as_slice(),
        b"key",
        b"\"name\"",
        b"\"key\"",
        b"variable",
        b"<name>",
        b"<param-name>",
        b"<property name",
        b"<entry key",
    ]
    .into_iter()
    .find(|key| line.starts_with(key))?;
    let rest = line[key.len()..].trim_ascii_start();
    let (close, rest) = if key.ends_with(b">") {
        (b'<', rest)
    } else {
        let rest = rest.strip_prefix(b"=").or_else(|| rest.strip_prefix(b":")).unwrap_or(rest).trim_ascii_start();
        (b'"', rest.strip_prefix(b"\"")?)
    };
    let end = memchr::memchr(close, rest)?;
    (end > 1 && end <= MAX_NAME).then_some(&rest[..end])
}

/// `value = "…"` after `name = "DB_PASSWORD"`.
fn paired(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, how: Lines, pair: &mut Pair) {
    let bytes = &text.bytes[range.clone()];
    let trimmed = bytes.trim_ascii_start();
    let indent = bytes.len() - trimmed.len();
    let Some(name) = pair.name.clone() else { return };
    if pair.element {
        let value = trimmed.trim_ascii_end();
        pair.name = None;
        // The element may hold one for its value.
        let inner = value.strip_prefix(b"<Value>").and_then(|value| value.strip_suffix(b"</Value>"));
        let (indent, value) = inner.map_or((indent, value), |inner| (indent + b"<Value>".len(), inner));
        if !value.is_empty() && !value.starts_with(b"<") && value.len() <= MAX_BARE {
            let found = Found { start: indent, end: indent + value.len(), quoted: true, loose: false, leads: true };
            let judged = names::judge(&name);
            convict(scan, text, range.start, bytes, &name, judged, &found, Lines { bare: Bare::Literal, ..how });
        }
        return;
    }
    for key in [b"value".as_slice(), b"default", b"\"value\"", b"<value>", b"<param-value>"] {
        let Some(rest) = trimmed.strip_prefix(key) else { continue };
        let after = rest.trim_ascii_start();
        let at = if key.ends_with(b">") {
            indent + key.len()
        } else if after.starts_with(b"=") || after.starts_with(b":") {
            bytes.len() - after.len() + 1
        } else {
            continue;
        };
        let found = if key.ends_with(b">") {
            memchr::memchr(b'<', &bytes[at..]).map(|n| Found {
                start: at,
                end: at + n,
                quoted: true,
                loose: false,
                leads: true,
            })
        } else {
            value_at(bytes, at, Bare::Quoted, false)
        };
        if let Some(found) = found.filter(|f| f.end > f.start) {
            let judged = names::judge(&name);
            convict(scan, text, range.start, bytes, &name, judged, &found, Lines { bare: Bare::Literal, ..how });
        }
        pair.name = None;
        return;
    }
}
