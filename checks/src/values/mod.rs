//! The values that a cell's templates see, as Helm merges them, and which file set each.
//!
//! [`Effective::of`] equals Helm 4's own merge: chart defaults, vendored subcharts under their names and aliases, the values
//! chain, nulls, globals, conditions, tags and `import-values`.

mod coalesce;
mod dependencies;
mod set;
mod tree;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use coalesce::{Merge, Node as ChartNode, join};
use tree::{Held, Map, Slot, Tree};

use crate::chart::{Chart, File};
use crate::model::{Cell, Place, ValuesFile};
use crate::part;
use crate::sources::Sources;
use yaml::{Inside, Node, Resolved, Span};

/// The effective values of one cell.
#[derive(Debug, Clone, Default)]
pub struct Effective {
    tree: Tree,
    root: Map,
    /// The chart with the subcharts that the cell has: what is off is gone, aliases are names.
    pub chart: Chart,
    /// Maps and other values that met under one key.
    pub conflicts: Vec<Conflict>,
    /// Why the values may not be what Helm sees: a file is missing or cannot be read, Helm would refuse.
    pub problem: Option<String>,
}

/// What lost, where a map and something else met under one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lost {
    /// A map lost against a scalar or a list. Between values files Helm is silent about it.
    Map,
    /// A scalar or a list lost against a map: Helm says "skipped value … not a table".
    Other,
}

/// A map and something else under one key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// Dotted path.
    pub path: String,
    /// What lost.
    pub lost: Lost,
    /// The key that counts.
    pub winner: Place,
    /// The key that is lost.
    pub loser: Place,
}

/// One value that is no map with entries.
#[derive(Debug, Clone)]
pub struct Leaf<'a> {
    /// The keys that lead to it.
    pub path: Vec<String>,
    /// What it is.
    pub value: LeafValue<'a>,
    slot: &'a Slot,
}

/// What a leaf holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LeafValue<'a> {
    /// A scalar, as Helm reads it.
    Scalar(Resolved<'a>),
    /// A list, which Helm never merges: replaced as a whole.
    List(&'a Node),
    /// A map without entries.
    EmptyMap,
}

impl Leaf<'_> {
    /// Its dotted path; a dot inside a key is written `\.`.
    pub fn dotted(&self) -> String {
        dotted(&self.path)
    }

    /// The value that counts; nothing for the empty maps that Helm itself makes for subcharts and globals.
    pub fn place(&self) -> Option<Place> {
        self.slot.origin.as_ref().map(|o| o.place())
    }

    /// The key that counts.
    pub fn key_place(&self) -> Option<Place> {
        self.slot.origin.as_ref().map(|o| o.key_place())
    }

    /// The values that lost against it, the nearest first.
    pub fn lost(&self) -> Vec<Place> {
        self.slot.lost.iter().map(|o| o.place()).collect()
    }

    /// As JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match self.value {
            LeafValue::Scalar(scalar) => scalar.to_json(),
            LeafValue::List(node) => json(node),
            LeafValue::EmptyMap => serde_json::Value::Object(serde_json::Map::new()),
        }
    }
}

/// The loaded charts of a repository: what many cells share is read once.
pub struct Charts<'a> {
    sources: &'a Sources,
    loaded: Mutex<BTreeMap<String, Loaded>>,
    /// The values of the first [`KEPT`] cells that were asked for.
    effective: Mutex<HashMap<String, Arc<Effective>>>,
}

/// Several rules ask for the values of the same cells. They are kept as far as memory does not grow with the matrix.
const KEPT: usize = 64;

/// A chart, and its default values where the merge of each cell starts.
#[derive(Clone)]
struct Loaded {
    chart: Arc<Chart>,
    base: Arc<(Merge, ChartNode)>,
}

/// A panic elsewhere leaves nothing half done in a map of finished things.
fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl<'a> Charts<'a> {
    /// None loaded yet.
    pub fn new(sources: &'a Sources) -> Self {
        Self { sources, loaded: Mutex::default(), effective: Mutex::default() }
    }

    /// The chart of a folder, with all its subcharts.
    pub fn chart(&self, folder: &str) -> Arc<Chart> {
        self.loaded(folder).chart
    }

    fn loaded(&self, folder: &str) -> Loaded {
        lock(&self.loaded)
            .entry(folder.to_owned())
            .or_insert_with(|| {
                let chart = Chart::load(folder, self.sources);
                Loaded { base: Arc::new(base(chart.clone(), folder)), chart: Arc::new(chart) }
            })
            .clone()
    }

    /// The effective values of a cell.
    pub fn effective(&self, cell: &Cell) -> Arc<Effective> {
        let name = cell.name();
        if let Some(known) = lock(&self.effective).get(&name) {
            return Arc::clone(known);
        }
        let (base, node) = (*self.loaded(&cell.chart).base).clone();
        let made = Arc::new(merge(cell, base, node, self.sources));
        let mut kept = lock(&self.effective);
        if kept.len() < KEPT {
            kept.insert(name, Arc::clone(&made));
        }
        made
    }
}

