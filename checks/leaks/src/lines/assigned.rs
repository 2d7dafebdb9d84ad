//! What is assigned to a name, and where its value begins and ends: `name = "x"`, `name: x`, `--name x`, `<name>x</name>`, `("name",
//! "x")`, a default behind `||`. What calls take is in `calls`.

use super::calls::{default_argument, sets};
use super::{Bare, Lines, MAX_BARE};
use crate::decode;
use crate::leak::Where;
use crate::lexicon::Lexicon;
use crate::placeholders::is_placeholder;
use crate::shapes;
use crate::words::{holds, word_share};

/// A value with its quotes taken off.
pub(super) struct Found {
    pub start: usize,
    pub end: usize,
    pub quoted: bool,
    /// Where the separator was `:` or a space, and the value might be prose.
    pub loose: bool,
    /// The name is the first thing on its line.
    pub leads: bool,
}

/// How far back it is counted whether a place is inside of a string.
pub(super) const REACH: usize = 2048;

/// What is assigned to the name that ends at `right`.
pub(super) fn assigned(bytes: &[u8], left: usize, right: usize, flag: bool, how: Lines) -> Option<Found> {
    let leads = leads(bytes, left);
    let line = how.bare == Bare::Line && leads;
    let how = if how.bare == Bare::Line { Lines { bare: Bare::Literal, ..how } } else { how };
    let mut at = right;
    // What closes the name: a quote, a quoted quote, a bracket.
    let mut closed = false;
    while at < bytes.len() && at - right < 4 && matches!(bytes[at], b'"' | b'\'' | b'\\' | b']' | b'`' | b'*') {
        closed = true;
        at += 1;
    }
    at += index(&bytes[at..]);
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
        b'+' if bytes.get(next + 1) == Some(&b'=') => (next + 2, false),
        b':' if bytes[next..].starts_with(b"::=") => (next + 3, false),
        b':' if bytes[next..].starts_with(b":::=") => (next + 4, false),
        b':' => match bytes.get(next + 1) {
            Some(b'=') => (next + 2, false),
            Some(b':') => return None,
            // A listener's name: `TOKEN://host:9093`.
            Some(b'/') if bytes.get(next + 2) == Some(&b'/') => return None,
            // A part of a name with colons: `arn:aws:…:secret:x`.
            _ if left > 0 && bytes[left - 1] == b':' && spaces == 0 => return None,
            // A function of a module: `app.auth_password:make`.
            Some(b'a'..=b'z')
                if spaces == 0 && bytes[left..right].contains(&b'.') && is_identifier(&bytes[next + 1..]) =>
            {
                return None;
            }
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
            // `<label for="password">Password:</label>`
            let label = stop > 0 && bytes[value + stop - 1] == b':';
            return (stop > 0 && stop <= MAX_BARE && has_end && !label).then_some(Found {
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
        // `setPassword("x")`, `.password("x")`
        b'(' if spaces == 0 && !closed && how.bare == Bare::Quoted && sets(&bytes[left..right]) => {
            let found = value_at(bytes, next + 1, Bare::Quoted, false)?;
            let last = bytes.get(found.end + 1) == Some(&b')') && !is_placeholder(&bytes[found.start..found.end]);
            return last.then_some(Found { leads: true, ..found });
        }
        // `Password { get; set; } = "x"`
        b'{' if how.bare == Bare::Quoted && spaces > 0 && !closed => {
            let most = bytes.len().min(next + 60);
            let after = next + memchr::memchr(b'}', &bytes[next..most])? + 1;
            let accessor = holds(&bytes[next..after], b"get");
            let equals = after + bytes[after..].iter().take_while(|b| **b == b' ').count();
            let found = value_at(bytes, equals + 1, Bare::Quoted, false)?;
            return (accessor && bytes.get(equals) == Some(&b'=')).then_some(Found { leads: true, ..found });
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
            // `password x` of a configuration, alone on its line; `Passwort vergessen?` asks.
            let value = bytes[next..].trim_ascii_end();
            let asks = value.ends_with(b"?") && !value.iter().any(u8::is_ascii_digit);
            // `Passwort anzeigen` is a button's.
            let title = word.iter().any(u8::is_ascii_uppercase) && word.iter().any(u8::is_ascii_lowercase);
            let button = title && !value.iter().any(u8::is_ascii_digit);
            let single = !value.iter().any(u8::is_ascii_whitespace) && !asks && !button;
            let leads = leads || bytes[..left].trim_ascii() == b"enable" && value.iter().any(u8::is_ascii_digit);
            if leads && how.bare == Bare::Literal && single {
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
        // Where a page shows a configuration: what stands there alone and is random.
        _ if spaces > 0 && leads && !closed => {
            let word = &bytes[left..right];
            let quoted = matches!(bytes[next], b'"' | b'\'');
            let sql = quoted && word.eq_ignore_ascii_case(b"password") || word.eq_ignore_ascii_case(b"authorization");
            let value = bytes[next..].trim_ascii_end();
            let alone = !value.iter().any(u8::is_ascii_whitespace)
                && value.iter().any(u8::is_ascii_digit)
                && value.iter().any(u8::is_ascii_lowercase)
                && word_share(value) < 30;
            if !sql && !alone {
                return None;
            }
            return value_at(bytes, next, Bare::Literal, false);
        }
        _ if spaces > 0 && matches!(bytes[next], b'"' | b'\'') && !closed => {
            let word = &bytes[left..right];
            let sql = word.eq_ignore_ascii_case(b"password")
                && [b"create ".as_slice(), b"alter "]
                    .iter()
                    .any(|verb| holds(&bytes[left.saturating_sub(200)..left], verb));
            let header = word.eq_ignore_ascii_case(b"authorization") && sets_next(&bytes[..left]);
            return (sql || header).then(|| value_at(bytes, next, Bare::Quoted, false))?;
        }
        _ => return None,
    };
    // `password: str = "x"`
    if sep == b':' {
        let rest = &bytes[value_at_..];
        let lifetime = rest.starts_with(b" &'static");
        let rest = if lifetime { &rest[b" &'static".len()..] } else { rest };
        let value_at_ = bytes.len() - rest.len();
        let type_name = rest
            .iter()
            .take(40)
            .take_while(|b| {
                b.is_ascii_alphanumeric() || matches!(b, b' ' | b'[' | b']' | b'<' | b'>' | b'|' | b'.' | b'?' | b'&')
            })
            .count();
        // Where no code is expected, what is assigned must be a string.
        let string = || rest[type_name + 1..].trim_ascii_start().first().is_some_and(|b| matches!(b, b'"' | b'\''));
        if rest.get(type_name) == Some(&b'=')
            && rest.get(type_name + 1) != Some(&b'=')
            && (how.bare == Bare::Quoted || string())
        {
            let found = value_at(bytes, value_at_ + type_name + 1, Bare::Quoted, false)?;
            return Some(Found { leads, ..found });
        }
    }
    // `"DB_PASSWORD=x"` in a list for a program's environment.
    if sep == b'=' && how.bare == Bare::Quoted && spaces == 0 && !closed {
        let quote = left.checked_sub(1).map(|at| &bytes[at]).filter(|b| matches!(b, b'"' | b'\''));
        let most = bytes.len().min(value_at_ + MAX_BARE);
        // An escape ends it: a line's end, the quote of a string in a string.
        let ends = quote.and_then(|&quote| memchr::memchr2(quote, b'\\', &bytes[value_at_..most]));
        if let Some(length) = ends {
            // `"Password=x;Server=y"`
            let semicolon = memchr::memchr(b';', &bytes[value_at_..value_at_ + length]);
            let length =
                semicolon.filter(|&at| at + 1 == length || bytes[value_at_ + at..value_at_ + length].contains(&b'='));
            let length = length.unwrap_or(ends.unwrap_or_default());
            let found = Found { start: value_at_, end: value_at_ + length, quoted: true, loose: false, leads };
            return (length > 0).then_some(found);
        }
    }
    if sep == b'='
        && how.bare == Bare::Quoted
        && spaces == 0
        && !closed
        && let Some(found) = inside_a_string(bytes, left, value_at_)
    {
        return Some(found);
    }
    // In a URL or a word a colon is a separator of something else, unless the value follows at once in a DSN.
    let bare = if how.bare == Bare::Quoted { Bare::Quoted } else { Bare::Literal };
    let found = match value_at(bytes, value_at_, bare, leads && (loose || line) && !closed) {
        // `password = os.getenv("X", "x")`
        None if bare == Bare::Quoted => default_argument(bytes, value_at_)
            .or_else(|| example(bytes, left, value_at_).filter(|_| loose && leads))
            .or_else(|| remembered(bytes, value_at_).filter(|_| how.place == Where::Comment))?,
        found => found?,
    };
    // `"password: x"`: the quote before the name ends the value too.
    let around = left.checked_sub(1).map(|at| bytes[at]).filter(|b| matches!(b, b'"' | b'\''));
    let ends = !found.quoted && around.is_some_and(|quote| found.end > found.start && bytes[found.end - 1] == quote);
    let found = Found { end: found.end - usize::from(ends), ..found };
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
    // To the end of the line nothing is code.
    Some(Found { loose: loose && !line, leads, quoted: found.quoted || line, ..found })
}

/// `"Server=db;Password=x;"`, `"host=db password='x'"`, `"jdbc:…?user=y&password=x"`: a value inside of one string of code.
fn inside_a_string(bytes: &[u8], left: usize, at: usize) -> Option<Found> {
    let semicolon = bytes[..left].trim_ascii_end().ends_with(b";");
    let joins = left.checked_sub(1).is_some_and(|at| matches!(bytes[at], b' ' | b'?' | b'&'));
    // Not from the start of a line of any length.
    let inside =
        (semicolon || joins) && memchr::memchr_iter(b'"', &bytes[left.saturating_sub(REACH)..left]).count() % 2 == 1;
    let quoted = bytes.get(at) == Some(&b'\'');
    let ends = |b: &u8| match b {
        b'\'' if quoted => true,
        b';' | b'"' | b'\\' => true,
        b'&' | b' ' | b'\'' => !semicolon,
        _ => false,
    };
    let start = at + usize::from(quoted);
    let length = bytes.get(start..)?.iter().take(MAX_BARE).position(ends).filter(|&length| inside && length > 0)?;
    // Tests sign in with words and placeholders.
    let said =
        !semicolon && (matches!(bytes[start], b'%' | b'$' | b'{') || is_placeholder(&bytes[start..start + length]));
    (!said).then_some(Found { start, end: start + length, quoted: true, loose: false, leads: semicolon })
}

/// Whether what follows is one name of code.
fn is_identifier(rest: &[u8]) -> bool {
    let length = rest.iter().take(MAX_BARE).take_while(|b| b.is_ascii_lowercase() || **b == b'_').count();
    rest.get(length).is_none_or(|b| !b.is_ascii_alphanumeric())
}

/// The length of `[0]`, which says that one of several follows.
fn index(bytes: &[u8]) -> usize {
    let digits = bytes.get(1..).map_or(0, |rest| rest.iter().take(3).take_while(|b| b.is_ascii_digit()).count());
    if digits > 0 && bytes[0] == b'[' && bytes.get(digits + 1) == Some(&b']') { digits + 2 } else { 0 }
}

/// `$password = "x"`, but neither `$password == "x"` nor a shell's `$password="x"` in the middle of a line.
pub(super) fn assigned_variable(bytes: &[u8], left: usize, right: usize) -> Option<Found> {
    let leads = bytes[..left - 1].trim_ascii_start();
    // nginx sets a variable without a sign between them.
    if leads.trim_ascii_end() == b"set" && matches!(bytes.get(right), Some(b' ' | b'\t')) {
        return value_at(bytes, right, Bare::Literal, false).map(|found| Found { leads: true, quoted: true, ..found });
    }
    let declared = [b"".as_slice(), b"my", b"our", b"private", b"public", b"protected", b"static", b"var", b"<?php"];
    // `[string]$password = "x"` of PowerShell.
    let cast = leads.starts_with(b"[") && leads.trim_ascii_end().ends_with(b"]");
    if !declared.contains(&leads.trim_ascii_end()) && !cast {
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

/// Whether a line begins with a word after which a name and its value follow without a sign between them.
pub(super) fn sets_next(before: &[u8]) -> bool {
    static DIRECTIVES: Lexicon = Lexicon::new(
        "ENV env SetEnv setenv setx fastcgi_param uwsgi_param scgi_param proxy_set_header grpc_set_header add_header \
     passenger_env_var set-header snmp-server",
    );
    let before = before.trim_ascii();
    let set = before.len().checked_sub(10).map_or(before, |at| &before[at..]);
    DIRECTIVES.has(before.rsplit(u8::is_ascii_whitespace).next().unwrap_or_default())
        // `redis-cli CONFIG SET requirepass x`, `aws configure set aws_secret_access_key x`
        || set.eq_ignore_ascii_case(b"config set")
        || before.ends_with(b"configure set")
}

/// `password: x`, alone on its line, where code explains itself with YAML: no name that code could refer to.
fn example(bytes: &[u8], left: usize, at: usize) -> Option<Found> {
    let rest = bytes.get(at..)?.strip_prefix(b" ")?;
    let value = rest.trim_ascii();
    let random = value.len() >= 10
        && !bytes[..left].iter().any(u8::is_ascii_punctuation)
        && !value.iter().any(|b| matches!(b, b',' | b'(' | b'[' | b'{' | b' ' | b'"' | b'\'' | b';' | b'.' | b'<'))
        && value.iter().any(u8::is_ascii_digit)
        && word_share(value) < 30
        && shapes::judge(value) == shapes::Shape::Strong
        // A Secret in a test: what it says is what counts.
        && decode::base64(value)
            .is_none_or(|said| !decode::is_text(&said) || shapes::judge(&said) == shapes::Shape::Strong);
    let start = at + 1 + rest.len() - rest.trim_ascii_start().len();
    random.then_some(Found { start, end: start + value.len(), quoted: true, loose: true, leads: true })
}

/// `// token: x`, what a comment of code remembers: the last word of its line, which looks random.
fn remembered(bytes: &[u8], at: usize) -> Option<Found> {
    let rest = bytes.get(at..bytes.len().min(at + MAX_BARE + 1))?;
    let start = at + rest.len() - rest.trim_ascii_start().len();
    let value = rest.trim_ascii();
    let written =
        |b: &u8| b.is_ascii_graphic() && !matches!(b, b'(' | b'[' | b'{' | b'<' | b',' | b';' | b'"' | b'\'' | b'`');
    let random = (8..=MAX_BARE).contains(&value.len())
        && value.iter().all(written)
        && value.iter().any(u8::is_ascii_digit)
        && (value.len() >= 24 || word_share(value) < 70)
        && matches!(shapes::judge(value), shapes::Shape::Strong | shapes::Shape::Uuid);
    random.then_some(Found { start, end: start + value.len(), quoted: true, loose: false, leads: true })
}

/// Whether a name is the first thing on its line, after what may precede an assignment.
pub(super) fn leads(bytes: &[u8], left: usize) -> bool {
    let before = bytes[..left].trim_ascii();
    let before = before.strip_prefix(b"#").unwrap_or(before).trim_ascii();
    let before = before.strip_prefix(b"//").unwrap_or(before).trim_ascii();
    let before = before.strip_prefix(b"-").unwrap_or(before).trim_ascii();
    before.ends_with(b"-from-literal=")
        || matches!(
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
pub(super) fn value_at(bytes: &[u8], at: usize, bare: Bare, whole_line: bool) -> Option<Found> {
    let spaces = bytes.get(at..)?.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let mut start = at + spaces;
    let mut quote = *bytes.get(start)?;
    // `b"…"`, `f'…'`, SQL's `N'…'`, `@"…"`, `\"…\"`
    let mut escaped = false;
    if matches!(quote, b'b' | b'f' | b'r' | b'u' | b'N' | b'E' | b'@' | b'$' | b'\\')
        && matches!(bytes.get(start + 1), Some(b'"' | b'\''))
    {
        escaped = quote == b'\\';
        if quote == b'f' || quote == b'$' {
            return None;
        }
        start += 1;
        quote = bytes[start];
    }
    // `PASS= `#optional``, a note on what is empty.
    if quote == b'`' && spaces > 0 && bytes.get(start + 1) == Some(&b'#') {
        return None;
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
    // `PASSWORD= # optional`
    if spaces > 0 && rest[0] == b'#' && rest.iter().all(|b| b.is_ascii_alphabetic() || b" #,.()\r\"'".contains(b)) {
        return None;
    }
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
pub(super) fn close_quote(bytes: &[u8], quote: u8) -> Option<usize> {
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
