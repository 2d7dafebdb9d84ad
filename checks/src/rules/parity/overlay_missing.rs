//! `parity/overlay-missing`.

use crate::model::{Cell, Place, Severity};
use crate::rules::{Check, MatrixView, Rule};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity/overlay-missing",
    severity: Severity::Error,
    summary: "a release has overlays in some environments only",
    check: Check::Matrix(check),
    doc: "\
## What it finds
An environment in which a release is installed without an overlay, while it has one in another environment, and the matrix file gives
no reason.

## Why it matters
Whoever changes the overlays of a release changes those that are there. The environment without one runs on shared values that
nobody checked against it.

## Example
`environments/{env}/web.yaml?` in `paths.values`, and `environments/production/web.yaml` was never written.

## What to do instead
Write the overlay, with the same keys as the others. If the shared values suffice, say so:
`no_overlay: {production: the shared values suffice}`.

## When it stays silent
For releases without an overlay anywhere, for environments where the release is off, and where `no_overlay` gives a reason.
",
};

fn check(view: &MatrixView<'_>, findings: &mut Vec<Finding>) {
    let has = |cell: &Cell| cell.values.iter().any(|file| file.overlay);
    for release in &view.matrix.releases {
        let cells: Vec<&Cell> = view.matrix.cells.iter().filter(|cell| cell.release == release.name).collect();
        let Some(example) = cells.iter().find_map(|cell| cell.values.iter().find(|file| file.overlay)) else {
            continue;
        };
        for cell in cells.iter().filter(|cell| !has(cell) && !release.no_overlay.contains_key(&cell.env)) {
            findings.push(
                RULE.finding(format!("`{}` has no overlay in {}", release.name, cell.env))
                    .at(release.place.clone())
                    .label("installed there")
                    .related(Place::file(&example.path), "an overlay of another environment")
                    .help(format!(
                        "write it with the same keys, or say why not: `no_overlay: {{{}: reason}}`",
                        cell.env
                    ))
                    .cell(cell.name()),
            );
        }
    }
}
