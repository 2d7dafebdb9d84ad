//! `wiring/key-unresolved`.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Certainty, Consumed, Facts, Kind, Producer, Supply};
use crate::model::{Place, Severity};
use crate::rules::{Check, EnvironmentView, Rule};
use crate::{nearest, places};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "wiring/key-unresolved",
    severity: Severity::Error,
    summary: "a key that something reads from a Secret or ConfigMap whose producers do not set it",
    check: Check::Environment(check),
    doc: "\
## What it finds
A reference to one key (`secretKeyRef`, `configMapKeyRef`, `items` of a volume, the certificate of an Ingress or Gateway, the
credentials of a store) where the Secret or ConfigMap is produced, and no producer sets that key. The keys of several
producers count together, so that an ExternalSecret with `creationPolicy: Merge` can add one.

## Why it matters
The pod stays in `CreateContainerConfigError: couldn't find key`, although the Secret is there.

## Example
`secretKeyRef: {name: graph-db-credentials, key: uri}` where the ExternalSecret sets `url`, `user` and `password`.

## What to do instead
Read a key that is set, or add it to the producer.

## When it stays silent
For `optional: true`; where a producer's keys are open: `dataFrom`, `templateFrom`, a Secret without any entry that a program
fills, an operator whose keys are not known, an `external` entry without `keys`; where a program that may write Secrets is told
the name; and while a cell of the environment is unknown.
",
};

fn check(view: &EnvironmentView<'_>, findings: &mut Vec<Finding>) {
    if !view.unknown.is_empty() {
        return;
    }
    let supply = Supply::of(view.matrix, &view.environment.name, view.facts.iter().copied());
    for facts in view.facts {
        let mut missing: BTreeMap<(Kind, &str, &str, &str), Vec<&Consumed>> = BTreeMap::new();
        for consumed in &facts.consumes {
            let data = matches!(consumed.kind, Kind::Secret | Kind::ConfigMap);
            if !data || consumed.optional || consumed.keys.is_empty() || supply.may_be_changed(&consumed.name) {
                continue;
            }
            let producers = supply.producers(consumed.kind, &consumed.namespace, &consumed.name);
            let Some(known) = known_keys(&producers) else { continue };
            for key in consumed.keys.iter().filter(|k| !known.contains(k.as_str())) {
                missing.entry((consumed.kind, &consumed.namespace, &consumed.name, key)).or_default().push(consumed);
            }
        }
        for ((kind, namespace, name, key), all) in missing {
            findings.push(finding(view, facts, &supply.producers(kind, namespace, name), key, &all));
        }
    }
}

/// All keys of all producers; `None` when there is no producer, or one of whom they are not known.
fn known_keys<'a>(producers: &[Producer<'a>]) -> Option<BTreeSet<&'a str>> {
    let mut known = BTreeSet::new();
    let mut made = false;
    for producer in producers {
        match producer {
            Producer::Made { produced, .. } if produced.keys.open => return None,
            Producer::Made { produced, .. } => {
                made |= produced.certainty != Certainty::Merges;
                known.extend(produced.keys.known.iter().map(String::as_str));
            }
            Producer::External(external) if external.keys.is_empty() => return None,
            Producer::External(external) => {
                made = true;
                known.extend(external.keys.iter().map(String::as_str));
            }
            Producer::Cluster => return None,
        }
    }
    made.then_some(known)
}

/// The line that names the key; where none does (a partial puts it together), the one that names what should have it.
fn place(view: &EnvironmentView<'_>, facts: &Facts, consumed: &Consumed, key: &str) -> Place {
    let path = format!("{}.key", consumed.path);
    let of_key = places::given(view.sources, view.matrix, facts, consumed.object, &path, key);
    of_key.unwrap_or_else(|| {
        places::of_text(view.sources, view.matrix, facts, consumed.object, &consumed.path, &consumed.name)
    })
}

fn finding(
    view: &EnvironmentView<'_>,
    facts: &Facts,
    producers: &[Producer<'_>],
    key: &str,
    all: &[&Consumed],
) -> Finding {
    let consumed = all[0];
    let object = facts.object(consumed.object);
    let known = known_keys(producers).unwrap_or_default();
    let mut finding = RULE
        .finding(format!("{} {} has no key {key}", consumed.kind, consumed.name))
        .identity(format!("{} {} {}/{} {key}", facts.release(), consumed.kind, consumed.namespace, consumed.name))
        .at(place(view, facts, consumed, key))
        .label(format!("{} {}", object.told(), consumed.told(facts)));
    for one in all {
        finding = finding.shown(places::in_render(facts, one.object, &one.path, one.line));
    }
    for producer in producers {
        match producer {
            Producer::Made { facts: by, produced } => {
                let maker = by.object(produced.object);
                let keys =
                    if produced.keys.known.is_empty() { "none".to_owned() } else { produced.keys.known.join(", ") };
                finding = finding.note(format!("{} of {} sets {keys}", maker.short(), by.release())).related(
                    places::of_maker(view.sources, view.matrix, by, produced, &produced.name),
                    "produced here",
                );
            }
            Producer::External(external) => {
                finding = finding
                    .note(format!("{} sets {}, says the matrix file", external.by, external.keys.join(", ")))
                    .related(external.place.clone(), "said here");
            }
            Producer::Cluster => {}
        }
    }
    let near = nearest::did_you_mean(key, known.iter().copied());
    let help = "read a key that the producer sets, or let it set this one";
    finding.help(if near.is_empty() { help.to_owned() } else { near })
}
