//! What names were judged to be. A tree has few names and writes them over and over, so each thread remembers its own.

use std::cell::RefCell;

use super::lines;
use super::names::{self, Class, Name};

/// All that the scan asks of a name by itself.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// What its value would be.
    pub name: Name,
    /// What each of several would be, where the name says nothing as it stands.
    each: Option<Name>,
    /// What stands under it are names and keys, no values.
    pub references: bool,
    /// A credential's word is in it.
    pub telling: bool,
}

impl Known {
    /// Of no name.
    pub const NONE: Self = Self { name: names::NONE, each: None, references: false, telling: false };

    fn of(name: &[u8]) -> Self {
        let telling = lines::worth_a_look(name);
        let own = names::judge(name);
        let each = names::judge_each(name).filter(|_| own.class < Class::Weak);
        Self { name: own, each, references: telling && names::holds_references(name), telling }
    }

    /// What one value under it would be. One under the name of several may be anything that is about them, unless it looks random.
    pub fn alone(self) -> Name {
        let each = self.each.filter(|each| each.class == Class::Token);
        each.map_or(self.name, |each| Name { class: Class::Weak, ..each })
    }

    /// What an item of a list under it would be.
    pub fn in_list(self) -> Name {
        self.each.unwrap_or(self.name)
    }
}

/// Names that are remembered, and the longest of them.
const REMEMBERED: usize = 2048;
const LONGEST: usize = 128;

/// What is known of names, each where a few of its bytes say: one takes the place of another.
struct Memory<T>(Vec<Option<(Vec<u8>, T)>>);

impl<T: Copy> Memory<T> {
    fn of(&mut self, name: &[u8], judge: impl FnOnce() -> T) -> T {
        self.0.resize_with(REMEMBERED, || None);
        let slot = &mut self.0[slot(name)];
        match slot {
            Some((known, judged)) if known == name => *judged,
            _ => {
                let judged = judge();
                let (mut known, _) = slot.take().unwrap_or((Vec::new(), judged));
                known.clear();
                known.extend(name);
                *slot = Some((known, judged));
                judged
            }
        }
    }
}

fn slot(name: &[u8]) -> usize {
    let number = |bytes: Option<&[u8; 4]>| u64::from(bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes)));
    let (middle, last) = (&name[name.len() / 2..], &name[name.len().saturating_sub(8)..]);
    let mut all = name.len() as u64 ^ u64::from(name.first().copied().unwrap_or_default()) << 8;
    for part in [number(name.first_chunk()), number(last.first_chunk()), number(name.last_chunk())] {
        all = (all ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
    }
    all = (all ^ u64::from(middle.first().copied().unwrap_or_default())).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (all >> 53) as usize % REMEMBERED
}

thread_local! {
    static NAMES: RefCell<Memory<Known>> = const { RefCell::new(Memory(Vec::new())) };
    static UNDER: RefCell<Memory<Name>> = const { RefCell::new(Memory(Vec::new())) };
}

/// Judges a name, from memory where it was seen before.
pub fn known(name: &[u8]) -> Known {
    if name.len() > LONGEST || name.len() < 2 {
        return Known::of(name);
    }
    NAMES.with_borrow_mut(|memory| memory.of(name, || Known::of(name)))
}

/// The same of a name together with the one above it.
pub fn known_under(parent: &[u8], name: &[u8]) -> Name {
    let mut pair = [0; LONGEST];
    let length = parent.len() + 1 + name.len();
    let Some(both) = pair.get_mut(..length) else { return names::judge_under(parent, name) };
    // No name has a line's end in it.
    both[..parent.len()].copy_from_slice(parent);
    both[parent.len()] = b'\n';
    both[parent.len() + 1..].copy_from_slice(name);
    UNDER.with_borrow_mut(|memory| memory.of(both, || names::judge_under(parent, name)))
}
