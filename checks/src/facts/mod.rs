//! What a cell produces and consumes, and when: keys, never values.
//!
//! Facts are read from the objects of a render or of a golden, are small, and outlive the render: a rule that looks at a whole
//! environment gives one verdict, whichever cells were rendered this time.

mod consumers;
mod eso;
mod fields;
mod hooks;
mod mentions;
mod names;
mod operators;
mod order;
mod pods;
mod producers;
mod supply;
mod words;

use serde::{Deserialize, Serialize};

pub use hooks::{Event, Hook};
pub use mentions::token_hash;
pub use order::{Order, Timing, is_installed};
pub use pods::{is_builtin, pod_of};
pub use supply::{Producer, Supply, same_namespace};

use crate::model::{Cell, Secrets};
use crate::object::Object;

/// Version of the serialised form; facts of another version are made anew.
pub const FORMAT: u32 = 2;

/// The facts of one cell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// [`FORMAT`] when it was made.
    pub format: u32,
    /// `env/release`.
    pub cell: String,
    /// Every object of the render, in its order. Other facts name them by index.
    pub objects: Vec<ObjectFact>,
    /// Every container of a workload. Consumptions name them by index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<ContainerFact>,
    /// What comes into being.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub produces: Vec<Produced>,
    /// What must exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consumes: Vec<Consumed>,
    /// What is read from an external store such as Vault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<Read>,
    /// Hashes of the names that stand in arguments, literal environment variables, annotations and custom resources, sorted.
    /// Who only looks for a sign of life asks [`Facts::mentions`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentioned: Vec<u32>,
    /// Hashes of the names that a program of this cell is told, where the cell also lets it create Secrets or `ConfigMaps`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<u32>,
    /// A role of the cell lets its holder create Secrets of any name: a program may make one under a name of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub creates_secrets: bool,
    /// A role of the cell lets its holder read Secrets of any name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reads_secrets: bool,
}

/// One object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectFact {
    /// `apiVersion` as written.
    pub api: String,
    /// Kind.
    pub kind: String,
    /// Namespace; empty for what is cluster-wide.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Path in Helm's `# Source:` comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// First line in the render.
    pub line: u32,
    /// When Helm runs it, if it is a hook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<Box<Hook>>,
    /// What makes a workload's pods take up a changed Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reload: Option<Box<Reload>>,
}

/// What makes pods take up a changed Secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reload {
    /// A reloader restarts the workload for any Secret that it consumes.
    pub auto: bool,
    /// Secrets for which a reloader restarts it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<String>,
    /// Names of the checksum annotations, which restart it at the next upgrade.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checksums: Vec<String>,
}

/// What a container is to its pod.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// One of `containers`.
    #[default]
    Main,
    /// One of `initContainers`.
    Init,
    /// One of `ephemeralContainers`.
    Ephemeral,
}

/// One container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerFact {
    /// Index of the workload.
    pub object: u32,
    /// Its name.
    pub name: String,
    /// What it is to its pod.
    pub role: Role,
    /// Names of its `env` entries in written order, with their lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<(String, u32)>,
}

/// What can be produced and consumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A Secret.
    Secret,
    /// A `ConfigMap`.
    ConfigMap,
    /// A `ServiceAccount`.
    ServiceAccount,
    /// A `PersistentVolumeClaim`.
    Claim,
    /// A `SecretStore`.
    Store,
    /// A `ClusterSecretStore`.
    ClusterStore,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
            Self::ServiceAccount => "ServiceAccount",
            Self::Claim => "PersistentVolumeClaim",
            Self::Store => "SecretStore",
            Self::ClusterStore => "ClusterSecretStore",
        })
    }
}

/// The keys of something produced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// Those that are known, sorted.
    pub known: Vec<String>,
    /// There may be others.
    pub open: bool,
}

impl Keys {
    /// Nothing is known of them.
    pub fn open() -> Self {
        Self { known: Vec::new(), open: true }
    }

