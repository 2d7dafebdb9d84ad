//! What is remembered of a scan so that names of files and keys that repeat a value are masked, the values themselves forgotten.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use super::evident;
use super::leak::Leak;
use super::redact::Redactor;
use super::scan::Scanned;
use super::shapes::{self, Shape};
use super::words::wordlike;

/// Bytes of a value that tell it from others.
const SPAN: usize = 8;

/// What is remembered of all files of a scan; several threads may note theirs at once.
#[derive(Default)]
pub struct Traces {
    heads: Heads,
    /// Parts of names that look like a value rather than a word.
    suspicious: Mutex<BTreeSet<String>>,
}

impl Traces {
    /// Notes what one file holds.
    pub fn note(&self, scanned: &Scanned, file: &str) {
        let mut suspicious = BTreeSet::new();
        let mut last = ["", ""];
        for leak in &scanned.leaks {
            if let Some(head) = head(leak) {
                self.heads.insert(head);
            }
            for (name, last) in [&leak.path, &leak.member].into_iter().zip(&mut last) {
                if name != last {
                    *last = name;
                    suspicious_parts(name, &mut |part| _ = suspicious.insert(part.to_owned()));
                }
            }
        }
        suspicious_parts(file, &mut |part| _ = suspicious.insert(part.to_owned()));
        if !suspicious.is_empty()
            && let Ok(mut all) = self.suspicious.lock()
        {
            all.extend(suspicious);
        }
    }

    /// Masks the parts of names that repeat a value, or are one by themselves. Nearly always that is nothing.
    pub fn redactor(self) -> Redactor {
        let suspicious = self.suspicious.into_inner().unwrap_or_default();
        let repeats = |part: &str| part.as_bytes().windows(SPAN).any(|window| self.heads.may_hold(window));
        let telling = |part: &&String| repeats(part) || !evident::evident(part).is_empty();
        Redactor::known_only(suspicious.iter().filter(telling))
    }
}

/// The first bytes of values that no name has by chance, as a Bloom filter: its memory does not grow with what is found. What it
/// takes for known by mistake is a part of a name that looks like a value anyway.
#[derive(Default)]
struct Heads(OnceLock<Box<[AtomicU64]>>);

impl Heads {
    /// Four MiB: of a million values, one in a thousand others is taken for known.
    const WORDS: usize = 1 << 19;

    fn insert(&self, head: &[u8]) {
        let words = self.0.get_or_init(|| (0..Self::WORDS).map(|_| AtomicU64::new(0)).collect());
        let (word, bits) = Self::place(head);
        words[word].fetch_or(bits, Ordering::Relaxed);
    }

    fn may_hold(&self, head: &[u8]) -> bool {
        let (word, bits) = Self::place(head);
        self.0.get().is_some_and(|words| words[word].load(Ordering::Relaxed) & bits == bits)
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

/// The first bytes of a leak's value, when it is one that no name has by chance.
fn head(leak: &Leak) -> Option<&[u8]> {
    let value = leak.secrets.first()?.expose().as_bytes();
    let telling = value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic);
    value.get(..SPAN).filter(|_| telling)
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
        let heads = Heads::default();
        let head = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        for n in 0..10_000 {
            heads.insert(&head(n));
        }
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
