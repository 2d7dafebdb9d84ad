//! The walk over YAML by lines: one pass that knows indentation, keys, lists, block scalars and the actions of templates, and
//! needs no text to be valid. Charts' templates and broken files are walked like any other.

use std::ops::Range;

use super::entry::{Around, Kind, Scalar, Zone};
use super::leak::Where;
use super::level::Level;
use super::lines::{self, Bare, Lines};
use super::memory;
use super::names::Class;
use super::sink::{Scan, Text};
use super::words::{self, find_pair, has_pair};
use super::{actions, entry, flow, nested};

/// Nesting beyond which keys are not told apart any more.
const DEEPEST: usize = 200;
/// Longest key.
const MAX_KEY: usize = 256;
/// How far a quoted scalar may go on over lines.
const MAX_QUOTED: usize = 256 * 1024;

struct Frame {
    indent: usize,
    level: Level,
}

struct Walk<'a, 't> {
    text: &'a Text<'t>,
    /// End of the range.
    end: usize,
    frames: Vec<Frame>,
    base: Level,
    /// The lines are comments, whose `#` is no part of them.
    comments: bool,
    /// What may still be spent on looking ahead for kinds.
    budget: usize,
}

/// Scans a range.
pub fn scan(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, around: Around) {
    walk(scan, text, range, around, false);
}

fn walk(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, around: Around, comments: bool) {
    let budget = (range.end - range.start) * 4 + 64 * 1024;
    let mut walk = Walk { text, end: range.end, frames: Vec::new(), base: Level::top(around), comments, budget };
    let mut at = range.start;
    while at < range.end {
        at = walk.line(scan, at);
    }
}

impl Walk<'_, '_> {
    fn bytes(&self) -> &[u8] {
        &self.text.bytes[..self.end]
    }

    fn line_end(&self, at: usize) -> usize {
        memchr::memchr(b'\n', &self.bytes()[at..]).map_or(self.end, |n| at + n)
    }

    /// Walks the line that starts at `start`, or more; returns where the next one starts.
    fn line(&mut self, scan: &mut Scan, start: usize) -> usize {
        let bytes = &self.text.bytes[..self.end];
        let stop = self.line_end(start);
        let mut at = start;
        while at < stop && matches!(bytes[at], b' ' | b'\t') {
            at += 1;
        }
        if self.comments {
            while at < stop && matches!(bytes[at], b'#' | b' ' | b'\t') {
                at += 1;
            }
        }
        let mut content = stop;
        while content > at && matches!(bytes[content - 1], b'\r' | b' ' | b'\t') {
            content -= 1;
        }
        if at >= content {
            return stop + 1;
        }
        let column = |at: usize| at - start;
        match bytes[at] {
            b'#' => return self.comment(scan, start),
            b'-' if at == start && bytes[at..content].starts_with(b"---") => {
                self.frames.clear();
                self.base = Level::top(self.base.around);
                self.base.around.kind = Kind::Other;
                if content - at > 4 {
                    self.text_line(scan, at + 3..content);
                }
                return stop + 1;
            }
            b'{' if bytes[at..content].starts_with(b"{{") => {
                let Some(after) = self.actions_line(scan, at, content) else { return stop + 1 };
                at = after;
            }
            _ => {}
        }
        // Items of lists: each dash is a level of its own.
        let mut dash = None;
        while at < content && bytes[at] == b'-' && matches!(bytes.get(at + 1), None | Some(b' ' | b'\n' | b'\r')) {
            self.close_below(column(at) + 1);
            dash = Some(column(at));
            at += 1;
            while at < content && bytes[at] == b' ' {
                at += 1;
            }
        }
        if at >= content {
            return stop + 1;
        }
        let here = column(at);
        if dash.is_none() {
            self.close_below(here + 1);
        }
        let Some((key, value)) = key(bytes, at, content) else {
            return self.bare(scan, start, at, content, stop, dash);
        };
        self.open_at(scan, here, dash.is_some(), start);
        self.look_ahead(key.clone(), start, here);
        let text = self.text;
        let Some(frame) = self.frames.last_mut() else { return stop + 1 };
        frame.level.set_key(text, key);
        self.value(scan, start, value, content, stop, here)
    }

    /// Closes what is at or beyond a column.
    fn close_below(&mut self, column: usize) {
        while self.frames.last().is_some_and(|f| f.indent >= column) {
            self.frames.pop();
        }
    }

