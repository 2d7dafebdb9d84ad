//! Typed reading of the matrix file's tree: every wrong type, unknown key and empty text becomes a finding with its place.

use std::cell::RefCell;

use checks::model::{Place, Severity};
use finding::Finding;
use yaml::{Entry, Node, Span};

use checks::nearest::did_you_mean;

/// A value with the place it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// Collects what is wrong with one file.
#[derive(Debug)]
pub struct Reader {
    file: String,
    family: &'static str,
    problems: RefCell<Vec<Finding>>,
}

impl Reader {
    /// For a file, named relative to the root. `family` is the first part of the names of what is wrong with it.
    pub fn new(file: &str, family: &'static str) -> Self {
        Self { file: file.to_owned(), family, problems: RefCell::default() }
    }

    fn wrong_in(&self, what: &str, span: Span, message: impl Into<String>) -> Finding {
        self.at(&format!("{}/{what}", self.family), span, message)
    }

    /// A finding at a place of this file, to be pushed.
    pub fn at(&self, rule: &str, span: Span, message: impl Into<String>) -> Finding {
        Finding::new(rule, Severity::Error, message).at(self.place(span))
    }

    /// A place of this file.
    pub fn place(&self, span: Span) -> Place {
        Place::new(&self.file, span)
    }

    /// Keeps a finding.
    pub fn push(&self, finding: Finding) {
        self.problems.borrow_mut().push(finding);
    }

    /// True while nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.problems.borrow().is_empty()
    }

    /// All findings so far, sorted by place.
    pub fn finish(&self) -> Vec<Finding> {
        let mut all = self.problems.take();
        all.sort_by(|a, b| a.place.cmp(&b.place));
        all
    }

    /// The entries of a map; nothing at all is the empty map. `known` empty means that any key is allowed.
    pub fn map<'n>(&self, node: &'n Node, what: &str, known: &[&str]) -> &'n [Entry] {
        if node.is_null() {
            return &[];
        }
        if !node.is_mapping() {
            self.wrong(node.span, what, "a map");
            return &[];
        }
        for entry in node.entries() {
            let key = entry.key.text().unwrap_or_default();
            if !known.is_empty() && !known.contains(&key) {
                let hint = did_you_mean(key, known.iter().copied());
                let hint = if hint.is_empty() { format!("{what} has: {}", known.join(", ")) } else { hint };
                self.push(
                    self.wrong_in("unknown-key", entry.key.span, format!("{what} has no key `{key}`")).help(hint),
                );
            }
        }
        node.entries()
    }

    /// The items of a list; nothing at all is the empty list.
    pub fn list<'n>(&self, node: &'n Node, what: &str) -> &'n [Node] {
        if !node.is_null() && !node.is_sequence() {
            self.wrong(node.span, what, "a list");
        }
        node.items()
    }

    /// A text that is not empty; numbers and booleans are taken as written.
    pub fn text(&self, node: &Node, what: &str) -> Option<Spanned<String>> {
        match node.text() {
            Some(text) if !text.trim().is_empty() && !node.is_null() => {
                Some(Spanned { value: text.trim().to_owned(), span: node.span })
            }
            Some(_) => {
                self.push(
                    self.wrong_in("empty", node.span, format!("{what} is empty")).help("write it, or delete the key"),
                );
                None
            }
            None => {
                self.wrong(node.span, what, "a text");
                None
            }
        }
    }

    /// A list of texts.
    pub fn texts(&self, node: &Node, what: &str) -> Vec<Spanned<String>> {
        self.list(node, what).iter().filter_map(|item| self.text(item, what)).collect()
    }

    /// A boolean.
    pub fn flag(&self, node: &Node, what: &str) -> bool {
        node.as_bool().unwrap_or_else(|| {
            self.wrong(node.span, what, "true or false");
            false
        })
    }

    /// A map from names to reasons. A reason is written, so that it cannot be forgotten.
    pub fn reasons(&self, node: &Node, what: &str) -> Vec<(Spanned<String>, Spanned<String>)> {
        let mut reasons = Vec::new();
        for entry in self.map(node, what, &[]) {
            let Some(name) = self.text(&entry.key, what) else { continue };
            match entry.value.text() {
                Some(text) if !text.trim().is_empty() && entry.value.as_bool().is_none() && !entry.value.is_null() => {
                    reasons.push((name, Spanned { value: text.trim().to_owned(), span: entry.value.span }));
                }
                _ => {
                    let found = self.wrong_in(
                        "empty-reason",
                        entry.key.span,
                        format!("{what} for `{}` has no reason", name.value),
                    );
                    self.push(found.help(format!("write why, e.g. `{}: the cluster's own DNS`", name.value)));
                }
            }
        }
        reasons
    }

    /// A key that this version understands and does not serve.
    pub fn not_yet(&self, span: Span, what: &str) {
        let found = self.wrong_in("not-yet", span, format!("{what} is not served yet"));
        self.push(found.help("leave it out for now; nothing else in the file depends on it"));
    }

    /// A required key that is absent.
    pub fn missing(&self, span: Span, what: &str, key: &str, example: &str) {
        let found = self.wrong_in("missing-key", span, format!("{what} lacks `{key}`"));
        self.push(found.help(format!("write it, e.g. `{example}`")));
    }

    fn wrong(&self, span: Span, what: &str, wanted: &str) {
        self.push(
            self.wrong_in("wrong-type", span, format!("{what} is no {}", wanted.trim_start_matches("a ")))
                .label(format!("{wanted} is meant")),
        );
    }
}
