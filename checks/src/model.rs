//! The validated matrix: plain data that the rest of the program trusts. Built by `xtask::matrix` from the matrix file.
//!
//! All paths are relative to the repository's root, with `/` between their parts.

use std::collections::{BTreeMap, BTreeSet};

pub use finding::{Place, Severity};
use serde::{Deserialize, Serialize};

/// The whole matrix file, validated.
#[derive(Debug, Clone, Default)]
pub struct Matrix {
    /// The matrix file itself.
    pub file: String,
    /// Helm's version and the flags every cell shares.
    pub helm: Helm,
    /// What `--kube-version` and `--api-versions` say.
    pub kube: Kube,
    /// In the order of the file.
    pub environments: Vec<Environment>,
    /// In ascending order of their number.
    pub layers: Vec<Layer>,
    /// In the order of the file.
    pub releases: Vec<Release>,
    /// Every installed cell, sorted by environment (in the file's order), then layer, then release (in the file's order).
    pub cells: Vec<Cell>,
    /// Cells that are off, with the reason.
    pub off: Vec<Off>,
    /// The repository's convention for `ExternalSecrets`, when it states one.
    pub secrets: Option<Secrets>,
    /// Names that must not come back.
    pub retired: Vec<Retired>,
    /// Severities that the file changes, by rule.
    pub rules: BTreeMap<String, Severity>,
    /// The waivers' file, if any.
    pub waivers: Option<String>,
    /// The baseline's file, if any.
    pub baseline: Option<String>,
    /// The pattern of `paths.golden`, e.g. `tests/golden/{env}/{release}.yaml`.
    pub golden_pattern: String,
    /// Folders below which charts and values files lie, as far as the patterns tell.
    pub bases: Vec<String>,
}

/// `helm:` of the matrix file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Helm {
    /// Exact version, without `v`.
    pub version: String,
    /// Default namespace of releases.
    pub namespace: String,
    /// Whether `--include-crds` is passed.
    pub include_crds: bool,
}

/// `kube:` of the matrix file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kube {
    /// Exact version, without `v`.
    pub version: String,
    /// `group/version` and `group/version/Kind`, in the file's order.
    pub apis: Vec<String>,
}

/// One environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Hosts and addresses that belong to it; at label boundaries, the longest owner wins.
    pub owns: Vec<String>,
    /// Never inside a group accept.
    pub protected: bool,
    /// The file of development values for its Vault keys.
    pub fixtures: Option<String>,
    /// Its entry in the matrix file.
    pub place: Place,
}

/// One step of the installation order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layer {
    /// Its number; smaller is installed earlier.
    pub number: u32,
    /// Names of its releases, in the file's order.
    pub releases: Vec<String>,
}

/// One release, as far as it is the same in all environments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Release {
    /// Its name, which Helm gets.
    pub name: String,
    /// Chart folder.
    pub chart: String,
    /// Layer number.
    pub layer: u32,
    /// Releases of the same layer that must be installed before it.
    pub after: Vec<String>,
    /// Environment -> why it is not installed there.
    pub off: BTreeMap<String, String>,
    /// Environment -> why it has no overlay there.
    pub no_overlay: BTreeMap<String, String>,
    /// The page of documentation, if `paths.docs` says one.
    pub docs: Option<String>,
    /// `classify: strict`: every entry of its `ConfigMap`s and containers must be known configuration or come from a Secret.
    pub classify: bool,
    /// Its entry in the matrix file.
    pub place: Place,
}

/// A cell that is not installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Off {
    /// Environment.
    pub env: String,
    /// Release.
    pub release: String,
    /// Why.
    pub reason: String,
    /// Where the reason stands.
    pub place: Place,
}

/// One link of a cell's values chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValuesFile {
    /// Path relative to the root.
    pub path: String,
    /// True when the pattern names the environment: an overlay.
    pub overlay: bool,
    /// Where in the file the values stand, when they are not the whole of it.
    pub part: Option<Part>,
}

/// The values that another tool's manifest holds: an Argo CD `Application`, a Flux `HelmRelease`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// The document's `kind`; any when none is said.
    pub kind: Option<String>,
    /// A JSON pointer to the values inside it; a text there is read as YAML.
    pub at: String,
}

/// One `set:` entry: a value that the command line sets after all files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetValue {
    /// Dotted path, as Helm's `--set` reads it.
    pub path: String,
    /// Its value as text.
    pub value: String,
    /// A text, given with `--set-string`; anything else Helm types itself.
    pub string: bool,
}

/// One release in one environment: what Helm renders at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// Environment.
    pub env: String,
    /// Release.
    pub release: String,
    /// Chart folder.
    pub chart: String,
    /// Values files in Helm's order; the last wins.
    pub values: Vec<ValuesFile>,
    /// Values set after all files, in the matrix file's order.
    pub set: Vec<SetValue>,
    /// Namespace given to Helm.
    pub namespace: String,
    /// What `--kube-version` and `--api-versions` say for it.
    pub kube: Kube,
    /// Whether `--include-crds` is passed.
    pub include_crds: bool,
    /// Path of the golden.
    pub golden: String,
    /// Layer number.
    pub layer: u32,
    /// What to leave out of the comparison, with a reason.
    pub mask: Vec<Mask>,
    /// Its entry in the matrix file.
    pub place: Place,
}

impl Cell {
    /// `env/release`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.env, self.release)
    }
}

/// A part of a render that differs at each run, for a stated reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mask {
    /// `Kind/name:path.to.field`, `*` for any.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// The repository's convention for `ExternalSecrets`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// `external-secrets.io/v1`.
    pub api: Option<String>,
    /// `Kind/name` of the one store.
    pub store: Option<String>,
    /// Pattern of `remoteRef.key`, with `{key}`.
    pub remote_key: Option<String>,
    /// `remoteRef.property`.
    pub remote_property: Option<String>,
    /// Secrets that something outside the matrix produces.
    pub external: Vec<External>,
    /// Where the convention stands.
    pub place: Place,
}

/// A Secret (or `ConfigMap`) that something outside the matrix produces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct External {
    /// Its name.
    pub secret: String,
    /// Its keys; empty means unknown, any key is taken to be there.
    pub keys: Vec<String>,
    /// Who makes it.
    pub by: String,
    /// Its namespace; the default one when none is said.
    pub namespace: Option<String>,
    /// Only in these environments; all when empty.
    pub environments: BTreeSet<String>,
    /// Its entry.
    pub place: Place,
}

/// What a retired name named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetiredKind {
    /// A release, chart or object name.
    Release,
    /// An environment variable.
    Env,
    /// A dotted value path.
    Value,
}

/// A name that must not come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retired {
    /// What it named.
    pub kind: RetiredKind,
    /// The name.
    pub name: String,
    /// Why it went.
    pub reason: String,
    /// Its entry.
    pub place: Place,
}

impl Matrix {
    /// The cell of an environment and release, if installed.
    pub fn cell(&self, env: &str, release: &str) -> Option<&Cell> {
        self.cells.iter().find(|c| c.env == env && c.release == release)
    }

    /// An environment by name.
    pub fn environment(&self, name: &str) -> Option<&Environment> {
        self.environments.iter().find(|e| e.name == name)
    }

    /// A release by name.
    pub fn release(&self, name: &str) -> Option<&Release> {
        self.releases.iter().find(|r| r.name == name)
    }

    /// Names of all environments, in the file's order.
    pub fn environment_names(&self) -> Vec<&str> {
        self.environments.iter().map(|e| e.name.as_str()).collect()
    }
}
