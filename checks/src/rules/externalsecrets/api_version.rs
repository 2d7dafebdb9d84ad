//! `externalsecrets/api-version`.

use crate::model::Severity;
use crate::places;
use crate::rules::{Check, EnvironmentView, Rule};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "externalsecrets/api-version",
    severity: Severity::Error,
    summary: "an ExternalSecret or store in another API version than the convention's",
    check: Check::Environment(check),
    doc: "\
## What it finds
An `ExternalSecret`, `ClusterExternalSecret`, `SecretStore` or `ClusterSecretStore` whose `apiVersion` is not the one that
`secrets.api` of the matrix file says; without such an entry, one in `v1alpha1`, which the operator serves no longer.

## Why it matters
The API server refuses a version that the operator has dropped, in the middle of a roll-out.

## Example
`apiVersion: external-secrets.io/v1beta1` under `secrets: {api: external-secrets.io/v1}`.

## What to do instead
Write the version of the convention; `v1` and `v1beta1` have the same fields.

## When it stays silent
For the operator's other kinds (`PushSecret`, generators), which have versions of their own. Without `secrets.api`, for
`v1beta1`.
",
};

const GROUP: &str = "external-secrets.io";
const KINDS: &[&str] = &["ExternalSecret", "ClusterExternalSecret", "SecretStore", "ClusterSecretStore"];

fn check(view: &EnvironmentView<'_>, findings: &mut Vec<Finding>) {
    let wanted = view.matrix.secrets.as_ref().and_then(|s| s.api.as_deref());
    for facts in view.facts {
        for (index, object) in (0u32..).zip(&facts.objects) {
            if object.group() != GROUP || !KINDS.contains(&object.kind.as_str()) {
                continue;
            }
            let outdated = wanted.map_or(object.api.ends_with("/v1alpha1"), |api| object.api != api);
            if outdated {
                let wanted = wanted.unwrap_or("external-secrets.io/v1");
                findings.push(
                    RULE.finding(format!("{} is written in {}", object.short(), object.api))
                        .at(place(view, facts, index))
                        .label(format!("the convention is {wanted}"))
                        .help(format!("write apiVersion: {wanted}"))
                        .shown(places::in_render(facts, index, "apiVersion", object.line)),
                );
            }
        }
    }
}

/// The template, or the values file that gives it the version.
fn place(view: &EnvironmentView<'_>, facts: &crate::facts::Facts, index: u32) -> crate::model::Place {
    places::of_text(view.sources, view.matrix, facts, index, "apiVersion", &facts.object(index).api)
}
