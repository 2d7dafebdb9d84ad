//! Assignments in text that is no YAML, or inside a YAML value: `.env`, properties, ini, TOML, XML, JSON, SQL, shell, source
//! code, DSNs, prose. The words of credentials are looked for; what stands before and after them says whether something is
//! assigned.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::leak::{LeakRule, Where};
use super::lexicon::Lexicon;
use super::names::{self, Class, Name};
use super::programs;
use super::shapes;
use super::sink::{Charge, Scan, Text};
use super::tokens::password_shape;
use super::verdict::{self, Trust};

/// How the values of a text are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bare {
    /// What follows `=` or `:` is the value, quoted or not: `.env`, properties, ini, shell.
    Literal,
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

fn words() -> &'static AhoCorasick {
    static WORDS: OnceLock<AhoCorasick> = OnceLock::new();
    WORDS.get_or_init(|| {
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(
                [
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
                    "userpw",
                    "rootpw",
                    "seed",
                    "identified by",
                    "_pw",
                    "curl ",
                    "mysql",
                    "sqlcmd",
                    "redis-cli",
                    "_pat",
                    "sas_",
                    "_pat=",
                ]
                .into_iter()
                .chain(programs::names()),
            )
            .expect("a few short words fit")
    })
}

/// Whether a text has any word that could name a credential.
pub fn worth_a_look(text: &[u8]) -> bool {
    words().is_match(text)
}

/// Scans every line of a range.
pub fn scan(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, how: Lines) {
    let mut at = range.start;
    let mut pair = Pair::default();
    while at < range.end {
        let stop = memchr::memchr(b'\n', &text.bytes[at..range.end]).map_or(range.end, |n| at + n);
        line(scan, text, at..stop, how, &mut pair);
        at = stop + 1;
    }
}

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

/// Scans one value or line by itself.
pub fn one(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, how: Lines) {
    self::scan(scan, text, range, how);
}

/// `name = "…"` on a line before `value = "…"`, as in Terraform and XML.
#[derive(Default)]
struct Pair {
    name: Option<Vec<u8>>,
    age: u8,
}

fn line(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, how: Lines, pair: &mut Pair) {
    let bytes = &text.bytes[range.clone()];
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
    if !worth_a_look(bytes) {
        if let Some(value) = user_line(bytes) {
            on_command_line(scan, text, range.start, bytes, value, how);
        }
        return;
    }
    if let Some(value) = programs::piped(bytes).or_else(|| user_line(bytes)) {
        on_command_line(scan, text, range.start, bytes, value, how);
    }
    if let Some(name) = pair_name(bytes) {
        *pair = Pair { name: Some(name.to_vec()), age: 0 };
    }
    let how = if is_comment(bytes) && how.place != Where::Comment {
        Lines { place: Where::Comment, bare: if how.bare == Bare::Quoted { Bare::Quoted } else { Bare::Prose } }
    } else {
        how
    };
    let mut from = 0;
    while let Some(hit) = words().find(&bytes[from..]) {
        let (start, end) = (from + hit.start(), from + hit.end());
        let next = one_word(scan, text, range.start, bytes, start, end, from, how);
        from = next.max(end);
    }
}

