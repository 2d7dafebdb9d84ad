//! Masks known secrets in text.

use std::borrow::Cow;

use aho_corasick::{AhoCorasick, MatchKind};

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
