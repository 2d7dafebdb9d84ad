//! `leaks/private-key`.

use crate::model::Severity;
use crate::rules::{Check, Rule};
use leaks::LeakRule;

/// The rule.
pub static RULE: Rule = Rule {
    id: "leaks/private-key",
    severity: Severity::Error,
    summary: "a private key",
    check: Check::Source(|view, findings| super::of_source(&RULE, LeakRule::PrivateKey, view, findings)),
    doc: "\
## What it finds
A PEM or OpenSSH block with a private key's label and a body, PGP's and PuTTY's private keys, an age identity
(`AGE-SECRET-KEY-1…`), also base64-encoded and inside JSON, as in a Google service account's file; the private part of a
JSON web key; base64 of an RSA key without a label.

## Why it matters
A private key proves an identity or opens encrypted files. Everything that trusts its public half trusts whoever has it.

## Example
```yaml
tls.key: |
  -----BEGIN PRIVATE KEY-----
  …
```

## What to do instead
Make a new pair and retire the old one. Let cert-manager issue what can be issued; keep the rest in Vault and read it with an
`ExternalSecret`.

## When it stays silent
Certificates, certificate requests and public keys; a block without a body, or with a template's action or a placeholder in it.
",
};
