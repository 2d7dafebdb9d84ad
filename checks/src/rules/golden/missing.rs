//! `golden/missing`.

use crate::model::Severity;
use crate::rules::{Check, Rule};

/// The rule.
pub static RULE: Rule = Rule {
    id: "golden/missing",
    severity: Severity::Error,
    summary: "an installed cell has no golden",
    check: Check::Program,
    doc: "\
## What it finds
A cell that is installed and has no golden file. Nothing is written by itself: a render that nobody has seen is not accepted.

## Why it matters
Without a golden a change of this cell passes every review unseen.

## Example
A release is added to the matrix file and its goldens are not committed.

## What to do instead
Look at the render with `cargo xtask render CELL`, then `cargo xtask bless CELL`, and commit the file.

## When it stays silent
A cell that is `off` needs no golden, and must have none (`golden/orphaned`).
",
};
