//! What can be found without a name: issuers' tokens, private keys, signed tokens, passwords in URLs. One pass of one automaton
//! over the text finds where to look.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::decode;
use super::issuers::{Alphabet, Body, ISSUERS, Proof, before, checksum_holds, is_documented};
use super::leak::{LeakRule, Where};
use super::placeholders::is_placeholder;
use super::shapes::{self, Shape};
use super::sink::{Charge, Scan, Text};
use super::words::{holds, monotonous, variety, word_share};

/// What else is looked for, after the issuers' prefixes.
const MARKS: [&str; 10] = [
    "-----BEGIN ",
    "LS0tLS1CRUdJTi",
    "AGE-SECRET-KEY-1",
    "PuTTY-User-Key-File-",
    "eyJ",
    "://",
    "@tcp(",
    "jdbc:oracle:thin:",
    "-us",
    "\"kty\"",
];

fn finder() -> &'static AhoCorasick {
    static FINDER: OnceLock<AhoCorasick> = OnceLock::new();
    FINDER.get_or_init(|| {
        AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(ISSUERS.iter().map(|i| i.prefix).chain(MARKS))
            .expect("a few hundred short patterns fit")
    })
}

/// Looks through a whole text.
pub fn scan(scan: &mut Scan, text: &Text<'_>, place: Where) {
    let bytes = text.bytes;
    // Nothing of a long key is looked at twice.
    let mut done = 0;
    for hit in finder().find_overlapping_iter(bytes) {
        let (start, end) = (hit.start(), hit.end());
        if start < done {
            continue;
        }
        let pattern = hit.pattern().as_usize();
        if let Some(issuer) = ISSUERS.get(pattern) {
            if let Some(range) = token(bytes, issuer.prefix, start, end, issuer) {
                let reason = match issuer.proof {
                    Proof::Crc62 => "its prefix and its checksum are the issuer's",
                    Proof::Shape => "its prefix, length and characters are the issuer's",
                };
                let charge = Charge { rule: LeakRule::ProviderToken, kind: issuer.kind, reason };
                scan.report(charge, text, range.clone(), place, "", &bytes[range]);
            }
            continue;
        }
        match pattern - ISSUERS.len() {
            0 => {
                if let Some(range) = pem(bytes, start, end) {
                    done = range.end;
                    let charge = Charge {
                        rule: LeakRule::PrivateKey,
                        kind: "private key",
                        reason: "a PEM block with a private key's label and a body",
                    };
                    scan.report(charge, text, range.clone(), place, "", &bytes[range]);
                }
            }
            1 => {
                let length = bytes[start..].iter().take_while(|&&b| Alphabet::Base64.has(b)).count();
                done = start + length;
                if let Some(decoded) = decode::base64(&bytes[start..start + length])
                    && pem(&decoded, 0, 11).is_some()
                {
                    let charge = Charge {
                        rule: LeakRule::PrivateKey,
                        kind: "private key",
                        reason: "base64 of a PEM block with a private key's label and a body",
                    };
                    scan.report(charge, text, start..start + length, place, "", &decoded);
                }
            }
            2 => {
                let length = bytes[end..].iter().take(60).take_while(|b| b.is_ascii_alphanumeric()).count();
                if (56..=60).contains(&length) && !monotonous(&bytes[end..end + length]) {
                    let charge =
                        Charge { rule: LeakRule::PrivateKey, kind: "age private key", reason: "an age identity" };
                    scan.report(charge, text, start..end + length, place, "", &bytes[start..end + length]);
                }
            }
            3 => {
                let body = &bytes[end..bytes.len().min(end + 4096)];
                if let Some(at) = memchr::memmem::find(body, b"Private-Lines:") {
                    let charge =
                        Charge { rule: LeakRule::PrivateKey, kind: "PuTTY private key", reason: "a PuTTY key file" };
                    done = end + at;
                    scan.report(charge, text, start..end, place, "", &body[at..body.len().min(at + 400)]);
                }
            }
            4 => {
                if let Some(range) = jwt(bytes, start) {
                    done = range.end;
                    let service = service_account(&bytes[range.clone()]);
                    let kind = if service { "service account token" } else { "signed token (JWT)" };
                    let charge =
                        Charge { rule: LeakRule::Jwt, kind, reason: "a JWT header, a payload and a signature" };
                    scan.report(charge, text, range.clone(), place, "", &bytes[range]);
                }
            }
            5 => userinfo(scan, text, start, end, place),
            6 => data_source(scan, text, start, place),
            7 => oracle(scan, text, end, place),
            8 => mailchimp(scan, text, start, end, place),
            _ => json_web_key(scan, text, start, place),
        }
    }
}

