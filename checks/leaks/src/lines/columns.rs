//! Tables whose first row names their columns: CSV, tabs, and the pipes of a page. Of a column of credentials, what mixes letters
//! with digits is one.

use std::ops::Range;

use crate::memory;
use crate::names::{Class, Name};

/// The longest first row, and its cells.
const MAX_HEADER: usize = 512;
const MAX_CELL: usize = 40;
/// Columns of credentials that one table has.
const MOST: usize = 4;

/// The columns of credentials of an open table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    separator: u8,
    cells: usize,
    /// The line below the first row, which makes it one in a page, is still to come.
    ruled: bool,
    credentials: Vec<(usize, Name, Vec<u8>)>,
}

/// A credential of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell<'a> {
    /// Where it stands.
    pub range: Range<usize>,
    /// What its column means.
    pub name: Name,
    /// What its column is called.
    pub label: &'a [u8],
}

impl Columns {
    /// Of a row that names credentials among other columns. Only the first line of a text may do so without pipes.
    pub fn named(line: &[u8], first: bool) -> Option<Self> {
        let line = line.trim_ascii_end();
        if line.len() > MAX_HEADER || line.first().is_some_and(u8::is_ascii_whitespace) {
            return None;
        }
        let separator = if line.starts_with(b"|") {
            b'|'
        } else {
            *b"\t,;".iter().find(|separator| first && line.contains(separator))?
        };
        let (mut count, mut credentials) = (0, Vec::new());
        for cell in cells(line, separator) {
            let cell = &line[cell];
            let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'_' | b'-' | b'.' | b'/');
            if cell.is_empty() || cell.len() > MAX_CELL || !cell[0].is_ascii_alphabetic() || !cell.iter().all(plain) {
                return None;
            }
            let name: Vec<u8> = cell.iter().map(|&b| if b == b' ' { b'_' } else { b }).collect();
            let judged = memory::known(&name).name;
            if judged.class >= Class::Token && credentials.len() < MOST {
                credentials.push((count, judged, name));
            }
            count += 1;
        }
        let some = count > 1 && !credentials.is_empty() && credentials.len() < count;
        some.then_some(Self { separator, cells: count, ruled: separator != b'|', credentials })
    }

    /// The credentials of a row, or nothing where the table is at its end.
    pub fn row(&mut self, line: &[u8]) -> Option<Vec<Cell<'_>>> {
        let line = line.trim_ascii_end();
        if !self.ruled {
            self.ruled = line.len() > 2 && line.iter().all(|b| matches!(b, b'|' | b'-' | b':' | b' '));
            return self.ruled.then(Vec::new);
        }
        if line.is_empty() {
            return None;
        }
        // One cell more tells of a longer row.
        let row: Vec<Range<usize>> = cells(line, self.separator).take(self.cells + 1).collect();
        let mixes = |cell: &[u8]| {
            cell.len() >= 6 && cell.iter().any(u8::is_ascii_digit) && cell.iter().any(u8::is_ascii_alphabetic)
        };
        if row.len() != self.cells {
            // In a page the table is at its end; a file of rows goes on.
            return (self.separator != b'|').then(Vec::new);
        }
        let all = self.credentials.iter().map(|(at, name, label)| Cell { range: row[*at].clone(), name: *name, label });
        Some(all.filter(|cell| mixes(&line[cell.range.clone()])).collect())
    }
}

/// The cells of a row, blanks and quotes around them taken off.
fn cells(line: &[u8], separator: u8) -> impl Iterator<Item = Range<usize>> + '_ {
    let pipes = usize::from(separator == b'|');
    let inner = pipes..line.len() - usize::from(pipes == 1 && line.len() > 1 && line.ends_with(b"|"));
    let mut at = inner.start;
    std::iter::from_fn(move || {
        if at > inner.end {
            return None;
        }
        let row = &line[at..inner.end];
        // A separator inside of quotes is a part of the cell.
        let closed = row.strip_prefix(b"\"").and_then(|rest| memchr::memmem::find(rest, &[b'"', separator]));
        let end = closed.map(|n| n + 2).or_else(|| memchr::memchr(separator, row)).map_or(inner.end, |n| at + n);
        let cell = &line[at..end];
        let start = at + cell.len() - cell.trim_ascii_start().len();
        let cell = cell.trim_ascii();
        at = end + 1;
        let quoted = cell.len() > 2 && matches!(cell[0], b'"' | b'\'' | b'`') && cell.last() == cell.first();
        Some(start + usize::from(quoted)..start + cell.len() - usize::from(quoted))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_until_another_count_of_cells() {
        let value = ["fox", "4711", "river"].concat();
        for (header, row, end) in [
            ("name,password,role", format!("\"ann, b.\",{value},admin"), ""),
            ("host\tlogin\tpassword", format!("h\tann\t\"{value}\""), ""),
            ("| System | User | Password |", format!("| app | ann | `{value}` |"), "after it"),
        ] {
            let mut columns = Columns::named(header.as_bytes(), true).expect(header);
            assert!(!header.starts_with('|') || columns.row(b"| --- | :-- | --- |").is_some());
            let found = columns.row(row.as_bytes()).expect("a row");
            let found: Vec<_> = found.into_iter().map(|cell| &row[cell.range]).collect();
            assert_eq!(found, [value.as_str()], "{header}");
            assert_eq!(columns.row(end.as_bytes()), None, "{header}");
        }
        for none in ["password", "a,b", "Keep your password, token and key safe, please!", "password,token"] {
            assert_eq!(Columns::named(none.as_bytes(), true), None, "{none}");
        }
    }
}
