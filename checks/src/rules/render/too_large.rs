//! `render/too-large`.

use crate::model::Severity;
use crate::rules::{Check, Rule};

/// The rule.
pub static RULE: Rule = Rule {
    id: "render/too-large",
    severity: Severity::Error,
    summary: "a render is larger than any chart should be",
    check: Check::Program,
    doc: "\
## What it finds
A cell that renders to more than 64 MiB. Helm is stopped there.

## Why it matters
A template that loops over too much fills the disk of every machine that renders it, and no cluster takes the result.

## Example
`{{ range until 100000000 }}` in a template.

## What to do instead
Look at the loops of the chart's templates.

## When it stays silent
Below that size.
",
};
