//! From text to [`Document`]s. Each `---` document is parsed by itself, so that a broken one costs no other.

use std::collections::HashMap;

use granit_parser::{Event, Marker, Options, Parser, ScalarStyle, Tag};

use super::{Comment, Document, Duplicate, Entry, Node, ParseError, Pos, Span, Style, Value};

/// Bounds on what one document may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Nodes of one document, counting what aliases expand to.
    pub nodes: usize,
    /// Nesting of lists and maps.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { nodes: 2_000_000, depth: 200 }
    }
}

/// Reads all documents of a text with the usual limits.
pub fn parse(text: &str) -> Vec<Document> {
    parse_with(text, Limits::default())
}

/// Reads all documents of a text.
pub fn parse_with(text: &str, limits: Limits) -> Vec<Document> {
    split(text).into_iter().map(|chunk| document(text, chunk, limits)).collect()
}

/// A document's part of the text: where it starts, and its byte range.
#[derive(Clone, Copy)]
struct Chunk {
    start: usize,
    end: usize,
    line: usize,
}

/// Cuts at lines that start with `---`, as Kubernetes' own readers do. A `---` line with content after it stays with its document.
fn split(text: &str) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut current = Chunk { start: 0, end: 0, line: 1 };
    let (mut offset, mut line) = (0, 1);
    for full in text.split_inclusive('\n') {
        let next = offset + full.len();
        if let Some(rest) = full.strip_prefix("---") {
            let bare = rest.trim_end().is_empty() || rest.trim_start().starts_with('#');
            if bare || rest.starts_with([' ', '\t']) {
                if offset > 0 {
                    current.end = offset;
                    chunks.push(current);
                }
                let (start, line) = if rest.trim_end().is_empty() { (next, line + 1) } else { (offset, line) };
                current = Chunk { start, end: start, line };
            }
        }
        offset = next;
        line += 1;
    }
    current.end = text.len();
    chunks.push(current);
    chunks.retain(|c| !text[c.start..c.end].trim().is_empty());
    chunks
}

fn document(text: &str, chunk: Chunk, limits: Limits) -> Document {
    let body = &text[chunk.start..chunk.end];
    let mut builder = Builder {
        chunk,
        limits,
        nodes: 0,
        stack: Vec::new(),
        root: None,
        anchors: HashMap::new(),
        document: Document { span: whole(body, chunk), ..Document::default() },
    };
    let mut options = Options::default();
    options.max_buffered_comment_events = 100_000;
    options.flow_nesting_limit = limits.depth;
    options.block_nesting_limit = limits.depth;
    options.simple_key_max_lookahead = 1 << 20;
    let mut parser = Parser::new_from_str_with_options(body, options);
    let mut documents = 0;
    let failure = loop {
        match parser.next() {
            None | Some(Ok((Event::StreamEnd, _))) => break None,
            Some(Err(error)) => {
                let at = builder.pos(*error.marker());
                break Some(ParseError { message: error.info().clone(), at, limit: error.info().contains("limit") });
            }
            Some(Ok((Event::DocumentStart(..), span))) => {
                documents += 1;
                if documents > 1 {
                    let at = builder.pos(span.start);
                    break Some(ParseError {
                        message: "a second document starts without `---`".into(),
                        at,
                        limit: false,
                    });
                }
            }
            Some(Ok((event, span))) => {
                if let Err(error) = builder.event(event, span) {
                    break Some(error);
                }
            }
        }
    };
    builder.document.root = if failure.is_none() { builder.root } else { None };
    builder.document.error = failure;
    builder.document
}

fn whole(body: &str, chunk: Chunk) -> Span {
    let lines = body.matches('\n').count();
    let last = body.rfind('\n').map_or(body, |i| &body[i + 1..]);
    Span {
        start: Pos { offset: chunk.start, line: chunk.line, column: 1 },
        end: Pos { offset: chunk.end, line: chunk.line + lines, column: last.chars().count() + 1 },
    }
}

