//! The scan of one file: what it is, what it holds, and where.

use std::io::Read;

use super::entry::Around;
use super::leak::{Leak, MaskKey, Where};
use super::level::Level;
use super::lines::{self, Bare, Lines};
use super::nested::{Form, form, form_of_name};
use super::sink::{Found, Scan, Text};
use super::{decode, flow, tokens, yaml};

/// One file to scan.
#[derive(Debug, Clone, Copy)]
pub struct ScanFile<'a> {
    /// Its path, whose extension says what it is; may be empty.
    pub path: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// A limit that was reached: what is beyond it was not looked at, or not as closely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The member of an archive.
    pub member: String,
    /// Line, from 1.
    pub line: usize,
    /// What the limit is.
    pub words: &'static str,
}

/// What a scan says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Leaks in the order of the file.
    pub leaks: Vec<Leak>,
    /// Limits that were reached.
    pub limits: Vec<Limit>,
    /// Binary: the file itself (an empty name), or members of an archive. They were not scanned.
    pub binary: Vec<String>,
}

/// The most that an archive may unfold to, and a member of it.
pub const MAX_ARCHIVE: u64 = 512 << 20;
const MAX_MEMBER: u64 = 64 << 20;
const MAX_MEMBERS: usize = 20_000;
/// The most that is told of one file: whoever has more has no use for the rest.
pub const MAX_FOUND: usize = 50_000;
pub(super) const TOO_MANY: &str = "more than 50000 credentials in one file; the rest is not told";

/// Scans a file. A pure function: equal bytes under an equal path and key give equal answers.
pub fn scan(file: &ScanFile<'_>, key: &MaskKey) -> Scanned {
    let mut scanned = Scanned::default();
    if file.bytes.starts_with(&[0x1f, 0x8b]) {
        archive(file, key, &mut scanned);
    } else {
        one(file.path, "", file.bytes, key, &mut scanned);
    }
    scanned
}

/// Opens a chart archive, or a compressed file, and scans what is in it.
fn archive(file: &ScanFile<'_>, key: &MaskKey, scanned: &mut Scanned) {
    let limit = |member: &str, words| Limit { member: member.to_owned(), line: 0, words };
    let unfold = || flate2::read::MultiGzDecoder::new(file.bytes).take(MAX_ARCHIVE);
    let mut tar = tar::Archive::new(unfold());
    let mut members = 0;
    if let Ok(entries) = tar.entries() {
        for entry in entries {
            let Ok(mut entry) = entry else { break };
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            members += 1;
            if members > MAX_MEMBERS {
                scanned.limits.push(limit(&name, "more than 20000 members in an archive"));
                return;
            }
            let mut bytes = Vec::new();
            if entry.size() > MAX_MEMBER || entry.read_to_end(&mut bytes).is_err() {
                scanned.limits.push(limit(&name, "a member of an archive that is larger than 64 MiB or cut off"));
                continue;
            }
            one(&name, &name, &bytes, key, scanned);
        }
    }
    if members > 0 {
        return;
    }
    let mut bytes = Vec::new();
    let whole = unfold().take(MAX_MEMBER).read_to_end(&mut bytes);
    if whole.is_err() || bytes.len() as u64 == MAX_MEMBER {
        scanned.limits.push(limit("", "compressed data that is larger than 64 MiB or cut off"));
    }
    if !bytes.is_empty() {
        // Of what is inside, no line stands in the file itself.
        let path = file.path.trim_end_matches(".gz");
        let member = path.rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).unwrap_or("data");
        one(path, member, &bytes, key, scanned);
    }
}

/// Whether bytes are no text: a zero among the first, or more than a few other characters that no text has.
pub fn is_binary(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(8192)];
    // One comparison a byte, many bytes at once.
    let odd = head.iter().map(|&b| u32::from(b < b'\t')).sum::<u32>() as usize;
    memchr::memchr(0, head).is_some() || odd * 100 > head.len()
}

fn one(path: &str, member: &str, bytes: &[u8], key: &MaskKey, scanned: &mut Scanned) {
    let wide = utf16(bytes);
    let bytes = wide.as_deref().unwrap_or(bytes);
    if is_binary(bytes) {
        scanned.binary.push(member.to_owned());
        return;
    }
    let mut state = Scan::new();
    let text = Text::file(bytes);
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let (place, form) = kind(name, bytes);
    tokens::scan(&mut state, &text, place);
    state.expect_tokens();
    match form {
        _ if lines::alone(&mut state, &text, name, place) => {}
        _ if let Some(table) = lines::table(name) => table.scan(&mut state, &text, 0..bytes.len(), place),
        Form::Yaml => yaml::scan(&mut state, &text, 0..bytes.len(), Around::top(place)),
        Form::Flow => {
            let start = bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
            let mut at = start;
            let top = Level::top(Around::top(place));
            // Several values one after the other, as logs and streams have them.
            while at < bytes.len() {
                let end = flow::scan(&mut state, &text, at..bytes.len(), &top, &String::new);
                at = end.max(at + 1);
            }
        }
        Form::Lines(bare) => lines::scan(&mut state, &text, 0..bytes.len(), Lines { bare, place }),
    }
    let (mut found, mut limits) = state.settle();
    if let Some(first) = found.get(MAX_FOUND) {
        if !limits.iter().any(|(_, words)| *words == TOO_MANY) {
            limits.push((first.range.start, TOO_MANY));
        }
        found.truncate(MAX_FOUND);
    }
    let mut lines = Positions::new(bytes);
    for (at, words) in limits {
        let line = memchr::memchr_iter(b'\n', &bytes[..at.min(bytes.len())]).count() + 1;
        scanned.limits.push(Limit { member: member.to_owned(), line, words });
    }
    for found in found {
        scanned.leaks.push(placed(found, member, &mut lines, key));
    }
}

