//! One mutation: which files change, what must be found then, which cells are looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::world::World;
use crate::common::{Repository, stderr};

/// A change of a repository, and what it must lead to.
#[derive(Default)]
pub struct Change {
    /// What was done, for people.
    pub what: String,
    /// Files with their new content; `None` for what is deleted.
    pub files: BTreeMap<String, Option<Vec<u8>>>,
    /// What must be found.
    pub expected: Vec<Expected>,
    /// The cells to look at; all when there are none.
    pub cells: BTreeSet<String>,
    /// Whether all checks are looked for, rather than those of the expected findings.
    pub all_checks: bool,
    /// The date of the commit, when there must be one.
    pub committed: Option<String>,
    /// Words of the refusal when the matrix file must be refused.
    pub refused: Option<String>,
}

/// What must be found.
pub struct Expected {
    /// The rule.
    pub rule: &'static str,
    /// One of these files must be named; a folder stands for what is in it.
    pub files: BTreeSet<String>,
    /// In this cell.
    pub cell: Option<String>,
}

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// The rule.
    pub rule: String,
    /// The file.
    pub file: String,
    /// The cells.
    pub cells: Vec<String>,
    /// The words.
    pub message: String,
    /// `error` or `warning`.
    pub severity: String,
}

impl Change {
    /// A change in words.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), ..Self::default() }
    }

    /// Writes a file.
    pub fn write(mut self, file: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(file.to_owned(), Some(content.into()));
        self
    }

    /// Writes lines.
    pub fn write_lines(self, file: &str, lines: &[String]) -> Self {
        self.write(file, lines.join("\n") + "\n")
    }

    /// Deletes a file.
    pub fn delete(mut self, file: &str) -> Self {
        self.files.insert(file.to_owned(), None);
        self
    }

    /// Must be found in one of the files, in a cell.
    pub fn finds<F: Into<String>>(
        mut self,
        rule: &'static str,
        files: impl IntoIterator<Item = F>,
        cell: impl Into<String>,
    ) -> Self {
        let cell = cell.into();
        self.cells.insert(cell.clone());
        let files = files.into_iter().map(Into::into).collect();
        self.expected.push(Expected { rule, files, cell: Some(cell) });
        self
    }

    /// Must be found in one of the files, by a run of all cells.
    pub fn finds_somewhere<F: Into<String>>(mut self, rule: &'static str, files: impl IntoIterator<Item = F>) -> Self {
        let files = files.into_iter().map(Into::into).collect();
        self.expected.push(Expected { rule, files, cell: None });
        self
    }

    /// Looks at a cell, too.
    pub fn with(mut self, cell: impl Into<String>) -> Self {
        self.cells.insert(cell.into());
        self
    }
}

/// Does the change in a copy of the repository and says what is found there, or why that cannot be said.
pub fn try_out(world: &World, change: &Change) -> Result<Vec<Found>, String> {
    let repository = linked(world, change);
    for (path, content) in &change.files {
        let to = repository.path(path);
        if to.is_dir() && !to.is_symlink() {
            fs::remove_dir_all(&to).unwrap();
        } else if to.exists() || to.is_symlink() {
            fs::remove_file(&to).unwrap();
        }
        if let Some(content) = content {
            repository.write(path, content);
        }
    }
    if let Some(day) = &change.committed {
        commit(repository.0.path(), day);
    }
    let mut arguments = vec!["validate", "-j", "1", "--report", "json=report.json"];
    arguments.extend(change.cells.iter().map(String::as_str));
    let is_global = !change.expected.is_empty() && change.expected.iter().all(|e| e.cell.is_none());
    if is_global && change.cells.is_empty() && !change.all_checks {
        // What belongs to no cell is told by the first of several runs that share the cells, however few it has.
        arguments.extend(["--shard", "1/16"]);
    }
    if !change.all_checks && !change.expected.is_empty() {
        // What keeps a cell from being judged is told as well.
        let families = change.expected.iter().filter_map(|e| e.rule.split('/').next());
        let checks: BTreeSet<&str> = families.chain(["render/failed", "render/missing-required"]).collect();
        arguments.extend(checks.into_iter().flat_map(|check| ["--check", check]));
    }
    let output = repository.run(&arguments);
    let code = output.status.code();
    if let Some(words) = &change.refused {
        let said = stderr(&output);
        let is_refused = code == Some(2) && said.contains(words.as_str());
        return if is_refused { Ok(Vec::new()) } else { Err(format!("exit code {code:?} and not {words:?}:\n{said}")) };
    }
    if !matches!(code, Some(0 | 1)) {
        return Err(format!("exit code {code:?}:\n{}", stderr(&output)));
    }
    let found = findings(&repository);
    let is_error = found.iter().any(|f| f.severity == "error");
    let told = if is_error { Some(1) } else { Some(0) };
    if code == told { Ok(found) } else { Err(format!("exit code {code:?} with {found:#?}")) }
}

