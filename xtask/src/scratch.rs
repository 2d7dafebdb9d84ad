//! Temporary folders and files that a killed run leaves behind, and the next run takes away.
//!
//! A living run holds a lock on each; the system drops it with the process, however that ends. So what nobody has locked
//! belongs to nobody. Where a file system knows no locks, everything stays.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::libc::{O_DIRECTORY, O_NOFOLLOW};
use tempfile::{NamedTempFile, TempDir};

/// What a run's private folder is called, before random letters. Nothing of another's is called so.
const HOME: &str = "xtask-run-";

/// How many random letters follow.
const LETTERS: usize = 12;

/// How often another one is made because a run that takes leftovers away was faster than the lock.
const TRIES: usize = 10;

/// A run's private folder among the temporary files, gone when this is dropped.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    /// Held as long as the folder is used.
    _lock: File,
}

impl Home {
    /// Makes one, and takes away those of runs that were killed.
    pub fn new() -> io::Result<Self> {
        let home = Self::made(&std::env::temp_dir())?;
        home.remove_leftovers();
        Ok(home)
    }

    fn made(among: &Path) -> io::Result<Self> {
        for _ in 0..TRIES {
            let folder = tempfile::Builder::new().prefix(HOME).rand_bytes(LETTERS).tempdir_in(among)?;
            let lock = match open(folder.path(), O_DIRECTORY) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                lock => lock?,
            };
            if own(&lock) && folder.path().exists() {
                return Ok(Self { folder, _lock: lock });
            }
        }
        Err(io::Error::other("each folder made is taken away at once"))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn remove_leftovers(&self) {
        let Ok(ours) = self.path().symlink_metadata().map(|meta| meta.uid()) else { return };
        let is_home = |name: &str| {
            let letters = name.strip_prefix(HOME);
            letters.is_some_and(|l| l.len() == LETTERS && l.bytes().all(|b| b.is_ascii_alphanumeric()))
        };
        for path in entries(self.path().parent().unwrap_or(Path::new("/")), is_home) {
            // Another user's, a link, or one that lives, ours among them: left alone.
            let Ok(folder) = open(&path, O_DIRECTORY) else { continue };
            if folder.metadata().is_ok_and(|meta| meta.uid() == ours) && folder.try_lock().is_ok() {
                let _ = fs::remove_dir_all(&path);
            }
        }
    }
}

/// A temporary file in a folder, locked as long as it is open.
pub fn file(folder: &Path, prefix: &str, suffix: &str) -> io::Result<NamedTempFile> {
    for _ in 0..TRIES {
        let file = tempfile::Builder::new().prefix(prefix).suffix(suffix).tempfile_in(folder)?;
        if own(file.as_file()) && file.path().exists() {
            return Ok(file);
        }
    }
    Err(io::Error::other("each temporary file made is taken away at once"))
}

/// Takes away the temporary files of that kind that no run has open.
pub fn remove_files(folder: &Path, prefix: &str, suffix: &str) {
    for path in entries(folder, |name| name.starts_with(prefix) && name.ends_with(suffix)) {
        let Ok(file) = open(&path, 0) else { continue };
        if file.metadata().is_ok_and(|meta| meta.is_file()) && file.try_lock().is_ok() {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Whether this process may use what it has made: it has the lock, or nobody can have one.
fn own(file: &File) -> bool {
    !matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// Opens what is no link; never waits for the other end of a pipe.
fn open(path: &Path, flags: i32) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(O_NOFOLLOW | nix::libc::O_NONBLOCK | flags).open(path)
}

/// What is directly in a folder and called so.
fn entries(folder: &Path, is_called: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).into_iter().flatten().flatten();
    all.filter(|entry| entry.file_name().to_str().is_some_and(&is_called)).map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn folders_of_the_dead_are_taken_away_and_nothing_else() {
        let among = tempfile::tempdir().unwrap();
        let path = |name: &str| among.path().join(name);
        let living = Home::made(among.path()).unwrap();
        fs::create_dir_all(path("xtask-run-aaaaaaaaaaaa/values")).unwrap();
        fs::write(path("xtask-run-aaaaaaaaaaaa/values/a.json"), "{}").unwrap();
        for other in
            ["xtask-run-short", "xtask-run-aaaaaaaa-aaa", "xtask-run-aaaaaaaaaaaab", "xtask-backup", "elsewhere"]
        {
            fs::create_dir(path(other)).unwrap();
        }
        fs::write(path("elsewhere/kept"), "").unwrap();
        symlink(path("elsewhere"), path("xtask-run-bbbbbbbbbbbb")).unwrap();
        fs::write(path("xtask-run-cccccccccccc"), "a file").unwrap();

        let before = fs::read_dir(among.path()).unwrap().count();
        let home = Home::made(among.path()).unwrap();
        home.remove_leftovers();
        assert!(!path("xtask-run-aaaaaaaaaaaa").exists());
        assert!(living.path().is_dir() && home.path().is_dir() && path("elsewhere/kept").is_file());
        assert_eq!(fs::read_dir(among.path()).unwrap().count(), before);
    }

    #[test]
    fn many_at_once_take_nothing_away_from_each_other() {
        let among = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        let home = Home::made(among.path()).unwrap();
                        home.remove_leftovers();
                        assert!(home.path().is_dir());
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(among.path()).unwrap().count(), 0);
    }

    #[test]
    fn files_of_the_dead_are_taken_away_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let living = file(folder.path(), ".tmp", "").unwrap();
        fs::write(path(".tmpdead"), "").unwrap();
        fs::write(path("kept"), "").unwrap();
        symlink(path("kept"), path(".tmplink")).unwrap();
        fs::create_dir(path(".tmpfolder")).unwrap();
        remove_files(folder.path(), ".tmp", "");
        assert!(!path(".tmpdead").exists());
        assert!(living.path().is_file() && path("kept").is_file() && path(".tmpfolder").is_dir());
        assert!(path(".tmplink").is_symlink());
    }
}
