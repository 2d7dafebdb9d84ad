//! What is remembered of a scan so that names of files and keys that repeat a value are masked, the values themselves forgotten.

use std::collections::BTreeSet;

use super::evident;
use super::leak::Leak;
use super::redact::Redactor;
use super::scan::Scanned;
use super::shapes::{self, Shape};
use super::words::wordlike;

/// Bytes of a value that tell it from others.
const SPAN: usize = 8;

/// What is remembered of the files of a scan, or of those that one thread looks at.
#[derive(Default)]
pub struct Traces {
    heads: Heads,
    /// Parts of names that look like a value rather than a word.
    suspicious: BTreeSet<String>,
}

impl Traces {
    /// Notes what one file holds.
    pub fn note(&mut self, scanned: &Scanned, file: &str) {
        let mut last = ["", ""];
        for leak in &scanned.leaks {
            if let Some(head) = head(leak) {
                self.heads.insert(head);
            }
            for (name, last) in [&leak.path, &leak.member].into_iter().zip(&mut last) {
                if name != last {
                    *last = name;
                    suspicious_parts(name, &mut |part| _ = self.suspicious.insert(part.to_owned()));
                }
            }
        }
        suspicious_parts(file, &mut |part| _ = self.suspicious.insert(part.to_owned()));
    }

    /// Adds what another thread has noted.
    pub fn add(&mut self, other: Traces) {
        self.heads.add(other.heads);
        self.suspicious.extend(other.suspicious);
    }

    /// Masks the parts of names that repeat a value, or are one by themselves. Nearly always that is nothing.
    pub fn redactor(self) -> Redactor {
        let repeats = |part: &str| part.as_bytes().windows(SPAN).any(|window| self.heads.may_hold(window));
        let telling = |part: &&String| repeats(part) || !evident::evident(part).is_empty();
        Redactor::known_only(self.suspicious.iter().filter(telling))
    }
}

/// The first bytes of values that no name has by chance, as a Bloom filter: its memory does not grow with what is found. What it
/// takes for known by mistake is a part of a name that looks like a value anyway.
#[derive(Default)]
struct Heads(Vec<u64>);

impl Heads {
    /// Four MiB: of a million values, one in a thousand others is taken for known.
    const WORDS: usize = 1 << 19;

    fn insert(&mut self, head: &[u8]) {
        if self.0.is_empty() {
            self.0 = vec![0; Self::WORDS];
        }
        let (word, bits) = Self::place(head);
        self.0[word] |= bits;
    }

    fn add(&mut self, other: Heads) {
        if self.0.is_empty() {
            self.0 = other.0;
        } else {
            self.0.iter_mut().zip(other.0).for_each(|(own, other)| *own |= other);
        }
    }

    fn may_hold(&self, head: &[u8]) -> bool {
        let (word, bits) = Self::place(head);
        self.0.get(word).is_some_and(|word| word & bits == bits)
    }

    /// Four bits of one word, so that memory is touched once; each from other digits of a product.
    fn place(head: &[u8]) -> (usize, u64) {
        let value = head.iter().fold(0u64, |value, &b| value << 8 | u64::from(b));
        let mixed = (value ^ value >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xff51_afd7_ed55_8ccd);
        let bits = [8, 14, 20, 26].iter().fold(0, |bits, shift| bits | 1 << (mixed >> shift & 63));
        ((mixed >> 45) as usize % Self::WORDS, bits)
    }
}

/// The first bytes of a leak's value that no name has by chance: with a digit among them.
fn head(leak: &Leak) -> Option<&[u8]> {
    let value = leak.secrets.first()?.expose().as_bytes();
    let start = (value.iter().position(u8::is_ascii_digit)? + 1).saturating_sub(SPAN);
    value.get(start..start + SPAN).filter(|head| head.iter().any(u8::is_ascii_alphabetic))
}

/// The parts of a name (of a file, of a key) that look like a value rather than a word.
fn suspicious_parts(name: &str, each: &mut dyn FnMut(&str)) {
    if name.len() < SPAN || !name.bytes().any(|b| b.is_ascii_digit()) {
        return;
    }
    let joins = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'+' | b'=' | b'!' | b'#');
    let mut start = 0;
    for part in name.as_bytes().split(|b| !joins(b)) {
        let range = start..start + part.len();
        start = range.end + 1;
        if part.len() >= SPAN
            && part.iter().any(u8::is_ascii_digit)
            && !is_numbered_word(part)
            && matches!(shapes::judge(part), Shape::Strong | Shape::Uuid)
            // All that separates is ASCII, and so is what is joined.
            && let Some(part) = name.get(range)
        {
            each(part);
        }
    }
}

/// `config12`, `worker-3`: the most of what looks at first as if it could be a value.
fn is_numbered_word(part: &[u8]) -> bool {
    let word = &part[..part.len() - part.iter().rev().take_while(|b| b.is_ascii_digit()).count()];
    word.len() <= 24 && wordlike(word.strip_suffix(b"-").unwrap_or(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_known_and_others_are_not() {
        let (mut heads, mut others) = (Heads::default(), Heads::default());
        let head = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        for n in 0..10_000 {
            let heads = if n % 2 == 0 { &mut heads } else { &mut others };
            heads.insert(&head(n));
        }
        heads.add(others);
        assert!((0..10_000).all(|n| heads.may_hold(&head(n))));
        assert!((10_000..30_000).filter(|n| heads.may_hold(&head(*n))).count() < 3);
    }

    #[test]
    fn parts_of_names_that_look_like_values() {
        let value = ["kZ7wQ3", "xT9mB2vN5pR8sD"].concat();
        let mut found = Vec::new();
        for name in
            [format!("charts/ü/{value}.yaml"), "charts/app-12/values.yaml".to_owned(), "db0.password".to_owned()]
        {
            suspicious_parts(&name, &mut |part| found.push(part.to_owned()));
        }
        assert_eq!(found, [value]);
    }
}
