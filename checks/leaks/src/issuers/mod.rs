//! Tokens that can be told by themselves: issuer by issuer what they start with, how long they are, which characters they
//! have and which checksum. A row a shape; nothing here looks at names.

mod table;

use Alphabet::{Alnum, Any, Base64, Hex, LowerAlnum, Url};

pub use table::ISSUERS;

use crate::decode;
use crate::lexicon::Lexicon;

/// What follows a prefix.
pub enum Body {
    /// So many characters of an alphabet.
    Run(Alphabet, usize, usize),
    /// Anything that only a function can tell: the length of the body, when it is one.
    Fn(fn(&[u8]) -> Option<usize>),
}

/// Sets of characters.
#[derive(Clone, Copy)]
pub enum Alphabet {
    /// `0-9A-Za-z`
    Alnum,
    /// `0-9A-Za-z_-`
    Url,
    /// `0-9A-Za-z_-.`
    Dotted,
    /// `0-9a-f`
    Hex,
    /// `0-9a-z`
    LowerAlnum,
    /// `0-9A-Z`
    UpperAlnum,
    /// `0-9A-Za-z+/=`, padding at the end
    Base64,
    /// `0-9A-Za-z_-+/=.~`
    Any,
}

impl Alphabet {
    /// Whether a byte belongs to it.
    pub fn has(self, b: u8) -> bool {
        match self {
            Self::Alnum => b.is_ascii_alphanumeric(),
            Self::Url => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'),
            Self::Dotted => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'),
            Self::Hex => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
            Self::LowerAlnum => b.is_ascii_digit() || b.is_ascii_lowercase(),
            Self::UpperAlnum => b.is_ascii_digit() || b.is_ascii_uppercase(),
            Self::Base64 => b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='),
            Self::Any => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/' | b'=' | b'.' | b'~'),
        }
    }
}

/// How a token proves itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// By its shape alone.
    Shape,
    /// By the CRC-32 of its first thirty characters in its last six, base 62.
    Crc62,
}

/// One row.
pub struct Issuer {
    /// For messages.
    pub kind: &'static str,
    /// What it starts with.
    pub prefix: &'static str,
    /// What follows.
    pub body: Body,
    /// How it proves itself.
    pub proof: Proof,
}

/// What stands before a prefix that is in the middle of its token, or at its end: so many characters of an alphabet.
pub fn before(prefix: &str) -> Option<(Alphabet, usize)> {
    Some(match prefix {
        ".atlasv1." => (Alnum, 14),
        "AZDO" | "+ASt" | "ACDb" | "+ABa" => (Base64, 76),
        "AzFu" => (Any, 44),
        "AzSe" | "+ACR" => (Base64, 42),
        "NRAL" => (Alnum, 36),
        "_mmk" => (Url, 36),
        _ => return None,
    })
}

const fn run(kind: &'static str, prefix: &'static str, alphabet: Alphabet, least: usize, most: usize) -> Issuer {
    Issuer { kind, prefix, body: Body::Run(alphabet, least, most), proof: Proof::Shape }
}

const fn sum(kind: &'static str, prefix: &'static str) -> Issuer {
    Issuer { kind, prefix, body: Body::Run(Alphabet::Alnum, 36, 36), proof: Proof::Crc62 }
}

const fn by(kind: &'static str, prefix: &'static str, body: fn(&[u8]) -> Option<usize>) -> Issuer {
    Issuer { kind, prefix, body: Body::Fn(body), proof: Proof::Shape }
}

/// A run of an alphabet that ends where it should.
pub fn run_of(text: &[u8], alphabet: Alphabet, least: usize, most: usize) -> Option<usize> {
    let mut end = text.iter().take(most + 1).take_while(|&&b| alphabet.has(b)).count();
    // A full stop or padding at the end belongs to the sentence, or to what is around.
    while end > 0 && matches!(text[end - 1], b'.' | b'~') {
        end -= 1;
    }
    (end >= least && end <= most).then_some(end)
}

/// Parts of given alphabets and lengths with a separator between them.
fn parts(text: &[u8], separator: u8, parts: &[(Alphabet, usize, usize)]) -> Option<usize> {
    let mut at = 0;
    for (number, &(alphabet, least, most)) in parts.iter().enumerate() {
        if number > 0 {
            if text.get(at) != Some(&separator) {
                return None;
            }
            at += 1;
        }
        let rest = &text[at..];
        let last = number + 1 == parts.len();
        let length = rest.iter().take(most + 1).take_while(|&&b| alphabet.has(b) && (last || b != separator)).count();
        if length < least || length > most {
            return None;
        }
        at += length;
    }
    Some(at)
}

