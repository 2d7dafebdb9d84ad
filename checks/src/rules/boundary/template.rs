//! The actions of a Go template, cut into words: enough to see what is compared with what. Nothing is evaluated.

/// A template with more actions than this is read up to there.
const MOST_ACTIONS: usize = 20_000;

/// One word of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word<'a> {
    /// A function, a keyword, a field path, a variable.
    Name(&'a str),
    /// A string without its quotes.
    Text(&'a str),
    /// A pair of parentheses.
    Group(Vec<Word<'a>>),
    /// `|`.
    Pipe,
    /// `:=` or `=`.
    Assign,
}

/// One `{{ … }}`.
#[derive(Debug, PartialEq, Eq)]
pub struct Action<'a> {
    /// Where `{{` stands, in bytes.
    pub start: usize,
    /// Where `}}` ends.
    pub end: usize,
    /// Its words.
    pub words: Vec<Word<'a>>,
}

/// All actions of a template, comments left out.
pub fn actions(text: &str) -> Vec<Action<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find("{{").map(|i| at + i) {
        let Some(end) = close(text, open + 2) else { break };
        let inner = text[open + 2..end - 2].trim_start_matches('-').trim_end_matches('-').trim();
        if !inner.starts_with("/*") {
            found.push(Action { start: open, end, words: words(inner) });
        }
        at = end;
        if found.len() == MOST_ACTIONS {
            break;
        }
    }
    found
}

/// The end of an action: `}}` outside strings and comments.
fn close(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    if text[from..].trim_start_matches('-').trim_start().starts_with("/*") {
        let comment = from + text[from..].find("*/")?;
        return Some(comment + text[comment..].find("}}")? + 2);
    }
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'`') => at = string_end(bytes, at, quote)?,
            b'}' if bytes.get(at + 1) == Some(&b'}') => return Some(at + 2),
            _ => at += 1,
        }
    }
    None
}

/// One past the closing quote.
fn string_end(bytes: &[u8], start: usize, quote: u8) -> Option<usize> {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

fn words(text: &str) -> Vec<Word<'_>> {
    let bytes = text.as_bytes();
    let mut stack: Vec<Vec<Word<'_>>> = vec![Vec::new()];
    let mut at = 0;
    while at < bytes.len() {
        let mut next = at + 1;
        let word = match bytes[at] {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => None,
            b'(' => {
                stack.push(Vec::new());
                None
            }
            b')' => (stack.len() > 1).then(|| Word::Group(stack.pop().unwrap_or_default())),
            b'|' => Some(Word::Pipe),
            b'=' => Some(Word::Assign),
            b':' if bytes.get(at + 1) == Some(&b'=') => {
                next = at + 2;
                Some(Word::Assign)
            }
            quote @ (b'"' | b'`') => {
                next = string_end(bytes, at, quote).unwrap_or(bytes.len());
                Some(Word::Text(text[at + 1..next.max(at + 2) - 1].trim_end_matches(quote as char)))
            }
            _ => {
                let rest = &text[at..];
                let length = rest.find(|c: char| c.is_whitespace() || "(),|=:\"`".contains(c)).unwrap_or(rest.len());
                next = at + length.max(1);
                while !text.is_char_boundary(next) {
                    next += 1;
                }
                Some(Word::Name(&text[at..next]))
            }
        };
        if let (Some(word), Some(open)) = (word, stack.last_mut()) {
            open.push(word);
        }
        at = next;
    }
    while stack.len() > 1 {
        let group = stack.pop().unwrap_or_default();
        if let Some(open) = stack.last_mut() {
            open.push(Word::Group(group));
        }
    }
    stack.pop().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_cut_into_words() {
        let found = actions("a {{- if eq (.Values.env | lower) \"x }}\" -}} {{/* eq */}}{{ $a := `b` }}");
        assert_eq!(found.len(), 2);
        assert_eq!(
            found[0].words,
            [
                Word::Name("if"),
                Word::Name("eq"),
                Word::Group(vec![Word::Name(".Values.env"), Word::Pipe, Word::Name("lower")]),
                Word::Text("x }}"),
            ]
        );
        assert_eq!(found[1].words, [Word::Name("$a"), Word::Assign, Word::Text("b")]);
    }

    #[test]
    fn broken_templates_end_quietly() {
        for text in
            ["{{", "{{ \"", "{{ ( ( }}", "{{ ) }}", "{{/* a", "{{ é( \"ü\" }}", "{{ \"\\", "{{ \" }}", "{{ ` }}"]
        {
            let _ = actions(text);
        }
        assert_eq!(actions("{{ ( ( }}").len(), 1);
    }
}
