//! `render/failed`.

use crate::model::Severity;
use crate::rules::{Check, Rule};

/// The rule.
pub static RULE: Rule = Rule {
    id: "render/failed",
    severity: Severity::Error,
    summary: "Helm refuses to render a cell",
    check: Check::Program,
    doc: "\
## What it finds
`helm template` ended with an error: a template that cannot be read or executed, a `fail`, values that break the chart's
schema, YAML that is none, a missing dependency.

## Why it matters
The deployment would stop at the same point, after the merge.

## Example
`{{ .Values.image.tag }}` where no values file has `image`.

## What to do instead
The finding shows the template's line and Helm's words; where the YAML is broken, the rendered lines around it.
`cargo xtask render CELL` repeats the one render.

## When it stays silent
A Helm that was killed or ran out of time is not a finding: the run then ends with exit code 2.
",
};
