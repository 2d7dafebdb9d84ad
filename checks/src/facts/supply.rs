//! Who produces what in one environment.

use std::collections::HashMap;

use super::{Certainty, Facts, Kind, Produced, names};
use crate::model::{External, Matrix};

/// What Kubernetes and widespread platforms put into every namespace.
const EVERYWHERE: &[(Kind, &str)] = &[
    (Kind::ConfigMap, "kube-root-ca.crt"),
    (Kind::ConfigMap, "openshift-service-ca.crt"),
    (Kind::ConfigMap, "istio-ca-root-cert"),
    (Kind::ServiceAccount, "default"),
    (Kind::ServiceAccount, "builder"),
    (Kind::ServiceAccount, "deployer"),
    (Kind::ServiceAccount, "pipeline"),
];

/// What a cluster's own set-up puts into `kube-system`.
const KUBE_SYSTEM: &[(Kind, &str)] = &[
    (Kind::ConfigMap, "aws-auth"),
    (Kind::ConfigMap, "coredns"),
    (Kind::ConfigMap, "extension-apiserver-authentication"),
    (Kind::ConfigMap, "kube-proxy"),
    (Kind::ConfigMap, "kubeadm-config"),
    (Kind::ConfigMap, "kubelet-config"),
];

/// One who produces something.
#[derive(Debug, Clone, Copy)]
pub enum Producer<'a> {
    /// An object of a cell.
    Made {
        /// The cell's facts.
        facts: &'a Facts,
        /// What it makes.
        produced: &'a Produced,
    },
    /// Somebody outside the matrix, as its file says.
    External(&'a External),
    /// The cluster itself.
    Cluster,
}

/// All producers of one environment.
pub struct Supply<'a> {
    exact: HashMap<(Kind, &'a str), Vec<(&'a Facts, &'a Produced)>>,
    patterns: Vec<(&'a Facts, &'a Produced)>,
    externals: Vec<&'a External>,
    default_namespace: &'a str,
    facts: Vec<&'a Facts>,
}

impl<'a> Supply<'a> {
    /// Gathers them. The facts are those of one environment's cells.
    pub fn of(matrix: &'a Matrix, environment: &str, facts: impl IntoIterator<Item = &'a Facts>) -> Self {
        let facts: Vec<&Facts> = facts.into_iter().collect();
        let mut exact: HashMap<(Kind, &str), Vec<_>> = HashMap::new();
        let mut patterns = Vec::new();
        for cell in &facts {
            for produced in &cell.produces {
                let cell = *cell;
                if produced.name.contains('*') {
                    patterns.push((cell, produced));
                } else {
                    exact.entry((produced.kind, &produced.name)).or_default().push((cell, produced));
                }
            }
        }
        let externals = matrix.secrets.iter().flat_map(|s| &s.external);
        let externals =
            externals.filter(|e| e.environments.is_empty() || e.environments.contains(environment)).collect();
        Self { exact, patterns, externals, default_namespace: &matrix.helm.namespace, facts }
    }

    /// Everybody who produces something of this kind, namespace (`*` for any) and name, in the order of the cells.
    pub fn producers(&self, kind: Kind, namespace: &str, name: &str) -> Vec<Producer<'a>> {
        let mut found = Vec::new();
        let exact = self.exact.get(&(kind, name)).into_iter().flatten();
        let patterns = self.patterns.iter().filter(|(_, p)| p.kind == kind && names::fits(&p.name, name));
        for (facts, produced) in exact.chain(patterns) {
            if same_namespace(&produced.namespace, namespace) {
                found.push(Producer::Made { facts, produced });
            }
        }
        if matches!(kind, Kind::Secret | Kind::ConfigMap) {
            let fits = |e: &&&External| {
                e.secret == name && same_namespace(e.namespace.as_deref().unwrap_or(self.default_namespace), namespace)
            };
            found.extend(self.externals.iter().filter(fits).map(|e| Producer::External(e)));
        }
        if EVERYWHERE.contains(&(kind, name)) || (namespace == "kube-system" && KUBE_SYSTEM.contains(&(kind, name))) {
            found.push(Producer::Cluster);
        }
        found
    }

    /// Names that are produced in a namespace, for "did you mean".
    pub fn names(&self, kind: Kind, namespace: &str) -> Vec<&'a str> {
        let made = self.facts.iter().flat_map(|f| f.produces.iter());
        let made = made
            .filter(|p| p.kind == kind && p.certainty != Certainty::Perhaps && same_namespace(&p.namespace, namespace))
            .map(|p| p.name.as_str())
            .filter(|n| !n.contains('*'));
        let mut names: Vec<&str> = made.collect();
        if kind == Kind::Secret {
            names.extend(self.externals.iter().map(|e| e.secret.as_str()));
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Namespaces other than the given one in which something of this kind and name is produced.
    pub fn elsewhere(&self, kind: Kind, namespace: &str, name: &str) -> Vec<&'a str> {
        let mut found: Vec<&str> = self
            .exact
            .get(&(kind, name))
            .into_iter()
            .flatten()
            .map(|(_, p)| p.namespace.as_str())
            .filter(|n| *n != namespace && *n != "*")
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether a program may create what a cell needs: one that is told the name, anywhere in the environment, or, for a Secret,
    /// one of the cell itself that may create Secrets of any name (a job that issues certificates knows their names by heart).
    pub fn may_be_created(&self, consumer: &Facts, kind: Kind, name: &str) -> bool {
        (kind == Kind::Secret && consumer.creates_secrets) || self.may_be_changed(name)
    }

    /// Whether a program that may change Secrets and `ConfigMaps` is told this name.
    pub fn may_be_changed(&self, name: &str) -> bool {
        self.facts.iter().any(|f| f.may_create(name))
    }
}

/// Whether two namespaces can be one; `*` is any.
pub fn same_namespace(a: &str, b: &str) -> bool {
    a == b || a == "*" || b == "*"
}
