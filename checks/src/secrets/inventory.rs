//! The inventory: every value of every release with its class and the place that sets it, every Secret with what is behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::chain::{self, Maker, Secret, Use, Way};
use super::classify::{self, Class, Names};
use super::{INVENTORY_COMMAND, told_environments};
use crate::document::{Document, Layout, Section, Table, code};
use crate::facts::Facts;
use crate::model::{Cell, Matrix, Place};
use crate::values::Effective;

/// Which values there are, and which Secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Inventory {
    /// Version of the JSON.
    pub version: u32,
    /// Names of the environments, in the matrix's order.
    pub environments: Vec<String>,
    /// Releases by name.
    pub releases: Vec<ReleaseValues>,
    /// Secrets by name; one that differs between environments is told for each.
    pub secrets: Vec<SecretEntry>,
}

/// The values of one release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReleaseValues {
    /// The release.
    pub release: String,
    /// Environments in which it is not installed, with the reason.
    pub off: BTreeMap<String, String>,
    /// The files that set values, by the word for them: `chart`, `shared`, `overlay`.
    pub files: BTreeMap<String, BTreeSet<String>>,
    /// Why its values are not certain, by environment.
    pub problems: BTreeMap<String, String>,
    /// Its values by path.
    pub values: Vec<Value>,
}

/// One value in all environments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Value {
    /// Dotted path.
    pub path: String,
    /// What it is; the gravest over the environments.
    pub class: Class,
    /// The names of Secrets, `ExternalSecrets` and keys of the store in it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub names: BTreeSet<String>,
    /// Who sets it, by environment.
    pub set: BTreeMap<String, Setter>,
}

/// The place that sets a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setter {
    /// What the file is to the release: `chart`, `shared`, `overlay`.
    pub by: String,
    /// The file.
    pub file: String,
    /// The line; 0 when only the file is known.
    pub line: usize,
}

/// One Secret in the environments in which it is made in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecretEntry {
    /// The environments.
    pub environments: Vec<String>,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Who makes it, from what.
    pub makers: Vec<Maker>,
    /// Its keys, as far as they are known.
    pub keys: Vec<String>,
    /// There may be other keys.
    pub open: bool,
    /// Who uses it.
    pub uses: Vec<UseEntry>,
}

/// One use in the environments that have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UseEntry {
    /// The environments.
    pub environments: Vec<String>,
    /// The use.
    #[serde(flatten)]
    pub usage: Use,
}

impl Inventory {
    /// Takes the inventory of the given environments. `facts` are those of every cell that is known, by `env/release`.
    pub fn of(
        matrix: &Matrix,
        environments: &[&str],
        facts: &BTreeMap<String, Facts>,
        effective: &(dyn Fn(&Cell) -> Arc<Effective> + Sync),
    ) -> Self {
        let mut inventory = Self {
            version: 1,
            environments: environments.iter().map(|e| (*e).to_owned()).collect(),
            ..Self::default()
        };
        let mut releases: BTreeMap<&str, ReleaseValues> = BTreeMap::new();
        let mut values: BTreeMap<(&str, String), Value> = BTreeMap::new();
        for environment in environments {
            let known = of_cells(matrix, environment, facts);
            let secrets = chain::of_environment(matrix, environment, &known);
            let names = Names::of(&secrets, &known);
            for cell in matrix.cells.iter().filter(|c| c.env == *environment) {
                let release = releases.entry(&cell.release).or_default();
                take_values(cell, &effective(cell), &names, release, &mut values, &matrix.file);
            }
            for secret in secrets {
                inventory.take_secret(secret, environment);
            }
        }
        for off in matrix.off.iter().filter(|off| environments.contains(&off.env.as_str())) {
            let release = releases.entry(&off.release).or_default();
            release.off.insert(off.env.clone(), off.reason.clone());
        }
        for ((release, _), value) in values {
            releases.entry(release).or_default().values.push(value);
        }
        for (name, mut release) in releases {
            name.clone_into(&mut release.release);
            inventory.releases.push(release);
        }
        inventory.secrets.sort_by(|a, b| (&a.name, &a.namespace).cmp(&(&b.name, &b.namespace)));
        for entry in &mut inventory.secrets {
            entry.uses.sort_by(|a, b| a.usage.cmp(&b.usage));
        }
        inventory
    }

