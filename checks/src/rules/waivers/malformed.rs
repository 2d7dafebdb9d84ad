//! `waivers/malformed`.

use crate::model::Severity;
use crate::rules::{Check, Rule};

/// The rule.
pub static RULE: Rule = Rule {
    id: "waivers/malformed",
    severity: Severity::Error,
    summary: "a comment `xtask:allow` lacks its rule, its date or its reason",
    check: Check::Program,
    doc: "\
## What it finds
A comment that begins with `xtask:allow` and is not of the form `xtask:allow RULE until=YYYY-MM-DD: reason`.

## Why it matters
It excuses nothing, and its author believes that it does. A waiver without a date would hold for ever, one without a reason
cannot be reviewed.

## Example
`password: demo  # xtask:allow leaks/literal-credential`

## What to do instead
`password: demo  # xtask:allow leaks/literal-credential until=2026-09-30: the demo database of the tutorial`

## When it stays silent
Where the words stand in a text and not at the start of a comment, and in Markdown. Entries of the waivers file are checked
when it is read: there a mistake ends the run with exit code 2.
",
};
