//! Masks known secrets in text.

use std::borrow::Cow;

use aho_corasick::{AhoCorasick, MatchKind};

use super::shapes::Shape;

/// The mask. The number of bullets says nothing about the length.
const MASK: &str = "••••••••";

/// Replaces every known secret by a mask.
#[derive(Debug, Default)]
pub struct Redactor {
    // The automaton holds the values; it is never printed.
    automaton: Option<Hidden>,
}

struct Hidden(AhoCorasick, usize);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.1)
    }
}

impl Redactor {
    /// Knows these values. Values shorter than four bytes are left out: masking them would hide ordinary words.
    pub fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Self {
        let mut patterns: Vec<String> =
            secrets.into_iter().map(|s| s.as_ref().to_owned()).filter(|s| s.len() >= 4).collect();
        patterns.sort();
        patterns.dedup();
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&patterns).ok();
        Self { automaton: automaton.filter(|_| !patterns.is_empty()).map(|a| Hidden(a, patterns.len())) }
    }

    /// Whether it knows nothing, so that text needs not to pass it.
    pub fn is_empty(&self) -> bool {
        self.automaton.is_none()
    }

    /// The text with every known secret masked.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.automaton {
            Some(Hidden(automaton, count)) if automaton.is_match(text) => {
                Cow::Owned(automaton.replace_all(text, &vec![MASK; *count]))
            }
            _ => Cow::Borrowed(text),
        }
    }
}

/// Bytes of a value that tell it from others.
const SPAN: usize = 8;

/// The first bytes of a leak's value, when it is one that no name has by chance: for [`repeats`].
pub fn head(leak: &super::Leak) -> Option<[u8; SPAN]> {
    let value = leak.secrets.first()?.expose().as_bytes();
    let telling = value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic);
    value.get(..SPAN).filter(|_| telling)?.try_into().ok()
}

/// The parts of a name (of a file, of a key) that look like a value rather than a word.
pub fn suspicious(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '=' | '!' | '#')))
        .filter(|part| part.len() >= SPAN && part.bytes().any(|b| b.is_ascii_digit()))
        .filter(|part| matches!(super::shapes::judge(part.as_bytes()), Shape::Strong | Shape::Uuid))
}

/// Whether a suspicious part of a name repeats one of the values. `heads` are sorted.
pub fn repeats(part: &str, heads: &[[u8; SPAN]]) -> bool {
    part.as_bytes().windows(SPAN).any(|window| heads.binary_search_by(|head| head.as_slice().cmp(window)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_known_value_is_masked_whole() {
        let redactor = Redactor::new(["blue-moon", "blue-moon-rising"]);
        assert_eq!(redactor.redact("x blue-moon-rising y"), "x •••••••• y");
        assert!(!format!("{redactor:?}").contains("blue"));
    }
}
