//! The writer that every sink goes through: what the scan found in the run's inputs never leaves it.
//!
//! Text is held back, so that a value cannot slip through between two writes: to the end where a value may have several lines,
//! and to the end of a line where none has.

use std::io::{self, Write};

use std::hash::{BuildHasher, Hasher, RandomState};

use leaks::{MaskKey, Redactor};

/// The key of the short hashes that stand for credentials: `XTASK_MASK_KEY`, so that hashes can be compared between runs; a
/// random one otherwise, so that nothing can be learned from them.
pub fn mask_key() -> MaskKey {
    if let Some(text) = std::env::var("XTASK_MASK_KEY").ok().filter(|t| !t.is_empty()) {
        return MaskKey::from_text(&text);
    }
    let mut bytes = [0; 32];
    for chunk in bytes.chunks_mut(8) {
        // Each state has keys that the system's own source of randomness gave.
        chunk.copy_from_slice(&RandomState::new().build_hasher().finish().to_le_bytes());
    }
    MaskKey::new(bytes)
}

/// Where no value has more than one line, so much is held back before whole lines are let go.
const HELD: usize = 1 << 16;

/// Masks known secrets in everything written to it.
pub struct Redacting<'a, W: Write> {
    inner: W,
    redactor: &'a Redactor,
    pending: Vec<u8>,
}

impl<'a, W: Write> Redacting<'a, W> {
    /// Wraps a writer.
    pub fn new(inner: W, redactor: &'a Redactor) -> Self {
        Self { inner, redactor, pending: Vec::new() }
    }

    /// Writes out the lines that are whole.
    fn let_go(&mut self) -> io::Result<()> {
        let Some(end) = self.pending.iter().rposition(|b| *b == b'\n') else { return Ok(()) };
        let text = String::from_utf8_lossy(&self.pending[..=end]);
        self.inner.write_all(self.redactor.redact(&text).as_bytes())?;
        self.pending.drain(..=end);
        Ok(())
    }

    /// Writes out what is held back. A secret may span lines, so everything is masked at once here.
    pub fn finish(mut self) -> io::Result<()> {
        let text = String::from_utf8_lossy(&self.pending);
        self.inner.write_all(self.redactor.redact(&text).as_bytes())?;
        self.inner.flush()
    }
}

impl<W: Write> Write for Redacting<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= HELD && !self.redactor.spans_lines() {
            self.let_go()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
