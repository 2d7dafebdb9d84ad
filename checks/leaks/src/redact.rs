//! Masks secrets in text that is about to leave the program.
//!
//! Three things are masked: what is known (the values that the scan found, the credentials among a cell's values), in all the
//! [forms](super::forms) in which Helm and we print it; what tells itself, known or not (a token of an issuer, a key, a password
//! in a URL); and common words that are somebody's password, such as `postgres`, where a line names a credential before them:
//! masked everywhere, they would turn a report into bullets.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use super::evident;
use super::forms::forms;
use super::names::{self, Class};
use super::shapes::{self, Shape};
use super::words;

/// The mask. The number of bullets says nothing about the length.
pub const MASK: &str = "••••••••";
/// Shorter values are in every text.
const SHORTEST: usize = 4;

/// Replaces every known secret by a mask.
#[derive(Debug, Default)]
pub struct Redactor {
    everywhere: Option<Hidden>,
    common: Option<Hidden>,
    /// What tells itself is not looked for.
    known_only: bool,
    /// A value has several lines.
    lines: bool,
}

/// An automaton holds the values; it is never printed.
struct Hidden(AhoCorasick, usize);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.1)
    }
}

impl Hidden {
    fn new(patterns: &BTreeSet<String>) -> Option<Self> {
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(patterns).ok()?;
        (!patterns.is_empty()).then(|| Self(automaton, patterns.len()))
    }
}

impl Redactor {
    /// Masks these values wherever they stand. Values shorter than four bytes are left out: masking them would hide ordinary
    /// words.
    pub fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Self {
        Self::with(secrets, std::iter::empty::<&str>())
    }

    /// Whether it looks for nothing, so that text needs not to pass it.
    pub fn is_empty(&self) -> bool {
        self.known_only && self.everywhere.is_none() && self.common.is_none()
    }

    /// Whether what it masks may go over the end of a line.
    pub fn spans_lines(&self) -> bool {
        !self.known_only || self.lines
    }

    /// Masks these values: wherever they stand if they look random enough to stand there for no other reason, otherwise only
    /// behind a credential's name.
    pub fn judging<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Self {
        Self::with(std::iter::empty::<&str>(), secrets)
    }

    /// Masks the first values wherever they stand and judges the others.
    pub fn with<A: AsRef<str>, J: AsRef<str>>(
        always: impl IntoIterator<Item = A>,
        judged: impl IntoIterator<Item = J>,
    ) -> Self {
        let (mut everywhere, mut common) = (BTreeSet::new(), BTreeSet::new());
        for value in always {
            everywhere.extend(forms(value.as_ref()));
        }
        let judged: BTreeSet<String> = judged.into_iter().map(|v| v.as_ref().to_owned()).collect();
        for value in judged {
            if is_telling(&value) {
                everywhere.extend(forms(&value));
            } else {
                common.insert(value.trim().to_owned());
            }
        }
        everywhere.retain(|v| v.len() >= SHORTEST);
        common.retain(|v| v.len() >= SHORTEST);
        let lines = everywhere.iter().chain(&common).any(|value| value.contains('\n'));
        Self { everywhere: Hidden::new(&everywhere), common: Hidden::new(&common), known_only: false, lines }
    }

    /// Masks these values and looks for nothing else: for texts that hold no others, and are too large to be looked through.
    pub fn known_only<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Self {
        Self { known_only: true, ..Self::new(secrets) }
    }

    /// Byte ranges of a text to be masked: ascending, apart from each other.
    pub fn spans(&self, text: &str) -> Vec<Range<usize>> {
        let mut spans = if self.known_only { Vec::new() } else { evident::evident(text) };
        if let Some(Hidden(automaton, _)) = &self.everywhere {
            spans.extend(automaton.find_iter(text).map(|m| m.range()));
        }
        if let Some(Hidden(automaton, _)) = &self.common {
            let found = automaton.find_iter(text).map(|m| m.range());
            spans.extend(found.filter(|r| stands_alone(text, r) && names_a_credential(text, r.start)));
        }
        joined(spans)
    }

    /// The text with every secret masked. It keeps its lines.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        masked(text, &self.spans(text))
    }

    /// The same for words from outside, such as Helm's: what the scan takes for a credential in them is masked as well.
    pub fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut spans = self.spans(text);
        spans.extend(evident::judged("", text));
        masked(text, &joined(spans))
    }
}

