//! What of a template nobody reads but people.

use super::lex::end_of_action;

/// A template with blanks where its comments are, each as many bytes as before, so that every place stays the same.
///
/// Comments are `{{/* … */}}` and, outside of block scalars (there they are data), `# …`.
pub fn without_comments(text: &str) -> String {
    let mut out = text.as_bytes().to_vec();
    let mut block: Option<usize> = None;
    let mut line = 0;
    let mut at = 0;
    if let Some(rest) = text.get(at..) {
        enter(rest, &mut block);
    }
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let start = text[line..at].chars().next_back();
        let end = match rest.as_bytes()[0] {
            b'\n' => {
                if block.is_none() && opens_block(&out[line..at]) {
                    block = Some(indent(&text[line..]));
                }
                line = at + 1;
                enter(&text[line..], &mut block);
                at + 1
            }
            b'{' if rest.starts_with("{{") => action(text, at, &mut out),
            b'#' if block.is_none() && start.is_none_or(char::is_whitespace) => {
                let end = at + rest.find('\n').unwrap_or(rest.len());
                blank(&mut out[at..end]);
                end
            }
            quote @ (b'"' | b'\'') if start.is_none_or(|c| c.is_whitespace() || "[{,(:".contains(c)) => {
                at + quoted(rest, char::from(quote))
            }
            _ => at + rest.chars().next().map_or(1, char::len_utf8),
        };
        at = end;
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// Where an action ends; its bytes are blanked when it is a comment.
fn action(text: &str, at: usize, out: &mut [u8]) -> usize {
    let inside = text[at + 2..].trim_start_matches('-').trim_start();
    if inside.starts_with("/*") {
        let close = text[at..].find("*/").map_or(text.len(), |close| at + close);
        let end = text[close..].find("}}").map_or(text.len(), |end| close + end + 2);
        blank(&mut out[at..end]);
        return end;
    }
    end_of_action(text, at + 2).map_or(at + 2, |end| end + 2)
}

/// The length of a quoted scalar that ends on its line and holds no action, which may have quotes of its own; else of its quote.
fn quoted(rest: &str, quote: char) -> usize {
    let line = rest.lines().next().unwrap_or_default();
    match line[1..].find(quote) {
        Some(end) if !line[1..=end].contains("{{") => end + 2,
        _ => 1,
    }
}

/// Leaves a block scalar at a line that is no deeper than the one that opened it.
fn enter(rest: &str, block: &mut Option<usize>) {
    let line = rest.lines().next().unwrap_or_default();
    let content = line.trim_start();
    if !content.is_empty() && !content.starts_with("{{") && block.is_some_and(|opened| indent(line) <= opened) {
        *block = None;
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Whether a line ends in `|` or `>` with their indicators, after a key or a dash.
fn opens_block(line: &[u8]) -> bool {
    let line = std::str::from_utf8(line).unwrap_or_default().trim_end();
    let head = line.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+'));
    let key = head.strip_suffix(['|', '>']).map(str::trim_end);
    key.is_some_and(|key| key.ends_with([':', '-']))
}

fn blank(bytes: &mut [u8]) {
    bytes.iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_blanked_and_nothing_moves() {
        let text = "{{- /* of a */ -}}\na: b # of c\n# d: {{ .e }}\nf: \"g # h\"\ni: it's # j\nk: l#m\n";
        let code = without_comments(text);
        assert_eq!(code.len(), text.len());
        let lines: Vec<&str> = code.lines().map(str::trim).collect();
        assert_eq!(lines, ["", "a: b", "", "f: \"g # h\"", "i: it's", "k: l#m"]);
        assert_eq!(without_comments("ä: {{/* ü\n */}}ö").len(), "ä: {{/* ü\n */}}ö".len());
    }

    #[test]
    fn what_stands_in_a_block_scalar_is_data() {
        let text =
            "data:\n  a: |-\n    # kept\n\n{{ if .x }}\n    # kept too\n{{ end }}\n  # gone\n  b: {{ \"#\" }} # gone\n";
        let code = without_comments(text);
        assert_eq!(code.matches("kept").count(), 2);
        assert!(!code.contains("gone") && code.contains("\"#\""), "{code}");
    }

    #[test]
    fn nothing_panics() {
        for text in ["{{", "{{/*", "'", "#", "a: |", "{{ \"", "\u{feff}# ä"] {
            assert_eq!(without_comments(text).len(), text.len());
        }
    }
}
