//! Render every selected cell with Helm, compare with goldens, run every check, print one verdict.

mod others;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::Instant;

use checks::facts::Facts;
use checks::model::{Cell, Matrix, Place, Severity};
use checks::rules;
use checks::sources::Sources;
use finding::Finding;
use leaks::Redactor;

use super::{Failure, Outcome, Session, to_file, to_stdout};
use crate::cells::{self, Shard};
use crate::changes;
use crate::cli::{FailOn, Format, Global, Select};
use crate::confirm::confirm;
use crate::engine::leaks::Rendered;
use crate::engine::{self, Engine};
use crate::excuse::{Excuses, Part, judged};
use crate::guards;
use crate::helm::Helm;
use crate::judge::{Judge, Judged};
use crate::known::Known;
use crate::matrix::pattern::Pattern;
use crate::progress::Progress;
use crate::report::diagnostic;
use crate::report::human::several;
use crate::report::{CellStatus, Report, human, json, sarif};
use crate::run::{pool, process};
use crate::scratch::Home;
use crate::sources;
use checks::nearest::did_you_mean;

use others::Others;

/// The family of rules that costs renders of its own, and so is looked for only when it is named.
const GUARDS: &str = "guards";

/// The rule that only tells what others have led to.
const STALE_PAGE: &str = "docs/stale";

/// What the command line says about checks.
pub struct Asked<'a> {
    /// `--check`.
    pub check: &'a [String],
    /// `--skip`.
    pub skip: &'a [String],
    /// `--mutate`.
    pub mutate: bool,
}

/// Which rules are looked for.
pub struct Wanted {
    check: Vec<String>,
    skip: Vec<String>,
    /// Whether those that must be named are looked for without that.
    guards: bool,
}

impl Wanted {
    /// Families and rules, all known.
    pub fn new(check: &[String], skip: &[String]) -> Result<Self, String> {
        for name in check.iter().chain(skip) {
            let known = |id: &str| id == name || id.split_once('/').is_some_and(|(family, _)| family == name);
            if !rules::registry().iter().any(|r| known(r.id)) {
                let names = rules::registry().iter().flat_map(|r| [r.id, r.id.split('/').next().unwrap_or_default()]);
                let hint = did_you_mean(name, names);
                let hint = if hint.is_empty() { "`cargo xtask explain` lists them all".to_owned() } else { hint };
                return Err(format!("no check is called `{name}`\n  help: {hint}"));
            }
        }
        Ok(Self { check: check.to_vec(), skip: skip.to_vec(), guards: false })
    }

    /// All rules.
    pub fn all() -> Self {
        Self { check: Vec::new(), skip: Vec::new(), guards: false }
    }

    /// All rules, those that cost renders of their own as well.
    pub fn even_guards() -> Self {
        Self { guards: true, ..Self::all() }
    }

    /// Whether none is left out.
    pub fn is_all(&self) -> bool {
        self.check.is_empty() && self.skip.is_empty()
    }

    /// Whether a rule is looked for.
    pub fn has(&self, rule: &str) -> bool {
        let family = rule.split_once('/').map(|(family, _)| family);
        let names = |list: &[String]| list.iter().any(|n| n == rule || family == Some(n));
        let by_default = self.check.is_empty() && (self.guards || family != Some(GUARDS));
        (by_default || names(&self.check)) && !names(&self.skip)
    }

    /// Whether the guards' rules are not looked for although nobody has left them out: the verdict must say so.
    fn guards_untried(&self, matrix: &Matrix) -> bool {
        let is_on = |id: &str| matrix.rules.get(id) != Some(&Severity::Off);
        let left_out = |id: &str| self.skip.iter().any(|name| name == id || name == GUARDS);
        let mut guards = rules::registry().iter().filter(|r| r.id.starts_with(GUARDS) && is_on(r.id));
        self.check.is_empty() && !self.guards && guards.any(|r| !left_out(r.id))
    }

    /// Whether any of the guards' rules is.
    fn guards(&self) -> bool {
        rules::registry().iter().any(|r| r.id.starts_with(GUARDS) && self.has(r.id))
    }
}