/// `user app on >password` of Redis, `user app insecure-password x` and `stats auth app:x` of `HAProxy`.
fn user_line(line: &[u8]) -> Option<Range<usize>> {
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
    match &bytes[start..end] {
        // A program's name has its space; of the other words only these two.
        word if word.ends_with(b" ") && word != b"curl " => {
            for value in programs::passwords(bytes, start, end) {
                on_command_line(scan, text, base, bytes, value, how);
            }
            return end;
        }
        b"curl " => return user_flag(scan, text, base, bytes, end, how),
        word if word.eq_ignore_ascii_case(b"securestring") => {
            let rest = bytes[end..].strip_prefix(b" -String").map_or(end, |_| end + 8);
            if let Some(value) = value_at(bytes, rest, Bare::Quoted, false) {
                let name = Name { class: Class::Password, kind: "password" };
                convict(scan, text, base, bytes, b"SecureString", name, &value, how);
                return value.end;
            }
            return end;
        }
        word if word.eq_ignore_ascii_case(b"identified by") => {
            let user = bytes[start.saturating_sub(200)..start].to_ascii_lowercase();
            let sql =
                memchr::memmem::find(&user, b"user ").is_some() || memchr::memmem::find(&user, b"role ").is_some();
            if let Some(value) = value_at(bytes, end, Bare::Quoted, false).filter(|_| sql) {
                let name = Name { class: Class::Password, kind: "password" };
                convict(scan, text, base, bytes, b"IDENTIFIED BY", name, &value, how);
                return value.end;
            }
            return end;
        }
        word if word.eq_ignore_ascii_case(b"mysql") || word == b"redis-cli" || word == b"sqlcmd" => {
            return short_flag(scan, text, base, bytes, end, how);
        }
        _ => {}
    }
    let mut left = start;
    while left > floor && start - left < MAX_NAME && name_byte(bytes[left - 1]) {
        left -= 1;
    }
    let mut right = end;
    while right < bytes.len() && right - start < MAX_NAME && name_byte(bytes[right]) {
        right += 1;
    }
    let dashes = bytes[left..right].iter().take_while(|&&b| b == b'-').count();
    let name_range = left + dashes..right;
    let name_bytes = trim_name(&bytes[name_range.clone()]);
    if name_bytes.is_empty() {
        return right;
    }
    // Programs whose names have a credential's word in them: `sshpass`, `htpasswd`.
    if dashes == 0 && bytes.get(right) == Some(&b' ') {
        let values = programs::passwords(bytes, left, right + 1);
        if let Some(last) = values.last().map(|v| v.end) {
            for value in values {
                on_command_line(scan, text, base, bytes, value, how);
            }
            return last;
        }
    }
    let name = scan.name(name_bytes);
    if name.class < Class::Weak {
        return right;
    }
    let flag = dashes > 0 && (left == 0 || matches!(bytes[left - 1], b' ' | b'"' | b'\'' | b'\t' | b'[' | b'`' | b'='));
    // A variable's use is no assignment: `$PASSWORD:`, `${PASSWORD}`.
    if left > 0 && (bytes[left - 1] == b'$' || (bytes[left - 1] == b'{' && left > 1 && bytes[left - 2] == b'$')) {
        if bytes[left - 1] == b'{' {
            return fallback(scan, text, base, bytes, right, name, name_bytes, how);
        }
        // PHP, Perl and PowerShell assign to it.
        let Some(value) = assigned_variable(bytes, left, right) else { return right };
        convict(scan, text, base, bytes, name_bytes, name, &value, Lines { bare: Bare::Quoted, ..how });
        return value.end;
    }
    if let Some(value) = second_argument(bytes, name_bytes, right) {
        // Two words may be anything.
        let name = Name { class: Class::Token, kind: "password" };
        convict(scan, text, base, bytes, name_bytes, name, &value, Lines { bare: Bare::Quoted, ..how });
        return value.end;
    }
    let Some(value) = assigned(bytes, left, right, flag, how) else { return right };
    convict(scan, text, base, bytes, name_bytes, name, &value, how);
    if value.end - value.start > 64 { value.end } else { value.start.max(right) }
}

