//! Programs that take a credential on their command line under a flag that does not say so, or under none: `docker login -p`,
//! `curl -u`, `htpasswd -b`. One table for shell text and for lists of arguments; both are read word by word. What flags say by
//! themselves (`--password x`) is judged with all other assignments.

mod table;

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::ops::Range;
use std::sync::OnceLock;

use self::table::PROGRAMS;
use crate::flow;
use crate::leak::{LeakRule, Where};
use crate::lexicon::{Fnv, Lexicon};
use crate::lines::{Bare, Lines};
use crate::shapes;
use crate::sink::{Charge, Scan, Text};
use crate::tokens::password_shape;

/// Where a program takes a credential.
#[derive(Debug, Clone, Copy)]
enum At {
    /// Behind a flag: `-p x`, `-px`, `--flag=x`.
    Flag(&'static str),
    /// The same, before the first word that is no flag: what follows is another program's.
    Lead(&'static str),
    /// Right behind a flag, in one word.
    Glued(&'static str),
    /// Behind a mark in what a flag takes: `-u user:x`.
    Part(&'static str, &'static str),
    /// The so-manieth word that is no flag.
    Word(isize),
    /// The last word of `-b file user x` and `-nb user x`.
    Batch,
    /// A flag that takes something else.
    Skip(&'static str),
}

/// Programs that take their credential in the same place.
#[derive(Debug)]
struct Row {
    /// Separated by spaces.
    names: &'static str,
    /// The words of which one must come before, if any, case aside; further words are counted from there.
    under: &'static str,
    takes: &'static [At],
}

/// How far a command line is looked at, before and after the program's name.
const REACH: usize = 1024;

/// Long flags behind one dash, which are no letter with a value.
static LONG: Lexicon = Lexicon::new("-password -passwd -pass -port -protocol -proxy -profile -kfile -token");

/// No program has a longer name.
const LONGEST_NAME: usize = 24;

/// What leads to a command line in a text: a program's name and what ends it there.
pub fn marks() -> impl Iterator<Item = String> {
    let names = PROGRAMS.iter().flat_map(|row| row.names.split_ascii_whitespace());
    names.flat_map(|name| [format!("{name} "), format!("{name}\"")])
}

/// The rows of the program that a word calls, with or without its path.
fn rows(word: &[u8]) -> &'static [&'static Row] {
    type Index = HashMap<&'static [u8], Vec<&'static Row>, BuildHasherDefault<Fnv>>;
    static INDEX: OnceLock<Index> = OnceLock::new();
    let index = INDEX.get_or_init(|| {
        let mut index = Index::default();
        for row in PROGRAMS {
            for name in row.names.split_ascii_whitespace() {
                index.entry(name.as_bytes()).or_default().push(row);
            }
        }
        index
    });
    let name = &word[memchr::memrchr(b'/', word).map_or(0, |slash| slash + 1)..];
    if name.len() > LONGEST_NAME { &[] } else { index.get(name).map_or(&[], Vec::as_slice) }
}

/// A command line, word by word.
#[derive(Debug, Clone, Default)]
pub struct Command {
    rows: &'static [&'static Row],
    row: Option<&'static Row>,
    /// Words that were no flags.
    plain: isize,
    /// A flag among others said that the password is among the words.
    batch: bool,
    /// What the next word is.
    next: Option<At>,
    /// The word before was a flag, which may take this one.
    flag: bool,
}

impl Command {
    /// Begins anew where a word calls a program.
    pub fn begins(&mut self, word: &[u8]) -> bool {
        if self.flag || self.next.is_some() || word.starts_with(b"-") {
            return false;
        }
        let rows = rows(word);
        if !rows.is_empty() {
            let row = rows.iter().find(|row| row.under.is_empty()).copied();
            *self = Self { rows, row, ..Self::default() };
        }
        !rows.is_empty()
    }

    /// Whether it takes a credential by its number among the words and has not reached it: then a word is no other program.
    fn counts(&self, word: &[u8]) -> bool {
        let later = |at: &At| matches!(at, At::Word(number) if *number > self.plain + 1);
        self.plain > 0
            && self.row.is_some_and(|row| row.takes.iter().any(later))
            && !std::ptr::eq(rows(word), self.rows)
    }

    /// The part of the next word that is a credential, unless it stands for one that is elsewhere.
    pub fn word(&mut self, word: &[u8]) -> Option<Range<usize>> {
        let flag = word.starts_with(b"-");
        self.flag = flag && word != b"--";
        if let Some(at) = self.next.take().filter(|_| !flag) {
            return at.inside(word, 0);
        }
        let under = |row: &&Row| row.under.split(' ').any(|lead| word.eq_ignore_ascii_case(lead.as_bytes()));
        if let Some(row) = self.rows.iter().copied().find(under).filter(|_| !word.is_empty()) {
            (self.row, self.plain) = (Some(row), 0);
            return None;
        }
        let takes = self.row?.takes;
        if let Some((&at, from)) = takes.iter().find_map(|at| Some((at, at.taken(word, self.plain)?))) {
            if from < word.len() {
                return at.inside(word, from);
            }
            self.next = Some(at);
            return None;
        }
        if flag {
            // `-b`, alone or among others, hands the password over; with `n` there is no file, and `C` takes a word.
            let has = |letter: u8| word.contains(&letter);
            if takes.iter().any(|at| matches!(at, At::Batch)) && !word.starts_with(b"--") {
                self.batch |= has(b'b');
                self.plain += isize::from(has(b'n')) - isize::from(has(b'C'));
            }
            return None;
        }
        self.plain += 1;
        let here = |at: &At| match at {
            // One word alone may be prose: `the vault login page`.
            At::Word(1) if word.iter().all(u8::is_ascii_alphabetic) => false,
            At::Word(number) => *number == self.plain,
            At::Batch => self.batch && self.plain == 3,
            _ => false,
        };
        // `name=x` is what the name says.
        let equals = memchr::memchr(b'=', &word[..word.len().saturating_sub(2)]);
        let named = equals.is_some_and(|at| word[..at].iter().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(b)));
        (!named && takes.iter().any(here)).then(|| unquoted(word, 0..word.len()))
    }
}

impl At {
    /// Where what a flag takes begins in its word, or that word's end; `plain` words were no flags before.
    fn taken(self, word: &[u8], plain: isize) -> Option<usize> {
        let flag = match self {
            At::Lead(_) if plain > 0 => return None,
            At::Word(_) | At::Batch => return None,
            At::Flag(flag) | At::Lead(flag) | At::Glued(flag) | At::Part(flag, _) | At::Skip(flag) => flag.as_bytes(),
        };
        let letter = flag.len() == 2 && !LONG.has(word.split(|b| *b == b'=').next().unwrap_or_default());
        match word.strip_prefix(flag) {
            Some([]) => (!matches!(self, At::Glued(_))).then_some(word.len()),
            Some([b'=', ..]) => Some(flag.len() + 1),
            Some(_) => letter.then_some(flag.len()),
            // `-sku`: the last of several letters.
            None => {
                let letters = letter && matches!(self, At::Part(..)) && (3..8).contains(&word.len());
                let among = letters && word[0] == b'-' && word[1..].iter().all(u8::is_ascii_alphabetic);
                (among && word.ends_with(&flag[1..])).then_some(word.len())
            }
        }
    }

