//! What can be found without a name: issuers' tokens, private keys, signed tokens, passwords in URLs. One pass over
//! the text finds where to look.

mod keys;
mod urls;

use std::ops::Range;
use std::sync::OnceLock;

use self::keys::{der, json_web_key, jwt, pem, service_account};
pub use self::urls::password_shape;
use self::urls::{data_source, oracle, userinfo};
use crate::decode;
use crate::issuers::{Alphabet, Body, ISSUERS, Proof, before, checksum_holds, is_documented};
use crate::leak::{LeakRule, Where};
use crate::needles::Needles;
use crate::shapes::fills_place;
use crate::sink::{Charge, Scan, Text};
use crate::words::{monotonous, variety, word_share};

/// What else is looked for, after the issuers' prefixes.
const MARKS: [&str; 13] = [
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
    // Numbers and identifiers with which keys of PKCS#8 and PKCS#1 begin, six digits after their start.
    "IBADANBgkqhkiG9w0BAQEFAAS",
    "IBAAKCAQEA",
    "IBAAKCAgEA",
];

/// With the first bytes of three hundred strings one in a hundred places of a table of this size is taken.
type Prefixes = Needles<14>;

fn prefixes() -> &'static Prefixes {
    static PREFIXES: OnceLock<Prefixes> = OnceLock::new();
    PREFIXES.get_or_init(|| Needles::new(ISSUERS.iter().map(|issuer| issuer.prefix).chain(MARKS)))
}

/// Looks through a whole text.
pub fn scan(scan: &mut Scan, text: &Text<'_>, place: Where) {
    let bytes = text.bytes;
    // Nothing of a long key is looked at twice.
    let mut done = 0;
    // Nor the object of one JSON web key.
    let mut looked = 0;
    prefixes().each(bytes, &mut |pattern, Range { start, end }| {
        if start < done {
            return true;
        }
        if let Some(issuer) = ISSUERS.get(pattern) {
            if let Some(range) = token(bytes, issuer.prefix, start, end, issuer) {
                let reason = match issuer.proof {
                    Proof::Crc62 => "its prefix and its checksum are the issuer's",
                    Proof::Shape => "its prefix, length and characters are the issuer's",
                };
                let charge = Charge { rule: LeakRule::ProviderToken, kind: issuer.kind, reason };
                scan.report(charge, text, range.clone(), place, "", &bytes[range]);
            }
            return true;
        }
        match pattern - ISSUERS.len() {
            mark @ (0 | 10..) => {
                let (found, reason) = match mark {
                    0 => (pem(bytes, start, end), "a PEM block with a private key's label and a body"),
                    _ => (der(bytes, start), "base64 of a private key, without a label"),
                };
                if let Some(range) = found {
                    done = range.end;
                    let charge = Charge { rule: LeakRule::PrivateKey, kind: "private key", reason };
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
            // What Mapbox lets everybody see is none.
            4 if bytes[..start].ends_with(b"pk.") => {}
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
            9 if start >= looked => looked = json_web_key(scan, text, start, place),
            9 => {}
        }
        true
    });
}

fn token(
    bytes: &[u8],
    prefix: &str,
    start: usize,
    end: usize,
    issuer: &crate::issuers::Issuer,
) -> Option<Range<usize>> {
    let rest = &bytes[end..bytes.len().min(end + 2100)];
    let length = match &issuer.body {
        Body::Run(alphabet, least, most) => crate::issuers::run_of(rest, *alphabet, *least, *most)?,
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
    if body.len() >= 8 && (variety(body) < 6 || monotonous(body)) || (!body.is_empty() && fills_place(body)) {
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