/// What a file is by its name, then by its looks.
fn kind(name: &str, bytes: &[u8]) -> (Where, Form) {
    let lower = name.to_ascii_lowercase();
    let whole = match lower.as_str() {
        ".env" | ".envrc" => Some(Form::Lines(Bare::Line)),
        "dockerfile" | "containerfile" | ".npmrc" | ".netrc" | ".pypirc" | ".pgpass" | "makefile" | ".bashrc"
        | ".profile" | "_netrc" | ".htpasswd" | "credentials" => Some(Form::Lines(Bare::Literal)),
        "jenkinsfile" | "vagrantfile" | "rakefile" | "gemfile" => Some(Form::Lines(Bare::Quoted)),
        "notes.txt" | "readme" | "license" => Some(Form::Lines(Bare::Prose)),
        _ => None,
    };
    if let Some(form) = whole {
        return (Where::Text, form);
    }
    if lower.starts_with(".env.") || lower.ends_with(".env") {
        return (Where::Text, Form::Lines(Bare::Line));
    }
    if lower.starts_with("dockerfile.") {
        return (Where::Text, Form::Lines(Bare::Literal));
    }
    if lower.contains('.') {
        match form_of_name(&lower) {
            Some(Form::Lines(bare)) => return (Where::Text, Form::Lines(bare)),
            Some(Form::Flow) => {
                let flow = bytes.trim_ascii_start().first().is_some_and(|b| matches!(b, b'{' | b'['));
                return (Where::Value, if flow { Form::Flow } else { Form::Yaml });
            }
            Some(Form::Yaml) => return (Where::Value, Form::Yaml),
            None if lower.ends_with(".tpl") => return (Where::Template, Form::Yaml),
            None => {}
        }
    }
    let form = form(&bytes[..bytes.len().min(64 * 1024)], "");
    (if form == Form::Lines(Bare::Literal) { Where::Text } else { Where::Value }, form)
}

/// UTF-16 with its mark, as UTF-8.
fn utf16(bytes: &[u8]) -> Option<Vec<u8>> {
    let order: fn([u8; 2]) -> u16 = match bytes.get(..2)? {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return None,
    };
    let units = bytes[2..].chunks_exact(2).map(|pair| order([pair[0], pair[1]]));
    Some(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>().into_bytes())
}

/// Lines and columns of places that are asked for in ascending order.
struct Positions<'a> {
    bytes: &'a [u8],
    offset: usize,
    line: usize,
    column: usize,
}

impl<'a> Positions<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0, line: 1, column: 1 }
    }

    fn at(&mut self, offset: usize) -> (usize, usize) {
        let offset = offset.clamp(self.offset, self.bytes.len());
        let passed = &self.bytes[self.offset..offset];
        self.line += memchr::memchr_iter(b'\n', passed).count();
        self.column = match memchr::memrchr(b'\n', passed) {
            Some(last) => columns(&passed[last + 1..]),
            None => self.column + columns(passed) - 1,
        };
        self.offset = offset;
        (self.line, self.column)
    }
}

/// The column after some bytes of a line.
fn columns(bytes: &[u8]) -> usize {
    bytes.iter().filter(|b| **b & 0xc0 != 0x80).count() + 1
}

fn placed(found: Found, member: &str, lines: &mut Positions<'_>, key: &MaskKey) -> Leak {
    let (line, column) = lines.at(found.range.start);
    // The end may lie beyond the start of the next leak: it is counted from here.
    let inside = &lines.bytes[found.range.start.min(lines.bytes.len())..found.range.end.min(lines.bytes.len())];
    let more = memchr::memchr_iter(b'\n', inside).count();
    let end_column = match memchr::memrchr(b'\n', inside) {
        Some(last) => columns(&inside[last + 1..]),
        None => column + columns(inside) - 1,
    };
    let masked = key.mask(found.secrets.first().map_or(b"".as_slice(), |s| s.expose().as_bytes()));
    Leak {
        rule: found.rule,
        member: member.to_owned(),
        range: found.range,
        line,
        column,
        end_line: line + more,
        end_column,
        kind: found.kind,
        reason: found.reason,
        path: found.path,
        place: found.place,
        encoding: found.encoding,
        masked,
        secrets: found.secrets,
    }
}

/// Whether text is worth showing at all: used for names of files.
pub fn holds_token(text: &str) -> bool {
    let mut state = Scan::new();
    tokens::scan(&mut state, &Text::file(text.as_bytes()), Where::Text);
    !state.found.is_empty() && decode::is_text(text.as_bytes())
}
