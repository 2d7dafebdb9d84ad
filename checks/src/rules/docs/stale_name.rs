//! `docs/stale-name`.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::markdown::{Name, Role, names};
use crate::facts::{Kind, Supply};
use crate::model::{Place, Release, Severity};
use crate::nearest;
use crate::rules::{Check, MatrixView, Rule};
use crate::sources::SourceKind;
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "docs/stale-name",
    severity: Severity::Error,
    summary: "a release's page names a Secret, ExternalSecret, ConfigMap, Vault key or value that does not exist",
    check: Check::Matrix(check),
    doc: "\
## What it finds
In a release's page: a name that the page itself says is a Secret, an ExternalSecret, a ConfigMap, a Vault key or a value, and
that exists in no environment. The page says so

- by the head of a table's column (`Secret`, `ExternalSecret`, `ConfigMap`, `Vault key`, `Value`); the first name in backticks of
  each cell counts;
- by the kind before a name in backticks: Secret `x`;
- by a command: `kubectl … externalsecret x`, `secret/x`.

## Why it matters
Whoever follows the page annotates an ExternalSecret that is not there, and believes that the password was rotated.

## Example
`kubectl annotate externalsecret graph-db-sync …` after the ExternalSecret was renamed.

## What to do instead
Correct the name, or drop the line.

## When it stays silent
For names in running text without a kind; for placeholders (`<name>`, `$NAME`, `NAME`) and patterns; for a value that is set in
any of the release's values files, or whose last part stands as a word in the chart's templates, its schema or its values files
(also in a comment); while a cell of the matrix is unknown.
",
};

fn check(view: &MatrixView<'_>, findings: &mut Vec<Finding>) {
    if view.matrix.cells.iter().any(|c| !view.facts.contains_key(&c.name())) {
        return;
    }
    let known = Known::of(view);
    let mut seen = BTreeSet::new();
    for release in &view.matrix.releases {
        let Some(page) = release.docs.as_deref().filter(|p| seen.insert(*p)) else { continue };
        let Some(source) = view.sources.get(page) else { continue };
        let mut values = None;
        let none = BTreeSet::new();
        let mut stale: BTreeMap<(&str, &str), Finding> = BTreeMap::new();
        for name in names(source.text().unwrap_or_default()) {
            if !is_name(&name) {
                continue;
            }
            let (what, exists, near) = match name.role {
                Role::Secret => ("Secret", known.has(&known.secrets, Kind::Secret, &name), &known.secrets),
                Role::ConfigMap => ("ConfigMap", known.has(&known.maps, Kind::ConfigMap, &name), &known.maps),
                Role::ExternalSecret => ("ExternalSecret", known.externals.contains(name.text), &known.externals),
                Role::VaultKey => ("Vault key", known.keys.is_empty() || known.keys.contains(name.text), &known.keys),
                Role::Value => {
                    let values = values.get_or_insert_with(|| Values::of(view, release));
                    ("value", values.has(name.text), values.paths.get().unwrap_or(&none))
                }
            };
            if exists {
                continue;
            }
            let near = nearest::did_you_mean(name.text, near.iter().map(String::as_str));
            let end = name.column + name.text.chars().count();
            let place = Place {
                file: page.to_owned(),
                line: name.line,
                column: name.column,
                end_line: name.line,
                end_column: end,
            };
            if let Some(known) = stale.remove(&(what, name.text)) {
                stale.insert((what, name.text), known.related(place, "and here"));
                continue;
            }
            let mut finding = RULE
                .finding(format!("the page names {what} {}, which does not exist", name.text))
                .at(place)
                .label("exists in no environment")
                .help(if near.is_empty() { "correct the name, or drop the line".to_owned() } else { near });
            finding.cells =
                view.matrix.cells.iter().filter(|c| c.release == release.name).map(crate::model::Cell::name).collect();
            stale.insert((what, name.text), finding);
        }
        findings.extend(stale.into_values());
    }
}

