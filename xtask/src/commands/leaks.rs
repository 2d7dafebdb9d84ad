//! Scan folders, files or standard input for credentials. Needs no matrix file.

mod gather;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use checks::model::{Place, Severity};
use checks::waivers::{self, Allowed, Excused};
use finding::Finding;
use leaks::{self, Leak, MaskKey, Redactor, ScanFile, Traces};

use self::gather::{Scanned, Told};
use super::{Outcome, to_file, to_pipe, to_stdout};
use crate::cli::{FailOn, Format, Global};
use crate::git;
use crate::report::diagnostic::{self, Sources};
use crate::report::human::several;
use crate::report::redact::mask_key;
use crate::report::{Report, sarif};
use crate::run::process;

/// Findings that are shown as blocks with their line; more are shown as one line each.
const BLOCKS: usize = 40;
/// Findings that one thread makes JSON of at a time.
const BATCH: usize = 2000;

/// Runs the command.
pub fn run(global: &Global, paths: &[PathBuf]) -> Outcome {
    let started = Instant::now();
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here[..] } else { paths };
    let threads = global.jobs.map_or_else(cores, usize::from);
    let key = mask_key();
    let mut run = Run::default();
    let files = gather::files(paths, threads, &mut run.troubles)?;
    for scanned in gather::scan_all(&files, threads, &key) {
        run.take(scanned);
    }
    if process::cancelled() {
        run.troubles.push("stopped before all files were scanned".to_owned());
    }
    run.excuse();
    finding::sort(&mut run.findings);
    run.seconds = started.elapsed();
    let fail_on = if global.fail_on == FailOn::Warning { Severity::Warning } else { Severity::Error };
    let told = gather::told(&run.leaks, &run.findings);
    let failed = told.iter().any(|t| t.severity() >= fail_on);
    let code = if run.troubles.is_empty() { u8::from(failed) } else { 2 };
    let redactor = std::mem::take(&mut run.traces).redactor();
    for to in &global.report {
        let write = |out: &mut dyn Write| match to.format {
            Format::Human => human(&run, &told, global, code, out),
            Format::Json => json(&run, &told, threads, out),
            Format::Sarif => sarif::write(&run.report(&told), out),
        };
        match (&to.file, to.format) {
            (Some(file), _) => to_file(file, &redactor, |out| {
                // A file is no terminal.
                let mut coloured = Vec::new();
                write(&mut coloured)?;
                out.write_all(&anstream::adapter::strip_bytes(&coloured).into_vec())
            })?,
            (None, Format::Human) => to_stdout(&redactor, write)?,
            (None, Format::Json | Format::Sarif) => to_pipe(&redactor, write)?,
        }
    }
    if !global.report.iter().any(|to| to.file.is_none()) {
        to_stdout(&redactor, |out| human(&run, &told, global, code, out))?;
    }
    // The process ends: to take apart what may be a million findings would only take time.
    std::mem::forget(run);
    Ok(code)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// What is known at the end.
#[derive(Default)]
struct Run {
    /// By file, in order.
    leaks: Vec<(String, Vec<Leak>)>,
    /// What is no leak, and leaks of files with comments that may excuse them.
    findings: Vec<Finding>,
    /// For names that repeat a value.
    traces: Traces,
    /// Comments that excuse what stands beside them.
    allowed: Allowed,
    excused: Vec<Excused>,
    files: usize,
    bytes: usize,
    binary: Vec<String>,
    troubles: Vec<String>,
    seconds: Duration,
}

impl Run {
    fn take(&mut self, scanned: Scanned) {
        if !scanned.leaks.is_empty() {
            self.leaks.push((scanned.file, scanned.leaks));
        }
        self.findings.extend(scanned.findings);
        self.traces.extend(scanned.traces);
        self.allowed.extend(scanned.allowed);
        self.files += usize::from(scanned.trouble.is_none());
        self.bytes += scanned.bytes;
        self.binary.extend(scanned.binary);
        self.troubles.extend(scanned.trouble);
    }

