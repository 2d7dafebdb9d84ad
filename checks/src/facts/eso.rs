//! The External Secrets Operator: what its objects make, read and need.

use super::fields::{items, keys, line, node_at, text};
use super::{At, Certainty, How, Keys, Kind, Made, Needed, Read};
use yaml::Node;

/// The operator's API group.
pub const GROUP: &str = "external-secrets.io";

pub fn read(at: &mut At<'_>) {
    if at.object.id.group != GROUP {
        return;
    }
    let object = at.object;
    let root = &object.root;
    match object.id.kind.as_str() {
        "ExternalSecret" => {
            if let Some(spec) = root.get("spec") {
                let namespace = at.namespace();
                external_secret(at, spec, "spec", &namespace, &object.id.name);
            }
        }
        "ClusterExternalSecret" => cluster_external_secret(at, root),
        "PushSecret" => push_secret(at, root),
        "SecretStore" => {
            let namespace = at.namespace();
            store(at, Kind::Store, &namespace);
        }
        "ClusterSecretStore" => store(at, Kind::ClusterStore, "*"),
        _ => {}
    }
}

fn cluster_external_secret(at: &mut At<'_>, root: &Node) {
    let Some(spec) = node_at(root, "spec.externalSecretSpec") else { return };
    let name = text(root, "spec.externalSecretName").unwrap_or(&at.object.id.name).to_owned();
    let listed: Vec<String> = items(root, "spec.namespaces").iter().filter_map(Node::text).map(str::to_owned).collect();
    let namespaces = if listed.is_empty() { vec!["*".to_owned()] } else { listed };
    for (i, namespace) in namespaces.iter().enumerate() {
        if i == 0 {
            external_secret(at, spec, "spec.externalSecretSpec", namespace, &name);
        } else {
            makes(at, spec, "spec.externalSecretSpec", namespace, &name);
        }
    }
}

fn external_secret(at: &mut At<'_>, spec: &Node, path: &str, namespace: &str, name: &str) {
    makes(at, spec, path, namespace, name);
    let usual = store_ref(at, spec.get("secretStoreRef"), namespace, &format!("{path}.secretStoreRef"));
    for (i, entry) in items(spec, "data").iter().enumerate() {
        let path = format!("{path}.data[{i}]");
        let own = store_ref(at, entry.at(&["sourceRef", "storeRef"]), namespace, &format!("{path}.sourceRef.storeRef"));
        if let Some(remote) = entry.get("remoteRef") {
            let into = text(entry, "secretKey").map(str::to_owned);
            let fills = filled(spec, into.as_deref());
            push_read(at, remote, (into, fills), own.as_ref().or(usual.as_ref()), format!("{path}.remoteRef"));
        }
    }
    for (i, entry) in items(spec, "dataFrom").iter().enumerate() {
        let path = format!("{path}.dataFrom[{i}]");
        let own = store_ref(at, entry.at(&["sourceRef", "storeRef"]), namespace, &format!("{path}.sourceRef.storeRef"));
        let store = own.as_ref().or(usual.as_ref());
        if let Some(extract) = entry.get("extract") {
            push_read(at, extract, (None, filled(spec, None)), store, format!("{path}.extract"));
        } else if entry.get("find").is_some() {
            at.facts.reads.push(Read {
                object: at.index,
                into: None,
                fills: filled(spec, None),
                key: None,
                property: None,
                store: store.cloned().unwrap_or_default(),
                path: format!("{path}.find"),
                line: line(entry.span),
            });
        }
    }
    for (i, from) in items(spec, "target.template.templateFrom").iter().enumerate() {
        for (field, kind) in [("configMap", Kind::ConfigMap), ("secret", Kind::Secret)] {
            let Some(node) = from.get(field) else { continue };
            let keys = items(node, "items").iter().filter_map(|k| text(k, "key")).map(str::to_owned).collect();
            at.consume(Needed {
                kind,
                namespace: namespace.to_owned(),
                name: text(node, "name"),
                container: None,
                how: How::Source,
                keys,
                optional: false,
                path: format!("{path}.target.template.templateFrom[{i}].{field}.name"),
                line: line(node.span),
            });
        }
    }
}

fn push_read(
    at: &mut At<'_>,
    remote: &Node,
    (into, fills): (Option<String>, Option<Vec<String>>),
    store: Option<&String>,
    path: String,
) {
    at.facts.reads.push(Read {
        object: at.index,
        into,
        fills,
        key: text(remote, "key").map(str::to_owned),
        property: text(remote, "property").map(str::to_owned),
        store: store.cloned().unwrap_or_default(),
        path,
        line: line(remote.span),
    });
}

/// Notes the need of a store and returns it as `Kind/name`.
fn store_ref(at: &mut At<'_>, node: Option<&Node>, namespace: &str, path: &str) -> Option<String> {
    let node = node?;
    let name = text(node, "name")?;
    let written = text(node, "kind").unwrap_or("SecretStore");
    let (kind, namespace) = match written {
        "SecretStore" => (Kind::Store, namespace),
        "ClusterSecretStore" => (Kind::ClusterStore, ""),
        _ => return None,
    };
    at.consume(Needed {
        kind,
        namespace: namespace.to_owned(),
        name: Some(name),
        container: None,
        how: How::Store,
        keys: Vec::new(),
        optional: false,
        path: path.to_owned(),
        line: line(node.span),
    });
    Some(format!("{written}/{name}"))
}

