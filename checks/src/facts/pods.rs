//! What pods consume, wherever a pod is described: by a Pod, by a workload's template, by a custom workload of the same shape.

use super::fields::{items, line, text};
use super::{At, ContainerFact, How, Kind, Mount, Needed, Reload, Role};
use crate::object::Object;
use yaml::Node;

/// Where workloads keep their pod. Custom workloads (Rollout, `CloneSet`, Knative Service) follow the same shapes.
const TEMPLATES: &[&str] =
    &["spec.template.spec", "spec.jobTemplate.spec.template.spec", "spec.jobTargetRef.template.spec", "template.spec"];

/// Volumes that name a Secret of a storage driver, with the field.
const DRIVERS: &[(&str, &str)] = &[
    ("csi", "nodePublishSecretRef.name"),
    ("cephfs", "secretRef.name"),
    ("rbd", "secretRef.name"),
    ("iscsi", "secretRef.name"),
    ("flexVolume", "secretRef.name"),
    ("scaleIO", "secretRef.name"),
    ("storageos", "secretRef.name"),
    ("cinder", "secretRef.name"),
    ("azureFile", "secretName"),
];

/// The pod of an object with its dotted path.
pub fn pod_of(object: &Object) -> Option<(&'static str, &Node)> {
    if object.id.group.is_empty() && object.id.kind == "Pod" {
        return object.root.get("spec").map(|spec| ("spec", spec));
    }
    TEMPLATES.iter().find_map(|path| {
        let pod = super::fields::node_at(&object.root, path)?;
        pod.get("containers").is_some_and(Node::is_sequence).then_some((*path, pod))
    })
}

/// Whether Kubernetes itself knows the kind, so that no controller adds to its pods.
pub fn is_builtin(object: &Object) -> bool {
    matches!(object.id.group.as_str(), "" | "apps" | "batch")
}

pub fn read(at: &mut At<'_>) {
    let object = at.object;
    let Some((path, pod)) = pod_of(object) else { return };
    let first = u32::try_from(at.facts.containers.len()).unwrap_or(u32::MAX);
    for (list, role) in
        [("initContainers", Role::Init), ("containers", Role::Main), ("ephemeralContainers", Role::Ephemeral)]
    {
        for (i, container) in items(pod, list).iter().enumerate() {
            read_container(at, container, role, &format!("{path}.{list}[{i}]"));
        }
    }
    let containers: Vec<&Node> =
        ["initContainers", "containers", "ephemeralContainers"].iter().flat_map(|list| items(pod, list)).collect();
    for (i, volume) in items(pod, "volumes").iter().enumerate() {
        let mounts = mounts(&containers, first, text(volume, "name").unwrap_or_default());
        read_volume(at, volume, &mounts, &format!("{path}.volumes[{i}]"));
    }
    for (i, pull) in items(pod, "imagePullSecrets").iter().enumerate() {
        reference(at, pull, Kind::Secret, How::ImagePull, format!("{path}.imagePullSecrets[{i}].name"));
    }
    let account = ["serviceAccountName", "serviceAccount"].iter().find(|field| text(pod, field).is_some());
    if let Some(field) = account {
        let node = pod.get(field);
        let (namespace, line) = (at.namespace(), node.map_or(0, |n| line(n.span)));
        at.consume(Needed {
            kind: Kind::ServiceAccount,
            namespace,
            name: text(pod, field),
            container: None,
            how: How::Account,
            keys: Vec::new(),
            optional: false,
            path: format!("{path}.{field}"),
            line,
        });
    }
}

/// A reference by `name` in the object's own namespace.
pub fn reference(at: &mut At<'_>, node: &Node, kind: Kind, how: How, path: String) {
    let namespace = at.namespace();
    at.consume(Needed {
        kind,
        namespace,
        name: text(node, "name"),
        container: None,
        how,
        keys: Vec::new(),
        optional: false,
        path,
        line: line(node.span),
    });
}

