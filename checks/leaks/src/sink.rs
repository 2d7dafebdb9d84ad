//! Where candidates are collected while a file is scanned: texts that know where their bytes stand in the file, the trail of
//! names that led to a place, and the found values.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use super::leak::{Hidden, LeakRule, Where};
use super::scan::{MAX_FOUND, TOO_MANY};

/// A text with the place of each of its bytes in the file.
pub struct Text<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    map: Map<'a>,
}

enum Map<'a> {
    /// The file itself.
    File,
    /// Byte `i` stands at `table[i]` of the file; one more entry than bytes.
    Table(&'a [usize]),
    /// Decoded from that range of the file.
    Whole(Range<usize>, &'static str),
}

impl<'a> Text<'a> {
    /// The file itself.
    pub fn file(bytes: &'a [u8]) -> Self {
        Self { bytes, map: Map::File }
    }

    /// A text each byte of which stands somewhere in the file.
    pub fn table(bytes: &'a [u8], table: &'a [usize]) -> Self {
        debug_assert_eq!(bytes.len() + 1, table.len());
        Self { bytes, map: Map::Table(table) }
    }

    /// A text that a whole range of the file stands for.
    pub fn decoded(bytes: &'a [u8], range: Range<usize>, encoding: &'static str) -> Self {
        Self { bytes, map: Map::Whole(range, encoding) }
    }

    /// Where a range of this text stands in the file.
    pub fn place(&self, range: Range<usize>) -> Range<usize> {
        match &self.map {
            Map::File => range,
            Map::Table(table) => table[range.start]..table[range.end],
            Map::Whole(whole, _) => whole.clone(),
        }
    }

    /// How this text was encoded in the file.
    pub fn encoding(&self) -> &'static str {
        match self.map {
            Map::Whole(_, encoding) => encoding,
            _ => "",
        }
    }
}

/// One candidate that was convicted.
pub struct Found {
    pub rule: LeakRule,
    pub range: Range<usize>,
    pub kind: &'static str,
    pub reason: &'static str,
    pub path: String,
    pub place: Where,
    pub encoding: &'static str,
    pub secrets: Vec<Hidden>,
}

/// What a candidate is convicted of.
#[derive(Clone, Copy)]
pub struct Charge {
    /// The rule.
    pub rule: LeakRule,
    /// What it is.
    pub kind: &'static str,
    /// Why.
    pub reason: &'static str,
}

/// The state of one file's scan.
pub struct Scan {
    /// What was found so far.
    pub found: Vec<Found>,
    /// Limits that were reached: the byte, and the words.
    pub limits: Vec<(usize, &'static str)>,
    trail: Vec<String>,
    /// How deep texts lie in texts.
    pub depth: usize,
    /// Tokens of the file that the walk has not passed yet: they get the names of what they stand in.
    tokens: Range<usize>,
}

impl Scan {
    /// Nothing found yet.
    pub fn new() -> Self {
        Self { found: Vec::new(), limits: Vec::new(), trail: Vec::new(), depth: 0, tokens: 0..0 }
    }

    /// What was found so far are the tokens of the whole file, which the walk will come by.
    pub fn expect_tokens(&mut self) {
        self.found.sort_by_key(|f| f.range.start);
        self.tokens = 0..self.found.len();
    }

    /// Gives the tokens inside a value the name that it stands under, and says whether one is all of it. Values come in the order
    /// of the file.
    pub fn adopt(&mut self, text: &Text<'_>, range: &Range<usize>, place: Where, path: &dyn Fn() -> String) -> bool {
        let mut whole = false;
        if !matches!(text.map, Map::File) {
            return whole;
        }
        while self.tokens.start < self.tokens.end {
            let found = &self.found[self.tokens.start];
            if found.range.start >= range.end {
                break;
            }
            if found.range.start >= range.start {
                let path = self.whole(path().into());
                let found = &mut self.found[self.tokens.start];
                found.path = path;
                found.place = place;
                whole |= found.range == *range;
            }
            self.tokens.start += 1;
        }
        whole
    }