fn makes(at: &mut At<'_>, spec: &Node, path: &str, namespace: &str, own: &str) {
    let kind = match text(spec, "target.manifest.kind") {
        None | Some("Secret") => Kind::Secret,
        Some("ConfigMap") => Kind::ConfigMap,
        Some(_) => return,
    };
    let certainty = match text(spec, "target.creationPolicy").unwrap_or("Owner") {
        "None" => return,
        "Merge" => Certainty::Merges,
        _ => Certainty::Sole,
    };
    let name_node = node_at(spec, "target.name").filter(|n| n.text().is_some_and(|t| !t.is_empty()));
    let name = name_node.and_then(Node::text).unwrap_or(own);
    let (path, line) = match name_node {
        Some(node) => (format!("{path}.target.name"), line(node.span)),
        None => ("metadata.name".to_owned(), at.facts.object(at.index).line),
    };
    let produced = super::names::pattern(name);
    at.produce(Made {
        kind,
        namespace: namespace.to_owned(),
        name: produced,
        keys: target_keys(spec),
        certainty,
        path: &path,
        line,
    });
}

/// The keys of what an `ExternalSecret` makes. A template with data of its own replaces what was read, unless it merges.
fn target_keys(spec: &Node) -> Keys {
    let mut read: Vec<String> =
        items(spec, "data").iter().filter_map(|d| text(d, "secretKey")).map(str::to_owned).collect();
    let mut open = !items(spec, "dataFrom").is_empty();
    let templated = keys(spec, "target.template.data");
    let template_from = !items(spec, "target.template.templateFrom").is_empty();
    if !templated.is_empty() || template_from {
        if text(spec, "target.template.mergePolicy") != Some("Merge") {
            read.clear();
            open = false;
        }
        read.extend(templated);
        open |= template_from;
    }
    if super::producers::filled_by_others(node_at(spec, "target.template.metadata")) {
        open = true;
    }
    let mut keys = Keys::closed(read);
    keys.open = open;
    keys
}

/// The keys in which a template puts what was read as `into` (all that was read, when `None`); nothing where no template does.
fn filled(spec: &Node, into: Option<&str>) -> Option<Vec<String>> {
    let templated = node_at(spec, "target.template.data").map(Node::entries).unwrap_or_default();
    let merges = text(spec, "target.template.mergePolicy") == Some("Merge");
    // What stands in a template elsewhere cannot be looked into.
    if templated.is_empty() || !items(spec, "target.template.templateFrom").is_empty() || (merges && into.is_none()) {
        return None;
    }
    let named = |entry: &&yaml::Entry| into.is_none_or(|into| names(entry.value.text().unwrap_or_default(), into));
    let mut keys: Vec<String> =
        templated.iter().filter(named).filter_map(|e| e.key.text()).map(str::to_owned).collect();
    keys.extend(into.filter(|_| merges).map(str::to_owned));
    keys.sort();
    keys.dedup();
    Some(keys)
}

/// Whether a template's text names a key as a whole word.
fn names(text: &str, key: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    text.match_indices(key).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(inside)
            && !text[at + key.len()..].chars().next().is_some_and(inside)
    })
}

fn push_secret(at: &mut At<'_>, root: &Node) {
    let namespace = at.namespace();
    for (i, node) in items(root, "spec.secretStoreRefs").iter().enumerate() {
        store_ref(at, Some(node), &namespace, &format!("spec.secretStoreRefs[{i}]"));
    }
    let Some(selector) = node_at(root, "spec.selector.secret") else { return };
    let keys = items(root, "spec.data").iter().filter_map(|d| text(d, "match.secretKey")).map(str::to_owned).collect();
    at.consume(Needed {
        kind: Kind::Secret,
        namespace,
        name: text(selector, "name"),
        container: None,
        how: How::Source,
        keys,
        optional: false,
        path: "spec.selector.secret.name".to_owned(),
        line: line(selector.span),
    });
}

/// A store exists, and needs its credentials. Those of a cluster-wide store may lie in any namespace.
fn store(at: &mut At<'_>, kind: Kind, namespace: &str) {
    let object = at.object;
    at.produce(Made {
        kind,
        namespace: object.id.namespace.clone(),
        name: object.id.name.clone(),
        keys: Keys::default(),
        certainty: Certainty::Sole,
        path: "metadata.name",
        line: line(object.span),
    });
    if let Some(provider) = node_at(&object.root, "spec.provider") {
        store_auth(at, provider, &mut "spec.provider".to_owned(), namespace);
    }
}

/// Every `{name, key}` below a provider is a Secret's key, but a `caProvider` says its kind, and a `serviceAccountRef` is one.
fn store_auth(at: &mut At<'_>, node: &Node, path: &mut String, namespace: &str) {
    for entry in node.entries() {
        let Some(key) = entry.key.text() else { continue };
        let length = path.len();
        path.push('.');
        path.push_str(key);
        let value = &entry.value;
        if let Some(name) = text(value, "name") {
            let kind = match (key, text(value, "type")) {
                ("serviceAccountRef" | "serviceAccount", _) => Some(Kind::ServiceAccount),
                ("caProvider", Some("ConfigMap")) => Some(Kind::ConfigMap),
                _ if text(value, "key").is_some() || key.ends_with("ecretRef") => Some(Kind::Secret),
                _ => None,
            };
            if let Some(kind) = kind {
                let keys = text(value, "key").filter(|_| kind != Kind::ServiceAccount);
                at.consume(Needed {
                    kind,
                    namespace: text(value, "namespace").unwrap_or(namespace).to_owned(),
                    name: Some(name),
                    container: None,
                    how: How::StoreAuth,
                    keys: keys.map(str::to_owned).into_iter().collect(),
                    optional: false,
                    path: format!("{path}.name"),
                    line: line(value.span),
                });
            }
        }
        store_auth(at, value, path, namespace);
        path.truncate(length);
    }
}
