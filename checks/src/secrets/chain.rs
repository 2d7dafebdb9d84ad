//! The Secrets of one environment: who makes each, from which keys of a store, who uses it, and how a change takes effect.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::facts::{
    Certainty, Consumed, Event, Facts, How, Kind, Mount, Order, Producer, Role, Supply, same_namespace,
};
use crate::model::Matrix;

/// One Secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Secret {
    /// Its namespace; `*` where only the cluster knows.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Who makes it, in the order of installation; nobody, when nothing in the matrix does.
    pub makers: Vec<Maker>,
    /// Its keys, as far as they are known.
    pub keys: Vec<String>,
    /// There may be other keys.
    pub open: bool,
    /// Who uses it, in the order of installation.
    pub uses: Vec<Use>,
}

/// Who makes a Secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Maker {
    /// The release; `None` for what stands outside the matrix.
    pub release: Option<String>,
    /// Its layer.
    pub layer: Option<u32>,
    /// The object's kind; for what stands outside the matrix, who it is.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// The object's namespace.
    pub namespace: String,
    /// What it reads from a store.
    pub reads: Vec<Remote>,
}

impl Maker {
    /// Whether it is read from a store by External Secrets, so that it can be told to read again.
    pub fn is_external_secret(&self) -> bool {
        matches!(self.kind.as_str(), "ExternalSecret" | "ClusterExternalSecret")
    }
}

/// A key of a store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Remote {
    /// `Kind/name` of the store.
    pub store: String,
    /// The key as the `ExternalSecret` writes it; `*` when it takes what it finds.
    pub key: String,
    /// The key as people name it, without what the convention puts around it.
    pub name: String,
    /// The property of the key.
    pub property: Option<String>,
    /// The keys of the Secret that it fills; `None`: whatever is there.
    pub fills: Option<Vec<String>>,
}

/// One use of a Secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Use {
    /// Place in the order of installation: release, phase (hooks before, objects, hooks after), weight.
    #[serde(skip)]
    pub order: (usize, u8, i64),
    /// The release.
    pub release: String,
    /// Its layer.
    pub layer: u32,
    /// `Kind/name` of the workload or other object; empty where only a name is mentioned.
    pub object: String,
    /// Its namespace.
    pub namespace: String,
    /// Helm runs it as a hook.
    pub hook: bool,
    /// The container, if it is one that uses it.
    pub container: Option<String>,
    /// As what.
    #[serde(rename = "as")]
    pub way: Way,
    /// The keys; none: all that there are.
    pub keys: Vec<String>,
    /// It can do without.
    pub optional: bool,
    /// How a change reaches it.
    pub effect: Effect,
}

/// As what a Secret is used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "way", rename_all = "kebab-case")]
pub enum Way {
    /// An environment variable.
    Env {
        /// Its name.
        name: String,
    },
    /// All keys as environment variables.
    EnvFrom {
        /// What stands before each key.
        prefix: String,
    },
    /// A file, or a folder of files.
    File {
        /// Where it is mounted.
        path: String,
        /// A single file by `subPath`.
        sub_path: bool,
    },
    /// Credentials of an image registry.
    ImagePull,
    /// A certificate of an Ingress or a Gateway.
    Certificate,
    /// Anything that a controller reads by itself.
    Controller,
    /// Only its name is known to stand in a custom resource, an argument or an annotation.
    Mention,
}

impl Way {
    /// `env DATABASE_URL`, `file /etc/x/key`. The key is the one in question, if there is one.
    pub fn told(&self, key: Option<&str>) -> String {
        match (self, key) {
            (Self::Env { name }, _) => format!("env `{name}`"),
            (Self::EnvFrom { prefix }, Some(key)) => format!("env `{prefix}{key}`"),
            (Self::EnvFrom { prefix }, None) if prefix.is_empty() => "env, every key".to_owned(),
            (Self::EnvFrom { prefix }, None) => format!("env `{prefix}…`, every key"),
            (Self::File { path, .. }, _) if path.is_empty() => "volume that nothing mounts".to_owned(),
            (Self::File { path, sub_path: true }, _) => format!("file `{path}` (subPath)"),
            (Self::File { path, .. }, Some(key)) => format!("file `{key}` in `{path}`"),
            (Self::File { path, .. }, None) => format!("files in `{path}`"),
            (Self::ImagePull, _) => "image pull".to_owned(),
            (Self::Certificate, _) => "certificate".to_owned(),
            (Self::Controller, _) => "read by its controller".to_owned(),
            (Self::Mention, _) => "its name is mentioned".to_owned(),
        }
    }
}

/// How a changed Secret takes effect, the strongest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// The operator or controller that owns the object takes it up.
    OperatorManaged,
    /// At the next image pull.
    NextPull,
    /// The next run takes it.
    NextRun,
    /// The kubelet refreshes the file.
    Remounted,
    /// A reloader restarts the pods.
    Reloader,
    /// The pods must be restarted.
    Restart,
    /// The Job must run again.
    Rerun,
}

