//! Scan folders, files or standard input for credentials. Needs no matrix file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use checks::model::{Place, Severity};
use checks::rules;
use checks::waivers::{self, Allowed, Excused};
use finding::Finding;
use ignore::{WalkBuilder, WalkState};
use leaks::{self, MaskKey, Redactor, ScanFile, Traces};

use super::{Failure, Outcome, to_file, to_pipe, to_stdout};
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
/// Larger files are not read.
const LARGEST: u64 = 2 << 30;

/// Runs the command.
pub fn run(global: &Global, paths: &[PathBuf]) -> Outcome {
    let started = Instant::now();
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here[..] } else { paths };
    let threads = global.jobs.map_or_else(cores, usize::from);
    let key = mask_key();
    let mut run = Run::default();
    let files = files(paths, threads, &mut run)?;
    for scanned in scan_all(&files, threads, &key) {
        run.take(scanned);
    }
    if process::cancelled() {
        run.troubles.push("stopped before all files were scanned".to_owned());
    }
    run.excuse();
    finding::sort(&mut run.findings);
    run.seconds = started.elapsed();
    let fail_on = if global.fail_on == FailOn::Warning { Severity::Warning } else { Severity::Error };
    let failed = run.findings.iter().any(|f| f.severity >= fail_on);
    let code = if run.troubles.is_empty() { u8::from(failed) } else { 2 };
    let redactor = std::mem::take(&mut run.traces).redactor();
    for to in &global.report {
        let write = |out: &mut dyn Write| match to.format {
            Format::Human => human(&run, global, code, out),
            Format::Json => json(&run, threads, out),
            Format::Sarif => sarif::write(&run.report(), out),
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
        to_stdout(&redactor, |out| human(&run, global, code, out))?;
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

/// One scanned file.
#[derive(Default)]
struct Scanned {
    findings: Vec<Finding>,
    traces: Traces,
    allowed: Allowed,
    bytes: usize,
    binary: Vec<String>,
    trouble: Option<String>,
}

impl Run {
    fn take(&mut self, scanned: Scanned) {
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

    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|f| f.severity == severity).count()
    }

    /// What the formats for machines share with `validate`.
    fn report(&self) -> Report {
        Report {
            findings: self.findings.clone(),
            excused: self.excused.clone(),
            troubles: self.troubles.clone(),
            ..Report::default()
        }
    }
}

impl Scanned {
    fn of(file: &str, bytes: usize, found: &leaks::Scanned) -> Self {
        let telling = found.leaks.iter().filter(|leak| !rules::leaks::only_explains(leak, file));
        let mut findings: Vec<Finding> = telling.map(|leak| rules::leaks::finding(leak, file, None)).collect();
        findings.extend(
            found.limits.iter().map(|limit| rules::leaks::limit(&inside(file, &limit.member), limit.line, limit.words)),
        );
        findings.iter_mut().for_each(Finding::seal);
        Self {
            findings,
            traces: Traces::of(found, file),
            bytes,
            binary: found.binary.iter().map(|member| inside(file, member)).collect(),
            ..Self::default()
        }
    }
}

fn inside(file: &str, member: &str) -> String {
    if member.is_empty() { file.to_owned() } else { format!("{file}!/{member}") }
}

/// What is to be scanned, in order of the paths.
fn files(paths: &[PathBuf], threads: usize, run: &mut Run) -> Result<Vec<PathBuf>, Failure> {
    let mut all = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
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
        let (mut files, mut errors) = found.into_inner().unwrap_or_default();
        files.sort();
        errors.sort();
        all.extend(files);
        run.troubles.extend(errors);
    }
    Ok(all)
}

