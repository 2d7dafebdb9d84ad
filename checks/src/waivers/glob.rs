//! Globs over paths, cells and objects: `*` and `?` stay inside one part of a path, `**` crosses parts.

use regex::Regex;

/// Longer patterns are a mistake.
const LONGEST: usize = 512;

/// A pattern.
#[derive(Debug, Clone)]
pub struct Glob {
    text: String,
    regex: Regex,
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Glob {}

impl Glob {
    /// Reads a pattern; `None` for one that is too long. A `/` at the end means all that lies below.
    pub fn new(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let whole = if text.ends_with('/') { format!("{text}**") } else { text.to_owned() };
        let mut pattern = String::from("^");
        let mut rest = whole.as_str();
        while let Some(c) = rest.chars().next() {
            let (taken, part) = if rest.starts_with("**/") {
                (3, "(?:.*/)?".to_owned())
            } else if rest.starts_with("**") {
                (2, ".*".to_owned())
            } else if c == '*' {
                (1, "[^/]*".to_owned())
            } else if c == '?' {
                (1, "[^/]".to_owned())
            } else {
                (c.len_utf8(), regex::escape(&rest[..c.len_utf8()]))
            };
            pattern.push_str(&part);
            rest = &rest[taken..];
        }
        pattern.push('$');
        Some(Self { text: text.to_owned(), regex: Regex::new(&pattern).ok()? })
    }

    /// Whether a path, a cell's name or the like fits.
    pub fn matches(&self, name: &str) -> bool {
        self.regex.is_match(name)
    }

    /// The pattern as written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stays_in_its_part() {
        let matches = |glob: &str, name: &str| Glob::new(glob).unwrap().matches(name);
        assert!(matches("staging/*", "staging/web") && !matches("*", "staging/web"));
        assert!(matches("charts/**/values.yaml", "charts/values.yaml"));
        assert!(matches("charts/**/values.yaml", "charts/a/b/values.yaml"));
        assert!(matches("charts/a/", "charts/a/templates/x.yaml") && !matches("charts/a", "charts/a/x"));
        assert!(matches("a.b?", "a.bc") && !matches("a.b", "axb"));
        assert!(matches("**", "a/b/c") && !matches("a/b", "xa/b"));
    }
}
