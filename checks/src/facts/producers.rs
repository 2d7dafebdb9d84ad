//! What Kubernetes' own objects and widespread annotations bring into being.

use super::fields::{items, keys, line, node_at, text};
use super::{At, Certainty, Keys, Kind, Made};
use crate::object::Object;
use yaml::Node;

/// Annotations of a Secret or `ConfigMap` by which somebody else fills in keys: prefixes.
const FILLED: &[&str] = &[
    "secret-generator.v1.mittwald.de/",
    "replicator.v1.mittwald.de/replicate-from",
    "reflector.v1.k8s.emberstack.com/reflects",
    "config.openshift.io/inject-trusted-cabundle",
    "service.beta.openshift.io/inject-cabundle",
    "vault.security.banzaicloud.io/",
    "cert-manager.io/allow-direct-injection",
];

/// Annotations by which a copy of a Secret or `ConfigMap` comes into other namespaces: prefixes.
const COPIED: &[&str] = &[
    "replicator.v1.mittwald.de/replicate-to",
    "reflector.v1.k8s.emberstack.com/reflection-auto-enabled",
    "kubed.appscode.com/sync",
    "config-syncer.appscode.com/sync",
];

/// Annotations of an Ingress or Gateway by which cert-manager issues its certificates.
const ISSUED: &[&str] = &["cert-manager.io/issuer", "cert-manager.io/cluster-issuer", "kubernetes.io/tls-acme"];

const TLS_KEYS: &[&str] = &["ca.crt", "tls.crt", "tls.key"];

/// Labels that only describe; any other may be what a controller looks for.
const DESCRIBING: &[&str] = &[
    "app",
    "chart",
    "component",
    "env",
    "environment",
    "heritage",
    "k8s-app",
    "name",
    "owner",
    "part-of",
    "project",
    "release",
    "service",
    "team",
    "tier",
    "version",
];

/// Whether a made Secret carries a label or a type by which a program finds it.
pub fn is_discovered(object: &Object) -> bool {
    let root = &object.root;
    let by_type = text(root, "type").is_some_and(|t| {
        matches!(t, "kubernetes.io/service-account-token" | "bootstrap.kubernetes.io/token")
            || t.starts_with("helm.sh/")
    });
    let labels = ["metadata.labels", "spec.target.template.metadata.labels", "spec.template.metadata.labels"];
    by_type
        || labels.iter().flat_map(|path| keys(root, path)).any(|label| {
            let described = label.starts_with("app.kubernetes.io/") || label.starts_with("helm.sh/");
            !described && !DESCRIBING.contains(&label.as_str())
        })
}

/// Whether annotations or labels (under `metadata`) say that somebody else adds keys.
pub fn filled_by_others(metadata: Option<&Node>) -> bool {
    has_prefix(metadata, FILLED)
}

fn has_prefix(metadata: Option<&Node>, prefixes: &[&str]) -> bool {
    let Some(metadata) = metadata else { return false };
    ["annotations", "labels"]
        .iter()
        .flat_map(|part| keys(metadata, part))
        .any(|key| prefixes.iter().any(|prefix| key.starts_with(prefix)))
}

pub fn read(at: &mut At<'_>) {
    match (at.object.id.group.as_str(), at.object.id.kind.as_str()) {
        ("", "Secret") => entries(at, Kind::Secret, &["data", "stringData"]),
        ("", "ConfigMap") => entries(at, Kind::ConfigMap, &["data", "binaryData"]),
        ("", "ServiceAccount") => itself(at, Kind::ServiceAccount),
        ("", "PersistentVolumeClaim") => itself(at, Kind::Claim),
        ("", "Service") => service(at),
        ("apps", "StatefulSet") => claims(at),
        ("networking.k8s.io" | "extensions", "Ingress") => ingress(at),
        ("gateway.networking.k8s.io", "Gateway") => gateway(at),
        ("cert-manager.io", "Certificate") => certificate(at),
        ("bitnami.com", "SealedSecret") => sealed_secret(at),
        _ => {}
    }
    if has_prefix(at.object.root.get("metadata"), COPIED) {
        copies(at);
    }
}

fn itself(at: &mut At<'_>, kind: Kind) {
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
}

/// A Secret or `ConfigMap`. One without entries is there to be filled by a program.
fn entries(at: &mut At<'_>, kind: Kind, parts: &[&str]) {
    let object = at.object;
    let mut known: Vec<String> = parts.iter().flat_map(|part| keys(&object.root, part)).collect();
    let token = text(&object.root, "type") == Some("kubernetes.io/service-account-token");
    if token {
        known.extend(["ca.crt", "namespace", "token"].map(str::to_owned));
    }
    let empty = known.is_empty();
    let mut keys = Keys::closed(known);
    keys.open = empty || filled_by_others(object.root.get("metadata"));
    let certainty = if empty { Certainty::Shared } else { Certainty::Sole };
    at.produce(Made {
        kind,
        namespace: object.id.namespace.clone(),
        name: object.id.name.clone(),
        keys,
        certainty,
        path: "metadata.name",
        line: line(object.span),
    });
}

