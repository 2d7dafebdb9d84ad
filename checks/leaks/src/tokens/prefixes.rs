//! Where one of several hundred strings starts in a text. Nearly no place has the first three bytes of one, so a small table of bits
//! turns places away, each by itself and without waiting for the one before, as an automaton must.

/// Bytes that the table looks at.
const LEAD: usize = 3;
const BITS: u32 = 15;
/// Odd numbers that mix bits well; each makes a place of its own.
const FIRST: u32 = 0x9e37_79b1;
const SECOND: u32 = 0x85eb_ca6b;

/// The strings.
pub(super) struct Prefixes {
    leads: Box<[u64]>,
    /// Each under its first bytes, with its number, in order.
    strings: Vec<([u8; LEAD], &'static [u8], usize)>,
}

impl Prefixes {
    /// Of strings, which are known by their numbers. One of two bytes stands under all that may follow: nothing is found by it at
    /// the very end of a text. None is shorter.
    pub fn new(all: impl Iterator<Item = &'static str>) -> Self {
        let mut strings = Vec::new();
        for (number, string) in all.enumerate() {
            match *string.as_bytes() {
                [a, b] => strings.extend((0..=255).map(|c| ([a, b, c], string.as_bytes(), number))),
                [a, b, c, ..] => strings.push(([a, b, c], string.as_bytes(), number)),
                _ => debug_assert!(false, "{string} starts everywhere"),
            }
        }
        strings.sort_unstable();
        let mut leads = vec![0; 1 << (BITS - 6)].into_boxed_slice();
        for (lead, ..) in &strings {
            for (word, bit) in [place(lead, FIRST), place(lead, SECOND)] {
                leads[word] |= bit;
            }
        }
        Self { leads, strings }
    }

    /// Tells each string that starts somewhere in a text: its number, its start and its end.
    pub fn each(&self, text: &[u8], tell: &mut dyn FnMut(usize, usize, usize)) {
        for (at, lead) in text.windows(LEAD).enumerate() {
            // What is in every text, such as blanks, may have the first bit by chance, but hardly both.
            let is_set = |(word, bit): (usize, u64)| self.leads[word] & bit != 0;
            if !is_set(place(lead, FIRST)) || !is_set(place(lead, SECOND)) {
                continue;
            }
            let first = self.strings.partition_point(|(known, ..)| known.as_slice() < lead);
            for (_, string, number) in self.strings[first..].iter().take_while(|(known, ..)| known == lead) {
                if text[at..].starts_with(string) {
                    tell(*number, at, at + string.len());
                }
            }
        }
    }
}

/// Where a bit of the first bytes stands.
fn place(lead: &[u8], factor: u32) -> (usize, u64) {
    let key = u32::from_le_bytes([lead[0], lead[1], lead[2], 0]);
    let slot = key.wrapping_mul(factor) >> (32 - BITS);
    ((slot >> 6) as usize, 1 << (slot & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_told() {
        let prefixes = Prefixes::new(["eyJ", "abc", "abcd", "://", "s."].into_iter());
        let mut told = Vec::new();
        prefixes.each(b"abcdabc://eyJeyJab", &mut |number, start, end| told.push((start, end, number)));
        assert_eq!(told, [(0, 3, 1), (0, 4, 2), (4, 7, 1), (7, 10, 3), (10, 13, 0), (13, 16, 0)]);
        prefixes.each(b"ab", &mut |_, _, _| unreachable!());
        prefixes.each(b"as.c", &mut |number, start, end| assert_eq!((start, end, number), (1, 3, 4)));
    }
}