/// A list or map that is still open.
struct Open {
    start: Pos,
    tag: Option<String>,
    anchor: usize,
    kind: Kind,
}

enum Kind {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, index: HashMap<String, usize>, key: Option<Node> },
}

struct Builder {
    chunk: Chunk,
    limits: Limits,
    nodes: usize,
    stack: Vec<Open>,
    root: Option<Node>,
    /// Anchored nodes with the number of nodes each expands to.
    anchors: HashMap<usize, (Node, usize)>,
    document: Document,
}

impl Builder {
    fn pos(&self, marker: Marker) -> Pos {
        Pos {
            offset: self.chunk.start + marker.byte_offset().unwrap_or_default(),
            line: self.chunk.line + marker.line() - 1,
            column: marker.col() + 1,
        }
    }

    fn span(&self, span: granit_parser::Span) -> Span {
        Span { start: self.pos(span.start), end: self.pos(span.end) }
    }

    fn count(&mut self, nodes: usize, at: Pos) -> Result<(), ParseError> {
        self.nodes += nodes;
        if self.nodes > self.limits.nodes {
            let message = format!("more than {} nodes in one document, aliases expanded", self.limits.nodes);
            return Err(ParseError { message, at, limit: true });
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, span: granit_parser::Span) -> Result<(), ParseError> {
        let span = self.span(span);
        match event {
            Event::Comment(text, _) => {
                self.document.comments.push(Comment { text: text.into_owned(), span });
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1, span.start)?;
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                    _ => Style::Quoted,
                };
                let node =
                    Node { value: Value::Scalar(text.into_owned(), style), span, tag: tag.as_deref().map(tag_name) };
                self.complete(node, anchor);
                Ok(())
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.count(1, span.start)?;
                self.open(span.start, anchor, tag.as_deref(), Kind::Sequence(Vec::new()));
                Ok(())
            }
            Event::MappingStart(_, anchor, tag) => {
                self.count(1, span.start)?;
                let kind = Kind::Mapping { entries: Vec::new(), index: HashMap::new(), key: None };
                self.open(span.start, anchor, tag.as_deref(), kind);
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.close(span.end);
                Ok(())
            }
            Event::Alias(id) => {
                let Some(size) = self.anchors.get(&id).map(|(_, size)| *size) else {
                    let message = "an alias inside its own anchor".into();
                    return Err(ParseError { message, at: span.start, limit: false });
                };
                self.count(size, span.start)?;
                self.document.aliases.push(span);
                let mut node = self.anchors[&id].0.clone();
                node.span = span;
                self.complete(node, 0);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, start: Pos, anchor: usize, tag: Option<&Tag>, kind: Kind) {
        self.stack.push(Open { start, tag: tag.map(tag_name), anchor, kind });
    }

    fn close(&mut self, end: Pos) {
        let Some(open) = self.stack.pop() else { return };
        let value = match open.kind {
            Kind::Sequence(items) => Value::Sequence(items),
            Kind::Mapping { entries, .. } => Value::Mapping(merge_keys(entries)),
        };
        let node = Node { value, span: Span { start: open.start, end }, tag: open.tag };
        self.complete(node, open.anchor);
    }

    fn complete(&mut self, node: Node, anchor: usize) {
        if anchor != 0 {
            let size = size(&node);
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.stack.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(node),
            Some(Kind::Sequence(items)) => items.push(node),
            Some(Kind::Mapping { entries, index, key }) => match key.take() {
                None => *key = Some(node),
                Some(key) => {
                    let name = key.text().map(str::to_owned);
                    match name.as_ref().and_then(|name| index.get(name).copied()) {
                        // `<<` twice is legal; both are merged below.
                        Some(at) if name.as_deref() != Some("<<") => {
                            self.document.duplicates.push(Duplicate {
                                key: name.unwrap_or_default(),
                                first: entries[at].key.span,
                                second: key.span,
                            });
                            entries[at] = Entry { key, value: node };
                        }
                        _ => {
                            if let Some(name) = name {
                                index.insert(name, entries.len());
                            }
                            entries.push(Entry { key, value: node });
                        }
                    }
                }
            },
        }
    }
}

fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::Scalar(..) => 0,
        Value::Sequence(items) => items.iter().map(size).sum(),
        Value::Mapping(entries) => entries.iter().map(|e| size(&e.key) + size(&e.value)).sum(),
    }
}