    /// These and no others.
    pub fn closed<S: Into<String>>(keys: impl IntoIterator<Item = S>) -> Self {
        let mut known: Vec<String> = keys.into_iter().map(Into::into).collect();
        known.sort();
        known.dedup();
        Self { known, open: false }
    }
}

/// How certain it is that something comes into being, and by whom alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Certainty {
    /// This object makes it, and no other should.
    #[default]
    Sole,
    /// This object makes it unless another has done so; several may name it.
    Shared,
    /// It only adds keys to what another makes.
    Merges,
    /// An operator that we do not know may make it.
    Perhaps,
}

/// Something that comes into being.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Produced {
    /// What it is.
    pub kind: Kind,
    /// Its namespace; `*` for any; empty for what is cluster-wide.
    pub namespace: String,
    /// Its name, in which `*` stands for what only the operator knows.
    pub name: String,
    /// Index of the object that makes it.
    pub object: u32,
    /// Its keys.
    pub keys: Keys,
    /// Whether others may make it too.
    pub certainty: Certainty,
    /// It carries a label or type by which a program may find it without knowing its name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub discovered: bool,
    /// Where its name stands, as a dotted path in the object.
    pub path: String,
    /// The line of that place in the render.
    pub line: u32,
}

/// How something is consumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// An environment variable of this name.
    Env(String),
    /// All keys as environment variables, with this prefix.
    EnvFrom(String),
    /// Files under these mounts.
    Files(Vec<Mount>),
    /// Credentials of an image registry.
    ImagePull,
    /// Listed by a `ServiceAccount`.
    AccountSecret,
    /// A certificate of an Ingress or a Gateway.
    Tls,
    /// An `ExternalSecret`'s or `PushSecret`'s store.
    Store,
    /// Credentials of a store.
    StoreAuth,
    /// What a `PushSecret` sends, what an `ExternalSecret`'s template reads.
    Source,
    /// A pod's `ServiceAccount`.
    Account,
    /// A pod's claim.
    Claim,
    /// Credentials of a storage driver.
    Driver,
    /// An annotation that an ingress controller reads.
    Annotation,
}

/// One mount of a volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Index of the container.
    pub container: u32,
    /// `mountPath`.
    pub path: String,
    /// A single file by `subPath`: a running pod never sees a change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sub_path: bool,
}

/// Something that must exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumed {
    /// What it is.
    pub kind: Kind,
    /// Its namespace; `*` where any will do; empty for what is cluster-wide.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Index of the object that refers to it.
    pub object: u32,
    /// Index of the container, for environment variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<u32>,
    /// How it is used.
    pub how: How,
    /// The keys that must be in it; empty when all are taken as they come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    /// `optional: true`: nothing waits for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Where the reference stands, as a dotted path in the object.
    pub path: String,
    /// The line of that place in the render.
    pub line: u32,
}

/// One read of an external store by an `ExternalSecret`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// Index of the `ExternalSecret`.
    pub object: u32,
    /// The key of the Secret that it fills; `None` for `dataFrom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<String>,
    /// The keys of the Secret in which a template puts it; `None` where no template does, so that it stands under `into`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fills: Option<Vec<String>>,
    /// `remoteRef.key`; `None` for a `find`, which may read anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// `remoteRef.property`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// `Kind/name` of the store.
    pub store: String,
    /// Where it stands, as a dotted path in the object.
    pub path: String,
    /// The line of that place in the render.
    pub line: u32,
}

impl Facts {
    /// Reads them from the objects of a render or of a golden.
    pub fn of(cell: &Cell, objects: &[Object]) -> Self {
        let mut facts = Self { format: FORMAT, cell: cell.name(), ..Self::default() };
        facts.objects = objects.iter().map(object_fact).collect();
        for (index, object) in objects.iter().enumerate() {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            let mut at = At { facts: &mut facts, object, index };
            producers::read(&mut at);
            eso::read(&mut at);
            operators::read(&mut at);
            pods::read(&mut at);
            consumers::read(&mut at);
        }
        mentions::read(&mut facts, objects);
        facts
    }

