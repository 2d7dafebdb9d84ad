//! Values that stand inside another tool's manifest: an Argo CD `Application`, a Flux `HelmRelease`. Read, never executed.

use crate::model::Part;
use yaml::{Node, Pos};

/// Why the values could not be taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotThere {
    /// In one line, without the file's name.
    pub message: String,
    /// Where in the file, when that is known.
    pub at: Option<Pos>,
}

/// The values that `part` names in the text of a file. Of several documents of the kind, the one called `release` is meant.
///
/// # Errors
/// When the file is not YAML, has no such document or no such place, or holds something else there than a map.
pub fn extract(text: &str, part: &Part, release: &str) -> Result<Node, NotThere> {
    let fail = |message: String, at: Option<Pos>| Err(NotThere { message, at });
    let mut documents = Vec::new();
    for document in yaml::parse(text) {
        if let Some(error) = document.error {
            return fail(format!("it is not valid YAML: {}", error.message), Some(error.at));
        }
        documents.extend(document.root);
    }
    let kind = part.kind.as_deref();
    documents.retain(|d| kind.is_none_or(|kind| d.str_at(&["kind"]) == Some(kind)));
    if documents.len() > 1 {
        documents.retain(|d| d.at(&["metadata", "name"]).and_then(Node::text) == Some(release));
    }
    let what = kind.map_or_else(|| "document".to_owned(), |kind| format!("document of kind {kind}"));
    let [document] = documents.as_slice() else {
        let message = match documents.len() {
            0 => format!("it holds no {what}, or several of which none is called `{release}`"),
            n => format!("it holds {n} {what}s called `{release}`"),
        };
        return fail(message, None);
    };
    let steps: Vec<String> =
        part.at.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let mut node = document;
    for (index, step) in steps.iter().enumerate() {
        let Some(next) = node.at(&[step]) else {
            let known = steps[..index].join("/");
            return fail(format!("/{known} holds no `{step}`"), Some(node.span.start));
        };
        node = next;
    }
    if node.is_mapping() {
        return Ok(node.clone());
    }
    if node.is_null() {
        return Ok(Node { value: yaml::Value::Mapping(Vec::new()), span: node.span, tag: None });
    }
    // Argo CD's `values: |`: a text that is YAML itself. Its lines are those of the block.
    let Some(text) = node.text() else { return fail(format!("{} is a list", part.at), Some(node.span.start)) };
    let inner = yaml::parse(text).into_iter().next();
    match inner {
        Some(document) => match (document.root, document.error) {
            (Some(root), None) if root.is_mapping() => Ok(root),
            (_, Some(error)) => {
                fail(format!("the text at {} is not valid YAML: {}", part.at, error.message), Some(node.span.start))
            }
            _ => fail(format!("the text at {} holds no map", part.at), Some(node.span.start)),
        },
        None => Ok(Node { value: yaml::Value::Mapping(Vec::new()), span: node.span, tag: None }),
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
        let wrong = extract(argo, &part("Application", "/spec/sources/1/helm"), "r").unwrap_err();
        assert_eq!(wrong.message, "/spec/sources holds no `1`");
        assert!(extract(flux, &part("HelmRelease", "/spec/values"), "c").is_err());
    }
}