/// What a run looks at.
pub struct Scope<'a> {
    /// The selected cells.
    pub cells: Vec<&'a Cell>,
    /// Whether it tells what belongs to no cell: a run of all cells, or the first part of one.
    pub whole: bool,
    /// Which rules are looked for.
    pub wanted: Wanted,
    /// Every source.
    pub sources: Sources,
    /// What does not count.
    pub excuses: Excuses,
    /// Whether changed renders are kept for a later decision.
    pub keep: bool,
    /// Without progress.
    pub quiet: bool,
    /// Whether guards are taken out of charts, when their rules are looked for.
    pub mutate: bool,
    /// What is believed of the other cells.
    pub others: Others,
}

impl<'a> Scope<'a> {
    /// Every cell, for a command that keeps no renders.
    pub fn everything(matrix: &'a Matrix, wanted: Wanted, sources: Sources, excuses: Excuses, quiet: bool) -> Self {
        let cells = matrix.cells.iter().collect();
        Self {
            cells,
            whole: true,
            wanted,
            sources,
            excuses,
            keep: false,
            quiet,
            mutate: false,
            others: Others::Rendered,
        }
    }
}

/// Runs the command.
pub fn run(global: &Global, select: &Select, shard: Option<Shard>, asked: &Asked<'_>) -> Outcome {
    let started = Instant::now();
    let session = Session::open(global)?;
    let wanted = Wanted::new(asked.check, asked.skip)?;
    if asked.mutate && !wanted.guards() {
        let words = "--mutate takes guards out of charts, and no rule of the guards is looked for\n  help: say `--check guards --mutate`";
        return Err(words.to_owned().into());
    }
    let mut cells = cells::select(&session.matrix, select)?;
    let all = cells.len() == session.matrix.cells.len();
    let whole = all && shard.is_none_or(Shard::is_first);
    if let Some(shard) = shard {
        cells = shard.of(cells);
    }
    let sources = sources::read(&session.root, &session.matrix);
    let excuses = Excuses::load(&session, &sources)?;
    let helm = session.helm()?;
    let quiet = global.quiet || prints_machine_format(global);
    if !quiet {
        header(&session, &session.helm_line(&helm), cells.len())?;
    }
    // What a shard of all cells does not render another one does: each golden is compared once.
    let others = if all && shard.is_some() { Others::Trusted } else { Others::Rendered };
    let scope = Scope { cells, whole, wanted, sources, excuses, keep: true, quiet, mutate: asked.mutate, others };
    let Examined { mut report, redactor, table, .. } = examine(&session, &helm, &scope)?;
    if !table.is_empty() && !quiet {
        to_stdout(&redactor, |out| writeln!(out, "{table}"))?;
    }
    if scope.wanted.guards_untried(&session.matrix) {
        let words = "guards were not tried: `cargo xtask validate --check guards` takes each needed value away and judges what comes out";
        report.notes.push(words.to_owned());
    }
    report.duration = started.elapsed();
    let fail_on = if global.fail_on == FailOn::Warning { Severity::Warning } else { Severity::Error };
    let code = report.exit_code(fail_on);
    report.failed = code != 0;
    report.next = next(&report, whole && select.cells.is_empty());
    sinks(&session, &report, &redactor)?;
    Ok(code)
}

/// What a run found.
pub struct Examined {
    /// The finished report, without duration and next step.
    pub report: Report,
    /// What no output may show.
    pub redactor: Redactor,
    /// What is known of every cell.
    pub facts: BTreeMap<String, Facts>,
    /// How the guards stand, where they were tried.
    pub table: String,
}

