//! `sources/dead-template`.

use std::collections::{BTreeMap, BTreeSet};

use crate::chart::{Chart, is_of_others};
use crate::model::{Cell, Place, Severity};
use crate::rules::{Check, MatrixView, Rule};
use crate::template::{Node, Program};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "sources/dead-template",
    severity: Severity::Warning,
    summary: "a template renders nothing in any cell",
    check: Check::Matrix(check),
    doc: "\
## What it finds
A template that renders no object in any cell of its chart.

## Why it matters
What is never rendered is never looked at: it is in no golden and under no check, until somebody switches it on.

## Example
`templates/ingress.yaml` stands behind `{{ if .Values.ingress.enabled }}`, and no environment enables it: all use HTTPRoutes.

## What to do instead
Delete it with its values. If it is kept for a case to come, waive it with the reason.

## When it stays silent
For partials (`_*.tpl`), NOTES.txt, library charts, and templates that could not render an object at all: those that only define
something or only refuse bad values. For charts that are not yours: below another chart, or published by others, as their Chart.yaml
tells (`home` or `sources` with an icon or the annotations of a public list). While a cell of the chart is unknown.
",
};

fn check(view: &MatrixView<'_>, findings: &mut Vec<Finding>) {
    let mut charts: BTreeMap<&str, Vec<&Cell>> = BTreeMap::new();
    for cell in &view.matrix.cells {
        charts.entry(&cell.chart).or_default().push(cell);
    }
    for (folder, cells) in charts {
        // A chart for everybody has templates for everybody.
        if is_of_others(&format!("{folder}/Chart.yaml"), view.sources) {
            continue;
        }
        let facts: Vec<_> = cells.iter().filter_map(|cell| view.facts.get(&cell.name())).collect();
        if facts.len() < cells.len() {
            continue;
        }
        let objects = facts.iter().flat_map(|facts| &facts.objects);
        let alive: BTreeSet<&str> = objects.filter_map(|object| object.template.as_deref()).collect();
        let chart = Chart::load(folder, view.sources);
        let program = Program::new(&chart, view.sources);
        for template in program.templates.iter().filter(|t| t.scope.is_empty() && t.rendered && !t.file.is_packed()) {
            let dead = !alive.contains(template.name.as_str());
            if dead && !template.name.ends_with("/NOTES.txt") && can_render(&program, template.text, &template.nodes) {
                let mut finding = RULE
                    .finding("this template renders nothing in any cell")
                    .at(Place::file(&*template.file.path))
                    .help("delete it with its values, or waive it with the reason why it is kept");
                finding.cells = cells.iter().map(|cell| cell.name()).collect();
                findings.push(finding);
            }
        }
    }
}

/// Whether an object could come out: a `kind:` in its own text or in a template that it includes by name.
fn can_render(program: &Program<'_>, text: &str, nodes: &[Node]) -> bool {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut names: Vec<String> = program.named_in(text, nodes);
    if prints_kind(text, nodes) {
        return true;
    }
    while let Some(name) = names.pop() {
        for (name, text, body) in program.defined(&name) {
            if seen.insert(name) {
                if prints_kind(text, body) {
                    return true;
                }
                names.extend(program.named_in(text, body));
            }
        }
    }
    false
}

fn prints_kind(text: &str, nodes: &[Node]) -> bool {
    nodes.iter().any(|node| match node {
        Node::Text(range) => text.get(range.clone()).is_some_and(|text| text.contains("kind:")),
        Node::Branch { body, otherwise, .. } => prints_kind(text, body) || prints_kind(text, otherwise),
        Node::Action { .. } | Node::Define { .. } | Node::Call { .. } => false,
    })
}
