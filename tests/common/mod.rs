//! What the tests at the top share: the program, the pinned Helm, small repositories in temporary folders.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod reference;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tempfile::TempDir;
use xtask::helm::Setup;

/// The version that the cases and the reference repository pin.
pub const HELM: &str = "4.3.1";

/// The root of this workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The pinned Helm.
pub fn helm() -> &'static Path {
    static HELM_PATH: OnceLock<PathBuf> = OnceLock::new();
    HELM_PATH.get_or_init(|| {
        let mut setup = Setup::new(&workspace().join("target"), HELM, &|_| {});
        setup.named = None;
        setup.locate().unwrap_or_else(|e| panic!("no Helm: {e}")).path
    })
}

/// A `PATH` on which the pinned Helm comes first.
pub fn path_with_helm() -> OsString {
    let folder = helm().parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path))).unwrap()
}

/// A repository in a temporary folder.
pub struct Repository(pub TempDir);

impl Repository {
    /// An empty one.
    pub fn empty() -> Self {
        Self(tempfile::Builder::new().prefix("repository-").tempdir().unwrap())
    }

    /// The one that all cases start from.
    pub fn base() -> Self {
        let repository = Self::empty();
        repository.copy(&workspace().join("tests/cases/_base"));
        repository
    }

    /// Copies a folder's content over it; links stay links.
    pub fn copy(&self, from: &Path) {
        self.copy_into(from, "");
    }

    /// Copies a folder's content into one of its folders.
    pub fn copy_into(&self, from: &Path, folder: &str) {
        for entry in ignore::WalkBuilder::new(from).standard_filters(false).build().flatten() {
            let relative = entry.path().strip_prefix(from).unwrap();
            let to = self.path(folder).join(relative);
            if entry.path_is_symlink() {
                let _ = fs::remove_file(&to);
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                std::os::unix::fs::symlink(fs::read_link(entry.path()).unwrap(), to).unwrap();
            } else if entry.file_type().is_some_and(|t| t.is_dir()) {
                if to.is_file() {
                    fs::remove_file(&to).unwrap();
                }
                fs::create_dir_all(&to).unwrap();
            } else {
                fs::copy(entry.path(), &to).unwrap();
            }
        }
    }

    /// A path in it.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(relative)
    }

    /// Writes a file.
    pub fn write(&self, relative: &str, content: impl AsRef<[u8]>) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Reads a file.
    pub fn read(&self, relative: &str) -> String {
        fs::read_to_string(self.path(relative)).unwrap()
    }

    /// The program, to be run in it: a clean environment, the pinned Helm on the path.
    pub fn xtask(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(arguments).current_dir(self.0.path()).env("PATH", path_with_helm());
        for name in
            ["CI", "XTASK_HELM", "CARGO_TARGET_DIR", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "GITHUB_BASE_REF"]
        {
            command.env_remove(name);
        }
        command
    }

    /// Runs the program.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.xtask(arguments).output().unwrap()
    }

    /// Runs the program where no file can become larger than a few kilobytes: a disk that is all but full, without a disk.
    pub fn run_without_room(&self, arguments: &[&str]) -> Output {
        let program = self.xtask(arguments);
        let mut shell = Command::new("/bin/sh");
        // Ignored, the signal becomes an error of the write.
        shell.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh"]).arg(program.get_program());
        shell.args(program.get_args()).current_dir(self.0.path());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        shell.output().unwrap()
    }

    /// Every file below it but `target/`, with its content.
    pub fn tree(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut walk = ignore::WalkBuilder::new(self.0.path());
        walk.standard_filters(false).filter_entry(|e| e.file_name() != "target" && e.file_name() != ".git");
        let mut files: Vec<_> = walk
            .build()
            .flatten()
            .filter(|e| e.file_type().is_some_and(|t| t.is_file()))
            .map(|e| (e.path().to_owned(), fs::read(e.path()).unwrap()))
            .collect();
        files.sort();
        files
    }
}

/// Standard output as text.
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Standard error as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
