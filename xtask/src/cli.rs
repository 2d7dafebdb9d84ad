//! The command line: every flag and its help text stands here, and nothing else does.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Renders every chart in every environment, compares with goldens, and checks that secrets are safe and in time.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, styles = STYLES, max_term_width = 100)]
#[command(
    after_help = "Begin with `cargo xtask validate`. Exit codes: 0 clean, 1 findings, 2 the tool could not do its work."
)]
pub struct Cli {
    /// Flags that all commands share.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that all commands share.
#[derive(Debug, Args, Clone)]
#[command(next_help_heading = "Common options")]
pub struct Global {
    /// Work on the repository in DIR, which has a matrix file
    #[arg(long, value_name = "DIR", global = true)]
    pub root: Option<PathBuf>,
    /// Run N Helm processes at once [default: the cores]
    #[arg(short = 'j', long, value_name = "N", global = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Give a cell at most this long, e.g. 60s, 2m, 500ms
    #[arg(long, value_name = "TIME", global = true, default_value = "60s", value_parser = parse_duration)]
    pub timeout: Duration,
    /// When to use colours
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto")]
    pub color: ColorWhen,
    /// Say less: findings and the verdict only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more; twice for Helm's own command lines
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// validate, leaks: write a report, human, json or sarif, to standard output or to a file. Repeatable
    #[arg(long, value_name = "FORMAT[=FILE]", global = true, value_parser = ReportTo::parse)]
    pub report: Vec<ReportTo>,
    /// What fails a run
    #[arg(long, value_name = "SEVERITY", global = true, default_value = "error")]
    pub fail_on: FailOn,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal that wants them.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Which findings fail a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors only.
    Error,
    /// Warnings too.
    Warning,
}

/// A report format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// Version 1 of our own JSON.
    Json,
    /// SARIF 2.1.0, which code hosts show.
    Sarif,
}

/// One `--report`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportTo {
    /// The format.
    pub format: Format,
    /// The file; standard output when `None`.
    pub file: Option<PathBuf>,
}

impl ReportTo {
    fn parse(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((_, "")) => return Err("the file's name is missing after `=`".to_owned()),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let file = file.filter(|file| file.as_os_str() != "-");
        Ok(Self { format: Format::from_str(format, true)?, file })
    }
}

impl Cli {
    /// Whether the flags go together, where clap does not see to it.
    ///
    /// # Errors
    /// What is meant by no command line, and what to write instead.
    pub fn check(&self) -> Result<(), String> {
        let reports = &self.global.report;
        let writes = matches!(self.command, Command::Validate { .. } | Command::Leaks { .. });
        if !reports.is_empty() && !writes {
            return Err("this command writes no report\n  help: leave out --report; `validate` and `leaks` write some"
                .to_owned());
        }
        for (at, report) in reports.iter().enumerate() {
            if reports[..at].iter().any(|other| other.file == report.file) {
                let to = report.file.as_ref().map_or("standard output".to_owned(), |file| file.display().to_string());
                return Err(format!(
                    "two reports would be written to {to}\n  help: give each a file of its own: --report json=FILE --report sarif=OTHER"
                ));
            }
        }
        Ok(())
    }
}

/// Which cells.
#[derive(Debug, Args, Clone, Default)]
pub struct Select {
    /// Cells as ENVIRONMENT/RELEASE; globs work: '*/agents', 'production/*' [default: all]
    #[arg(value_name = "CELL")]
    pub cells: Vec<String>,
    /// Only this environment; repeatable
    #[arg(long, value_name = "NAME")]
    pub env: Vec<String>,
    /// Only this release; repeatable
    #[arg(long, value_name = "NAME")]
    pub release: Vec<String>,
}

/// What `cargo xtask` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Render every selected cell with Helm, compare with goldens, run every check, print one verdict
    #[command(after_help = "\
Examples:
  cargo xtask validate                      everything
  cargo xtask validate local/agents         one cell
  cargo xtask validate '*/agents' -v        one release everywhere, and which cell was slowest
  cargo xtask validate --shard 2/4          the second of four CI jobs
  cargo xtask validate --check guards       take each needed value away and see whether the chart minds
  cargo xtask validate --report json=out.json

