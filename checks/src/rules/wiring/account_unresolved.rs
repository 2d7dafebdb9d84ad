//! `wiring/account-unresolved`.

use crate::facts::{Facts, How, Kind, same_namespace};
use crate::model::Severity;
use crate::rules::{Check, EnvironmentView, Rule};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "wiring/account-unresolved",
    severity: Severity::Error,
    summary: "a ServiceAccount that pods run as and that nothing in the environment produces",
    check: Check::Environment(check),
    doc: "\
## What it finds
A pod whose `serviceAccountName` names a ServiceAccount that no release of the environment renders in that namespace.

## Why it matters
The workload is accepted and no pod ever starts: `error looking up service account: serviceaccount not found` stands in the events
of the ReplicaSet, where nobody looks.

## Example
`serviceAccountName: agents` in a chart whose `serviceaccount.yaml` has been deleted.

## What to do instead
Render the ServiceAccount, or correct the name.

## When it stays silent
For `default` and those that a platform puts into every namespace, and in `kube-system`. Where a values file of the release says
`create: false` below `serviceAccount`, or names the account under a key that begins with `existing`: then it is somebody else's.
Where the environment renders no ServiceAccount in that namespace at all. While a cell of the environment is unknown.
",
};

fn check(view: &EnvironmentView<'_>, findings: &mut Vec<Finding>) {
    let rendered = |namespace: &str| {
        let mut made = view.facts.iter().flat_map(|facts| &facts.produces);
        made.any(|made| made.kind == Kind::ServiceAccount && same_namespace(&made.namespace, namespace))
    };
    let excused = |facts: &Facts, consumed: &crate::facts::Consumed| {
        consumed.how != How::Account
            || consumed.namespace == "kube-system"
            || !rendered(&consumed.namespace)
            || super::is_existing(view, facts, &consumed.name)
            || super::in_values(view, facts, &is_switched_off)
    };
    super::unresolved_but(&RULE, Kind::ServiceAccount, view, &excused, findings);
}

fn is_switched_off(steps: &[String], text: &str) -> bool {
    let account = steps.iter().any(|step| step.contains("serviceaccount"));
    let switch = steps.last().is_some_and(|last| last.contains("create") || last.contains("enabled"));
    account && switch && text == "false"
}
