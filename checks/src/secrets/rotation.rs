//! What a change of a key in the store reaches: key → `ExternalSecret` → key of the Secret → user → how it takes effect.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::chain::{self, Maker, Remote, Secret, Use, Way};
use super::inventory::of_cells;
use super::{ROTATION_COMMAND, told_environments};
use crate::document::{Document, Layout, Section, Table, code};
use crate::facts::Facts;
use crate::model::Matrix;

/// All chains from a store to a user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rotation {
    /// Version of the JSON.
    pub version: u32,
    /// Names of the environments, in the matrix's order.
    pub environments: Vec<String>,
    /// Chains that begin at a key of a store, by key; then those of Secrets that come from elsewhere, by Secret.
    pub rows: Vec<Row>,
}

/// One chain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Row {
    /// The key of the store; `None` where the Secret comes from elsewhere.
    pub remote: Option<RemoteKey>,
    /// Who makes the Secret; `None` where nobody is known.
    pub maker: Option<Maker>,
    /// The Secret's namespace.
    pub namespace: String,
    /// The Secret's name.
    pub secret: String,
    /// The key of the Secret; `None`: whatever is there.
    pub key: Option<String>,
    /// Who uses it; `None`: nobody.
    #[serde(rename = "use")]
    pub usage: Option<Use>,
    /// The environments in which it is so.
    pub environments: Vec<String>,
}

/// A key of a store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RemoteKey {
    /// As people name it.
    pub name: String,
    /// As the `ExternalSecret` writes it.
    pub key: String,
    /// Its property.
    pub property: Option<String>,
    /// `Kind/name` of the store.
    pub store: String,
}

impl Rotation {
    /// Follows the chains of the given environments. `facts` are those of every cell that is known, by `env/release`.
    pub fn of(matrix: &Matrix, environments: &[&str], facts: &BTreeMap<String, Facts>) -> Self {
        let mut rows: BTreeMap<Row, Vec<String>> = BTreeMap::new();
        for environment in environments {
            let known = of_cells(matrix, environment, facts);
            let mut found = BTreeSet::new();
            for secret in chain::of_environment(matrix, environment, &known) {
                follow(&secret, &mut found);
            }
            for row in found {
                rows.entry(row).or_default().push((*environment).to_owned());
            }
        }
        let mut rows: Vec<Row> = rows.into_iter().map(|(row, environments)| Row { environments, ..row }).collect();
        // What comes from a store first.
        rows.sort_by_key(|row| row.remote.is_none());
        Self { version: 1, environments: environments.iter().map(|e| (*e).to_owned()).collect(), rows }
    }

