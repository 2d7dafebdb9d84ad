//! `helm template` for one cell: offline, with an emptied environment. The only place that knows its arguments.

use std::path::{Path, PathBuf};
use std::time::Duration;

use checks::model::Cell;

use crate::run::process::{self, Bounds, End};

/// The most that one render may print. A chart of this size is a mistake; it is reported, not swallowed.
pub const MAX_RENDER: u64 = 64 << 20;

/// All that renders share.
#[derive(Debug, Clone)]
pub struct Renderer<'a> {
    /// Helm's binary.
    pub helm: &'a Path,
    /// The repository's root, which paths are relative to.
    pub root: &'a Path,
    /// An empty folder that Helm takes for its home.
    pub home: PathBuf,
    /// Wall time of one render.
    pub timeout: Duration,
}

/// What Helm said about a cell.
#[derive(Debug)]
pub struct Render {
    /// The manifests, exactly as printed.
    pub stdout: Vec<u8>,
    /// Helm's words.
    pub stderr: String,
    /// How it ended.
    pub status: Status,
    /// Wall time.
    pub duration: Duration,
}

/// How a render ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Status {
    /// Rendered.
    Rendered,
    /// Helm refused: a finding.
    Refused,
    /// More output than [`MAX_RENDER`]: a finding.
    TooLarge,
    /// Out of time: the tool could not do its work.
    TimedOut,
    /// Killed or crashed.
    Died(String),
    /// Ctrl-C.
    Cancelled,
}

impl Renderer<'_> {
    /// Renders a cell.
    pub fn template(&self, cell: &Cell) -> Render {
        self.run("template", cell, &[])
    }

    /// Renders a cell once more, printing broken YAML too.
    pub fn debug(&self, cell: &Cell) -> Render {
        self.run("template", cell, &["--debug".to_owned()])
    }

    /// Lints a cell's values: its exit code proves nothing, but it lists missing values that `template` stops before.
    pub fn lint(&self, cell: &Cell) -> Render {
        let mut arguments = vec!["lint".to_owned(), cell.chart.clone()];
        for file in &cell.values {
            arguments.extend(["-f".to_owned(), file.path.clone()]);
        }
        arguments.extend(["--namespace".to_owned(), cell.namespace.clone()]);
        arguments.extend(["--kube-version".to_owned(), cell.kube.version.clone()]);
        self.call(&arguments)
    }

    /// The command that a person types to get the same render.
    pub fn command(&self, cell: &Cell) -> String {
        format!("helm {}", Self::arguments("template", cell).join(" "))
    }

    fn arguments(verb: &str, cell: &Cell) -> Vec<String> {
        let mut arguments = vec![verb.to_owned(), cell.release.clone(), cell.chart.clone()];
        for file in &cell.values {
            arguments.extend(["-f".to_owned(), file.path.clone()]);
        }
        arguments.extend(["--namespace".to_owned(), cell.namespace.clone()]);
        arguments.extend(["--kube-version".to_owned(), cell.kube.version.clone()]);
        let mut given: Vec<&str> = Vec::new();
        for api in &cell.kube.apis {
            // Charts ask for both forms: `Capabilities.APIs.Has "group/version"` and `"group/version/Kind"`.
            let group_version = match api.rsplit_once('/') {
                Some((gv, kind)) if kind.starts_with(|c: char| c.is_ascii_uppercase()) => gv,
                _ => api,
            };
            for form in [group_version, api] {
                if !given.contains(&form) {
                    given.push(form);
                    arguments.extend(["--api-versions".to_owned(), form.to_owned()]);
                }
            }
        }
        if cell.include_crds {
            arguments.push("--include-crds".to_owned());
        }
        arguments
    }

    fn run(&self, verb: &str, cell: &Cell, more: &[String]) -> Render {
        let mut arguments = Self::arguments(verb, cell);
        arguments.extend_from_slice(more);
        self.call(&arguments)
    }

    fn call(&self, arguments: &[String]) -> Render {
        let bounds = Bounds { timeout: self.timeout, output: MAX_RENDER };
        match process::run(self.helm, arguments, self.root, &self.environment(), bounds) {
            Ok(done) => {
                let stderr = String::from_utf8_lossy(&done.stderr).into_owned();
                let status = match done.end {
                    End::Exited(0) => Status::Rendered,
                    End::Exited(1) => Status::Refused,
                    // Go's runtime ends a panic with 2; no refusal of Helm's has this code.
                    End::Exited(code) => Status::Died(format!("exit code {code}")),
                    End::Signalled(signal) => Status::Died(format!("killed by signal {signal}")),
                    End::TimedOut => Status::TimedOut,
                    End::TooLarge => Status::TooLarge,
                    End::Cancelled => Status::Cancelled,
                };
                Render { stdout: done.stdout, stderr, status, duration: done.duration }
            }
            Err(error) => Render {
                stdout: Vec::new(),
                stderr: String::new(),
                status: Status::Died(format!("cannot be run: {error}")),
                duration: Duration::ZERO,
            },
        }
    }

    /// Emptied down to what Helm needs. Its start-up is nine tenths of a render and garbage collection a quarter of that:
    /// a process this short does better without, up to a bound for charts that are large.
    fn environment(&self) -> Vec<(String, String)> {
        let home = self.home.to_string_lossy();
        let pair = |key: &str, value: String| (key.to_owned(), value);
        vec![
            pair("PATH", std::env::var("PATH").unwrap_or_default()),
            pair("HOME", home.to_string()),
            pair("HELM_CACHE_HOME", format!("{home}/cache")),
            pair("HELM_CONFIG_HOME", format!("{home}/config")),
            pair("HELM_DATA_HOME", format!("{home}/data")),
            pair("GOGC", "off".to_owned()),
            pair("GOMEMLIMIT", "512MiB".to_owned()),
            pair("LC_ALL", "C.UTF-8".to_owned()),
        ]
    }
}
