//! `leaks/literal-credential`.

use crate::model::Severity;
use crate::rules::{Check, Rule};
use leaks::LeakRule;

/// The rule.
pub static RULE: Rule = Rule {
    id: "leaks/literal-credential",
    severity: Severity::Error,
    summary: "a literal stands under a name that means a credential",
    check: Check::Source(|view, findings| super::of_source(&RULE, LeakRule::LiteralCredential, view, findings)),
    doc: "\
## What it finds
A value under a name that means a credential, judged together with the value's shape: keys of values files and manifests, name and
value pairs in env lists, parameters and JSON patches, ConfigMap entries, annotations, literals in templates (`default \"…\"`), `.env`,
properties, ini, TOML, XML, JSON, SQL and shell, rows that SQL inserts, here-documents, lists of strings,
also inside a value and inside base64; columns of tables (CSV, tabs, a page's), a string of code (`\"host=db password=…\"`), setters
and properties, what a comment or a page tells (`old token was: …`, `Login: admin / …`). In files and calls that have a place of
their own for it no name is needed: `.pgpass`, `.htpasswd`, Postfix' `sasl_passwd`, `[users]` of Shiro, `.erlang.cookie`,
`master.key`, `user:password` under the name of a user, the password behind the user in `login(…)`, `PDO(…)`, `getConnection(…)`.

Under a password's name any literal counts, weak ones too. Under a token's or a key's name the value must look random or at
least mix letters and digits. Under a name that only may mean a credential (`salt`, `stripeKey`) it must look random.

## Why it matters
Manifests and values are copied, rendered, logged and cached. Whoever reads one has the credential.

## Example
```yaml
postgresql:
  auth:
    password: …
```

## What to do instead
Take it from Vault: an `ExternalSecret` that reads the key, `existingSecret` or `secretKeyRef` where it is used.

## When it stays silent
References of every kind (`{{ … }}`, `$(VAR)`, `${VAR}`, SOPS' `ENC[…]`, `ref+vault://…`, `<path:…>`, `op://…`, Vault paths);
names that end in a word about the credential rather than the credential (Name, Ref, Path, File, TTL, Policy, Header, …), and maps
such as `secretKeyRef`, `existingSecret`; booleans, numbers, durations, paths, hosts, hashes, digests, public keys, sentences;
a field's name in another language; names of Secrets under a token's or secret's name. Files beside a chart that others publish, such as
its pages and its `ci/`: what they render into a cell is found in the render. (There a token of a known issuer, a private key and a
signed token are warnings.)
",
};
