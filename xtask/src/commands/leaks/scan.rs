//! The scan of all files, several at once, each told as soon as it is scanned.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use checks::model::{Place, Severity};
use checks::rules;
use checks::waivers::{self, Allowed, Date, Excused};
use finding::Finding;
use leaks::redact::MASK;
use leaks::{Leak, MaskKey, Redactor, ScanFile, Traces};

use super::files;
use super::told::{Form, Spool, Texts, Weight};
use crate::git;
use crate::report::diagnostic::{self, Sources};
use crate::report::sarif;
use crate::run::process;

/// Findings that are shown as blocks with their line; more are shown as one line each.
const BLOCKS: usize = 40;
/// The same where more shall be said.
const VERBOSE_BLOCKS: usize = 1000;

/// The most memory that one worker keeps for the files to come.
const KEPT: usize = 4 << 20;

/// What is scanned, and how it is told.
pub(super) struct Scan<'a> {
    /// In order.
    files: &'a [PathBuf],
    /// The forms that are asked for. Blocks, when people read it, become lines when there are too many of them.
    forms: Vec<Form>,
    /// The most findings that are told as blocks.
    blocks: usize,
    /// Whether lines have colours.
    colours: bool,
    /// Of the hashes in masks.
    key: MaskKey,
    spool: Mutex<Spool>,
    told: AtomicUsize,
    next: AtomicUsize,
    today: OnceLock<Option<Date>>,
}

/// What is known at the end.
#[derive(Default)]
pub(super) struct Totals {
    pub errors: usize,
    pub warnings: usize,
    pub excused: usize,
    pub files: usize,
    pub bytes: usize,
    /// What was no text, in order of the files.
    pub binary: Vec<(usize, String)>,
    /// What could not be scanned, in order of the files.
    pub troubles: Vec<(usize, String)>,
    /// The rule of what is told first, with what it is ordered by.
    pub first: Option<(Weight, usize, String)>,
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.errors += other.errors;
        self.warnings += other.warnings;
        self.excused += other.excused;
        self.files += other.files;
        self.bytes += other.bytes;
        self.binary.extend(other.binary);
        self.troubles.extend(other.troubles);
        self.first = self.first.take().into_iter().chain(other.first).min();
    }
}

/// All that is told, and the form of it for people.
pub(super) struct Told {
    pub totals: Totals,
    pub spool: Spool,
    pub human: Form,
    /// Masks names that repeat a value.
    pub redactor: Redactor,
}

impl<'a> Scan<'a> {
    /// Nothing scanned yet.
    pub fn new(files: &'a [PathBuf], forms: Vec<Form>, verbose: bool, colours: bool, key: MaskKey) -> Self {
        Self {
            files,
            forms,
            blocks: if verbose { VERBOSE_BLOCKS } else { BLOCKS },
            colours,
            key,
            spool: Mutex::new(Spool::new()),
            told: AtomicUsize::new(0),
            next: AtomicUsize::new(0),
            today: OnceLock::new(),
        }
    }

    /// Scans every file.
    pub fn run(self, threads: usize) -> Told {
        let (mut totals, mut traces) = (Totals::default(), Traces::default());
        std::thread::scope(|scope| {
            let threads = threads.clamp(1, self.files.len().max(1));
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| Worker::new(&self).run())).collect();
            for worker in workers {
                match worker.join() {
                    Ok((found, noted)) => {
                        totals += found;
                        traces.add(noted);
                    }
                    Err(_) => totals.troubles.push((0, "a fault of the tool itself; please report it".to_owned())),
                }
            }
        });
        totals.binary.sort();
        let spool = self.spool.into_inner().unwrap_or_else(PoisonError::into_inner);
        totals.troubles.extend(spool.broken().map(|why| (0, why)));
        totals.troubles.sort();
        let many = self.told.into_inner() > self.blocks;
        Told { totals, spool, human: if many { Form::Line } else { Form::Block }, redactor: traces.redactor() }
    }

    /// Takes out what comments excuse. Whether one of them is stale only `validate` can know: it is not asked for a part.
    fn excuse(&self, findings: Vec<Finding>, allowed: &Allowed) -> (Vec<Finding>, Vec<Excused>) {
        let looked = waivers::Run {
            all: BTreeSet::new(),
            selected: BTreeSet::new(),
            unjudged: BTreeSet::new(),
            complete: false,
            speaks_for_all: true,
            looked_for: &|_| true,
            elsewhere: &[],
            // Without a commit no waiver is past its date.
            today: *self.today.get_or_init(|| git::commit_date(Path::new(".")).ok()),
        };
        let mut verdict = waivers::apply(findings, allowed, &looked);
        // What was found by then has its fingerprint; what is wrong with a waiver has not.
        verdict.kept.iter_mut().for_each(Finding::seal);
        (verdict.kept, verdict.excused)
    }
}

