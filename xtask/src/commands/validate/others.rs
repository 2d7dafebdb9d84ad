//! What a run of some cells must know of the others: rules look at whole environments.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use checks::facts::Facts;
use checks::model::Cell;

use super::Scope;
use crate::commands::Session;
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
    /// All goldens: other runs compare them.
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
