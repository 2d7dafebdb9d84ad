//! A render against its golden: bytes first; objects where bytes cannot be the same (another Helm, a mask).

use std::path::Path;

use checks::model::{Cell, Mask};
use checks::object::{self, Object};
use yaml::{Node, Value};

/// What the comparison says.
#[derive(Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The same.
    Equal,
    /// Another render; the golden's text.
    Differs(String),
    /// No golden there.
    Missing,
    /// The golden cannot be read.
    Unreadable(String),
}

/// Compares a render with the golden of its cell. `same_helm` is false when another Helm than the pinned one rendered.
pub fn compare(root: &Path, cell: &Cell, render: &[u8], same_helm: bool) -> Comparison {
    let golden = match std::fs::read(root.join(&cell.golden)) {
        Ok(golden) => golden,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Comparison::Missing,
        Err(error) => return Comparison::Unreadable(error.to_string()),
    };
    if golden == render {
        return Comparison::Equal;
    }
    let golden = String::from_utf8_lossy(&golden).into_owned();
    if (!same_helm || !cell.mask.is_empty()) && equal_objects(cell, &golden, &String::from_utf8_lossy(render)) {
        return Comparison::Equal;
    }
    Comparison::Differs(golden)
}

fn equal_objects(cell: &Cell, golden: &str, render: &str) -> bool {
    let (mut a, broken_a) = object::objects(golden, &cell.namespace);
    let (mut b, broken_b) = object::objects(render, &cell.namespace);
    if !broken_a.is_empty() || !broken_b.is_empty() || a.len() != b.len() {
        return false;
    }
    a.sort_by(|x, y| x.id.cmp(&y.id));
    b.sort_by(|x, y| x.id.cmp(&y.id));
    a.iter().zip(&b).all(|(x, y)| x.id == y.id && masked(x, &cell.mask) == masked(y, &cell.mask))
}

/// The object as JSON with masked paths replaced.
fn masked(object: &Object, masks: &[Mask]) -> serde_json::Value {
    let mut root = object.root.clone();
    for mask in masks {
        let (target, path) = mask.path.split_once(':').unwrap_or(("*", &mask.path));
        let (kind, name) = target.split_once('/').unwrap_or((target, "*"));
        if (kind == "*" || kind == object.id.kind) && (name == "*" || name == object.id.name) {
            let steps: Vec<&str> = path.split('.').collect();
            blank(&mut root, &steps);
        }
    }
    root.to_json()
}

fn blank(node: &mut Node, path: &[&str]) {
    let Some((step, rest)) = path.split_first() else {
        node.value = Value::Sequence(Vec::new());
        return;
    };
    match &mut node.value {
        Value::Mapping(entries) => {
            // A key may itself hold dots: try the longest join of steps first.
            for entry in entries {
                let key = entry.key.text().unwrap_or_default().to_owned();
                for taken in (1..=path.len()).rev() {
                    if *step == "*" && taken == 1 || path[..taken].join(".") == key {
                        blank(&mut entry.value, &path[taken..]);
                        break;
                    }
                }
            }
        }
        Value::Sequence(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                if *step == "*" || step.parse() == Ok(index) {
                    blank(item, rest);
                }
            }
        }
        Value::Scalar(..) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(mask: &str) -> Cell {
        Cell {
            golden: "g.yaml".into(),
            mask: vec![Mask { path: mask.into(), reason: "made anew".into() }],
            ..Cell::default()
        }
    }

    #[test]
    fn a_mask_hides_its_path_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let text = |salt: &str, tier: &str| {
            format!("kind: Pod\nmetadata:\n  name: a\n  annotations:\n    x.io/salt: {salt}\n    tier: {tier}\n")
        };
        std::fs::write(folder.path().join("g.yaml"), text("one", "t")).unwrap();
        let cell = cell("Pod/*:metadata.annotations.x.io/salt");
        assert_eq!(compare(folder.path(), &cell, text("two", "t").as_bytes(), true), Comparison::Equal);
        assert!(matches!(compare(folder.path(), &cell, text("two", "u").as_bytes(), true), Comparison::Differs(_)));
    }
}
