//! Where one of several hundred strings starts in a text. Nearly no place has the first three bytes of one, so a small table turns
//! places away, each by itself and without waiting for the one before, as an automaton must.

/// Bytes that the table looks at.
const LEAD: usize = 3;
/// Bits of a place in the table, which stays in the fastest memory.
const BITS: u32 = 14;
/// An odd number that mixes bits well, so large that of four bytes the last one, which is none of the lead, has no part in it.
const FACTOR: u32 = 0x9e37_79b1 << 8;
/// Places of a word of eight bytes that have all their bytes in it.
const STEP: usize = 8 - LEAD + 1;

/// The strings.
pub(super) struct Prefixes {
    /// Whether one may begin with these bytes.
    leads: Box<[u8; 1 << BITS]>,
    /// Where those of a place start among all.
    starts: Vec<u16>,
    /// By their places, each with its number.
    strings: Vec<(&'static [u8], usize)>,
}

impl Prefixes {
    /// Of strings, which are known by their numbers. One of two bytes stands under all that may follow: nothing is found by it at
    /// the very end of a text. None is shorter.
    pub fn new(all: impl Iterator<Item = &'static str>) -> Self {
        let mut strings = Vec::new();
        for (number, string) in all.enumerate() {
            let mut under = |a, b, c| strings.push((place([a, b, c, 0]), string.as_bytes(), number));
            match *string.as_bytes() {
                [a, b] => (b'!'..=b'~').for_each(|c| under(a, b, c)),
                [a, b, c, ..] => under(a, b, c),
                _ => debug_assert!(false, "{string} starts everywhere"),
            }
        }
        strings.sort_unstable();
        // One of two bytes may be more than once at a place.
        strings.dedup();
        let mut leads = Box::new([0; 1 << BITS]);
        for (place, ..) in &strings {
            leads[*place] = 1;
        }
        let start = |at: usize| strings.partition_point(|(place, ..)| *place < at);
        let starts = (0..=1 << BITS).map(|at| u16::try_from(start(at)).unwrap_or(u16::MAX)).collect();
        Self { leads, starts, strings: strings.into_iter().map(|(_, string, number)| (string, number)).collect() }
    }

    /// Tells each string that starts somewhere in a text: its number, its start and its end.
    pub fn each(&self, text: &[u8], tell: &mut dyn FnMut(usize, usize, usize)) {
        let mut at = 0;
        while let Some(&word) = text[at..].first_chunk() {
            let word = u64::from_le_bytes(word);
            // All places of a word are looked up before one is asked for.
            #[allow(clippy::cast_possible_truncation)]
            let any = (0..STEP).fold(0, |any, at| any | self.leads[place(((word >> (8 * at)) as u32).to_le_bytes())]);
            if any != 0 {
                (at..at + STEP).for_each(|at| self.tell_at(text, at, tell));
            }
            at += STEP;
        }
        (at..text.len()).for_each(|at| self.tell_at(text, at, tell));
    }

    fn tell_at(&self, text: &[u8], at: usize, tell: &mut dyn FnMut(usize, usize, usize)) {
        let Some(&[a, b, c]) = text[at..].first_chunk::<LEAD>() else { return };
        let place = place([a, b, c, 0]);
        if self.leads[place] == 0 {
            return;
        }
        let (start, end) = (usize::from(self.starts[place]), usize::from(self.starts[place + 1]));
        for (string, number) in &self.strings[start..end] {
            if text[at..].starts_with(string) {
                tell(*number, at, at + string.len());
            }
        }
    }
}

/// Where the table tells of the first three bytes.
fn place(lead: [u8; 4]) -> usize {
    (u32::from_le_bytes(lead).wrapping_mul(FACTOR) >> (32 - BITS)) as usize
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
        for before in 0..20 {
            let (text, mut told) = ("-".repeat(before) + "abcd", Vec::new());
            prefixes.each(text.as_bytes(), &mut |number, start, end| told.push((start, end, number)));
            assert_eq!(told, [(before, before + 3, 1), (before, before + 4, 2)], "wherever it stands in a word");
        }
        prefixes.each(b"ab", &mut |_, _, _| unreachable!());
        prefixes.each(b"as.c", &mut |number, start, end| assert_eq!((start, end, number), (1, 3, 4)));
    }
}
