//! Which values of a cell are taken away: those that a guard names, and those that mean a credential or the name of a Secret.

use std::collections::BTreeSet;

use checks::template::{Guard, GuardKind, Scan};
use checks::values::{Effective, Leaf, LeafValue};
use leaks::names::{self, Class};
use leaks::{shapes, words};
use yaml::Resolved;

/// Values that are taken away together.
pub type Paths = Vec<Vec<String>>;

/// What to take away from a cell, sorted.
pub fn of(values: &Effective, scan: &Scan<'_>) -> BTreeSet<Paths> {
    let mut found: BTreeSet<Paths> = BTreeSet::new();
    for guard in scan.guards.values() {
        found.extend(of_guard(guard, values));
    }
    for leaf in values.leaves().iter().filter(|leaf| is_set(leaf) && is_credential_like(leaf)) {
        found.insert(vec![leaf.path.clone()]);
    }
    found
}

/// What to take away so that a guard speaks: each of its values, and all of them.
pub fn of_guard(guard: &Guard, values: &Effective) -> BTreeSet<Paths> {
    // Taking away what is not there changes nothing.
    let there: Vec<Vec<String>> =
        guard.paths.iter().filter(|path| !path.is_empty() && there(values, path)).cloned().collect();
    let mut found: BTreeSet<Paths> = there.iter().map(|path| vec![path.clone()]).collect();
    if there.len() > 1 && guard.kind == GuardKind::Required {
        found.insert(there);
    }
    found
}

fn there(values: &Effective, path: &[String]) -> bool {
    match values.leaf_at(path) {
        Some(leaf) => is_set(&leaf),
        None => values.has(path),
    }
}

fn is_set(leaf: &Leaf<'_>) -> bool {
    match leaf.value {
        LeafValue::Scalar(Resolved::Null) | LeafValue::EmptyMap => false,
        LeafValue::Scalar(Resolved::Str(text)) => !text.is_empty(),
        LeafValue::Scalar(_) => true,
        LeafValue::List(node) => !node.items().is_empty(),
    }
}

/// Whether a leaf is a credential or leads to one, by its name.
fn is_credential_like(leaf: &Leaf<'_>) -> bool {
    if !matches!(leaf.value, LeafValue::Scalar(Resolved::Str(_)) | LeafValue::List(_)) {
        return false;
    }
    let (Some(last), parent) = (leaf.path.last(), leaf.path.iter().rev().nth(1)) else { return false };
    let parent = parent.map_or("", String::as_str);
    let class = names::judge_under(parent.as_bytes(), last.as_bytes()).class;
    let secret = |name: &str| {
        words::runs(name.as_bytes()).any(|word| {
            let word = word.to_ascii_lowercase();
            word == b"secret" || word == b"secrets"
        })
    };
    matches!(class, Class::Token | Class::Password) || secret(last) || secret(parent)
}

/// Whether a guard let something through that is as good as nothing.
pub fn is_blank_or_placeholder(leaf: &Leaf<'_>) -> Option<&'static str> {
    let LeafValue::Scalar(Resolved::Str(text)) = leaf.value else { return None };
    if !text.is_empty() && text.trim().is_empty() {
        return Some("a blank");
    }
    (shapes::judge(text.as_bytes()) == shapes::Shape::Placeholder).then_some("a placeholder")
}