/// Twenty characters, or the routable form with its two dots.
fn gitlab(text: &[u8]) -> Option<usize> {
    let length = text.iter().take(320).take_while(|&&b| Alphabet::Dotted.has(b)).count();
    let length = length - text[..length].iter().rev().take_while(|&&b| b == b'.').count();
    if let Some(at) = text[..length].iter().position(|&b| b == b'.') {
        return (at >= 20 && length >= at + 10).then_some(length);
    }
    (20..=64).contains(&length).then_some(length)
}

fn azure_key(text: &[u8]) -> Option<usize> {
    let length = text.iter().take(90).take_while(|&&b| Alphabet::Base64.has(b)).count();
    ((length == 88 || length == 44) && text[length - 1] == b'=').then_some(length)
}

/// `sig=` of a URL with `se=` or `sv=`: forty-three or more base64 digits, percent-encoded.
fn azure_signature(text: &[u8]) -> Option<usize> {
    let end = text
        .iter()
        .take(80)
        .take_while(|&&b| b.is_ascii_alphanumeric() || matches!(b, b'%' | b'+' | b'/' | b'='))
        .count();
    let sig = &text[..end];
    let padded = sig.ends_with(b"%3D") || sig.ends_with(b"%3d") || sig.ends_with(b"=");
    ((43..=72).contains(&end) && padded).then_some(end)
}

/// What follows `8Q~`; the three characters before it belong to the secret too.
fn azure_client(text: &[u8]) -> Option<usize> {
    let length = text.iter().take(36).take_while(|&&b| Alphabet::Dotted.has(b) || b == b'~').count();
    (31..=34).contains(&length).then_some(length)
}

/// Numbers, and random characters at the end.
fn slack(text: &[u8]) -> Option<usize> {
    let length = run_of(text, Alphabet::Url, 20, 200)?;
    (text[..length].iter().filter(|b| b.is_ascii_digit()).count() >= 6).then_some(length)
}

fn openai(text: &[u8]) -> Option<usize> {
    const MARK: &[u8] = b"T3BlbkFJ";
    let length = text.iter().take(260).take_while(|&&b| Alphabet::Url.has(b)).count();
    let marked = memchr::memmem::find(&text[..length], MARK).is_some_and(|at| at >= 16 && length - at >= 24);
    let project = [b"proj-".as_slice(), b"svcacct-", b"admin-"].iter().any(|p| text.starts_with(p)) && length >= 48;
    let old = length == 48 && text[..48].iter().all(u8::is_ascii_alphanumeric);
    (marked || project || old).then_some(length)
}

fn uuid(text: &[u8]) -> Option<usize> {
    text.get(..36).filter(|id| super::shapes::is_uuid(id)).map(<[u8]>::len)
}

fn tailscale(text: &[u8]) -> Option<usize> {
    let kind = text.iter().position(|&b| b == b'-').filter(|&at| (3..=10).contains(&at))? + 1;
    let length = text[kind..].iter().take(90).take_while(|&&b| b.is_ascii_alphanumeric() || b == b'-').count();
    (length >= 16).then_some(kind + length)
}

fn discord(text: &[u8]) -> Option<usize> {
    let id = text.iter().take(24).take_while(|b| b.is_ascii_digit()).count();
    if id < 16 || text.get(id) != Some(&b'/') {
        return None;
    }
    Some(id + 1 + run_of(&text[id + 1..], Alphabet::Url, 60, 80)?)
}

fn asana(text: &[u8]) -> Option<usize> {
    let id = text.iter().take(20).take_while(|b| b.is_ascii_digit()).count();
    if id < 13 || text.get(id) != Some(&b':') {
        return None;
    }
    Some(id + 1 + run_of(&text[id + 1..], Alphabet::Hex, 32, 32)?)
}

