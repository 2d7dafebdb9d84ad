//! `order/produced-too-late`.

use std::collections::BTreeMap;

use crate::facts::{
    Certainty, Consumed, Facts, Kind, ObjectFact, Order, Produced, Producer, Supply, Timing, is_installed,
};
use crate::model::{Place, Severity};
use crate::places;
use crate::rules::{Check, EnvironmentView, Rule};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "order/produced-too-late",
    severity: Severity::Error,
    summary: "something consumes what is produced only after it",
    check: Check::Environment(check),
    doc: "\
## What it finds
A Secret, ConfigMap, ServiceAccount, PersistentVolumeClaim or secret store that is produced in the environment, but by nobody
who is sure to be installed before its consumer. Releases are ordered by their layers and, within one, by `after`; two
releases of one layer without `after` have no order. Within a release Helm runs the pre-install hooks first, by weight, then
sends everything else, then runs the post-install hooks: a pre-install hook can use only what an earlier pre-install hook of
its release made. For hooks of equal weight Helm's documentation says \"kind, then name\" and its code does \"name, then kind\";
the earlier one has to be earlier by both. A key that only a later `creationPolicy: Merge` adds counts as produced later.

## Why it matters
On a fresh cluster the hook fails and the installation with it, while on the cluster where it was developed everything had
been there for months.

## Example
`db-migrations` (layer 40, a pre-install hook) reads `graph-db-credentials`, whose ExternalSecret is part of `graph` (layer 60).

## What to do instead
Produce it in an earlier layer, or move the consumer behind the producer (a later layer, or `after` in the same one). Inside a
release: make the producer an earlier hook, or the consumer a post-install hook.

## When it stays silent
For what the same release makes for a plain workload (the kubelet waits), for a post-install hook, or for a hook that runs at
upgrades only. For `test` hooks and those of roll-back and deletion. For `optional: true`. For what the matrix file says
somebody outside produces, what an unknown operator may make, or a program that may create Secrets is told to. Between
releases, where the matrix states no order at all: one layer and no `after`. While a cell that could be the earlier producer is
unknown. Names that nothing produces are `wiring/*-unresolved`.
",
};

fn check(view: &EnvironmentView<'_>, findings: &mut Vec<Finding>) {
    let order = Order::of(view.matrix);
    let supply = Supply::of(view.matrix, &view.environment.name, view.facts.iter().copied());
    for facts in view.facts {
        if view.unknown.iter().any(|c| c.release == facts.release() || order.before(&c.release, facts.release())) {
            continue;
        }
        let mut late: BTreeMap<(Kind, &str, &str), Late<'_>> = BTreeMap::new();
        for consumed in facts.consumes.iter().filter(|c| !c.optional && is_installed(facts.object(c.object))) {
            let Some(found) = judge(&order, &supply, facts, consumed) else { continue };
            let slot = (consumed.kind, consumed.namespace.as_str(), consumed.name.as_str());
            late.entry(slot).and_modify(|known| known.users.push(consumed)).or_insert(found);
        }
        findings.extend(late.into_values().map(|late| finding(view, &order, facts, &late)));
    }
}

/// The nearest producer of something that comes too late.
struct Late<'a> {
    users: Vec<&'a Consumed>,
    maker: &'a Facts,
    produced: &'a Produced,
    timing: Timing,
    /// The key that is late, where the thing itself is in time.
    key: Option<&'a str>,
    /// How many producers there are.
    count: usize,
}

fn judge<'a>(order: &Order<'_>, supply: &Supply<'a>, facts: &Facts, consumed: &'a Consumed) -> Option<Late<'a>> {
    let producers = supply.producers(consumed.kind, &consumed.namespace, &consumed.name);
    let mut made = Vec::new();
    for producer in producers {
        match producer {
            Producer::Made { produced, .. } if produced.certainty == Certainty::Perhaps => return None,
            Producer::Made { facts, produced } => made.push((facts, produced)),
            Producer::External(_) | Producer::Cluster => return None,
        }
    }
    if supply.may_be_created(facts, consumed.kind, &consumed.name) {
        return None;
    }
    let user = facts.object(consumed.object);
    let makers: Vec<_> = made.iter().copied().filter(|(_, p)| p.certainty != Certainty::Merges).collect();
    if let Some(late) = nearest(order, facts, user, &makers, consumed, None) {
        return Some(late);
    }
    consumed.keys.iter().find_map(|key| {
        let setters: Vec<_> = made.iter().copied().filter(|(_, p)| p.keys.open || p.keys.known.contains(key)).collect();
        nearest(order, facts, user, &setters, consumed, Some(key))
    })
}

