//! Maps as Go has them: shared by reference. Helm's merge copies some maps and shares others, so that a subchart's defaults can
//! show in its parent; an arena of maps keeps exactly that.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::chart::File;
use crate::model::Place;
use yaml::{Node, Span, Value};

/// One map of the arena.
pub(super) type Map = usize;

/// What a map holds. Keys are shared by all copies of a map.
pub(super) type Entries = BTreeMap<Arc<str>, Slot>;

/// What a key holds.
#[derive(Debug, Clone)]
pub(super) enum Held {
    /// `null`, a string, a number, a boolean; a list, which is never looked into.
    Leaf(Arc<Node>),
    /// A map.
    Map(Map),
}

/// Who set a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) file: Arc<str>,
    /// Inside an archive there is no line to show.
    pub(super) packed: bool,
    pub(super) key: Span,
    pub(super) value: Span,
}

impl Origin {
    /// The value where it stands beside its key, else the key.
    pub(super) fn place(&self) -> Place {
        let beside = self.value.start.line == self.key.start.line && self.value.start != self.value.end;
        self.at(if beside { self.value } else { self.key })
    }

    pub(super) fn key_place(&self) -> Place {
        self.at(self.key)
    }

    fn at(&self, span: Span) -> Place {
        if self.packed { Place::file(&*self.file) } else { Place::new(&*self.file, span) }
    }
}

/// A key's value with its history.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) held: Held,
    /// Nobody, for the maps that Helm makes for subcharts and globals.
    pub(super) origin: Option<Arc<Origin>>,
    /// Who had set it before, the nearest first.
    pub(super) lost: Vec<Arc<Origin>>,
}

impl Slot {
    pub(super) fn map(&self) -> Option<Map> {
        match self.held {
            Held::Map(map) => Some(map),
            Held::Leaf(_) => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(&self.held, Held::Leaf(node) if node.is_null())
    }

    /// Remembers that another value was there and lost.
    pub(super) fn beats(&mut self, other: &Slot) {
        for origin in other.origin.iter().chain(&other.lost) {
            if self.origin.as_ref() != Some(origin) && !self.lost.contains(origin) {
                self.lost.push(origin.clone());
            }
        }
    }
}

/// All maps of one cell's values.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    maps: Vec<Entries>,
}

impl Tree {
    /// Without any map, as nothing but a default is.
    pub(super) fn is_empty(&self) -> bool {
        self.maps.is_empty()
    }

    /// A new empty map.
    pub(super) fn empty(&mut self) -> Map {
        self.maps.push(BTreeMap::new());
        self.maps.len() - 1
    }

    pub(super) fn get(&self, map: Map, key: &str) -> Option<&Slot> {
        self.maps[map].get(key)
    }

    pub(super) fn get_mut(&mut self, map: Map, key: &str) -> Option<&mut Slot> {
        self.maps[map].get_mut(key)
    }

    pub(super) fn insert(&mut self, map: Map, key: &Arc<str>, slot: Slot) {
        self.maps[map].insert(key.clone(), slot);
    }

    pub(super) fn remove(&mut self, map: Map, key: &str) -> Option<Slot> {
        self.maps[map].remove(key)
    }

    pub(super) fn entries(&self, map: Map) -> &Entries {
        &self.maps[map]
    }

    /// The keys as they are now: what is changed while a map is walked does not change the walk.
    pub(super) fn keys(&self, map: Map) -> Vec<Arc<str>> {
        self.maps[map].keys().cloned().collect()
    }

    /// The map at a dotted path, as Helm's `Values.Table`.
    pub(super) fn table(&self, map: Map, path: &str) -> Option<Map> {
        path.split('.').try_fold(map, |map, step| self.get(map, step)?.map())
    }

    /// A copy that shares nothing.
    pub(super) fn deep_copy(&mut self, map: Map) -> Map {
        let mut copy = self.maps[map].clone();
        for slot in copy.values_mut() {
            if let Held::Map(below) = slot.held {
                slot.held = Held::Map(self.deep_copy(below));
            }
        }
        self.maps.push(copy);
        self.maps.len() - 1
    }

    /// A copy that shares the maps below.
    pub(super) fn shallow_copy(&mut self, map: Map) -> Map {
        self.maps.push(self.maps[map].clone());
        self.maps.len() - 1
    }

    /// A YAML map as Helm reads it; `None` for any other root.
    pub(super) fn read(&mut self, root: &Node, file: &File) -> Option<Map> {
        root.is_mapping().then(|| self.read_map(root, file))
    }

    fn read_map(&mut self, node: &Node, file: &File) -> Map {
        let mut map = Entries::new();
        for entry in node.entries() {
            let Some(key) = entry.key.to_text() else { continue };
            let held = match &entry.value.value {
                Value::Mapping(_) => Held::Map(self.read_map(&entry.value, file)),
                _ => Held::Leaf(Arc::new(entry.value.clone())),
            };
            let origin = Origin {
                file: file.path.clone(),
                packed: file.is_packed(),
                key: entry.key.span,
                value: entry.value.span,
            };
            map.insert(Arc::from(key), Slot { held, origin: Some(Arc::new(origin)), lost: Vec::new() });
        }
        self.maps.push(map);
        self.maps.len() - 1
    }

    /// Keeps only what hangs below one map: merging leaves many behind.
    pub(super) fn compact(&mut self, root: Map) -> Map {
        fn go(old: &mut [Entries], map: Map, new: &mut Vec<Entries>, seen: &mut HashMap<Map, Map>) -> Map {
            if let Some(known) = seen.get(&map) {
                return *known;
            }
            let at = new.len();
            seen.insert(map, at);
            new.push(Entries::new());
            let mut entries = std::mem::take(&mut old[map]);
            for slot in entries.values_mut() {
                if let Held::Map(below) = slot.held {
                    slot.held = Held::Map(go(old, below, new, seen));
                }
            }
            new[at] = entries;
            at
        }
        let mut new = Vec::new();
        let root = go(&mut self.maps, root, &mut new, &mut HashMap::new());
        self.maps = new;
        root
    }
}
