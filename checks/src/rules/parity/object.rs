//! `parity/object`.

use std::collections::BTreeMap;

use crate::facts::{Facts, ObjectFact};
use crate::model::{Cell, Severity};
use crate::rules::{Check, MatrixView, Rule};
use finding::{Finding, RenderPlace};

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity/object",
    severity: Severity::Warning,
    summary: "only one environment's render has an object",
    check: Check::Matrix(check),
    doc: "\
## What it finds
An object that a release renders in one environment only, although it is installed in others.

## Why it matters
What runs in one environment only is tested nowhere else: a network policy of production, a job of local.

## Example
`HorizontalPodAutoscaler/web` is rendered in production only, since the other overlays switch it off.

## What to do instead
Render it everywhere and let the overlays differ in numbers, not in objects. If the difference is meant, waive it with the reason.

## When it stays silent
For releases that are installed in one environment only. Names that differ in the environment's own name or in a hash at their end are
the same. While a cell of the release is unknown, since it could have the object.
",
};

fn check(view: &MatrixView<'_>, findings: &mut Vec<Finding>) {
    for release in &view.matrix.releases {
        let cells: Vec<&Cell> = view.matrix.cells.iter().filter(|cell| cell.release == release.name).collect();
        let facts: Vec<&Facts> = cells.iter().filter_map(|cell| view.facts.get(&cell.name())).collect();
        if cells.len() < 2 || facts.len() < cells.len() {
            continue;
        }
        let mut seen: BTreeMap<String, Vec<(&Cell, &ObjectFact)>> = BTreeMap::new();
        for (cell, facts) in cells.iter().zip(&facts) {
            for object in &facts.objects {
                let known = seen.entry(identity(object, cell)).or_default();
                if known.iter().all(|(other, _)| other.env != cell.env) {
                    known.push((cell, object));
                }
            }
        }
        for found in seen.values() {
            let [(cell, object)] = found.as_slice() else { continue };
            let others: Vec<&str> = cells.iter().filter(|c| c.env != cell.env).map(|c| c.env.as_str()).collect();
            let message =
                format!("{} {} is rendered in {} and not in {}", object.kind, object.name, cell.env, others.join(", "));
            findings.push(
                RULE.finding(message)
                    .at(release.place.clone())
                    .help("render it in every environment, or waive it with the reason")
                    .shown(RenderPlace {
                        cell: cell.name(),
                        object: object.identity(),
                        path: String::new(),
                        line: object.line as usize,
                        template: object.template.clone(),
                    }),
            );
        }
    }
}

/// What makes an object the same in another environment: its kind and name, without the environment's name in it.
fn identity(object: &ObjectFact, cell: &Cell) -> String {
    let group = object.api.split_once('/').map_or("", |(group, _)| group);
    let words = |name: &str| {
        let words: Vec<&str> =
            name.split(['-', '.', '_']).map(|word| if word == cell.env { "*" } else { word }).collect();
        let last = words.len().saturating_sub(1);
        let words = words.iter().enumerate().map(|(at, word)| if at == last && is_hash(word) { "#" } else { word });
        words.collect::<Vec<_>>().join("-")
    };
    format!("{group}/{}/{}/{}", object.kind, words(&object.namespace), words(&object.name))
}

fn is_hash(word: &str) -> bool {
    word.len() >= 5 && word.bytes().all(|b| b.is_ascii_alphanumeric()) && word.bytes().any(|b| b.is_ascii_digit())
}
