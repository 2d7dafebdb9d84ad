//! Lists of words, written as one text each, looked up by hash or tried one after the other.

use aho_corasick::AhoCorasick;
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::OnceLock;

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

type Table = Vec<Vec<&'static [u8]>>;

/// A list of words.
pub struct Lexicon {
    text: &'static str,
    set: OnceLock<HashSet<&'static [u8], BuildHasherDefault<Fnv>>>,
    finder: OnceLock<Option<AhoCorasick>>,
    /// Words by their first byte, and by their last.
    firsts: OnceLock<Table>,
    lasts: OnceLock<Table>,
    longest: usize,
}

impl Lexicon {
    /// The words of a text, separated by white space.
    pub const fn new(text: &'static str) -> Lexicon {
        Lexicon {
            text,
            set: OnceLock::new(),
            finder: OnceLock::new(),
            firsts: OnceLock::new(),
            lasts: OnceLock::new(),
            longest: longest(text.as_bytes()),
        }
    }

    /// The words in their order.
    pub fn words(&self) -> impl Iterator<Item = &'static [u8]> {
        self.text.split_ascii_whitespace().map(str::as_bytes)
    }

    /// Whether a word is in the list.
    pub fn has(&self, word: &[u8]) -> bool {
        word.len() <= self.longest && self.set.get_or_init(|| self.words().collect()).contains(word)
    }

    /// Whether a word is in the list, ASCII case aside. The list is in lower case.
    pub fn has_lower(&self, word: &[u8]) -> bool {
        word.len() <= self.longest && self.has(&word.to_ascii_lowercase())
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
        let finder = self.finder.get_or_init(|| AhoCorasick::new(self.words()).ok());
        finder.as_ref().is_some_and(|f| f.is_match(text))
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