/// One of the threads.
struct Worker<'s> {
    scan: &'s Scan<'s>,
    totals: Totals,
    traces: Traces,
    texts: Texts,
    /// The content of the file at hand, in memory that is used for all.
    bytes: Vec<u8>,
}

impl<'s> Worker<'s> {
    fn new(scan: &'s Scan<'s>) -> Self {
        Self { scan, totals: Totals::default(), traces: Traces::default(), texts: Texts::default(), bytes: Vec::new() }
    }

    fn run(mut self) -> (Totals, Traces) {
        loop {
            let number = self.scan.next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = self.scan.files.get(number) else { break };
            if process::cancelled() {
                break;
            }
            if let Err(why) = self.file(number, path) {
                let file = if files::is_stdin(path) { "<stdin>".to_owned() } else { files::shown(path) };
                self.totals.troubles.push((number, format!("{file} cannot be scanned: {why}")));
            }
        }
        (self.totals, self.traces)
    }

    fn file(&mut self, number: usize, path: &Path) -> Result<(), String> {
        let mut bytes = std::mem::take(&mut self.bytes);
        let done = match files::read(path, &mut bytes) {
            Ok(()) => self.content(number, path, &bytes),
            Err(error) => Err(error.to_string()),
        };
        if bytes.capacity() <= KEPT {
            self.bytes = bytes;
        }
        done
    }

    fn content(&mut self, number: usize, path: &Path, bytes: &[u8]) -> Result<(), String> {
        let name = if files::is_stdin(path) { String::new() } else { files::shown(path) };
        let file = if name.is_empty() { "<stdin>" } else { &name };
        let key = &self.scan.key;
        // One file that the scan cannot take must not hide what the others hold.
        let found = std::panic::catch_unwind(|| leaks::scan(&ScanFile { path: &name, bytes }, key));
        let mut found = found.map_err(|_| "a fault of the tool itself; please report it")?;
        self.totals.files += 1;
        self.totals.bytes += bytes.len();
        let inside = |member: &str| if member.is_empty() { file.to_owned() } else { format!("{file}!/{member}") };
        self.totals.binary.extend(found.binary.iter().map(|member| (number, inside(member))));
        self.traces.note(&found, file);
        found.leaks.retain(|leak| !rules::leaks::only_explains(leak, file));
        // The members of an archive come in its own order.
        if found.leaks.iter().any(|leak| !leak.member.is_empty()) {
            found.leaks.sort_by(|a, b| a.member.cmp(&b.member));
        }
        let allowed = waivers::inline::read(file, bytes, &BTreeSet::new());
        if found.limits.is_empty() && allowed.is_empty() && found.leaks.is_empty() {
            return Ok(());
        }
        // What is more than leaks must be put in order, and all of it be known before it is counted.
        let together = (!found.limits.is_empty() || !allowed.is_empty()).then(|| {
            let limits = found.limits.iter();
            let mut findings: Vec<Finding> =
                limits.map(|limit| rules::leaks::limit(&inside(&limit.member), limit.line, limit.words)).collect();
            findings.extend(found.leaks.iter().map(|leak| rules::leaks::finding(leak, file, None)));
            findings.iter_mut().for_each(Finding::seal);
            let (mut kept, excused) = self.scan.excuse(findings, &allowed);
            finding::sort(&mut kept);
            (kept, excused)
        });
        let count = together.as_ref().map_or(found.leaks.len(), |(kept, _)| kept.len());
        let before = self.scan.told.fetch_add(count, Ordering::Relaxed);
        let few = before + count <= self.scan.blocks && self.scan.forms.contains(&Form::Block);
        let redactor = Redactor::default();
        let masked = few.then(|| Masked::of(file, bytes, &found.leaks, &redactor));
        if let Some((kept, excused)) = together {
            for finding in kept {
                self.tell(number, &finding, masked.as_ref());
            }
            self.totals.excused += excused.len();
            if self.scan.forms.contains(&Form::Sarif) {
                for excused in excused {
                    put(self.texts.of(Form::Sarif, Weight::Excused), &sarif::excused(&excused));
                }
            }
        } else {
            let mut finding = Finding::new("", Severity::Off, "");
            for leak in &found.leaks {
                rules::leaks::tell(&mut finding, leak, file, None);
                finding.seal();
                self.tell(number, &finding, masked.as_ref());
            }
        }
        self.scan.spool.lock().unwrap_or_else(PoisonError::into_inner).take(number, &mut self.texts);
        Ok(())
    }

