//! `waivers/stale`.

use crate::model::Severity;
use crate::rules::{Check, Rule};

/// The rule.
pub static RULE: Rule = Rule {
    id: "waivers/stale",
    severity: Severity::Error,
    summary: "a waiver excuses nothing any more",
    check: Check::Program,
    doc: "\
## What it finds
An entry of the waivers file, or a comment `xtask:allow`, that no finding matches.

## Why it matters
What it excused is mended, or has moved. Left in place, it would silently excuse the same fault when it comes back.

## Example
`- {rule: leaks/jwt, where: charts/web/values.yaml, reason: a test key, until: 2026-09-30}` after the test key was removed.

## What to do instead
Delete the entry or the comment. If the finding has only moved, correct `where`.

## When it stays silent
In a run of some cells, of some checks, or one that was stopped: it cannot know what the rest would have found. While a cell
that the waiver may be about does not render. When its rule is switched off in the matrix file. Of several shards one tells it: of a
`where` that names cells the shard of the first of them, of any other the first shard. That shard looks at the cells of other shards
which the waiver may be about.
",
};