Writes nothing into the working tree. Changed renders lie below target/ until `cargo xtask bless` takes them over.")]
    Validate {
        /// Which cells.
        #[command(flatten)]
        select: Select,
        /// Only the I-th of N stable parts of the selection
        #[arg(long, value_name = "I/N", value_parser = crate::cells::Shard::parse)]
        shard: Option<crate::cells::Shard>,
        /// Only these checks: a family (`leaks`) or a rule (`leaks/jwt`); repeatable
        #[arg(long, value_name = "NAME")]
        check: Vec<String>,
        /// Not these checks; repeatable
        #[arg(long, value_name = "NAME")]
        skip: Vec<String>,
        /// With --check guards: also take each guard out of a copy of its chart, and see whether anything would notice
        #[arg(long)]
        mutate: bool,
    },
    /// Accept changed renders as the new goldens without asking, and say what changed
    #[command(after_help = "\
Examples:
  cargo xtask bless                         every cell
  cargo xtask bless 'local/*'               one environment

Refuses a render that failed, that leaks a credential, that differs from its own second run, or that drops objects
(unless --allow-removed); and refuses to write at all when CI is set (unless --force).")]
    Bless {
        /// Which cells.
        #[command(flatten)]
        select: Select,
        /// Accept renders that lack objects which their goldens have
        #[arg(long)]
        allow_removed: bool,
        /// Write even when CI is set
        #[arg(long)]
        force: bool,
    },
    /// Record on the day of adoption what is there, so that only new findings fail; later on, take out what is mended
    #[command(after_help = "\
Examples:
  cargo xtask baseline --adopt              the first one, once
  cargo xtask baseline                      take out what is mended; nothing is ever added

