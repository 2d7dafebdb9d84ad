//! `helm template` for one cell: offline, with an emptied environment. The only place that knows its arguments.

use std::path::{Path, PathBuf};
use std::time::Duration;

use checks::model::{Cell, Part};

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
    /// It was not even started: why, and what to do.
    NotRun {
        /// What happened.
        why: String,
        /// What to do about it.
        help: String,
    },
    /// Ctrl-C.
    Cancelled,
}

impl From<Status> for Render {
    /// A render that did not come about.
    fn from(status: Status) -> Self {
        Self { stdout: Vec::new(), stderr: String::new(), status, duration: Duration::ZERO }
    }
}

/// `set:` as arguments. Helm reads commas and backslashes in a `--set` itself, so they are escaped.
fn set(cell: &Cell) -> impl Iterator<Item = String> + '_ {
    cell.set.iter().flat_map(|set| {
        let value = set.value.replace('\\', "\\\\").replace(',', "\\,");
        let value = if value.starts_with('{') { format!("\\{value}") } else { value };
        [if set.string { "--set-string" } else { "--set" }.to_owned(), format!("{}={value}", set.path)]
    })
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=@%+,#".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
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
        match self.values(cell) {
            Ok(values) => arguments.extend(values),
            Err(status) => return status.into(),
        }
        arguments.extend(["--namespace".to_owned(), cell.namespace.clone()]);
        arguments.extend(["--kube-version".to_owned(), cell.kube.version.clone()]);
        self.call(&arguments)
    }

    /// The command that a person types to get the same render.
    pub fn command(&self, cell: &Cell) -> String {
        let values = cell.values.iter().flat_map(|file| {
            let at = file.part.as_ref().map(|part| format!("#{}", part.at)).unwrap_or_default();
            ["-f".to_owned(), format!("{}{at}", file.path)]
        });
        let words = Self::arguments("template", cell, values.chain(set(cell)).collect());
        format!("helm {}", words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "))
    }

    /// The values chain as arguments. Values inside another tool's manifest are taken out into the private home.
    fn values(&self, cell: &Cell) -> Result<Vec<String>, Status> {
        let mut arguments = Vec::new();
        for (index, file) in cell.values.iter().enumerate() {
            let path = match &file.part {
                None => file.path.clone(),
                Some(part) => self.taken_out(cell, index, &file.path, part)?,
            };
            arguments.extend(["-f".to_owned(), path]);
        }
        arguments.extend(set(cell));
        Ok(arguments)
    }

    /// Writes the values inside another tool's manifest to a file of their own.
    fn taken_out(&self, cell: &Cell, index: usize, path: &str, part: &Part) -> Result<String, Status> {
        let unread = |why: String| Status::NotRun {
            why: format!("the values in {path} cannot be read: {why}"),
            help: "run the command again when nobody is changing that file".to_owned(),
        };
        let text = std::fs::read_to_string(self.root.join(path)).map_err(|error| unread(error.to_string()))?;
        let values = checks::part::extract(&text, part, &cell.release).map_err(|reason| unread(reason.message))?;
        let folder = self.home.join("values").join(&cell.env);
        let taken = folder.join(format!("{}-{index}.json", cell.release));
        let written =
            std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&taken, values.to_json().to_string()));
        written.map_err(|error| Status::NotRun {
            why: format!("the values taken out of {path} cannot be written to the folder for temporary files: {error}"),
            help: "free some disk, or set TMPDIR to another folder".to_owned(),
        })?;
        Ok(taken.to_string_lossy().into_owned())
    }

    fn arguments(verb: &str, cell: &Cell, values: Vec<String>) -> Vec<String> {
        let mut arguments = vec![verb.to_owned(), cell.release.clone(), cell.chart.clone()];
        arguments.extend(values);
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
        let values = match self.values(cell) {
            Ok(values) => values,
            Err(status) => return status.into(),
        };
        let mut arguments = Self::arguments(verb, cell, values);
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
            Err(error) => Render::from(Status::NotRun {
                why: format!("Helm cannot be run: {error}"),
                help: "see that the machine has processes, files and memory left, and that Helm may be run".to_owned(),
            }),
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
