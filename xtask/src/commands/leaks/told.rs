//! What is told of each file, as text in the formats that are asked for, made where the file is scanned. Of the leaks themselves
//! nothing is kept, since a tree may hold a million of them: the texts wait in a temporary file until all errors can be told before
//! all warnings.

use std::io::{self, Read, Seek, SeekFrom, Write};

use tempfile::SpooledTempFile;

/// How a finding may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// As a block with its line.
    Block,
    /// On one line.
    Line,
    /// As JSON.
    Json,
    /// As a result of SARIF.
    Sarif,
}

/// How much a finding counts, in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// An error.
    Error,
    /// A warning.
    Warning,
    /// Excused by a comment.
    Excused,
}

/// The texts of one file.
#[derive(Default)]
pub(super) struct Texts(Vec<(Form, Weight, Vec<u8>)>);

impl Texts {
    /// The text in a form of all that has a weight, to be added to.
    pub fn of(&mut self, form: Form, weight: Weight) -> &mut Vec<u8> {
        let known = self.0.iter().position(|(f, w, _)| (*f, *w) == (form, weight));
        let index = known.unwrap_or_else(|| {
            self.0.push((form, weight, Vec::new()));
            self.0.len() - 1
        });
        &mut self.0[index].2
    }
}

/// The texts of all files.
pub(super) struct Spool {
    file: SpooledTempFile,
    end: u64,
    parts: Vec<Part>,
    /// Why it takes no more.
    broken: Option<io::Error>,
}

/// Where one text lies in the spool, in the order in which they are told.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    form: Form,
    weight: Weight,
    file: usize,
    start: u64,
    length: usize,
}

impl Spool {
    /// An empty one: in memory, and when there is more of it in a file that has no name.
    pub fn new() -> Self {
        const IN_MEMORY: usize = 4 << 20;
        Self { file: SpooledTempFile::new(IN_MEMORY), end: 0, parts: Vec::new(), broken: None }
    }

    /// Takes the texts of a file, which is known by its number, and leaves them empty. Once there is no room for them it takes no
    /// more: where the rest would lie is not known then.
    pub fn take(&mut self, file: usize, texts: &mut Texts) {
        for (form, weight, text) in texts.0.iter_mut().filter(|(.., text)| !text.is_empty()) {
            if self.broken.is_none() {
                self.broken = self.file.write_all(text).err();
            }
            if self.broken.is_none() {
                self.parts.push(Part { form: *form, weight: *weight, file, start: self.end, length: text.len() });
                self.end += text.len() as u64;
            }
            text.clear();
        }
    }

    /// Why not all of it is there, and what to do.
    pub fn broken(&self) -> Option<String> {
        let why = self.broken.as_ref()?;
        Some(format!(
            "not all that was found could be kept: {why}\n  help: free some disk, or set TMPDIR to another folder; what is told is not \
             all there is"
        ))
    }

    /// Copies what is told in a form, in the order of weights and files, with a separator between files.
    pub fn copy(&mut self, form: Form, separator: &[u8], out: &mut dyn Write) -> io::Result<()> {
        self.parts.sort_unstable();
        let parts = self.parts.iter().filter(|part| part.form == form);
        let mut longest = vec![0; parts.clone().map(|part| part.length).max().unwrap_or_default()];
        let mut at = None;
        for (number, part) in parts.enumerate() {
            let text = &mut longest[..part.length];
            if number > 0 {
                out.write_all(separator)?;
            }
            if at != Some(part.start) {
                self.file.seek(SeekFrom::Start(part.start))?;
            }
            self.file.read_exact(text)?;
            at = Some(part.start + part.length as u64);
            out.write_all(text)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_by_weight_and_file() {
        let mut spool = Spool::new();
        let mut texts = Texts::default();
        for file in [2, 0, 1] {
            for (weight, word) in [(Weight::Warning, "warning"), (Weight::Error, "error")] {
                write!(texts.of(Form::Line, weight), "{word} {file}").unwrap();
            }
            texts.of(Form::Json, Weight::Error).extend(b"{}");
            spool.take(file, &mut texts);
        }
        let mut said = Vec::new();
        spool.copy(Form::Line, b", ", &mut said).unwrap();
        assert_eq!(String::from_utf8_lossy(&said), "error 0, error 1, error 2, warning 0, warning 1, warning 2");
    }
}