The matrix file names the file: `baseline: environments/baseline.json`. It holds rules, files and fingerprints, no values.
Never in it: golden/*, since `cargo xtask bless` accepts a render; render/* but render/nondeterministic, since nothing is known
of a cell that does not render; waivers/*. A leak that is in it does not fail a run, and still reaches no golden: that takes a waiver.

Refuses to write while a cell does not render, since its findings are unknown; to adopt where there is a baseline already; and
when CI is set (unless --force). Exit code 1 when findings are left that are not in it.")]
    Baseline {
        /// Write the first one
        #[arg(long)]
        adopt: bool,
        /// Write even when CI is set
        #[arg(long)]
        force: bool,
    },
    /// Print one cell's manifests exactly as Helm printed them
    #[command(after_help = "\
Example:
  cargo xtask render local/agents | kubectl diff -f -

Prints nothing of a render that leaks a credential: the findings go to standard error, and the exit code is 1. A waiver lets the
render pass; --show-secrets prints it this once.")]
    Render {
        /// The cell, as ENVIRONMENT/RELEASE
        #[arg(value_name = "CELL")]
        cell: String,
        /// Print the render even when it leaks a credential
        #[arg(long)]
        show_secrets: bool,
    },
    /// Scan folders, files or standard input for credentials; needs no matrix file
    #[command(after_help = "\
Examples:
  cargo xtask leaks                         everything below here
  cargo xtask leaks charts/ values.yaml     a folder and a file
  helm template x | cargo xtask leaks -     standard input
  cargo xtask leaks --report json=leaks.json

Hidden files are scanned, .git is not; what .gitignore names is skipped unless it is named here. Chart archives (.tgz) are
opened, binary files are skipped and counted (-v names them). Nothing that is printed holds a credential: at most its first two
characters, the class of its length and a hash under a key that is new in each run (XTASK_MASK_KEY keeps it the same).")]
    Leaks {
        /// Folders, files, or - for standard input [default: .]
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Which values are secrets, where Secrets come from and go, and how a change takes effect
    Secrets {
        /// What to show.
        #[command(subcommand)]
        command: SecretsCommand,
    },
    /// Show how far each release is, computed from what the checks find: the service alignment table
    #[command(after_help = "\
Examples:
  cargo xtask tracker                       the table, after a run of all checks
  cargo xtask tracker --write               write docs/tracker.md
  cargo xtask tracker --check               fail when docs/tracker.md is not what the checks say

A box is ticked only when its checks ran and found nothing. What only a cluster can show is not verified, never done.")]
    Tracker {
        /// How to print it
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: PageFormat,
        /// Write docs/tracker.md
        #[arg(long, conflicts_with = "check")]
        write: bool,
        /// Exit with 1 when docs/tracker.md is not what the checks say
        #[arg(long)]
        check: bool,
    },
    /// Show the matrix: cells, layers, values files, and what is off and why
    #[command(after_help = "Example:\n  cargo xtask list --env local")]
    List {
        /// Which cells.
        #[command(flatten)]
        select: Select,
    },
    /// Print one line of JSON for a CI matrix job
    #[command(after_help = "Example:\n  cargo xtask matrix --shards 4\n  {\"include\":[{\"shard\":\"1/4\"}, …]}")]
    Matrix {
        /// Into how many jobs to split
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
        shards: u32,
    },
    /// Fetch and verify the pinned Helm; validate does it by itself when needed
    #[command(after_help = "Example:\n  cargo xtask setup\n\nXTASK_HELM names another Helm binary to use instead.")]
    Setup,
    /// Say what a rule means, why it matters, how to mend it and how to waive it
    #[command(
        after_help = "Example:\n  cargo xtask explain golden/differs\n  cargo xtask explain            all rules, one line each"
    )]
    Explain {
        /// The rule, as family/rule; all when left out
        #[arg(value_name = "RULE")]
        rule: Option<String>,
    },
}

/// What `cargo xtask secrets` can show.
#[derive(Debug, Subcommand)]
pub enum SecretsCommand {
    /// Every value of every release, config or secret, with the place that sets it; every Secret with what is behind it
    #[command(after_help = "\
Examples:
  cargo xtask secrets inventory                          everything
  cargo xtask secrets inventory --release agents --env local
  cargo xtask secrets inventory --format json > inventory.json
  cargo xtask secrets inventory --write                  write docs/secrets-inventory.md, which validate keeps true

Prints names and places, never a value.")]
    Inventory {
        /// Only this environment; repeatable
        #[arg(long, value_name = "NAME", conflicts_with = "write")]
        env: Vec<String>,
        /// Only this release; repeatable
        #[arg(long, value_name = "NAME", conflicts_with = "write")]
        release: Vec<String>,
        /// How to print it
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: PageFormat,
        /// Write docs/secrets-inventory.md
        #[arg(long)]
        write: bool,
    },
    /// What a change of a key in the store reaches: Secret, workload, env or file, and how it takes effect
    #[command(after_help = "\
Examples:
  cargo xtask secrets rotation                           everything
  cargo xtask secrets rotation --key agents-db-password  the steps for one key, in order, for each environment
  cargo xtask secrets rotation --key agents-db-password --env production --format markdown
  cargo xtask secrets rotation --write                   write docs/secrets-rotation.md, which validate keeps true

Prints names and places, never a value.")]
    Rotation {
        /// Only this environment; repeatable
        #[arg(long, value_name = "NAME", conflicts_with = "write")]
        env: Vec<String>,
        /// Print the runbook of this key of the store
        #[arg(long, value_name = "KEY", conflicts_with = "write")]
        key: Option<String>,
        /// How to print it
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: PageFormat,
        /// Write docs/secrets-rotation.md
        #[arg(long)]
        write: bool,
    },
}

/// How a page is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PageFormat {
    /// For a terminal.
    Table,
    /// As it stands under docs/.
    Markdown,
    /// For programs.
    Json,
}

/// `500ms`, `60s`, `2m`; a bare number means seconds.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().map_err(|_| "expected a time such as 60s, 2m or 500ms".to_owned())?;
    let seconds = match &text[digits..] {
        "" | "s" => number,
        "ms" => number / 1000.0,
        "m" => number * 60.0,
        unit => return Err(format!("unknown unit `{unit}`: use ms, s or m")),
    };
    if seconds <= 0.0 || seconds > 86_400.0 {
        return Err("expected a time between 1ms and 24 hours".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_have_units() {
        assert_eq!(parse_duration("2m"), Ok(Duration::from_mins(2)));
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert!(parse_duration("0").is_err() && parse_duration("5h").is_err() && parse_duration("").is_err());
    }
}
