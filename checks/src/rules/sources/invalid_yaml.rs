//! `sources/invalid-yaml`.

use crate::model::{Place, Severity};
use crate::rules::{Check, Rule, SourceView};
use crate::sources::SourceKind;
use finding::Finding;
use yaml::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "sources/invalid-yaml",
    severity: Severity::Error,
    summary: "a file is not the YAML that it should be",
    check: Check::Source(check),
    doc: "\
## What it finds
A YAML file that cannot be read, and a values file that holds something else than a map.

## Why it matters
Helm refuses every cell that reads it; a file that no cell reads today breaks the one that reads it tomorrow. A text editor shows
neither a tab nor a missing quote.

## Example
```yaml
config:
	logLevel: info        # a tab
```

## What to do instead
Correct the place that is shown; the error lies there or just before it.

## When it stays silent
For templates, which are no YAML before they are rendered. For a file of comments only. For files that are too large or too deep for
our own reader, which may be valid.
",
};

fn check(view: &SourceView<'_>, findings: &mut Vec<Finding>) {
    let values = matches!(view.source.kind, SourceKind::ChartValues | SourceKind::SharedValues | SourceKind::Overlay);
    for document in view.documents {
        if let Some(error) = document.error.as_ref().filter(|error| !error.limit) {
            findings.push(
                RULE.finding(format!("this is not valid YAML: {}", error.message))
                    .at(Place::new(view.path, Span { start: error.at, end: error.at }))
                    .help("correct it; the error lies here or just before"),
            );
        } else if let Some(root) = document.root.as_ref().filter(|root| values && !root.is_mapping() && !root.is_null())
        {
            findings.push(
                RULE.finding("a values file must hold a map")
                    .at(Place::new(view.path, root.span))
                    .label("this is none")
                    .help("write `key: value`"),
            );
        }
    }
}
