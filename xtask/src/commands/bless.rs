//! Accept changed renders as the new goldens without asking, and say what changed.

use std::collections::{BTreeMap, BTreeSet};

use checks::model::{Cell, Severity};
use checks::rules::render::nondeterministic;
use leaks::Redactor;

use super::validate::orphaned;
use super::{Failure, Outcome, Session, in_ci, to_stdout};
use crate::cells;
use crate::changes::{self, What};
use crate::cli::{Global, Select};
use crate::confirm::confirm;
use crate::engine::{self, Engine};
use crate::excuse::Excuses;
use crate::golden::compare::{self, Comparison};
use crate::golden::write;
use crate::guard::{self, Guard};
use crate::helm::render::{Render, Renderer, Status};
use crate::known::Known;
use crate::progress::Progress;
use crate::report::human::several;
use crate::report::redact::mask_key;
use crate::run::{pool, process};
use crate::sources;

/// What became of one golden.
enum Blessed {
    Unchanged,
    Written { what: &'static str, objects: Vec<String> },
    Refused(String),
    Trouble(String),
}

/// Runs the command.
pub fn run(global: &Global, select: &Select, allow_removed: bool, force: bool) -> Outcome {
    let session = Session::open(global)?;
    let cells = cells::select(&session.matrix, select)?;
    if in_ci() && !force {
        return Err(Failure::Words(
            "CI is set: goldens are accepted by people, not by pipelines\n  help: run `cargo xtask bless` on your machine and commit the \
             goldens, or say --force"
                .to_owned(),
        ));
    }
    let helm = session.helm()?;
    if helm.version != session.matrix.helm.version {
        return Err(Failure::Words(format!(
            "goldens belong to helm {}, and this is helm {}\n  help: unset XTASK_HELM, or change helm.version in {}",
            session.matrix.helm.version, helm.version, session.matrix.file
        )));
    }
    let home = session.home()?;
    let renderer = session.renderer(&helm, &home);
    let sources = sources::read(&session.root, &session.matrix);
    let excuses = Excuses::load(&session, &sources)?;
    let rules = engine::wanted(&session.matrix, |rule| rule.starts_with("leaks/"));
    let key = mask_key();
    let engine = Engine { root: &session.root, matrix: &session.matrix, sources: &sources, rules: &rules, key: &key };
    let in_sources = engine.all_sources().1;
    let guard = Guard { engine: &engine, in_sources: &in_sources, excuses: &excuses };
    let random = random(&engine, &excuses, &renderer, &cells, session.jobs());
    let mut done: Vec<(usize, Blessed)> = Vec::new();
    let mut progress = Progress::new(cells.len(), global.quiet);
    pool::run(
        &cells,
        session.jobs(),
        process::cancelled,
        |cell| bless(&session, &renderer, &guard, cell, random.get(&cell.name()), allow_removed),
        |index, blessed| {
            progress.step(&cells[index].name());
            done.push((index, blessed));
        },
    );
    progress.finish();
    let mut known = Known::load(&session.target, &session.matrix, &sources, &helm.version);
    for (index, blessed) in &done {
        if matches!(blessed, Blessed::Unchanged | Blessed::Written { .. }) {
            known.equal(&session.root, cells[*index]);
        }
    }
    known.save(&session.target);
    done.sort_by_key(|(index, _)| *index);
    let whole = cells.len() == session.matrix.cells.len();
    let mut lines = Vec::new();
    let (mut written, mut refused, mut troubles) = (0, 0, 0);
    for (index, blessed) in &done {
        let cell = cells[*index];
        match blessed {
            Blessed::Unchanged => {}
            Blessed::Written { what, objects } => {
                written += 1;
                lines.push(format!("  {what:<8} {}", cell.golden));
                lines.extend(objects.iter().map(|o| format!("             {o}")));
            }
            Blessed::Refused(why) => {
                refused += 1;
                lines.push(format!("  refused  {}: {why}", cell.name()));
            }
            Blessed::Trouble(why) => {
                troubles += 1;
                lines.push(format!("  failed   {}: {why}", cell.name()));
            }
        }
    }
    for orphan in if whole && !process::cancelled() { orphaned(&session) } else { Vec::new() } {
        let file = orphan.place.map(|p| p.file).unwrap_or_default();
        if !allow_removed {
            refused += 1;
            lines.push(format!("  refused  {file}: {}; --allow-removed deletes it", orphan.message));
        } else if let Err(error) = std::fs::remove_file(session.root.join(&file)) {
            troubles += 1;
            lines.push(format!("  failed   {file} cannot be deleted: {error}"));
        } else {
            written += 1;
            lines.push(format!("  removed  {file}"));
        }
    }
    let stopped = done.len() < cells.len();
    to_stdout(&guard::redactor(&in_sources), |out| {
        for line in &lines {
            writeln!(out, "{line}")?;
        }
        let unchanged = done.iter().filter(|(_, b)| matches!(b, Blessed::Unchanged)).count();
        writeln!(
            out,
            "\n  {} written, {unchanged} unchanged, {refused} refused",
            several(written, "golden", "goldens")
        )?;
        if stopped {
            writeln!(
                out,
                "  stopped after {} of {}; each golden is either as it was or as it shall be",
                done.len(),
                several(cells.len(), "cell", "cells")
            )?;
        }
        if refused > 0 {
            writeln!(out, "  next    cargo xtask validate")?;
        } else if written > 0 {
            writeln!(out, "  next    git diff --stat, and commit the goldens with the change that made them")?;
        }
        Ok(())
    })?;
    Ok(if troubles > 0 || stopped { 2 } else { u8::from(refused > 0) })
}

/// Why cells come out otherwise each time, by their names: two renders of one moment may be equal all the same.
fn random(
    engine: &Engine<'_>,
    excuses: &Excuses,
    renderer: &Renderer<'_>,
    cells: &[&Cell],
    jobs: usize,
) -> BTreeMap<String, String> {
    let only = [&nondeterministic::RULE];
    let mut found = Engine { rules: &only, ..*engine }.whole(&mut BTreeMap::new(), jobs);
    confirm(renderer, cells, jobs, &BTreeSet::new(), &mut found);
    let mut why = BTreeMap::new();
    for finding in excuses.unwaived(engine.matrix, found).iter().filter(|f| f.severity == Severity::Error) {
        let place = finding.place.as_ref().map(|p| format!(" ({}:{})", p.file, p.line)).unwrap_or_default();
        for cell in &finding.cells {
            why.entry(cell.clone()).or_insert_with(|| format!("{}{place}", finding.message));
        }
    }
    why
}

fn bless(
    session: &Session,
    renderer: &Renderer<'_>,
    guard: &Guard<'_>,
    cell: &Cell,
    random: Option<&String>,
    allow_removed: bool,
) -> Blessed {
    let render = renderer.template(cell);
    if let Some(why) = not_rendered(cell, &render) {
        return why;
    }
    let text = String::from_utf8_lossy(&render.stdout);
    let changed = match compare::compare(&session.root, cell, &render.stdout, true) {
        Comparison::Equal => return Blessed::Unchanged,
        Comparison::Unreadable(why) => return Blessed::Trouble(format!("{} cannot be read: {why}", cell.golden)),
        Comparison::Missing => None,
        Comparison::Differs(golden) => Some(changes::diff(&golden, &text, &cell.namespace, &Redactor::default())),
    };
    if let Some(why) = guard.refusal(cell, &text) {
        return Blessed::Refused(why);
    }
    if let Some(why) = random {
        let name = cell.name();
        return Blessed::Refused(format!("it is random: {why}; `cargo xtask validate {name}` says what to do"));
    }
    if cell.mask.is_empty() {
        let second = renderer.template(cell);
        if let Some(why) = not_rendered(cell, &second) {
            return why;
        }
        if second.stdout != render.stdout {
            return Blessed::Refused(
                "its second render differs from its first: something in the chart is random".to_owned(),
            );
        }
    }
    let objects = changed.iter().flatten();
    let removed: Vec<&str> = objects.clone().filter(|c| c.what == What::Removed).map(|c| c.object.as_str()).collect();
    if !removed.is_empty() && !allow_removed {
        return Blessed::Refused(format!("it drops {}; --allow-removed accepts that", removed.join(", ")));
    }
    if let Err(error) = write::replace(&session.root, &cell.golden, &render.stdout, &session.target) {
        return Blessed::Trouble(format!("{} cannot be written: {error}", cell.golden));
    }
    let _ = std::fs::remove_file(
        session.target.join("xtask/pending").join(&cell.env).join(format!("{}.yaml", cell.release)),
    );
    let named = objects.filter(|c| c.what != What::Layout).map(|c| format!("{} {}", c.what.verb(), c.object)).collect();
    Blessed::Written { what: if changed.is_some() { "updated" } else { "added" }, objects: named }
}

/// Why a render cannot become a golden: there is none.
fn not_rendered(cell: &Cell, render: &Render) -> Option<Blessed> {
    match &render.status {
        Status::Rendered => None,
        Status::Refused | Status::TooLarge => {
            let why = format!("it does not render; `cargo xtask validate {}` says why", cell.name());
            Some(Blessed::Refused(why))
        }
        Status::TimedOut => Some(Blessed::Trouble("Helm was stopped, it ran out of time".to_owned())),
        Status::Died(how) => Some(Blessed::Trouble(format!("Helm ended without a verdict ({how})"))),
        Status::NotRun { why, help } => Some(Blessed::Trouble(format!("{why}; {help}"))),
        Status::Cancelled => Some(Blessed::Trouble("stopped".to_owned())),
    }
}
