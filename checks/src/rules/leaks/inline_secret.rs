//! `leaks/inline-secret`.

use crate::model::Severity;
use crate::rules::{Check, Rule};
use leaks::LeakRule;

/// The rule.
pub static RULE: Rule = Rule {
    id: "leaks/inline-secret",
    severity: Severity::Error,
    summary: "a Secret holds a literal",
    check: Check::Source(|view, findings| super::of_source(&RULE, LeakRule::InlineSecret, view, findings)),
    doc: "\
## What it finds
`kind: Secret` with a literal in `data` (decoded, then judged) or `stringData`: under a name that means a credential any literal,
under another name a random one; registries' credentials in `.dockerconfigjson`; key stores; a literal in an
`ExternalSecret`'s `target.template`. Files inside a Secret are read as what they are: YAML, JSON, properties, `.env`.

## Why it matters
Base64 hides nothing. The Secret of a manifest is readable for everybody who can read the repository or the render.

## Example
```yaml
kind: Secret
stringData:
  password: …
```

## What to do instead
Replace the Secret by an `ExternalSecret` that produces it from Vault.

## When it stays silent
Encrypted values (SealedSecret, SOPS), references that something replaces before or in the cluster (`ref+vault://…`,
`<path:…>`, `{{ .password }}` in an `ExternalSecret`'s template), certificates, names, hosts, ports and other plain configuration.
",
};