/// `$password = "x"`, but neither `$password == "x"` nor a shell's `$password="x"` in the middle of a line.
fn assigned_variable(bytes: &[u8], left: usize, right: usize) -> Option<Found> {
    let leads = bytes[..left - 1].trim_ascii_start();
    let declared = [b"".as_slice(), b"my", b"our", b"private", b"public", b"protected", b"static", b"var", b"<?php"];
    if !declared.contains(&leads.trim_ascii_end()) {
        return None;
    }
    let spaces = bytes[right..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let rest = &bytes[right + spaces..];
    if !rest.starts_with(b"=") || matches!(rest.get(1), Some(b'=' | b'>' | b'~')) {
        return None;
    }
    let found = value_at(bytes, right + spaces + 1, Bare::Quoted, false)?;
    Some(Found { leads: true, ..found })
}

/// `auth=("user", "x")`, `HTTPBasicAuth("user", "x")`: the second of two strings.
fn second_argument(bytes: &[u8], name: &[u8], right: usize) -> Option<Found> {
    let basic = name.eq_ignore_ascii_case(b"auth") || super::words::holds(name, b"basicauth");
    let basic = basic || super::words::holds(name, b"basic_auth");
    let rest = bytes.get(right..)?;
    let open = rest.iter().take_while(|b| matches!(b, b' ' | b'=')).count();
    if !basic || rest.get(open) != Some(&b'(') {
        return None;
    }
    let user = value_at(bytes, right + open + 1, Bare::Quoted, false)?;
    let after = bytes.get(user.end + 1..)?;
    let comma = after.iter().take_while(|b| **b == b' ').count();
    (after.get(comma) == Some(&b',')).then_some(())?;
    let found = value_at(bytes, user.end + 1 + comma + 1, Bare::Quoted, false)?;
    Some(Found { leads: true, ..found })
}

/// A word of a command line that is a password, if it is a literal.
fn on_command_line(scan: &mut Scan, text: &Text<'_>, base: usize, bytes: &[u8], value: Range<usize>, how: Lines) {
    let content = &bytes[value.clone()];
    let Some(rule) = password_shape(content) else { return };
    // Pages and comments explain with placeholders and words.
    let explains = how.bare == Bare::Prose || how.place == Where::Comment;
    if explains && (rule == LeakRule::Placeholder || shapes::judge(content) != shapes::Shape::Strong) {
        return;
    }
    let rule = if rule == LeakRule::Placeholder { rule } else { LeakRule::CredentialInArgs };
    let charge = Charge { rule, kind: "password", reason: "the place where this program takes a password" };
    scan.report(charge, text, base + value.start..base + value.end, how.place, "", content);
}

fn trim_name(name: &[u8]) -> &[u8] {
    let from = name.iter().take_while(|b| matches!(b, b'.' | b'/' | b'-')).count();
    let to = name.iter().rev().take_while(|b| matches!(b, b'.' | b'/' | b'-')).count();
    if from + to >= name.len() { b"" } else { &name[from..name.len() - to] }
}

/// A value with its quotes taken off.
struct Found {
    start: usize,
    end: usize,
    quoted: bool,
    /// Where the separator was `:` or a space, and the value might be prose.
    loose: bool,
    /// The name is the first thing on its line.
    leads: bool,
}

/// `name = "DB_PASSWORD"`, `variable "db_password" {`, `<name>db.password</name>`: the name of what a later line sets.
fn pair_name(line: &[u8]) -> Option<&[u8]> {
    let line = line.trim_ascii();
    let key = [b"name".as_slice(), b"key", b"\"name\"", b"\"key\"", b"variable", b"<name>", b"<param-name>"]
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

/// What is assigned to the name that ends at `right`.
fn assigned(bytes: &[u8], left: usize, right: usize, flag: bool, how: Lines) -> Option<Found> {
    let leads = leads(bytes, left);
    let mut at = right;
    // What closes the name: a quote, a quoted quote, a bracket.
    let mut closed = false;
    while at < bytes.len() && at - right < 4 && matches!(bytes[at], b'"' | b'\'' | b'\\' | b']' | b'`' | b'*') {
        closed = true;
        at += 1;
    }
    let spaces = bytes[at..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let next = at + spaces;
    let sep = bytes.get(next).copied()?;
    let (value_at_, loose) = match sep {
        b'=' => {
            let more = bytes.get(next + 1).copied().unwrap_or(b' ');
            if more == b'=' || more == b'~' {
                return None;
            }
            (next + if more == b'>' { 2 } else { 1 }, false)
        }
        b':' => match bytes.get(next + 1) {
            Some(b'=') => (next + 2, false),
            Some(b':') => return None,
            // A part of a name with colons: `arn:aws:…:secret:x`.
            _ if left > 0 && bytes[left - 1] == b':' && spaces == 0 => return None,
            _ => (next + 1, true),
        },
        b'?' | b'|' if bytes.get(next + 1) == Some(&b'=') || bytes[next..].starts_with(b"||=") => {
            (next + if sep == b'?' { 2 } else { 3 }, false)
        }
        // `<password>x</password>`, `<entry key="password">x</entry>`
        b'>' if spaces == 0 => {
            let open = bytes[..left].iter().rposition(|b| matches!(b, b'<' | b'>'))?;
            if bytes[open] != b'<' || bytes.get(open + 1) == Some(&b'/') {
                return None;
            }
            let value = next + 1;
            let stop = memchr::memchr(b'<', &bytes[value..])?;
            let has_end = bytes.get(value + stop + 1) == Some(&b'/');
            return (stop > 0 && stop <= MAX_BARE && has_end).then_some(Found {
                start: value,
                end: value + stop,
                quoted: true,
                loose: false,
                leads,
            });
        }
        // `process.env.PASSWORD || "x"`
        b'|' | b'?' if bytes[next..].starts_with(b"||") || bytes[next..].starts_with(b"??") => {
            let found = value_at(bytes, next + 2, Bare::Quoted, false)?;
            return Some(Found { leads, ..found });
        }
        // `("password", "x")`
        b',' if closed => {
            let quote = left.checked_sub(1).filter(|at| matches!(bytes[*at], b'"' | b'\''))?;
            let call = bytes[..quote].trim_ascii_end().strip_suffix(b"(")?;
            let found = value_at(bytes, next + 1, Bare::Quoted, false)?;
            // PHP's constants.
            let leads = leads || call.trim_ascii().eq_ignore_ascii_case(b"define");
            return Some(Found { leads, ..found });
        }
        // `<password encoding="base64">x</password>`
        _ if spaces > 0 && left > 0 && bytes[left - 1] == b'<' => {
            let value = next + memchr::memchr(b'>', &bytes[next..])? + 1;
            let end = value + memchr::memchr(b'<', &bytes[value..])?;
            let name = &bytes[left..right];
            let closed = bytes[end..].strip_prefix(b"</").is_some_and(|rest| rest.starts_with(name));
            return (closed && end > value && end - value <= MAX_BARE).then_some(Found {
                start: value,
                end,
                quoted: true,
                loose: false,
                leads,
            });
        }
        _ if flag && spaces > 0 && !closed => {
            // `--password x`
            let found = value_at(bytes, next, Bare::Literal, false)?;
            if bytes[found.start] == b'-' && !found.quoted {
                return None;
            }
            return Some(Found { leads: false, ..found });
        }
        // `name="password" value="x"`
        _ if closed && spaces > 0 => {
            let rest = &bytes[next..];
            let skip = [b"value=".as_slice(), b"value =", b"Value="].iter().find(|w| rest.starts_with(w))?.len();
            let found = value_at(bytes, next + skip, Bare::Quoted, false)?;
            return Some(Found { leads, ..found });
        }
        // `requirepass x`, `password x` of .netrc, `ENV PASSWORD x`, `PASSWORD 'x'` of SQL
        _ if spaces > 0 && how.bare != Bare::Prose => {
            let word = &bytes[left..right];
            let directive = leads && matches!(word, b"requirepass" | b"masterauth")
                || (word == b"password" && bytes[left.saturating_sub(200)..left].windows(6).any(|w| w == b"login "))
                || sets_next(&bytes[..left]);
            if directive {
                return value_at(bytes, next, Bare::Literal, false);
            }
            if word.eq_ignore_ascii_case(b"password") && bytes[next] == b'\'' {
                return value_at(bytes, next, Bare::Quoted, false);
            }
            // `password x` of a configuration, alone on its line.
            let value = bytes[next..].trim_ascii_end();
            if leads && how.bare == Bare::Literal && !value.iter().any(u8::is_ascii_whitespace) {
                let found = value_at(bytes, next, Bare::Literal, false)?;
                return Some(Found { loose: true, leads: false, quoted: false, ..found });
            }
            // `proxy_set_header Authorization "Basic …"`
            if word.eq_ignore_ascii_case(b"authorization") && matches!(bytes[next], b'"' | b'\'') {
                return value_at(bytes, next, Bare::Quoted, false);
            }
            // `password string = "x"`
            let type_name = bytes[next..]
                .iter()
                .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'[' | b']' | b'<' | b'>'))
                .count();
            let rest = bytes[next + type_name..].trim_ascii_start();
            if how.bare == Bare::Quoted && type_name > 0 && rest.starts_with(b"=") && !rest.starts_with(b"==") {
                let found = value_at(bytes, bytes.len() - rest.len() + 1, Bare::Quoted, false)?;
                return Some(Found { leads, ..found });
            }
            return None;
        }
        _ => return None,
    };
    // `password: str = "x"`
    if sep == b':' && how.bare == Bare::Quoted {
        let rest = &bytes[value_at_..];
        let type_name = rest
            .iter()
            .take(40)
            .take_while(|b| {
                b.is_ascii_alphanumeric() || matches!(b, b' ' | b'[' | b']' | b'<' | b'>' | b'|' | b'.' | b'?')
            })
            .count();
        if rest.get(type_name) == Some(&b'=') && rest.get(type_name + 1) != Some(&b'=') {
            let found = value_at(bytes, value_at_ + type_name + 1, Bare::Quoted, false)?;
            return Some(Found { leads, ..found });
        }
    }
    // In a URL or a word a colon is a separator of something else, unless the value follows at once in a DSN.
    let bare = if how.bare == Bare::Quoted { Bare::Quoted } else { Bare::Literal };
    let found = match value_at(bytes, value_at_, bare, leads && loose && !closed) {
        // `password = os.getenv("X", "x")`
        None if bare == Bare::Quoted => default_argument(bytes, value_at_)?,
        found => found?,
    };
    // A sentence goes on after its first word.
    let rest = bytes[found.end..].trim_ascii();
    if how.bare == Bare::Prose
        && loose
        && !found.quoted
        && rest.first().is_some_and(|b| b.is_ascii_alphanumeric() || !b.is_ascii())
    {
        return None;
    }
    // `'"' + password + '"'`
    let inner = &bytes[found.start..found.end];
    if found.quoted
        && [b"\" +".as_slice(), b"' +", b"+ \"", b"+ '"].iter().any(|c| memchr::memmem::find(inner, c).is_some())
    {
        return None;
    }
    Some(Found { loose, leads, ..found })
}

/// Whether a line begins with a word after which a name and its value follow without a sign between them.
fn sets_next(before: &[u8]) -> bool {
    static DIRECTIVES: Lexicon = Lexicon::new(
        "ENV env SetEnv setenv setx fastcgi_param uwsgi_param scgi_param proxy_set_header grpc_set_header add_header \
     passenger_env_var set-header",
    );
    DIRECTIVES.has(before.trim_ascii().rsplit(u8::is_ascii_whitespace).next().unwrap_or_default())
}

/// The literal that a call for a variable of the environment falls back to.
fn default_argument(bytes: &[u8], at: usize) -> Option<Found> {
    let rest = bytes.get(at..bytes.len().min(at + MAX_BARE))?;
    let open = memchr::memchr(b'(', rest)?;
    let call = rest[..open].trim_ascii();
    if !super::words::holds(call, b"env") || !call.iter().all(|&b| name_byte(b) || b == b':') {
        return None;
    }
    let variable = value_at(bytes, at + open + 1, Bare::Quoted, false)?;
    let after = bytes.get(variable.end + 1..)?;
    let comma = after.iter().take_while(|b| **b == b' ').count();
    (after.get(comma) == Some(&b',')).then(|| value_at(bytes, variable.end + 2 + comma, Bare::Quoted, false))?
}

/// Whether a name is the first thing on its line, after what may precede an assignment.
fn leads(bytes: &[u8], left: usize) -> bool {
    let before = bytes[..left].trim_ascii();
    let before = before.strip_prefix(b"#").unwrap_or(before).trim_ascii();
    let before = before.strip_prefix(b"//").unwrap_or(before).trim_ascii();
    let before = before.strip_prefix(b"-").unwrap_or(before).trim_ascii();
    matches!(
        before,
        b"" | b"\""
            | b"'"
            | b"export"
            | b"set"
            | b"ENV"
            | b"ARG"
            | b"declare -x"
            | b"local"
            | b"readonly"
            | b"-"
            | b"*"
            | b";"
            | b"env"
            | b"export \""
            | b"setx"
            | b"$env:"
            | b"var"
            | b"const"
            | b"let"
            | b"{\""
            | b"{"
            | b"- name:"
    )
}

/// The value that starts at `at`, after spaces.
fn value_at(bytes: &[u8], at: usize, bare: Bare, whole_line: bool) -> Option<Found> {
    let spaces = bytes.get(at..)?.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let mut start = at + spaces;
    let mut quote = *bytes.get(start)?;
    // `b"…"`, `f'…'`, `@"…"`, `\"…\"`
    let mut escaped = false;
    if matches!(quote, b'b' | b'f' | b'r' | b'u' | b'@' | b'$' | b'\\')
        && matches!(bytes.get(start + 1), Some(b'"' | b'\''))
    {
        escaped = quote == b'\\';
        if quote == b'f' || quote == b'$' {
            return None;
        }
        start += 1;
        quote = bytes[start];
    }
    if matches!(quote, b'"' | b'\'' | b'`') {
        // `"""…"""`
        if quote != b'`' && bytes[start..].starts_with(&[quote; 3]) {
            start += 2;
        }
        let inner = start + 1;
        let end = if escaped {
            inner
                + memchr::memmem::find(&bytes[inner..bytes.len().min(inner + shapes::MAX_VALUE)], b"\\\"")
                    .or_else(|| memchr::memmem::find(&bytes[inner..bytes.len().min(inner + MAX_BARE)], b"\\'"))?
        } else {
            inner + close_quote(&bytes[inner..bytes.len().min(inner + shapes::MAX_VALUE)], quote)?
        };
        // ` | sed` after `"Token:"`: what begins with a space is between two strings.
        return (end > inner && bytes[inner] != b' ').then_some(Found {
            start: inner,
            end,
            quoted: true,
            loose: false,
            leads: false,
        });
    }
    if bare == Bare::Quoted {
        return None;
    }
    let rest = &bytes[start..bytes.len().min(start + MAX_BARE)];
    // `<password>` and `[PASSWORD]` are one value.
    let bracket = match rest[0] {
        b'<' => memchr::memchr(b'>', rest),
        b'[' => memchr::memchr(b']', rest),
        _ => None,
    };
    let scheme =
        [b"Bearer ".as_slice(), b"bearer ", b"Basic ", b"basic ", b"Token "].into_iter().find(|s| rest.starts_with(s));
    let end = if let Some(scheme) = scheme {
        let token = rest[scheme.len()..]
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'=' | b'+' | b'/' | b'~'));
        scheme.len() + token.count()
    } else if let Some(close) = bracket {
        close + 1
    } else if whole_line {
        let comment = memchr::memmem::find(rest, b" #").unwrap_or(rest.len());
        let text = rest[..comment].trim_ascii_end();
        text.len()
    } else {
        rest.iter()
            .position(|b| {
                b.is_ascii_whitespace()
                    || matches!(
                        b,
                        b';' | b',' | b'&' | b'"' | b'\'' | b'<' | b'>' | b')' | b'}' | b']' | b'|' | b'`' | b'\\'
                    )
            })
            .unwrap_or(rest.len())
    };
    let end = end - rest[..end].iter().rev().take_while(|b| matches!(b, b',' | b';')).count();
    (end > 0).then_some(Found { start, end: start + end, quoted: false, loose: false, leads: false })
}