/// The producer that comes first, if even that one is too late.
fn nearest<'a>(
    order: &Order<'_>,
    facts: &Facts,
    user: &ObjectFact,
    makers: &[(&'a Facts, &'a Produced)],
    consumed: &'a Consumed,
    key: Option<&'a str>,
) -> Option<Late<'a>> {
    let timed = makers.iter().map(|maker| (order.timing(*maker, (facts, user)), order.layer(maker.0.release()), maker));
    let (timing, _, (maker, produced)) = timed.min_by_key(|(timing, layer, _)| (*timing, *layer))?;
    (timing != Timing::InTime).then_some(Late {
        users: vec![consumed],
        maker,
        produced,
        timing,
        key,
        count: makers.len(),
    })
}

fn finding(view: &EnvironmentView<'_>, order: &Order<'_>, facts: &Facts, late: &Late<'_>) -> Finding {
    let consumed = late.users[0];
    let user = facts.object(consumed.object);
    let maker = late.maker.object(late.produced.object);
    let (release, by) = (facts.release(), late.maker.release());
    let what = match late.key {
        Some(key) => format!("key {key} of {} {}", consumed.kind, consumed.name),
        None => format!("{} {}", consumed.kind, consumed.name),
    };
    let only = if late.count == 1 { "the only producer" } else { "the earliest of the producers" };
    let note =
        format!("in {}: {only} is {}, release {by}, layer {}", view.environment.name, maker.told(), order.layer(by));
    let mut finding = RULE
        .finding(format!("{release} starts before {what} can exist"))
        .identity(format!("{release} {what} in {}", consumed.namespace))
        .at(release_place(view, release))
        .label(format!("layer {}, {} {}", order.layer(release), user.told(), consumed.told(facts)))
        .related(
            places::of_maker(view.sources, view.matrix, late.maker, late.produced, &consumed.name),
            "produced here",
        )
        .note(note)
        .help(help(view, order, facts, late));
    for user in &late.users {
        finding = finding.shown(places::in_render(facts, user.object, &user.path, user.line));
    }
    finding
}

fn release_place(view: &EnvironmentView<'_>, release: &str) -> Place {
    view.matrix.release(release).map_or_else(|| Place::file(&view.matrix.file), |r| r.place.clone())
}

/// The two ways out.
fn help(view: &EnvironmentView<'_>, order: &Order<'_>, facts: &Facts, late: &Late<'_>) -> String {
    let (release, by) = (facts.release(), late.maker.release());
    let user = facts.object(late.users[0].object);
    let maker = late.maker.object(late.produced.object);
    let earlier = match bundle(view, order, release, late.produced.kind) {
        Some(bundle) => format!("render it in an earlier layer ({bundle}, layer {})", order.layer(bundle)),
        None => format!("render it in a release of an earlier layer than {}", order.layer(release)),
    };
    match late.timing {
        Timing::LaterInRelease => {
            let weight = user.hook.as_ref().map_or(0, |h| h.weight);
            format!(
                "make {} a pre-install hook with a weight below {weight}, or {} a post-install hook;\nor {earlier}",
                maker.short(),
                user.short()
            )
        }
        Timing::Unordered => format!("say `after: [{by}]` at {release}, or {earlier}"),
        Timing::LaterRelease | Timing::InTime => {
            let (own, other) = (order.layer(release), order.layer(by));
            if own == other {
                format!("{earlier}, or let {release} come after {by}")
            } else {
                format!("{earlier}, or let {release} come after {by} (a layer from {other} on)")
            }
        }
    }
}

/// The release before the consumer that makes most things of the kind through `ExternalSecret`s: where such things are kept.
fn bundle<'a>(view: &EnvironmentView<'a>, order: &Order<'_>, release: &str, kind: Kind) -> Option<&'a str> {
    let count = |facts: &Facts| {
        let external = |p: &&Produced| p.kind == kind && facts.object(p.object).kind == "ExternalSecret";
        facts.produces.iter().filter(external).count()
    };
    let candidates = view.facts.iter().filter(|f| order.before(f.release(), release) && count(f) > 0);
    candidates.max_by_key(|f| (count(f), std::cmp::Reverse(f.release()))).map(|f| f.release())
}
