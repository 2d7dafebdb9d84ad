//! Long lines, cut to what a person reads, with `…` where something is left out.

use std::borrow::Cow;

/// Characters of a line of a diff that are shown.
const WIDTH: usize = 240;

/// Characters of a line of a message that are shown: no command that is meant to be copied is longer.
const MESSAGE: usize = 2000;

/// A message, of whose lines the ends are left out where they are long beyond reason.
pub fn message(text: &str) -> Cow<'_, str> {
    if text.lines().all(|line| line.len() <= MESSAGE) {
        return Cow::Borrowed(text);
    }
    let lines: Vec<Cow<'_, str>> = text.lines().map(|line| around(line, 0, MESSAGE)).collect();
    Cow::Owned(lines.join("\n"))
}

/// A text with its lines broken between words, so that each has at most `width` characters; a longer word stays whole, since it is a
/// path or a command to be copied.
pub fn wrapped(text: &str, width: usize) -> String {
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let mut current = String::new();
        let mut length = 0;
        for word in line.split(' ') {
            let more = word.chars().count();
            if length > 0 && length + 1 + more > width {
                // Two blanks may stand between words.
                lines.push(std::mem::take(&mut current).trim_end().to_owned());
                length = 0;
            } else if length > 0 {
                current.push(' ');
                length += 1;
            }
            current.push_str(word);
            length += more;
        }
        lines.push(current);
    }
    lines.join("\n")
}

/// The lines of a diff. Of a long one the part is shown in which it differs from the line that it replaces or that replaces it.
pub fn diff(lines: &[String]) -> Vec<Cow<'_, str>> {
    let mut shown = Vec::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        shown.push(if line.len() > WIDTH {
            around(line, counterpart(lines, at).map_or(0, |other| common(line, other)), WIDTH)
        } else {
            Cow::Borrowed(line.as_str())
        });
    }
    shown
}

/// The line that stands on the other side of a change: the third of what is taken out for the third of what comes.
fn counterpart(lines: &[String], at: usize) -> Option<&String> {
    let sign = lines[at].chars().next()?;
    let other = match sign {
        '-' => '+',
        '+' => '-',
        _ => return None,
    };
    let run = |from: usize, sign: char| lines[from..].iter().take_while(|l| l.starts_with(sign)).count();
    let start = lines[..at].iter().rposition(|l| !l.starts_with(sign)).map_or(0, |before| before + 1);
    let number = at - start;
    let others = match sign {
        '-' => start + run(start, '-'),
        _ => lines[..start].iter().rposition(|l| !l.starts_with('-')).map_or(0, |before| before + 1),
    };
    (number < run(others, other)).then(|| &lines[others + number])
}

/// How many characters two lines have in common, the sign before them aside.
fn common(line: &str, other: &str) -> usize {
    1 + line.chars().skip(1).zip(other.chars().skip(1)).take_while(|(a, b)| a == b).count()
}

/// A text of at most `width` characters around one of its places. The first character, which is the sign of a diff's line, stays.
fn around(line: &str, place: usize, width: usize) -> Cow<'_, str> {
    let count = line.chars().count();
    if count <= width {
        return Cow::Borrowed(line);
    }
    // What comes before the place says what it is about.
    let skip = place.saturating_sub(width / 2).min(count - width);
    let sign: String = line.chars().take(1).collect();
    let before = if skip > 0 { format!("{sign}…") } else { sign };
    let part: String = line.chars().skip(1 + skip).take(width).collect();
    let left = count.saturating_sub(1 + skip + width);
    let after = if left > 0 { format!("… {left} more characters") } else { String::new() };
    Cow::Owned(before + &part + &after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_where_it_differs() {
        let long = |sign: char, word: &str| format!("{sign}  image: {}{word}{}", "x".repeat(5000), "y".repeat(5000));
        let lines = [
            " kind: A".to_owned(),
            long('-', "old"),
            "-  b: 1".into(),
            long('+', "new"),
            "+  b: 2".into(),
            long(' ', ""),
        ];
        let shown = diff(&lines);
        assert!(
            shown[1].starts_with("-…x") && shown[1].contains("xoldy") && shown[1].ends_with(" more characters"),
            "{}",
            shown[1]
        );
        assert!(shown[3].starts_with("+…x") && shown[3].contains("xnewy"), "{}", shown[3]);
        assert!(shown[5].starts_with("   image: x"), "{}", shown[5]);
        assert_eq!((&*shown[0], &*shown[2], &*shown[4]), (" kind: A", "-  b: 1", "+  b: 2"));
        assert!(shown.iter().all(|line| line.chars().count() < WIDTH + 40));
    }

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrapped("one two three\nfour", 8), "one two\nthree\nfour");
        assert_eq!(wrapped("a/very/long/path it is", 8), "a/very/long/path\nit is");
        assert_eq!(wrapped("a/one  a/two  a/three", 12), "a/one  a/two\na/three");
        assert_eq!(wrapped("", 8), "");
    }

    #[test]
    fn a_long_line_without_another_is_cut_at_its_end() {
        let lines = [format!("+{}", "x".repeat(1000))];
        assert_eq!(diff(&lines)[0], format!("+{}… 760 more characters", "x".repeat(WIDTH)));
        assert_eq!(around("+abc", 0, 240), "+abc");
        assert_eq!(message("a\nb"), "a\nb");
        let long = message(&format!("a\n{}", "b".repeat(3_000_000))).into_owned();
        assert!(
            long.starts_with("a\nbb") && long.ends_with("… 2997999 more characters"),
            "{}",
            &long[long.len() - 40..]
        );
    }
}