    /// The map at a column, which is opened if it is not there.
    fn open_at(&mut self, scan: &mut Scan, indent: usize, item: bool, at: usize) {
        if !item && self.frames.last().is_some_and(|f| f.indent == indent) {
            return;
        }
        if self.frames.len() == DEEPEST {
            scan.limit(self.text.place(at..at).start, "nesting deeper than 200 levels");
            return;
        }
        let above = self.frames.last().map_or(&self.base, |f| &f.level);
        let level = above.map();
        self.frames.push(Frame { indent, level });
    }

    /// A Secret's data may stand before its kind.
    fn look_ahead(&mut self, key: Range<usize>, line: usize, indent: usize) {
        let bytes = &self.text.bytes[..self.end];
        if !matches!(&bytes[key], b"data" | b"stringData" | b"binaryData") || self.comments {
            return;
        }
        let Some(frame) = self.frames.last_mut() else { return };
        if frame.level.looked || frame.level.around.zone != Zone::Fields {
            return;
        }
        frame.level.looked = true;
        let mut at = line;
        while at < bytes.len() {
            let stop = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n);
            if self.budget < stop - at {
                return;
            }
            self.budget -= stop - at;
            let content = bytes[at..stop].trim_ascii_start();
            let column = stop - at - content.len();
            if at > line && !content.is_empty() && content[0] != b'#' && !content.starts_with(b"{{") {
                if column < indent || (column == 0 && content.starts_with(b"---")) {
                    return;
                }
                if column == indent {
                    if let Some(kind) = content.strip_prefix(b"kind:") {
                        frame.level.set_kind(Kind::of(kind));
                        return;
                    }
                    if content.starts_with(b"- ") {
                        return;
                    }
                }
            }
            at = stop + 1;
        }
    }

    /// The names that lead to the current key.
    fn path(&self) -> String {
        path(&self.frames, self.text)
    }

    /// The value after a key; returns where the next line starts.
    fn value(&mut self, scan: &mut Scan, line: usize, at: usize, content: usize, stop: usize, indent: usize) -> usize {
        let bytes = &self.text.bytes[..self.end];
        let mut at = at;
        // Tags and anchors.
        loop {
            while at < content && matches!(bytes[at], b' ' | b'\t') {
                at += 1;
            }
            if at >= content {
                return stop + 1;
            }
            let word = bytes[at..content].iter().position(|b| *b == b' ').map_or(content, |n| at + n);
            match bytes[at] {
                b'&' => at = word,
                b'!' if bytes[at..].starts_with(b"!!") => at = word,
                _ => break,
            }
        }
        match bytes[at] {
            b'#' => {
                self.tail(scan, at..content);
                stop + 1
            }
            b'|' | b'>' if is_header(&bytes[at..content]) && !self.comments => self.block(scan, stop + 1, indent),
            b'"' | b'\'' => self.quoted(scan, at, content, stop),
            b'{' | b'[' if !bytes[at..content].starts_with(b"{{") => self.flow(scan, line, at, content, stop, indent),
            b'*' => stop + 1,
            _ => {
                let mut end = content;
                if let Some(comment) = find_pair(&bytes[at..content], *b" #") {
                    end = at + bytes[at..at + comment].trim_ascii_end().len();
                    self.tail(scan, at + comment + 1..content);
                }
                self.scalar(scan, &Scalar { range: at..end, escaped: false });
                stop + 1
            }
        }
    }

    fn scalar(&mut self, scan: &mut Scan, value: &Scalar) {
        let text = self.text;
        let Some((last, above)) = self.frames.split_last_mut() else { return };
        let key = last.level.key.clone();
        let path = || joined(above, &key, text);
        last.level.scalar(scan, text, value, &path);
    }

    fn item(&mut self, scan: &mut Scan, value: &Scalar) {
        let text = self.text;
        let Some((last, above)) = self.frames.split_last_mut() else {
            let mut level = self.base.clone();
            level.item(scan, text, value, &String::new);
            return;
        };
        let key = last.level.key.clone();
        let path = || joined(above, &key, text);
        last.level.item(scan, text, value, &path);
    }

    /// A quoted scalar as the value of the current key.
    fn quoted(&mut self, scan: &mut Scan, at: usize, content: usize, stop: usize) -> usize {
        let (value, next) = self.quoted_range(at, content, stop);
        self.scalar(scan, &value);
        next
    }

    /// A quoted scalar, which may go on over lines; and where the next line starts.
    fn quoted_range(&self, at: usize, content: usize, stop: usize) -> (Scalar, usize) {
        let bytes = self.bytes();
        let quote = bytes[at];
        let inner = at + 1;
        let scalar = |end: usize| Scalar { range: inner..end, escaped: quote == b'"' };
        if let Some(length) = flow::close(&bytes[inner..content], quote) {
            return (scalar(inner + length), stop + 1);
        }
        let most = bytes.len().min(inner + MAX_QUOTED);
        match flow::close(&bytes[inner..most], quote) {
            Some(length) if !self.comments => {
                let end = inner + length;
                (scalar(end), self.line_end(end) + 1)
            }
            _ => (scalar(content), stop + 1),
        }
    }

    /// A flow map or list as the value of the current key.
    fn flow(&mut self, scan: &mut Scan, _line: usize, at: usize, content: usize, stop: usize, _indent: usize) -> usize {
        let bytes = self.bytes();
        if matches!(&bytes[at..content], b"{}" | b"[]") {
            return stop + 1;
        }
        let end = self.flow_end(at, content);
        let text = self.text;
        let outer = self.frames.last().map_or(&self.base, |f| &f.level);
        let finish = flow::scan(scan, text, at..end, outer, &|| self.path());
        self.line_end(finish.min(self.end.saturating_sub(1)).max(at)) + 1
    }

    /// How far a flow collection may go: to the next line that is plainly none of it.
    fn flow_end(&self, at: usize, content: usize) -> usize {
        let bytes = self.bytes();
        if self.comments || balanced(&bytes[at..content]) {
            return content;
        }
        let mut line = self.line_end(at) + 1;
        while line < bytes.len() {
            let stop = self.line_end(line);
            let first = bytes[line];
            let document = bytes[line..stop].starts_with(b"---");
            // A key in the first column.
            let plain = first.is_ascii_alphabetic() && key(bytes, line, stop).is_some();
            if document || plain {
                return line;
            }
            line = stop + 1;
        }
        bytes.len()
    }

    /// A block scalar as the value of the current key, from the line after its header.
    fn block(&mut self, scan: &mut Scan, from: usize, indent: usize) -> usize {
        // The header may be the last of the text.
        let from = from.min(self.end);
        let end = self.block_end(from, indent);
        let text = self.text;
        let trimmed = trim(text.bytes, from..end);
        if trimmed.is_empty() {
            return end;
        }
        let Some((last, above)) = self.frames.split_last_mut() else { return end };
        let key_range = last.level.key.clone();
        let path = || joined(above, &key_range, text);
        block(scan, text, trimmed, &mut last.level, &path);
        end
    }

    fn block_end(&self, from: usize, indent: usize) -> usize {
        let bytes = self.bytes();
        let mut at = from;
        while at < bytes.len() {
            let stop = self.line_end(at);
            let column = bytes[at..stop].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            let rest = &bytes[at + column..stop];
            let blank = rest.trim_ascii().is_empty();
            // An action stands at any column and prints what is indented elsewhere.
            if !blank && column <= indent && !rest.starts_with(b"{{") {
                return at;
            }
            at = stop + 1;
        }
        self.end
    }

    /// A line without a key: an item, the value of the key before, or text.
    fn bare(
        &mut self,
        scan: &mut Scan,
        line: usize,
        at: usize,
        content: usize,
        stop: usize,
        dash: Option<usize>,
    ) -> usize {
        let bytes = &self.text.bytes[..self.end];
        let waits = dash.is_none() && self.frames.last().is_some_and(|f| f.level.waits && at - line > f.indent);
        if (dash.is_some() || waits)
            && let Some(frame) = self.frames.last_mut()
        {
            frame.level.waits = false;
        }
        match bytes[at] {
            b'|' | b'>' if dash.is_some() && is_header(&bytes[at..content]) && !self.comments => {
                let from = (stop + 1).min(self.end);
                let end = self.block_end(from, dash.unwrap_or_default());
                let text = self.text;
                let trimmed = trim(text.bytes, from..end);
                if let Some((last, above)) = self.frames.split_last_mut() {
                    let key = last.level.key.clone();
                    block(scan, text, trimmed, &mut last.level, &|| joined(above, &key, text));
                }
                end
            }
            b'{' | b'[' if !bytes[at..content].starts_with(b"{{") => {
                let end = self.flow_end(at, content);
                let text = self.text;
                let outer = self.frames.last().map_or(&self.base, |f| &f.level);
                let finish = flow::scan(scan, text, at..end, outer, &|| self.path());
                self.line_end(finish.min(self.end.saturating_sub(1)).max(at)) + 1
            }
            b'"' | b'\'' if dash.is_some() || waits => {
                let (value, next) = self.quoted_range(at, content, stop);
                if waits {
                    self.scalar(scan, &value);
                } else {
                    self.item(scan, &value);
                }
                next
            }
            _ if dash.is_some() || waits => {
                let end = find_pair(&bytes[at..content], *b" #")
                    .map_or(content, |n| at + bytes[at..at + n].trim_ascii_end().len());
                let value = Scalar { range: at..end, escaped: false };
                if waits {
                    self.scalar(scan, &value);
                } else {
                    self.item(scan, &value);
                }
                stop + 1
            }
            _ => {
                self.text_line(scan, at..content);
                stop + 1
            }
        }
    }

    /// A line of which nothing is known.
    fn text_line(&self, scan: &mut Scan, range: Range<usize>) {
        let around = self.frames.last().map_or(self.base.around, |f| f.level.child);
        if around.zone == Zone::References {
            return;
        }
        let bare = if matches!(around.place, Where::Comment | Where::Template) { Bare::Prose } else { Bare::Literal };
        lines::one(scan, self.text, range, Lines { bare, place: around.place });
    }

    /// What stands behind a value.
    fn tail(&self, scan: &mut Scan, range: Range<usize>) {
        if lines::worth_a_look(&self.text.bytes[range.clone()]) {
            lines::one(scan, self.text, range, Lines { bare: Bare::Prose, place: Where::Comment });
        }
    }

    /// A line that starts with an action; returns where a key may start after it.
    fn actions_line(&mut self, scan: &mut Scan, at: usize, content: usize) -> Option<usize> {
        let bytes = &self.text.bytes[..self.end];
        let mut after = at;
        while bytes[after..content].starts_with(b"{{") {
            let Some(end) = memchr::memmem::find(&bytes[after..content], b"}}") else {
                after = content;
                break;
            };
            after += end + 2;
        }
        let place = self.frames.last().map_or(self.base.around.place, |f| f.level.child.place);
        actions::scan(scan, self.text, at..after, b"", &String::new, place);
        let rest = &bytes[after..content];
        // `{{ $name }}-password: x`, but not the value of a key that an action opened.
        if rest.is_empty() || !has_pair(rest, *b": ") || rest.starts_with(b":") {
            if !rest.is_empty() && has_pair(rest, *b"{{") {
                actions::scan(scan, self.text, after..content, b"", &String::new, place);
            }
            return None;
        }
        Some(after + rest.iter().take_while(|b| matches!(b, b' ' | b'-')).count())
    }

    /// Comments that follow one another, as one text.
    fn comment(&mut self, scan: &mut Scan, start: usize) -> usize {
        let bytes = self.bytes();
        let mut at = start;
        while at < bytes.len() {
            let stop = self.line_end(at);
            if !bytes[at..stop].trim_ascii_start().starts_with(b"#") {
                break;
            }
            at = stop + 1;
        }
        let end = at.min(self.end);
        if lines::worth_a_look(&bytes[start..end]) {
            walk(scan, self.text, start..end, Around::top(Where::Comment), true);
        }
        end
    }
}

