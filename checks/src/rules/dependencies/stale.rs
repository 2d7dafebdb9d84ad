//! `dependencies/stale`.

use std::collections::BTreeSet;

use crate::chart::{Chart, Dependency, File, in_range, real};
use crate::model::{Place, Severity};
use crate::rules::{Check, MatrixView, Rule};
use crate::sources::Sources;
use finding::Finding;
use yaml::Node;

/// The rule.
pub static RULE: Rule = Rule {
    id: "dependencies/stale",
    severity: Severity::Error,
    summary: "a vendored subchart is not the declared one",
    check: Check::Matrix(check),
    doc: "\
## What it finds
A subchart below `charts/` (a folder, a link, a `.tgz`) that is not what Chart.yaml declares: another content than the chart that
`repository: file://…` names, another version than Chart.yaml or Chart.lock asks for, missing, or declared nowhere.

## Why it matters
Helm renders what lies in `charts/`. After a change of a library chart every chart with an old copy renders as before, and nobody sees
that the change did not arrive.

## Example
`charts/lib` was changed; `charts/platform/web/charts/lib-1.2.0.tgz` was packed before.

## What to do instead
`helm dependency update CHART`, and commit its `charts/` folder; or make the entry a link to the chart, which cannot go stale.

## When it stays silent
When a chart declares nothing: what lies in `charts/` was then put there by hand. For the content of charts from a registry or a
repository, of which only the version is known. For charts below a subchart, which its own makers keep. For what cannot be read as a
chart: Helm refuses to render it, which `render/failed` tells.
",
};

fn check(view: &MatrixView<'_>, findings: &mut Vec<Finding>) {
    let charts: BTreeSet<&str> = view.matrix.cells.iter().map(|cell| cell.chart.as_str()).collect();
    for folder in charts {
        let chart = Chart::load(folder, view.sources);
        let cells: BTreeSet<String> =
            view.matrix.cells.iter().filter(|cell| cell.chart == folder).map(crate::model::Cell::name).collect();
        let before = findings.len();
        look(&chart, view.sources, findings);
        for finding in &mut findings[before..] {
            finding.cells.clone_from(&cells);
            if finding.help.is_empty() {
                finding.help = format!("run `helm dependency update {folder}` and commit its charts/ folder");
            }
        }
    }
}

fn look(chart: &Chart, sources: &Sources, findings: &mut Vec<Finding>) {
    let Some(metadata) = chart.metadata.as_ref().filter(|_| !chart.declared.is_empty()) else { return };
    let locked = lock(chart, sources);
    for dependency in &chart.declared {
        let at = metadata.place(dependency.span);
        let named: Vec<&Chart> = chart.subcharts.iter().filter(|sub| sub.name == dependency.name).collect();
        let Some(sub) = named.iter().find(|sub| in_range(&dependency.version, &sub.version)) else {
            let message = match named.first() {
                Some(other) => format!(
                    "`{}` is vendored as {}, and Chart.yaml asks for {}",
                    dependency.name, other.version, dependency.version
                ),
                None if chart.subcharts.iter().any(|sub| is_broken(sub) && may_be(&sub.entry, &dependency.name)) => {
                    continue;
                }
                None => format!("`{}` is declared and not vendored below charts/", dependency.name),
            };
            findings.push(RULE.finding(message).at(at));
            continue;
        };
        if let Some(locked) = &locked {
            match locked.iter().find(|(name, _)| *name == dependency.name) {
                Some((_, version)) if *version != sub.version => {
                    let message =
                        format!("`{}` is vendored as {}, and Chart.lock says {version}", sub.name, sub.version);
                    findings.push(RULE.finding(message).at(at.clone()));
                }
                Some(_) => {}
                None => {
                    let message = format!("`{}` is declared and not in Chart.lock", dependency.name);
                    findings.push(RULE.finding(message).at(at.clone()));
                }
            }
        }
        if let Some(path) = dependency.repository.strip_prefix("file://") {
            findings.extend(local(chart, sub, dependency, path, &at, sources));
        }
    }
    for sub in chart.subcharts.iter().filter(|sub| !is_broken(sub)) {
        let declared = |d: &Dependency| d.name == sub.name && in_range(&d.version, &sub.version);
        if !chart.declared.iter().any(declared)
            && !chart.declared.iter().any(|d| d.name == sub.name && is_only(chart, sub))
        {
            let message = format!("`charts/{}` is vendored and Chart.yaml does not declare it", sub.entry);
            findings.push(
                RULE.finding(message)
                    .at(Place::file(format!("{}/charts/{}", chart.path, sub.entry)))
                    .related(metadata.place(chart.declared[0].span), "what is declared")
                    .help("Helm renders it all the same: delete it, or declare it"),
            );
        }
    }
}