/// The closing quote, escapes left out.
fn close_quote(bytes: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(quote, b'\\', &bytes[at..])?;
        if bytes[at] == quote {
            return Some(at);
        }
        at += 2;
        if at >= bytes.len() {
            return None;
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn convict(
    scan: &mut Scan,
    text: &Text<'_>,
    base: usize,
    bytes: &[u8],
    full_name: &[u8],
    name: Name,
    value: &Found,
    how: Lines,
) {
    let mut range = value.start..value.end;
    let mut content = &bytes[range.clone()];
    let mut name = name;
    // `Authorization: Bearer x`, `Basic x`.
    for scheme in [b"Bearer ".as_slice(), b"bearer ", b"Token ", b"token ", b"Basic ", b"basic ", b"ApiKey "] {
        if let Some(rest) = content.strip_prefix(scheme) {
            let rest = rest.split(|b| b.is_ascii_whitespace() || *b == b'"' || *b == b'\'').next().unwrap_or_default();
            if scheme.eq_ignore_ascii_case(b"basic ") {
                basic(scan, text, base + range.start + scheme.len(), rest, how.place, full_name);
                return;
            }
            range.start += scheme.len();
            range.end = range.start + rest.len();
            content = rest;
            name = Name { class: Class::Token, kind: "token" };
        }
    }
    // `-passout pass:x` of openssl.
    if let Some(rest) = content.strip_prefix(b"pass:") {
        range.start += 5;
        content = rest;
    }
    if content.is_empty() {
        return;
    }
    // A default inside a reference: `${DB_PASSWORD:-x}`.
    if content.starts_with(b"${") && content.contains(&b':') {
        default_of_content(scan, text, base + range.start, content, name, full_name, how);
        return;
    }
    let trust = trust(value, how);
    // `crypt($1`: a call whose arguments go on.
    if !value.quoted
        && memchr::memchr(b'(', content).is_some_and(|at| {
            at > 1 && content[..at].iter().all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'.'))
        })
    {
        return;
    }
    // `` `+dir+` ``: what stands between two strings.
    let joins = |b: &u8| matches!(b, b'"' | b'\'' | b'`');
    if content.len() > 2
        && (joins(&content[0]) && content[1] == b'+'
            || joins(&content[content.len() - 1]) && content[content.len() - 2] == b'+')
    {
        return;
    }
    // `password==x`, arrows, calls and members of code without quotes.
    if !value.quoted
        && (content[0] == b'(' || content.ends_with(b"(") || content.starts_with(b"<") && trust == Trust::Low)
    {
        return;
    }
    // `password: 'Passwort'` is a translation.
    if how.bare == Bare::Quoted && content[0].is_ascii_uppercase() && shapes::judge(content) == shapes::Shape::Words {
        return;
    }
    if let Some(charge) = verdict::judge(name, full_name, content, how.place, trust) {
        // Prose, and the messages of a chart's helpers, explain with placeholders.
        let explains = how.bare == Bare::Prose || matches!(how.place, Where::Comment | Where::Template);
        if charge.rule == LeakRule::Placeholder && explains {
            return;
        }
        let path = String::from_utf8_lossy(full_name).into_owned();
        scan.report(charge, text, base + range.start..base + range.end, how.place, &path, content);
    }
}

