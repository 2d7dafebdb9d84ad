//! Why Helm could not be had. Each error says what happened, why that matters, and what to do next; all of them mean exit
//! code 2, since without Helm the tool can judge nothing.

use std::{fmt, io, path::PathBuf};

/// Why Helm could not be had.
#[derive(Debug)]
pub enum HelmError {
    /// The asked version is not of the form `4.3.1`.
    Version {
        /// What was asked for.
        asked: String,
    },
    /// `XTASK_HELM` names something that does not answer as Helm does.
    Variable {
        /// The variable's value.
        value: PathBuf,
        /// What happened when its version was asked.
        reason: String,
    },
    /// Helm publishes no archive for this machine that the tool can unpack.
    Platform {
        /// The version that is pinned.
        version: String,
        /// The operating system and processor.
        platform: String,
    },
    /// No source could be reached, or none had the version.
    Unreachable {
        /// The version that is pinned.
        version: String,
        /// What was tried, in order.
        attempts: Vec<Attempt>,
    },
    /// What was downloaded is not what was pinned or published.
    Hash {
        /// The file whose hash is wrong.
        what: String,
        /// Where it came from.
        from: String,
        /// The hash that it must have.
        expected: String,
        /// The hash that it has.
        actual: String,
    },
    /// The folder for tools cannot be written: no right, no room.
    Write {
        /// The file or folder that could not be written.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Another process has held the lock for longer than a download can take.
    Locked {
        /// The lock file.
        path: PathBuf,
        /// How long this process has waited.
        seconds: u64,
    },
    /// The user asked to stop.
    Interrupted,
}

/// One source of Helm that did not help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The address or package that was tried.
    pub source: String,
    /// Why it did not help.
    pub reason: String,
}

impl HelmError {
    /// What a person can do about it.
    pub fn next_step(&self) -> String {
        match self {
            Self::Version { .. } => "write one exact version, such as `helm: {version: 4.3.1}`".to_owned(),
            Self::Variable { .. } => "name a Helm binary with XTASK_HELM, or unset it to use the pinned one".to_owned(),
            Self::Platform { version, .. } => {
                format!("put a helm {version} of your own on PATH, or name it with XTASK_HELM=/path/to/helm")
            }
            Self::Unreachable { version, .. } => format!(
                "connect this machine and run `cargo xtask setup`, or put helm {version} on PATH, or name a binary with \
                 XTASK_HELM=/path/to/helm"
            ),
            Self::Hash { .. } => {
                "do not use that file; run the command again, and if the hash stays wrong, find out who \
                                  changed the file before changing any pin"
                    .to_owned()
            }
            Self::Write { path, error } => match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                    format!("free about 200 MB where {} lies, or set CARGO_TARGET_DIR to another disk", path.display())
                }
                _ => format!("make {} writable, or set CARGO_TARGET_DIR to a folder that is", path.display()),
            },
            Self::Locked { path, .. } => {
                format!("end the other process; the lock on {} ends with it", path.display())
            }
            Self::Interrupted => "run the command again; nothing half-written was left behind".to_owned(),
        }
    }
}

impl fmt::Display for HelmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { asked } => write!(
                f,
                "`{asked}` is not an exact Helm version; a golden belongs to one version, so a range cannot be used"
            ),
            Self::Variable { value, reason } => write!(
                f,
                "XTASK_HELM names {}, which does not answer as Helm does: {reason}; no chart can be rendered with it",
                value.display()
            ),
            Self::Platform { version, platform } => write!(
                f,
                "Helm {version} cannot be fetched for {platform}: Helm publishes no archive for it that this tool can \
                 unpack, and no chart can be rendered without Helm"
            ),
            Self::Unreachable { version, attempts } => {
                write!(
                    f,
                    "Helm {version} is not on PATH and could not be fetched; no chart can be rendered without Helm"
                )?;
                attempts.iter().try_for_each(|attempt| write!(f, "\n  {}: {}", attempt.source, attempt.reason))
            }
            Self::Hash { what, from, expected, actual } => write!(
                f,
                "{what} from {from} is not the file that was expected, so it was not installed: what it renders could not \
                 be trusted\n  expected sha256 {expected}\n  found sha256    {actual}"
            ),
            Self::Write { path, error } => {
                write!(f, "cannot write {}: {error}; Helm cannot be installed there", path.display())
            }
            Self::Locked { path, seconds } => write!(
                f,
                "another process has held {} for {seconds} seconds; only one may fetch Helm at a time",
                path.display()
            ),
            Self::Interrupted => write!(f, "stopped while Helm was being fetched"),
        }
    }
}

impl std::error::Error for HelmError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Write { error, .. } => Some(error),
            _ => None,
        }
    }
}