/// A key of Ceph, after its first two characters: a number of its kind, a time, and the length of the sixteen bytes that follow.
fn ceph(text: &[u8]) -> Option<usize> {
    const LENGTH: usize = 38;
    let mut whole = [b'A', b'Q', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    whole[2..].copy_from_slice(text.get(..14)?);
    let bytes = decode::base64(&whole)?;
    let body = text.get(..LENGTH)?.strip_suffix(b"==")?;
    let alphabet = body.iter().all(|&b| Alphabet::Base64.has(b) && b != b'=');
    (alphabet && bytes.get(..2)? == [1, 0] && bytes.get(10..)? == [16, 0]).then_some(LENGTH)
}

/// Shapes that only a name makes tokens of: the words of the issuer, the length and the alphabet of the value.
pub static NAMED: &[(&str, &str, Alphabet, usize)] = &[
    ("Datadog API key", "datadog", Hex, 32),
    ("Datadog API key", "dd_api", Hex, 32),
    ("Datadog application key", "dd_app", Hex, 40),
    ("Datadog application key", "datadog", Hex, 40),
    ("Cloudflare API token", "cloudflare", Url, 40),
    ("Cloudflare API key", "cloudflare", Hex, 37),
    ("Cloudflare API token", "cf_api", Url, 40),
    ("AWS secret access key", "aws", Base64, 40),
    ("Heroku API key", "heroku", Url, 36),
    ("Snyk token", "snyk", Url, 36),
    ("Consul token", "consul", Url, 36),
    ("Algolia admin key", "algolia", Hex, 32),
    ("Fastly API token", "fastly", Url, 32),
    ("PagerDuty key", "pagerduty", Alnum, 32),
    ("PagerDuty token", "pagerduty", Url, 20),
    ("Opsgenie API key", "opsgenie", Url, 36),
    ("Twilio auth token", "twilio", Hex, 32),
    ("Auth0 client secret", "auth0", Url, 64),
    ("Okta API token", "okta", Url, 42),
    ("Confluent Cloud secret", "confluent", Base64, 64),
    ("Upstash token", "upstash", Any, 64),
    ("New Relic license key", "new_relic", Hex, 40),
    ("New Relic license key", "newrelic", Hex, 40),
    ("Twitter API secret", "twitter", Alnum, 50),
    ("Codecov token", "codecov", Url, 36),
    ("Mailchimp API key", "mailchimp", Url, 36),
    ("Elastic API key", "elastic", Base64, 60),
    ("Travis CI token", "travis", Alnum, 22),
    ("Drone token", "drone", Alnum, 32),
    ("Etsy API key", "etsy", LowerAlnum, 24),
];

/// The CRC-32 of zip and Ethernet.
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &b in bytes {
        crc ^= u32::from(b);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
    }
    !crc
}

/// Whether the last six characters of a token are the checksum of the ones before.
pub fn checksum_holds(body: &[u8]) -> bool {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some(at) = body.len().checked_sub(6) else { return false };
    let mut left = crc32(&body[..at]) as usize;
    let mut expected = [b'0'; 6];
    for digit in expected.iter_mut().rev() {
        *digit = DIGITS[left % 62];
        left /= 62;
    }
    body[at..] == expected
}

/// Tokens that an issuer prints in its own documentation.
pub fn is_documented(token: &[u8]) -> bool {
    static KNOWN: Lexicon = Lexicon::new(concat!(
        "4eC39HqLyjW",
        "DarjtT1zdp7dc",
        " ",
        "BQokikJOvBi",
        "I2HlWgH4olfQ2",
        " ",
        "wJalrXUtnFEMI/",
        "K7MDENG/",
        " ",
        "AKIAIOSFODNN7",
        "EXAMPLE",
        " ",
        "T00000000/B00000000",
        "/XXXXXXXXXXXX",
        " ",
        "SflKxwRJSMeKKF2QT4",
        "fwpMeJf36POk6yJV_adQssw5c",
        " ",
        "MTIzNDU2Nzg5MDEyMzQ1",
        "Njc4OTAxMjM0NTY3ODkwMTI",
        " ",
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1",
        "OUzFT50uSRZ6IFsuFq2UVErCz4I6tq",
        " ",
        "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIW",
        "EHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==",
        " ",
        "EXAMPLE"
    ));
    KNOWN.inside(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_least_sixty_issuers() {
        let mut kinds: Vec<_> = ISSUERS.iter().map(|i| i.kind.split(' ').next()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert!(kinds.len() >= 60, "{}", kinds.len());
    }

    #[test]
    fn checksums() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let body = "a1B2".repeat(8);
        assert!(!checksum_holds(body.as_bytes()));
    }
}
