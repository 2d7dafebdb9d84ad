//! Helm's merge, function by function as in Helm 4 (`pkg/chart/common/util/coalesce.go`): what comes first always wins, and
//! what that means for nulls differs from function to function.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::tree::{Held, Map, Origin, Slot, Tree};
use super::{Conflict, Lost};
use crate::chart::Chart;

/// A merge in progress.
#[derive(Debug, Clone, Default)]
pub(super) struct Merge {
    pub(super) tree: Tree,
    pub(super) conflicts: Vec<Conflict>,
    /// Whether conflicts are kept: Helm merges several times, and only the last time counts.
    pub(super) keep: bool,
    /// Why Helm refuses to merge at all.
    pub(super) problem: Option<String>,
}

/// One chart with its default values read into the tree.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) chart: Chart,
    pub(super) values: Map,
    pub(super) subcharts: Vec<Node>,
}

impl Merge {
    /// Reads the default values of a chart and of all below it.
    pub(super) fn node(&mut self, mut chart: Chart) -> Node {
        let mut values = self.tree.empty();
        if let Some(file) = &chart.values_file {
            for root in chart.values.iter() {
                match self.tree.read(root, file) {
                    Some(next) => values = self.override_with(values, next, ""),
                    None if root.is_null() => {}
                    None => self.problem(format!("{} holds no map", file.path)),
                }
            }
        }
        let subcharts = std::mem::take(&mut chart.subcharts).into_iter().map(|sub| self.node(sub)).collect();
        Node { chart, values, subcharts }
    }

    pub(super) fn problem(&mut self, problem: String) {
        self.problem.get_or_insert(problem);
    }

    /// A path is only needed where conflicts are kept.
    fn below(&self, path: &str, key: &str) -> String {
        if self.keep { join(path, key) } else { String::new() }
    }

    fn conflict(&mut self, path: String, winner: &Slot, loser: &Slot, lost: Lost) {
        if let (true, Some(winner), Some(loser)) = (self.keep, &winner.origin, &loser.origin) {
            let conflict = Conflict { path, lost, winner: winner.key_place(), loser: loser.key_place() };
            if !self.conflicts.contains(&conflict) {
                self.conflicts.push(conflict);
            }
        }
    }

    /// `MergeMaps`: a later values file over an earlier one. Nulls are values here.
    pub(super) fn override_with(&mut self, base: Map, over: Map, path: &str) -> Map {
        for key in self.tree.keys(over) {
            let Some(mut slot) = self.tree.get(over, &key).cloned() else { continue };
            if let Some(old) = self.tree.get(base, &key).cloned() {
                let path = self.below(path, &key);
                if let (Some(below), Some(over)) = (old.map(), slot.map()) {
                    self.override_with(below, over, &path);
                    slot.held = Held::Map(below);
                } else if !slot.is_null() && !old.is_null() {
                    if old.map().is_some() {
                        self.conflict(path, &slot, &old, Lost::Map);
                    } else if slot.map().is_some() {
                        self.conflict(path, &slot, &old, Lost::Other);
                    }
                }
                slot.beats(&old);
            }
            self.tree.insert(base, &key, slot);
        }
        base
    }

    /// `coalesce`: a chart's defaults below what is there, then the same for its subcharts.
    pub(super) fn coalesce(&mut self, node: &Node, dest: Map, path: &str, merge: bool) {
        self.coalesce_values(node, dest, path, merge);
        for sub in &node.subcharts {
            let name = &sub.chart.name;
            let below = match self.tree.get(dest, name) {
                None => {
                    let below = self.tree.empty();
                    self.tree.insert(dest, &name.as_str().into(), unset(below));
                    below
                }
                Some(slot) => {
                    if let Some(below) = slot.map() {
                        below
                    } else {
                        self.problem(format!("`{}` is the name of a subchart and must hold a map", join(path, name)));
                        continue;
                    }
                }
            };
            let path = self.below(path, name);
            self.coalesce_globals(below, dest, &path);
            self.coalesce(sub, below, &path, merge);
        }
    }

