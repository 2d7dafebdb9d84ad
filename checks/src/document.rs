//! Pages that the program writes: headings, notes and tables, the same for a terminal and for a file under `docs/`.

use std::fmt::Write as _;

/// A page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// The command that writes it, without `cargo xtask`.
    pub command: &'static str,
    /// Its heading.
    pub title: String,
    /// What stands under the heading, a paragraph each.
    pub notes: Vec<String>,
    /// Its parts.
    pub sections: Vec<Section>,
}

/// A part of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// Depth of the heading, from 2.
    pub level: usize,
    /// What stands under the heading; an entry that begins with `- ` is a line of a list, any other a paragraph.
    pub notes: Vec<String>,
    /// Its table.
    pub table: Table,
}

/// A table; nothing is shown of one without rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Names of the columns.
    pub head: Vec<String>,
    /// As many cells as there are columns. Names are in backquotes.
    pub rows: Vec<Vec<String>>,
    /// How a terminal shows it, which is narrower than a page.
    pub layout: Layout,
}

/// How a terminal shows a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Layout {
    /// In columns.
    #[default]
    Columns,
    /// The first columns as a heading, which is not repeated where the next row has the same; the others in columns below it.
    Grouped(usize),
    /// The first cell as a heading, each other cell on a line of its own.
    Records,
}

impl Document {
    /// The first line of its file, by which it is known as one that the program writes.
    pub fn mark(&self) -> String {
        mark(self.command)
    }

    /// As Markdown.
    pub fn to_markdown(&self) -> String {
        let mut text = format!("{}\n\n# {}\n", self.mark(), self.title);
        for note in &self.notes {
            let _ = write!(text, "\n{note}\n");
        }
        for section in &self.sections {
            let _ = write!(text, "\n{} {}\n", "#".repeat(section.level.max(2)), section.title);
            let mut in_list = false;
            for note in &section.notes {
                let is_item = note.starts_with("- ");
                if !(is_item && in_list) {
                    text.push('\n');
                }
                let _ = writeln!(text, "{note}");
                in_list = is_item;
            }
            section.table.write_markdown(&mut text);
        }
        text
    }
}

/// The first line of a page that a command writes.
pub fn mark(command: &str) -> String {
    format!("<!-- Written by `cargo xtask {command}`; what is changed by hand is lost. -->")
}

impl Table {
    /// An empty one.
    pub fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(|h| (*h).to_owned()).collect(), ..Self::default() }
    }

    /// The same with another layout.
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    fn write_markdown(&self, text: &mut String) {
        if self.rows.is_empty() {
            return;
        }
        let row = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|c| c.replace('|', "\\|").replace('\n', " ")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        text.push('\n');
        text.push_str(&row(&self.head));
        let _ = writeln!(text, "|{}", "---|".repeat(self.head.len()));
        for cells in &self.rows {
            text.push_str(&row(cells));
        }
    }
}

/// A name in backquotes; a backquote in it would end them.
pub fn code(name: &str) -> String {
    format!("`{}`", name.replace('`', "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_has_its_mark_and_whole_tables() {
        let mut table = Table::new(&["a", "b"]);
        table.rows.push(vec![code("x|y"), "two\nlines".to_owned()]);
        let list = vec!["Words.".to_owned(), "- one".to_owned(), "- two".to_owned()];
        let section = Section { title: "Part".to_owned(), level: 2, notes: list, table };
        let empty = Section { title: "Empty".to_owned(), level: 3, table: Table::new(&["a"]), ..Section::default() };
        let document = Document {
            command: "x --write",
            title: "T".to_owned(),
            sections: vec![section, empty],
            ..Document::default()
        };
        assert_eq!(
            document.to_markdown(),
            "<!-- Written by `cargo xtask x --write`; what is changed by hand is lost. -->\n\n# T\n\n## Part\n\nWords.\n\n- one\n- \
             two\n\n| a | b |\n|---|---|\n| `x\\|y` | two lines |\n\n### Empty\n"
        );
    }
}
