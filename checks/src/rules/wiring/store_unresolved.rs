//! `wiring/store-unresolved`.

use std::collections::BTreeMap;

use crate::facts::{Facts, Kind, Supply};
use crate::model::Severity;
use crate::rules::{Check, MatrixView, Rule};
use crate::{nearest, places};
use finding::Finding;

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

type Missing<'a> = BTreeMap<(Kind, &'a str, &'a str), Finding>;

fn check(view: &MatrixView<'_>, findings: &mut Vec<Finding>) {
    if !view.facts.values().any(|f| f.produces.iter().any(|p| STORES.contains(&p.kind))) {
        return;
    }
    let mut missing = Missing::new();
    for environment in &view.matrix.environments {
        let cells = || view.matrix.cells.iter().filter(|c| c.env == environment.name);
        let facts: Vec<&Facts> = cells().filter_map(|c| view.facts.get(&c.name())).collect();
        if facts.len() < cells().count() {
            continue;
        }
        let supply = Supply::of(view.matrix, &environment.name, facts.iter().copied());
        for facts in facts {
            unresolved(view, facts, &supply, &mut missing);
        }
    }
    findings.extend(missing.into_values());
}

/// One finding for each store, at the first reference; the templates of all others are named.
fn unresolved<'a>(view: &MatrixView<'a>, facts: &'a Facts, supply: &Supply<'_>, missing: &mut Missing<'a>) {
    for consumed in facts.consumes.iter().filter(|c| STORES.contains(&c.kind) && !c.optional) {
        let (kind, name) = (consumed.kind, consumed.name.as_str());
        if !supply.producers(kind, &consumed.namespace, name).is_empty() {
            continue;
        }
        let object = facts.object(consumed.object);
        let place = places::of_text(view.sources, view.matrix, facts, consumed.object, &consumed.path, name);
        let shown = places::in_render(facts, consumed.object, &consumed.path, consumed.line);
        let label = format!("{} {}", object.told(), consumed.told(facts));
        let slot = (kind, consumed.namespace.as_str(), name);
        let finding = match missing.remove(&slot) {
            Some(known) if known.place.as_ref() == Some(&place) => known,
            Some(known) if known.related.iter().any(|(other, _)| *other == place) => known,
            Some(known) => known.related(place, label),
            None => {
                let near = nearest::did_you_mean(name, supply.names(kind, &consumed.namespace));
                let help = if near.is_empty() { "correct the name, or render the store".to_owned() } else { near };
                RULE.finding(format!("nothing produces {kind} {name}"))
                    .identity(format!("{kind} {}/{name}", consumed.namespace))
                    .at(place)
                    .label(label)
                    .help(help)
            }
        };
        missing.insert(slot, finding.shown(shown));
    }
}
