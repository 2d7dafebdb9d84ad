//! `guards/weak`.

use crate::model::Severity;
use crate::rules::{Check, Rule};

/// The rule.
pub static RULE: Rule = Rule {
    id: "guards/weak",
    severity: Severity::Warning,
    summary: "a guard accepts a blank or a placeholder, or does not say what is missing",
    check: Check::Program,
    doc: "\
## What it finds
A guard whose message does not name the value that is missing. A cell that passes a guard with a blank or with a placeholder such as
`changeme`. A value without which a template stops somewhere else (\"nil pointer\"), since no guard came first.

## Why it matters
\"a required value is missing\" sends people to read templates. A blank or a placeholder that passes a guard is as bad as none, and
harder to find.

## Example
`{{ required \"value missing\" .Values.database.existingSecret }}`

## What to do instead
Name the value's path in the message, and where to set it. Set real values.

## When it stays silent
When the last two keys of the path stand in the message. For values that are really set. As `guards/missing`, it is looked for on
demand.
",
};