/// The private part of a JSON web key: `d` of a pair, `k` of a symmetric key, beside `kty`.
fn json_web_key(scan: &mut Scan, text: &Text<'_>, start: usize, place: Where) {
    const REACH: usize = 8 * 1024;
    let bytes = text.bytes;
    let floor = start.saturating_sub(REACH);
    let Some(open) = memchr::memrchr(b'{', &bytes[floor..start]).map(|at| floor + at) else { return };
    let reach = &bytes[open..bytes.len().min(start + REACH)];
    let object = &reach[..memchr::memchr(b'}', reach).unwrap_or(reach.len())];
    for name in [b"\"d\"".as_slice(), b"\"k\""] {
        let Some(at) = memchr::memmem::find(object, name) else { continue };
        let rest = &object[at + name.len()..];
        let blank = rest.iter().take_while(|b| b.is_ascii_whitespace() || **b == b':').count();
        let Some(value) = rest[blank..].strip_prefix(b"\"") else { continue };
        let length = value.iter().take_while(|b| url_digit(**b)).count();
        if length >= 16 && value.get(length) == Some(&b'"') && variety(&value[..length]) >= 10 {
            let from = open + at + name.len() + blank + 1;
            let charge = Charge {
                rule: LeakRule::PrivateKey,
                kind: "JSON web key",
                reason: "the private part of a key, beside its type",
            };
            scan.report(charge, text, from..from + length, place, "", &value[..length]);
            return;
        }
    }
}

fn token(
    bytes: &[u8],
    prefix: &str,
    start: usize,
    end: usize,
    issuer: &super::issuers::Issuer,
) -> Option<Range<usize>> {
    let rest = &bytes[end..bytes.len().min(end + 2100)];
    let length = match &issuer.body {
        Body::Run(alphabet, least, most) => super::issuers::run_of(rest, *alphabet, *least, *most)?,
        Body::Fn(body) => body(rest)?,
    };
    let body = &rest[..length];
    let mut from = start;
    let mut whole_from = start;
    if let Some((alphabet, length)) = before(prefix) {
        from = start.checked_sub(length)?;
        whole_from = from;
        let lead = &bytes[from..start];
        if !lead.iter().all(|&b| alphabet.has(b)) || variety(lead) < 10 || monotonous(lead) {
            return None;
        }
    }
    match prefix {
        "8Q~" => {
            from = start.checked_sub(3)?;
            whole_from = from;
            if !bytes[from..start].iter().all(|&b| Alphabet::Dotted.has(b) || b == b'~') {
                return None;
            }
        }
        ":AA" => {
            let digits = bytes[..start].iter().rev().take(11).take_while(|b| b.is_ascii_digit()).count();
            if !(8..=10).contains(&digits) {
                return None;
            }
            from = start - digits;
            whole_from = from;
        }
        // The secret is what follows.
        "AccountKey=" | "SharedAccessKey=" | "SSWS 00" => whole_from = end,
        "sig=" => {
            let line = bytes[..start].iter().rev().take(600).take_while(|b| !b.is_ascii_whitespace()).count();
            let after = bytes[end + length..].iter().take(600).take_while(|b| !b.is_ascii_whitespace()).count();
            let url = &bytes[start - line..end + length + after];
            if memchr::memmem::find(url, b"se=").is_none() && memchr::memmem::find(url, b"sv=").is_none() {
                return None;
            }
            whole_from = end;
        }
        _ => {}
    }
    let starts_word = prefix.as_bytes()[0].is_ascii_alphanumeric() || from != start;
    if starts_word && !boundary(bytes, from, prefix.len() <= 3) && !prefix.contains(".com/") {
        return None;
    }
    if let (Some(&next), Body::Fn(_)) = (rest.get(length), &issuer.body)
        && next.is_ascii_alphanumeric()
    {
        return None;
    }
    if body.len() >= 8 && (variety(body) < 6 || monotonous(body)) || (!body.is_empty() && is_placeholder(body)) {
        return None;
    }
    if prefix.len() <= 3 && !mixed(body, &issuer.body) {
        return None;
    }
    // What has the wrong checksum was never issued.
    if issuer.proof == Proof::Crc62 && !checksum_holds(body) {
        return None;
    }
    let range = whole_from..end + length;
    let shown = &bytes[start.min(whole_from)..range.end];
    // A template or variable inside, or a documented example.
    (!is_documented(shown) && !body.windows(4).any(|w| w.eq_ignore_ascii_case(b"xxxx"))).then_some(range)
}

