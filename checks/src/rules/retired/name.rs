//! `retired/name`.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Facts, Kind};
use crate::model::{Matrix, Place, Retired, RetiredKind, Severity};
use crate::part;
use crate::places;
use crate::rules::{Check, MatrixView, Rule};
use crate::sources::{Source, SourceKind};
use finding::Finding;
use yaml::Node;

/// The rule.
pub static RULE: Rule = Rule {
    id: "retired/name",
    severity: Severity::Error,
    summary: "a retired release, env or value name in a chart, values file, overlay, object or golden",
    check: Check::Matrix(check),
    doc: "\
## What it finds
A name that the `retired` list of the matrix file forbids.

- A release: a release, chart folder or file of that name (dashes and underscores alike); the name in a template or a values
  file; an object that has it as its name or as the start of its name before a dash.
- An environment variable: in a template or values file, a container, a key of a ConfigMap or Secret that is rendered.
- A value: set at that dotted path in any values file, or read as `.Values.…` by a template.

## Why it matters
What was merged, renamed or replaced comes back with an old branch or a copied block, half of it works, and two names live on.

## Example
`retired: [{env: GRAPH_DATABASE_SSL, reason: DATABASE_SSL is the one name}]` and a ConfigMap with `GRAPH_DATABASE_SSL`.

## What to do instead
Use what the entry's reason names.

## When it stays silent
In comments, in pages of documentation, in the matrix file. For a longer name of a release that exists: with `agents` retired,
`agents-runtime` and its objects are no finding while the matrix has a release of that name.
",
};

fn check(view: &MatrixView<'_>, findings: &mut Vec<Finding>) {
    for retired in &view.matrix.retired {
        let mut found = Vec::new();
        let again = view.matrix.releases.iter().find(|r| same(&r.name, &retired.name));
        if let Some(release) = again.filter(|_| retired.kind == RetiredKind::Release) {
            let cells = view.matrix.cells.iter().filter(|c| c.release == release.name).map(crate::model::Cell::name);
            found.push((release.place.clone(), cells.collect(), "a release of that name".to_owned()));
        }
        for (path, source) in view.sources {
            in_source(view.matrix, retired, path, source, &mut found);
        }
        let mut covered: BTreeSet<String> = found.iter().flat_map(|(_, cells, _)| cells.clone()).collect();
        for (place, cells, label) in found {
            let mut finding = finding(retired, place, label);
            finding.cells = cells;
            findings.push(finding);
        }
        for facts in view.facts.values() {
            // The render says nothing that the source has not said already.
            if covered.insert(facts.cell.clone()) {
                in_render(view, retired, facts, findings);
            }
        }
    }
}

fn finding(retired: &Retired, place: Place, label: impl Into<String>) -> Finding {
    RULE.finding(format!("{} is retired: {}", retired.name, retired.reason))
        .at(place)
        .label(label)
        .related(retired.place.clone(), "retired here")
        .help("use what the reason names, or take the entry out of `retired`")
}

type Found = Vec<(Place, BTreeSet<String>, String)>;

fn in_source(matrix: &Matrix, retired: &Retired, path: &str, source: &Source, found: &mut Found) {
    if retired.kind == RetiredKind::Release {
        let parts = path.split('/').map(|p| p.strip_suffix(".yaml").or_else(|| p.strip_suffix(".yml")).unwrap_or(p));
        if parts.clone().any(|p| same(p, &retired.name)) {
            // One finding for a folder, whatever it holds.
            let length = parts.take_while(|p| !same(p, &retired.name)).map(|p| p.len() + 1).sum::<usize>();
            let end = path[length..].find('/').map_or(path.len(), |i| length + i);
            let folder = &path[..end];
            match found.iter_mut().find(|(place, ..)| place.file == folder) {
                Some((_, cells, _)) => cells.extend(source.cells.iter().cloned()),
                None => found.push((Place::file(folder), source.cells.as_ref().clone(), "named so".to_owned())),
            }
            return;
        }
    }
    let Some(text) = source.text() else { return };
    let needle = retired.name.rsplit('.').next().unwrap_or_default();
    if memchr::memmem::find(text.as_bytes(), needle.as_bytes()).is_none() {
        return;
    }
    match source.kind {
        SourceKind::Template => in_template(matrix, retired, path, text, &source.cells, found),
        SourceKind::ChartValues | SourceKind::SharedValues | SourceKind::Overlay | SourceKind::Chart => {
            in_values(matrix, retired, path, text, &source.cells, found);
        }
        _ => {}
    }
}