/// The findings of the last run.
pub fn findings(repository: &Repository) -> Vec<Found> {
    let report: serde_json::Value = serde_json::from_str(&repository.read("report.json")).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let all = report["findings"].as_array().unwrap().iter().map(|f| Found {
        rule: text(&f["rule"]),
        file: text(&f["location"]["file"]),
        cells: f["cells"].as_array().into_iter().flatten().map(text).collect(),
        message: text(&f["message"]),
        severity: text(&f["severity"]),
    });
    all.collect()
}

/// A copy of the repository whose files are links to the original's: what is written replaces the link.
fn linked(world: &World, change: &Change) -> Repository {
    let copy = Repository::empty();
    let from = world.repository.0.path();
    for entry in ignore::WalkBuilder::new(from).standard_filters(false).build().flatten() {
        let relative = entry.path().strip_prefix(from).unwrap();
        let to = copy.path(relative);
        // Pages of rules and the like are read by nobody here.
        if entry.path_is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path()).unwrap(), to).unwrap();
        } else if entry.file_type().is_some_and(|t| t.is_dir()) {
            fs::create_dir_all(&to).unwrap();
        } else if !change.files.contains_key(relative.to_str().unwrap()) && fs::hard_link(entry.path(), &to).is_err() {
            fs::copy(entry.path(), &to).unwrap();
        }
    }
    copy
}

fn commit(root: &Path, day: &str) {
    for arguments in [&["init", "--quiet"][..], &["add", "--all"], &["commit", "--quiet", "--message", "change"]] {
        let mut git = std::process::Command::new("git");
        git.args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgSign=false"]);
        git.args(arguments).current_dir(root).env("GIT_COMMITTER_DATE", format!("{day}T12:00:00 +0000"));
        let done = git.output().unwrap();
        assert!(done.status.success(), "{}", stderr(&done));
    }
}

/// What of the expected is not among the found, in words.
pub fn missed(change: &Change, found: &[Found]) -> Vec<String> {
    let fits = |expected: &Expected, found: &Found| {
        let in_file = |file: &String| *file == found.file || found.file.starts_with(&format!("{file}/"));
        found.rule == expected.rule
            && expected.files.iter().any(in_file)
            && expected.cell.as_ref().is_none_or(|cell| found.cells.contains(cell))
    };
    let missing = change.expected.iter().filter(|e| !found.iter().any(|f| fits(e, f)));
    let told = missing.map(|e| {
        let cell = e.cell.as_deref().unwrap_or("any cell");
        format!("no {} at one of {:?} in {cell}", e.rule, e.files)
    });
    told.collect()
}

/// Numbers that look random and follow from a seed.
pub struct Random(u64);

impl Random {
    /// The numbers of a seed and a name.
    pub fn new(seed: u64, name: &str) -> Self {
        let mixed = name
            .bytes()
            .fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(mixed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of several; `None` of none.
    pub fn pick<T>(&mut self, mut from: Vec<T>) -> Option<T> {
        let length = u64::try_from(from.len()).ok().filter(|n| *n > 0)?;
        Some(from.swap_remove(usize::try_from(self.next() % length).ok()?))
    }

    /// Letters and digits, of which each kind is there.
    pub fn letters(&mut self, length: usize) -> String {
        const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        let mut text: String = (0..length).map(|_| char::from(self.pick(ALPHABET.to_vec()).unwrap())).collect();
        text.replace_range(..4, "q7Zx");
        text
    }
}
