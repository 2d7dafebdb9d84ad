//! A YAML tree that remembers where everything stands: line, column and byte range of every node, comments, duplicate keys.
//!
//! Scalars are kept as they were written; [`Node::resolve`] reads them as Helm and kubectl do (YAML 1.1 through Go), which is
//! not what YAML 1.2 parsers do with `yes`, `on` or `0644`. Nothing here knows Kubernetes.

mod inside;
mod load;
mod scalar;

pub use inside::Inside;
pub use load::{Limits, parse, parse_with};
pub use scalar::Resolved;

/// A position in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Hash)]
pub struct Pos {
    /// Byte offset from the start of the text.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A range of a text; `end` is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First character.
    pub start: Pos,
    /// One past the last character.
    pub end: Pos,
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes; the only style whose type is resolved.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// A block scalar, `|` or `>`.
    Block,
}

/// One node of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it holds.
    pub value: Value,
    /// Where it stands. For the copy that an alias makes, the place of the alias.
    pub span: Span,
    /// An explicit tag, such as `!!str` or `!vault`, as `handle + suffix`.
    pub tag: Option<String>,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text with its style.
    Scalar(String, Style),
    /// A list.
    Sequence(Vec<Node>),
    /// A map in written order; merge keys are already applied, of a duplicate key the last one stands (as in Go).
    Mapping(Vec<Entry>),
}

/// One key and value of a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Node,
    /// The value.
    pub value: Node,
}

/// A comment, without its `#`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The text after `#`.
    pub text: String,
    /// Where it stands, `#` included.
    pub span: Span,
}

/// A key that stands twice in one map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The key.
    pub key: String,
    /// The first place, whose value is lost.
    pub first: Span,
    /// The second place, whose value counts.
    pub second: Span,
}

/// Why a document cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// What the parser expected.
    pub message: String,
    /// Where.
    pub at: Pos,
    /// True when a limit of ours was reached and the document may be valid.
    pub limit: bool,
}

/// One document of a stream.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Document {
    /// The root; `None` for a document of comments only, and for a broken one.
    pub root: Option<Node>,
    /// The range of the text that belongs to the document, its `---` line excluded.
    pub span: Span,
    /// Its comments in order.
    pub comments: Vec<Comment>,
    /// Keys that stand twice.
    pub duplicates: Vec<Duplicate>,
    /// Where aliases stand.
    pub aliases: Vec<Span>,
    /// Why it could not be read; the documents after it still are.
    pub error: Option<ParseError>,
}

impl Document {
    /// The path in Helm's `# Source:` comment, if the document has one.
    pub fn source(&self) -> Option<&str> {
        self.comments.iter().find_map(|c| c.text.trim_start().strip_prefix("Source: ")).map(str::trim)
    }
}

impl Node {
    /// The scalar's text, whatever its style.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// The text of a scalar that Go reads as a string.
    pub fn as_str(&self) -> Option<&str> {
        match self.resolve() {
            Some(Resolved::Str(text)) => Some(text),
            _ => None,
        }
    }

    /// The scalar as Helm reads it; `None` for lists and maps.
    pub fn resolve(&self) -> Option<Resolved<'_>> {
        match &self.value {
            Value::Scalar(text, style) => Some(scalar::resolve(text, *style, self.tag.as_deref())),
            _ => None,
        }
    }

    /// The string that Helm makes of a scalar where it needs one, as a key or in `Chart.yaml`: of `on`, `true`; of `0644`, `420`;
    /// of `1.10`, `1.1`. `None` for null, lists and maps.
    pub fn to_text(&self) -> Option<String> {
        Some(match self.resolve()? {
            Resolved::Null => return None,
            Resolved::Bool(flag) => flag.to_string(),
            Resolved::Int(number) => number.to_string(),
            Resolved::Float(number) => number.to_string(),
            Resolved::Str(text) => text.to_owned(),
        })
    }

    /// True for `null`, `~` and an empty plain scalar.
    pub fn is_null(&self) -> bool {
        matches!(self.resolve(), Some(Resolved::Null))
    }

    /// The boolean a scalar stands for.
    pub fn as_bool(&self) -> Option<bool> {
        match self.resolve() {
            Some(Resolved::Bool(b)) => Some(b),
            _ => None,
        }
    }

    /// The integer a scalar stands for.
    pub fn as_i64(&self) -> Option<i64> {
        match self.resolve() {
            Some(Resolved::Int(i)) => Some(i),
            _ => None,
        }
    }

    /// The entries of a map, none for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list, none for anything else.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|e| e.key.text() == Some(key))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|e| &e.value)
    }

    /// The value at a path of keys; a number in the path selects from a list.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, step| match &node.value {
            Value::Sequence(items) => step.parse::<usize>().ok().and_then(|i| items.get(i)),
            _ => node.get(step),
        })
    }

    /// The string at a path of keys.
    pub fn str_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path).and_then(Node::as_str)
    }

    /// True for a map.
    pub fn is_mapping(&self) -> bool {
        matches!(self.value, Value::Mapping(_))
    }

    /// True for a list.
    pub fn is_sequence(&self) -> bool {
        matches!(self.value, Value::Sequence(_))
    }

    /// Calls `visit` with the path and node of every scalar and of every empty list or map below (and including) this node.
    /// A path step is a key, or `[index]`.
    pub fn leaves<'a>(&'a self, visit: &mut dyn FnMut(&[String], &'a Node)) {
        fn go<'a>(node: &'a Node, path: &mut Vec<String>, visit: &mut dyn FnMut(&[String], &'a Node)) {
            match &node.value {
                Value::Mapping(entries) if !entries.is_empty() => {
                    for entry in entries {
                        path.push(entry.key.text().unwrap_or("?").to_owned());
                        go(&entry.value, path, visit);
                        path.pop();
                    }
                }
                Value::Sequence(items) if !items.is_empty() => {
                    for (index, item) in items.iter().enumerate() {
                        path.push(format!("[{index}]"));
                        go(item, path, visit);
                        path.pop();
                    }
                }
                _ => visit(path, node),
            }
        }
        go(self, &mut Vec::new(), visit);
    }

    /// The tree as JSON, scalars resolved as Helm resolves them.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Scalar(..) => self.resolve().map_or(Json::Null, scalar::Resolved::to_json),
            Value::Sequence(items) => Json::Array(items.iter().map(Node::to_json).collect()),
            Value::Mapping(entries) => Json::Object(
                entries.iter().map(|e| (e.key.text().unwrap_or_default().to_owned(), e.value.to_json())).collect(),
            ),
        }
    }
}
