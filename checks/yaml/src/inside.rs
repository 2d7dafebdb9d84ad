//! Places inside a scalar: where in the file stands what was found in the text of a scalar that is YAML, or a template, itself.

use super::{Node, Pos, Span};

/// From positions in a scalar's text to those in the text that the scalar stands in.
#[derive(Debug, Clone)]
pub struct Inside {
    /// The scalar itself: the best there is where its text is not written as it is, as in a folded block or with escapes.
    whole: Span,
    /// For each line of the text its own offset and where it begins in the file; none when it is not written as it is.
    lines: Vec<(usize, Pos)>,
}

impl Inside {
    /// Of a scalar, and the text of the file that it was read from. `None` for lists and maps.
    pub fn of(node: &Node, source: &str) -> Option<Self> {
        let text = node.text()?;
        Some(Self { whole: node.span, lines: lines(text, node.span.start, source).unwrap_or_default() })
    }

    /// A position in the scalar's text as one in the file.
    pub fn pos(&self, at: Pos) -> Pos {
        match at.line.checked_sub(1).and_then(|line| self.lines.get(line)) {
            Some((offset, base)) => Pos {
                offset: base.offset + at.offset.saturating_sub(*offset),
                line: base.line,
                column: base.column + at.column.saturating_sub(1),
            },
            None if self.lines.is_empty() => self.whole.start,
            None => self.whole.end,
        }
    }

    /// A range of the scalar's text as one in the file.
    pub fn span(&self, span: Span) -> Span {
        if self.lines.is_empty() { self.whole } else { Span { start: self.pos(span.start), end: self.pos(span.end) } }
    }

    /// A tree that was read from the scalar's text, with its places in the file.
    #[must_use]
    pub fn tree(&self, mut root: Node) -> Node {
        self.shift(&mut root);
        root
    }

    fn shift(&self, node: &mut Node) {
        node.span = self.span(node.span);
        match &mut node.value {
            super::Value::Scalar(..) => {}
            super::Value::Sequence(items) => items.iter_mut().for_each(|item| self.shift(item)),
            super::Value::Mapping(entries) => {
                for entry in entries {
                    self.shift(&mut entry.key);
                    self.shift(&mut entry.value);
                }
            }
        }
    }
}

/// Where each line of a scalar's text begins in the file, if all of them are written there as they are.
fn lines(text: &str, start: Pos, source: &str) -> Option<Vec<(usize, Pos)>> {
    // A block begins at its first line that is not empty.
    let empty = text.len() - text.trim_start_matches('\n').len();
    let quoted = usize::from(source.get(start.offset..)?.starts_with(['"', '\'']) && !text.contains('\n'));
    let first = start.offset + quoted;
    let before = source.get(..first)?;
    let indent = first - before.rfind('\n').map_or(0, |at| at + 1);
    let column = start.column + quoted;
    let mut found: Vec<(usize, Pos)> = (0..empty)
        .map(|at| (at, Pos { offset: first, line: (start.line + at).saturating_sub(empty), column: 1 }))
        .collect();
    let (mut inner, mut outer, mut line) = (empty, first, start.line);
    for (index, wanted) in text[empty..].split('\n').enumerate() {
        if index > 0 {
            let rest = source.get(outer..)?;
            let written = rest.split('\n').next().unwrap_or_default();
            // An empty line need not be indented.
            let skip = if wanted.is_empty() { written.trim_end_matches('\r').len().min(indent) } else { indent };
            outer += skip;
        }
        let rest = source.get(outer..).unwrap_or_default();
        if !rest.starts_with(wanted) {
            return None;
        }
        found.push((inner, Pos { offset: outer, line, column }));
        inner += wanted.len() + 1;
        let next = rest.find('\n').map_or(source.len(), |at| outer + at + 1);
        outer = next;
        line += 1;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line, the column and the text in the file of the first leaf inside of the first leaf.
    fn inner(source: &str) -> (usize, usize, String) {
        let outer = crate::parse(source).remove(0).root.unwrap();
        let mut found = None;
        outer.leaves(&mut |_, node| {
            let tree = crate::parse(node.text().unwrap()).remove(0).root.unwrap();
            let tree = Inside::of(node, source).unwrap().tree(tree);
            tree.leaves(&mut |_, leaf| found = found.take().or(Some(leaf.span)));
        });
        let span: Span = found.unwrap();
        (span.start.line, span.start.column, source[span.start.offset..span.end.offset].to_owned())
    }

    #[test]
    fn places_in_a_block_are_exact() {
        assert_eq!(inner("a:\n  v: |\n    x: ü1\n  z: 1\n"), (3, 8, "ü1".into()));
        assert_eq!(inner("a: |-\n\n  # c\n\n  k:\n    y: 2"), (6, 8, "2".into()));
        assert_eq!(inner("a: |2\n      x: 1\n"), (2, 10, "1".into()));
        assert_eq!(inner("- &b |+ # c\n  k: v\n\n"), (2, 6, "v".into()));
        assert_eq!(inner("a: |\r\n  k:\r\n    y: v\r\n"), (3, 8, "v".into()));
    }

    #[test]
    fn places_in_other_scalars_are_exact_where_the_text_is_written_as_it_is() {
        assert_eq!(inner("a: 'x: 1'\n"), (1, 8, "1".into()));
        assert_eq!(inner("a: \"x: \\u0031\"\n"), (1, 4, "\"x: \\u0031\"".into()));
        assert_eq!(inner("a: >\n  x: 1\n\n  y: 2\n").0, 2);
    }
}
