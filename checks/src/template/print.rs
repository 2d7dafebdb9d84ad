//! What a template prints, as far as it is known: enough to tell whether `if (include "x" .)` is true.

use super::scan::Scan;
use super::{Constant, Symbol};
use crate::values::LeafValue;
use yaml::Resolved;

/// A printed text longer than this is not kept.
const LONGEST: usize = 4096;

/// What was printed so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Printed {
    /// All of it, where it is known.
    text: Option<String>,
    /// Whether there certainly is something.
    filled: bool,
}

impl Default for Printed {
    fn default() -> Self {
        Self { text: Some(String::new()), filled: false }
    }
}

impl Printed {
    /// Adds a text, or what is not known but `filled`.
    pub(super) fn add(&mut self, text: Option<&str>, filled: bool) {
        self.filled |= text.map_or(filled, |text| !text.is_empty());
        match (&mut self.text, text) {
            (Some(known), Some(text)) if known.len() + text.len() <= LONGEST => known.push_str(text),
            (known, _) => *known = None,
        }
    }

    /// Adds what was printed elsewhere.
    pub(super) fn append(&mut self, other: &Printed) {
        self.add(other.text.as_deref(), other.filled);
    }

    /// One of two.
    pub(super) fn or(&self, other: &Printed) -> Printed {
        let text = if self.text == other.text { self.text.clone() } else { None };
        Printed { text, filled: self.filled && other.filled }
    }

    /// As the value of an `include`.
    pub(super) fn symbol(self) -> Symbol {
        match (self.text, self.filled) {
            (Some(text), _) => Symbol::Text(text),
            (None, true) => Symbol::Filled,
            (None, false) => Symbol::Unknown,
        }
    }
}

impl Scan<'_> {
    /// What a value prints, where that is known.
    pub(super) fn printed_text(&self, symbol: &Symbol) -> Option<String> {
        match symbol {
            Symbol::Nil => return Some(String::new()),
            Symbol::Values(path) => {
                let values = self.values?;
                let leaf = values.leaf_at(path);
                if leaf.as_ref().is_none_or(|leaf| leaf.value == LeafValue::Scalar(Resolved::Null)) {
                    return (!values.is_map(path)).then(String::new);
                }
            }
            _ => {}
        }
        match self.constant(symbol)? {
            Constant::Text(text) => Some(text),
            Constant::Flag(flag) => Some(flag.to_string()),
            // Go prints large numbers of values with an exponent.
            Constant::Number(number) => (number.abs() < 1_000_000).then(|| number.to_string()),
        }
    }

    /// Whether a value certainly prints something.
    pub(super) fn prints_something(&self, symbol: &Symbol) -> bool {
        match symbol {
            Symbol::Filled
            | Symbol::Tail(_)
            | Symbol::Dict(_)
            | Symbol::List(_)
            | Symbol::Number(_)
            | Symbol::Flag(_) => true,
            Symbol::Text(text) => !text.is_empty(),
            Symbol::Any(all) => all.iter().all(|one| self.prints_something(one)),
            Symbol::Values(path) => self.values.is_some_and(|values| {
                values.is_map(path)
                    || values.leaf_at(path).is_some_and(|leaf| match leaf.value {
                        LeafValue::Scalar(Resolved::Null) => false,
                        LeafValue::Scalar(Resolved::Str(text)) => !text.is_empty(),
                        _ => true,
                    })
            }),
            _ => false,
        }
    }
}