fn trust(value: &Found, how: Lines) -> Trust {
    match (how.place, how.bare) {
        (Where::Comment, _) | (_, Bare::Prose) => {
            if value.leads && !value.loose {
                Trust::Middle
            } else {
                Trust::Low
            }
        }
        (_, Bare::Literal) => {
            if value.quoted || value.leads || !value.loose {
                Trust::High
            } else {
                Trust::Middle
            }
        }
        (_, Bare::Quoted) => {
            if value.leads {
                Trust::High
            } else {
                Trust::Middle
            }
        }
    }
}

/// `Basic` and the base64 of `user:password`.
pub fn basic(scan: &mut Scan, text: &Text<'_>, start: usize, encoded: &[u8], place: Where, full_name: &[u8]) {
    let Some(decoded) = super::decode::base64(encoded) else { return };
    let Some(colon) = memchr::memchr(b':', &decoded) else { return };
    if !super::decode::is_text(&decoded) || encoded.len() < 8 {
        return;
    }
    if let Some(rule) = password_shape(&decoded[colon + 1..]) {
        let rule = match (rule, place) {
            (LeakRule::Placeholder, _) => rule,
            (_, Where::Secret | Where::Target) => LeakRule::InlineSecret,
            (_, Where::Args) => LeakRule::CredentialInArgs,
            _ => LeakRule::LiteralCredential,
        };
        let charge = Charge { rule, kind: "password", reason: "base64 of a user and a password" };
        let path = String::from_utf8_lossy(full_name).into_owned();
        scan.report(charge, text, start..start + encoded.len(), place, &path, &decoded[colon + 1..]);
    }
}

