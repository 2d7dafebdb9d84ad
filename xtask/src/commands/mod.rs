//! One file a command; each reads like the sentence that describes it in the help.

pub mod baseline;
pub mod bless;
pub mod explain;
pub mod leaks;
pub mod list;
pub mod render;
pub mod secrets;
pub mod setup;
pub mod tracker;
pub mod validate;

use std::io::Write;
use std::path::{Path, PathBuf};

use ::leaks::Redactor;
use anstream::{AutoStream, ColorChoice};
use checks::model::Matrix;
use finding::Finding;

use crate::cli::Global;
use crate::helm::render::Renderer;
use crate::helm::{Helm, Setup, Source};
use crate::matrix;
use crate::report::diagnostic::{self, Sources};
use crate::report::plain::Plain;
use crate::report::redact::Redacting;
use crate::run::process;
use crate::scratch::Home;

/// Why a command could not do its work; its text was not printed yet.
#[derive(Debug)]
pub enum Failure {
    /// A usage error or the like: what happened, and what to do after `help:`.
    Words(String),
    /// The matrix file, or one that it names, is wrong.
    Matrix(Vec<Finding>, PathBuf),
}

impl From<String> for Failure {
    fn from(words: String) -> Self {
        Self::Words(words)
    }
}

/// What a command returns: its exit code.
pub type Outcome = Result<u8, Failure>;

/// Prints why a command could not do its work. Exit code 2.
pub fn print(failure: &Failure) {
    let redactor = Redactor::default();
    let red = anstyle::AnsiColor::Red.on_default().bold();
    to_stderr(&redactor, |err| match failure {
        Failure::Words(words) => writeln!(err, "{red}error{red:#}: {words}"),
        Failure::Matrix(findings, root) => {
            let sources = Sources::new(root, &redactor).shown_on(std::io::stderr());
            let mask = |text: &str| redactor.scrub(text).into_owned();
            for finding in finding::merge(findings.iter().cloned().map(|f| f.redacted(&mask))) {
                writeln!(err, "{}\n", diagnostic::block(&finding, &sources).trim_end())?;
            }
            let count = crate::report::human::several(findings.len(), "error", "errors");
            let file = findings.first().and_then(|f| f.place.as_ref()).map_or(matrix::FILE, |p| p.file.as_str());
            let excuse = ["waivers/", "baseline/"].iter().any(|f| findings.iter().any(|e| e.rule.starts_with(f)));
            let file = if excuse { file } else { "the matrix file" };
            writeln!(err, "  {red}failed{red:#}  {count} in {file}; nothing was rendered")
        }
    });
}

/// What all commands that render start with.
pub struct Session {
    /// The repository's root.
    pub root: PathBuf,
    /// Its matrix.
    pub matrix: Matrix,
    /// Common flags.
    pub global: Global,
    /// The build folder.
    pub target: PathBuf,
}

impl Session {
    /// Finds the root and reads the matrix file.
    pub fn open(global: &Global) -> Result<Self, Failure> {
        let root = matrix::find_root(global.root.as_deref())?;
        let matrix = matrix::load(&root).map_err(|findings| Failure::Matrix(findings, root.clone()))?;
        let target = std::env::var_os("CARGO_TARGET_DIR").filter(|v| !v.is_empty());
        let target = target.map_or_else(|| root.join("target"), PathBuf::from);
        Ok(Self { root, matrix, global: global.clone(), target })
    }

    /// How many Helm processes run at once.
    pub fn jobs(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        self.global.jobs.map_or_else(cores, usize::from)
    }

    /// Finds or fetches the pinned Helm.
    pub fn helm(&self) -> Result<Helm, Failure> {
        let progress = |line: &str| {
            let _ = writeln!(std::io::stderr(), "  {line}");
        };
        let mut setup = Setup::new(&self.target, &self.matrix.helm.version, &progress);
        setup.interrupted = &process::cancelled;
        setup.locate().map_err(|e| Failure::Words(format!("{e}\n  help: {}", e.next_step())))
    }

    /// A renderer with a private home, which lives as long as `home`.
    pub fn renderer<'a>(&'a self, helm: &'a Helm, home: &Home) -> Renderer<'a> {
        Renderer { helm: &helm.path, root: &self.root, home: home.path().to_owned(), timeout: self.global.timeout }
    }

    /// An empty folder that Helm takes for its home. What killed runs have left is taken away.
    pub fn home(&self) -> Result<Home, Failure> {
        crate::golden::write::remove_leftovers(&self.target);
        Home::new().map_err(|e| {
            Failure::Words(format!(
                "no temporary folder can be made: {e}\n  help: free some disk, or set TMPDIR to another folder"
            ))
        })
    }

    /// Helm's version as the verdict tells it.
    pub fn helm_line(&self, helm: &Helm) -> String {
        match helm.from {
            Source::Variable => {
                format!("{} (XTASK_HELM; the matrix file pins {})", helm.version, self.matrix.helm.version)
            }
            Source::Path | Source::Fetched => helm.version.clone(),
        }
    }
}

/// Whether a pipeline runs the program: what people decide is not written there.
fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|v| !matches!(v.as_str(), "" | "0" | "false"))
}

/// Writes to standard output through the redactor. A reader that has gone away is no error.
pub fn to_stdout(
    redactor: &Redactor,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), Failure> {
    if colours() {
        return printed(through(anstream::stdout().lock(), redactor, write));
    }
    printed(through(std::io::stdout().lock(), redactor, |out| write(&mut Plain::new(out))))
}

/// Whether standard output shows colours.
pub fn colours() -> bool {
    AutoStream::choice(&std::io::stdout()) != ColorChoice::Never
}

/// Writes what is for machines to standard output through the redactor: it has no colours that would have to be taken off.
pub fn to_pipe(redactor: &Redactor, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Failure> {
    printed(through(std::io::stdout().lock(), redactor, write))
}

fn through(
    to: impl Write,
    redactor: &Redactor,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> std::io::Result<()> {
    if redactor.is_empty() {
        // What needs no masking needs not to be held back.
        let mut out = std::io::BufWriter::with_capacity(1 << 20, to);
        write(&mut out).and_then(|()| out.flush())
    } else {
        let mut out = Redacting::new(to, redactor);
        write(&mut out).and_then(|()| out.finish())
    }
}

fn printed(done: std::io::Result<()>) -> Result<(), Failure> {
    match done {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::Words(format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes to standard error through the redactor. Nobody can be told that it cannot be written.
pub fn to_stderr(redactor: &Redactor, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) {
    let mut err = Redacting::new(anstream::stderr().lock(), redactor);
    let _ = write(&mut err).and_then(|()| err.finish());
}

/// Writes a report file atomically, through the redactor, and without colours: a file is no terminal.
pub fn to_file(
    path: &Path,
    redactor: &Redactor,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let plain = |out: &mut dyn Write| write(&mut Plain::new(out));
    crate::golden::write::atomically(path, |file| through(file, redactor, plain)).map_err(|e| {
        Failure::Words(format!(
            "the report {} cannot be written: {e}\n  help: name a file in a folder that can be written",
            path.display()
        ))
    })
}