/// Whether a word is a literal name: placeholders and patterns are none.
fn is_name(name: &Name<'_>) -> bool {
    let text = name.text;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '/');
    let free = matches!(name.role, Role::Value | Role::VaultKey);
    !text.is_empty()
        && text.chars().all(plain)
        && (free || text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.'))
        && !text.starts_with(['-', '/', '.'])
        && !text.ends_with(['.', '/'])
}

/// Every name of the matrix, over all environments.
struct Known<'a> {
    secrets: BTreeSet<String>,
    maps: BTreeSet<String>,
    externals: BTreeSet<String>,
    keys: BTreeSet<String>,
    supply: Supply<'a>,
}

impl<'a> Known<'a> {
    fn of(view: &MatrixView<'a>) -> Self {
        let mut known = Self {
            secrets: BTreeSet::new(),
            maps: BTreeSet::new(),
            externals: BTreeSet::new(),
            keys: BTreeSet::new(),
            supply: Supply::of(view.matrix, "", view.facts.values()),
        };
        let convention = view.matrix.secrets.as_ref();
        known.secrets.extend(convention.iter().flat_map(|c| &c.external).map(|e| e.secret.clone()));
        for facts in view.facts.values() {
            let produced = facts.produces.iter().map(|p| (p.kind, &p.name));
            for (kind, name) in produced.chain(facts.consumes.iter().map(|c| (c.kind, &c.name))) {
                match kind {
                    Kind::Secret => known.secrets.insert(name.clone()),
                    Kind::ConfigMap => known.maps.insert(name.clone()),
                    _ => false,
                };
            }
            let externals = facts.objects.iter().filter(|o| o.kind.ends_with("ExternalSecret"));
            known.externals.extend(externals.map(|o| o.name.clone()));
            for read in &facts.reads {
                known.keys.extend(read.key.clone());
                known.keys.extend(read.vault_key(convention).map(str::to_owned));
            }
        }
        known
    }

    fn has(&self, names: &BTreeSet<String>, kind: Kind, name: &Name<'_>) -> bool {
        names.contains(name.text) || !self.supply.producers(kind, "*", name.text).is_empty()
    }
}

/// The values of one release: the paths that its values files set, and the words of its chart.
struct Values<'a> {
    words: HashSet<&'a str>,
    files: Vec<&'a str>,
    /// Made for the first word that is not there.
    paths: OnceCell<BTreeSet<String>>,
}

impl<'a> Values<'a> {
    fn of(view: &MatrixView<'a>, release: &Release) -> Self {
        let mut values = Self { words: HashSet::new(), files: Vec::new(), paths: OnceCell::new() };
        let cells: BTreeSet<String> =
            view.matrix.cells.iter().filter(|c| c.release == release.name).map(crate::model::Cell::name).collect();
        let chart = format!("{}/", release.chart);
        for (path, source) in view.sources {
            if !path.starts_with(&chart) && source.cells.is_disjoint(&cells) {
                continue;
            }
            if source.kind == SourceKind::Docs {
                continue;
            }
            let Some(text) = source.text() else { continue };
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            values.words.extend(words.filter(|w| !w.is_empty()));
            if matches!(source.kind, SourceKind::ChartValues | SourceKind::SharedValues | SourceKind::Overlay) {
                values.files.push(text);
            }
        }
        values
    }

    fn has(&self, path: &str) -> bool {
        let last = path.rsplit('.').next().unwrap_or_default();
        self.words.contains(last) || self.paths.get_or_init(|| self.all_paths()).contains(path)
    }

    fn all_paths(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for document in self.files.iter().flat_map(|text| yaml::parse(text)) {
            if let Some(root) = &document.root {
                paths(root, &mut String::new(), &mut found);
            }
        }
        found
    }
}

/// Every path of a values file, those of maps as well.
fn paths(node: &yaml::Node, path: &mut String, found: &mut BTreeSet<String>) {
    for entry in node.entries() {
        let Some(key) = entry.key.text() else { continue };
        let length = path.len();
        path.push_str(if path.is_empty() { "" } else { "." });
        path.push_str(key);
        found.insert(path.clone());
        paths(&entry.value, path, found);
        path.truncate(length);
    }
}
