//! Takes colours off what people read where it goes into a file or a pipe. A report may have hundreds of megabytes and hardly ever
//! a colour: only what has one is looked at byte by byte.

use std::io::{self, Write};

use anstream::adapter::StripBytes;

/// What a colour begins with, and what ends it.
const ESCAPE: u8 = 0x1b;
const END: u8 = b'm';

/// A writer that takes colours off.
pub struct Plain<W: Write> {
    out: W,
    state: StripBytes,
    /// The end of a colour may be in what is written next.
    open: bool,
}

impl<W: Write> Plain<W> {
    /// Wraps a writer.
    pub fn new(out: W) -> Self {
        Self { out, state: StripBytes::new(), open: false }
    }
}

impl<W: Write> Write for Plain<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let last = memchr::memrchr(ESCAPE, bytes);
        if last.is_none() && !self.open {
            self.out.write_all(bytes)?;
            return Ok(bytes.len());
        }
        for part in self.state.strip_next(bytes) {
            self.out.write_all(part)?;
        }
        self.open = memchr::memchr(END, &bytes[last.unwrap_or_default()..]).is_none();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_taken_off_wherever_they_are_cut() {
        let text = "\u{1b}[1m\u{1b}[31merror\u{1b}[0m: mü\n";
        for cut in 0..text.len() {
            let mut out = Vec::new();
            let mut plain = Plain::new(&mut out);
            let (before, after) = text.as_bytes().split_at(cut);
            plain.write_all(before).unwrap();
            plain.write_all(after).unwrap();
            plain.write_all("• all\n".as_bytes()).unwrap();
            assert_eq!(String::from_utf8_lossy(&out), "error: mü\n• all\n", "cut at {cut}");
        }
    }
}
