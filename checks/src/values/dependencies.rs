//! Which subcharts a cell has, and what they hand up: aliases, conditions, tags, `import-values`, as in Helm 4
//! (`pkg/chart/v2/util/dependencies.go`).

use super::coalesce::{Merge, Node, unset};
use super::tree::{Held, Map};
use crate::chart::{Dependency, in_range};
use yaml::Resolved;

impl Merge {
    /// `ProcessDependencies`.
    pub(super) fn process_dependencies(&mut self, node: &mut Node, values: Map) {
        self.enable(node, values, "");
        self.import(node);
    }

    /// `processDependencyEnabled`: gives aliases their charts and drops what is off.
    fn enable(&mut self, node: &mut Node, values: Map, path: &str) {
        if node.chart.declared.is_empty() {
            return;
        }
        let declared = |sub: &Node, dependency: &Dependency| {
            sub.chart.name == dependency.name && in_range(&dependency.version, &sub.chart.version)
        };
        let vendored = std::mem::take(&mut node.subcharts);
        let mut subcharts: Vec<Node> =
            vendored.iter().filter(|sub| !node.chart.declared.iter().any(|d| declared(sub, d))).cloned().collect();
        for dependency in &mut node.chart.declared {
            if let Some(found) = vendored.iter().find(|sub| declared(sub, dependency)) {
                let mut sub = found.clone();
                if !dependency.alias.is_empty() {
                    sub.chart.name.clone_from(&dependency.alias);
                }
                subcharts.push(sub);
            }
            if !dependency.alias.is_empty() {
                dependency.name.clone_from(&dependency.alias);
            }
        }
        node.subcharts = subcharts;
        let merged = if switched(node) {
            let merged = self.tree.deep_copy(values);
            self.coalesce(node, merged, "", false);
            merged
        } else {
            // Nobody asks.
            values
        };
        let off: Vec<String> =
            node.chart.declared.iter().filter(|d| !self.is_on(d, merged, path)).map(|d| d.name.clone()).collect();
        node.subcharts.retain(|sub| !off.contains(&sub.chart.name));
        node.chart.declared.retain(|d| !off.contains(&d.name));
        for sub in &mut node.subcharts {
            let path = format!("{path}{}.", sub.chart.name);
            self.enable(sub, merged, &path);
        }
    }

    /// `processDependencyTags`, then `processDependencyConditions`: the first condition that is a boolean decides.
    fn is_on(&self, dependency: &Dependency, values: Map, path: &str) -> bool {
        for condition in dependency.condition.trim().split(',').filter(|c| !c.is_empty()) {
            if let Some(on) = self.flag(values, &format!("{path}{condition}")) {
                return on;
            }
        }
        let tags = dependency.tags.iter().filter_map(|tag| {
            let tags = self.tree.table(values, "tags")?;
            self.flag_in(tags, tag)
        });
        let tags: Vec<bool> = tags.collect();
        tags.is_empty() || tags.contains(&true)
    }

    fn flag(&self, values: Map, path: &str) -> Option<bool> {
        match path.rsplit_once('.') {
            Some((table, key)) => self.flag_in(self.tree.table(values, table)?, key),
            None => self.flag_in(values, path),
        }
    }

    fn flag_in(&self, map: Map, key: &str) -> Option<bool> {
        match &self.tree.get(map, key)?.held {
            Held::Leaf(node) => match node.resolve() {
                Some(Resolved::Bool(flag)) => Some(flag),
                _ => None,
            },
            Held::Map(_) => None,
        }
    }

    /// `processDependencyImportValues`: from the innermost charts outwards.
    fn import(&mut self, node: &mut Node) {
        for sub in &mut node.subcharts {
            self.import(sub);
        }
        if node.chart.declared.is_empty() {
            return;
        }
        let merged = self.tree.empty();
        self.coalesce(node, merged, "", true);
        let imported = self.tree.empty();
        for dependency in &node.chart.declared {
            for import in &dependency.imports {
                let Some(child) = self.tree.table(merged, &format!("{}.{}", dependency.name, import.child)) else {
                    continue;
                };
                // Go hands out a new map for an empty one.
                let mut data = if self.tree.entries(child).is_empty() { self.tree.empty() } else { child };
                if import.parent != "." {
                    for step in import.parent.rsplit('.') {
                        let outer = self.tree.empty();
                        self.tree.insert(outer, &step.into(), unset(data));
                        data = outer;
                    }
                }
                self.coalesce_tables(imported, data, "", true);
            }
        }
        let merged = self.tree.deep_copy(merged);
        self.coalesce_tables(merged, imported, "", true);
        node.values = merged;
    }
}

/// Whether the values decide about any subchart below.
fn switched(node: &Node) -> bool {
    let declared = |d: &Dependency| !d.condition.is_empty() || !d.tags.is_empty();
    node.chart.declared.iter().any(declared) || node.subcharts.iter().any(switched)
}
