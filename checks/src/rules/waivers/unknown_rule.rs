//! `waivers/unknown-rule`.

use crate::model::Severity;
use crate::rules::{Check, Rule};

/// The rule.
pub static RULE: Rule = Rule {
    id: "waivers/unknown-rule",
    severity: Severity::Error,
    summary: "a waiver names no rule, or one that cannot be waived",
    check: Check::Program,
    doc: "\
## What it finds
A waiver whose `rule` is not in the list that `cargo xtask explain` prints, or is one of the rules about waivers.

## Why it matters
It excuses nothing, and its author believes that it does.

## Example
`- {rule: leaks/jwts, where: charts/web/values.yaml, reason: a test key, until: 2026-09-30}`: the rule is `leaks/jwt`.

## What to do instead
Write the name that the finding shows in brackets. Rules are named one by one: a family or a pattern is no rule.

## When it stays silent
A run of some cells looks only at comments in files that these cells read.
",
};