    /// The trail and a path as they may be shown.
    fn whole(&self, path: Cow<'_, str>) -> String {
        if self.trail.is_empty() {
            return printable(path);
        }
        let mut whole = String::with_capacity(self.trail.iter().map(|part| part.len() + 5).sum::<usize>() + path.len());
        for part in self.trail.iter().map(String::as_str).chain([&*path]).filter(|part| !part.is_empty()) {
            if !whole.is_empty() {
                whole.push_str(" › ");
            }
            whole.push_str(part);
        }
        printable(whole.into())
    }

    /// Scans a text inside another under a name.
    pub fn inside(&mut self, name: String, scan: impl FnOnce(&mut Self)) {
        const DEEPEST: usize = 6;
        if self.depth >= DEEPEST {
            return;
        }
        self.depth += 1;
        self.trail.push(name);
        scan(self);
        self.trail.pop();
        self.depth -= 1;
    }

    /// Notes a limit, once.
    pub fn limit(&mut self, at: usize, words: &'static str) {
        if !self.limits.iter().any(|(_, known)| *known == words) {
            self.limits.push((at, words));
        }
    }

    /// Convicts a candidate.
    pub fn report<'p>(
        &mut self,
        charge: Charge,
        text: &Text<'_>,
        range: Range<usize>,
        place: Where,
        path: impl Into<Cow<'p, str>>,
        secret: &[u8],
    ) {
        // Tokens and the walk find the same twice; what comes then is only counted.
        if self.found.len() >= 2 * MAX_FOUND {
            self.limit(text.place(range).start, TOO_MANY);
            return;
        }
        let path = self.whole(path.into());
        let mut secrets = vec![Hidden::new(secret)];
        let written = text.bytes.get(range.clone()).unwrap_or_default();
        if written != secret {
            secrets.push(Hidden::new(written));
        }
        self.found.push(Found {
            rule: charge.rule,
            range: text.place(range),
            kind: charge.kind,
            reason: charge.reason,
            path,
            place,
            encoding: text.encoding(),
            secrets,
        });
    }

    /// One finding for each place: of several that overlap, the most telling.
    pub fn settle(mut self) -> (Vec<Found>, Vec<(usize, &'static str)>) {
        self.found.sort_by(|a, b| {
            (a.range.start, a.rule, std::cmp::Reverse(a.range.end)).cmp(&(
                b.range.start,
                b.rule,
                std::cmp::Reverse(b.range.end),
            ))
        });
        let mut kept: Vec<Found> = Vec::with_capacity(self.found.len());
        for mut next in self.found {
            match kept.last_mut() {
                Some(last) if next.range.start < last.range.end || next.range == last.range => {
                    if next.rule < last.rule {
                        next.secrets.append(&mut last.secrets);
                        *last = next;
                    } else {
                        last.secrets.append(&mut next.secrets);
                    }
                }
                _ => kept.push(next),
            }
        }
        // A decoded text stands for one place, and may hold the same value many times.
        for found in kept.iter_mut().filter(|f| f.secrets.len() > 2) {
            let mut seen = HashSet::new();
            let first: Vec<bool> = found.secrets.iter().map(|s| seen.insert(s.expose())).collect();
            let mut first = first.into_iter();
            found.secrets.retain(|_| first.next() == Some(true));
        }
        (kept, self.limits)
    }
}

/// A name as it may stand in a message: short, without control characters.
#[allow(clippy::needless_bitwise_bool)]
fn printable(name: Cow<'_, str>) -> String {
    const LONGEST: usize = 120;
    // What may be part of a control character, which few bytes are, is asked of all bytes at once.
    let control = |b: u8| (b < b' ') | (b == 0x7f) | (b == 0xc2);
    if name.len() <= LONGEST && !name.bytes().fold(false, |any, b| any | control(b)) {
        return name.into_owned();
    }
    let clean = |c: char| if c.is_control() { '·' } else { c };
    if name.chars().count() <= LONGEST {
        return name.chars().map(clean).collect();
    }
    let tail: Vec<char> = name.chars().rev().take(LONGEST).collect();
    std::iter::once('…').chain(tail.into_iter().rev().map(clean)).collect()
}
