//! Whether what something refers to is there, has the keys, and is used.

pub mod account_unresolved;
pub mod claim_unresolved;
pub mod configmap_unresolved;
pub mod env_shadowed;
pub mod key_unresolved;
pub mod mount_unresolved;
pub mod port_unresolved;
pub mod produced_twice;
pub mod secret_unresolved;
pub mod store_unresolved;
pub mod unused;

use std::collections::BTreeMap;

use super::{EnvironmentView, Rule};
use crate::facts::{Certainty, Consumed, Facts, Kind, Producer, Supply};
use crate::{nearest, places};
use finding::Finding;
use yaml::Node;

/// References to something that nothing produces, for the rules that differ only in the kind.
fn unresolved(rule: &Rule, kind: Kind, view: &EnvironmentView<'_>, findings: &mut Vec<Finding>) {
    unresolved_but(rule, kind, view, &|_, _| false, findings);
}

/// The same without those that a rule has a reason of its own to excuse.
fn unresolved_but(
    rule: &Rule,
    kind: Kind,
    view: &EnvironmentView<'_>,
    excused: &dyn Fn(&Facts, &Consumed) -> bool,
    findings: &mut Vec<Finding>,
) {
    if !view.unknown.is_empty() {
        return;
    }
    let supply = Supply::of(view.matrix, &view.environment.name, view.facts.iter().copied());
    for facts in view.facts {
        for (consumed, all) in references(facts, kind) {
            let producers = supply.producers(kind, &consumed.namespace, &consumed.name);
            if producers.iter().any(makes)
                || supply.may_be_created(facts, kind, &consumed.name)
                || excused(facts, consumed)
            {
                continue;
            }
            let name = &consumed.name;
            let object = facts.object(consumed.object);
            let mut finding = rule
                .finding(format!("nothing produces {kind} {name}"))
                .identity(format!("{} {kind} {}/{name}", facts.release(), consumed.namespace))
                .at(places::of_text(view.sources, view.matrix, facts, consumed.object, &consumed.path, name))
                .label(format!("{} {}", object.told(), consumed.told(facts)));
            for one in all {
                finding = finding.shown(places::in_render(facts, one.object, &one.path, one.line));
            }
            if let Some(Producer::Made { facts: by, produced }) = producers.first() {
                finding = finding.note(format!(
                    "{} of {} only adds keys to it (Merge)",
                    by.object(produced.object).short(),
                    by.release()
                ));
            }
            for namespace in supply.elsewhere(kind, &consumed.namespace, name) {
                finding = finding.note(format!(
                    "a {kind} of that name is produced in namespace {namespace}, the reference is in {}",
                    consumed.namespace
                ));
            }
            let near = nearest::did_you_mean(name, supply.names(kind, &consumed.namespace));
            findings.push(finding.help(help(kind, &near)));
        }
    }
}

fn help(kind: Kind, near: &str) -> String {
    let add = match kind {
        Kind::Secret => {
            "produce it (an ExternalSecret in an earlier layer), or say under `secrets.external` of the matrix file who does"
        }
        Kind::ServiceAccount | Kind::Claim => "render it, or correct the name",
        _ => "render it, correct the name, or mark the reference `optional: true` if the program can do without",
    };
    if near.is_empty() { add.to_owned() } else { format!("{near}\n{add}") }
}

/// References that must resolve, one for each name, with all places of that name in the cell.
fn references(facts: &Facts, kind: Kind) -> Vec<(&Consumed, Vec<&Consumed>)> {
    let mut by_name: BTreeMap<(&str, &str), Vec<&Consumed>> = BTreeMap::new();
    for consumed in facts.consumes.iter().filter(|c| c.kind == kind && !c.optional) {
        by_name.entry((&consumed.namespace, &consumed.name)).or_default().push(consumed);
    }
    by_name.into_values().map(|all| (all[0], all)).collect()
}

/// Whether a producer makes the thing, rather than only adding to it.
fn makes(producer: &Producer<'_>) -> bool {
    !matches!(producer, Producer::Made { produced, .. } if produced.certainty == Certainty::Merges)
}

/// Whether any scalar of a cell's values files, with the lower-case keys that lead to it, is what somebody looks for.
fn in_values(view: &EnvironmentView<'_>, facts: &Facts, fits: &dyn Fn(&[String], &str) -> bool) -> bool {
    let Some(cell) = view.matrix.cell(facts.environment(), facts.release()) else { return false };
    let chart_values = format!("{}/values.yaml", cell.chart);
    let files = cell.values.iter().map(|file| file.path.as_str()).chain([chart_values.as_str()]);
    let texts = files.filter_map(|path| view.sources.get(path)?.text());
    let mut found = false;
    for root in texts.flat_map(yaml::parse).filter_map(|document| document.root) {
        root.leaves(&mut |steps, node| {
            let steps: Vec<String> = steps.iter().map(|step| step.to_ascii_lowercase()).collect();
            found |= node.text().is_some_and(|text| fits(&steps, text));
        });
    }
    found
}

/// Whether a cell's values name something that is there already, as `existingClaim: data` does.
fn is_existing(view: &EnvironmentView<'_>, facts: &Facts, name: &str) -> bool {
    in_values(view, facts, &|steps, text| text == name && steps.iter().any(|step| step.starts_with("existing")))
}

/// The containers of a pod with their paths.
fn containers<'a>(path: &str, pod: &'a Node) -> Vec<(String, &'a Node)> {
    let mut found = Vec::new();
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        let all = pod.get(list).map(Node::items).unwrap_or_default();
        found.extend(all.iter().enumerate().map(|(i, container)| (format!("{path}.{list}[{i}]"), container)));
    }
    found
}