    fn take_secret(&mut self, secret: Secret, environment: &str) {
        let Secret { namespace, name, makers, keys, open, uses } = secret;
        let same = |e: &SecretEntry| {
            (&e.namespace, &e.name, &e.makers, &e.keys, e.open) == (&namespace, &name, &makers, &keys, open)
        };
        let at = self.secrets.iter().position(same).unwrap_or_else(|| {
            let (environments, uses) = (Vec::new(), Vec::new());
            self.secrets.push(SecretEntry { environments, namespace, name, makers, keys, open, uses });
            self.secrets.len() - 1
        });
        let entry = &mut self.secrets[at];
        entry.environments.push(environment.to_owned());
        for usage in uses {
            match entry.uses.iter_mut().find(|known| known.usage == usage) {
                Some(known) => known.environments.push(environment.to_owned()),
                None => entry.uses.push(UseEntry { environments: vec![environment.to_owned()], usage }),
            }
        }
    }

    /// Keeps the given releases, and the Secrets that they make or use.
    pub fn keep_releases(&mut self, keep: &BTreeSet<&str>) {
        self.releases.retain(|r| keep.contains(r.release.as_str()));
        self.secrets.retain(|entry| {
            let made = entry.makers.iter().filter_map(|m| m.release.as_deref());
            made.chain(entry.uses.iter().map(|u| u.usage.release.as_str())).any(|release| keep.contains(release))
        });
    }

    /// As a page. `lines` says whether a place is told with its line: a page that is committed tells files only, so that a
    /// line added above changes nothing in it.
    pub fn document(&self, default_namespace: &str, lines: bool) -> Document {
        let mut document = Document {
            command: INVENTORY_COMMAND,
            title: "Secrets inventory".to_owned(),
            notes: vec![
                "Every value of every release, config or secret, with the file that sets it in each environment; then every Secret \
                 with the keys of the store behind it and everyone who uses it. Names and places only, no values. A chart's \
                 defaults are `chart`, values for all environments `shared`, those of one environment `overlay`."
                    .to_owned(),
            ],
            sections: vec![Section {
                title: "Secrets".to_owned(),
                level: 2,
                notes: Vec::new(),
                table: self.secrets_table(default_namespace),
            }],
        };
        document.sections.push(Section { title: "Values".to_owned(), level: 2, ..Section::default() });
        for release in &self.releases {
            document.sections.push(self.release_section(release, lines));
        }
        document
    }

    fn release_section(&self, release: &ReleaseValues, lines: bool) -> Section {
        let mut section =
            Section { title: release.release.clone(), level: 3, notes: Vec::new(), table: Table::default() };
        for (by, files) in &release.files {
            let files: Vec<String> = files.iter().map(|f| code(f)).collect();
            section.notes.push(format!("- {by}: {}", files.join(", ")));
        }
        section.notes.extend(release.off.iter().map(|(env, why)| format!("- off in {env}: {why}")));
        section.notes.extend(release.problems.iter().map(|(env, why)| format!("- not certain in {env}: {why}")));
        let mut head = vec!["value".to_owned(), "class".to_owned()];
        head.extend(self.environments.iter().cloned());
        section.table.head = head;
        for value in &release.values {
            let names: Vec<String> = value.names.iter().map(|n| code(n)).collect();
            let names = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
            let mut row = vec![code(&value.path), format!("{}{names}", value.class.told())];
            row.extend(self.environments.iter().map(|env| match value.set.get(env) {
                _ if release.off.contains_key(env) => "off".to_owned(),
                None => "–".to_owned(),
                Some(setter) if lines && setter.line > 0 => format!("{}:{}", setter.by, setter.line),
                Some(setter) => setter.by.clone(),
            }));
            section.table.rows.push(row);
        }
        section
    }

    fn secrets_table(&self, default_namespace: &str) -> Table {
        let mut table = Table::new(&["Secret", "made by", "keys ← store", "used by", "in"]).layout(Layout::Records);
        for secret in &self.secrets {
            let place = if secret.namespace == default_namespace {
                String::new()
            } else {
                format!(" in {}", code(&secret.namespace))
            };
            table.rows.push(vec![
                format!("{}{place}", code(&secret.name)),
                told_makers(secret),
                told_keys(secret),
                told_users(secret),
                told_environments(self.environments.len(), &secret.environments),
            ]);
        }
        table
    }
}