/// Renders, compares, runs the rules, and takes out what is excused. The redactor knows what no output may show.
pub fn examine(session: &Session, helm: &Helm, scope: &Scope<'_>) -> Result<Examined, Failure> {
    let home = session.home()?;
    let (cells, whole, excuses) = (scope.cells.as_slice(), scope.whole, &scope.excuses);
    let rules = engine::wanted(&session.matrix, |rule| scope.wanted.has(rule));
    let key = crate::report::redact::mask_key();
    let engine =
        Engine { root: &session.root, matrix: &session.matrix, sources: &scope.sources, rules: &rules, key: &key };
    let judge = Judge {
        engine: &engine,
        renderer: session.renderer(helm, &home),
        same_helm: helm.version == session.matrix.helm.version,
        pending: scope.keep.then(|| session.target.join("xtask").join("pending")),
        target: &session.target,
    };
    if let Some(pending) = &judge.pending {
        for cell in cells {
            // What an earlier run kept is no longer what this run says.
            let _ = std::fs::remove_file(pending.join(&cell.env).join(format!("{}.yaml", cell.release)));
        }
    }
    let mut gathered = Gathered::default();
    let mut progress = Progress::new(cells.len(), scope.quiet);
    // Helm takes nearly all of the time; the sources are read meanwhile.
    let (in_sources, leaks) = std::thread::scope(|scope| {
        let reading = scope.spawn(|| engine.all_sources());
        pool::run(
            cells,
            session.jobs(),
            process::cancelled,
            |cell| judge.cell(cell),
            |index, judged| {
                progress.step(&judged.result.name);
                gathered.take(index, cells[index], judged, &session.matrix);
            },
        );
        reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    progress.finish();
    let mut known = Known::load(&session.target, &session.matrix, &scope.sources, &helm.version);
    let equal = gathered.cells.iter().filter(|c| c.status == CellStatus::Equal);
    let equal: BTreeSet<&str> = equal.map(|c| c.name.as_str()).collect();
    for cell in cells.iter().filter(|c| equal.contains(c.name().as_str())) {
        known.equal(&session.root, cell);
    }
    let besides = if engine.looks_at_others() {
        others::learn(session, scope, &judge, &mut known)
    } else {
        others::Learnt::default()
    };
    known.save(&session.target);
    gathered.facts.extend(besides.facts);
    gathered.notes.extend(besides.note);
    let selected = cells.iter().map(|c| c.name()).collect();
    let is_shard = scope.others == Others::Trusted;
    // Of the cells of other shards a shard tells nothing, but it must know what waivers excuse there.
    let mut elsewhere = if is_shard { in_sources.clone() } else { Vec::new() };
    gathered.findings.extend(engine.concerning(in_sources, &selected, whole));
    for (index, rendered) in std::mem::take(&mut gathered.leaks) {
        gathered.findings.extend(engine.traced(cells[index], rendered, &leaks));
    }
    gathered.secrets.extend(leaks.values().flatten().flat_map(|l| &l.secrets).map(|s| s.expose().to_owned()));
    if !process::cancelled() {
        let mut found = engine.whole(&mut gathered.facts, session.jobs());
        // A template of a cell that did not render has had no chance to render anything.
        let failed = gathered.cells.iter().filter(|c| !judged(c.status)).map(|c| &c.name);
        let failed: BTreeSet<&String> = failed.chain(&besides.unrendered).collect();
        found.retain(|f| f.rule != "sources/dead-template" || !f.cells.iter().any(|c| failed.contains(c)));
        elsewhere.extend(found.iter().filter(|_| is_shard).cloned());
        gathered.findings.extend(engine.concerning(found, &selected, whole));
        let changed: BTreeSet<String> = gathered.changes.iter().map(|(cell, ..)| cell.clone()).collect();
        if scope.wanted.has("render/nondeterministic") {
            confirm(&judge.renderer, cells, session.jobs(), &changed, &mut gathered.findings);
        }
    }
    if whole {
        gathered.findings.extend(orphaned(session));
    }
    if process::cancelled() {
        gathered.troubles.push(format!(
            "stopped after {} of {} cells\n  help: run the command again; nothing was written",
            gathered.cells.len(),
            cells.len()
        ));
    }
    let table = if scope.wanted.guards() && !process::cancelled() {
        let tried = guards(session, helm, scope, &home);
        let table = guards::table(&tried);
        gathered.findings.extend(tried.findings);
        gathered.troubles.extend(tried.troubles);
        gathered.notes.push(format!(
            "guards: {} made, {} verdicts kept from earlier runs",
            several(tried.renders, "render", "renders"),
            tried.kept
        ));
        table
    } else {
        String::new()
    };
    let looked_for = |rule: &str| scope.wanted.has(rule) && session.matrix.rules.get(rule) != Some(&Severity::Off);
    let mut part = Part {
        cells,
        is_shard,
        all_checks: scope.wanted.is_all(),
        speaks_for_all: whole,
        looked_for: &looked_for,
        elsewhere: &elsewhere,
        unjudged: &BTreeSet::new(),
    };
    let undecided = if is_shard {
        excuses.undecided(session, &part, &scope.sources, &gathered.cells, &gathered.findings)
    } else {
        BTreeSet::new()
    };
    let looked = others::look(session, scope, &judge, &leaks, &undecided);
    let elsewhere = [elsewhere.as_slice(), &looked.findings].concat();
    (part.elsewhere, part.unjudged) = (&elsewhere, &looked.unjudged);
    gathered.notes.extend(looked.note);
    let facts = std::mem::take(&mut gathered.facts);
    let redactor = Redactor::judging(std::mem::take(&mut gathered.secrets));
    let mut report = gathered.report(&session.matrix, &scope.wanted, &redactor);
    excuses.apply(session, &part, &mut report);
    // A page is stale because of something else: that is told, and mended, first.
    report.findings.sort_by_key(|f| (std::cmp::Reverse(f.severity), f.rule == STALE_PAGE));
    report.helm = session.helm_line(helm);
    Ok(Examined { report, redactor, facts, table })
}

/// Tries the guards of the cells.
fn guards(session: &Session, helm: &Helm, scope: &Scope<'_>, home: &Home) -> guards::Outcome {
    // A target that cannot be written costs what is kept for the next run, not the verdict.
    let _ = crate::golden::write::own_folder(&session.target.join("xtask"));
    guards::run(&guards::Input {
        cells: &scope.cells,
        sources: &scope.sources,
        renderer: &session.renderer(helm, home),
        helm: &helm.version,
        jobs: session.jobs(),
        target: &session.target,
        whole: scope.whole,
        mutate: scope.mutate,
        stop: &process::cancelled,
    })
}

fn prints_machine_format(global: &Global) -> bool {
    global.report.iter().any(|r| r.format != Format::Human && r.file.is_none())
}

fn header(session: &Session, helm: &str, cells: usize) -> Result<(), Failure> {
    let matrix = &session.matrix;
    to_stdout(&Redactor::default(), |out| {
        let releases = several(matrix.releases.len(), "release", "releases");
        let environments = several(matrix.environments.len(), "environment", "environments");
        writeln!(
            out,
            "  helm {helm} · {releases} × {environments} · {}, {} off\n",
            several(cells, "cell", "cells"),
            matrix.off.len()
        )
    })
}

/// What comes in, cell by cell.
#[derive(Default)]
pub(super) struct Gathered {
    cells: Vec<crate::report::CellResult>,
    pub(super) findings: Vec<Finding>,
    /// Credentials in renders, by the number of the cell.
    leaks: Vec<(usize, Vec<Rendered>)>,
    /// What is known of every cell.
    pub(super) facts: BTreeMap<String, Facts>,
    changes: Vec<(String, bool, Vec<changes::ObjectChange>)>,
    pub(super) troubles: Vec<String>,
    /// Values that no output may show.
    pub(super) secrets: Vec<String>,
    notes: Vec<String>,
}

impl Gathered {
    fn take(&mut self, index: usize, cell: &Cell, judged: Judged, matrix: &Matrix) {
        if judged.result.status == CellStatus::Broken && judged.trouble.is_none() {
            return; // Ctrl-C.
        }
        let protected = matrix.environment(&cell.env).is_some_and(|e| e.protected);
        if !judged.changes.is_empty() {
            self.changes.push((cell.name(), protected, judged.changes));
        }
        self.cells.push(judged.result);
        self.facts.extend(judged.facts.map(|facts| (cell.name(), facts)));
        self.findings.extend(judged.findings);
        self.troubles.extend(judged.trouble);
        self.secrets.extend(judged.secrets);
        if !judged.leaks.is_empty() {
            let values = judged.leaks.iter().flat_map(Rendered::secrets);
            self.secrets.extend(values.map(|s| s.expose().to_owned()));
            self.leaks.push((index, judged.leaks));
        }
        if self.notes.is_empty() {
            self.notes.extend(judged.note);
        }
    }

    fn report(mut self, matrix: &Matrix, wanted: &Wanted, redactor: &Redactor) -> Report {
        let mask = |text: &str| redactor.redact(text).into_owned();
        let severity = |finding: &Finding| matrix.rules.get(&finding.rule).copied().unwrap_or(finding.severity);
        let findings = self.findings.into_iter().filter(|f| wanted.has(&f.rule)).map(|mut f| {
            f.severity = severity(&f);
            // Before fingerprints are made: no hash of a secret goes into one.
            f.redacted(&mask)
        });
        let findings = finding::merge(findings.filter(|f| f.severity != Severity::Off));
        let differs = findings.iter().any(|f| f.rule == "golden/differs");
        self.cells.sort_by(|a, b| a.name.cmp(&b.name));
        self.troubles.sort();
        Report {
            changes: if differs { changes::group(self.changes) } else { Vec::new() },
            findings,
            cells: self.cells,
            off: matrix.off.len(),
            rules: rules::registry()
                .iter()
                .filter(|r| wanted.has(r.id) && matrix.rules.get(r.id) != Some(&Severity::Off))
                .count(),
            troubles: self.troubles,
            notes: self.notes,
            protected: matrix.environments.iter().filter(|e| e.protected).map(|e| e.name.clone()).collect(),
            ..Report::default()
        }
    }
}

/// Goldens of no installed cell.
pub fn orphaned(session: &Session) -> Vec<Finding> {
    let Ok(pattern) = Pattern::parse(&session.matrix.golden_pattern) else { return Vec::new() };
    let mut findings = Vec::new();
    for found in pattern.find(&session.root) {
        if session.matrix.cells.iter().any(|c| c.golden == found.path) {
            continue;
        }
        let off = session
            .matrix
            .off
            .iter()
            .find(|o| Some(&o.env) == found.env.as_ref() && Some(&o.release) == found.release.as_ref());
        let message = off.map_or_else(
            || "no installed cell has this golden".to_owned(),
            |off| format!("its cell {}/{} is off: {}", off.env, off.release, off.reason),
        );
        findings.extend(rules::find("golden/orphaned").map(|rule| {
            rule.finding(message)
                .at(Place::file(&found.path))
                .help("delete it, or run `cargo xtask bless --allow-removed`")
        }));
    }
    findings
}

/// The command to type next.
fn next(report: &Report, all: bool) -> String {
    if !report.failed {
        return String::new();
    }
    if !report.troubles.is_empty() {
        return String::new();
    }
    let golden = |rule: &str| rule == "golden/differs" || rule == "golden/missing";
    // A page that is written anew follows what it tells of.
    let goldens = report.findings.iter().any(|f| golden(&f.rule));
    let others = || report.findings.iter().filter(|f| !golden(&f.rule));
    match others().find(|f| f.rule != STALE_PAGE).or_else(|| others().next().filter(|_| !goldens)) {
        Some(finding) => format!("cargo xtask explain {}", finding.rule),
        None if all || report.cells.len() > 3 => "cargo xtask bless".to_owned(),
        None => {
            let cells: Vec<&str> = report.findings.iter().flat_map(|f| f.cells.iter().map(String::as_str)).collect();
            format!("cargo xtask bless {}", cells.join(" "))
        }
    }
}

fn sinks(session: &Session, report: &Report, redactor: &Redactor) -> Result<(), Failure> {
    let sources = diagnostic::Sources::new(&session.root, redactor);
    let on_terminal = diagnostic::Sources::new(&session.root, redactor).shown_on(std::io::stdout());
    let verbose = session.global.verbose > 0;
    let asked = &session.global.report;
    for to in asked {
        let write = |out: &mut dyn Write| match to.format {
            Format::Human if to.file.is_some() => human::write(report, &sources, verbose, out),
            Format::Human => human::write(report, &on_terminal, verbose, out),
            Format::Json => json::write(report, out),
            Format::Sarif => sarif::write(report, out),
        };
        match &to.file {
            Some(file) => to_file(file, redactor, write)?,
            None => to_stdout(redactor, write)?,
        }
    }
    if !asked.iter().any(|to| to.file.is_none()) {
        to_stdout(redactor, |out| human::write(report, &on_terminal, verbose, out))?;
    }
    Ok(())
}
