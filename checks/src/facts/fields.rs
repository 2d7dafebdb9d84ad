//! Small readers of fields that several fact readers share.

use yaml::{Node, Span};

/// The first line of a span.
pub fn line(span: Span) -> u32 {
    u32::try_from(span.start.line).unwrap_or(u32::MAX)
}

/// The text of a scalar at a dotted path; empty and null count as absent.
pub fn text<'a>(node: &'a Node, path: &str) -> Option<&'a str> {
    node_at(node, path).filter(|n| !n.is_null()).and_then(Node::text).filter(|t| !t.is_empty())
}

/// The node at a dotted path.
pub fn node_at<'a>(node: &'a Node, path: &str) -> Option<&'a Node> {
    path.split('.').filter(|step| !step.is_empty()).try_fold(node, Node::get)
}

/// The items of a list at a dotted path.
pub fn items<'a>(node: &'a Node, path: &str) -> &'a [Node] {
    node_at(node, path).map(Node::items).unwrap_or_default()
}

/// The keys of a map at a dotted path.
pub fn keys(node: &Node, path: &str) -> Vec<String> {
    let entries = node_at(node, path).map(Node::entries).unwrap_or_default();
    entries.iter().filter_map(|e| e.key.text()).map(str::to_owned).collect()
}

/// Whether a boolean at a dotted path is true.
pub fn is_true(node: &Node, path: &str) -> bool {
    node_at(node, path).and_then(Node::as_bool) == Some(true)
}