fn tag_name(tag: &Tag) -> String {
    let (handle, suffix) = tag.parts();
    format!("{handle}{suffix}")
}

/// Applies `<<: *base` and `<<: [*a, *b]` as Go does: where they stand, so that keys before them lose and keys after them win;
/// of several bases the first wins.
fn merge_keys(entries: Vec<Entry>) -> Vec<Entry> {
    let is_merge = |e: &Entry| matches!(&e.key.value, Value::Scalar(t, Style::Plain) if t == "<<");
    if !entries.iter().any(is_merge) {
        return entries;
    }
    let mut merged: Vec<Entry> = Vec::new();
    let mut index: HashMap<String, usize> = HashMap::new();
    let mut set = |entry: Entry| match entry.key.text().and_then(|name| index.get(name).copied()) {
        Some(at) => merged[at] = entry,
        None => {
            if let Some(name) = entry.key.text() {
                index.insert(name.to_owned(), merged.len());
            }
            merged.push(entry);
        }
    };
    for entry in entries {
        if !is_merge(&entry) {
            set(entry);
            continue;
        }
        let bases = match entry.value.value {
            Value::Sequence(items) => items,
            _ => vec![entry.value],
        };
        for base in bases.into_iter().rev() {
            if let Value::Mapping(entries) = base.value {
                entries.into_iter().for_each(&mut set);
            }
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_document_costs_no_other() {
        let docs = parse("---\n# Source: a/b.yaml\na: 1\n---\nb: [\n---\nc: 3\n");
        assert_eq!(docs.len(), 3);
        assert_eq!(docs[0].source(), Some("a/b.yaml"));
        assert!(docs[1].root.is_none() && docs[1].error.is_some());
        let c = docs[2].root.as_ref().unwrap().get("c").unwrap();
        assert_eq!((c.span.start.line, c.span.start.column, c.span.start.offset), (7, 4, 44));
    }

    #[test]
    fn both_places_of_a_duplicate_key_are_known_and_the_last_value_counts() {
        let docs = parse("a: 1\nb: 2\na: 3\n");
        let duplicate = &docs[0].duplicates[0];
        assert_eq!((duplicate.first.start.line, duplicate.second.start.line), (1, 3));
        assert_eq!(docs[0].root.as_ref().unwrap().get("a").unwrap().as_i64(), Some(3));
    }

    #[test]
    fn aliases_are_expanded_within_a_limit() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..10 {
            let items = vec![format!("*a{}", level - 1); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        let docs = parse(&text);
        assert!(docs[0].error.as_ref().is_some_and(|e| e.limit));
        let docs = parse("base: &b {x: 1, y: 2}\nuse: {<<: *b, y: 3}\n");
        let used = docs[0].root.as_ref().unwrap().get("use").unwrap();
        assert_eq!(used.to_json(), serde_json::json!({"x": 1, "y": 3}));
        let docs = parse("base: &b {x: 1, y: 2}\nuse: {y: 3, <<: *b}\n");
        let used = docs[0].root.as_ref().unwrap().get("use").unwrap();
        assert_eq!(used.to_json(), serde_json::json!({"x": 1, "y": 2}), "Go lets a later merge win");
    }

    #[test]
    fn a_document_of_comments_only_is_empty_and_keeps_its_source() {
        let docs = parse("---\n# Source: x/templates/off.yaml\n---\na: 1\n");
        assert_eq!(docs[0].root, None);
        assert_eq!(docs[0].source(), Some("x/templates/off.yaml"));
        assert_eq!(docs[0].error, None);
    }

    #[test]
    fn deep_nesting_is_refused_with_the_limit_named() {
        let docs = parse(&"[".repeat(100_000));
        assert!(docs[0].error.is_some());
    }
}
