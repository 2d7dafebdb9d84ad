//! Words of an action, `{{ … }}`.

use std::ops::Range;

/// One word with its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

/// What a word is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// `include`, `if`, `true`.
    Word(String),
    /// `.a.b`; `.` alone has no parts.
    Field(Vec<String>),
    /// `$x.a`; `$` alone has an empty name.
    Variable(String, Vec<String>),
    /// A string in quotes or backticks.
    Text(String),
    /// A number or a character, as written.
    Number(String),
    Open,
    Close,
    Bar,
    Declare,
    Assign,
    Comma,
}

/// A part of a template: text, or an action with its delimiters.
pub(super) enum Piece {
    Text(Range<usize>),
    /// The whole of `{{ … }}`, and its inside.
    Action(Range<usize>, Range<usize>),
}

/// Cuts a template into text and actions; comments are dropped, and the space that `{{-` and `-}}` trim.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut trims = false;
    while let Some(open) = text[at..].find("{{").map(|i| at + i) {
        let mut inside = open + 2;
        let before = text[inside..].starts_with('-') && text[inside + 1..].starts_with(char::is_whitespace);
        if before {
            inside += 1;
        }
        if open > at {
            pieces.push(Piece::Text(trimmed(text, at..open, trims, before)));
        }
        if text[inside..].trim_start().starts_with("/*") {
            let close = text[inside..].find("*/").ok_or("a comment has no end")? + inside;
            let end = text[close..].find("}}").ok_or("an action has no end")? + close;
            trims = text[close + 2..end].ends_with('-');
            at = end + 2;
            continue;
        }
        let close = end_of_action(text, inside).ok_or("an action has no end")?;
        let last = text[inside..close].strip_suffix('-').filter(|t| t.ends_with(char::is_whitespace));
        pieces.push(Piece::Action(open..close + 2, inside..last.map_or(close, |t| inside + t.len())));
        trims = last.is_some();
        at = close + 2;
    }
    if at < text.len() {
        pieces.push(Piece::Text(trimmed(text, at..text.len(), trims, false)));
    }
    Ok(pieces)
}

/// A text between two actions without the space that they trim.
fn trimmed(text: &str, range: Range<usize>, start: bool, end: bool) -> Range<usize> {
    let space = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
    let inner = &text[range.clone()];
    let from = if start { range.start + (inner.len() - inner.trim_start_matches(space).len()) } else { range.start };
    let to = if end { range.start + inner.trim_end_matches(space).len() } else { range.end };
    from..to.max(from)
}

/// Where `}}` stands, outside of strings.
pub(super) fn end_of_action(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'\'') => {
                at += 1;
                while *bytes.get(at)? != quote {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'`' => at += 1 + text.get(at + 1..)?.find('`')?,
            b'}' if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// The words of an action's inside.
pub(super) fn tokens(text: &str, range: Range<usize>) -> Result<Vec<Token>, String> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let rest = &text[at..range.end];
        let Some(first) = rest.chars().next() else { break };
        let (kind, length) = match first {
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '(' => (Kind::Open, 1),
            ')' => (Kind::Close, 1),
            '|' => (Kind::Bar, 1),
            ',' => (Kind::Comma, 1),
            ':' if rest.starts_with(":=") => (Kind::Declare, 2),
            '=' => (Kind::Assign, 1),
            '"' => quoted(rest)?,
            '`' => {
                let end = rest[1..].find('`').ok_or("a raw string has no end")?;
                (Kind::Text(rest[1..=end].to_owned()), end + 2)
            }
            '\'' => {
                let end = rest[1..].char_indices().scan(false, |escaped, (i, c)| {
                    let ends = c == '\'' && !*escaped;
                    *escaped = c == '\\' && !*escaped;
                    Some((i, ends))
                });
                let end = end.filter(|(_, ends)| *ends).map(|(i, _)| i).next().ok_or("a character has no end")?;
                (Kind::Number(rest[..end + 2].to_owned()), end + 2)
            }
            '.' if !rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                let (fields, length) = chain(rest);
                (Kind::Field(fields), length.max(1))
            }
            '$' => {
                let name = word(&rest[1..]);
                let (fields, length) = chain(&rest[1 + name..]);
                (Kind::Variable(rest[1..=name].to_owned(), fields), 1 + name + length)
            }
            c if c.is_ascii_digit() || matches!(c, '+' | '-' | '.') => {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '+' | '-' | '_')));
                {
                    let end = end.unwrap_or(rest.len());
                    (Kind::Number(rest[..end].to_owned()), end)
                }
            }
            c if c.is_alphabetic() || c == '_' => {
                let length = word(rest);
                (Kind::Word(rest[..length].to_owned()), length)
            }
            other => return Err(format!("`{other}` cannot stand in an action")),
        };
        tokens.push(Token { kind, span: at..at + length });
        at += length;
    }
    Ok(tokens)
}

fn word(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len())
}

/// `.a.b` at the start of a text: its parts and its length.
fn chain(text: &str) -> (Vec<String>, usize) {
    let mut fields = Vec::new();
    let mut at = 0;
    while let Some(rest) = text[at..].strip_prefix('.') {
        let length = word(rest);
        if length == 0 {
            break;
        }
        fields.push(rest[..length].to_owned());
        at += 1 + length;
    }
    (fields, at)
}

fn quoted(text: &str) -> Result<(Kind, usize), String> {
    let mut content = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((Kind::Text(content), at + 1)),
            '\\' => match chars.next().map(|(_, c)| c) {
                Some('n') => content.push('\n'),
                Some('t') => content.push('\t'),
                Some(c) => content.push(c),
                None => break,
            },
            c => content.push(c),
        }
    }
    Err("a string has no end".to_owned())
}
