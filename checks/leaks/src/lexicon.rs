//! Lists of words, written as one text each, looked up by hash or tried one after the other.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::OnceLock;

use super::needles::Needles;

/// FNV-1a: short keys, and nobody from outside chooses what is in the set.
#[derive(Clone)]
pub struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.0 = (self.0 ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// Longer words are put into lower case elsewhere than on the stack.
const LONGEST: usize = 32;

type Table = Vec<Vec<&'static [u8]>>;

/// A list of words.
pub struct Lexicon {
    text: &'static str,
    set: OnceLock<HashSet<&'static [u8], BuildHasherDefault<Fnv>>>,
    /// For lists of words of three letters and more.
    needles: OnceLock<Needles<12>>,
    /// Words by their first byte, and by their last.
    firsts: OnceLock<Table>,
    lasts: OnceLock<Table>,
    longest: usize,
    /// Which lengths words have (bit 63: all above), and which first letters: most texts are turned away by these alone.
    lengths: u64,
    letters: u32,
}

impl Lexicon {
    /// The words of a text, separated by white space.
    pub const fn new(text: &'static str) -> Lexicon {
        Lexicon {
            text,
            set: OnceLock::new(),
            needles: OnceLock::new(),
            firsts: OnceLock::new(),
            lasts: OnceLock::new(),
            longest: longest(text.as_bytes()),
            lengths: lengths(text.as_bytes()),
            letters: letters(text.as_bytes()),
        }
    }

    /// The words in their order.
    pub fn words(&self) -> impl Iterator<Item = &'static [u8]> {
        self.text.split_ascii_whitespace().map(str::as_bytes)
    }

    /// Whether a word is in the list.
    pub fn has(&self, word: &[u8]) -> bool {
        self.could_have(word) && self.set.get_or_init(|| self.words().collect()).contains(word)
    }

    /// Whether a word is in the list, ASCII case aside. The list is in lower case.
    pub fn has_lower(&self, word: &[u8]) -> bool {
        if !self.could_have(word) {
            return false;
        }
        let mut lower = [0; LONGEST];
        match lower.get_mut(..word.len()) {
            Some(lower) => {
                lower.copy_from_slice(word);
                lower.make_ascii_lowercase();
                self.has(lower)
            }
            None => self.has(&word.to_ascii_lowercase()),
        }
    }

    /// Never wrong about a no.
    fn could_have(&self, word: &[u8]) -> bool {
        let letter = match word.first() {
            Some(b) if b.is_ascii_alphabetic() => self.letters >> ((b | 0x20) - b'a') & 1 == 1,
            Some(_) => true,
            None => false,
        };
        letter && word.len() <= self.longest && self.lengths >> word.len().min(63) & 1 == 1
    }

    fn table(&self, key: fn(&[u8]) -> Option<&u8>) -> Table {
        let mut table = vec![Vec::new(); 256];
        for word in self.words() {
            if let Some(&byte) = key(word) {
                table[usize::from(byte)].push(word);
            }
        }
        table
    }

    /// Whether a text starts with a word of the list.
    pub fn starts(&self, text: &[u8]) -> bool {
        let table = self.firsts.get_or_init(|| self.table(<[u8]>::first));
        text.first().is_some_and(|&b| table[usize::from(b)].iter().any(|w| text.starts_with(w)))
    }

    /// Whether a text ends with a word of the list.
    pub fn ends(&self, text: &[u8]) -> bool {
        let table = self.lasts.get_or_init(|| self.table(<[u8]>::last));
        text.last().is_some_and(|&b| table[usize::from(b)].iter().any(|w| text.ends_with(w)))
    }

    /// Whether a word of the list is somewhere in a text.
    pub fn inside(&self, text: &[u8]) -> bool {
        self.needles.get_or_init(|| Needles::new(self.words())).any(text)
    }
}

const fn longest(text: &[u8]) -> usize {
    let (mut at, mut run, mut longest) = (0, 0, 0);
    while at < text.len() {
        run = if text[at] == b' ' { 0 } else { run + 1 };
        if run > longest {
            longest = run;
        }
        at += 1;
    }
    longest
}

const fn lengths(text: &[u8]) -> u64 {
    let (mut at, mut run, mut lengths) = (0, 0, 0);
    while at < text.len() {
        run = if text[at] == b' ' { 0 } else { run + 1 };
        if run > 0 && (at + 1 == text.len() || text[at + 1] == b' ') {
            lengths |= 1 << if run > 63 { 63 } else { run };
        }
        at += 1;
    }
    lengths
}

const fn letters(text: &[u8]) -> u32 {
    let (mut at, mut letters) = (0, 0);
    while at < text.len() {
        if text[at].is_ascii_alphabetic() && (at == 0 || text[at - 1] == b' ') {
            letters |= 1 << ((text[at] | 0x20) - b'a');
        }
        at += 1;
    }
    letters
}
