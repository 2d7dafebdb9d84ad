//! One manifest of a render: its identity, the template it came from, its tree. `kind: List` is unfolded, a missing
//! namespace is the release's.

use yaml::{Document, Node, ParseError, Span};

/// What makes an object the same object in another render: (API group, kind, namespace, name).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// API group without the version; empty for core kinds.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace; empty for kinds that are known to be cluster-wide.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{} {}", self.kind, self.name)
        } else {
            write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
        }
    }
}

/// One manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Who it is.
    pub id: Identity,
    /// `apiVersion` as written.
    pub api_version: String,
    /// Path in Helm's `# Source:` comment, e.g. `agents/templates/service.yaml`.
    pub template: Option<String>,
    /// Its tree.
    pub root: Node,
    /// Its lines in the render.
    pub span: Span,
}

impl Object {
    /// `metadata.annotations[key]`.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.root.at(&["metadata", "annotations"])?.get(key)?.text()
    }

    /// `Kind/name`, short, for messages.
    pub fn short(&self) -> String {
        format!("{}/{}", self.id.kind, self.id.name)
    }
}

/// A document of a render that cannot be read as YAML.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    /// The template it came from, when the comment is there.
    pub template: Option<String>,
    /// Why.
    pub error: ParseError,
}

/// Reads a render. Documents without a kind (NOTES, comments) are left out; broken ones are returned beside the objects.
pub fn objects(render: &str, namespace: &str) -> (Vec<Object>, Vec<Broken>) {
    let (mut objects, mut broken) = (Vec::new(), Vec::new());
    for document in yaml::parse(render) {
        let template = document.source().map(str::to_owned);
        let Document { root, error, span, .. } = document;
        if let Some(error) = error {
            broken.push(Broken { template, error });
        } else if let Some(root) = root {
            unfold(root, span, template.as_ref(), namespace, &mut objects);
        }
    }
    (objects, broken)
}

fn unfold(root: Node, span: Span, template: Option<&String>, namespace: &str, objects: &mut Vec<Object>) {
    let Some(kind) = root.get("kind").and_then(Node::text).map(str::to_owned) else { return };
    let is_list = kind.ends_with("List") && root.get("items").is_some_and(Node::is_sequence);
    if is_list {
        for item in root.get("items").map(Node::items).unwrap_or_default() {
            unfold(item.clone(), item.span, template, namespace, objects);
        }
        return;
    }
    let api_version = root.get("apiVersion").and_then(Node::text).unwrap_or_default().to_owned();
    let group = api_version.split_once('/').map_or("", |(group, _)| group).to_owned();
    let name = root.at(&["metadata", "name"]).and_then(Node::text).unwrap_or_default().to_owned();
    let namespace = match root.at(&["metadata", "namespace"]).and_then(Node::text) {
        Some(explicit) if !explicit.is_empty() => explicit.to_owned(),
        _ if is_cluster_wide(&group, &kind) => String::new(),
        _ => namespace.to_owned(),
    };
    let id = Identity { group, kind, namespace, name };
    objects.push(Object { id, api_version, template: template.cloned(), root, span });
}

/// Kinds without a namespace, of Kubernetes itself and of operators that platform teams commonly run.
fn is_cluster_wide(group: &str, kind: &str) -> bool {
    match group {
        "" => matches!(kind, "Namespace" | "Node" | "PersistentVolume"),
        "external-secrets.io" | "cert-manager.io" | "kyverno.io" | "generators.external-secrets.io" => {
            kind.starts_with("Cluster")
        }
        "gateway.networking.k8s.io" => kind == "GatewayClass",
        "networking.k8s.io" => kind == "IngressClass",
        "rbac.authorization.k8s.io" => kind.starts_with("Cluster"),
        "apiextensions.k8s.io" | "admissionregistration.k8s.io" | "apiregistration.k8s.io" | "scheduling.k8s.io" => {
            true
        }
        "storage.k8s.io" => kind != "CSIStorageCapacity",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_unfolded_and_namespaces_defaulted() {
        let render = "---\n# Source: c/templates/l.yaml\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: a}\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: b}\n";
        let (objects, broken) = objects(render, "ameide");
        let names: Vec<String> = objects.iter().map(|o| o.id.to_string()).collect();
        assert_eq!(names, ["Service ameide/a", "Namespace b"]);
        assert_eq!(objects[0].template.as_deref(), Some("c/templates/l.yaml"));
        assert_eq!(objects[0].span.start.line, 6);
        assert!(broken.is_empty());
    }
}