/// Replaces ranges of a text, ascending and apart from each other, by the mask.
pub fn masked<'a>(text: &'a str, spans: &[Range<usize>]) -> Cow<'a, str> {
    if spans.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for span in spans {
        out.push_str(&text[from..span.start]);
        out.push_str(MASK);
        out.extend(text[span.clone()].chars().filter(|c| *c == '\n'));
        from = span.end;
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// Ascending, overlaps made one.
pub fn joined(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_by_key(|s| (s.start, s.end));
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined
}

/// Whether a value stands nowhere by chance, so that it can be masked everywhere.
fn is_telling(value: &str) -> bool {
    let value = value.trim();
    if value.contains('\n') || value.len() > shapes::MAX_VALUE {
        return true;
    }
    match shapes::judge(value.as_bytes()) {
        Shape::Strong | Shape::Uuid => value.len() >= 8,
        // `gateway2` is the name of something, `gateway24` hardly is.
        Shape::Weak => value.len() >= 8 && value.bytes().filter(|b| !b.is_ascii_alphabetic()).count() >= 2,
        // Names of Secrets and keys stand under a credential's name, too; sentences do not stand elsewhere.
        Shape::Words => value.len() >= 20 && words::runs(value.as_bytes()).nth(3).is_some(),
        // Encoded forms are long and no value's shape.
        Shape::Harmless => value.len() >= 24,
        Shape::Name | Shape::Digits | Shape::Sequence | Shape::Placeholder | Shape::Reference | Shape::Empty => false,
    }
}

/// Whether a match is a word by itself: no part of a longer word, a path, a dotted or dashed name.
fn stands_alone(text: &str, range: &Range<usize>) -> bool {
    let joins = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.');
    let (before, after) = (&text[..range.start], &text[range.end..]);
    // A full stop ends a sentence.
    let stop = after.strip_prefix('.').is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()));
    !before.ends_with(joins) && (stop || !after.starts_with(joins))
}

/// Whether a credential's name stands right before a place of the text, in the same line and the same string.
fn names_a_credential(text: &str, at: usize) -> bool {
    const REACH: usize = 32;
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    let line = &text[start..at];
    // Between two strings of one JSON line nothing is said of the second by the first, unless that is its key.
    let line = line.rfind("\",\"").map_or(line, |end| &line[end + 3..]);
    line.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).any(|word| {
        let end = word.as_ptr() as usize - line.as_ptr() as usize + word.len();
        !word.is_empty()
            && line.len() - end <= REACH
            && matches!(names::judge(word.as_bytes()).class, Class::Password | Class::Token)
    })
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

    #[test]
    fn common_words_are_masked_behind_the_name_of_a_credential_only() {
        let redactor = Redactor::judging(["postgres", "admin"]);
        assert_eq!(redactor.redact("image: postgres\npassword: postgres\n"), "image: postgres\npassword: ••••••••\n");
        assert_eq!(
            redactor.redact("at '/auth/password': 'admin' is short"),
            "at '/auth/password': '••••••••' is short"
        );
        assert_eq!(redactor.redact("password: administrator"), "password: administrator");
    }

    #[test]
    fn a_word_that_is_a_password_leaves_paths_names_and_other_strings_alone() {
        let redactor = Redactor::judging(["secret", "postgres", "gateway2", "grafana-admin-credentials"]);
        for text in [
            r#"{"message":"a password stands under `auth.password`","location":{"file":"charts/web/templates/secret.yaml"}}"#,
            r#"{"message":"a password stands here","help":"refer to the secret that it makes"}"#,
            "a password is read from `kv/postgres` for charts/gateway2/values.yaml",
            "password of grafana-admin-credentials-old, rule sources/secret",
        ] {
            assert_eq!(redactor.redact(text), text);
        }
        assert_eq!(redactor.redact("password must not be 'secret'."), "password must not be '••••••••'.");
        assert_eq!(redactor.redact(r#"{"dbPassword":"gateway2"}"#), r#"{"dbPassword":"••••••••"}"#);
        assert_eq!(redactor.redact("the token is postgres."), "the token is ••••••••.");
    }

    #[test]
    fn what_tells_itself_needs_not_be_known() {
        let token = ["gl", "pat-", "kZ7wQ3xT9mB2vN5pR8sD"].concat();
        let url = ["postgres://app:", "Zk4Wq8", "Rt2x@db/x"].concat();
        let said = Redactor::default().redact(&format!("no cell is called {token}, {url}")).into_owned();
        assert!(!said.contains(&token[8..]) && !said.contains("Zk4Wq8"), "{said}");
        assert!(said.starts_with("no cell is called ••••••••"), "{said}");
        assert_eq!(Redactor::default().redact(&format!("charts/{token}.yaml:1")), "charts/••••••••.yaml:1");
    }

    #[test]
    fn a_mask_keeps_the_lines() {
        let value = "first-line-of-it\nsecond-line-of-it";
        let redactor = Redactor::judging([value]);
        assert_eq!(redactor.redact(&format!("a\n{value}\nb")).lines().count(), 4);
        assert_eq!(redactor.redact("│ second-line-of-it"), "│ ••••••••");
    }

    #[test]
    fn words_from_outside_are_scanned() {
        let value = ["Wq9", "zT4vK2p"].concat();
        let said = Redactor::default().scrub(&format!("helm template --set db.password={value}")).into_owned();
        assert!(!said.contains(&value), "{said}");
    }
}