/// `${NAME:-literal}` and Spring's `${NAME:literal}`, from the name on.
#[allow(clippy::too_many_arguments)]
fn fallback(
    scan: &mut Scan,
    text: &Text<'_>,
    base: usize,
    bytes: &[u8],
    right: usize,
    name: Name,
    name_bytes: &[u8],
    how: Lines,
) -> usize {
    if bytes.get(right) != Some(&b':') {
        return right;
    }
    let mut at = right + 1;
    if matches!(bytes.get(at), Some(b'-' | b'=')) {
        at += 1;
    } else if matches!(bytes.get(at), Some(b'?' | b'+')) {
        return at;
    }
    let Some(length) = memchr::memchr(b'}', &bytes[at..bytes.len().min(at + MAX_BARE)]) else { return at };
    let value = Found { start: at, end: at + length, quoted: true, loose: false, leads: false };
    if length > 0 {
        convict(scan, text, base, bytes, name_bytes, name, &value, Lines { bare: Bare::Literal, ..how });
    }
    at
}

/// A value that is one reference with a literal default.
fn default_of_content(
    scan: &mut Scan,
    text: &Text<'_>,
    start: usize,
    content: &[u8],
    name: Name,
    full_name: &[u8],
    how: Lines,
) {
    let Some(colon) = memchr::memchr(b':', content) else { return };
    let mut at = colon + 1;
    match content.get(at) {
        Some(b'-' | b'=') => at += 1,
        Some(b'?' | b'+') => return,
        _ => {}
    }
    let end = memchr::memchr(b'}', &content[at..]).map_or(content.len(), |n| at + n);
    let value = &content[at..end];
    if value.is_empty() || value.starts_with(b"$") {
        return;
    }
    let trust = if how.place == Where::Comment { Trust::Low } else { Trust::High };
    if let Some(charge) = verdict::judge(name, full_name, value, how.place, trust) {
        let path = String::from_utf8_lossy(full_name).into_owned();
        scan.report(charge, text, start + at..start + end, how.place, &path, value);
    }
}