    /// Takes out what comments excuse. Whether one of them is stale only `validate` can know: it is not asked for a part.
    fn excuse(&mut self) {
        if self.allowed.is_empty() {
            return;
        }
        let looked = waivers::Run {
            all: BTreeSet::new(),
            selected: BTreeSet::new(),
            unjudged: BTreeSet::new(),
            complete: false,
            speaks_for_all: true,
            looked_for: &|_| true,
            // Without a commit no waiver is past its date.
            today: git::commit_date(Path::new(".")).ok(),
        };
        let verdict = waivers::apply(std::mem::take(&mut self.findings), &self.allowed, &looked);
        (self.findings, self.excused) = (verdict.kept, verdict.excused);
        // What was found by then has its fingerprint; what is wrong with a waiver has not.
        self.findings.iter_mut().for_each(Finding::seal);
    }

    /// What the formats for machines share with `validate`.
    fn report(&self, told: &[Told<'_>]) -> Report {
        Report {
            findings: told.iter().map(|t| t.finding()).collect(),
            excused: self.excused.clone(),
            troubles: self.troubles.clone(),
            ..Report::default()
        }
    }
}

fn count(told: &[Told<'_>], severity: Severity) -> usize {
    told.iter().filter(|t| t.severity() == severity).count()
}

fn human(run: &Run, told: &[Told<'_>], global: &Global, code: u8, out: &mut dyn Write) -> io::Result<()> {
    const RED: Style = AnsiColor::Red.on_default().bold();
    const GREEN: Style = AnsiColor::Green.on_default().bold();
    const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
    const DIM: Style = Style::new().dimmed();
    let redactor = Redactor::default();
    let sources = Sources::new(Path::new("."), &redactor);
    let blocks = told.len() <= BLOCKS || global.verbose > 0;
    let mut masked: BTreeMap<String, BTreeMap<(usize, usize), Place>> = BTreeMap::new();
    for finding in told.iter().map(|t| t.finding()) {
        if blocks {
            let mut shown = finding;
            if let Some(place) = &mut shown.place
                && Path::new(&place.file).is_file()
            {
                let file = place.file.clone();
                let places = masked.entry(file.clone()).or_insert_with(|| mask_lines(&file, &sources));
                if let Some(moved) = places.get(&(place.line, place.column)) {
                    *place = moved.clone();
                }
            }
            writeln!(out, "{}\n", diagnostic::block(&shown, &sources).trim_end())?;
            continue;
        }
        let (style, word) = if finding.severity == Severity::Warning { (YELLOW, "warning") } else { (RED, "error") };
        let place = finding.place.clone().unwrap_or_default();
        let file: String = place.file.chars().map(|c| if c.is_control() { '·' } else { c }).collect();
        writeln!(
            out,
            "{file}:{}:{}: {style}{word}[{}]{style:#}: {} {DIM}{}{DIM:#}",
            place.line, place.column, finding.rule, finding.message, finding.label
        )?;
    }
    if !blocks {
        writeln!(out)?;
    }
    for trouble in &run.troubles {
        writeln!(out, "{RED}error{RED:#}: {trouble}\n")?;
    }
    if global.verbose > 0 {
        for binary in &run.binary {
            writeln!(out, "  {DIM}note{DIM:#}    binary, not scanned: {binary}")?;
        }
    }
    let (errors, warnings) = (count(told, Severity::Error), count(told, Severity::Warning));
    let what = match (errors, warnings) {
        (0, 0) => "no credentials found".to_owned(),
        (0, w) => several(w, "warning", "warnings"),
        (e, 0) => several(e, "error", "errors"),
        (e, w) => format!("{}, {}", several(e, "error", "errors"), several(w, "warning", "warnings")),
    };
    let binary = match run.binary.len() {
        0 => String::new(),
        n => format!(" · {} skipped", several(n, "binary file", "binary files")),
    };
    let excused = match run.excused.len() {
        0 => String::new(),
        n => format!(" · {n} excused by comments"),
    };
    let (style, word) = if code == 0 { (GREEN, "ok") } else { (RED, "failed") };
    #[allow(clippy::cast_precision_loss)]
    let size = run.bytes as f64 / 1e6;
    writeln!(
        out,
        "  {style}{word:<6}{style:#}  {what} · {}, {size:.1} MB{binary}{excused}   {DIM}{:.1} s{DIM:#}",
        several(run.files, "file", "files"),
        run.seconds.as_secs_f64()
    )?;
    if code == 1
        && let Some(first) = told.first().map(|t| t.finding())
    {
        writeln!(out, "  {0}next{0:#}    cargo xtask explain {1}", Style::new().bold(), first.rule)?;
    }
    Ok(())
}

/// Lets a file be shown with its credentials masked; returns where each place lies then.
fn mask_lines(file: &str, sources: &Sources<'_>) -> BTreeMap<(usize, usize), Place> {
    let mut places = BTreeMap::new();
    let bytes = std::fs::read(file).unwrap_or_default();
    // The places do not depend on the key.
    let leaks = leaks::scan(&ScanFile { path: file, bytes: &bytes }, &MaskKey::new([0; 32])).leaks;
    let mut text = String::with_capacity(bytes.len());
    let mut from = 0;
    for leak in leaks.iter().filter(|leak| leak.member.is_empty() && leak.range.end <= bytes.len()) {
        let start = leak.range.start.max(from);
        text.push_str(&String::from_utf8_lossy(&bytes[from..start]));
        let line_start = text.rfind('\n').map_or(0, |at| at + 1);
        let column = text[line_start..].chars().count() + 1;
        let mask = format!("{}••••••••", leak.masked.head);
        let end_column = column + mask.chars().count();
        text.push_str(&mask);
        // The lines below keep their numbers.
        let lines = leak.end_line.saturating_sub(leak.line);
        text.extend(std::iter::repeat_n('\n', lines));
        places.insert(
            (leak.line, leak.column),
            Place { file: file.to_owned(), line: leak.line, column, end_line: leak.line, end_column },
        );
        from = leak.range.end.max(start);
    }
    text.push_str(&String::from_utf8_lossy(&bytes[from..]));
    sources.show_instead(file, text);
    places
}

/// As `--report json` of `validate`, without cells.
fn json(run: &Run, told: &[Told<'_>], threads: usize, out: &mut dyn Write) -> io::Result<()> {
    let counts = serde_json::json!({
        "errors": count(told, Severity::Error),
        "warnings": count(told, Severity::Warning),
        "waived": run.excused.len(),
        "files": run.files,
        "bytes": run.bytes,
        "binary": run.binary.len(),
    });
    let (troubles, binary) = (serde_json::json!(run.troubles), serde_json::json!(run.binary));
    write!(out, "{{\"version\":1,\"counts\":{counts},\"troubles\":{troubles},\"binary\":{binary},\"findings\":[")?;
    // Whole batches are written out before the next are made: memory does not grow with the findings.
    for (number, batches) in told.chunks(BATCH * threads).enumerate() {
        let made = std::thread::scope(|scope| {
            let batches = batches.chunks(BATCH);
            let writers: Vec<_> = batches
                .map(|batch| scope.spawn(|| finding::json_lines(batch.iter().map(|told| told.finding()))))
                .collect();
            writers.into_iter().map(|writer| writer.join().unwrap_or_default()).collect::<Vec<String>>()
        });
        for (of_these, lines) in made.iter().enumerate() {
            out.write_all(if number + of_these == 0 { b"\n" } else { b",\n" })?;
            out.write_all(lines.as_bytes())?;
        }
    }
    writeln!(out, "\n],\"changes\":[],\"cells\":[],\"seconds\":{}}}", run.seconds.as_secs_f64())
}
