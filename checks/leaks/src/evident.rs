//! What tells itself in any text, whatever stands around it: issuers' tokens, keys, signed tokens, passwords in URLs. The last
//! look at what is about to be printed.

use std::ops::Range;

use super::leak::{LeakRule, MaskKey, Where};
use super::scan::{ScanFile, scan};
use super::sink::{Scan, Text};
use super::tokens;

/// Byte ranges of a text that hold such a credential, ascending.
pub fn evident(text: &str) -> Vec<Range<usize>> {
    let look = |bytes: &[u8]| {
        let mut state = Scan::new();
        tokens::scan(&mut state, &Text::file(bytes), Where::Text);
        state.settle().0
    };
    let mut ranges: Vec<Range<usize>> = look(text.as_bytes()).into_iter().map(|found| found.range).collect();
    // The extension of a file that is called like a token would make it look longer than tokens are.
    let apart: Vec<u8> = text.bytes().map(|b| if b == b'.' { b' ' } else { b }).collect();
    let tokens = look(&apart).into_iter().filter(|found| found.rule == LeakRule::ProviderToken);
    ranges.extend(tokens.map(|found| found.range));
    within(text, ranges.into_iter())
}

/// Byte ranges of a text that the whole scan takes for credentials: names with values, too. `path` tells what kind of text it is.
pub fn judged(path: &str, text: &str) -> Vec<Range<usize>> {
    // The key makes hashes, and none is asked for.
    let scanned = scan(&ScanFile { path, bytes: text.as_bytes() }, &MaskKey::new([0; 32]));
    // Ranges of an archive's member are none of the text.
    within(text, scanned.leaks.into_iter().filter(|leak| leak.member.is_empty()).map(|leak| leak.range))
}

/// Ranges that lie in the text, at whole characters. UTF-16 and archives are no text: their ranges mean something else.
fn within(text: &str, ranges: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let fits = |r: &Range<usize>| r.start < r.end && text.get(r.clone()).is_some();
    let mut ranges: Vec<Range<usize>> = ranges.filter(fits).collect();
    ranges.sort_by_key(|r| (r.start, r.end));
    ranges
}
