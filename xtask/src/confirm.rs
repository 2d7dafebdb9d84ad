//! Renders once more what may come out otherwise each time: the scan of the templates convicts, a second render names the place.

use std::collections::BTreeSet;

use checks::model::{Cell, Severity};
use checks::rules::render::nondeterministic::{self, RULE};
use finding::Finding;

use crate::helm::render::{Renderer, Status};
use crate::run::{pool, process};

/// Changed cells that are rendered twice more although no scan convicts them. When more have changed, the charts did.
const MOST_CHANGED: usize = 10;

/// Tells the findings of `render/nondeterministic` where two renders of a cell differ, takes out those of functions whose results reach
/// neither, and finds what no scan foretold in cells that differ from their goldens.
pub fn confirm(
    renderer: &Renderer<'_>,
    cells: &[&Cell],
    jobs: usize,
    changed: &BTreeSet<String>,
    findings: &mut Vec<Finding>,
) {
    let errors = findings.iter().filter(|f| f.rule == RULE.id && f.severity == Severity::Error);
    let convicted: BTreeSet<&String> = errors.flat_map(|f| &f.cells).collect();
    let few = changed.len() <= MOST_CHANGED;
    let suspects: Vec<&Cell> = cells
        .iter()
        .copied()
        .filter(|c| c.mask.is_empty() && (convicted.contains(&c.name()) || few && changed.contains(&c.name())))
        .collect();
    let mut compared = Vec::new();
    let twice = |cell: &&Cell| {
        let (first, second) = (renderer.template(cell), renderer.template(cell));
        if first.status != Status::Rendered || second.status != Status::Rendered {
            return None;
        }
        if first.stdout == second.stdout {
            return Some(Vec::new());
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let found = nondeterministic::differences(&text(&first.stdout), &text(&second.stdout), cell);
        // What differs in no object, such as a comment, acquits nothing.
        (!found.is_empty()).then_some(found)
    };
    pool::run(&suspects, jobs, process::cancelled, twice, |index, differences| {
        compared.extend(differences.map(|differences| (suspects[index].name(), differences)));
    });
    compared.sort();
    for (cell, differences) in compared {
        nondeterministic::confirmed(findings, &cell, &differences);
    }
}
