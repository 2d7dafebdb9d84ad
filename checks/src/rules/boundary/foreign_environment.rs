//! `boundary/foreign-environment`.

use std::collections::BTreeMap;

use super::hosts::Owners;
use crate::model::Severity;
use crate::places;
use crate::rules::{CellView, Check, Rule};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "boundary/foreign-environment",
    severity: Severity::Error,
    summary: "a render that holds a host or address owned by another environment",
    check: Check::Cell(check),
    doc: "\
## What it finds
A host or address in a render (also inside a ConfigMap's files, arguments, scripts, regular expressions) that the `owns` list of
another environment names: at label boundaries, the longest entry wins. `api.dev.example.org` lies under `example.org`, and is
local's nevertheless where local owns `dev.example.org`.

## Why it matters
Staging that talks to production's database, a log-in that redirects to another environment: the render is valid, and nobody
sees it before it runs.

## Example
`AUTH_URL: https://auth.example.org` in the render of `staging/www`, where production owns `example.org`.

## What to do instead
Set the environment's own host in its overlay. If the host serves all environments, let an `owns` list name something narrower.

## When it stays silent
For keys, API groups, finalizers, names of labels and annotations, addresses of people; for a host that the cell's own
environment owns, too; where no `owns` list says anything.
",
};

/// Fields that hold names of domains which are no hosts.
const NAMES: &[&str] =
    &["apiVersion", "apiGroups", "finalizers", "controllerName", "controller", "group", "provisioner"];

fn check(view: &CellView<'_>, findings: &mut Vec<Finding>) {
    let owners = Owners::of(view.matrix);
    if owners.is_empty() {
        return;
    }
    let mut found: BTreeMap<String, Finding> = BTreeMap::new();
    for object in view.objects {
        object.root.leaves(&mut |path, node| {
            let Some(text) = node.text() else { return };
            let field = path.iter().rev().find(|step| !step.starts_with('['));
            if field.is_some_and(|f| NAMES.contains(&f.as_str())) {
                return;
            }
            for owned in owners.find(text) {
                if owned.owners.contains(&view.cell.env.as_str()) {
                    continue;
                }
                let place = super::shown(&view.cell.name(), object, &path.join(".").replace(".[", "["), node);
                let finding = found.remove(&owned.host).unwrap_or_else(|| {
                    RULE.finding(format!("a host of {}: {}", owned.by(), owned.host))
                        .at(places::of_text_in_cell(view.sources, view.cell, object.template.as_deref(), &owned.host))
                        .label(format!("{}, the cell is in {}", owned.own_it(), view.cell.env))
                        .help(format!("set {}'s own host in its overlay", view.cell.env))
                });
                found.insert(owned.host, finding.shown(place));
            }
        });
    }
    findings.extend(found.into_values());
}
