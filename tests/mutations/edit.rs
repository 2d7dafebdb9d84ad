//! Small changes of texts.

use std::ops::Range;

use super::world::Leaf;

/// Puts something in place of a part of a text.
pub fn splice(text: &str, range: Range<usize>, with: &str) -> String {
    format!("{}{with}{}", &text[..range.start], &text[range.end..])
}

/// Puts something in place of a scalar.
pub fn set(text: &str, leaf: &Leaf, with: &str) -> String {
    splice(text, leaf.range.clone(), with)
}

/// How far a line is indented.
pub fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The lines of the block that starts at a line: those below it that are indented deeper, and items of a list at its height.
pub fn block(lines: &[String], at: usize) -> Range<usize> {
    let own = indent(&lines[at]);
    let is_item = lines[at].trim_start().starts_with("- ");
    let inside =
        |line: &String| indent(line) > own || !is_item && indent(line) == own && line.trim_start().starts_with("- ");
    let rest = lines[at + 1..].iter();
    let count = rest.take_while(|line| line.trim().is_empty() || inside(line)).count();
    let mut end = at + 1 + count;
    while end > at + 1 && lines[end - 1].trim().is_empty() {
        end -= 1;
    }
    at..end
}

/// The text without a block, and without the keys above it that hold nothing then.
pub fn without_block(lines: &[String], at: usize) -> Vec<String> {
    let range = block(lines, at);
    let own = indent(&lines[at]);
    let parent = (0..at).rev().find(|line| !lines[*line].trim().is_empty() && indent(&lines[*line]) < own);
    if let Some(parent) = parent {
        let rest = block(lines, parent);
        let others = (rest.start + 1..rest.end).filter(|line| !range.contains(line));
        if !others.into_iter().any(|line| !lines[line].trim().is_empty() && !lines[line].trim().starts_with('#')) {
            return without_block(lines, parent);
        }
    }
    let mut left = lines.to_vec();
    left.drain(range);
    left
}

/// The line at which the map entry of a leaf starts whose path has so many steps.
pub fn line_of(lines: &[String], leaf: &Leaf, steps: usize) -> usize {
    let mut at = leaf.line;
    let starts = |line: &str, key: &str| {
        let line = line.trim_start().trim_start_matches("- ");
        line.starts_with(&format!("{key}:")) || line.starts_with(&format!("\"{key}\":"))
    };
    for step in leaf.path[steps - 1..].iter().rev() {
        if step.starts_with('[') {
            while !lines[at].trim_start().starts_with("- ") {
                at -= 1;
            }
        } else {
            while !starts(&lines[at], step) {
                at -= 1;
            }
        }
    }
    at
}

/// Adds entries to the first list of variables of a template. `entry` is written without indentation.
pub fn with_env(text: &str, entry: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| line.trim() == "env:")?;
    let next = lines[at + 1..].iter().find(|line| !line.trim().is_empty() && !line.trim().starts_with('#'))?;
    let depth = match next.split_once("nindent ") {
        Some((_, rest)) => rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()?,
        None if next.trim_start().starts_with("- ") => indent(next),
        None => indent(lines[at]) + 2,
    };
    let entry: Vec<String> = entry.lines().map(|line| format!("{}{line}", " ".repeat(depth))).collect();
    let mut changed: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
    let rest = changed.split_off(at + 1);
    let changed = [changed, entry, rest].concat();
    Some(changed.join("\n") + "\n")
}

/// Adds lines at the end of the block that a line opens.
pub fn into_block(text: &str, opens: &str, added: &str) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = lines.iter().position(|line| line.trim_end() == opens)?;
    let rest = lines.split_off(at + 1);
    lines.extend(added.lines().map(str::to_owned).chain(rest));
    Some(lines.join("\n") + "\n")
}

/// A typing error.
pub fn misspelt(word: &str) -> String {
    let at = word.len() / 2;
    format!("{}{}", &word[..at], &word[at + 1..])
}
