//! What objects other than pods and `ExternalSecrets` consume.

use super::fields::{is_true, items, line, node_at, text};
use super::{At, How, Kind, Needed, pods};
use yaml::Node;

/// Annotations of an Ingress by which a controller finds a Secret, as `name` or `namespace/name`.
const INGRESS_ANNOTATIONS: &[&str] = &[
    "nginx.ingress.kubernetes.io/auth-secret",
    "nginx.ingress.kubernetes.io/auth-tls-secret",
    "nginx.ingress.kubernetes.io/proxy-ssl-secret",
    "haproxy.org/auth-secret",
    "ingress.kubernetes.io/auth-secret",
];

/// Storage drivers that a `PersistentVolume` names a Secret for.
const VOLUME_REFS: &[&str] = &[
    "csi.nodePublishSecretRef",
    "csi.nodeStageSecretRef",
    "csi.controllerPublishSecretRef",
    "csi.controllerExpandSecretRef",
    "csi.nodeExpandSecretRef",
    "cephfs.secretRef",
    "rbd.secretRef",
    "iscsi.secretRef",
    "flexVolume.secretRef",
    "scaleIO.secretRef",
    "storageos.secretRef",
    "cinder.secretRef",
];

pub fn read(at: &mut At<'_>) {
    match (at.object.id.group.as_str(), at.object.id.kind.as_str()) {
        ("", "ServiceAccount") => service_account(at),
        ("", "PersistentVolume") => persistent_volume(at),
        ("networking.k8s.io" | "extensions", "Ingress") => ingress(at),
        ("gateway.networking.k8s.io", "Gateway") => gateway(at),
        ("gateway.networking.k8s.io", "BackendTLSPolicy") => backend_tls(at),
        ("monitoring.coreos.com", "Alertmanager") => alertmanager(at),
        ("cert-manager.io", "Certificate") => keystores(at),
        _ => {}
    }
}

fn service_account(at: &mut At<'_>) {
    let object = at.object;
    for (list, how) in [("secrets", How::AccountSecret), ("imagePullSecrets", How::ImagePull)] {
        for (i, node) in items(&object.root, list).iter().enumerate() {
            pods::reference(at, node, Kind::Secret, how.clone(), format!("{list}[{i}].name"));
        }
    }
}

fn persistent_volume(at: &mut At<'_>) {
    let object = at.object;
    for field in VOLUME_REFS {
        let Some(node) = node_at(&object.root, &format!("spec.{field}")) else { continue };
        secret(at, node, text(node, "namespace").unwrap_or("*"), How::Driver, Vec::new(), format!("spec.{field}.name"));
    }
}

fn ingress(at: &mut At<'_>) {
    let object = at.object;
    let namespace = at.namespace();
    for (i, tls) in items(&object.root, "spec.tls").iter().enumerate() {
        at.consume(Needed {
            kind: Kind::Secret,
            namespace: namespace.clone(),
            name: text(tls, "secretName"),
            container: None,
            how: How::Tls,
            keys: vec!["tls.crt".into(), "tls.key".into()],
            optional: false,
            path: format!("spec.tls[{i}].secretName"),
            line: line(tls.span),
        });
    }
    for annotation in INGRESS_ANNOTATIONS {
        let Some(node) = node_at(&object.root, "metadata.annotations").and_then(|a| a.get(annotation)) else {
            continue;
        };
        let value = node.text().unwrap_or_default();
        let (namespace, name) = value.split_once('/').unwrap_or((namespace.as_str(), value));
        at.consume(Needed {
            kind: Kind::Secret,
            namespace: namespace.to_owned(),
            name: Some(name),
            container: None,
            how: How::Annotation,
            keys: Vec::new(),
            optional: false,
            path: format!("metadata.annotations[{annotation}]"),
            line: line(node.span),
        });
    }
}

fn gateway(at: &mut At<'_>) {
    let object = at.object;
    for (i, listener) in items(&object.root, "spec.listeners").iter().enumerate() {
        for (j, node) in items(listener, "tls.certificateRefs").iter().enumerate() {
            if text(node, "group").is_some() || text(node, "kind").is_some_and(|k| k != "Secret") {
                continue;
            }
            let namespace = text(node, "namespace").unwrap_or(&object.id.namespace).to_owned();
            let keys = vec!["tls.crt".into(), "tls.key".into()];
            let path = format!("spec.listeners[{i}].tls.certificateRefs[{j}]");
            secret(at, node, &namespace, How::Tls, keys, path);
        }
    }
}

fn backend_tls(at: &mut At<'_>) {
    let object = at.object;
    for (i, node) in items(&object.root, "spec.validation.caCertificateRefs").iter().enumerate() {
        let kind = match text(node, "kind") {
            Some("ConfigMap") => Kind::ConfigMap,
            Some("Secret") => Kind::Secret,
            _ => continue,
        };
        pods::reference(at, node, kind, How::Tls, format!("spec.validation.caCertificateRefs[{i}].name"));
    }
}

/// The operator reads its configuration from a Secret of a fixed name, if there is one.
fn alertmanager(at: &mut At<'_>) {
    let object = at.object;
    if text(&object.root, "spec.configSecret").is_some() {
        return;
    }
    let (namespace, name) = (at.namespace(), format!("alertmanager-{}", object.id.name));
    at.consume(Needed {
        kind: Kind::Secret,
        namespace,
        name: Some(&name),
        container: None,
        how: How::Source,
        keys: Vec::new(),
        optional: true,
        path: "metadata.name".to_owned(),
        line: line(object.span),
    });
}

/// The passwords of a certificate's keystores.
fn keystores(at: &mut At<'_>) {
    let object = at.object;
    for store in ["jks", "pkcs12"] {
        let path = format!("spec.keystores.{store}.passwordSecretRef");
        let Some(node) = node_at(&object.root, &path) else { continue };
        if is_true(&object.root, &format!("spec.keystores.{store}.create")) {
            let namespace = at.namespace();
            let keys = text(node, "key").map(str::to_owned).into_iter().collect();
            secret(at, node, &namespace, How::Source, keys, path);
        }
    }
}

/// A Secret by `name` in a namespace that the reference says.
fn secret(at: &mut At<'_>, node: &Node, namespace: &str, how: How, keys: Vec<String>, path: String) {
    at.consume(Needed {
        kind: Kind::Secret,
        namespace: namespace.to_owned(),
        name: text(node, "name"),
        container: None,
        how,
        keys,
        optional: false,
        path,
        line: line(node.span),
    });
}
