//! The forms in which one value shows in outputs: as it is, line by line, quoted, escaped, encoded.

use std::collections::BTreeSet;
use std::fmt::Write;

/// Lines shorter than this are no part of a secret that gives it away: the last line of a key, a brace.
const SHORTEST_LINE: usize = 8;

/// All forms of a value, itself included.
pub fn forms(value: &str) -> BTreeSet<String> {
    let mut forms = BTreeSet::new();
    let trimmed = value.trim();
    for text in [value, trimmed] {
        forms.extend([
            text.to_owned(),
            quoted(text),
            quoted(text).replace("\\n", "\\\\n"),
            single(text),
            percent(text),
        ]);
        for encoded in [text.to_owned(), format!("{text}\n")] {
            forms.insert(base64(encoded.as_bytes(), true));
            // Without its end, which padding and what follows change.
            forms.insert(base64(encoded.as_bytes(), false));
        }
    }
    if trimmed.contains('\n') {
        forms.insert(trimmed.split_whitespace().collect::<Vec<_>>().join(" "));
        let lines = trimmed.lines().map(str::trim).filter(|l| l.len() >= SHORTEST_LINE && !l.starts_with("-----"));
        forms.extend(lines.map(str::to_owned));
    } else if trimmed.split(' ').count() > 1 && trimmed.len() > 60 {
        // A long text is folded where it has spaces.
        forms.extend(trimmed.split(' ').filter(|w| w.len() >= 16).map(str::to_owned));
    }
    forms.retain(|form| !form.trim().is_empty());
    forms
}

/// As JSON and Go's `%q` write it, without the quotes around it.
fn quoted(text: &str) -> String {
    let json = serde_json::to_string(text).unwrap_or_default();
    json.get(1..json.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

/// As YAML writes it between single quotes.
fn single(text: &str) -> String {
    text.replace('\'', "''")
}

fn percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64; without `padded` only the digits that nothing behind the text can change.
fn base64(bytes: &[u8], padded: bool) -> String {
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 4);
    for chunk in bytes.chunks(3) {
        let mut group = [0; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from(group[0]) << 16 | u32::from(group[1]) << 8 | u32::from(group[2]);
        for at in 0..4 {
            let digit = char::from(DIGITS[(bits >> (18 - 6 * at) & 63) as usize]);
            if at <= chunk.len() && (padded || chunk.len() == 3) {
                text.push(digit);
            } else if padded {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_known_in_its_forms() {
        let value = "pa\"ss'\\ wörd/1";
        let forms = forms(value);
        for form in ["pa\\\"ss'\\\\ wörd/1", "pa\"ss''\\ wörd/1", "pa%22ss%27%5C%20w%C3%B6rd%2F1"] {
            assert!(forms.contains(form), "{form}: {forms:?}");
        }
        assert_eq!(base64(b"hello", true), "aGVsbG8=");
        assert_eq!(base64(b"hello", false), "aGVs");
        assert!(forms.contains(&base64(value.as_bytes(), true)));
    }

    #[test]
    fn a_value_of_several_lines_is_known_line_by_line() {
        let forms = forms("-----BEGIN X-----\n  first-line-of-it\nsecond-line-of-it\nab\n");
        assert!(forms.contains("first-line-of-it") && forms.contains("second-line-of-it"));
        assert!(!forms.contains("ab") && !forms.contains("-----BEGIN X-----"));
    }
}
