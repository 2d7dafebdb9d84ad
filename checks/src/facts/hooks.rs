//! `helm.sh/hook` and its companions.

use serde::{Deserialize, Serialize};

use crate::object::Object;

/// When Helm runs a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Event {
    /// Before anything of the release exists.
    PreInstall,
    /// After the release's objects were sent.
    PostInstall,
    /// Before an upgrade.
    PreUpgrade,
    /// After an upgrade.
    PostUpgrade,
    /// Before a roll-back.
    PreRollback,
    /// After a roll-back.
    PostRollback,
    /// Before an uninstall.
    PreDelete,
    /// After an uninstall.
    PostDelete,
    /// `helm test`.
    Test,
}

/// A hook's annotations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// When it runs, in the order of [`Event`].
    pub events: Vec<Event>,
    /// Its weight; smaller runs earlier.
    pub weight: i64,
    /// `helm.sh/hook-delete-policy` as written; Helm's own default when absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delete: Vec<String>,
}

impl Hook {
    /// Whether it runs at an event.
    pub fn at(&self, event: Event) -> bool {
        self.events.contains(&event)
    }
}

/// The hook annotations of an object, if Helm treats it as a hook.
pub fn read(object: &Object) -> Option<Hook> {
    let written = object.annotation("helm.sh/hook")?;
    let mut events: Vec<Event> = written.split(',').filter_map(|name| event(name.trim())).collect();
    events.sort_unstable();
    events.dedup();
    if events.is_empty() {
        return None;
    }
    let weight = object.annotation("helm.sh/hook-weight").and_then(|w| w.trim().parse().ok()).unwrap_or(0);
    let delete = object
        .annotation("helm.sh/hook-delete-policy")
        .map(|p| p.split(',').map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect())
        .unwrap_or_default();
    Some(Hook { events, weight, delete })
}

fn event(name: &str) -> Option<Event> {
    Some(match name.to_ascii_lowercase().as_str() {
        "pre-install" => Event::PreInstall,
        "post-install" => Event::PostInstall,
        "pre-upgrade" => Event::PreUpgrade,
        "post-upgrade" => Event::PostUpgrade,
        "pre-rollback" => Event::PreRollback,
        "post-rollback" => Event::PostRollback,
        "pre-delete" => Event::PreDelete,
        "post-delete" => Event::PostDelete,
        "test" | "test-success" | "test-failure" => Event::Test,
        _ => return None,
    })
}

/// The place of a kind in the order in which Helm sends objects; kinds that it does not know come last.
pub fn kind_order(kind: &str) -> usize {
    const ORDER: &[&str] = &[
        "PriorityClass",
        "Namespace",
        "NetworkPolicy",
        "ResourceQuota",
        "LimitRange",
        "PodSecurityPolicy",
        "PodDisruptionBudget",
        "ServiceAccount",
        "Secret",
        "SecretList",
        "ConfigMap",
        "StorageClass",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "CustomResourceDefinition",
        "ClusterRole",
        "ClusterRoleList",
        "ClusterRoleBinding",
        "ClusterRoleBindingList",
        "Role",
        "RoleList",
        "RoleBinding",
        "RoleBindingList",
        "Service",
        "DaemonSet",
        "Pod",
        "ReplicationController",
        "ReplicaSet",
        "Deployment",
        "HorizontalPodAutoscaler",
        "StatefulSet",
        "Job",
        "CronJob",
        "IngressClass",
        "Ingress",
        "APIService",
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
    ];
    ORDER.iter().position(|k| *k == kind).unwrap_or(ORDER.len())
}