    /// `coalesceGlobals`: the parent's globals over the child's. Maps below the first level are shared by both from then on.
    fn coalesce_globals(&mut self, dest: Map, src: Map, path: &str) {
        let (old, from) = (self.tree.get(dest, "global").cloned(), self.tree.get(src, "global").cloned());
        let global: Arc<str> = "global".into();
        let globals = match &old {
            None => self.tree.empty(),
            Some(slot) => match slot.map() {
                Some(map) => map,
                None => return,
            },
        };
        if let Some(from) = &from {
            let Some(from) = from.map() else { return };
            for key in self.tree.keys(from) {
                let Some(slot) = self.tree.get(from, &key).cloned() else { continue };
                let path = self.below(&self.below(path, "global"), &key);
                let known = self.tree.get(globals, &key).cloned();
                if let Some(map) = slot.map() {
                    let copy = self.tree.shallow_copy(map);
                    let mut slot = Slot { held: Held::Map(copy), ..slot };
                    match &known {
                        None => self.tree.insert(globals, &key, slot),
                        Some(known) => match known.map() {
                            None => self.conflict(path, known, &slot, Lost::Map),
                            Some(below) => {
                                self.coalesce_tables(copy, below, &path, true);
                                slot.beats(known);
                                self.tree.insert(globals, &key, slot);
                            }
                        },
                    }
                } else if let Some(known) = known.as_ref().filter(|k| k.map().is_some()) {
                    self.conflict(path, known, &slot, Lost::Other);
                } else {
                    let mut slot = slot;
                    if let Some(known) = &known {
                        slot.beats(known);
                    }
                    self.tree.insert(globals, &key, slot);
                }
            }
        }
        let slot = old.or(from.map(|f| Slot { lost: Vec::new(), ..f }));
        let slot = slot.unwrap_or(Slot { held: Held::Map(globals), origin: None, lost: Vec::new() });
        self.tree.insert(dest, &global, Slot { held: Held::Map(globals), ..slot });
    }

    /// `coalesceValues`: one chart's defaults below what is there.
    fn coalesce_values(&mut self, node: &Node, dest: Map, path: &str, merge: bool) {
        let defaults = self.tree.deep_copy(node.values);
        for key in self.tree.keys(defaults) {
            let Some(default) = self.tree.get(defaults, &key).cloned() else { continue };
            let path = self.below(path, &key);
            let Some(slot) = self.tree.get(dest, &key).cloned() else {
                if !merge {
                    if default.is_null() {
                        continue;
                    }
                    if let Some(map) = default.map() {
                        self.clean_nulls(map);
                    }
                }
                self.tree.insert(dest, &key, default);
                continue;
            };
            if slot.is_null() && !merge {
                self.tree.remove(dest, &key);
                continue;
            }
            if let Some(map) = slot.map() {
                if let Some(below) = default.map() {
                    let merge = merge || node.subcharts.iter().any(|sub| *sub.chart.name == *key);
                    if !merge {
                        self.clean_nulls(below);
                    }
                    self.coalesce_tables(map, below, &path, merge);
                } else if !default.is_null() {
                    self.conflict(path, &slot, &default, Lost::Other);
                }
            } else if default.map().is_some() && !slot.is_null() {
                self.conflict(path, &slot, &default, Lost::Map);
            }
            if let Some(slot) = self.tree.get_mut(dest, &key) {
                slot.beats(&default);
            }
        }
    }

    /// `coalesceTablesFullKey`: `src` below `dst`.
    pub(super) fn coalesce_tables(&mut self, dst: Map, src: Map, path: &str, merge: bool) {
        let set: BTreeSet<Arc<str>> =
            self.tree.entries(src).iter().filter(|(_, slot)| !slot.is_null()).map(|(key, _)| key.clone()).collect();
        let nulls: Vec<(Arc<str>, Slot)> =
            self.tree.entries(dst).iter().filter(|(_, s)| s.is_null()).map(|(k, s)| (k.clone(), s.clone())).collect();
        for (key, mut null) in nulls {
            if let Some(old) = self.tree.get(src, &key) {
                null.beats(&old.clone());
            }
            self.tree.insert(src, &key, null);
        }
        for key in self.tree.keys(src) {
            let Some(below) = self.tree.get(src, &key).cloned() else { continue };
            let path = self.below(path, &key);
            let Some(slot) = self.tree.get(dst, &key).cloned() else {
                self.tree.insert(dst, &key, below);
                continue;
            };
            if !merge && slot.is_null() && set.contains(&key) {
                self.tree.remove(dst, &key);
                continue;
            }
            match (slot.map(), below.map()) {
                (Some(dst), Some(src)) => self.coalesce_tables(dst, src, &path, merge),
                (None, Some(_)) if !slot.is_null() => self.conflict(path, &slot, &below, Lost::Map),
                (Some(_), None) if !below.is_null() => self.conflict(path, &slot, &below, Lost::Other),
                _ => {}
            }
            if let Some(slot) = self.tree.get_mut(dst, &key) {
                slot.beats(&below);
            }
        }
    }

    /// `cleanNilValues`.
    fn clean_nulls(&mut self, map: Map) {
        for key in self.tree.keys(map) {
            match self.tree.get(map, &key) {
                Some(slot) if slot.is_null() => {
                    self.tree.remove(map, &key);
                }
                Some(slot) => {
                    if let Some(below) = slot.map() {
                        self.clean_nulls(below);
                    }
                }
                None => {}
            }
        }
    }
}

/// A dotted path with one more step. A dot inside a key is written `\.`.
pub(super) fn join(path: &str, key: &str) -> String {
    let key = if key.contains('.') { key.replace('.', "\\.") } else { key.to_owned() };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

/// A map that stands for no file's text.
pub(super) fn unset(map: Map) -> Slot {
    Slot { held: Held::Map(map), origin: None::<Arc<Origin>>, lost: Vec::new() }
}
