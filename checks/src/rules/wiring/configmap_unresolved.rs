//! `wiring/configmap-unresolved`.

use crate::facts::Kind;
use crate::model::Severity;
use crate::rules::{Check, EnvironmentView, Rule};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "wiring/configmap-unresolved",
    severity: Severity::Error,
    summary: "a ConfigMap that something refers to and that nothing in the environment produces",
    check: Check::Environment(check),
    doc: "\
## What it finds
A reference to a ConfigMap (`env`, `envFrom`, volumes, projected volumes, the CA of a secret store, an ExternalSecret's
`templateFrom`) for which no release of the environment has a producer in that namespace.

## Why it matters
The pod stays in `CreateContainerConfigError` or its volume is never mounted.

## Example
`configMapRef: {name: agents-conf}` where the chart renders `agents-config`.

## What to do instead
Correct the name or render the ConfigMap.

## When it stays silent
For `optional: true`; for what every cluster has (`kube-root-ca.crt`, the usual ones of `kube-system`); where a program is told
the name and may create ConfigMaps; for what an operator is known to make; for `secrets.external` entries of that name; and
while a cell of the environment is unknown.
",
};

fn check(view: &EnvironmentView<'_>, findings: &mut Vec<Finding>) {
    super::unresolved(&RULE, Kind::ConfigMap, view, findings);
}