    /// `env/release` taken apart.
    pub fn release(&self) -> &str {
        self.cell.split_once('/').map_or(self.cell.as_str(), |(_, release)| release)
    }

    /// The environment.
    pub fn environment(&self) -> &str {
        self.cell.split_once('/').map_or("", |(environment, _)| environment)
    }

    /// An object by index.
    pub fn object(&self, index: u32) -> &ObjectFact {
        &self.objects[index as usize]
    }

    /// Whether a name stands anywhere outside the references that we understand. May err on the side of yes.
    pub fn mentions(&self, name: &str) -> bool {
        self.mentioned.binary_search(&token_hash(name)).is_ok()
    }

    /// Whether a program that may create or change Secrets is told this name. May err on the side of yes.
    pub fn may_create(&self, name: &str) -> bool {
        self.told.binary_search(&token_hash(name)).is_ok()
    }
}

impl Read {
    /// The Vault key as fixtures and people name it: without what the convention's pattern puts around it.
    pub fn vault_key(&self, convention: Option<&Secrets>) -> Option<&str> {
        let key = self.key.as_deref()?;
        let pattern = convention.and_then(|s| s.remote_key.as_deref()).and_then(|p| p.split_once("{key}"));
        let stripped = pattern.and_then(|(start, end)| key.strip_prefix(start)?.strip_suffix(end));
        Some(stripped.unwrap_or(key))
    }
}

impl ObjectFact {
    /// `Kind/name`, short, for messages.
    pub fn short(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }

    /// `Kind namespace/name`, as a finding's place in a render says it.
    pub fn identity(&self) -> String {
        if self.namespace.is_empty() {
            format!("{} {}", self.kind, self.name)
        } else {
            format!("{} {}/{}", self.kind, self.namespace, self.name)
        }
    }

    /// API group without the version; empty for core kinds.
    pub fn group(&self) -> &str {
        self.api.split_once('/').map_or("", |(group, _)| group)
    }
}

fn object_fact(object: &Object) -> ObjectFact {
    ObjectFact {
        api: object.api_version.clone(),
        kind: object.id.kind.clone(),
        namespace: object.id.namespace.clone(),
        name: object.id.name.clone(),
        template: object.template.clone(),
        line: fields::line(object.span),
        hook: hooks::read(object).map(Box::new),
        reload: pods::reload(object).map(Box::new),
    }
}

/// One object while its facts are read.
struct At<'a> {
    facts: &'a mut Facts,
    object: &'a Object,
    index: u32,
}

impl At<'_> {
    fn namespace(&self) -> String {
        self.object.id.namespace.clone()
    }

    /// Notes something that this object makes.
    fn produce(&mut self, made: Made<'_>) {
        if made.name.is_empty() || made.name.chars().all(|c| c == '*') {
            return;
        }
        self.facts.produces.push(Produced {
            kind: made.kind,
            namespace: made.namespace,
            name: made.name,
            object: self.index,
            keys: made.keys,
            certainty: made.certainty,
            discovered: producers::is_discovered(self.object),
            path: made.path.into(),
            line: made.line,
        });
    }

    /// Notes something that this object needs. Names that are still templates of another tool say nothing.
    fn consume(&mut self, needed: Needed<'_>) {
        let Some(name) = needed.name.filter(|n| names::is_literal(n)) else { return };
        self.facts.consumes.push(Consumed {
            kind: needed.kind,
            namespace: needed.namespace,
            name: name.to_owned(),
            object: self.index,
            container: needed.container,
            how: needed.how,
            keys: needed.keys,
            optional: needed.optional,
            path: needed.path,
            line: needed.line,
        });
    }
}

/// What [`At::produce`] is told.
struct Made<'a> {
    kind: Kind,
    namespace: String,
    name: String,
    keys: Keys,
    certainty: Certainty,
    path: &'a str,
    line: u32,
}

/// What [`At::consume`] is told.
struct Needed<'a> {
    kind: Kind,
    namespace: String,
    name: Option<&'a str>,
    container: Option<u32>,
    how: How,
    keys: Vec<String>,
    optional: bool,
    path: String,
    line: u32,
}
