//! `wiring/mount-unresolved`.

use crate::facts::{is_builtin, pod_of};
use crate::model::Severity;
use crate::rules::{CellView, Check, Rule};
use crate::{nearest, places};
use finding::Finding;
use yaml::Node;

/// The rule.
pub static RULE: Rule = Rule {
    id: "wiring/mount-unresolved",
    severity: Severity::Error,
    summary: "a container mounts a volume that its pod does not have",
    check: Check::Cell(check),
    doc: "\
## What it finds
An entry of `volumeMounts` whose `name` is none of the pod's `volumes`, nor of the `volumeClaimTemplates` of its StatefulSet.

## Why it matters
Kubernetes refuses the object, in the middle of the installation: `volumeMounts[0].name: Not found`.

## Example
`volumeMounts: [{name: tmp, mountPath: /tmp}]` beside `volumes: [{name: temp, emptyDir: {}}]`.

## What to do instead
Give the two the same name, or add the volume.

## When it stays silent
For custom workloads, whose controllers may add volumes.
",
};

fn check(view: &CellView<'_>, findings: &mut Vec<Finding>) {
    for object in view.objects.iter().filter(|object| is_builtin(object)) {
        let Some((path, pod)) = pod_of(object) else { continue };
        let named = |node: &'_ Node| node.str_at(&["name"]).map(str::to_owned);
        let mut volumes: Vec<String> = items(pod, &["volumes"]).iter().filter_map(named).collect();
        let claims = items(&object.root, &["spec", "volumeClaimTemplates"]).iter();
        volumes.extend(claims.filter_map(|claim| claim.str_at(&["metadata", "name"])).map(str::to_owned));
        for (within, container) in super::containers(path, pod) {
            for (i, mount) in items(container, &["volumeMounts"]).iter().enumerate() {
                let Some(name) = mount.str_at(&["name"]).filter(|name| !volumes.iter().any(|volume| volume == name))
                else {
                    continue;
                };
                let path = format!("{within}.volumeMounts[{i}].name");
                let near = nearest::did_you_mean(name, volumes.iter().map(String::as_str));
                let help =
                    if near.is_empty() { "add the volume to the pod, or correct the name".to_owned() } else { near };
                let container = container.str_at(&["name"]).unwrap_or_default();
                findings.push(
                    RULE.finding(format!("container {container} mounts volume {name}, which its pod does not have"))
                        .at(places::of_rendered(view.sources, view.cell, object, &path, name))
                        .label(format!("in {}", object.short()))
                        .help(help)
                        .shown(places::in_object(&view.cell.name(), object, &path, mount)),
                );
            }
        }
    }
}

fn items<'a>(node: &'a Node, path: &[&str]) -> &'a [Node] {
    node.at(path).map(Node::items).unwrap_or_default()
}