/// The facts of an environment's cells, as far as they are known.
pub(super) fn of_cells(matrix: &Matrix, environment: &str, facts: &BTreeMap<String, Facts>) -> Vec<Facts> {
    let cells = matrix.cells.iter().filter(|c| c.env == environment);
    cells.filter_map(|c| facts.get(&c.name()).cloned()).collect()
}

fn take_values<'a>(
    cell: &'a Cell,
    effective: &Effective,
    names: &Names,
    release: &mut ReleaseValues,
    values: &mut BTreeMap<(&'a str, String), Value>,
    matrix_file: &str,
) {
    if let Some(problem) = &effective.problem {
        release.problems.insert(cell.env.clone(), problem.clone());
    }
    for leaf in effective.leaves() {
        // The maps that Helm itself makes are set by nobody.
        let Some(place) = leaf.place() else { continue };
        let (class, found) = classify::leaf(&leaf, names);
        let path = leaf.dotted();
        let value = values.entry((&cell.release, path.clone())).or_insert_with(|| Value {
            path,
            class,
            names: BTreeSet::new(),
            set: BTreeMap::new(),
        });
        value.class = value.class.max(class);
        value.names.extend(found);
        let by = role(cell, &place, matrix_file);
        release.files.entry(by.clone()).or_default().insert(place.file.clone());
        value.set.insert(cell.env.clone(), Setter { by, file: place.file, line: place.line });
    }
}

/// What a file is to a cell.
pub(super) fn role(cell: &Cell, place: &Place, matrix_file: &str) -> String {
    if place.file == format!("{}/values.yaml", cell.chart) {
        return "chart".to_owned();
    }
    if place.file == matrix_file {
        return "matrix".to_owned();
    }
    let Some(index) = cell.values.iter().position(|v| v.path == place.file) else {
        return "subchart".to_owned();
    };
    let overlay = cell.values[index].overlay;
    let alike = |files: &[crate::model::ValuesFile]| files.iter().filter(|v| v.overlay == overlay).count();
    let word = if overlay { "overlay" } else { "shared" };
    match alike(&cell.values) {
        1 => word.to_owned(),
        _ => format!("{word} {}", alike(&cell.values[..index]) + 1),
    }
}

fn told_makers(secret: &SecretEntry) -> String {
    let told = secret.makers.iter().map(|maker| match &maker.release {
        Some(release) => format!("{} {} ({release})", maker.kind, code(&maker.name)),
        None => format!("{}, outside the matrix", maker.kind),
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() { "nobody".to_owned() } else { told.join("; ") }
}

/// Each key with the key of the store that fills it.
fn told_keys(secret: &SecretEntry) -> String {
    let reads = || secret.makers.iter().flat_map(|m| &m.reads);
    let mut told: Vec<String> = Vec::new();
    for key in &secret.keys {
        let from: BTreeSet<String> = reads()
            .filter(|r| r.fills.as_ref().is_some_and(|fills| fills.contains(key)))
            .map(|r| code(&r.name))
            .collect();
        let from: Vec<String> = from.into_iter().collect();
        told.push(if from.is_empty() { code(key) } else { format!("{} ← {}", code(key), from.join(", ")) });
    }
    let whole: BTreeSet<String> = reads().filter(|r| r.fills.is_none()).map(|r| code(&r.name)).collect();
    told.extend(whole.into_iter().map(|name| format!("whatever is in {name}")));
    if told.is_empty() { "not known".to_owned() } else { told.join(", ") }
}

fn told_users(secret: &SecretEntry) -> String {
    let mut users: Vec<(String, BTreeSet<&str>)> = Vec::new();
    for UseEntry { environments, usage } in &secret.uses {
        let user = match usage.way {
            Way::Mention => format!("named in {}", usage.release),
            _ => format!("{} ({})", code(&usage.object), usage.release),
        };
        let environments = environments.iter().map(String::as_str);
        match users.iter_mut().find(|(known, _)| *known == user) {
            Some((_, known)) => known.extend(environments),
            None => users.push((user, environments.collect())),
        }
    }
    let told = users.into_iter().map(|(user, environments)| {
        if environments.len() == secret.environments.len() {
            return user;
        }
        let order = secret.environments.iter().map(String::as_str);
        let environments: Vec<&str> = order.filter(|e| environments.contains(e)).collect();
        format!("{user} in {}", environments.join(", "))
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() { "nobody".to_owned() } else { told.join("; ") }
}
