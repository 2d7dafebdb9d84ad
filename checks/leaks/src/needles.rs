//! Where one of several hundred strings stands in a text. Nearly no place has the first three bytes of one, so a small table turns
//! places away, each by itself and without waiting for the one before, as an automaton must.

use std::ops::Range;

/// Bytes that the table looks at.
const LEAD: usize = 3;
/// An odd number that mixes bits well, so large that of four bytes the last one, which is none of the lead, has no part in it.
const FACTOR: u32 = 0x9e37_79b1 << 8;
/// Places of a word of eight bytes that have all their bytes in it.
const STEP: usize = 8 - LEAD + 1;
/// Makes letters small. What else it makes equal is told apart later.
const SMALL: u32 = 0x2020_2020;

/// The strings. `BITS` are those of a place in the table, which should stay in the fastest memory; where `ANY_CASE` is set, the
/// strings are in lower case and stand for themselves in any.
pub struct Needles<const BITS: u32, const ANY_CASE: bool = false> {
    /// Whether one may begin with these bytes.
    leads: Box<[u8]>,
    /// Where those of a place start among all.
    starts: Vec<u16>,
    /// By their places, each with its number.
    strings: Vec<(Box<[u8]>, usize)>,
}

impl<const BITS: u32, const ANY_CASE: bool> Needles<BITS, ANY_CASE> {
    /// Of strings, which are known by their numbers. One of two bytes stands under all characters that may follow: nothing is found
    /// by it before a blank or at the very end of a text. None is shorter.
    pub fn new<S: AsRef<[u8]>>(all: impl IntoIterator<Item = S>) -> Self {
        let mut strings = Vec::new();
        for (number, string) in all.into_iter().enumerate() {
            let string = string.as_ref();
            let mut under = |a, b, c| strings.push((Self::place([a, b, c, 0]), Box::from(string), number));
            match *string {
                [a, b] => (b'!'..=b'~').for_each(|c| under(a, b, c)),
                [a, b, c, ..] => under(a, b, c),
                _ => debug_assert!(false, "it would stand everywhere"),
            }
        }
        strings.sort_unstable();
        // One of two bytes may be more than once at a place.
        strings.dedup();
        let mut leads = vec![0; 1 << BITS].into_boxed_slice();
        for (place, ..) in &strings {
            leads[*place] = 1;
        }
        let start = |at: usize| strings.partition_point(|(place, ..)| *place < at);
        let starts = (0..=1 << BITS).map(|at| u16::try_from(start(at)).unwrap_or(u16::MAX)).collect();
        Self { leads, starts, strings: strings.into_iter().map(|(_, string, number)| (string, number)).collect() }
    }

    /// Tells each string that stands somewhere in a text, its number and where, in the order of their starts, until told to stop.
    pub fn each(&self, text: &[u8], tell: &mut dyn FnMut(usize, Range<usize>) -> bool) {
        // Its length is known, so that no place is asked whether it is in there.
        let Some(leads) = self.leads.get(..1 << BITS) else { return };
        let mut at = 0;
        while let Some(&word) = text[at..].first_chunk() {
            let word = u64::from_le_bytes(word);
            // All places of a word are looked up before one is asked for.
            #[allow(clippy::cast_possible_truncation)]
            let any = (0..STEP).fold(0, |any, at| any | leads[Self::place(((word >> (8 * at)) as u32).to_le_bytes())]);
            if any != 0 && !(at..at + STEP).all(|at| self.tell_at(text, at, tell)) {
                return;
            }
            at += STEP;
        }
        let _ = (at..text.len()).all(|at| self.tell_at(text, at, tell));
    }

    fn tell_at(&self, text: &[u8], at: usize, tell: &mut dyn FnMut(usize, Range<usize>) -> bool) -> bool {
        let Some(&[a, b, c]) = text[at..].first_chunk::<LEAD>() else { return true };
        let place = Self::place([a, b, c, 0]);
        if self.leads[place] == 0 {
            return true;
        }
        let (start, end) = (usize::from(self.starts[place]), usize::from(self.starts[place + 1]));
        self.strings[start..end].iter().all(|(string, number)| {
            // The last byte tells most of the others apart, before all are compared.
            let stands = text[at..].get(..string.len()).is_some_and(|there| {
                if ANY_CASE {
                    there.eq_ignore_ascii_case(string)
                } else {
                    there.last() == string.last() && *there == **string
                }
            });
            !stands || tell(*number, at..at + string.len())
        })
    }

    /// Where the string stands that ends first.
    pub fn first(&self, text: &[u8]) -> Option<Range<usize>> {
        let mut first: Option<Range<usize>> = None;
        self.each(text, &mut |_, found| match &first {
            Some(known) if found.start >= known.end => false,
            Some(known) if found.end >= known.end => true,
            _ => {
                first = Some(found);
                true
            }
        });
        first
    }

    /// Whether one stands somewhere.
    pub fn any(&self, text: &[u8]) -> bool {
        let mut any = false;
        self.each(text, &mut |_, _| {
            any = true;
            false
        });
        any
    }

    /// Where the table tells of the first three bytes.
    fn place(lead: [u8; 4]) -> usize {
        let lead = u32::from_le_bytes(lead) | if ANY_CASE { SMALL } else { 0 };
        (lead.wrapping_mul(FACTOR) >> (32 - BITS)) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_told() {
        let needles = Needles::<10>::new(["eyJ", "abc", "abcd", "://", "s."]);
        let all = |text: &str| {
            let mut told = Vec::new();
            needles.each(text.as_bytes(), &mut |number, found| {
                told.push((found.start, found.end, number));
                true
            });
            told
        };
        let told = all("abcdabc://eyJeyJab");
        assert_eq!(told, [(0, 3, 1), (0, 4, 2), (4, 7, 1), (7, 10, 3), (10, 13, 0), (13, 16, 0)]);
        for before in 0..20 {
            let told = all(&("-".repeat(before) + "abcd"));
            assert_eq!(told, [(before, before + 3, 1), (before, before + 4, 2)], "wherever it stands in a word");
        }
        assert_eq!(all("ab"), []);
        assert_eq!(all("as.c"), [(1, 3, 4)]);
    }

    #[test]
    fn the_first_is_the_one_that_ends_first() {
        let needles = Needles::<10, true>::new(["htpasswd ", "pass", "_pw"]);
        assert_eq!(needles.first(b"x htPassWd y"), Some(4..8));
        assert_eq!(needles.first(b"-------- DB_PW"), Some(11..14));
        assert_eq!(needles.first(b"-------- DB-PA"), None);
        assert!(needles.any(b"a PASS") && !needles.any(b"a pas"));
    }
}
