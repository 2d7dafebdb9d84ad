//! `wiring/env-shadowed`.

use std::collections::BTreeMap;

use crate::facts::{Consumed, Facts, How, Producer, Supply};
use crate::model::Severity;
use crate::places;
use crate::rules::{Check, EnvironmentView, Rule};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "wiring/env-shadowed",
    severity: Severity::Warning,
    summary: "an environment variable that is set twice, by two envFrom sources or by two env entries",
    check: Check::Environment(check),
    doc: "\
## What it finds
A container in which one environment variable comes from two `envFrom` sources (with their prefixes), or stands twice in `env`.

## Why it matters
The last one wins and the other is lost without a word. With two Secrets under one name, the program logs in with the wrong
one.

## Example
`envFrom` of `graph-db-credentials` and of `threads-db-credentials`, both with the key `DATABASE_URL`.

## What to do instead
Give the keys names of their own, give one source a `prefix`, or drop the entry that loses.

## When it stays silent
For an `env` entry over a name that `envFrom` gives, which is how one overrides; for sources whose keys are not known
(`dataFrom`, unknown operators); for optional sources.
",
};

fn check(view: &EnvironmentView<'_>, findings: &mut Vec<Finding>) {
    let supply = Supply::of(view.matrix, &view.environment.name, view.facts.iter().copied());
    for facts in view.facts {
        twice_in_env(view, facts, findings);
        twice_by_sources(view, facts, &supply, findings);
    }
}

fn twice_in_env(view: &EnvironmentView<'_>, facts: &Facts, findings: &mut Vec<Finding>) {
    for container in &facts.containers {
        let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
        for (name, line) in &container.env {
            let Some(first) = seen.insert(name, *line) else { continue };
            let object = facts.object(container.object);
            findings.push(
                RULE.finding(format!("{name} stands twice in the env of container {}", container.name))
                    .at(places::of_text(view.sources, view.matrix, facts, container.object, "env.name", name))
                    .label(format!("{}: lines {first} and {line} of the render", object.told()))
                    .help("drop the first, which is lost")
                    .shown(places::in_render(facts, container.object, &format!("env[{name}]"), *line)),
            );
        }
    }
}

fn twice_by_sources(view: &EnvironmentView<'_>, facts: &Facts, supply: &Supply<'_>, findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<(u32, String), &Consumed> = BTreeMap::new();
    let mut found: BTreeMap<(u32, String, String), (&Consumed, Vec<String>)> = BTreeMap::new();
    for consumed in facts.consumes.iter().filter(|c| !c.optional) {
        let (How::EnvFrom(prefix), Some(index)) = (&consumed.how, consumed.container) else { continue };
        let container = &facts.containers[index as usize];
        for key in keys(&supply.producers(consumed.kind, &consumed.namespace, &consumed.name)) {
            let name = format!("{prefix}{key}");
            if container.env.iter().any(|(own, _)| *own == name) {
                continue;
            }
            let Some(first) = seen.insert((index, name.clone()), consumed) else { continue };
            if (first.kind, &first.name) != (consumed.kind, &consumed.name) {
                let pair = [first, consumed].map(|c| format!("{} {}", c.kind, c.name));
                let [first, second] = pair;
                found.entry((index, first, second)).or_insert((consumed, Vec::new())).1.push(name);
            }
        }
    }
    for ((index, first, _), (consumed, names)) in found {
        let object = facts.object(consumed.object);
        let container = &facts.containers[index as usize].name;
        findings.push(
            RULE.finding(format!(
                "{} comes from both {first} and {} {}",
                names.join(", "),
                consumed.kind,
                consumed.name
            ))
            .at(places::of_text(view.sources, view.matrix, facts, consumed.object, &consumed.path, &consumed.name))
            .label(format!("container {container} of {}: {} wins", object.told(), consumed.name))
            .help("rename the keys, or give one envFrom a prefix")
            .shown(places::in_render(facts, consumed.object, &consumed.path, consumed.line)),
        );
    }
}

/// Keys that are sure to be there.
fn keys<'a>(producers: &[Producer<'a>]) -> Vec<&'a str> {
    let keys = producers.iter().flat_map(|producer| match producer {
        Producer::Made { produced, .. } => produced.keys.known.as_slice(),
        Producer::External(external) => external.keys.as_slice(),
        Producer::Cluster => &[],
    });
    let mut keys: Vec<&str> = keys.map(String::as_str).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