impl Effective {
    /// Merges the chart's defaults and the values chain of a cell as Helm does.
    pub fn of(cell: &Cell, sources: &Sources) -> Self {
        let (base, node) = base(Chart::load(&cell.chart, sources), &cell.chart);
        merge(cell, base, node, sources)
    }

    /// All leaves, in the order of their paths.
    pub fn leaves(&self) -> Vec<Leaf<'_>> {
        let mut leaves = Vec::new();
        self.go(self.root, &mut Vec::new(), &mut leaves);
        leaves
    }

    fn go<'a>(&'a self, map: Map, path: &mut Vec<String>, leaves: &mut Vec<Leaf<'a>>) {
        for (key, slot) in self.entries(map) {
            path.push(key.to_string());
            match &slot.held {
                Held::Map(below) if !self.tree.entries(*below).is_empty() => self.go(*below, path, leaves),
                _ => leaves.push(leaf(path.clone(), slot)),
            }
            path.pop();
        }
    }

    fn entries(&self, map: Map) -> impl Iterator<Item = (&Arc<str>, &Slot)> {
        self.tree.entries(map).iter()
    }

    /// The leaf at a dotted path; nothing for a map with entries.
    pub fn leaf(&self, path: &str) -> Option<Leaf<'_>> {
        self.leaf_at(&steps(path))
    }

    /// The leaf at a path of keys; nothing for a map with entries.
    pub fn leaf_at(&self, path: &[String]) -> Option<Leaf<'_>> {
        let slot = self.slot(path)?;
        match slot.held {
            Held::Map(map) if !self.tree.entries(map).is_empty() => None,
            _ => Some(leaf(path.to_vec(), slot)),
        }
    }

    /// Every string at or below a path, those inside of lists too.
    pub fn texts(&self, path: &[String]) -> Vec<String> {
        let mut texts = Vec::new();
        for leaf in self.leaves().iter().filter(|leaf| leaf.path.starts_with(path)) {
            match leaf.value {
                LeafValue::Scalar(Resolved::Str(text)) => texts.push(text.to_owned()),
                LeafValue::List(node) => node.leaves(&mut |_, node| texts.extend(node.as_str().map(str::to_owned))),
                _ => {}
            }
        }
        texts
    }

    /// Where a part of a text stands, given by what it is in: the string at or below any path, those inside of lists too.
    pub fn place_in_text(&self, text: &str, part: Span, sources: &Sources) -> Option<Place> {
        self.leaves().iter().find_map(|leaf| {
            let Held::Leaf(held) = &leaf.slot.held else { return None };
            let mut node = None;
            held.leaves(&mut |_, inner| node = node.or((inner.as_str() == Some(text)).then_some(inner)));
            let (node, origin) = (node?, leaf.slot.origin.as_ref()?);
            if origin.packed {
                return Some(Place::file(&*origin.file));
            }
            let source = sources.get(&*origin.file).and_then(|source| source.text())?;
            Some(Place::new(&*origin.file, Inside::of(node, source)?.span(part)))
        })
    }

    /// Whether there is anything at a path, a map included.
    pub fn has(&self, path: &[String]) -> bool {
        path.is_empty() || self.slot(path).is_some()
    }

    /// The key at a path, of a map too; nothing for what Helm itself made.
    pub fn key_place(&self, path: &[String]) -> Option<Place> {
        self.slot(path)?.origin.as_ref().map(|origin| origin.key_place())
    }

    /// The keys of the map at a path; nothing where there is no map.
    pub fn keys(&self, path: &[String]) -> Vec<&str> {
        let map = if path.is_empty() { Some(self.root) } else { self.slot(path).and_then(Slot::map) };
        let keys = map.into_iter().filter(|_| !self.tree.is_empty());
        keys.flat_map(|map| self.tree.entries(map).keys().map(|key| &**key)).collect()
    }

    /// Whether there is a map at a path.
    pub fn is_map(&self, path: &[String]) -> bool {
        path.is_empty() || self.slot(path).is_some_and(|slot| slot.map().is_some())
    }

    /// The string at a dotted path.
    pub fn str(&self, path: &str) -> Option<&str> {
        match self.leaf(path)?.value {
            LeafValue::Scalar(Resolved::Str(text)) => Some(text),
            _ => None,
        }
    }

    fn slot(&self, path: &[String]) -> Option<&Slot> {
        if self.tree.is_empty() {
            return None;
        }
        let (last, folders) = path.split_last()?;
        let map = folders.iter().try_fold(self.root, |map, step| self.tree.get(map, step)?.map())?;
        self.tree.get(map, last)
    }

    /// Everything as JSON: what `{{ .Values | toJson }}` prints in the chart, but for the order of keys and the spelling of
    /// numbers.
    pub fn to_json(&self) -> serde_json::Value {
        if self.tree.is_empty() { serde_json::Value::Object(serde_json::Map::new()) } else { self.map_json(self.root) }
    }

    fn map_json(&self, map: Map) -> serde_json::Value {
        let entries = self.entries(map).map(|(key, slot)| {
            let value = match &slot.held {
                Held::Map(below) => self.map_json(*below),
                Held::Leaf(node) => json(node),
            };
            (key.to_string(), value)
        });
        serde_json::Value::Object(entries.collect())
    }
}

