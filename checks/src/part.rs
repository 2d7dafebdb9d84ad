//! Values that stand inside another tool's manifest: an Argo CD `Application`, a Flux `HelmRelease`. Read, never executed.

use std::collections::BTreeSet;

use crate::model::{Matrix, Part};
use yaml::{Duplicate, Inside, Node, Pos, Span};

/// Why the values could not be taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotThere {
    /// In one line, without the file's name.
    pub message: String,
    /// Where in the file, when that is known.
    pub at: Option<Pos>,
}

/// Values that were taken out. All places are those in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// The map.
    pub root: Node,
    /// Keys that stand twice in a text that is YAML itself; those of a map are the file's own.
    pub duplicates: Vec<Duplicate>,
    /// The document that they stand in.
    pub document: Span,
}

/// The values that `part` names in the text of a file. Of several documents of the kind, the one called `release` is meant.
///
/// # Errors
/// When the file is not YAML, has no such document or no such place, or holds something else there than a map.
pub fn extract(text: &str, part: &Part, release: &str) -> Result<Node, NotThere> {
    take(text, part, release).map(|taken| taken.root)
}

/// The values that cells take out of a file, each once.
pub fn all_in(matrix: &Matrix, path: &str, text: &str) -> Vec<Taken> {
    let mut asked: Vec<(&Part, &str)> = Vec::new();
    for cell in &matrix.cells {
        let parts = cell.values.iter().filter(|values| values.path == path).filter_map(|values| values.part.as_ref());
        asked.extend(parts.map(|part| (part, cell.release.as_str())));
    }
    asked.sort_by_key(|(part, release)| (&part.kind, &part.at, *release));
    asked.dedup();
    let mut taken: Vec<Taken> =
        asked.into_iter().filter_map(|(part, release)| take(text, part, release).ok()).collect();
    // What has one document for all releases is taken once.
    taken.dedup_by(|a, b| a.root.span == b.root.span);
    taken
}

/// The cells to which a line of a file matters, of those that read it: of a file with a manifest for each release, those of the
/// release whose manifest it is. All of them where that is not known.
pub fn cells_at(matrix: &Matrix, cells: &BTreeSet<String>, path: &str, text: &str, line: usize) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for cell in matrix.cells.iter().filter(|cell| cells.contains(&cell.name())) {
        let mut values = cell.values.iter().filter(|values| values.path == path).peekable();
        if values.peek().is_none() {
            return cells.clone();
        }
        for values in values {
            let Some(part) = &values.part else { return cells.clone() };
            let document = take(text, part, &cell.release).ok().map(|taken| taken.document);
            if document.is_some_and(|document| (document.start.line..=document.end.line).contains(&line)) {
                known.insert(cell.name());
            }
        }
    }
    if known.is_empty() { cells.clone() } else { known }
}

