//! `golden/differs`.

use crate::model::Severity;
use crate::rules::{Check, Rule};

/// The rule.
pub static RULE: Rule = Rule {
    id: "golden/differs",
    severity: Severity::Error,
    summary: "a render is not its golden, byte for byte",
    check: Check::Program,
    doc: "\
## What it finds
A cell whose render is another text than its golden file. The comparison is byte for byte, so plain
`helm template … | diff - <golden>` says the same.

## Why it matters
The golden is what was reviewed. Any other render would reach the cluster unseen.

## Example
A values file sets `logLevel: debug`; the golden of that cell still says `info`.

## What to do instead
Look at the difference. When it is meant, `cargo xtask bless CELL` takes the render over, and the golden's diff is part of
the review. When it is not, undo the change in the chart or the values.

## When it stays silent
Where a cell has a `mask` with a reason, the masked paths are left out and objects are compared. With another Helm than the
pinned one (XTASK_HELM), objects are compared, since Helm's versions print blank lines differently.
",
};
