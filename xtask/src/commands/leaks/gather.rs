//! What `leaks` scans, and what it keeps of it: of a leak no more than what it takes to tell it, since a tree may hold a
//! million of them.

use std::collections::{BTreeSet, HashSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use checks::model::Severity;
use checks::rules;
use checks::waivers::{self, Allowed};
use finding::Finding;
use ignore::{WalkBuilder, WalkState};
use leaks::{Leak, MaskKey, ScanFile, Traces};

use crate::commands::Failure;
use crate::run::process;

/// Larger files are not read.
const LARGEST: u64 = 2 << 30;

/// One scanned file.
#[derive(Default)]
pub(super) struct Scanned {
    /// As it is named in findings.
    pub file: String,
    /// What is told of it, the values forgotten.
    pub leaks: Vec<Leak>,
    /// Limits that were reached, sealed; and the leaks themselves where comments may excuse them.
    pub findings: Vec<Finding>,
    /// For names that repeat a value.
    pub traces: Traces,
    /// Comments that excuse what stands beside them.
    pub allowed: Allowed,
    /// Its size.
    pub bytes: usize,
    /// What was no text.
    pub binary: Vec<String>,
    /// Why it could not be scanned.
    pub trouble: Option<String>,
}

impl Scanned {
    fn of(file: &str, bytes: usize, mut found: leaks::Scanned, allowed: Allowed) -> Self {
        let traces = Traces::of(&found, file);
        found.leaks.retain(|leak| !rules::leaks::only_explains(leak, file));
        let limits = found.limits.iter();
        let mut findings: Vec<Finding> =
            limits.map(|limit| rules::leaks::limit(&inside(file, &limit.member), limit.line, limit.words)).collect();
        if !allowed.is_empty() {
            findings.extend(found.leaks.drain(..).map(|leak| rules::leaks::finding(&leak, file, None)));
        }
        findings.iter_mut().for_each(Finding::seal);
        found.leaks.iter_mut().for_each(Leak::forget);
        found.leaks.shrink_to_fit();
        // The members of an archive come in its own order.
        found.leaks.sort_by(|a, b| a.member.cmp(&b.member));
        Self {
            file: file.to_owned(),
            leaks: found.leaks,
            findings,
            traces,
            allowed,
            bytes,
            binary: found.binary.iter().map(|member| inside(file, member)).collect(),
            trouble: None,
        }
    }
}

/// One thing to tell.
#[derive(Clone, Copy)]
pub(super) enum Told<'a> {
    /// A leak of a file.
    Leak(&'a str, &'a Leak),
    /// Anything else.
    Finding(&'a Finding),
}

impl Told<'_> {
    /// Its weight.
    pub fn severity(self) -> Severity {
        match self {
            Told::Leak(_, leak) => rules::leaks::rule(leak.rule).severity,
            Told::Finding(finding) => finding.severity,
        }
    }

    /// As a finding, sealed.
    pub fn finding(self) -> Finding {
        match self {
            Told::Leak(file, leak) => {
                let mut finding = rules::leaks::finding(leak, file, None);
                finding.seal();
                finding
            }
            Told::Finding(finding) => finding.clone(),
        }
    }
}

/// All there is to tell, errors first, then by file and line. `files` and `findings` are in order.
pub(super) fn told<'a>(files: &'a [(String, Vec<Leak>)], findings: &'a [Finding]) -> Vec<Told<'a>> {
    let mut told = Vec::with_capacity(findings.len() + files.iter().map(|(_, leaks)| leaks.len()).sum::<usize>());
    for severity in [Severity::Error, Severity::Warning] {
        let mut others = findings.iter().filter(|f| f.severity == severity).peekable();
        for (file, leaks) in files {
            while let Some(finding) = others.next_if(|f| f.place.as_ref().is_none_or(|place| place.file <= *file)) {
                told.push(Told::Finding(finding));
            }
            let leaks = leaks.iter().map(|leak| Told::Leak(file, leak));
            told.extend(leaks.filter(|leak| leak.severity() == severity));
        }
        told.extend(others.map(Told::Finding));
    }
    told
}