fn read_container(at: &mut At<'_>, container: &Node, role: Role, path: &str) {
    let index = u32::try_from(at.facts.containers.len()).unwrap_or(u32::MAX);
    let namespace = at.namespace();
    let mut env = Vec::new();
    for (i, entry) in items(container, "env").iter().enumerate() {
        let Some(name) = text(entry, "name") else { continue };
        env.push((name.to_owned(), line(entry.span)));
        for (field, kind) in [("secretKeyRef", Kind::Secret), ("configMapKeyRef", Kind::ConfigMap)] {
            let Some(from) = entry.at(&["valueFrom", field]) else { continue };
            at.consume(Needed {
                kind,
                namespace: namespace.clone(),
                name: text(from, "name"),
                container: Some(index),
                how: How::Env(name.to_owned()),
                keys: text(from, "key").map(str::to_owned).into_iter().collect(),
                optional: super::fields::is_true(from, "optional"),
                path: format!("{path}.env[{i}].valueFrom.{field}"),
                line: line(from.span),
            });
        }
    }
    for (i, source) in items(container, "envFrom").iter().enumerate() {
        for (field, kind) in [("secretRef", Kind::Secret), ("configMapRef", Kind::ConfigMap)] {
            let Some(from) = source.get(field) else { continue };
            at.consume(Needed {
                kind,
                namespace: namespace.clone(),
                name: text(from, "name"),
                container: Some(index),
                how: How::EnvFrom(text(source, "prefix").unwrap_or_default().to_owned()),
                keys: Vec::new(),
                optional: super::fields::is_true(from, "optional"),
                path: format!("{path}.envFrom[{i}].{field}"),
                line: line(from.span),
            });
        }
    }
    let name = text(container, "name").unwrap_or_default().to_owned();
    at.facts.containers.push(ContainerFact { object: at.index, name, role, env });
}

fn mounts(containers: &[&Node], first: u32, volume: &str) -> Vec<Mount> {
    let mut mounts = Vec::new();
    for (index, container) in (first..).zip(containers) {
        for mount in items(container, "volumeMounts").iter().filter(|m| text(m, "name") == Some(volume)) {
            mounts.push(Mount {
                container: index,
                path: text(mount, "mountPath").unwrap_or_default().to_owned(),
                sub_path: text(mount, "subPath").or_else(|| text(mount, "subPathExpr")).is_some(),
            });
        }
    }
    mounts
}

fn read_volume(at: &mut At<'_>, volume: &Node, mounts: &[Mount], path: &str) {
    for (field, name, kind) in [("secret", "secretName", Kind::Secret), ("configMap", "name", Kind::ConfigMap)] {
        if let Some(source) = volume.get(field) {
            files(at, source, name, kind, mounts, format!("{path}.{field}"));
        }
    }
    for (i, source) in items(volume, "projected.sources").iter().enumerate() {
        for (field, kind) in [("secret", Kind::Secret), ("configMap", Kind::ConfigMap)] {
            if let Some(from) = source.get(field) {
                files(at, from, "name", kind, mounts, format!("{path}.projected.sources[{i}].{field}"));
            }
        }
    }
    let namespace = at.namespace();
    let mut other = |kind, how, field: &str, inner: &str| {
        let Some(node) = volume.get(field) else { return };
        at.consume(Needed {
            kind,
            namespace: namespace.clone(),
            name: text(node, inner),
            container: None,
            how,
            keys: Vec::new(),
            optional: false,
            path: format!("{path}.{field}.{inner}"),
            line: line(node.span),
        });
    };
    other(Kind::Claim, How::Claim, "persistentVolumeClaim", "claimName");
    for (field, inner) in DRIVERS {
        other(Kind::Secret, How::Driver, field, inner);
    }
}

fn files(at: &mut At<'_>, source: &Node, name: &str, kind: Kind, mounts: &[Mount], path: String) {
    let namespace = at.namespace();
    let optional = super::fields::is_true(source, "optional");
    let keys = items(source, "items").iter().filter_map(|i| text(i, "key")).map(str::to_owned).collect();
    let needed = Needed {
        kind,
        namespace,
        name: text(source, name),
        container: None,
        how: How::Files(mounts.to_vec()),
        keys,
        optional,
        path,
        line: line(source.span),
    };
    at.consume(needed);
}

/// Annotations of a workload and of its pods that make a changed Secret reach the pods. Those for `ConfigMaps` alone do not.
pub fn reload(object: &Object) -> Option<Reload> {
    let (path, _) = pod_of(object)?;
    let of_pods = path.strip_suffix("spec").map(|template| format!("{template}metadata.annotations"));
    let mut reload = Reload::default();
    for place in ["metadata.annotations"].into_iter().chain(of_pods.as_deref()) {
        for entry in super::fields::node_at(&object.root, place).map(Node::entries).unwrap_or_default() {
            let (Some(key), Some(value)) = (entry.key.text(), entry.value.text()) else { continue };
            let (domain, rest) = key.split_once('/').unwrap_or(("", key));
            match (domain, rest) {
                ("reloader.stakater.com" | "secret.reloader.stakater.com", "auto")
                | ("wave.pusher.com", "update-on-config-change") => reload.auto |= value == "true",
                ("secret.reloader.stakater.com", "reload") => {
                    reload.named.extend(value.split(',').map(|n| n.trim().to_owned()).filter(|n| !n.is_empty()));
                }
                _ if key.to_ascii_lowercase().contains("checksum") => reload.checksums.push(key.to_owned()),
                _ => {}
            }
        }
    }
    (reload != Reload::default()).then_some(reload)
}