/// The values that `part` names, with what is known of them.
///
/// # Errors
/// As [`extract`].
pub fn take(text: &str, part: &Part, release: &str) -> Result<Taken, NotThere> {
    let fail = |message: String, at: Option<Pos>| Err(NotThere { message, at });
    let mut documents = Vec::new();
    for document in yaml::parse(text) {
        if let Some(error) = document.error {
            return fail(format!("it is not valid YAML: {}", error.message), Some(error.at));
        }
        documents.extend(document.root.map(|root| (root, document.span)));
    }
    let kind = part.kind.as_deref();
    documents.retain(|(d, _)| kind.is_none_or(|kind| d.str_at(&["kind"]) == Some(kind)));
    if documents.len() > 1 {
        documents.retain(|(d, _)| d.at(&["metadata", "name"]).and_then(Node::text) == Some(release));
    }
    let what = kind.map_or_else(|| "document".to_owned(), |kind| format!("document of kind {kind}"));
    let [(root, document)] = documents.as_slice() else {
        let message = match documents.len() {
            0 => format!("it holds no {what}, or several of which none is called `{release}`"),
            n => format!("it holds {n} {what}s called `{release}`"),
        };
        return fail(message, None);
    };
    let steps: Vec<String> =
        part.at.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let mut node = root;
    for (index, step) in steps.iter().enumerate() {
        let Some(next) = node.at(&[step]) else {
            let known = steps[..index].join("/");
            return fail(format!("/{known} holds no `{step}`"), Some(node.span.start));
        };
        node = next;
    }
    let taken = |root: Node, duplicates| Ok(Taken { root, duplicates, document: *document });
    let empty = || Node { value: yaml::Value::Mapping(Vec::new()), span: node.span, tag: None };
    if node.is_mapping() {
        return taken(node.clone(), Vec::new());
    }
    if node.is_null() {
        return taken(empty(), Vec::new());
    }
    // Argo CD's `values: |`: a text that is YAML itself.
    let (Some(inner), Some(inside)) = (node.text(), Inside::of(node, text)) else {
        return fail(format!("{} is a list", part.at), Some(node.span.start));
    };
    let Some(read) = yaml::parse(inner).into_iter().next() else { return taken(empty(), Vec::new()) };
    match (read.root, read.error) {
        (Some(root), None) if root.is_mapping() => {
            let duplicate =
                |d: Duplicate| Duplicate { first: inside.span(d.first), second: inside.span(d.second), ..d };
            taken(inside.tree(root), read.duplicates.into_iter().map(duplicate).collect())
        }
        (_, Some(error)) => {
            fail(format!("the text at {} is not valid YAML: {}", part.at, error.message), Some(inside.pos(error.at)))
        }
        (None, None) => taken(empty(), Vec::new()),
        _ => fail(format!("the text at {} holds no map", part.at), Some(node.span.start)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(kind: &str, at: &str) -> Part {
        Part { kind: Some(kind.to_owned()), at: at.to_owned() }
    }

    #[test]
    fn values_are_taken_out_of_maps_and_of_texts() {
        let flux = "kind: Other\n---\nkind: HelmRelease\nmetadata: {name: a}\nspec: {values: {x: 1}}\n---\nkind: HelmRelease\nmetadata: {name: b}\nspec: {values: {x: 2}}\n";
        let node = extract(flux, &part("HelmRelease", "/spec/values"), "b").unwrap();
        assert_eq!(node.to_json(), serde_json::json!({"x": 2}));
        let argo = "kind: Application\nspec:\n  sources:\n    - helm:\n        values: |\n          a: {b: yes}\n";
        let node = extract(argo, &part("Application", "/spec/sources/0/helm/values"), "r").unwrap();
        assert_eq!(node.to_json(), serde_json::json!({"a": {"b": true}}));
        let place = node.at(&["a", "b"]).unwrap().span.start;
        assert_eq!((place.line, place.column, &argo[place.offset..place.offset + 3]), (6, 18, "yes"));
        let wrong = extract(argo, &part("Application", "/spec/sources/1/helm"), "r").unwrap_err();
        assert_eq!(wrong.message, "/spec/sources holds no `1`");
        assert!(extract(flux, &part("HelmRelease", "/spec/values"), "c").is_err());
    }

    #[test]
    fn what_stands_twice_or_is_wrong_in_a_text_is_told_in_the_file() {
        let text = "kind: A\nv: |\n  # c\n\n  a: 1\n  a: 2\n---\nkind: A\n";
        let taken = take(&text[..text.find("---").unwrap()], &part("A", "/v"), "r").unwrap();
        let [twice] = taken.duplicates.as_slice() else { panic!("{taken:?}") };
        assert_eq!((twice.first.start.line, twice.second.start.line, twice.second.start.column), (5, 6, 3));
        let wrong = extract("kind: A\nv: |\n  a: 1\n  b: [\n  c: }\n", &part("A", "/v"), "r").unwrap_err();
        assert!(wrong.at.is_some_and(|at| (4..=6).contains(&at.line)), "{wrong:?}");
        let folded = "kind: A\nv: >\n  a:\n\n  - 1\n";
        assert!(extract(folded, &part("A", "/v"), "r").is_ok_and(|node| node.entries()[0].key.span.start.line == 3));
    }
}
