//! `guards/missing`.

use crate::model::Severity;
use crate::rules::{Check, Rule};

/// The rule.
pub static RULE: Rule = Rule {
    id: "guards/missing",
    severity: Severity::Error,
    summary: "without a needed value the chart renders something that cannot work",
    check: Check::Program,
    doc: "\
## What it finds
Each value of a cell that is required, that names a Secret or that means a credential is taken away (set to null), one render each.
A render that succeeds all the same, and that holds an empty reference, an empty variable or a literal credential where the value was,
is a finding: the object and the path in it are named.

## Why it matters
What is missing is found by whoever forgot it, before the merge, or by a pod that starts with an empty password. A guard is the
cheapest place to find it.

## Example
```yaml
secretKeyRef:
  name: {{ .Values.database.existingSecret }}      # null renders `name:`
```

## What to do instead
`name: {{ required \"set database.existingSecret\" .Values.database.existingSecret }}`

## When it stays silent
It judges by what comes out: a default name of a Secret, an object that disappears with its switch, a reference that disappears as a
whole are no faults. Values inside of lists cannot be nulled one by one. It costs a render for each value and is looked for on demand:
`cargo xtask validate --check guards`; what did not change is not rendered again.
",
};
