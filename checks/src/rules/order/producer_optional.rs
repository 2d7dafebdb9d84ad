//! `order/producer-optional`.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{
    Certainty, Consumed, Facts, Kind, ObjectFact, Order, Produced, Producer, Supply, Timing, is_installed,
};
use crate::model::{Off, Severity};
use crate::places;
use crate::rules::{Check, MatrixView, Rule};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "order/producer-optional",
    severity: Severity::Error,
    summary: "the producer of something may be off while its consumer is on",
    check: Check::Matrix(check),
    doc: "\
## What it finds
A release is switched off (`off`) in one environment, while another release is on there and needs a Secret, ConfigMap,
ServiceAccount, PersistentVolumeClaim or store that, where both are on, only the switched-off release produces. The finding
stands at the switch.

The precise form: consumer C needs X in environment F, in which nobody produces X in time. In another environment E the same
C gets X in time, and all who produce it in time there are releases that are `off` in F.

## Why it matters
`off` is written with one workload in mind; that something else lives on what the release carried is forgotten. This is how
migrations fail on a cluster on which a service is not enabled yet.

## Example
`graph` carries `ExternalSecret/graph-db-credentials-sync` and is off in `staging`; `db-migrations` is on in `staging` and reads
`graph-db-credentials`.

## What to do instead
Let a release that is on wherever the consumer is on produce it (a bundle of secrets in an early layer), or switch the
consumer off in the same environments.

## When it stays silent
Where producer and consumer are off together. Where the consumer does not need the thing in that environment, or gets it from
somebody else there: another release, an `external` entry with `environments`. For a release's own Secrets, which go with it.
For `optional: true`, `test` hooks, unknown operators. Where no environment shows a producer, which is `wiring/*-unresolved`.
While a cell of the environment is unknown.
",
};

fn check(view: &MatrixView<'_>, findings: &mut Vec<Finding>) {
    if view.matrix.off.is_empty() {
        return;
    }
    let order = Order::of(view.matrix);
    let environments: Vec<(&str, Vec<&Facts>, Supply<'_>)> = view
        .matrix
        .environments
        .iter()
        .map(|e| {
            let cells = view.matrix.cells.iter().filter(|c| c.env == e.name);
            let facts: Vec<&Facts> = cells.filter_map(|c| view.facts.get(&c.name())).collect();
            let supply = Supply::of(view.matrix, &e.name, facts.iter().copied());
            (e.name.as_str(), facts, supply)
        })
        .collect();
    for (name, facts, supply) in &environments {
        let installed = view.matrix.cells.iter().filter(|c| c.env == *name).count();
        let switches: BTreeMap<&str, &Off> =
            view.matrix.off.iter().filter(|o| o.env == *name).map(|o| (o.release.as_str(), o)).collect();
        if switches.is_empty() || facts.len() < installed {
            continue;
        }
        for consumer in facts {
            let mut seen = BTreeSet::new();
            for consumed in consumer.consumes.iter().filter(|c| needs(consumer, c)) {
                let user = consumer.object(consumed.object);
                let missing = in_time(&order, supply, (consumer, user), consumed).is_some_and(|m| m.is_empty());
                if !missing || !seen.insert((consumed.kind, &consumed.namespace, &consumed.name)) {
                    continue;
                }
                let elsewhere =
                    environments.iter().filter(|(other, ..)| other != name).find_map(|(other, facts, supply)| {
                        let same = facts.iter().find(|f| f.release() == consumer.release())?;
                        let makers = in_time(&order, supply, (same, user), consumed)?;
                        let by_switch = makers
                            .iter()
                            .all(|(f, _)| f.release() != consumer.release() && switches.contains_key(f.release()));
                        (by_switch && !makers.is_empty()).then(|| (*other, makers[0]))
                    });
                if let Some((other, maker)) = elsewhere {
                    findings.push(finding(&order, consumer, consumed, other, maker, switches[maker.0.release()]));
                }
            }
        }
    }
}

fn needs(facts: &Facts, consumed: &Consumed) -> bool {
    !consumed.optional && is_installed(facts.object(consumed.object))
}

/// Who makes it in time; `None` where somebody outside the matrix does, or may.
fn in_time<'a>(
    order: &Order<'_>,
    supply: &Supply<'a>,
    consumer: (&Facts, &ObjectFact),
    need: &Consumed,
) -> Option<Vec<(&'a Facts, &'a Produced)>> {
    if supply.may_be_created(consumer.0, need.kind, &need.name) {
        return None;
    }
    let mut makers = Vec::new();
    for producer in supply.producers(need.kind, &need.namespace, &need.name) {
        match producer {
            Producer::Made { produced, .. } if produced.certainty == Certainty::Perhaps => return None,
            Producer::Made { facts, produced } if produced.certainty != Certainty::Merges => {
                if order.timing((facts, produced), consumer) == Timing::InTime {
                    makers.push((facts, produced));
                }
            }
            Producer::Made { .. } => {}
            Producer::External(_) | Producer::Cluster => return None,
        }
    }
    Some(makers)
}

fn finding(
    order: &Order<'_>,
    consumer: &Facts,
    need: &Consumed,
    elsewhere: &str,
    maker: (&Facts, &Produced),
    switch: &Off,
) -> Finding {
    let (release, by) = (consumer.release(), maker.0.release());
    let user = consumer.object(need.object);
    let what = if need.kind == Kind::Secret { "Secret" } else { "object" };
    RULE.finding(format!("{release} needs {} {}, whose producer {by} may be off", need.kind, need.name))
        .identity(format!("{release} {} {}/{} {by}", need.kind, need.namespace, need.name))
        .at(switch.place.clone())
        .label(format!("{by} is off in {}, {release} is on", switch.env))
        .note(format!("layer {}: {} {}", order.layer(release), user.told(), need.told(consumer)))
        .note(format!(
            "in {elsewhere}: {} of {by}, layer {}, produces it in time",
            maker.0.object(maker.1.object).short(),
            order.layer(by)
        ))
        .help(format!(
            "produce the {what} in a release that is on wherever {release} is, or switch {release} off in {}, too",
            switch.env
        ))
        .shown(places::in_render(consumer, need.object, &need.path, need.line))
}
