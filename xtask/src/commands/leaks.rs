//! Scan folders, files or standard input for credentials. Needs no matrix file.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use checks::finding::{self, Finding};
use checks::leaks::shapes::Shape;
use checks::leaks::{self, Leak, MaskKey, Redactor, ScanFile};
use checks::model::{Place, Severity};
use checks::rules;
use ignore::{WalkBuilder, WalkState};
use serde::Serialize;

use super::{Failure, Outcome, to_file, to_stdout};
use crate::cli::{FailOn, Format, Global};
use crate::report::diagnostic::{self, Sources};
use crate::report::human::several;
use crate::report::redact::mask_key;
use crate::report::{Report, sarif};
use crate::run::process;

/// Findings that are shown as blocks with their line; more are shown as one line each.
const BLOCKS: usize = 40;
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
    run.findings = finding::merge(std::mem::take(&mut run.findings));
    run.seconds = started.elapsed();
    let fail_on = if global.fail_on == FailOn::Warning { Severity::Warning } else { Severity::Error };
    let failed = run.findings.iter().any(|f| f.severity >= fail_on);
    let code = if run.troubles.is_empty() { u8::from(failed) } else { 2 };
    let redactor = run.redactor();
    for to in &global.report {
        let write = |out: &mut dyn Write| match to.format {
            Format::Human => human(&run, global, code, out),
            Format::Json => json(&run, out),
            Format::Sarif => sarif::write(&run.report(), out),
        };
        match &to.file {
            Some(file) => to_file(file, &redactor, write)?,
            None => to_stdout(&redactor, write)?,
        }
    }
    if !global.report.iter().any(|to| to.file.is_none()) {
        to_stdout(&redactor, |out| human(&run, global, code, out))?;
    }
    Ok(code)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// What is known at the end.
#[derive(Default)]
struct Run {
    findings: Vec<Finding>,
    /// Leaks of the files of which lines may be shown, by path.
    leaks: BTreeMap<String, Vec<Leak>>,
    files: usize,
    bytes: usize,
    binary: Vec<String>,
    troubles: Vec<String>,
    seconds: Duration,
}

/// One scanned file.
struct Scanned {
    file: String,
    bytes: usize,
    result: Result<leaks::Scanned, String>,
}

impl Run {
    fn take(&mut self, scanned: Scanned) {
        let Scanned { file, bytes, result } = scanned;
        match result {
            Err(why) => self.troubles.push(format!("{file} cannot be read: {why}")),
            Ok(found) => {
                self.files += 1;
                self.bytes += bytes;
                self.binary.extend(found.binary.iter().map(|member| inside(&file, member)));
                self.findings.extend(found.leaks.iter().map(|leak| rules::leaks::finding(leak, &file, None)));
                self.findings.extend(
                    found
                        .limits
                        .iter()
                        .map(|limit| rules::leaks::limit(&inside(&file, &limit.member), limit.line, limit.words)),
                );
                if !found.leaks.is_empty() {
                    self.leaks.insert(file, found.leaks);
                }
            }
        }
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|f| f.severity == severity).count()
    }

    /// What the formats for machines share with `validate`.
    fn report(&self) -> Report {
        Report { findings: self.findings.clone(), troubles: self.troubles.clone(), ..Report::default() }
    }

    /// Masks what a file's or a key's name repeats of a credential. Plain words stay: they are no secret in a name.
    fn redactor(&self) -> Redactor {
        let telling = |value: &&str| {
            (8..=512).contains(&value.len())
                && matches!(leaks::shapes::judge(value.as_bytes()), Shape::Strong | Shape::Uuid)
        };
        let secrets = self.leaks.values().flatten().flat_map(|leak| &leak.secrets).map(leaks::Hidden::expose);
        let names = self
            .leaks
            .keys()
            .map(String::as_str)
            .chain(self.leaks.values().flatten().flat_map(|leak| [leak.path.as_str(), leak.member.as_str()]));
        let known: Vec<&str> = secrets.filter(telling).collect();
        let repeated = repeated(&known, names);
        Redactor::new(repeated)
    }
}

/// The values that a name repeats: nearly always none, so that nothing has to be masked in the output.
fn repeated<'a>(values: &[&'a str], names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    const SPAN: usize = 8;
    let mut heads: std::collections::HashMap<&[u8], Vec<&'a str>> = std::collections::HashMap::new();
    for value in values {
        heads.entry(&value.as_bytes()[..SPAN]).or_default().push(value);
    }
    let mut seen = std::collections::HashSet::new();
    let mut found = Vec::new();
    for name in names.filter(|name| seen.insert(*name)) {
        for window in name.as_bytes().windows(SPAN) {
            if let Some(values) = heads.get(window) {
                found.extend(values.iter().filter(|value| name.contains(**value)));
            }
        }
    }
    found
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
    match read() {
        Ok(bytes) => {
            let name = if stdin { "" } else { file.as_str() };
            // One file that the scan cannot take must not hide what the others hold.
            let found = std::panic::catch_unwind(|| leaks::scan(&ScanFile { path: name, bytes: &bytes }, key));
            let found = found.map_err(|_| "a fault of the tool itself; please report it".to_owned());
            Scanned { file, bytes: bytes.len(), result: found }
        }
        Err(error) => Scanned { file, bytes: 0, result: Err(error.to_string()) },
    }
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
    let mut masked: BTreeMap<&str, BTreeMap<(usize, usize), Place>> = BTreeMap::new();
    for finding in &run.findings {
        if blocks {
            let mut shown = finding.clone();
            if let Some(place) = &mut shown.place
                && let Some((file, leaks)) = run.leaks.get_key_value(&place.file)
            {
                let places = masked.entry(file).or_insert_with(|| mask_lines(file, leaks, &sources));
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
    let (style, word) = if code == 0 { (GREEN, "ok") } else { (RED, "failed") };
    #[allow(clippy::cast_precision_loss)]
    let size = run.bytes as f64 / 1e6;
    writeln!(
        out,
        "  {style}{word:<6}{style:#}  {what} · {}, {size:.1} MB{binary}   {DIM}{:.1} s{DIM:#}",
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
fn mask_lines(file: &str, leaks: &[Leak], sources: &Sources<'_>) -> BTreeMap<(usize, usize), Place> {
    let mut places = BTreeMap::new();
    let bytes = std::fs::read(file).unwrap_or_default();
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
#[derive(Serialize)]
struct Json<'a> {
    version: u8,
    counts: Counts,
    troubles: &'a [String],
    findings: &'a [Finding],
    changes: [(); 0],
    cells: [(); 0],
    binary: &'a [String],
    seconds: f64,
}

#[derive(Serialize)]
struct Counts {
    errors: usize,
    warnings: usize,
    files: usize,
    bytes: usize,
    binary: usize,
}

fn json(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let report = Json {
        version: 1,
        counts: Counts {
            errors: run.count(Severity::Error),
            warnings: run.count(Severity::Warning),
            files: run.files,
            bytes: run.bytes,
            binary: run.binary.len(),
        },
        troubles: &run.troubles,
        findings: &run.findings,
        changes: [],
        cells: [],
        binary: &run.binary,
        seconds: run.seconds.as_secs_f64(),
    };
    serde_json::to_writer(&mut *out, &report)?;
    writeln!(out)
}
