//! `leaks/password-in-url`.

use crate::model::Severity;
use crate::rules::{Check, Rule};
use leaks::LeakRule;

/// The rule.
pub static RULE: Rule = Rule {
    id: "leaks/password-in-url",
    severity: Severity::Error,
    summary: "a password inside a URL or connection string",
    check: Check::Source(|view, findings| super::of_source(&RULE, LeakRule::PasswordInUrl, view, findings)),
    doc: "\
## What it finds
User information with a literal password in a URL (`postgres://user:password@host`), in a Go data source name
(`user:password@tcp(host)`), in an Oracle thin URL; percent-encoding is undone.

## Why it matters
URLs are thought of as configuration and land in ConfigMaps, logs and error messages, with the password in them.

## Example
```yaml
DATABASE_URL: postgres://app:…@db:5432/app
```

## What to do instead
Build the URL where it is used from parts, the password from a Secret: `postgres://app:$(DB_PASSWORD)@db:5432/app`; or keep
the whole URL in Vault and read it with an `ExternalSecret`.

## When it stays silent
`$(VAR)`, `${VAR}`, `{{ … }}`, `<password>` and the like in the password's place; `user:pass@host` in comments and pages.
",
};