    /// Tells a finding in each form.
    fn tell(&mut self, number: usize, finding: &Finding, masked: Option<&Masked<'_>>) {
        let (weight, count) = match finding.severity {
            Severity::Error => (Weight::Error, &mut self.totals.errors),
            _ => (Weight::Warning, &mut self.totals.warnings),
        };
        *count += 1;
        if self.totals.first.as_ref().is_none_or(|first| (first.0, first.1) > (weight, number)) {
            self.totals.first = Some((weight, number, finding.rule.clone()));
        }
        for form in &self.scan.forms {
            match form {
                Form::Line => finding::text_line(finding, self.scan.colours, self.texts.of(Form::Line, weight)),
                Form::Json => {
                    let lines = self.texts.of(Form::Json, weight);
                    if !lines.is_empty() {
                        lines.extend(b",\n");
                    }
                    finding::json_line(finding, lines);
                }
                Form::Sarif => put(self.texts.of(Form::Sarif, weight), &sarif::found(finding)),
                Form::Block => {
                    if let Some(masked) = masked {
                        self.texts.of(Form::Block, weight).extend(masked.block(finding).as_bytes());
                    }
                }
            }
        }
    }
}

/// Adds a result to a list.
fn put(list: &mut Vec<u8>, result: &serde_json::Value) {
    if !list.is_empty() {
        list.extend(b",\n");
    }
    // A value is no more than strings, numbers and lists of them.
    let _ = serde_json::to_writer(list, result);
}

/// A file with its credentials masked, and where each place lies then.
struct Masked<'r> {
    sources: Sources<'r>,
    places: BTreeMap<Place, Place>,
}

impl<'r> Masked<'r> {
    fn of(file: &str, bytes: &[u8], leaks: &[Leak], redactor: &'r Redactor) -> Self {
        let (mut text, mut places) = (String::with_capacity(bytes.len()), BTreeMap::new());
        let mut from = 0;
        for leak in leaks.iter().filter(|leak| leak.member.is_empty() && leak.range.end <= bytes.len()) {
            let start = leak.range.start.max(from);
            text.push_str(&String::from_utf8_lossy(&bytes[from..start]));
            let line_start = text.rfind('\n').map_or(0, |at| at + 1);
            let column = text[line_start..].chars().count() + 1;
            let mask = format!("{}{MASK}", leak.masked.head.as_str());
            let end_column = column + mask.chars().count();
            text.push_str(&mask);
            // The lines below keep their numbers.
            let lines = leak.end_line.saturating_sub(leak.line);
            text.extend(std::iter::repeat_n('\n', lines));
            let place = |column, end_line, end_column| Place {
                file: file.to_owned(),
                line: leak.line,
                column,
                end_line,
                end_column,
            };
            places.insert(place(leak.column, leak.end_line, leak.end_column), place(column, leak.line, end_column));
            from = leak.range.end.max(start);
        }
        text.push_str(&String::from_utf8_lossy(&bytes[from..]));
        let sources = Sources::new(Path::new("."), redactor).shown_on(std::io::stdout());
        sources.show_instead(file, text);
        Self { sources, places }
    }

    /// The block of a finding.
    fn block(&self, finding: &Finding) -> String {
        let moved = finding.place.as_ref().and_then(|place| self.places.get(place));
        let shown = match moved {
            Some(place) => &Finding { place: Some(place.clone()), ..finding.clone() },
            None => finding,
        };
        format!("{}\n\n", diagnostic::block(shown, &self.sources).trim_end())
    }
}