    /// The chains of one key, as people or as the `ExternalSecret` name it.
    pub fn of_key<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().filter(move |row| row.remote.as_ref().is_some_and(|r| r.name == key || r.key == key))
    }

    /// Names of all keys, sorted.
    pub fn keys(&self) -> BTreeSet<&str> {
        self.rows.iter().filter_map(|row| row.remote.as_ref()).flat_map(|r| [r.name.as_str(), r.key.as_str()]).collect()
    }

    /// As a page.
    pub fn document(&self) -> Document {
        let mut document = Document {
            command: ROTATION_COMMAND,
            title: "Secrets rotation".to_owned(),
            notes: vec![
                "What a change of a key in the store reaches, and how it takes effect. The steps for one key, in order: \
                 `cargo xtask secrets rotation --key KEY`."
                    .to_owned(),
                "An environment variable and a file by `subPath` are read once, when the container starts. Any other file is refreshed \
                 by the kubelet within about a minute, and takes effect when the program reads it again. A Job and a hook of Helm \
                 must run again."
                    .to_owned(),
            ],
            sections: Vec::new(),
        };
        let stores: BTreeSet<&str> =
            self.rows.iter().filter_map(|r| r.remote.as_ref()).map(|r| r.store.as_str()).collect();
        for store in stores {
            let mut table = Table::new(&[
                "key",
                "ExternalSecret (release)",
                "Secret",
                "key of the Secret",
                "used by",
                "as",
                "takes effect",
                "in",
            ])
            .layout(Layout::Grouped(4));
            for row in &self.rows {
                let Some(remote) = row.remote.as_ref().filter(|r| r.store == store) else { continue };
                let property = remote.property.as_ref().map(|p| format!(", {}", code(p))).unwrap_or_default();
                let mut cells = vec![format!("{}{property}", code(&remote.key)), told_maker(row.maker.as_ref())];
                cells.push(code(&row.secret));
                cells.push(row.key.as_ref().map_or_else(|| "every key".to_owned(), |key| code(key)));
                cells.extend(self.told_use(row));
                table.rows.push(cells);
            }
            let title =
                if store.is_empty() { "Keys of an unknown store".to_owned() } else { format!("Keys of {store}") };
            document.sections.push(Section { title, level: 2, notes: Vec::new(), table });
        }
        let mut table =
            Table::new(&["Secret", "made by", "used by", "as", "takes effect", "in"]).layout(Layout::Grouped(2));
        for row in self.rows.iter().filter(|r| r.remote.is_none()) {
            let mut cells = vec![code(&row.secret), told_maker(row.maker.as_ref())];
            cells.extend(self.told_use(row));
            table.rows.push(cells);
        }
        if !table.rows.is_empty() {
            let title = "Secrets that come from elsewhere".to_owned();
            document.sections.push(Section { title, level: 2, notes: Vec::new(), table });
        }
        document
    }

    fn told_use(&self, row: &Row) -> [String; 4] {
        let environments = told_environments(self.environments.len(), &row.environments);
        let Some(usage) = &row.usage else {
            return ["nobody".to_owned(), "–".to_owned(), "–".to_owned(), environments];
        };
        let container = usage.container.as_ref().map(|c| format!(", {c}")).unwrap_or_default();
        let user = match usage.way {
            Way::Mention => usage.release.clone(),
            _ => format!("{}{container} ({})", code(&usage.object), usage.release),
        };
        [user, usage.way.told(row.key.as_deref()), usage.effect.told().to_owned(), environments]
    }
}

fn told_maker(maker: Option<&Maker>) -> String {
    match maker {
        None => "nobody".to_owned(),
        Some(Maker { release: None, kind, .. }) => format!("{kind}, outside the matrix"),
        Some(Maker { release: Some(release), kind, name, .. }) if kind == "ExternalSecret" => {
            format!("{} ({release})", code(name))
        }
        Some(Maker { release: Some(release), kind, name, .. }) => format!("{kind} {} ({release})", code(name)),
    }
}

/// Every chain that leads to a Secret.
fn follow(secret: &Secret, rows: &mut BTreeSet<Row>) {
    let row = |remote: Option<&Remote>, maker: Option<&Maker>, key: Option<&String>, usage: Option<&Use>| Row {
        remote: remote.map(|r| RemoteKey {
            name: r.name.clone(),
            key: r.key.clone(),
            property: r.property.clone(),
            store: r.store.clone(),
        }),
        // What else it reads is told by the other rows.
        maker: maker.map(|m| Maker { reads: Vec::new(), ..m.clone() }),
        namespace: secret.namespace.clone(),
        secret: secret.name.clone(),
        key: key.cloned(),
        usage: usage.map(|u| Use { keys: Vec::new(), ..u.clone() }),
        environments: Vec::new(),
    };
    let mut push = |remote: Option<&Remote>, maker: Option<&Maker>, key: Option<&String>, uses: Vec<&Use>| {
        if uses.is_empty() {
            rows.insert(row(remote, maker, key, None));
        }
        rows.extend(uses.into_iter().map(|usage| row(remote, maker, key, Some(usage))));
    };
    if secret.makers.is_empty() {
        push(None, None, None, secret.uses.iter().collect());
    }
    for maker in &secret.makers {
        if maker.reads.is_empty() {
            push(None, Some(maker), None, secret.uses.iter().collect());
        }
        let filled: BTreeSet<&String> = maker.reads.iter().filter_map(|r| r.fills.as_ref()).flatten().collect();
        for read in &maker.reads {
            let Some(keys) = &read.fills else {
                // Whatever is in the key of the store, but for keys that another entry is known to fill.
                let may = |u: &&Use| u.keys.is_empty() || u.keys.iter().any(|key| !filled.contains(key));
                push(Some(read), Some(maker), None, secret.uses.iter().filter(may).collect());
                continue;
            };
            for key in keys {
                let uses = secret.uses.iter().filter(|u| u.keys.is_empty() || u.keys.contains(key));
                push(Some(read), Some(maker), Some(key), uses.collect());
            }
        }
    }
}