    /// Where the credential is in a word, from a place on.
    fn inside(self, word: &[u8], from: usize) -> Option<Range<usize>> {
        let value = unquoted(word, from..word.len());
        match self {
            At::Skip(_) => None,
            At::Part(_, mark) => {
                let at = value.start + memchr::memmem::find(&word[value.clone()], mark.as_bytes())?;
                Some(unquoted(word, at + mark.len()..value.end))
            }
            _ => Some(value),
        }
    }
}

/// What is inside a pair of quotes, which may be escaped.
fn unquoted(word: &[u8], range: Range<usize>) -> Range<usize> {
    match &word[range.clone()] {
        [b'\\', b'"', _, .., b'\\', b'"'] => range.start + 2..range.end - 2,
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] if !inner.contains(&word[range.start]) => {
            range.start + 1..range.end - 1
        }
        _ => range,
    }
}

/// The credentials on the command line of a text whose program's name is this range.
pub fn passwords(text: &[u8], name: Range<usize>) -> Vec<Range<usize>> {
    let mut command = Command::default();
    let before = &text[name.start.saturating_sub(REACH)..name.start];
    let joins = before.last().is_some_and(|b| b.is_ascii_alphanumeric() || b"_-.$=@:".contains(b));
    // A host that is called as its program is.
    if joins || before.ends_with(b"-h ") || before.ends_with(b"-host ") || !command.begins(&text[name.clone()]) {
        return Vec::new();
    }
    let after = &text[name.end..text.len().min(name.end + REACH)];
    let list = after.first() == Some(&b'"') && after[1..].trim_ascii_start().first() == Some(&b',');
    let from = name.end + usize::from(after.first() == Some(&b'"'));
    // Inside a string the command ends with it.
    let line = &before[memchr::memrchr(b'\n', before).map_or(0, |at| at + 1)..];
    let inside = from == name.end && memchr::memchr_iter(b'"', line).count() % 2 == 1;
    let close = inside.then(|| flow::close(after, b'"')).flatten();
    let end = name.end + close.unwrap_or(after.len());
    let mut found = Vec::new();
    for range in (Words { text: &text[..end], at: from, list }) {
        let word = &text[range.clone()];
        // A user may be called as a program is, where words are counted.
        if !command.counts(word) && command.begins(word) {
            break;
        }
        found.extend(command.word(word).map(|part| range.start + part.start..range.start + part.end));
    }
    found
}