/// Files in which a password stands without a name.
fn is_password_file(key: &[u8]) -> bool {
    key.ends_with(b"pgpass") || key.ends_with(b"userlist.txt") || key.ends_with(b".acl")
}

/// Scans the content of a block scalar that stands under a level's current key.
fn block(scan: &mut Scan, text: &Text<'_>, range: Range<usize>, level: &mut Level, path: &dyn Fn() -> String) {
    let bytes = &text.bytes[range.clone()];
    let child = level.child;
    if child.zone == Zone::References || bytes.is_empty() {
        return;
    }
    let key = &text.bytes[level.key.clone()];
    let listed = key == b"list" && level.is_under(text, b"chpasswd");
    let one_line = memchr::memchr(b'\n', bytes).is_none();
    let scalar = Scalar { range: range.clone(), escaped: false };
    scan.adopt(text, &range, child.place, path);
    if child.zone == Zone::Data || (one_line && child.zone != Zone::Args && !is_password_file(key) && !listed) {
        level.scalar(scan, text, &scalar, path);
        return;
    }
    level.waits = false;
    if child.zone == Zone::StringData && !has_pair(bytes, *b"{{") && memory::known(key).name.class >= Class::Weak {
        let name = memory::known(key).name;
        entry::judge(scan, text, child, key, name, &scalar, path);
        return;
    }
    if !lines::worth_a_look(bytes) && !nested::is_base64(bytes) && !is_password_file(key) && !listed {
        return;
    }
    if has_pair(bytes, *b"{{") {
        actions::scan(scan, text, range.clone(), b"", path, child.place);
    }
    let name = words::text(key).into_owned();
    // The first line keeps its indentation: its keys stand in one column with those below.
    let indent = text.bytes[..range.start].iter().rev().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let range = range.start - indent..range.end;
    if nested::is_base64(bytes) && nested::base64(scan, text, range.clone(), &path(), child.place) {
        return;
    }
    scan.inside(path(), |scan| {
        if listed {
            lines::scan(scan, text, range, Lines { bare: Bare::Literal, place: child.place });
        } else if child.zone == Zone::Args {
            lines::scan(scan, text, range, Lines { bare: Bare::Literal, place: Where::Args });
        } else {
            nested::text(scan, text, range, &name, child.place);
        }
    });
}

