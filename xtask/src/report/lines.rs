//! Lines of the repository's files as they may be shown: credentials masked, and the place in a line moved along.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use checks::model::Place;
use leaks::Redactor;
use leaks::evident::judged;
use leaks::redact::{MASK, joined};

/// Larger files are not opened to show a line of them.
const LARGEST: u64 = 16 << 20;

/// Terminals of fewer columns are not reckoned with.
const NARROWEST: usize = 40;

/// Lines of the repository's files.
pub struct Sources<'a> {
    root: PathBuf,
    redactor: &'a Redactor,
    known: RefCell<BTreeMap<String, Option<Known>>>,
    /// Columns of the terminal on which they are shown.
    width: Option<usize>,
}

struct Known {
    text: String,
    /// What is not shown of it.
    hidden: Vec<Range<usize>>,
}

impl<'a> Sources<'a> {
    /// Below a root. What the redactor knows is masked, and what the scan finds in the file itself.
    pub fn new(root: &Path, redactor: &'a Redactor) -> Self {
        Self { root: root.to_owned(), redactor, known: RefCell::default(), width: None }
    }

    /// To be shown on a stream: in the width of its terminal, if it is one.
    #[must_use]
    pub fn shown_on(self, stream: impl AsFd) -> Self {
        let width = terminal_size::terminal_size_of(stream).map(|(width, _)| usize::from(width.0));
        self.within(width)
    }

    /// To be shown in so many columns.
    #[must_use]
    pub fn within(mut self, width: Option<usize>) -> Self {
        self.width = width.map(|width| width.max(NARROWEST));
        self
    }

    /// The columns in which they are to be shown.
    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// Shows a text in the place of a file's own, such as one with its credentials masked.
    pub fn show_instead(&self, file: &str, text: String) {
        self.known.borrow_mut().insert(file.to_owned(), Some(Known { text, hidden: Vec::new() }));
    }

    /// A text with what the redactor knows masked: before it is cut, since nothing knows the half of a credential.
    pub fn mask(&self, text: &str) -> String {
        self.redactor.redact(text).into_owned()
    }

    /// The line of a place, masked, and the place in what is left of it.
    pub fn line(&self, place: &Place) -> Option<(String, Place)> {
        let mut known = self.known.borrow_mut();
        let known = known.entry(place.file.clone()).or_insert_with(|| self.read(&place.file)).as_ref()?;
        let mut start = 0;
        for _ in 1..place.line {
            start += known.text[start..].find('\n')? + 1;
        }
        if place.line == 0 || start >= known.text.len() {
            return None;
        }
        let line = known.text[start..].lines().next().unwrap_or_default();
        let end = start + line.len();
        let hidden = known.hidden.iter().filter(|h| h.start < end && h.end > start);
        let hidden: Vec<Range<usize>> = hidden.map(|h| h.start.max(start) - start..h.end.min(end) - start).collect();
        Some(masked(line, &hidden, place))
    }

    fn read(&self, file: &str) -> Option<Known> {
        let path = self.root.join(file);
        path.metadata().ok().filter(|m| m.is_file() && m.len() <= LARGEST)?;
        let text = String::from_utf8_lossy(&std::fs::read(path).ok()?).into_owned();
        let mut hidden = judged(file, &text);
        hidden.extend(self.redactor.spans(&text));
        Some(Known { hidden: joined(hidden), text })
    }
}

/// A line with byte ranges masked, and where a place in it lies then.
fn masked(line: &str, hidden: &[Range<usize>], place: &Place) -> (String, Place) {
    let mut shown = String::with_capacity(line.len());
    // Ranges in characters, as columns are counted.
    let mut moved: Vec<Range<usize>> = Vec::new();
    let mut from = 0;
    for range in hidden {
        shown.push_str(&line[from..range.start]);
        shown.push_str(MASK);
        let start = line[..range.start].chars().count();
        moved.push(start..start + line[range.clone()].chars().count());
        from = range.end;
    }
    shown.push_str(&line[from..]);
    let width = MASK.chars().count();
    let column = |column: usize, is_end: bool| {
        let Some(at) = column.checked_sub(1) else { return column };
        let mut longer = 0;
        let mut shorter = 0;
        for range in &moved {
            if at >= range.end {
                longer += width;
                shorter += range.len();
            } else if at > range.start {
                return range.start + longer - shorter + if is_end { width } else { 0 } + 1;
            }
        }
        at + longer - shorter + 1
    };
    let mut place = place.clone();
    // A whole line stays one.
    if place.column > 1 || place.end_column > 1 {
        place.column = column(place.column, false);
        if place.end_line == place.line {
            place.end_column = column(place.end_column, true);
        }
    }
    (shown, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(column: usize, end_column: usize) -> Place {
        Place { file: "f".into(), line: 1, column, end_line: 1, end_column }
    }

    #[test]
    fn the_caret_follows_the_mask() {
        let line = "ü: abc, next: 1";
        let hidden = vec![std::ops::Range { start: 4, end: 7 }];
        let (shown, value) = masked(line, &hidden, &place(4, 7));
        assert_eq!(shown, "ü: ••••••••, next: 1");
        assert_eq!((value.column, value.end_column), (4, 12));
        let (_, next) = masked(line, &hidden, &place(9, 13));
        assert_eq!((next.column, next.end_column), (14, 18));
        let (_, inside) = masked(line, &hidden, &place(5, 6));
        assert_eq!((inside.column, inside.end_column), (4, 12));
        let (_, whole) = masked(line, &hidden, &place(1, 1));
        assert_eq!((whole.column, whole.end_column), (1, 1));
    }

    #[test]
    fn a_credential_in_a_line_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let value = ["Zk4", "Wq8Rt2x"].concat();
        std::fs::write(folder.path().join("v.yaml"), format!("a: 1\ndb: {{password: {value}, port: 1}}\n")).unwrap();
        let redactor = Redactor::default();
        let sources = Sources::new(folder.path(), &redactor);
        let at = Place { file: "v.yaml".into(), line: 2, column: 16, end_line: 2, end_column: 26 };
        let (line, place) = sources.line(&at).unwrap();
        assert_eq!(line, "db: {password: ••••••••, port: 1}");
        assert_eq!((place.column, place.end_column), (16, 24));
        assert!(sources.line(&Place::line("v.yaml", 3)).is_none() && sources.line(&Place::file("v.yaml")).is_none());
    }
}