fn inside(file: &str, member: &str) -> String {
    if member.is_empty() { file.to_owned() } else { format!("{file}!/{member}") }
}

/// What is to be scanned, in order of the paths.
pub(super) fn files(paths: &[PathBuf], threads: usize, troubles: &mut Vec<String>) -> Result<Vec<PathBuf>, Failure> {
    let mut all = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            all.push(path.clone());
            continue;
        }
        let meta = std::fs::metadata(path).map_err(|e| {
            Failure::Words(format!(
                "{} cannot be read: {e}\n  help: name a folder, a file, or - for standard input",
                path.display()
            ))
        })?;
        if !meta.is_dir() {
            all.push(path.clone());
            continue;
        }
        let found = Mutex::new((Vec::new(), Vec::new()));
        let mut walk = WalkBuilder::new(path);
        walk.hidden(false).git_global(false).require_git(false).threads(threads);
        walk.filter_entry(|entry| entry.file_name() != ".git");
        walk.build_parallel().run(|| {
            Box::new(|entry| {
                match entry {
                    Ok(entry) if entry.file_type().is_some_and(|t| t.is_file()) => {
                        if let Ok(mut found) = found.lock() {
                            found.0.push(entry.into_path());
                        }
                    }
                    Err(error) if error.io_error().is_some() => {
                        if let Ok(mut found) = found.lock() {
                            found.1.push(error.to_string());
                        }
                    }
                    _ => {}
                }
                WalkState::Continue
            })
        });
        let (mut files, mut errors) = found.into_inner().unwrap_or_default();
        files.sort();
        errors.sort();
        all.extend(files);
        troubles.extend(errors);
    }
    // What is named twice is told once.
    let mut seen = HashSet::new();
    all.retain(|path| seen.insert(shown(path)));
    all.sort_by_cached_key(|path| shown(path));
    Ok(all)
}

/// Scans every file, several at once; the results come in the order of the files.
pub(super) fn scan_all(files: &[PathBuf], threads: usize, key: &MaskKey) -> Vec<Scanned> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(files.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads.min(files.len()) {
            scope.spawn(|| {
                let mut own = Vec::new();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = files.get(index) else { break };
                    if process::cancelled() {
                        break;
                    }
                    own.push((index, scan_one(path, key)));
                }
                if let Ok(mut done) = done.lock() {
                    done.extend(own);
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, scanned)| scanned).collect()
}

fn scan_one(path: &Path, key: &MaskKey) -> Scanned {
    let stdin = path.as_os_str() == "-";
    let file = if stdin { "<stdin>".to_owned() } else { shown(path) };
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if stdin {
            io::stdin().lock().take(LARGEST).read_to_end(&mut bytes)?;
            return Ok(bytes);
        }
        let meta = std::fs::metadata(path)?;
        if meta.len() > LARGEST {
            return Err(io::Error::other("it is larger than 2 GiB"));
        }
        std::fs::read(path)
    };
    let none = BTreeSet::new();
    let scanned = read().map_err(|error| error.to_string()).and_then(|bytes| {
        let name = if stdin { "" } else { file.as_str() };
        // One file that the scan cannot take must not hide what the others hold.
        let found = std::panic::catch_unwind(|| leaks::scan(&ScanFile { path: name, bytes: &bytes }, key));
        let found = found.map_err(|_| "a fault of the tool itself; please report it".to_owned())?;
        let allowed = waivers::inline::read(&file, &bytes, &none);
        Ok(Scanned::of(&file, bytes.len(), found, allowed))
    });
    scanned.unwrap_or_else(|why| Scanned {
        trouble: Some(format!("{file} cannot be scanned: {why}")),
        ..Scanned::default()
    })
}

/// A path as people write it, with `/` between its parts.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = text.strip_prefix("./").unwrap_or(&text);
    if std::path::MAIN_SEPARATOR == '\\' { text.replace('\\', "/") } else { text.to_owned() }
}