impl Effect {
    /// A few words for a column.
    pub fn told(self) -> &'static str {
        match self {
            Self::OperatorManaged => "operator-managed",
            Self::NextPull => "at the next image pull",
            Self::NextRun => "at its next run",
            Self::Remounted => "remounted: the kubelet refreshes it",
            Self::Reloader => "a reloader restarts it",
            Self::Restart => "restart needed",
            Self::Rerun => "job re-run needed",
        }
    }
}

/// The Secrets of one environment, by namespace and name. `facts` are those of its cells.
pub fn of_environment(matrix: &Matrix, environment: &str, facts: &[Facts]) -> Vec<Secret> {
    let supply = Supply::of(matrix, environment, facts);
    let order = Order::of(matrix);
    let positions = positions(matrix, &order);
    let mut secrets: BTreeMap<(String, String), Secret> = BTreeMap::new();
    for (namespace, name) in names(facts) {
        let mut secret = Secret {
            makers: Vec::new(),
            keys: Vec::new(),
            open: false,
            uses: Vec::new(),
            namespace: namespace.clone(),
            name: name.clone(),
        };
        makers(&supply.producers(Kind::Secret, &namespace, &name), matrix, &order, &mut secret);
        for cell in facts {
            let uses = cell
                .consumes
                .iter()
                .filter(|c| c.kind == Kind::Secret && c.name == name && same_namespace(&c.namespace, &namespace));
            let position = positions.get(cell.release()).copied().unwrap_or(usize::MAX);
            let known = secret.uses.len();
            secret.uses.extend(uses.flat_map(|c| uses_of(cell, c, position, order.layer(cell.release()))));
            let is_maker = secret.makers.iter().any(|m| m.release.as_deref() == Some(cell.release()));
            if secret.uses.len() == known && !is_maker && cell.mentions(&name) {
                secret.uses.push(mention(cell, position, order.layer(cell.release())));
            }
        }
        secret.uses.sort();
        secret.uses.dedup();
        secrets.insert((namespace, name), secret);
    }
    secrets.into_values().collect()
}

/// The place of each release in the order of installation.
fn positions<'a>(matrix: &'a Matrix, order: &Order<'_>) -> BTreeMap<&'a str, usize> {
    let mut positions = BTreeMap::new();
    for layer in &matrix.layers {
        let mut left: Vec<&str> = layer.releases.iter().map(String::as_str).collect();
        while !left.is_empty() {
            let first = left.iter().position(|r| !left.iter().any(|other| order.before(other, r))).unwrap_or(0);
            let next = positions.len();
            positions.insert(left.remove(first), next);
        }
    }
    positions
}

/// Every Secret that something makes or uses. What may lie in any namespace is taken to lie where it is made.
fn names(facts: &[Facts]) -> BTreeSet<(String, String)> {
    let made = facts
        .iter()
        .flat_map(|f| &f.produces)
        .filter(|p| p.kind == Kind::Secret && !p.name.contains('*') && p.certainty != Certainty::Perhaps);
    let used = facts.iter().flat_map(|f| &f.consumes).filter(|c| c.kind == Kind::Secret);
    let mut found: BTreeSet<(String, String)> = made.map(|p| (p.namespace.clone(), p.name.clone())).collect();
    found.extend(used.map(|c| (c.namespace.clone(), c.name.clone())));
    let somewhere: BTreeSet<String> = found.iter().filter(|(ns, _)| ns != "*").map(|(_, name)| name.clone()).collect();
    found.retain(|(namespace, name)| namespace != "*" || !somewhere.contains(name));
    found
}

