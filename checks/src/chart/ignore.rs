//! `.helmignore`: what Helm leaves out when it reads a chart's folder. Its own dialect, evaluated in order; a pattern that starts
//! with `!` drops everything that it does not match.

/// The rules of one chart.
#[derive(Debug, Clone, Default)]
pub(super) struct Ignore(Vec<Rule>);

#[derive(Debug, Clone)]
struct Rule {
    glob: Vec<char>,
    negate: bool,
    folder: bool,
    /// Compared with the whole path; otherwise with its last part.
    whole: bool,
}

impl Ignore {
    /// The rules of a file's text, with those that Helm always adds.
    pub(super) fn new(text: &str) -> Self {
        let lines = text.trim_start_matches('\u{feff}').lines().chain(["templates/.?*"]);
        Self(lines.map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).map(rule).collect())
    }

    /// Whether a file is left out, by itself or through one of its folders.
    pub(super) fn leaves_out(&self, path: &str) -> bool {
        let folders = path.match_indices('/').map(|(at, _)| (&path[..at], true));
        folders.chain([(path, false)]).any(|(path, folder)| self.matches(path, folder))
    }

    fn matches(&self, path: &str, folder: bool) -> bool {
        for rule in &self.0 {
            let subject = if rule.whole { path } else { path.rsplit('/').next().unwrap_or(path) };
            let hit = glob(&rule.glob, &subject.chars().collect::<Vec<_>>());
            if rule.negate {
                if (rule.folder && !folder) || !hit {
                    return true;
                }
            } else if hit && (folder || !rule.folder) {
                return true;
            }
        }
        false
    }
}

fn rule(line: &str) -> Rule {
    let (negate, line) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
    let (folder, line) = line.strip_suffix('/').map_or((false, line), |rest| (true, rest));
    let whole = line.contains('/');
    Rule { glob: line.strip_prefix('/').unwrap_or(line).chars().collect(), negate, folder, whole }
}

/// Go's `filepath.Match`: `*` and `?` stop at `/`, `[a-z]` and `[^a-z]` are classes, `\` takes the next literally. Only the last
/// `*` is ever tried again, so that no pattern takes long.
fn glob(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        if pattern.get(p) == Some(&'*') {
            star = Some((p + 1, t));
            p += 1;
            continue;
        }
        if p == pattern.len() && t == text.len() {
            return true;
        }
        if let Some(next) = text.get(t).and_then(|c| one(&pattern[p..], *c)) {
            p += next;
            t += 1;
            continue;
        }
        match star {
            Some((after, taken)) if text.get(taken).is_some_and(|c| *c != '/') => {
                star = Some((after, taken + 1));
                (p, t) = (after, taken + 1);
            }
            _ => return false,
        }
    }
}

/// How many characters of the pattern stand for this one character, if they do.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern {
        [] => None,
        ['?', ..] => (c != '/').then_some(1),
        ['[', rest @ ..] => {
            let end = rest.iter().skip(1).position(|c| *c == ']')? + 1;
            let (negate, class) = match &rest[..end] {
                ['^', class @ ..] => (true, class),
                class => (false, class),
            };
            (in_class(class, c) != negate).then_some(end + 2)
        }
        ['\\', literal, ..] => (*literal == c).then_some(2),
        [literal, ..] => (*literal == c).then_some(1),
    }
}

fn in_class(class: &[char], c: char) -> bool {
    match class {
        [low, '-', high, rest @ ..] => (*low..=*high).contains(&c) || in_class(rest, c),
        [one, rest @ ..] => *one == c || in_class(rest, c),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_helm_takes_them_for() {
        let ignore = Ignore::new("# comment\n*.md\n/ci\nold/\na/*.txt\n[x-z]?.yaml\n");
        for gone in ["README.md", "docs/x.md", "ci/values.yaml", "templates/old/x.yaml", "a/b.txt", "x1.yaml"] {
            assert!(ignore.leaves_out(gone), "{gone}");
        }
        for kept in ["values.yaml", "sub/ci/values.yaml", "old", "a/b/c.txt", "w1.yaml", "templates/x.yaml"] {
            assert!(!ignore.leaves_out(kept), "{kept}");
        }
        assert!(ignore.leaves_out("templates/.hidden.yaml"));
    }
}
