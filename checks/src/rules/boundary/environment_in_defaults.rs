//! `boundary/environment-in-defaults`.

use super::hosts::Owners;
use crate::model::Severity;
use crate::places;
use crate::rules::{Check, Rule, SourceView};
use crate::sources::SourceKind;
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "boundary/environment-in-defaults",
    severity: Severity::Error,
    summary: "chart defaults or shared values that hold a host or address owned by one environment",
    check: Check::Source(check),
    doc: "\
## What it finds
A value in a chart's `values.yaml` or in a values file that all environments share which holds a host or address that an
environment's `owns` list names: the host itself or one below it, at label boundaries, or an address in a network. The longest
entry wins, so that `api.dev.example.org` is local's where local owns `dev.example.org` and production `example.org`.

## Why it matters
Whoever installs the chart without an overlay talks to that environment: a test run to the production database.

## Example
`publicUrl: https://threads.example.org` in `charts/values/platform/threads.yaml`.

## What to do instead
Leave the default empty, guard it with `required`, and set it in each overlay.

## When it stays silent
For words like \"production\": defaults that are safe for production are wanted. For keys, comments, addresses of people
(`ops@example.org`), hosts that all environments own, a registry's or API group's name that no list owns, and repositories whose
`owns` lists are empty.
",
};

fn check(view: &SourceView<'_>, findings: &mut Vec<Finding>) {
    if !matches!(view.source.kind, SourceKind::ChartValues | SourceKind::SharedValues) {
        return;
    }
    let owners = Owners::of(view.matrix);
    if owners.is_empty() {
        return;
    }
    for document in view.documents {
        let Some(root) = &document.root else { continue };
        root.leaves(&mut |path, node| {
            let Some(text) = node.text() else { return };
            for owned in owners.find(text) {
                // What is everybody's is no environment's own.
                if view.matrix.environments.iter().all(|env| owned.owners.contains(&env.name.as_str())) {
                    continue;
                }
                let path = path.join(".").replace(".[", "[");
                let mut finding = RULE
                    .finding(format!("{path} holds a host of {}: {}", owned.by(), owned.host))
                    .at(places::in_scalar(view.path, view.text, node, &|line| {
                        owners.find(line).iter().any(|other| other.host == owned.host)
                    }))
                    .label(owned.own_it())
                    .help(format!("leave {path} empty here, and set it in each environment's overlay"));
                finding.cells.clone_from(&view.source.cells);
                findings.push(finding);
            }
        });
    }
}
