//! `wiring/claim-unresolved`.

use crate::facts::{Consumed, Facts, Kind, ObjectFact, same_namespace};
use crate::model::Severity;
use crate::rules::{Check, EnvironmentView, Rule};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "wiring/claim-unresolved",
    severity: Severity::Error,
    summary: "a PersistentVolumeClaim that a pod mounts and that nothing in the environment produces",
    check: Check::Environment(check),
    doc: "\
## What it finds
A pod with a volume whose `claimName` names a PersistentVolumeClaim that no release of the environment renders in that namespace.

## Why it matters
The pod stays `Pending`: `persistentvolumeclaim not found`.

## Example
`claimName: registry-data` where the chart renders the claim `registry`.

## What to do instead
Correct the name, or render the claim.

## When it stays silent
For the claims that a StatefulSet makes of its `volumeClaimTemplates`. Where a values file of the release names the claim under a
key that begins with `existing`, where a custom resource has or mentions its name, and where the environment renders no claim in that
namespace at all: then it is somebody else's. While a cell of the environment is unknown.
",
};

fn check(view: &EnvironmentView<'_>, findings: &mut Vec<Finding>) {
    let rendered = |namespace: &str| {
        let mut made = view.facts.iter().flat_map(|facts| &facts.produces);
        made.any(|made| made.kind == Kind::Claim && same_namespace(&made.namespace, namespace))
    };
    let by_resource = |name: &str| {
        let named = |facts: &&Facts| facts.objects.iter().any(|object| object.name == name && is_custom(object));
        view.facts.iter().any(|facts| facts.mentions(name) || named(facts))
    };
    let excused = |facts: &Facts, consumed: &Consumed| {
        !rendered(&consumed.namespace) || super::is_existing(view, facts, &consumed.name) || by_resource(&consumed.name)
    };
    super::unresolved_but(&RULE, Kind::Claim, view, &excused, findings);
}

/// Kinds that Kubernetes does not bring along; some make claims of their own name.
fn is_custom(object: &ObjectFact) -> bool {
    let group = object.group();
    group.contains('.') && !group.ends_with(".k8s.io")
}
