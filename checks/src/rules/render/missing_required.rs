//! `render/missing-required`.

use crate::model::Severity;
use crate::rules::{Check, Rule};

/// The rule.
pub static RULE: Rule = Rule {
    id: "render/missing-required",
    severity: Severity::Error,
    summary: "values that the chart requires are missing",
    check: Check::Program,
    doc: "\
## What it finds
A cell whose values lack something that the chart asks for with `required`. Helm stops at the first; the others are listed
by one `helm lint` of the same values, as far as it gets: \"at least these\".

## Why it matters
The chart's author says that there is no safe default; without the value nothing can be installed.

## Example
`{{ required \"set config.bucket\" .Values.config.bucket }}` and an overlay without `config.bucket`.

## What to do instead
Set each listed value in the overlay of the cells that the finding names.

## When it stays silent
`helm lint` exits 0 on missing values and is never the verdict: `helm template` is.
",
};
