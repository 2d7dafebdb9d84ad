//! `wiring/port-unresolved`.

use crate::facts::{is_builtin, pod_of};
use crate::model::Severity;
use crate::object::Object;
use crate::rules::{CellView, Check, Rule};
use crate::{nearest, places};
use finding::Finding;
use yaml::Node;

/// The rule.
pub static RULE: Rule = Rule {
    id: "wiring/port-unresolved",
    severity: Severity::Error,
    summary: "a probe or a Service names a port that no container has",
    check: Check::Cell(check),
    doc: "\
## What it finds
A probe or a lifecycle handler that names a port which its container does not have, and a Service whose `targetPort` names one that
no container has of the pods that it selects.

## Why it matters
A probe of an unknown port fails: the pod never gets ready, or is restarted again and again. A Service without the port has no
endpoint for it, and every connection is refused.

## Example
`readinessProbe: {httpGet: {path: /ready, port: htpp}}` beside `ports: [{name: http, containerPort: 8080}]`.

## What to do instead
Correct the name, or give the container's port that name.

## When it stays silent
For numbers, which need no declared port. For the probes of custom workloads. For Services without a selector, and for those that
select no pod of the release, or only pods of Jobs: an operator may make them.
",
};

const PROBES: &[&[&str]] = &[
    &["livenessProbe"],
    &["readinessProbe"],
    &["startupProbe"],
    &["lifecycle", "postStart"],
    &["lifecycle", "preStop"],
];

fn check(view: &CellView<'_>, findings: &mut Vec<Finding>) {
    for object in view.objects {
        if is_builtin(object) {
            probes(view, object, findings);
        }
        if object.id.group.is_empty() && object.id.kind == "Service" {
            service(view, object, findings);
        }
    }
}

fn probes(view: &CellView<'_>, object: &Object, findings: &mut Vec<Finding>) {
    let Some((path, pod)) = pod_of(object) else { return };
    for (within, container) in super::containers(path, pod) {
        let known = port_names(container);
        for probe in PROBES {
            for action in ["httpGet", "tcpSocket"] {
                let field: Vec<&str> = probe.iter().copied().chain([action, "port"]).collect();
                let Some((node, name)) = container.at(&field).and_then(|node| Some((node, name(node)?))) else {
                    continue;
                };
                if known.contains(&name) {
                    continue;
                }
                let owner = container.str_at(&["name"]).unwrap_or_default();
                let message =
                    format!("{} of container {owner} asks port {name}, which it does not have", probe.join("."));
                let path = format!("{within}.{}", field.join("."));
                findings.push(finding(view, object, (message, &path, name, node), &known));
            }
        }
    }
}

fn service(view: &CellView<'_>, service: &Object, findings: &mut Vec<Finding>) {
    let selector = service.root.at(&["spec", "selector"]).map(Node::entries).unwrap_or_default();
    if selector.is_empty() {
        return;
    }
    let selected = |pod: &&Object| {
        let labels = labels(pod);
        let equal = |key: Option<&str>, value: Option<&str>| {
            labels.is_some_and(|labels| key.and_then(|key| labels.get(key)).and_then(Node::text) == value)
        };
        pod.id.namespace == service.id.namespace && selector.iter().all(|e| equal(e.key.text(), e.value.text()))
    };
    let pods: Vec<&Object> =
        view.objects.iter().filter(|o| o.id.group != "batch" && pod_of(o).is_some()).filter(selected).collect();
    if pods.is_empty() {
        return;
    }
    let containers = pods.iter().filter_map(|o| pod_of(o)).flat_map(|(path, pod)| super::containers(path, pod));
    let known: Vec<&str> = containers.flat_map(|(_, container)| port_names(container)).collect();
    for (i, port) in service.root.at(&["spec", "ports"]).map(Node::items).unwrap_or_default().iter().enumerate() {
        let Some((node, name)) = port.get("targetPort").and_then(|node| Some((node, name(node)?))) else { continue };
        if !known.contains(&name) {
            let message =
                format!("Service {} leads to port {name}, which no container of {} has", service.id.name, told(&pods));
            let path = format!("spec.ports[{i}].targetPort");
            findings.push(finding(view, service, (message, &path, name, node), &known));
        }
    }
}

fn finding(
    view: &CellView<'_>,
    object: &Object,
    (message, path, name, node): (String, &str, &str, &Node),
    known: &[&str],
) -> Finding {
    let near = nearest::did_you_mean(name, known.iter().copied());
    let help = match known {
        _ if !near.is_empty() => near,
        [] => "give the port a name under `ports` of the container, or say its number".to_owned(),
        _ => format!("say one that is there: {}", known.join(", ")),
    };
    RULE.finding(message)
        .at(places::of_rendered(view.sources, view.cell, object, path, name))
        .label(format!("in {}", object.short()))
        .help(help)
        .shown(places::in_object(&view.cell.name(), object, path, node))
}

/// A port that is told by its name; one without a letter is a number.
fn name(port: &Node) -> Option<&str> {
    port.text().filter(|text| text.contains(|c: char| c.is_ascii_lowercase()))
}

fn port_names(container: &Node) -> Vec<&str> {
    let ports = container.get("ports").map(Node::items).unwrap_or_default();
    ports.iter().filter_map(|port| port.str_at(&["name"])).collect()
}

/// The labels of an object's pods.
fn labels(object: &Object) -> Option<&Node> {
    let (path, _) = pod_of(object)?;
    let steps = path.strip_suffix("spec").unwrap_or_default().split('.').filter(|step| !step.is_empty());
    object.root.at(&steps.chain(["metadata", "labels"]).collect::<Vec<&str>>())
}

fn told(pods: &[&Object]) -> String {
    pods.iter().map(|pod| pod.short()).collect::<Vec<String>>().join(", ")
}
