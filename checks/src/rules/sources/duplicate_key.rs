//! `sources/duplicate-key`.

use crate::model::{Place, Severity};
use crate::part;
use crate::rules::{Check, Rule, SourceView};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "sources/duplicate-key",
    severity: Severity::Error,
    summary: "a key stands twice in one map",
    check: Check::Source(check),
    doc: "\
## What it finds
A key that stands twice in one map of a YAML file: values, overlays, Chart.yaml, fixtures; also in values that stand as a text in
another tool's manifest, such as `values: |` of an Argo CD Application. Both places are shown.

## Why it matters
Helm takes the last one and says nothing. People read the first one, and edit it. Of two maps under one key everything in the first
is lost, since nothing is merged inside of one file.

## Example
```yaml
config: {logLevel: info}
image: {tag: v2}
config: {replicas: 3}      # config.logLevel is gone
```

## What to do instead
Keep one of the two, with the content of both.

## When it stays silent
In templates, which are no YAML before they are rendered. For the same key in different maps, and for several merge keys (`<<`).
",
};

fn check(view: &SourceView<'_>, findings: &mut Vec<Finding>) {
    let in_texts = part::all_in(view.matrix, view.path, view.text);
    let in_texts = in_texts.iter().flat_map(|taken| &taken.duplicates);
    for duplicate in view.documents.iter().flat_map(|document| &document.duplicates).chain(in_texts) {
        findings.push(
            RULE.finding(format!("`{}` stands twice in this map", duplicate.key))
                .at(Place::new(view.path, duplicate.second))
                .label("this one counts")
                .related(Place::new(view.path, duplicate.first), "this one is lost")
                .help("keep one of the two, with the content of both"),
        );
    }
}
