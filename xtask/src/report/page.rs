//! A page that the program writes, on a terminal: columns in line, names without their backquotes.

use std::io::{self, Write};

use anstyle::Style;
use checks::document::{Document, Layout, Table};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
/// A column is no wider than this unless its cell is: a long cell pushes the rest of its own row only.
const WIDEST: usize = 48;

/// Writes the page.
pub fn write(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    for section in &document.sections {
        if section.notes.is_empty() && section.table.rows.is_empty() && section.level == 2 {
            continue;
        }
        writeln!(out, "{BOLD}{}{BOLD:#}", section.title)?;
        for note in &section.notes {
            writeln!(out, "  {DIM}{}{DIM:#}", plain(note))?;
        }
        table(&section.table, out)?;
        writeln!(out)?;
    }
    Ok(())
}

fn table(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    if table.rows.is_empty() {
        return Ok(());
    }
    let rows: Vec<Vec<String>> = table.rows.iter().map(|row| row.iter().map(|cell| plain(cell)).collect()).collect();
    match table.layout {
        Layout::Columns => {
            let widths = widths(&rows, Some(&table.head));
            writeln!(out, "  {DIM}{}{DIM:#}", line(&table.head, &widths))?;
            columns(&rows, &widths, 2, out)
        }
        Layout::Grouped(count) => {
            writeln!(out, "  {DIM}{}{DIM:#}", table.head.join(" → "))?;
            for group in rows.chunk_by(|a, b| a[..count] == b[..count]) {
                writeln!(out, "  {}", group[0][..count].join(" → "))?;
                let rest: Vec<Vec<String>> = group.iter().map(|row| row[count..].to_vec()).collect();
                columns(&rest, &widths(&rest, None), 6, out)?;
            }
            Ok(())
        }
        Layout::Records => {
            let width = table.head[1..].iter().map(|h| h.chars().count()).max().unwrap_or(0);
            for row in &rows {
                writeln!(out, "  {}", row[0])?;
                for (name, cell) in table.head.iter().zip(row).skip(1) {
                    writeln!(out, "      {DIM}{name:<width$}{DIM:#}  {cell}")?;
                }
            }
            Ok(())
        }
    }
}

fn columns(rows: &[Vec<String>], widths: &[usize], indent: usize, out: &mut dyn Write) -> io::Result<()> {
    for row in rows {
        writeln!(out, "{:indent$}{}", "", line(row, widths))?;
    }
    Ok(())
}

fn widths(rows: &[Vec<String>], head: Option<&Vec<String>>) -> Vec<usize> {
    let count = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = rows.iter().chain(head).filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).filter(|width| *width <= WIDEST).max().unwrap_or(WIDEST)
    };
    (0..count).map(width).collect()
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let padded: Vec<String> = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
    padded.join("  ").trim_end().to_owned()
}

/// Without backquotes, stars and the targets of links.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        let name = link.split_once("](").and_then(|(name, target)| Some((name, target.split_once(')')?.1)));
        let Some((name, after)) = name.filter(|(name, _)| !name.contains('[')) else {
            out.push_str(before);
            out.push('[');
            rest = link;
            continue;
        };
        out.push_str(before);
        out.push_str(name);
        rest = after;
    }
    out.push_str(rest);
    out.replace("**", "").chars().filter(|c| *c != '`').map(|c| if c.is_control() { '·' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_needs_no_markup() {
        assert_eq!(
            plain("**secret**: `a-b`, see [README.md](../x/README.md), [ ] and a[0](x"),
            "secret: a-b, see README.md, [ ] and a[0](x"
        );
        assert_eq!(plain("- [x] Done: [a](b)"), "- [x] Done: a");
    }

    #[test]
    fn groups_are_told_once() {
        let mut table = Table::new(&["key", "user", "in"]).layout(Layout::Grouped(1));
        for row in [["`k`", "a", "all"], ["`k`", "bb", "local"], ["`l`", "c", "all"]] {
            table.rows.push(row.iter().map(|c| (*c).to_owned()).collect());
        }
        let mut out = Vec::new();
        super::table(&table, &mut out).unwrap();
        let text = anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string();
        assert_eq!(text, "  key → user → in\n  k\n      a   all\n      bb  local\n  l\n      c  all\n");
    }
}
