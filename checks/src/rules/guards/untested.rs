//! `guards/untested`.

use crate::model::Severity;
use crate::rules::{Check, Rule};

/// The rule.
pub static RULE: Rule = Rule {
    id: "guards/untested",
    severity: Severity::Warning,
    summary: "a guard could be deleted and no check would notice",
    check: Check::Program,
    doc: "\
## What it finds
Guards (`required`, `fail`) are taken out of a copy of the chart, one at a time, and the values that they guard are nulled again. A
guard is noticed when the copy behaves differently for a cell and `guards/missing` or a failed render would say so. One that nothing
would miss is a finding. What cannot be tried (a guard that no cell reaches, or that another one shadows) is listed as not mutated,
with the reason.

## Why it matters
A guard that can be deleted unseen will be, by somebody who tidies up. It may guard nothing any more.

## Example
`{{ $region := required \"set region\" .Values.region }}`, and nothing that is rendered uses `$region` any more.

## What to do instead
Delete the guard with what it guards, or let what is rendered depend on the value.

## When it stays silent
It costs a render for each guard and cell, and is looked for on demand only: `cargo xtask validate --mutate`.
",
};
