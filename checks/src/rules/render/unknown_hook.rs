//! `render/unknown-hook`.

use crate::model::{Place, Severity};
use crate::nearest;
use crate::rules::{Check, Rule, SourceView};
use crate::sources::SourceKind;
use crate::template;
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "render/unknown-hook",
    severity: Severity::Error,
    summary: "a hook that Helm does not know, so that the object is left out",
    check: Check::Source(check),
    doc: "\
## What it finds
A `helm.sh/hook` annotation, in a template or a values file, with a name that is no hook of Helm's. One such name among several is
enough.

## Why it matters
Helm leaves the whole object out, in `helm template` as in `helm install`, and says nothing: the migration never runs.

## Example
```yaml
helm.sh/hook: pre-instal,pre-upgrade
```

## What to do instead
Write the hook's name: `pre-install`, `post-install`, `pre-upgrade`, `post-upgrade`, `pre-rollback`, `post-rollback`, `pre-delete`,
`post-delete` or `test`.

## When it stays silent
For names that a template puts together, and for `crd-install`, `test-success` and `test-failure`, which charts have for Helm 2.
",
};

const ANNOTATION: &str = "helm.sh/hook";

const HOOKS: &[&str] = &[
    "pre-install",
    "post-install",
    "pre-upgrade",
    "post-upgrade",
    "pre-rollback",
    "post-rollback",
    "pre-delete",
    "post-delete",
    "test",
];

const OF_HELM_2: &[&str] = &["crd-install", "test-success", "test-failure"];

fn check(view: &SourceView<'_>, findings: &mut Vec<Finding>) {
    if !view.text.contains(ANNOTATION) {
        return;
    }
    if view.source.kind == SourceKind::Template {
        let code = template::without_comments(view.text);
        for (at, hooks) in written(&code) {
            let place = Place::new(view.path, template::span(view.text, &(at..at + hooks.len())));
            judge(hooks, &place, findings);
        }
    }
    for root in view.documents.iter().filter_map(|document| document.root.as_ref()) {
        root.leaves(&mut |steps, node| {
            if let Some(hooks) = node.text().filter(|_| steps.last().is_some_and(|last| last == ANNOTATION)) {
                judge(hooks, &Place::new(view.path, node.span), findings);
            }
        });
    }
}

fn judge(hooks: &str, place: &Place, findings: &mut Vec<Finding>) {
    if hooks.contains("{{") || hooks.trim().is_empty() {
        return;
    }
    for name in hooks.split(',').map(|name| name.trim().to_ascii_lowercase()) {
        if HOOKS.contains(&name.as_str()) || OF_HELM_2.contains(&name.as_str()) {
            continue;
        }
        let near = nearest::did_you_mean(&name, HOOKS.iter().copied());
        let help = if near.is_empty() { format!("Helm knows {}", HOOKS.join(", ")) } else { near };
        findings.push(
            RULE.finding(format!("Helm knows no hook `{name}` and leaves the object out"))
                .at(place.clone())
                .label("no hook of Helm's")
                .help(help),
        );
    }
}

/// What a template's lines give the annotation, each with its offset.
fn written(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(ANNOTATION) {
        let rest = &code[at + ANNOTATION.len()..];
        let line = rest.lines().next().unwrap_or_default();
        let Some(value) = line.trim_start_matches(['"', '\'']).strip_prefix(':') else { continue };
        let value = value.trim();
        let quoted = value.strip_prefix(['"', '\'']);
        let before = code[..at].rsplit('\n').next().unwrap_or_default().replace("{{", "");
        let end = match quoted {
            Some(inner) => inner.find(['"', '\'']),
            // In a flow map the next entry begins behind the comma.
            None if before.contains('{') => value.find([',', '}']),
            None => None,
        };
        let value = quoted.unwrap_or(value);
        let value = &value[..end.unwrap_or(value.len())];
        let start = at + ANNOTATION.len() + rest.find(value).unwrap_or_default();
        found.push((start, value));
    }
    found
}
