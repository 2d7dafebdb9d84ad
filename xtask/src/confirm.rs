//! Renders once more what may come out otherwise each time: the scan of the templates convicts, a second render names the place.

use std::collections::BTreeSet;

use checks::model::Cell;
use checks::rules::render::nondeterministic::{self, RULE};
use finding::Finding;

use crate::helm::render::{Renderer, Status};
use crate::run::{pool, process};

/// Changed cells that are rendered twice more although no scan convicts them. When more have changed, the charts did.
const MOST_CHANGED: usize = 10;

/// Adds to the findings of `render/nondeterministic` where two renders of a cell differ, and finds what no scan foretold in cells that
/// differ from their goldens.
pub fn confirm(
    renderer: &Renderer<'_>,
    cells: &[&Cell],
    jobs: usize,
    changed: &BTreeSet<String>,
    findings: &mut Vec<Finding>,
) {
    let convicted: BTreeSet<&String> = findings.iter().filter(|f| f.rule == RULE.id).flat_map(|f| &f.cells).collect();
    let few = changed.len() <= MOST_CHANGED;
    let suspects: Vec<&Cell> = cells
        .iter()
        .copied()
        .filter(|c| c.mask.is_empty() && (convicted.contains(&c.name()) || few && changed.contains(&c.name())))
        .collect();
    let mut proven = Vec::new();
    let twice = |cell: &&Cell| {
        let (first, second) = (renderer.template(cell), renderer.template(cell));
        let rendered = first.status == Status::Rendered && second.status == Status::Rendered;
        if !rendered || first.stdout == second.stdout {
            return Vec::new();
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        nondeterministic::differences(&text(&first.stdout), &text(&second.stdout), cell)
    };
    pool::run(&suspects, jobs, process::cancelled, twice, |index, differences| {
        if !differences.is_empty() {
            proven.push((suspects[index].name(), differences));
        }
    });
    for (cell, differences) in proven {
        match findings.iter_mut().find(|f| f.rule == RULE.id && f.cells.contains(&cell)) {
            Some(finding) => finding.render.extend(differences),
            None => findings.extend(nondeterministic::proven(differences)),
        }
    }
}
