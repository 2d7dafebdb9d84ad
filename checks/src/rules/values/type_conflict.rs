//! `values/type-conflict`.

use crate::model::{Cell, Severity};
use crate::rules::{Check, MatrixView, Rule};
use crate::values::Lost;
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "values/type-conflict",
    severity: Severity::Error,
    summary: "a map and something else stand under one key",
    check: Check::Matrix(check),
    doc: "\
## What it finds
A key under which one file holds a map and another a scalar or a list. Both places are shown.

## Why it matters
Helm merges maps and replaces everything else. A scalar over a map throws all of the map away, in most places without a word;
a map over a scalar is skipped or wins, with a warning that nobody reads (\"skipped value for web.ingress: Not a table\").
Templates then read keys of something that has none.

## Example
```yaml
# charts/web/values.yaml
ingress: {enabled: false, host: \"\"}
# environments/staging/web.yaml
ingress: false          # meant: ingress.enabled
```

## What to do instead
Give the key one type everywhere. To take a default away, set its keys, or `null`.

## When it stays silent
`null` on either side: it deletes, and is meant to. Two scalars, or a scalar and a list. Conflicts between a chart that is vendored
and another below it, where neither place is yours to edit. A cell whose files cannot be read or which Helm refuses to merge.
",
};

fn check(view: &MatrixView<'_>, findings: &mut Vec<Finding>) {
    for cell in &view.matrix.cells {
        let values = (view.effective)(cell);
        for conflict in &values.conflicts {
            if vendored(cell, &conflict.winner.file) && vendored(cell, &conflict.loser.file) {
                continue;
            }
            let (label, related, help) = match conflict.lost {
                Lost::Map => (
                    "replaces the map as a whole",
                    "a map here, which is lost",
                    "set the keys inside of the map, or give the key one type in all files",
                ),
                Lost::Other => (
                    "a map here",
                    "no map here: Helm skips this value",
                    "give the key one type in all files; a default that is meant to be a map is `{}`",
                ),
            };
            findings.push(
                RULE.finding(format!("`{}` is a map in one place and none in another", conflict.path))
                    .at(conflict.winner.clone())
                    .label(label)
                    .related(conflict.loser.clone(), related)
                    .help(help)
                    .cell(cell.name()),
            );
        }
    }
}

/// Whether a file belongs to a chart below the cell's own.
fn vendored(cell: &Cell, file: &str) -> bool {
    file.strip_prefix(&cell.chart).is_some_and(|rest| rest.starts_with("/charts/"))
}