/// The literal default of a value that is a reference otherwise: `${DB_PASSWORD:-x}`.
pub fn default_of(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, name: Name, full_name: &str, how: Lines) {
    default_of_content(scan, text, range.start, &text.bytes[range], name, full_name.as_bytes(), how);
}

/// `-u user:password` of curl.
fn user_flag(scan: &mut Scan, text: &Text<'_>, base: usize, bytes: &[u8], from: usize, how: Lines) -> usize {
    let rest = &bytes[from..bytes.len().min(from + 1024)];
    for flag in [b" -u ".as_slice(), b" --user ", b" -u", b" --user="] {
        let Some(at) = memchr::memmem::find(rest, flag).or_else(|| rest.starts_with(&flag[1..]).then_some(0)) else {
            continue;
        };
        let at = at + flag.len() - usize::from(rest.starts_with(&flag[1..]));
        let Some(found) = value_at(bytes, from + at, Bare::Literal, false) else { continue };
        let pair = &bytes[found.start..found.end];
        if let Some(colon) = memchr::memchr(b':', pair)
            && colon > 0
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
fn short_flag(scan: &mut Scan, text: &Text<'_>, base: usize, bytes: &[u8], from: usize, how: Lines) -> usize {
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

/// `value = "…"` after `name = "DB_PASSWORD"`.
fn paired(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, how: Lines, pair: &mut Pair) {
    let bytes = &text.bytes[range.clone()];
    let trimmed = bytes.trim_ascii_start();
    let indent = bytes.len() - trimmed.len();
    let Some(name) = pair.name.clone() else { return };
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