/// Scans every file, several at once; the results come in the order of the files.
fn scan_all(files: &[PathBuf], threads: usize, key: &MaskKey) -> Vec<Scanned> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(files.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads.min(files.len()) {
            scope.spawn(|| {
                let mut own = Vec::new();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = files.get(index) else { break };
                    if process::cancelled() {
                        break;
                    }
                    own.push((index, scan_one(path, key)));
                }
                if let Ok(mut done) = done.lock() {
                    done.extend(own);
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, scanned)| scanned).collect()
}

fn scan_one(path: &Path, key: &MaskKey) -> Scanned {
    let stdin = path.as_os_str() == "-";
    let file = if stdin { "<stdin>".to_owned() } else { shown(path) };
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if stdin {
            io::stdin().lock().take(LARGEST).read_to_end(&mut bytes)?;
            return Ok(bytes);
        }
        let meta = std::fs::metadata(path)?;
        if meta.len() > LARGEST {
            return Err(io::Error::other("it is larger than 2 GiB"));
        }
        std::fs::read(path)
    };
    let none = BTreeSet::new();
    let scanned = read().map_err(|error| error.to_string()).and_then(|bytes| {
        let name = if stdin { "" } else { file.as_str() };
        // One file that the scan cannot take must not hide what the others hold.
        let found = std::panic::catch_unwind(|| leaks::scan(&ScanFile { path: name, bytes: &bytes }, key));
        let found = found.map_err(|_| "a fault of the tool itself; please report it".to_owned())?;
        let allowed = waivers::inline::read(&file, &bytes, &none);
        Ok(Scanned { allowed, ..Scanned::of(&file, bytes.len(), &found) })
    });
    scanned.unwrap_or_else(|why| Scanned {
        trouble: Some(format!("{file} cannot be scanned: {why}")),
        ..Scanned::default()
    })
}

/// A path as people write it, with `/` between its parts.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = text.strip_prefix("./").unwrap_or(&text);
    if std::path::MAIN_SEPARATOR == '\\' { text.replace('\\', "/") } else { text.to_owned() }
}

fn human(run: &Run, global: &Global, code: u8, out: &mut dyn Write) -> io::Result<()> {
    const RED: Style = AnsiColor::Red.on_default().bold();
    const GREEN: Style = AnsiColor::Green.on_default().bold();
    const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
    const DIM: Style = Style::new().dimmed();
    let redactor = Redactor::default();
    let sources = Sources::new(Path::new("."), &redactor);
    let blocks = run.findings.len() <= BLOCKS || global.verbose > 0;
    let mut masked: BTreeMap<String, BTreeMap<(usize, usize), Place>> = BTreeMap::new();
    for finding in &run.findings {
        if blocks {
            let mut shown = finding.clone();
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
    let (errors, warnings) = (run.count(Severity::Error), run.count(Severity::Warning));
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
        && let Some(first) = run.findings.first()
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
fn json(run: &Run, threads: usize, out: &mut dyn Write) -> io::Result<()> {
    let counts = serde_json::json!({
        "errors": run.count(Severity::Error),
        "warnings": run.count(Severity::Warning),
        "waived": run.excused.len(),
        "files": run.files,
        "bytes": run.bytes,
        "binary": run.binary.len(),
    });
    let (troubles, binary) = (serde_json::json!(run.troubles), serde_json::json!(run.binary));
    write!(out, "{{\"version\":1,\"counts\":{counts},\"troubles\":{troubles},\"binary\":{binary},\"findings\":[")?;
    // Whole batches are written out before the next are made: memory does not grow with the findings.
    for (number, batches) in run.findings.chunks(BATCH * threads).enumerate() {
        let made = std::thread::scope(|scope| {
            let writers: Vec<_> =
                batches.chunks(BATCH).map(|batch| scope.spawn(|| finding::json_lines(batch))).collect();
            writers.into_iter().map(|writer| writer.join().unwrap_or_default()).collect::<Vec<String>>()
        });
        for (of_these, lines) in made.iter().enumerate() {
            out.write_all(if number + of_these == 0 { b"\n" } else { b",\n" })?;
            out.write_all(lines.as_bytes())?;
        }
    }
    writeln!(out, "\n],\"changes\":[],\"cells\":[],\"seconds\":{}}}", run.seconds.as_secs_f64())
}
