//! `parity/overlay-key`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::chart::DefaultKind;
use crate::model::{Cell, Place, Severity};
use crate::nearest::did_you_mean;
use crate::rules::{Check, MatrixView, Rule};
use crate::sources::Sources;
use crate::values::{Effective, dotted};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity/overlay-key",
    severity: Severity::Error,
    summary: "one environment sets a value that another lacks",
    check: Check::Matrix(check),
    doc: "\
## What it finds
A value that a release has in one environment and not in another, after everything has been merged: chart defaults, shared values,
overlays. The overlay that lacks it is named; where only one environment has it, the line that sets it. Of a key that no template
names, and so may be mistyped, the nearest that the others have.

## Why it matters
Overlays with the same structure differ only in what they mean to differ in. A key that is missing falls back to nothing, which a
template prints as an empty string, or which switches something off.

## Example
`config.useSsl` stands in the overlays of local and staging, has no default, and the production overlay lacks it.

## What to do instead
Set the value in every environment, or give it a default in the chart or the shared values. If the difference is meant, waive it with
the reason.

## When it stays silent
For values with a default: an environment that overrides one and another that does not both have it. Inside of lists, and inside of
maps whose default is `{}` or null: whoever sets them decides what is in them. For environments where the release is off, or which have
no overlay for a stated reason. While a cell's files cannot be read.
",
};

fn check(view: &MatrixView<'_>, findings: &mut Vec<Finding>) {
    for release in &view.matrix.releases {
        let cells = view.matrix.cells.iter().filter(|cell| cell.release == release.name);
        let cells: Vec<&Cell> = cells.filter(|cell| !release.no_overlay.contains_key(&cell.env)).collect();
        if cells.len() < 2 {
            continue;
        }
        let known: Vec<(&Cell, Arc<Effective>)> =
            cells.into_iter().map(|cell| (cell, (view.effective)(cell))).collect();
        if known.iter().any(|(_, values)| values.problem.is_some()) {
            continue;
        }
        let scopes: BTreeSet<Vec<String>> = known.iter().flat_map(|(_, values)| scopes_of(values)).collect();
        for path in paths(&known, &view.matrix.file) {
            // A subchart that is off in an environment has no values there, and lacks none.
            let off = |values: &Effective| {
                let here = scopes_of(values);
                scopes.iter().any(|scope| path.starts_with(scope) && !here.contains(scope))
            };
            let (have, lack): (Vec<_>, Vec<_>) = known.iter().partition(|(_, values)| values.has(&path));
            let lack: Vec<_> = lack.into_iter().filter(|(_, values)| !off(values)).collect();
            if !have.is_empty() && !lack.is_empty() {
                findings.push(finding(&path, &have, &lack, view.sources));
            }
        }
    }
}

/// Where the values of each chart begin.
fn scopes_of(values: &Effective) -> BTreeSet<Vec<String>> {
    let charts = values.chart.walk().into_iter().filter(|(scope, _)| !scope.is_empty());
    charts.map(|(scope, _)| scope.into_iter().map(str::to_owned).collect()).collect()
}

/// Paths that some cell sets and another lacks, without those that lie below another.
fn paths(known: &[(&Cell, Arc<Effective>)], matrix_file: &str) -> BTreeSet<Vec<String>> {
    let mut found: BTreeSet<Vec<String>> = BTreeSet::new();
    for (cell, values) in known {
        let sets = |place: &Place| place.file == matrix_file || cell.values.iter().any(|file| file.path == place.file);
        let lacks = |path: &[String]| known.iter().any(|(_, values)| !values.has(path));
        let mut open: Option<BTreeSet<Vec<String>>> = None;
        for leaf in values.leaves().iter().filter(|leaf| lacks(&leaf.path)) {
            let open = open.get_or_insert_with(|| {
                let keys = values.chart.default_keys().into_iter();
                keys.filter(|(_, kind)| *kind == DefaultKind::Open).map(|(path, _)| path).collect()
            });
            let is_open = (1..=leaf.path.len()).any(|at| open.contains(&leaf.path[..at]));
            if is_open || !leaf.key_place().is_some_and(|place| sets(&place)) {
                continue;
            }
            // The highest path that somebody lacks speaks for all below it.
            let missing = (1..=leaf.path.len()).find(|at| lacks(&leaf.path[..*at]));
            found.extend(missing.map(|at| leaf.path[..at].to_vec()));
        }
    }
    found
}

fn finding(
    path: &[String],
    have: &[&(&Cell, Arc<Effective>)],
    lack: &[&(&Cell, Arc<Effective>)],
    sources: &Sources,
) -> Finding {
    let names = |cells: &[&(&Cell, Arc<Effective>)]| {
        cells.iter().map(|(cell, _)| cell.env.as_str()).collect::<Vec<_>>().join(", ")
    };
    let message = format!("`{}` is set in {} and missing in {}", dotted(path), names(have), names(lack));
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    for (cell, values) in have {
        places.extend(values.key_place(path).map(|place| (cell.env.clone(), place)));
    }
    let hint = mistyped(path, &have[0].1, &lack[0].1, sources);
    let odd = have.len() == 1 && (lack.len() > 1 || !hint.is_empty());
    let at = if odd { places.remove(&have[0].0.env) } else { None };
    let mut finding = RULE.finding(message);
    finding = match at {
        Some(place) => {
            let files = lack.iter().filter_map(|(cell, _)| overlay(cell));
            let finding = finding.at(place).label("only here");
            files.fold(finding, |finding, file| finding.related(Place::file(file), "not here"))
        }
        None => finding.at(lack
            .first()
            .and_then(|(cell, _)| overlay(cell))
            .map_or_else(|| lack.first().map(|(cell, _)| cell.place.clone()).unwrap_or_default(), Place::file)),
    };
    for (env, place) in places {
        finding = finding.related(place, format!("set in {env}"));
    }
    let cells = if odd { have } else { lack };
    let cells: BTreeSet<String> = cells.iter().map(|(cell, _)| cell.name()).collect();
    finding.cells = cells;
    let otherwise = "set it in every environment, or give it a default; if it is meant, waive it with the reason";
    if hint.is_empty() {
        finding.help(otherwise)
    } else {
        finding.help(format!("{hint} No template names this key. If it is right, {otherwise}"))
    }
}

/// The keys beside it in an environment that lacks it, of which it may be a slip; nothing where a template names it.
fn mistyped(path: &[String], have: &Effective, lack: &Effective, sources: &Sources) -> String {
    let Some((last, above)) = path.split_last() else { return String::new() };
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let names_it = |text: &str| text.split(|c| !is_word(c)).any(|word| word == last);
    let charts = have.chart.walk();
    let mut templates = charts.iter().flat_map(|(_, chart)| chart.templates.iter());
    if templates.any(|file| names_it(file.text(sources))) {
        String::new()
    } else {
        did_you_mean(last, lack.keys(above))
    }
}

/// The last overlay of a cell, which is where a person would set the value.
fn overlay(cell: &Cell) -> Option<&str> {
    cell.values.iter().rev().find(|file| file.overlay).map(|file| file.path.as_str())
}
