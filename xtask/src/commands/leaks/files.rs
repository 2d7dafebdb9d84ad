//! What `leaks` scans: the files below the paths that are named, and what is read of each.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ignore::{WalkBuilder, WalkState};

use crate::commands::Failure;

/// Larger files are not read.
const LARGEST: u64 = 2 << 30;

/// What is to be scanned, in order of the paths.
pub(super) fn files(paths: &[PathBuf], threads: usize, troubles: &mut Vec<String>) -> Result<Vec<PathBuf>, Failure> {
    let mut all = Vec::new();
    for path in paths {
        if is_stdin(path) {
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
        let (files, mut errors) = found.into_inner().unwrap_or_default();
        errors.sort();
        all.extend(files);
        troubles.extend(errors);
    }
    all.sort_by_cached_key(|path| shown(path));
    // What is named twice is told once.
    all.dedup_by(|a, b| shown(a) == shown(b));
    Ok(all)
}

/// Reads one into memory, in the place of what was there.
pub(super) fn read(path: &Path, into: &mut Vec<u8>) -> io::Result<()> {
    into.clear();
    if is_stdin(path) {
        io::stdin().lock().take(LARGEST).read_to_end(into)?;
        return Ok(());
    }
    let mut file = File::open(path)?;
    if file.metadata()?.len() > LARGEST {
        return Err(io::Error::other("it is larger than 2 GiB"));
    }
    file.read_to_end(into).map(|_| ())
}

/// Whether standard input is meant.
pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A path as people write it, with `/` between its parts.
pub(super) fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = text.strip_prefix("./").unwrap_or(&text);
    if std::path::MAIN_SEPARATOR == '\\' { text.replace('\\', "/") } else { text.to_owned() }
}
