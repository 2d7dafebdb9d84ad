//! `leaks/jwt`.

use crate::model::Severity;
use crate::rules::{Check, Rule};
use leaks::LeakRule;

/// The rule.
pub static RULE: Rule = Rule {
    id: "leaks/jwt",
    severity: Severity::Error,
    summary: "a signed token",
    check: Check::Source(|view, findings| super::of_source(&RULE, LeakRule::Jwt, view, findings)),
    doc: "\
## What it finds
Three parts of base64 with a header that names an algorithm, a payload and a signature; a Kubernetes service account's token
is named as such.

## Why it matters
A signed token is a credential until it expires, and those of service accounts made by hand never do.

## Example
```yaml
headers:
  Authorization: Bearer eyJ…
```

## What to do instead
Let the workload ask for a short-lived token (a projected service account token, a client credential from Vault).

## When it stays silent
Tokens without a signature; encrypted ones of five parts; the example of jwt.io.
",
};
