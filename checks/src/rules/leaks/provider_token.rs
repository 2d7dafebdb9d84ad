//! `leaks/provider-token`.

use crate::model::Severity;
use crate::rules::{Check, Rule};
use leaks::LeakRule;

/// The rule.
pub static RULE: Rule = Rule {
    id: "leaks/provider-token",
    severity: Severity::Error,
    summary: "a token with a known issuer's shape",
    check: Check::Source(|view, findings| super::of_source(&RULE, LeakRule::ProviderToken, view, findings)),
    doc: "\
## What it finds
A token that can be told by itself: GitHub, GitLab, AWS, Google, Azure, Slack, Stripe, Vault, npm, PyPI, OpenAI, Anthropic,
Langfuse and well over a hundred others, by their prefix, length and characters, anywhere: in values, templates, comments, notes, inside
base64 and inside text in text. Where a token carries a checksum (GitHub, npm), it must hold. A few issuers' keys have no
prefix (Datadog, Cloudflare, Algolia): the issuer's name must be part of the name that they stand under.

## Why it matters
Whoever can read the repository can use the token, and history keeps it after the line is gone. It must be revoked, not only
deleted.

## Example
```yaml
env:
  - name: GITHUB_TOKEN
    value: ghp_…
```

## What to do instead
Revoke the token at its issuer. Put a new one into Vault, read it with an `ExternalSecret`, refer to it with `secretKeyRef`.

## When it stays silent
Examples that issuers print in their own documentation; fillings such as `ghp_xxxxxxxx`; a token with a checksum that does not hold
(under a credential's name it is a `leaks/literal-credential` then); publishable keys (`pk_live_…`).
",
};
