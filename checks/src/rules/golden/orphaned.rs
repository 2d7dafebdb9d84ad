//! `golden/orphaned`.

use crate::model::Severity;
use crate::rules::{Check, Rule};

/// The rule.
pub static RULE: Rule = Rule {
    id: "golden/orphaned",
    severity: Severity::Error,
    summary: "a golden belongs to no installed cell",
    check: Check::Program,
    doc: "\
## What it finds
A file that `paths.golden` of the matrix file matches and that belongs to no cell, or to one that is off.

## Why it matters
It looks like something that is installed, and nothing keeps it true.

## Example
A release was switched off in production; its golden of production is still there.

## What to do instead
Delete it, or run `cargo xtask bless --allow-removed`, which deletes it and says so.

## When it stays silent
It looks at whole runs only: a run of some cells does not know the others.
",
};
