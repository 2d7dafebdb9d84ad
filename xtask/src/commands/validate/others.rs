//! What a run of some cells must know of the others: rules look at whole environments.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use checks::facts::Facts;
use checks::model::Cell;
use finding::Finding;

use super::Scope;
use crate::commands::Session;
use crate::engine::leaks::InSources;
use crate::excuse;
use crate::judge::Judge;
use crate::known::Known;
use crate::progress::Progress;
use crate::report::diagnostic;
use crate::report::human::several;
use crate::run::{pool, process};

/// What is believed of the cells that are not selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// Goldens that are known to be what their cells render to; the other cells are rendered.
    Rendered,
    /// All goldens: the run is one of several parts, and the others compare them.
    Trusted,
}

/// What was learnt of the cells that are not selected, beyond what their goldens say.
#[derive(Default)]
pub(super) struct Learnt {
    /// The facts of those that were rendered.
    pub(super) facts: BTreeMap<String, Facts>,
    /// Those that do not render.
    pub(super) unrendered: BTreeSet<String>,
    /// What a person should know of it.
    pub(super) note: Option<String>,
}

/// Renders the cells whose goldens are not known to be up to date: a chart or values may have changed since.
pub(super) fn learn(session: &Session, scope: &Scope<'_>, judge: &Judge<'_>, known: &mut Known) -> Learnt {
    let mut learnt = Learnt::default();
    let selected: BTreeSet<String> = scope.cells.iter().map(|c| c.name()).collect();
    let others = session.matrix.cells.iter().filter(|c| !selected.contains(&c.name()));
    let old: Vec<&Cell> = others.filter(|c| !known.is_current(&session.root, c)).collect();
    if old.is_empty() || process::cancelled() {
        return learnt;
    }
    if scope.others == Others::Trusted {
        let goldens = several(
            old.len(),
            "golden of another shard is taken at its word",
            "goldens of other shards are taken at their word",
        );
        learnt.note = Some(format!("{goldens}: each shard compares its own"));
        return learnt;
    }
    let mut differ = BTreeSet::new();
    let mut progress = Progress::new(old.len(), scope.quiet);
    pool::run(
        &old,
        session.jobs(),
        process::cancelled,
        |cell| judge.other(cell),
        |index, other| {
            let name = old[index].name();
            progress.step(&name);
            if other.equal {
                known.equal(&session.root, old[index]);
            } else if other.facts.is_some() {
                differ.insert(name.clone());
            } else {
                learnt.unrendered.insert(name.clone());
            }
            learnt.facts.extend(other.facts.map(|facts| (name, facts)));
        },
    );
    progress.finish();
    learnt.note = Some(told(old.len(), &differ, &learnt.unrendered));
    learnt
}

/// What was found in cells of other shards.
#[derive(Default)]
pub(super) struct Looked {
    pub(super) findings: Vec<Finding>,
    /// Those of which nothing is known.
    pub(super) unjudged: BTreeSet<String>,
    /// What a person should know of it.
    pub(super) note: Option<String>,
}

/// Looks at cells of other shards, which tell what is found there: here it only says whether waivers still excuse anything.
pub(super) fn look(
    session: &Session,
    scope: &Scope<'_>,
    judge: &Judge<'_>,
    in_sources: &InSources,
    names: &BTreeSet<String>,
) -> Looked {
    let mut looked = Looked::default();
    let cells: Vec<&Cell> = session.matrix.cells.iter().filter(|c| names.contains(&c.name())).collect();
    if cells.is_empty() || process::cancelled() {
        return looked;
    }
    let judge = Judge { renderer: judge.renderer.clone(), pending: None, ..*judge };
    let mut progress = Progress::new(cells.len(), scope.quiet);
    pool::run(
        &cells,
        session.jobs(),
        process::cancelled,
        |cell| judge.cell(cell),
        |index, judged| {
            progress.step(&judged.result.name);
            if !excuse::judged(judged.result.status) {
                looked.unjudged.insert(judged.result.name);
            }
            looked.findings.extend(judged.findings);
            looked.findings.extend(judge.engine.traced(cells[index], judged.leaks, in_sources));
        },
    );
    progress.finish();
    let cells = several(cells.len(), "cell of another shard", "cells of other shards");
    looked.note = Some(format!("also rendered {cells}, to see whether waivers excuse anything there"));
    looked
}

/// What a person should know of the cells that were rendered besides the selected ones.
fn told(rendered: usize, differ: &BTreeSet<String>, unrendered: &BTreeSet<String>) -> String {
    let mut words = format!("also rendered {} that the selection depends on", several(rendered, "cell", "cells"));
    let listed = |names: &BTreeSet<String>| diagnostic::cells(names.iter());
    if !differ.is_empty() {
        let _ = write!(words, "; changed: {}", listed(differ));
    }
    if !unrendered.is_empty() {
        let _ = write!(words, "; failed, known from the golden alone: {}", listed(unrendered));
    }
    words
}
