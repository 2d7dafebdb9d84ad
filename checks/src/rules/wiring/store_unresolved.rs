//! `wiring/store-unresolved`.

use std::collections::BTreeMap;

use crate::facts::{Facts, Kind, Supply};
use crate::finding::Finding;
use crate::model::Severity;
use crate::rules::{Check, MatrixView, Rule};
use crate::{nearest, places};

/// The rule.
pub static RULE: Rule = Rule {
    id: "wiring/store-unresolved",
    severity: Severity::Error,
    summary: "a secret store that an ExternalSecret refers to and that nothing in the environment produces",
    check: Check::Matrix(check),
    doc: "\
## What it finds
An ExternalSecret, ClusterExternalSecret or PushSecret whose `secretStoreRef` (or a `storeRef` of one entry) names a
`SecretStore` of another namespace, or a `SecretStore` or `ClusterSecretStore` that no release of the environment renders.

## Why it matters
The operator reports `SecretStore not found`, the Secret never comes into being, and every pod that needs it waits.

## Example
`secretStoreRef: {kind: ClusterSecretStore, name: ameide-valut}`.

## What to do instead
Correct the name, or render the store in the environment.

## When it stays silent
Where the whole matrix renders no store at all: then stores are somebody else's. While a cell of the environment is unknown.
",
};

const STORES: [Kind; 2] = [Kind::Store, Kind::ClusterStore];

fn check(view: &MatrixView<'_>, findings: &mut Vec<Finding>) {
    if !view.facts.values().any(|f| f.produces.iter().any(|p| STORES.contains(&p.kind))) {
        return;
    }
    for environment in &view.matrix.environments {
        let cells: Vec<&Facts> = view
            .matrix
            .cells
            .iter()
            .filter(|c| c.env == environment.name)
            .map_while(|c| view.facts.get(&c.name()))
            .collect();
        if cells.len() < view.matrix.cells.iter().filter(|c| c.env == environment.name).count() {
            continue;
        }
        let supply = Supply::of(view.matrix, &environment.name, cells.iter().copied());
        for facts in &cells {
            unresolved(view, facts, &supply, findings);
        }
    }
}

fn unresolved(view: &MatrixView<'_>, facts: &Facts, supply: &Supply<'_>, findings: &mut Vec<Finding>) {
    let mut by_template: BTreeMap<_, Finding> = BTreeMap::new();
    for consumed in facts.consumes.iter().filter(|c| STORES.contains(&c.kind) && !c.optional) {
        let (kind, name) = (consumed.kind, &consumed.name);
        if !supply.producers(kind, &consumed.namespace, name).is_empty() {
            continue;
        }
        let object = facts.object(consumed.object);
        let finding = by_template.entry((kind, name, object.template.as_deref())).or_insert_with(|| {
            let near = nearest::did_you_mean(name, supply.names(kind, &consumed.namespace));
            let help = if near.is_empty() { "correct the name, or render the store".to_owned() } else { near };
            RULE.finding(format!("nothing produces {kind} {name}"))
                .at(places::of_text(view.sources, view.matrix, facts, consumed.object, name))
                .label(format!("{} {}", object.told(), consumed.told(facts)))
                .help(help)
        });
        *finding = finding.clone().shown(places::in_render(facts, consumed.object, &consumed.path, consumed.line));
    }
    findings.extend(by_template.into_values());
}