/// Whether nobody can say what an entry of `charts/` is: Helm refuses it, and that is told where it is rendered.
fn is_broken(sub: &Chart) -> bool {
    sub.name.is_empty()
}

/// Whether an entry of `charts/` is called as a chart of that name is: by its name alone, or with its version.
fn may_be(entry: &str, name: &str) -> bool {
    entry.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
}

/// Whether no other subchart has the name: then a wrong version was told already.
fn is_only(chart: &Chart, sub: &Chart) -> bool {
    chart.subcharts.iter().filter(|other| other.name == sub.name).count() == 1
}

/// Compares with the chart that `file://` names.
fn local(
    chart: &Chart,
    sub: &Chart,
    dependency: &Dependency,
    path: &str,
    at: &Place,
    sources: &Sources,
) -> Option<Finding> {
    let folder = if path.starts_with('/') { return None } else { joined(&chart.path, path)? };
    let folder = real(&folder, sources);
    if sub.path == folder {
        return None;
    }
    let original = Chart::load(&folder, sources);
    if original.name.is_empty() {
        // Outside of what was read, or gone: then `helm dependency update` says so.
        return None;
    }
    let mut different = differences(&original, sub, sources);
    if different.is_empty() {
        return None;
    }
    let count = different.len();
    let first = different.swap_remove(0);
    let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
    let vendored = Place::file(format!("{}/charts/{}", chart.path, sub.entry));
    let original = Place::file(format!("{folder}/{first}"));
    Some(
        RULE.finding(format!("the vendored `{}` differs from {folder}: {first}{more}", dependency.name))
            .at(at.clone())
            .related(vendored, "what is rendered")
            .related(original, "what is declared"),
    )
}

/// Files that differ, that are missing, or that are too many; sorted.
fn differences(original: &Chart, copy: &Chart, sources: &Sources) -> Vec<String> {
    // Packing writes Chart.yaml anew and makes the lock and the ignored files come and go.
    let same = |name: &str, a: &File, b: &File| {
        if name.ends_with("Chart.yaml") {
            data(a.text(sources)) == data(b.text(sources))
        } else {
            a.bytes(sources) == b.bytes(sources)
        }
    };
    let passed = |name: &str| {
        let last = name.rsplit('/').next().unwrap_or_default();
        matches!(last, "Chart.lock" | "requirements.lock" | ".helmignore")
    };
    let (ours, theirs) = (original.all_files(), copy.all_files());
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).filter(|name| !passed(name)).collect();
    let differs = |name: &&String| match (ours.get(*name), theirs.get(*name)) {
        (Some(a), Some(b)) => !same(name, a, b),
        _ => true,
    };
    names.into_iter().filter(differs).cloned().collect()
}

/// The content of a YAML text, however it is written.
fn data(text: &str) -> Vec<serde_json::Value> {
    fn sorted(value: serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Object(map) => {
                let entries: std::collections::BTreeMap<String, serde_json::Value> =
                    map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
                entries.into_iter().collect()
            }
            serde_json::Value::Array(items) => items.into_iter().map(sorted).collect(),
            other => other,
        }
    }
    yaml::parse(text).iter().filter_map(|document| document.root.as_ref()).map(|root| sorted(root.to_json())).collect()
}

/// Names and versions of `Chart.lock`.
fn lock(chart: &Chart, sources: &Sources) -> Option<Vec<(String, String)>> {
    let file = chart.files.iter().find(|file| matches!(file.name.as_str(), "Chart.lock" | "requirements.lock"))?;
    let documents = yaml::parse(file.text(sources));
    let entries = documents.first()?.root.as_ref()?.get("dependencies")?.items();
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::to_text).unwrap_or_default();
    Some(entries.iter().map(|entry| (text(entry, "name"), text(entry, "version"))).collect())
}

/// A path relative to a folder; `None` when it leaves the root.
fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