/// The words of one command, a pair of quotes around them taken off; or the strings of a list, and nothing for what is no string.
struct Words<'a> {
    text: &'a [u8],
    at: usize,
    list: bool,
}

impl Iterator for Words<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        loop {
            self.at += match self.text.get(self.at..)? {
                [b' ' | b'\t' | b'\r', ..] => 1,
                [b',' | b'\n', ..] if self.list => 1,
                [b'\\', next, ..] if *next != b'"' => 2,
                _ => break,
            };
        }
        let from = self.at;
        while let [b, ..] = &self.text[self.at..] {
            let rest = &self.text[self.at..];
            let lead = &self.text[from..self.at];
            let opens = matches!(lead, [] | [b'-', _] | [.., b'=' | b':' | b'%' | b'"' | b'\'']);
            self.at += match rest {
                [b'"' | b'\'', ..] if opens => memchr::memchr(*b, &rest[1..]).map(|n| n + 2),
                [b'\\', b'"', ..] if opens => memchr::memmem::find(&rest[2..], b"\\\"").map(|n| n + 4),
                // What is taken from elsewhere is one word.
                [b'$', b'(', ..] => memchr::memchr(b')', rest).map(|n| n + 1),
                [b'$', b'{', ..] => memchr::memchr(b'}', rest).map(|n| n + 1),
                [b'{', b'{', ..] => memchr::memmem::find(rest, b"}}").map(|n| n + 2),
                [b',', next, ..] if !self.list && next.is_ascii_alphanumeric() => Some(1),
                _ if b.is_ascii_whitespace() || b"|;&<>)]`\"'\\,".contains(b) => break,
                _ => Some(1),
            }
            .unwrap_or(1);
        }
        let string = !self.list || matches!(self.text.get(from), Some(b'"' | b'\''));
        let word = if string { unquoted(self.text, from..self.at) } else { from..from };
        (self.at > from && self.text[from] != b'#').then_some(word)
    }
}

/// What a program reads from another: `echo 'x' | docker login --password-stdin`, `echo 'root:x' | chpasswd`.
pub fn piped(line: &[u8]) -> Option<Range<usize>> {
    let first = memchr::memchr(b'|', line)?;
    let sinks = [b"chpasswd".as_slice(), b"password-stdin", b"sudo -S", b"passwd --stdin", b"passwd -s"];
    let (number, sink) = sinks.iter().enumerate().find_map(|(number, sink)| {
        let at = memchr::memmem::find(&line[first..], sink)?;
        Some((number, first + at))
    })?;
    let user = number == 0;
    let pipe = memchr::memrchr(b'|', &line[..sink])?;
    let lead = &line[..pipe];
    let (at, length) = [b"echo ".as_slice(), b"printf "]
        .into_iter()
        .find_map(|program| Some((memchr::memmem::rfind(lead, program)?, program.len())))?;
    let mut words = Words { text: lead, at: at + length, list: false };
    let word = words.find(|word| !word.is_empty() && lead[word.start] != b'-' && lead[word.clone()] != *b"%s")?;
    if !user {
        return Some(word);
    }
    let colon = memchr::memchr(b':', &lead[word.clone()])?;
    Some(word.start + colon + 1..word.end)
}

/// Tells of a word that is a credential by its place, if it is a literal.
pub fn tell(scan: &mut Scan, text: &Text<'_>, value: Range<usize>, how: Lines, path: &str) {
    let mut value = value;
    // What a variable falls back to: `-p${PASSWORD:-x}`.
    if let Some(inner) = text.bytes[value.clone()].strip_prefix(b"${").and_then(|inner| inner.strip_suffix(b"}"))
        && let Some(at) = inner.windows(2).position(|w| w == b":-")
        && !inner[at..].contains(&b'$')
    {
        value = value.start + 2 + at + 2..value.end - 1;
    }
    let content = &text.bytes[value.clone()];
    // Two characters hide nothing, and capitals name what belongs there.
    let capitals = content.iter().all(|b| b.is_ascii_uppercase() || *b == b'_');
    let Some(rule) = password_shape(content).filter(|_| content.len() > 2 && !capitals) else { return };
    let placeholder = rule == LeakRule::Placeholder;
    // Pages and comments explain with placeholders and words.
    let explains = how.bare == Bare::Prose || how.place == Where::Comment;
    let mixes = || content.iter().any(u8::is_ascii_digit) && content.iter().any(u8::is_ascii_alphabetic);
    let hard = || shapes::judge(content) == shapes::Shape::Strong || content.len() >= 12 && mixes();
    if explains && (placeholder || !hard()) {
        return;
    }
    let rule = if placeholder { rule } else { LeakRule::CredentialInArgs };
    let charge = Charge { rule, kind: "password", reason: "the place where this program takes a password" };
    scan.report(charge, text, value, how.place, path, content);
}
