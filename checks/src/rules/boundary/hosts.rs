//! Hosts and addresses in texts, and the environment that owns them.

use crate::model::Matrix;
use crate::owned::{self, Owned as Entry, network};

/// Who owns what, from the environments' `owns` lists.
pub struct Owners<'a> {
    hosts: Vec<(String, &'a str)>,
    networks: Vec<(u32, u32, &'a str)>,
}

/// A host or address in a text that an environment owns.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owned<'a> {
    /// The host as it stands, in lower case.
    pub host: String,
    /// Its owners; more than one where two lists name the same.
    pub owners: Vec<&'a str>,
    /// Where it starts in the text, in bytes.
    pub at: usize,
}

impl Owned<'_> {
    /// Its owners, for a sentence: `staging`, `staging and production`, `local, staging and production`.
    pub fn by(&self) -> String {
        match self.owners.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
            None => String::new(),
        }
    }

    /// `staging owns it`, `staging and production own it`.
    pub fn own_it(&self) -> String {
        format!("{} {} it", self.by(), if self.owners.len() == 1 { "owns" } else { "own" })
    }
}

impl<'a> Owners<'a> {
    /// Reads the lists.
    pub fn of(matrix: &'a Matrix) -> Self {
        let (mut hosts, mut networks) = (Vec::new(), Vec::new());
        for environment in &matrix.environments {
            for owned in &environment.owns {
                match owned::parse(owned) {
                    Ok(Entry::Network { address, mask }) => networks.push((address, mask, environment.name.as_str())),
                    Ok(Entry::Host(host)) => hosts.push((host, environment.name.as_str())),
                    // The matrix file was refused for it.
                    Err(_) => {}
                }
            }
        }
        Self { hosts, networks }
    }

    /// Whether nobody owns anything.
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.networks.is_empty()
    }

    /// What stands in a text and is owned. Dots of regular expressions (`\.`) count as dots; addresses of people
    /// (`ops@example.org`) are no hosts.
    pub fn find(&self, text: &str) -> Vec<Owned<'a>> {
        let lower = text.to_ascii_lowercase();
        let plain = lower.replace("\\.", ".");
        if self.networks.is_empty() && !self.hosts.iter().any(|(host, _)| plain.contains(host.as_str())) {
            return Vec::new();
        }
        let mut found: Vec<Owned<'a>> = Vec::new();
        for (at, token) in tokens(&lower) {
            let host = token.replace("\\.", ".");
            let host = host.trim_matches(['.', '-']);
            if host.is_empty() || is_persons(&lower, at) {
                continue;
            }
            let owners = self.owners(host);
            if !owners.is_empty() {
                found.push(Owned { host: host.to_owned(), owners, at });
            }
        }
        found
    }

    /// The owners of a host: whose entry is the longest that it equals or lies under.
    fn owners(&self, host: &str) -> Vec<&'a str> {
        if let Some((address, u32::MAX)) = network(host) {
            let inside = self.networks.iter().filter(|(network, mask, _)| address & mask == *network);
            let longest = inside.clone().map(|(_, mask, _)| *mask).max();
            let fitting = inside.filter(|(_, mask, _)| Some(*mask) == longest).map(|(.., env)| *env);
            return once(fitting);
        }
        let fits = |owned: &str| {
            host == owned || host.strip_suffix(owned).is_some_and(|start| start.ends_with('.') && start.len() > 1)
        };
        let fitting = self.hosts.iter().filter(|(owned, _)| fits(owned));
        let longest = fitting.clone().map(|(owned, _)| owned.len()).max();
        once(fitting.filter(|(owned, _)| Some(owned.len()) == longest).map(|(_, env)| *env))
    }
}

/// Each environment once: its list may name a host and `*.` of it.
fn once<'a>(environments: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    environments.for_each(|env| {
        if !seen.contains(&env) {
            seen.push(env);
        }
    });
    seen
}

/// Runs of the characters that hosts are made of, with `\.` for a dot.
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = text.as_bytes();
    let part = move |at: usize| {
        bytes[at].is_ascii_alphanumeric()
            || matches!(bytes[at], b'.' | b'-')
            || (bytes[at] == b'\\' && bytes.get(at + 1) == Some(&b'.'))
    };
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() && !part(at) {
            at += 1;
        }
        let start = at;
        while at < bytes.len() && part(at) {
            at += 1;
        }
        (start < at).then(|| (start, &text[start..at]))
    })
}

/// Whether what stands before a host makes it the address of a person: `@` without a scheme before it in the same word.
fn is_persons(text: &str, at: usize) -> bool {
    let before = &text[..at];
    let word = before.rfind(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '<')).map_or(0, |i| i + 1);
    before.ends_with('@') && !before[word..].contains("://") && before.len() - word > 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Environment;

    fn found(text: &str) -> Vec<(String, Vec<String>)> {
        let environment = |name: &str, owns: &[&str]| Environment {
            name: name.into(),
            owns: owns.iter().map(|o| (*o).to_owned()).collect(),
            ..Environment::default()
        };
        let matrix = Matrix {
            environments: vec![
                environment("local", &["dev.example.org", "10.1.0.0/16"]),
                environment("production", &["example.org", "10.0.0.0/8", "192.0.2.7"]),
            ],
            ..Matrix::default()
        };
        let owners = Owners::of(&matrix);
        let owned = |o: Owned<'_>| (o.host, o.owners.into_iter().map(str::to_owned).collect());
        owners.find(text).into_iter().map(owned).collect()
    }

    #[test]
    fn the_longest_owner_wins_at_label_boundaries() {
        let one = |host: &str, env: &str| vec![(host.to_owned(), vec![env.to_owned()])];
        assert_eq!(found("https://api.dev.example.org:8443/x"), one("api.dev.example.org", "local"));
        assert_eq!(found("postgres://user@db.Example.org/x"), one("db.example.org", "production"));
        assert_eq!(found(r"rewrite name regex (.*)\.dev\.example\.org a"), one("dev.example.org", "local"));
        assert_eq!(found("http://10.1.2.3:80"), one("10.1.2.3", "local"));
        assert_eq!(found("10.9.2.3,192.0.2.70"), one("10.9.2.3", "production"));
        for silent in ["ops@example.org", "myexample.org", "example.org.evil.com", "example-org", "11.0.0.1", ""] {
            assert!(found(silent).is_empty(), "{silent}");
        }
    }
}
