//! Out of base64, gzip, percent-encoding and quoted strings, within limits. Nothing here judges.

use std::io::Read;

/// The most that a compressed value may unfold to.
const MAX_UNFOLDED: u64 = 4 * 1024 * 1024;

const BAD: u8 = 0xff;
const SKIP: u8 = 0xfe;

const fn table() -> [u8; 256] {
    let mut table = [BAD; 256];
    let mut at = 0u8;
    while at < 26 {
        table[(b'A' + at) as usize] = at;
        table[(b'a' + at) as usize] = at + 26;
        at += 1;
    }
    at = 0;
    while at < 10 {
        table[(b'0' + at) as usize] = at + 52;
        at += 1;
    }
    table[b'+' as usize] = 62;
    table[b'-' as usize] = 62;
    table[b'/' as usize] = 63;
    table[b'_' as usize] = 63;
    table[b'\n' as usize] = SKIP;
    table[b'\r' as usize] = SKIP;
    table[b' ' as usize] = SKIP;
    table[b'\t' as usize] = SKIP;
    table
}

static BASE64: [u8; 256] = table();

/// Base64 of either alphabet, with or without padding, white space ignored. `None` for anything else.
pub fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut held) = (0u32, 0u32);
    let mut digits = 0usize;
    let mut padding = 0usize;
    for &b in text {
        if b == b'=' {
            padding += 1;
            continue;
        }
        let value = BASE64[usize::from(b)];
        if value == SKIP {
            continue;
        }
        if value == BAD || padding > 0 {
            return None;
        }
        digits += 1;
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held & 0xff) as u8);
        }
    }
    if digits % 4 == 1 || padding > 2 || (padding > 0 && !(digits + padding).is_multiple_of(4)) {
        return None;
    }
    Some(out)
}

/// Whether bytes are text that a person could have written.
pub fn is_text(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && std::str::from_utf8(bytes)
            .is_ok_and(|t| t.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')))
}

/// Unfolds gzip, up to a limit.
pub fn gunzip(bytes: &[u8]) -> Option<Vec<u8>> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return None;
    }
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(bytes).take(MAX_UNFOLDED).read_to_end(&mut out).ok()?;
    Some(out)
}

/// `%41` becomes `A`; anything else stays.
pub fn percent(text: &[u8]) -> Vec<u8> {
    let hex = |b: u8| char::from(b).to_digit(16);
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at] == b'%'
            && let (Some(&a), Some(&b)) = (text.get(at + 1), text.get(at + 2))
            && let (Some(a), Some(b)) = (hex(a), hex(b))
        {
            out.push(u8::try_from(a * 16 + b).unwrap_or_default());
            at += 3;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

/// The text of a double-quoted JSON, YAML or shell string, and for each of its bytes where it came from.
pub fn unescape(text: &[u8]) -> (Vec<u8>, Vec<u32>) {
    let mut out = Vec::with_capacity(text.len());
    let mut from = Vec::with_capacity(text.len() + 1);
    let mut at = 0;
    while at < text.len() {
        let start = u32::try_from(at).unwrap_or(u32::MAX);
        let mut push = |b: u8| {
            out.push(b);
            from.push(start);
        };
        if text[at] != b'\\' || at + 1 == text.len() {
            push(text[at]);
            at += 1;
            continue;
        }
        at += 2;
        match text[at - 1] {
            b'n' => push(b'\n'),
            b't' => push(b'\t'),
            b'r' => push(b'\r'),
            b'u' => {
                let code = text
                    .get(at..at + 4)
                    .and_then(|h| std::str::from_utf8(h).ok())
                    .and_then(|h| u32::from_str_radix(h, 16).ok());
                match code.and_then(char::from_u32) {
                    Some(c) => {
                        let mut buffer = [0; 4];
                        c.encode_utf8(&mut buffer).bytes().for_each(&mut push);
                        at += 4;
                    }
                    None => push(b'u'),
                }
            }
            b'\n' => {}
            other => push(other),
        }
    }
    from.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
    (out, from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_both_alphabets() {
        assert_eq!(base64(b"aGVsbG8=").as_deref(), Some(b"hello".as_slice()));
        assert_eq!(base64(b"aGVs\nbG8").as_deref(), Some(b"hello".as_slice()));
        assert_eq!(base64(b"a"), None);
        assert_eq!(base64(b"a:b"), None);
    }

    #[test]
    fn strings_keep_their_places() {
        let (text, from) = unescape(br"a\nb\u0041");
        assert_eq!(text, b"a\nbA");
        assert_eq!(from, [0, 1, 3, 4, 10]);
        assert_eq!(percent(b"a%40b%"), b"a@b%");
    }
}
