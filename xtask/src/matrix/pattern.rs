//! Path patterns of the matrix file: `environments/{env}/platform/{release}.yaml`.

use std::path::Path;

use regex::Regex;

/// A placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hole {
    /// `{env}`.
    Env,
    /// `{release}`.
    Release,
    /// `{chart}`.
    Chart,
    /// `{chart_dir}`: the whole chart path.
    ChartDir,
    /// `{layer}`.
    Layer,
}

const HOLES: [(&str, Hole); 5] = [
    ("env", Hole::Env),
    ("release", Hole::Release),
    ("chart", Hole::Chart),
    ("chart_dir", Hole::ChartDir),
    ("layer", Hole::Layer),
];

/// Names of all placeholders.
pub fn names() -> impl Iterator<Item = &'static str> {
    HOLES.iter().map(|(name, _)| *name)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Hole(Hole),
}

/// A parsed pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
    /// The path ended in `?`: a file that may be absent.
    pub optional: bool,
}

/// What fills the placeholders.
#[derive(Debug, Clone, Copy, Default)]
pub struct Names<'a> {
    /// Environment.
    pub env: &'a str,
    /// Release.
    pub release: &'a str,
    /// Chart.
    pub chart: &'a str,
    /// Chart path.
    pub chart_dir: &'a str,
    /// Layer number.
    pub layer: u32,
}

/// A file that a pattern matches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Match {
    /// Path relative to the root.
    pub path: String,
    /// What stands for `{env}`, if the pattern has it.
    pub env: Option<String>,
    /// What stands for `{release}`, if the pattern has it.
    pub release: Option<String>,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// The unknown placeholder, or the text that is no placeholder.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut rest, optional) = text.strip_suffix('?').map_or((text, false), |t| (t, true));
        let mut parts = Vec::new();
        while let Some(open) = rest.find('{') {
            if open > 0 {
                parts.push(Part::Text(rest[..open].to_owned()));
            }
            let close = rest[open..].find('}').ok_or_else(|| rest[open + 1..].to_owned())? + open;
            let name = &rest[open + 1..close];
            let hole = HOLES.iter().find(|(known, _)| *known == name).ok_or_else(|| name.to_owned())?;
            parts.push(Part::Hole(hole.1));
            rest = &rest[close + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts, optional })
    }

    /// Whether the pattern has a placeholder.
    pub fn has(&self, hole: Hole) -> bool {
        self.parts.contains(&Part::Hole(hole))
    }

    /// The path with all placeholders filled.
    pub fn fill(&self, names: &Names<'_>) -> String {
        let mut path = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => path.push_str(text),
                Part::Hole(Hole::Env) => path.push_str(names.env),
                Part::Hole(Hole::Release) => path.push_str(names.release),
                Part::Hole(Hole::Chart) => path.push_str(names.chart),
                Part::Hole(Hole::ChartDir) => path.push_str(names.chart_dir),
                Part::Hole(Hole::Layer) => path.push_str(&names.layer.to_string()),
            }
        }
        path
    }

    /// The folder below which all matching files lie.
    pub fn base(&self) -> String {
        match self.parts.first() {
            Some(Part::Text(text)) if self.parts.len() > 1 => text.rfind('/').map_or("", |i| &text[..i]).to_owned(),
            _ => String::new(),
        }
    }

    /// Every file below `root` that the pattern matches, sorted.
    pub fn find(&self, root: &Path) -> Vec<Match> {
        let regex = self.regex();
        let base = self.base();
        let depth = (!self.has(Hole::ChartDir) && !self.has(Hole::Chart)).then(|| {
            self.fill(&Names::default()).matches('/').count() + 1 - base.split('/').filter(|s| !s.is_empty()).count()
        });
        let mut walk = ignore::WalkBuilder::new(root.join(&base));
        walk.standard_filters(false).max_depth(depth);
        walk.filter_entry(|entry| !matches!(entry.file_name().to_str(), Some(".git" | "target" | "node_modules")));
        let mut found = Vec::new();
        for entry in walk.build().flatten() {
            if !entry.file_type().is_some_and(|t| t.is_file() || t.is_symlink()) {
                continue;
            }
            let Some(path) = entry.path().strip_prefix(root).ok().and_then(Path::to_str) else { continue };
            if let Some(captures) = regex.captures(path) {
                let group = |name: &str| captures.name(name).map(|m| m.as_str().to_owned());
                found.push(Match { path: path.to_owned(), env: group("env"), release: group("release") });
            }
        }
        found.sort();
        found
    }

    fn regex(&self) -> Regex {
        let mut text = String::from("^");
        let mut named: Vec<Hole> = Vec::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(&regex::escape(literal)),
                Part::Hole(Hole::ChartDir | Hole::Chart) => text.push_str(".+"),
                Part::Hole(Hole::Layer) => text.push_str("[0-9]+"),
                Part::Hole(hole) => {
                    let name = if *hole == Hole::Env { "env" } else { "release" };
                    let group = if named.contains(hole) { "[^/]+".to_owned() } else { format!("(?P<{name}>[^/]+)") };
                    named.push(*hole);
                    text.push_str(&group);
                }
            }
        }
        text.push('$');
        // Escaped literals and fixed groups: always valid.
        Regex::new(&text).unwrap_or_else(|_| Regex::new("$^").expect("a constant"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_found_again() {
        let pattern = Pattern::parse("e/{env}/p/{release}.yaml?").unwrap();
        assert!(pattern.optional && pattern.has(Hole::Env) && !pattern.has(Hole::Chart));
        let names = Names { env: "local", release: "a.b", ..Names::default() };
        assert_eq!(pattern.fill(&names), "e/local/p/a.b.yaml");
        let folder = tempfile::tempdir().unwrap();
        for file in ["e/local/p/a.b.yaml", "e/local/p/README.md", "e/local/p/deep/x.yaml"] {
            std::fs::create_dir_all(folder.path().join(file).parent().unwrap()).unwrap();
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        let found = pattern.find(folder.path());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].release.as_deref(), Some("a.b"));
        assert_eq!(Pattern::parse("x/{realese}"), Err("realese".to_owned()));
    }
}
