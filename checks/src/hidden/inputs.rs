//! The secrets among what a cell is made of: before its render is there, or when Helm refuses to make one.

use leaks::names::{self, Class};
use leaks::shapes::{self, Shape};
use leaks::{Hidden, MaskKey, ScanFile, decode, scan};

use crate::chart::real;
use crate::model::{Cell, Matrix};
use crate::part;
use crate::sources::{SourceKind, Sources};
use yaml::Node;

/// Every value that Helm's words about a cell may repeat and nobody shall read: what the scan finds in the cell's files, and the
/// leaves of its values under names that mean a credential, as written and decoded.
pub fn inputs_secrets(cell: &Cell, matrix: &Matrix, sources: &Sources) -> Vec<String> {
    let mut secrets = Vec::new();
    let name = cell.name();
    // The key makes hashes, and none is asked for.
    let key = MaskKey::new([0; 32]);
    for (path, source) in sources {
        let fixtures = matrix.environments.iter().any(|e| e.fixtures.as_ref() == Some(path));
        if !source.cells.contains(&name) || fixtures || matches!(source.kind, SourceKind::Docs | SourceKind::Link) {
            continue;
        }
        let leaks = scan(&ScanFile { path, bytes: &source.bytes }, &key).leaks;
        secrets.extend(leaks.iter().flat_map(|l| &l.secrets).map(Hidden::expose).map(str::to_owned));
        let holds_values =
            matches!(source.kind, SourceKind::ChartValues | SourceKind::SharedValues | SourceKind::Overlay);
        if let Some(text) = source.text().filter(|_| holds_values) {
            for root in yaml::parse(text).iter().filter_map(|d| d.root.as_ref()) {
                leaves(root, &mut secrets);
            }
        }
    }
    for values in &cell.values {
        let Some(part) = &values.part else { continue };
        // Values that stand as a text in another tool's manifest have names of their own.
        let text = sources.get(&*real(&values.path, sources)).and_then(|source| source.text()).unwrap_or_default();
        if let Ok(root) = part::extract(text, part, &cell.release) {
            leaves(&root, &mut secrets);
        }
    }
    for set in &cell.set {
        let steps: Vec<String> = set.path.split('.').map(str::to_owned).collect();
        keep(&steps, &set.value, &mut secrets);
    }
    secrets.sort();
    secrets.dedup();
    secrets
}

fn leaves(root: &Node, secrets: &mut Vec<String>) {
    root.leaves(&mut |path, leaf| {
        if let Some(text) = leaf.text() {
            keep(path, text, secrets);
        }
    });
}

/// Keeps a leaf that means a credential.
fn keep(path: &[String], value: &str, secrets: &mut Vec<String>) {
    let mut names = path.iter().rev().filter(|step| !step.starts_with('['));
    let own = names.next().map(String::as_str).unwrap_or_default();
    let parent = names.next().map(String::as_str).unwrap_or_default();
    if names::holds_references(parent.as_bytes()) {
        return;
    }
    let shape = shapes::judge(value.as_bytes());
    let is_one = match names::judge_under(parent.as_bytes(), own.as_bytes()).class {
        Class::None | Class::Not => false,
        Class::Weak => matches!(shape, Shape::Strong),
        Class::Token => {
            !matches!(shape, Shape::Empty | Shape::Reference | Shape::Harmless | Shape::Name | Shape::Placeholder)
        }
        Class::Password => !matches!(shape, Shape::Empty | Shape::Reference | Shape::Placeholder),
    };
    if !is_one {
        return;
    }
    secrets.push(value.to_owned());
    let decoded = decode::base64(value.as_bytes()).filter(|d| value.len() >= 8 && decode::is_text(d));
    secrets.extend(decoded.and_then(|d| String::from_utf8(d).ok()));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::SetValue;
    use crate::sources::Source;

    #[test]
    fn leaves_under_the_names_of_credentials_are_secrets() {
        let (weak, set) = (["tiger", "lily"].concat(), ["Qx7", "mB2vK9w"].concat());
        let text =
            format!("db:\n  password: {weak}\n  host: db.example.com\n  existingSecret: db-secret\n  port: 5432\n");
        let cell = Cell {
            env: "e".into(),
            release: "r".into(),
            set: vec![SetValue { path: "auth.token".into(), value: set.clone(), string: true }],
            ..Cell::default()
        };
        let source = Source {
            bytes: text.into_bytes(),
            kind: SourceKind::Overlay,
            cells: BTreeSet::from(["e/r".to_owned()]).into(),
        };
        let sources = Sources::from([("o.yaml".to_owned(), source)]);
        let secrets = inputs_secrets(&cell, &Matrix::default(), &sources);
        assert!(secrets.contains(&weak) && secrets.contains(&set), "{secrets:?}");
        assert!(
            !secrets.iter().any(|s| s.contains("db-secret") || s.contains("example") || s == "5432"),
            "{secrets:?}"
        );
    }
}