fn in_template(
    matrix: &Matrix,
    retired: &Retired,
    path: &str,
    text: &str,
    cells: &BTreeSet<String>,
    found: &mut Found,
) {
    let text = without_comments(text);
    for (index, line) in text.lines().enumerate() {
        let holds = match retired.kind {
            RetiredKind::Release => release_in(matrix, &retired.name, line),
            RetiredKind::Env => places::holds(line, &retired.name),
            RetiredKind::Value => {
                let path = format!(".Values.{}", retired.name);
                line.match_indices(&path)
                    .any(|(at, _)| !line[at + path.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_'))
            }
        };
        if holds {
            found.push((Place::line(path, index + 1), cells.clone(), "stands here".to_owned()));
        }
    }
}

/// The text with template comments and YAML comment lines blanked, so that lines keep their numbers.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find("{{/*").into_iter().chain(rest.find("{{- /*")).min() {
        out.push_str(&rest[..open]);
        let end = rest[open..].find("*/").map_or(rest.len(), |i| open + i + 2);
        out.extend(rest[open..end].chars().filter(|c| *c == '\n'));
        rest = &rest[end..];
    }
    out.push_str(rest);
    let lines = out.split('\n').map(|line| if line.trim_start().starts_with('#') { "" } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

fn in_values(matrix: &Matrix, retired: &Retired, path: &str, text: &str, cells: &BTreeSet<String>, found: &mut Found) {
    let documents = yaml::parse(text);
    let roots = documents.iter().filter_map(|document| document.root.as_ref());
    if retired.kind == RetiredKind::Value {
        let taken = part::all_in(matrix, path, text);
        let (parent, last) = retired.name.rsplit_once('.').unwrap_or(("", &retired.name));
        let steps: Vec<&str> = parent.split('.').filter(|s| !s.is_empty()).collect();
        for root in roots.chain(taken.iter().map(|taken| &taken.root)) {
            if let Some(entry) = root.at(&steps).and_then(|n| n.entry(last)) {
                found.push((Place::new(path, entry.key.span), cells.clone(), "set here".to_owned()));
            }
        }
        return;
    }
    let holds = |text: &str| match retired.kind {
        RetiredKind::Env => places::holds(text, &retired.name),
        _ => release_in(matrix, &retired.name, text),
    };
    for root in roots {
        names(root, &holds, &mut |node, label| {
            found.push((places::in_scalar(path, text, node, &holds), cells.clone(), label.to_owned()));
        });
    }
}

/// Keys and scalars that hold something.
fn names(node: &Node, holds: &dyn Fn(&str) -> bool, report: &mut dyn FnMut(&Node, &str)) {
    if node.text().is_some_and(holds) {
        report(node, "stands here");
    }
    for item in node.items() {
        names(item, holds, report);
    }
    for entry in node.entries() {
        if entry.key.text().is_some_and(holds) {
            report(&entry.key, "a key of that name");
        }
        names(&entry.value, holds, report);
    }
}

/// Whether a text holds the name of a retired release, alone or before a dash, and not as part of a living release's name.
fn release_in(matrix: &Matrix, name: &str, text: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let start = text[..at].chars().next_back();
        let token: &str = text[at..].split(|c: char| !part(c)).next().unwrap_or_default();
        !start.is_some_and(part) && is_release(matrix, name, token)
    })
}

/// Whether a name is a retired release's own or that of one of its objects.
fn is_release(matrix: &Matrix, retired: &str, name: &str) -> bool {
    let belongs = |owner: &str| name == owner || name.strip_prefix(owner).is_some_and(|rest| rest.starts_with('-'));
    let living = matrix.releases.iter().any(|r| r.name.len() > retired.len() && belongs(&r.name));
    belongs(retired) && !living
}

/// Names that differ in dashes and underscores only.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.replace('_', "-") == b.replace('_', "-")
}

fn in_render(view: &MatrixView<'_>, retired: &Retired, facts: &Facts, findings: &mut Vec<Finding>) {
    let mut report = |object: u32, path: &str, line: u32, label: String| {
        findings.push(
            finding(retired, places::of_object(view.sources, view.matrix, facts, object), label)
                .shown(places::in_render(facts, object, path, line)),
        );
    };
    match retired.kind {
        RetiredKind::Release => {
            for (index, object) in (0u32..).zip(&facts.objects) {
                if is_release(view.matrix, &retired.name, &object.name) {
                    report(index, "metadata.name", object.line, object.short());
                }
            }
        }
        RetiredKind::Env => {
            let mut objects: BTreeMap<u32, (String, u32)> = BTreeMap::new();
            for container in &facts.containers {
                for (name, line) in container.env.iter().filter(|(name, _)| *name == retired.name) {
                    let path = format!("container {}, env {name}", container.name);
                    objects.entry(container.object).or_insert((path, *line));
                }
            }
            for produced in facts.produces.iter().filter(|p| matches!(p.kind, Kind::Secret | Kind::ConfigMap)) {
                if produced.keys.known.contains(&retired.name) {
                    objects.entry(produced.object).or_insert((format!("data.{}", retired.name), produced.line));
                }
            }
            for (object, (path, line)) in objects {
                report(object, &path, line, facts.object(object).short());
            }
        }
        RetiredKind::Value => {}
    }
}
