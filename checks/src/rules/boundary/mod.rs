//! The boundaries: configuration and credentials, one environment and another.

pub mod config_in_secret;
pub mod credential_not_from_secret;
pub mod environment_branch;
pub mod environment_in_defaults;
pub mod foreign_environment;
mod hosts;
mod template;
pub mod unclassified;

use crate::object::Object;
use crate::places::in_object as shown;
use yaml::Node;

/// The `data` of a `ConfigMap` of this cell, by name and namespace.
fn config_map<'a>(objects: &'a [Object], namespace: &str, name: &str) -> Option<(&'a Object, &'a Node)> {
    let found = objects.iter().find(|o| {
        o.id.group.is_empty() && o.id.kind == "ConfigMap" && o.id.namespace == namespace && o.id.name == name
    })?;
    Some((found, found.root.get("data")?))
}

/// The containers of an object with their dotted paths.
fn containers(object: &Object) -> Vec<(String, &Node)> {
    let Some((path, pod)) = crate::facts::pod_of(object) else { return Vec::new() };
    let mut found = Vec::new();
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for (i, container) in pod.get(list).map(Node::items).unwrap_or_default().iter().enumerate() {
            found.push((format!("{path}.{list}[{i}]"), container));
        }
    }
    found
}