/// Digits and letters of both cases, as random text of a large alphabet has them. A long text may have few digits by chance.
fn mixed(text: &[u8], body: &Body) -> bool {
    let digits = text.iter().filter(|b| b.is_ascii_digit()).count();
    let upper = text.iter().any(u8::is_ascii_uppercase);
    let lower = text.iter().any(u8::is_ascii_lowercase);
    (digits >= 2 || (text.len() >= 30 && upper && lower && word_share(text) < 40))
        && match body {
            Body::Run(Alphabet::Hex | Alphabet::LowerAlnum | Alphabet::UpperAlnum, ..) => true,
            Body::Run(..) => upper && lower,
            Body::Fn(_) => upper || lower,
        }
}

/// Whether a token may start here.
fn boundary(bytes: &[u8], at: usize, strict: bool) -> bool {
    let Some(before) = at.checked_sub(1) else { return true };
    let b = bytes[before];
    if b.is_ascii_alphanumeric() {
        // `\n` in a quoted string, `%3D` in a URL.
        return (matches!(b, b'n' | b't' | b'r') && before > 0 && bytes[before - 1] == b'\\')
            || (before >= 2
                && bytes[before - 2] == b'%'
                && b.is_ascii_hexdigit()
                && bytes[before - 1].is_ascii_hexdigit());
    }
    b != b'_' && !(strict && matches!(b, b'.' | b'-' | b'/' | b'+'))
}

/// A private key in PEM, from `-----BEGIN` to its end.
pub fn pem(bytes: &[u8], start: usize, end: usize) -> Option<Range<usize>> {
    let head = bytes.get(end..bytes.len().min(end + 60))?;
    let close = memchr::memmem::find(head, b"-----")?;
    let label = &head[..close];
    memchr::memmem::find(label, b"PRIVATE KEY")?;
    let body_at = end + close + 5;
    let body = &bytes[body_at..bytes.len().min(body_at + 16 * 1024)];
    let stop = memchr::memmem::find(body, b"-----END");
    let body = &body[..stop.unwrap_or(body.len().min(2048))];
    if !has_body(body) {
        return None;
    }
    let finish = match stop {
        Some(at) => {
            let tail = &bytes[body_at + at + 8..bytes.len().min(body_at + at + 80)];
            body_at + at + 8 + memchr::memmem::find(tail, b"-----").map_or(0, |t| t + 5)
        }
        None => body_at + body.len(),
    };
    Some(start..finish)
}

/// Whether what follows a label is base64, line by line, as in a real block; not prose, an ellipsis or an action.
fn has_body(body: &[u8]) -> bool {
    let (mut digits, mut seen) = (0, [false; 256]);
    // Lines end at a line's end, or at `\n` inside a quoted string.
    let mut lines = body.split(|&b| b == b'\n').flat_map(|line| Pieces { rest: line });
    let noise =
        |b: &u8| b.is_ascii_whitespace() || matches!(b, b'#' | b'"' | b'\'' | b',' | b'*' | b'\\' | b'|' | b'>');
    let all = lines.by_ref().take(400).all(|line| {
        let from = line.iter().take_while(|b| noise(b)).count();
        let to = line.iter().rev().take_while(|b| noise(b)).count();
        let Some(line) = line.get(from..line.len() - to.min(line.len() - from)) else { return true };
        // Headers: `Proc-Type: 4,ENCRYPTED`, `Comment: …`.
        if line.is_empty() || (digits == 0 && memchr::memmem::find(line, b": ").is_some()) {
            return true;
        }
        if !line.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b' ')) {
            // A block that is not closed ends where something else begins.
            return digits >= 120 && memchr::memmem::find(line, b"...").is_none();
        }
        digits += line.len();
        for &b in line {
            seen[usize::from(b)] = true;
        }
        true
    });
    all && digits >= 40 && seen.iter().filter(|s| **s).count() >= 14
}

/// The parts of a line between escaped line ends.
struct Pieces<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memmem::find(self.rest, b"\\n");
        let (piece, rest) = match end {
            Some(at) => (&self.rest[..at], &self.rest[at + 2..]),
            None => (self.rest, &self.rest[self.rest.len()..]),
        };
        self.rest = rest;
        Some(piece)
    }
}