fn leaf(path: Vec<String>, slot: &Slot) -> Leaf<'_> {
    let value = match &slot.held {
        Held::Map(_) => LeafValue::EmptyMap,
        Held::Leaf(node) => node.resolve().map_or(LeafValue::List(node), LeafValue::Scalar),
    };
    Leaf { path, value, slot }
}

/// A list or scalar as Helm reads it: keys are strings of what they mean.
fn json(node: &Node) -> serde_json::Value {
    use serde_json::Value as Json;
    match node.resolve() {
        Some(scalar) => scalar.to_json(),
        None if node.is_sequence() => Json::Array(node.items().iter().map(json).collect()),
        None => Json::Object(node.entries().iter().filter_map(|e| Some((e.key.to_text()?, json(&e.value)))).collect()),
    }
}

/// A path as people write it; a dot inside a key is written `\.`.
pub fn dotted(path: &[String]) -> String {
    path.iter().fold(String::new(), |path, key| join(&path, key))
}

/// The keys of a dotted path.
pub fn steps(path: &str) -> Vec<String> {
    let mut steps = vec![String::new()];
    let mut chars = path.chars().peekable();
    while let Some(c) = chars.next() {
        let last = steps.len() - 1;
        match c {
            '\\' if chars.peek() == Some(&'.') => steps[last].extend(chars.next()),
            '.' => steps.push(String::new()),
            c => steps[last].push(c),
        }
    }
    steps
}

/// The default values of a chart and of all below it, read.
fn base(chart: Chart, folder: &str) -> (Merge, ChartNode) {
    let mut merge = Merge::default();
    if let Some(problem) = chart.problems.first() {
        merge.problem(format!("{folder}: {problem}"));
    }
    let node = merge.node(chart);
    (merge, node)
}

fn merge(cell: &Cell, mut merge: Merge, mut node: ChartNode, sources: &Sources) -> Effective {
    merge.keep = true;
    let mut values = merge.tree.empty();
    for link in &cell.values {
        let file = File::at(&link.path, sources);
        if sources.get(&*file.path).is_none_or(|s| s.text().is_none()) {
            merge.problem(format!("{} cannot be read", file.path));
        }
        for root in roots(&mut merge, link, &file, &cell.release, sources) {
            match merge.tree.read(&root, &file) {
                Some(next) => values = merge.override_with(values, next, ""),
                None if root.is_null() => {}
                None => merge.problem(format!("{} holds no map", file.path)),
            }
        }
    }
    for set in &cell.set {
        merge.set(values, set, cell);
    }
    merge.keep = false;
    merge.process_dependencies(&mut node, values);
    merge.keep = true;
    let root = merge.tree.deep_copy(values);
    merge.coalesce(&node, root, "", false);
    let Merge { mut tree, mut conflicts, problem, .. } = merge;
    let root = tree.compact(root);
    conflicts.sort();
    Effective { tree, root, chart: whole(node), conflicts, problem }
}

/// The maps of a values file: one a document, or the one that stands inside another tool's manifest.
fn roots(merge: &mut Merge, link: &ValuesFile, file: &File, release: &str, sources: &Sources) -> Vec<Node> {
    if let Some(part) = &link.part {
        return match part::extract(file.text(sources), part, release) {
            Ok(root) => vec![root],
            Err(error) => {
                merge.problem(format!("{}: {}", file.path, error.message));
                Vec::new()
            }
        };
    }
    let mut roots = Vec::new();
    for document in yaml::parse(file.text(sources)) {
        if let Some(error) = document.error {
            merge.problem(format!("{} cannot be read: {}", file.path, error.message));
        }
        roots.extend(document.root);
    }
    roots
}

/// The chart with what is left below it.
fn whole(node: ChartNode) -> Chart {
    Chart { subcharts: node.subcharts.into_iter().map(whole).collect(), ..node.chart }
}
