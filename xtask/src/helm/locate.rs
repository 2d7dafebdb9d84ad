//! Finds the Helm that the matrix file pins: the one that `XTASK_HELM` names, else one of exactly that version on `PATH`, else
//! the one in the folder for tools, which is filled by one download under a lock.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use super::{
    Helm, HelmError, Source, archive,
    command::{self, Failure},
    fetch::{self, write_error},
    pins::{self, PINS, Pin, Platform},
};

/// Where the Helm project publishes its archives.
const RELEASES: &str = "https://get.helm.sh";
/// A Helm that does not say its version within this time is not used.
const VERSION_LIMIT: Duration = Duration::from_secs(10);
/// Longer than any download may take.
const LOCK_LIMIT: Duration = Duration::from_mins(25);
/// How often a lock that another process holds is tried.
const LOCK_RETRY: Duration = Duration::from_millis(100);

/// All that finding Helm depends on; [`Setup::new`] takes it from the process's environment.
pub struct Setup<'a> {
    /// The build folder; Helm goes into `tools/` below it.
    pub target: PathBuf,
    /// The exact version that is pinned, without a leading `v`.
    pub version: String,
    /// The `PATH` on which Helm, curl and pip are looked for.
    pub path: OsString,
    /// The value of `XTASK_HELM`.
    pub named: Option<OsString>,
    /// The platform to fetch for, or `None` where Helm cannot be fetched.
    pub platform: Option<Platform>,
    /// The known binaries.
    pub pins: &'a [Pin],
    /// The address below which the archives lie.
    pub releases: String,
    /// Told what takes time, one line at a time.
    pub progress: &'a dyn Fn(&str),
    /// Asked now and then whether to stop.
    pub interrupted: &'a dyn Fn() -> bool,
}

impl<'a> Setup<'a> {
    /// The setup of this process: its `PATH`, its `XTASK_HELM`, this machine's platform, the pins of this tool.
    pub fn new(target: &Path, version: &str, progress: &'a dyn Fn(&str)) -> Self {
        Self {
            target: target.to_owned(),
            version: version.to_owned(),
            path: std::env::var_os("PATH").unwrap_or_default(),
            named: std::env::var_os("XTASK_HELM").filter(|value| !value.is_empty()),
            platform: Platform::of_this_machine(),
            pins: PINS,
            releases: RELEASES.to_owned(),
            progress,
            interrupted: &|| false,
        }
    }

    /// Finds Helm, and fetches it when it is nowhere.
    pub fn locate(&self) -> Result<Helm, HelmError> {
        if !is_exact(&self.version) {
            return Err(HelmError::Version { asked: self.version.clone() });
        }
        if let Some(value) = &self.named {
            return self.named_helm(value);
        }
        if let Some(path) = self.helm_on_path()? {
            return Ok(self.found(path, Source::Path));
        }
        let tools = std::path::absolute(&self.target).unwrap_or_else(|_| self.target.clone()).join("tools");
        let folder = tools.join(format!("helm-{}", self.version));
        if let Some(path) = self.complete(&folder) {
            return Ok(self.found(path, Source::Fetched));
        }
        prepare(&tools)?;
        let _lock = self.lock(&tools.join(format!(".helm-{}.lock", self.version)))?;
        // Another process may have fetched it while this one waited.
        let path = match self.complete(&folder) {
            Some(path) => path,
            None => fetch::fetch(self, &folder)?,
        };
        Ok(self.found(path, Source::Fetched))
    }

    fn found(&self, path: PathBuf, from: Source) -> Helm {
        Helm { path, version: self.version.clone(), from }
    }

    fn named_helm(&self, value: &OsStr) -> Result<Helm, HelmError> {
        let fail = |reason: String| HelmError::Variable { value: value.into(), reason };
        let path = if Path::new(value).components().count() > 1 {
            std::path::absolute(value).map_err(|error| fail(error.to_string()))?
        } else {
            let name = value.to_string_lossy();
            command::on_path(&self.path, &name).next().ok_or_else(|| fail("no such program on PATH".to_owned()))?
        };
        if !path.exists() {
            return Err(fail("no such file".to_owned()));
        }
        match self.ask_version(&path) {
            Ok(version) if is_exact(&version) => Ok(Helm { path, version, from: Source::Variable }),
            Ok(other) => Err(fail(format!("asked for its version, it said {:?}", shorten(&other)))),
            Err(Failure::Failed(reason)) => Err(fail(reason)),
            Err(Failure::Interrupted) => Err(HelmError::Interrupted),
        }
    }

    fn helm_on_path(&self) -> Result<Option<PathBuf>, HelmError> {
        for path in command::on_path(&self.path, "helm") {
            match self.ask_version(&path) {
                Ok(version) if version == self.version => return Ok(Some(path)),
                Err(Failure::Interrupted) => return Err(HelmError::Interrupted),
                // Another version, or something that is not Helm: not ours to judge.
                Ok(_) | Err(Failure::Failed(_)) => {}
            }
        }
        Ok(None)
    }

