//! `leaks/placeholder`.

use crate::model::Severity;
use crate::rules::{Check, Rule};
use leaks::LeakRule;

/// The rule.
pub static RULE: Rule = Rule {
    id: "leaks/placeholder",
    severity: Severity::Warning,
    summary: "a placeholder stands where a credential belongs",
    check: Check::Source(|view, findings| super::of_source(&RULE, LeakRule::Placeholder, view, findings)),
    doc: "\
## What it finds
`CHANGEME`, `<token>`, `your-api-key`, `xxxxxxxx` and the like under a name that means a credential, in a URL's password, in a
Secret.

## Why it matters
A placeholder is installed as it is when nobody replaces it, and everybody knows it.

## Example
```yaml
adminPassword: changeme
```

## What to do instead
Leave the value empty and guard it with `required`, or take it from Vault.

## When it stays silent
Comments and pages, `README.md.gotmpl` too; what a `*schema.json` says under `description`, `title` and `examples`; files beside a
chart that others publish (its pages, its `ci/`), which nobody installs; a plain noun under a token's or key's name (`secretKey: password` names a key).
",
};
