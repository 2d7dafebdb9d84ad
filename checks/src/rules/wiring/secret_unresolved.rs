//! `wiring/secret-unresolved`.

use crate::facts::Kind;
use crate::model::Severity;
use crate::rules::{Check, EnvironmentView, Rule};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "wiring/secret-unresolved",
    severity: Severity::Error,
    summary: "a Secret that something refers to and that nothing in the environment produces",
    check: Check::Environment(check),
    doc: "\
## What it finds
A reference to a Secret in any of Kubernetes' ways (`env`, `envFrom`, volumes, projected volumes, CSI and other storage
drivers, `imagePullSecrets`, ServiceAccounts, Ingress and Gateway TLS, the credentials of a secret store, a PushSecret) for
which no release of the environment has a producer in that namespace. Producers are Secrets (SOPS-encrypted ones too),
ExternalSecrets and ClusterExternalSecrets, SealedSecrets, cert-manager's Certificates and its annotations on an Ingress or a
Gateway, Vault's own operator, database, message and identity operators, service-account tokens, and the `secrets.external`
entries of the matrix file. An ExternalSecret with `creationPolicy: Merge` or `None` does not make a Secret.

## Why it matters
The pod stays in `CreateContainerConfigError`, the hook fails, and nobody is told before the roll-out.

## Example
`secretKeyRef: {name: graph-db-credential, key: url}` where the ExternalSecret makes `graph-db-credentials`.

## What to do instead
Correct the name, add the producer, or, where somebody outside the matrix makes the Secret, say so:
`secrets: {external: [{secret: ameide-tls, keys: [tls.crt, tls.key], by: cert-manager}]}`.

## When it stays silent
For `optional: true`; for a name that is still a placeholder of another tool; where a custom resource of an operator that the
tool does not know names the same Secret under a field that speaks of one (its operator may make it); where a program is
told the name in its arguments or variables and its release gives it the right to create Secrets; where a role of the consumer's
own release allows to create Secrets of any name, since a job that issues certificates knows their names by heart; and while a cell of the
environment could not be rendered and has no golden, since it could be the producer. Of custom resources'
own references only the passwords of a Certificate's keystores are followed.
",
};

fn check(view: &EnvironmentView<'_>, findings: &mut Vec<Finding>) {
    super::unresolved(&RULE, Kind::Secret, view, findings);
}