fn path(frames: &[Frame], text: &Text<'_>) -> String {
    match frames.split_last() {
        Some((last, above)) => joined(above, &last.level.key, text),
        None => String::new(),
    }
}

fn joined(frames: &[Frame], key: &Range<usize>, text: &Text<'_>) -> String {
    let mut path = String::with_capacity(64);
    for range in frames.iter().map(|f| &f.level.key).chain([key]) {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&words::text(&text.bytes[range.clone()]));
    }
    path
}

fn trim(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    let inner = &bytes[range.clone()];
    let lead = inner.len() - inner.trim_ascii_start().len();
    let kept = inner.trim_ascii().len();
    range.start + lead..range.start + lead + kept
}

/// `|`, `>-`, `|2+`, perhaps with a comment.
fn is_header(bytes: &[u8]) -> bool {
    let rest = bytes[1..].iter().take_while(|b| matches!(b, b'+' | b'-' | b'0'..=b'9')).count() + 1;
    let after = bytes[rest..].trim_ascii_start();
    after.is_empty() || after.starts_with(b"#")
}

/// Whether every bracket of one line is closed on it; quotes are looked into too, which errs towards more lines.
fn balanced(line: &[u8]) -> bool {
    let mut depth = 0usize;
    for &b in line {
        match b {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

/// The key at a place of a line, and where its value may start.
fn key(bytes: &[u8], at: usize, content: usize) -> Option<(Range<usize>, usize)> {
    let ends = |colon: usize| {
        matches!(bytes.get(colon + 1), None | Some(b' ' | b'\n' | b'\r' | b'\t')) || colon + 1 >= content
    };
    let line = &bytes[at..content.min(at + MAX_KEY)];
    match *line.first()? {
        quote @ (b'"' | b'\'') => {
            let length = flow::close(&line[1..], quote)?;
            let colon = at + 2 + length;
            (bytes.get(colon) == Some(&b':') && ends(colon)).then_some((at + 1..at + 1 + length, colon + 1))
        }
        b'{' if !line.starts_with(b"{{") => None,
        b'[' | b'#' | b'|' | b'>' | b'@' | b'%' | b'`' => None,
        _ => {
            let mut from = 0;
            loop {
                let colon = from + memchr::memchr(b':', &line[from..])?;
                if ends(at + colon) {
                    let name = line[..colon].trim_ascii_end();
                    // Text with a colon in it is no key.
                    let words = name.iter().filter(|b| b.is_ascii_whitespace()).count();
                    if name.is_empty() || words > 4 || has_pair(name, *b" #") {
                        return None;
                    }
                    return Some((at..at + name.len(), at + colon + 1));
                }
                from = colon + 1;
            }
        }
    }
}