    /// A Helm's own word on its version. It is asked in an environment as empty as the one in which it renders, so that a
    /// wrapper which chooses the version by the user's settings is not taken for what it will not be.
    fn ask_version(&self, helm: &Path) -> Result<String, Failure> {
        let args = ["version".into(), "--template".into(), "{{.Version}}".into()];
        let env = [("PATH", self.path.as_os_str()), ("HOME", OsStr::new("/nonexistent")), ("GOGC", OsStr::new("off"))];
        let env = env.map(|(name, value)| (name.into(), value.into())).into();
        let said = command::run(helm.as_os_str(), &args, env, VERSION_LIMIT, self.interrupted)?;
        let said = said.trim();
        Ok(said.strip_prefix('v').unwrap_or(said).to_owned())
    }

    /// The binary in the folder for tools, if it is whole: its stamp was written before it, names its size and its hash, and
    /// the hash is still the pinned one.
    fn complete(&self, folder: &Path) -> Option<PathBuf> {
        let helm = folder.join("helm");
        let (hash, size) = read_stamp(folder)?;
        let pin = self.platform.as_ref().and_then(|platform| pins::find(self.pins, &self.version, platform));
        let whole = command::is_executable(&helm)
            && helm.metadata().is_ok_and(|meta| meta.len() == size)
            && pin.is_none_or(|pin| pin.binary == hash);
        whole.then_some(helm)
    }

    /// Waits for the lock of this version. A file system that knows no locks is no reason to stop: the last step of an
    /// installation is a rename, which two processes can both do.
    fn lock(&self, path: &Path) -> Result<Option<File>, HelmError> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|error| write_error(path, error))?;
        let start = Instant::now();
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::Error(_)) => return Ok(None),
                Err(TryLockError::WouldBlock) if !told => {
                    (self.progress)("another process is fetching Helm; waiting for it");
                    told = true;
                }
                Err(TryLockError::WouldBlock) if (self.interrupted)() => return Err(HelmError::Interrupted),
                Err(TryLockError::WouldBlock) if start.elapsed() > LOCK_LIMIT => {
                    return Err(HelmError::Locked { path: path.to_owned(), seconds: LOCK_LIMIT.as_secs() });
                }
                Err(TryLockError::WouldBlock) => thread::sleep(LOCK_RETRY),
            }
        }
    }
}

/// Finds the pinned Helm, and fetches it below `target/tools/` when it is nowhere.
pub fn locate(target: &Path, version: &str, progress: &dyn Fn(&str)) -> Result<Helm, HelmError> {
    Setup::new(target, version, progress).locate()
}

/// Reads a fetched Helm once more and compares its hash with what was recorded when it was installed. A binary that has
/// changed since is removed, so that the next run fetches it anew. Returns the sha256 of the binary.
pub fn verify(helm: &Helm) -> Result<String, HelmError> {
    let actual = archive::sha256(&helm.path).map_err(|error| write_error(&helm.path, error))?;
    let folder = helm.path.parent().unwrap_or(Path::new("/"));
    if helm.from != Source::Fetched {
        return Ok(actual);
    }
    match read_stamp(folder) {
        Some((expected, _)) if expected != actual => {
            let _ = fs::remove_file(&helm.path);
            Err(HelmError::Hash {
                what: "the installed helm binary".to_owned(),
                from: helm.path.display().to_string(),
                expected,
                actual,
            })
        }
        _ => Ok(actual),
    }
}

fn read_stamp(folder: &Path) -> Option<(String, u64)> {
    let stamp = fs::read_to_string(folder.join("helm.stamp")).ok()?;
    let (hash, size) = stamp.trim_end().split_once(' ')?;
    Some((hash.to_owned(), size.parse().ok()?))
}

/// Makes the folder for tools, which no repository should ever commit.
fn prepare(tools: &Path) -> Result<(), HelmError> {
    fs::create_dir_all(tools).map_err(|error| write_error(tools, error))?;
    let ignore = tools.join(".gitignore");
    if !ignore.exists() {
        fs::write(&ignore, "*\n").map_err(|error| write_error(&ignore, error))?;
    }
    Ok(())
}

/// Whether this is one version and no range: `4.3.1`, `4.0.0-rc.1`.
fn is_exact(version: &str) -> bool {
    let (numbers, pre) = version.split_once('-').map_or((version, None), |(numbers, pre)| (numbers, Some(pre)));
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<_> = numbers.split('.').collect();
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    parts.len() == 3 && parts.into_iter().all(number) && pre.is_none_or(|pre| !pre.is_empty() && pre.bytes().all(word))
}

fn shorten(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_exact_or_refused() {
        for good in ["4.3.1", "3.17.3", "4.0.0-rc.1"] {
            assert!(is_exact(good), "{good}");
        }
        for bad in ["", "4", "4.3", "v4.3.1", "^4.3.1", "4.3.x", "4.3.1-", "4.3.1/..", "4.3.1-../x", "latest"] {
            assert!(!is_exact(bad), "{bad}");
        }
    }
}
