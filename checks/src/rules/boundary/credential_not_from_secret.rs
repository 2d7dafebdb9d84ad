//! `boundary/credential-not-from-secret`.

use crate::model::Severity;
use crate::object::Object;
use crate::places;
use crate::rules::{CellView, Check, Rule};
use finding::Finding;
use leaks::names::{self, Class};
use leaks::shapes::{self, Shape};
use yaml::Node;

/// The rule.
pub static RULE: Rule = Rule {
    id: "boundary/credential-not-from-secret",
    severity: Severity::Error,
    summary: "an environment variable that means a credential but comes from a ConfigMap or a literal",
    check: Check::Cell(check),
    doc: "\
## What it finds
An environment variable whose name means a credential (`DATABASE_PASSWORD`, `API_TOKEN`, `CLIENT_SECRET`) and whose value is a
literal in the manifest, or comes from a ConfigMap by `configMapKeyRef` or `envFrom`.

## Why it matters
A ConfigMap is readable by whoever may look at the namespace, is printed by every tool, and is never rotated.

## Example
`{name: REDIS_PASSWORD, valueFrom: {configMapKeyRef: {name: cache, key: password}}}`.

## What to do instead
`valueFrom: {secretKeyRef: …}`, with an ExternalSecret behind it.

## When it stays silent
For names that only speak of a credential (`PASSWORD_FILE`, `TOKEN_TTL`, `SECRET_NAME`). For values that are none: empty,
booleans, numbers, durations, paths, URLs, hosts, names of Secrets and variables, `$(OTHER)`, placeholders
(which `leaks/placeholder` reports); for a token's name also words and what reads like the
name of an object. A ConfigMap of another release is judged by the variable's name alone under `configMapKeyRef`, and not at all
under `envFrom`.
",
};

fn check(view: &CellView<'_>, findings: &mut Vec<Finding>) {
    for object in view.objects {
        for (path, container) in super::containers(object) {
            let name = container.get("name").and_then(Node::text).unwrap_or_default();
            for (i, entry) in items(container, "env").iter().enumerate() {
                env(view, object, name, entry, &format!("{path}.env[{i}]"), findings);
            }
            for (i, source) in items(container, "envFrom").iter().enumerate() {
                env_from(view, object, name, source, &format!("{path}.envFrom[{i}]"), findings);
            }
        }
    }
}

fn items<'a>(node: &'a Node, field: &str) -> &'a [Node] {
    node.get(field).map(Node::items).unwrap_or_default()
}

fn env(view: &CellView<'_>, object: &Object, container: &str, entry: &Node, path: &str, findings: &mut Vec<Finding>) {
    let Some(name) = entry.get("name").and_then(Node::text) else { return };
    let Some(class) = credential(name) else { return };
    let from = entry.at(&["valueFrom", "configMapKeyRef"]);
    let origin = match (entry.get("value"), from) {
        (Some(value), _) if is_one(class, value) => "a literal".to_owned(),
        (None, Some(from)) => {
            let text = |field: &str| from.get(field).and_then(Node::text).unwrap_or_default();
            let known = super::config_map(view.objects, &object.id.namespace, text("name"));
            let value = known.and_then(|(_, data)| data.get(text("key")));
            if value.is_some_and(|value| !is_one(class, value)) {
                return;
            }
            format!("ConfigMap {}", text("name"))
        }
        _ => return,
    };
    findings.push(finding(view, object, container, name, &origin, (path, entry)));
}

fn env_from(
    view: &CellView<'_>,
    object: &Object,
    container: &str,
    source: &Node,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    let Some(map) = source.at(&["configMapRef", "name"]).and_then(Node::text) else { return };
    let prefix = source.get("prefix").and_then(Node::text).unwrap_or_default();
    let Some((holder, data)) = super::config_map(view.objects, &object.id.namespace, map) else { return };
    for entry in data.entries() {
        let Some(key) = entry.key.text() else { continue };
        let name = format!("{prefix}{key}");
        if credential(&name).is_some_and(|class| is_one(class, &entry.value)) {
            let mut finding = finding(view, object, container, &name, &format!("ConfigMap {map}"), (path, source));
            finding.place = Some(places::of_text_in_cell(view.sources, view.cell, holder.template.as_deref(), key));
            findings.push(finding);
        }
    }
}

fn finding(
    view: &CellView<'_>,
    object: &Object,
    container: &str,
    name: &str,
    origin: &str,
    (path, node): (&str, &Node),
) -> Finding {
    RULE.finding(format!("{name} means a credential and comes from {origin}"))
        .at(places::of_text_in_cell(view.sources, view.cell, object.template.as_deref(), name))
        .label(format!("container {container} of {}", object.short()))
        .help("take it from a Secret: valueFrom.secretKeyRef")
        .shown(super::shown(&view.cell.name(), object, path, node))
}

/// The class of a name that means a credential itself.
fn credential(name: &str) -> Option<Class> {
    let class = names::judge(name.as_bytes()).class;
    matches!(class, Class::Password | Class::Token).then_some(class)
}

/// Whether a value could be the credential that its name speaks of.
fn is_one(class: Class, value: &Node) -> bool {
    let text = value.text().unwrap_or_default();
    if value.is_null() || value.as_bool().is_some() {
        return false;
    }
    // A token that reads like the name of an object names something: `INITIAL_CLUSTER_TOKEN=etcd-cluster-1`.
    if class == Class::Token && shapes::is_object_name(text.as_bytes()) {
        return false;
    }
    match shapes::judge(text.as_bytes()) {
        Shape::Empty | Shape::Reference | Shape::Harmless | Shape::Name | Shape::Placeholder => false,
        Shape::Words | Shape::Digits | Shape::Sequence => class == Class::Password,
        Shape::Weak | Shape::Uuid | Shape::Strong => true,
    }
}