fn makers(producers: &[Producer<'_>], matrix: &Matrix, order: &Order<'_>, secret: &mut Secret) {
    let certain =
        |p: &Producer<'_>| !matches!(p, Producer::Made { produced, .. } if produced.certainty == Certainty::Perhaps);
    let any_certain = producers.iter().any(certain);
    let mut keys = BTreeSet::new();
    for producer in producers.iter().filter(|p| !any_certain || certain(p)) {
        let maker = match producer {
            Producer::Made { facts, produced } => {
                keys.extend(produced.keys.known.iter().cloned());
                secret.open |= produced.keys.open;
                let object = facts.object(produced.object);
                let convention = matrix.secrets.as_ref();
                let reads = facts.reads.iter().filter(|r| r.object == produced.object).map(|read| Remote {
                    store: read.store.clone(),
                    key: read.key.clone().unwrap_or_else(|| "*".to_owned()),
                    name: read.vault_key(convention).unwrap_or("*").to_owned(),
                    property: read.property.clone(),
                    fills: read.fills.clone().or_else(|| read.into.clone().map(|into| vec![into])),
                });
                Maker {
                    release: Some(facts.release().to_owned()),
                    layer: Some(order.layer(facts.release())),
                    kind: object.kind.clone(),
                    name: object.name.clone(),
                    namespace: if object.namespace.is_empty() {
                        secret.namespace.clone()
                    } else {
                        object.namespace.clone()
                    },
                    reads: reads.collect(),
                }
            }
            Producer::External(external) => {
                keys.extend(external.keys.iter().cloned());
                secret.open |= external.keys.is_empty();
                outside(&external.by)
            }
            Producer::Cluster => {
                secret.open = true;
                outside("the cluster")
            }
        };
        if !secret.makers.contains(&maker) {
            secret.makers.push(maker);
        }
    }
    secret.keys = keys.into_iter().collect();
}

fn outside(by: &str) -> Maker {
    Maker {
        release: None,
        layer: None,
        kind: by.to_owned(),
        name: String::new(),
        namespace: String::new(),
        reads: Vec::new(),
    }
}

fn uses_of(facts: &Facts, consumed: &Consumed, position: usize, layer: u32) -> Vec<Use> {
    let object = facts.object(consumed.object);
    let (phase, weight) = match object.hook.as_deref() {
        None => (1, 0),
        Some(hook) if hook.at(Event::PreInstall) || hook.at(Event::PreUpgrade) => (0, hook.weight),
        Some(hook) if hook.at(Event::PostInstall) || hook.at(Event::PostUpgrade) => (2, hook.weight),
        Some(hook) => (3, hook.weight),
    };
    let one = |container: Option<u32>, way: Way, effect: Effect| Use {
        order: (position, phase, weight),
        release: facts.release().to_owned(),
        layer,
        object: object.short(),
        namespace: object.namespace.clone(),
        hook: object.hook.is_some(),
        container: container.and_then(|c| facts.containers.get(c as usize)).map(|c| match c.role {
            Role::Init => format!("{} (init)", c.name),
            Role::Main | Role::Ephemeral => c.name.clone(),
        }),
        way,
        keys: consumed.keys.clone(),
        optional: consumed.optional,
        effect,
    };
    let pods = pods_effect(facts, consumed);
    match &consumed.how {
        How::Env(name) => vec![one(consumed.container, Way::Env { name: name.clone() }, pods)],
        How::EnvFrom(prefix) => vec![one(consumed.container, Way::EnvFrom { prefix: prefix.clone() }, pods)],
        How::Files(mounts) if mounts.is_empty() => {
            vec![one(None, Way::File { path: String::new(), sub_path: false }, Effect::Remounted)]
        }
        How::Files(mounts) => mounts.iter().map(|mount| file(mount, pods, &one)).collect(),
        How::ImagePull => vec![one(None, Way::ImagePull, Effect::NextPull)],
        How::Tls => vec![one(None, Way::Certificate, Effect::OperatorManaged)],
        // The driver mounts with it when a pod starts.
        How::Driver if object.kind != "PersistentVolume" => vec![one(None, Way::Controller, pods)],
        _ => vec![one(None, Way::Controller, Effect::OperatorManaged)],
    }
}

fn file(mount: &Mount, pods: Effect, one: &dyn Fn(Option<u32>, Way, Effect) -> Use) -> Use {
    // A running pod sees new files, but never through `subPath`.
    let effect = if pods == Effect::Restart && !mount.sub_path { Effect::Remounted } else { pods };
    one(Some(mount.container), Way::File { path: mount.path.clone(), sub_path: mount.sub_path }, effect)
}

/// What it takes for the pods of an object to see a change in their environment.
fn pods_effect(facts: &Facts, consumed: &Consumed) -> Effect {
    let object = facts.object(consumed.object);
    let runs = |hook: &crate::facts::Hook| {
        [Event::PreInstall, Event::PostInstall, Event::PreUpgrade, Event::PostUpgrade].iter().any(|e| hook.at(*e))
    };
    let reloads = object.reload.as_deref().is_some_and(|r| r.auto || r.named.contains(&consumed.name));
    match object.kind.as_str() {
        _ if object.hook.as_deref().is_some_and(|hook| !runs(hook)) => Effect::NextRun,
        _ if object.hook.is_some() => Effect::Rerun,
        "Job" | "Pod" => Effect::Rerun,
        "CronJob" | "ScaledJob" | "CronWorkflow" => Effect::NextRun,
        _ if reloads => Effect::Reloader,
        _ => Effect::Restart,
    }
}

fn mention(facts: &Facts, position: usize, layer: u32) -> Use {
    Use {
        order: (position, 1, 0),
        release: facts.release().to_owned(),
        layer,
        object: String::new(),
        namespace: String::new(),
        hook: false,
        container: None,
        way: Way::Mention,
        keys: Vec::new(),
        optional: false,
        effect: Effect::OperatorManaged,
    }
}