fn url_digit(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')
}

/// A JWT: three parts, the first of which is a header.
fn jwt(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    if start > 0 && (url_digit(bytes[start - 1]) || bytes[start - 1] == b'.') && !boundary(bytes, start, true) {
        return None;
    }
    let part = |at: usize| bytes[at..].iter().take(16 * 1024).take_while(|&&b| url_digit(b)).count();
    let header = part(start);
    let payload_at = start + header + 1;
    if header < 12 || bytes.get(payload_at - 1) != Some(&b'.') {
        return None;
    }
    let payload = part(payload_at);
    let signature_at = payload_at + payload + 1;
    if payload < 8 || bytes.get(signature_at - 1) != Some(&b'.') {
        return None;
    }
    let signature = part(signature_at);
    let end = signature_at + signature;
    let head = decode::base64(&bytes[start..start + header])?;
    let known = memchr::memmem::find(&head, b"\"alg\"").is_some();
    let body = decode::base64(&bytes[payload_at..payload_at + payload])?;
    let example = memchr::memmem::find(&body, b"\"1234567890\"").is_some()
        && memchr::memmem::find(&body, b"\"John Doe\"").is_some();
    let sealed = bytes.get(end) == Some(&b'.');
    (known
        && signature >= 20
        && !example
        && !sealed
        && variety(&bytes[signature_at..end]) > 8
        && !is_documented(&bytes[start..end]))
    .then_some(start..end)
}

fn service_account(token: &[u8]) -> bool {
    token
        .split(|&b| b == b'.')
        .nth(1)
        .and_then(decode::base64)
        .is_some_and(|payload| memchr::memmem::find(&payload, b"kubernetes.io").is_some())
}

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
        Shape::Harmless => password.iter().all(u8::is_ascii_digit).then_some(LeakRule::PasswordInUrl),
        _ if is_documented(password) => None,
        _ => Some(LeakRule::PasswordInUrl),
    }
}

/// `scheme://user:password@host`.
fn userinfo(scan: &mut Scan, text: &Text<'_>, mark: usize, start: usize, place: Where) {
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
            b'@' => return token_alone(scan, text, start..start + at, place),
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
    if let Some(slash) = memchr::memchr(b'/', password)
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
fn token_alone(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, place: Where) {
    let token = &text.bytes[range.clone()];
    let host = &text.bytes[range.end..text.bytes.len().min(range.end + 80)];
    // What Sentry's clients are told is no secret.
    let plain = token.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if (16..=255).contains(&token.len())
        && plain
        && shapes::judge(token) == Shape::Strong
        && word_share(token) < 30
        && !holds(host, b"sentry")
    {
        let charge =
            Charge { rule: LeakRule::PasswordInUrl, kind: "token in a URL", reason: "user information of random text" };
        scan.report(charge, text, range, place, "", token);
    }
}

fn in_url(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, place: Where, user: &[u8]) {
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
fn data_source(scan: &mut Scan, text: &Text<'_>, sign: usize, place: Where) {
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
fn oracle(scan: &mut Scan, text: &Text<'_>, start: usize, place: Where) {
    let rest = &text.bytes[start..text.bytes.len().min(start + 300)];
    let Some(sign) = memchr::memchr(b'@', rest) else { return };
    let Some(slash) = memchr::memchr(b'/', &rest[..sign]) else { return };
    if !rest[..sign].iter().any(u8::is_ascii_whitespace) {
        in_url(scan, text, start + slash + 1..start + sign, place, &rest[..slash]);
    }
}

/// Thirty-two hexadecimal digits, `-us` and the number of a data centre.
fn mailchimp(scan: &mut Scan, text: &Text<'_>, start: usize, end: usize, place: Where) {
    let bytes = text.bytes;
    let Some(from) = start.checked_sub(32) else { return };
    let digits = bytes[end..].iter().take(3).take_while(|b| b.is_ascii_digit()).count();
    if bytes[from..start].iter().all(|&b| Alphabet::Hex.has(b))
        && (1..=2).contains(&digits)
        && boundary(bytes, from, true)
        && !monotonous(&bytes[from..start])
        && variety(&bytes[from..start]) > 6
    {
        let charge = Charge {
            rule: LeakRule::ProviderToken,
            kind: "Mailchimp API key",
            reason: "its length, characters and data centre are the issuer's",
        };
        scan.report(charge, text, from..end + digits, place, "", &bytes[from..end + digits]);
    }
}