/// Copies of what this object makes, in namespaces that its annotations choose.
fn copies(at: &mut At<'_>) {
    let index = at.index;
    let mut copies: Vec<_> = at
        .facts
        .produces
        .iter()
        .filter(|p| p.object == index && matches!(p.kind, Kind::Secret | Kind::ConfigMap))
        .cloned()
        .collect();
    for copy in &mut copies {
        "*".clone_into(&mut copy.namespace);
        copy.certainty = Certainty::Shared;
    }
    at.facts.produces.extend(copies);
}

fn service(at: &mut At<'_>) {
    let object = at.object;
    for annotation in
        ["service.beta.openshift.io/serving-cert-secret-name", "service.alpha.openshift.io/serving-cert-secret-name"]
    {
        if let Some(name) = object.annotation(annotation) {
            at.produce(Made {
                kind: Kind::Secret,
                namespace: object.id.namespace.clone(),
                name: name.to_owned(),
                keys: Keys::closed(["tls.crt", "tls.key"]),
                certainty: Certainty::Sole,
                path: &format!("metadata.annotations[{annotation}]"),
                line: line(object.span),
            });
        }
    }
}

/// The claims that a `StatefulSet` makes for each of its pods.
fn claims(at: &mut At<'_>) {
    let object = at.object;
    for template in items(&object.root, "spec.volumeClaimTemplates") {
        let Some(name) = text(template, "metadata.name") else { continue };
        at.produce(Made {
            kind: Kind::Claim,
            namespace: object.id.namespace.clone(),
            name: format!("{name}-{}-*", object.id.name),
            keys: Keys::default(),
            certainty: Certainty::Shared,
            path: "spec.volumeClaimTemplates",
            line: line(template.span),
        });
    }
}

fn is_issued(at: &At<'_>) -> bool {
    ISSUED.iter().any(|a| at.object.annotation(a).is_some_and(|value| !value.is_empty() && value != "false"))
}

fn issued(at: &mut At<'_>, namespace: &str, name: &str, path: &str, line: u32) {
    at.produce(Made {
        kind: Kind::Secret,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        keys: Keys::closed(TLS_KEYS.iter().copied()),
        certainty: Certainty::Shared,
        path,
        line,
    });
}

fn ingress(at: &mut At<'_>) {
    if !is_issued(at) {
        return;
    }
    let object = at.object;
    for (i, tls) in items(&object.root, "spec.tls").iter().enumerate() {
        if let Some(name) = text(tls, "secretName") {
            issued(at, &object.id.namespace, name, &format!("spec.tls[{i}].secretName"), line(tls.span));
        }
    }
}

fn gateway(at: &mut At<'_>) {
    if !is_issued(at) {
        return;
    }
    let object = at.object;
    for (i, listener) in items(&object.root, "spec.listeners").iter().enumerate() {
        for (j, node) in items(listener, "tls.certificateRefs").iter().enumerate() {
            if let Some(name) = text(node, "name") {
                let namespace = text(node, "namespace").unwrap_or(&object.id.namespace);
                let path = format!("spec.listeners[{i}].tls.certificateRefs[{j}]");
                issued(at, namespace, name, &path, line(node.span));
            }
        }
    }
}

fn certificate(at: &mut At<'_>) {
    let object = at.object;
    let Some(node) = node_at(&object.root, "spec.secretName") else { return };
    let mut known = TLS_KEYS.to_vec();
    for (store, files) in [("jks", ["keystore.jks", "truststore.jks"]), ("pkcs12", ["keystore.p12", "truststore.p12"])]
    {
        if super::fields::is_true(&object.root, &format!("spec.keystores.{store}.create")) {
            known.extend(files);
        }
    }
    for format in items(&object.root, "spec.additionalOutputFormats") {
        match text(format, "type") {
            Some("CombinedPEM") => known.push("tls-combined.pem"),
            Some("DER") => known.push("key.der"),
            _ => {}
        }
    }
    let copied = has_prefix(node_at(&object.root, "spec.secretTemplate"), COPIED);
    let namespaces = std::iter::once(object.id.namespace.clone()).chain(copied.then(|| "*".to_owned()));
    for (i, namespace) in namespaces.enumerate() {
        at.produce(Made {
            kind: Kind::Secret,
            namespace,
            name: node.text().unwrap_or_default().to_owned(),
            keys: Keys::closed(known.iter().copied()),
            certainty: if i == 0 { Certainty::Sole } else { Certainty::Shared },
            path: "spec.secretName",
            line: line(node.span),
        });
    }
}

fn sealed_secret(at: &mut At<'_>) {
    let object = at.object;
    let name = text(&object.root, "spec.template.metadata.name").unwrap_or(&object.id.name);
    let mut known = keys(&object.root, "spec.encryptedData");
    known.extend(keys(&object.root, "spec.template.data"));
    let copied = has_prefix(node_at(&object.root, "spec.template.metadata"), COPIED);
    let namespaces = std::iter::once(object.id.namespace.clone()).chain(copied.then(|| "*".to_owned()));
    for (i, namespace) in namespaces.enumerate() {
        at.produce(Made {
            kind: Kind::Secret,
            namespace,
            name: name.to_owned(),
            keys: Keys::closed(known.iter().cloned()),
            certainty: if i == 0 { Certainty::Sole } else { Certainty::Shared },
            path: "metadata.name",
            line: line(object.span),
        });
    }
}
