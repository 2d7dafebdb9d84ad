//! `values/unread`.

use std::collections::{BTreeMap, BTreeSet};

use crate::chart::{Chart, DefaultKind};
use crate::model::{Cell, Place, Severity, ValuesFile};
use crate::nearest;
use crate::part;
use crate::rules::{Check, MatrixView, Rule};
use crate::sources::{Source, Sources};
use crate::template::{Program, Scan, Symbol};
use crate::values::dotted;
use finding::Finding;
use yaml::{Node, Span};

/// The rule.
pub static RULE: Rule = Rule {
    id: "values/unread",
    severity: Severity::Warning,
    summary: "a values file sets what no template reads",
    check: Check::Matrix(check),
    doc: "\
## What it finds
A key of a values file that no template of the chart, of its subcharts or of its library charts reads, and that no chart has as a
default. The nearest key that is read is named.

## Why it matters
Helm accepts any key. A typing error in an overlay changes nothing and says nothing: the environment runs on the default that
somebody believes to have changed.

## Example
```yaml
# environments/production/web.yaml
replicaCuont: 4         # did you mean `replicaCount`?
```

## What to do instead
Correct the key, or delete it.

## When it stays silent
Below a map that a template passes on whole (`toYaml .Values.resources`, `range`, an unknown function) and below a default that is
`{}` or null. For the values of a dependency that is not below `charts/`, and for `global` then. Where the whole context goes somewhere that cannot be followed, or a template cannot be read. For a file that several
releases share, while one of them reads the key. For keys that only hold an anchor, and for `tags` and the conditions of subcharts.
The scan follows variables, `with`, `dict`, `include`, `index`, `tpl` and subcharts' scopes, and takes both ways of every branch.
",
};

fn check(view: &MatrixView<'_>, findings: &mut Vec<Finding>) {
    // Chart by chart: what the templates of one read is forgotten before the next is looked at.
    let mut charts: BTreeMap<&str, Vec<&Cell>> = BTreeMap::new();
    for cell in &view.matrix.cells {
        charts.entry(&cell.chart).or_default().push(cell);
    }
    let shared = shared(&charts);
    let mut unread = Keys::new();
    for (chart, cells) in &charts {
        let reads = Reads::of(chart, view.sources);
        for cell in cells {
            of_cell(cell, &reads, view, &mut unread);
        }
        // Of a file that no other chart has, only what nobody reads is worth remembering.
        unread.retain(|(file, _), found| found.is_some() || shared.contains(file.as_str()));
    }
    let all: BTreeSet<(String, Vec<String>)> =
        unread.iter().filter(|(_, found)| found.is_some()).map(|(key, _)| key.clone()).collect();
    let mut hints: BTreeMap<&str, Reads> = BTreeMap::new();
    for ((file, path), found) in unread {
        let Some(found) = found else { continue };
        // Of a map that nobody reads, the map is told and not each of its keys.
        if path.len() > 1 && all.contains(&(file, path[..path.len() - 1].to_vec())) {
            continue;
        }
        let reads = hints.entry(found.chart).or_insert_with(|| Reads::of(found.chart, view.sources));
        let hint = reads.nearest(&path);
        let help = if hint.is_empty() { "delete it, or read it in a template".to_owned() } else { hint };
        let mut finding = RULE.finding(format!("no template reads `{}`", dotted(&path))).at(found.place).help(help);
        finding.cells = found.cells;
        findings.push(finding);
    }
}

/// Values files that cells of several charts have.
fn shared<'a>(charts: &BTreeMap<&'a str, Vec<&'a Cell>>) -> BTreeSet<&'a str> {
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    let mut shared = BTreeSet::new();
    for (chart, cells) in charts {
        for file in cells.iter().flat_map(|cell| &cell.values) {
            if *known.entry(file.path.as_str()).or_insert(chart) != *chart {
                shared.insert(file.path.as_str());
            }
        }
    }
    shared
}

/// Each key of each values file, with the cells that read the file; `None` as soon as one of them reads the key.
type Keys<'a> = BTreeMap<(String, Vec<String>), Option<Unread<'a>>>;

fn of_cell<'a>(cell: &'a Cell, reads: &Reads, view: &MatrixView<'_>, unread: &mut Keys<'a>) {
    let mut texts: Option<Reads> = None;
    for file in &cell.values {
        for key in keys(file, cell, view.sources) {
            let mut is_read = reads.reads(&key.path);
            if !is_read && reads.runs_text {
                // Values may be templates themselves, so what they read differs by cell.
                let texts = texts.get_or_insert_with(|| reads.with_texts(cell, view));
                is_read = texts.reads(&key.path);
            }
            let slot = unread.entry((file.path.clone(), key.path.clone())).or_insert_with(|| {
                Some(Unread { place: key.place.clone(), cells: BTreeSet::new(), chart: &cell.chart })
            });
            match slot {
                Some(_) if is_read => *slot = None,
                Some(found) => {
                    found.cells.insert(cell.name());
                }
                None => {}
            }
        }
    }
}

struct Unread<'a> {
    place: Place,
    cells: BTreeSet<String>,
    /// The chart of the first cell that sets it.
    chart: &'a str,
}

/// One key of a values file.
struct Key {
    path: Vec<String>,
    place: Place,
}

/// The keys of a values file, maps and what is in them.
fn keys(file: &ValuesFile, cell: &Cell, sources: &Sources) -> Vec<Key> {
    let path = crate::chart::real(&file.path, sources);
    let text = sources.get(&path).and_then(Source::text).unwrap_or_default();
    let mut found = Vec::new();
    if let Some(part) = &file.part {
        if let Ok(root) = part::extract(text, part, &cell.release) {
            walk(&root, &mut Vec::new(), &mut |keys, span, _| {
                found.push(Key { path: keys.to_vec(), place: Place::new(&*path, span) });
            });
        }
        return found;
    }
    for document in yaml::parse(text) {
        let Some(root) = &document.root else { continue };
        let mut anchored: Option<Vec<String>> = None;
        walk(root, &mut Vec::new(), &mut |keys, span, value| {
            // What an anchor marks is read where its alias stands.
            let between = span.end.offset..(value.span.start.offset + 1).min(text.len());
            if !document.aliases.is_empty() && text.get(between).is_some_and(|text| text.contains('&')) {
                anchored = Some(keys.to_vec());
            }
            if anchored.as_ref().is_none_or(|anchored| !keys.starts_with(anchored)) {
                found.push(Key { path: keys.to_vec(), place: Place::new(&*path, span) });
            }
        });
    }
    found
}

fn walk(node: &Node, path: &mut Vec<String>, visit: &mut dyn FnMut(&[String], Span, &Node)) {
    for entry in node.entries() {
        let Some(key) = entry.key.to_text() else { continue };
        path.push(key);
        visit(path, entry.key.span, &entry.value);
        walk(&entry.value, path, visit);
        path.pop();
    }
}

/// What the templates of a chart read.
#[derive(Clone)]
struct Reads {
    chart: Chart,
    defaults: BTreeMap<Vec<String>, DefaultKind>,
    /// Used with all that is below.
    whole: BTreeSet<Vec<String>>,
    touched: BTreeSet<Vec<String>>,
    everything: bool,
    runs_text: bool,
    scopes: Vec<Vec<String>>,
}

impl Reads {
    fn of(folder: &str, sources: &Sources) -> Self {
        let chart = Chart::load(folder, sources).with_all();
        let mut reads = Self {
            defaults: chart.default_keys(),
            whole: BTreeSet::new(),
            touched: BTreeSet::new(),
            everything: !chart.problems.is_empty(),
            runs_text: false,
            scopes: Vec::new(),
            chart,
        };
        let program = Program::new(&reads.chart, sources);
        let scan = Scan::run(&program, None, &[]);
        reads.scopes = program.charts.iter().map(|(scope, _)| scope.clone()).collect();
        reads.everything |= scan.everything;
        reads.runs_text = scan.runs_text;
        reads.whole = scan.whole.iter().map(|path| reads.plain(path)).collect();
        reads.touched = scan.touched.iter().map(|path| reads.plain(path)).collect();
        reads.whole.insert(vec!["tags".to_owned()]);
        let missing = reads.chart.not_vendored();
        if !missing.is_empty() {
            // Globals are for every chart, so also for one that is not here.
            reads.whole.insert(vec!["global".to_owned()]);
        }
        reads.whole.extend(missing);
        let conditions = reads.chart.walk().into_iter().flat_map(|(scope, chart)| {
            let scope: Vec<String> = scope.into_iter().map(str::to_owned).collect();
            chart.declared.iter().flat_map(move |dependency| {
                let scope = scope.clone();
                let imports = dependency.imports.iter().map(|import| format!("{}.{}", dependency.name, import.child));
                let paths = dependency.condition.split(',').map(|path| path.trim().to_owned()).chain(imports);
                paths.map(move |path| scope.iter().cloned().chain(path.split('.').map(str::to_owned)).collect())
            })
        });
        let conditions: Vec<Vec<String>> = conditions.collect();
        reads.whole.extend(conditions);
        reads
    }

    /// The same with the values of a cell that are templates.
    fn with_texts(&self, cell: &Cell, view: &MatrixView<'_>) -> Self {
        let values = (view.effective)(cell);
        let mut reads = self.clone();
        let program = Program::new(&self.chart, view.sources);
        let mut scan = Scan::run(&program, None, &[]);
        for scope in &self.scopes {
            for text in values.texts(&[]) {
                scan.run_text(&text, &Symbol::Root(scope.clone()));
            }
            for (_, chart) in &program.charts {
                for file in chart.files.iter().filter(|file| !file.name.starts_with("templates/")) {
                    let text = file.text(view.sources);
                    if file.name != "values.yaml" && !file.name.ends_with(".md") && text.contains(".Values") {
                        scan.run_text(text, &Symbol::Root(scope.clone()));
                    }
                }
            }
        }
        reads.everything |= scan.everything;
        reads.whole.extend(scan.whole.iter().map(|path| self.plain(path)));
        reads.touched.extend(scan.touched.iter().map(|path| self.plain(path)));
        reads
    }

    /// Globals are the same in every chart: their path without the chart's.
    fn plain(&self, path: &[String]) -> Vec<String> {
        let at = path.iter().position(|key| key == "global");
        match at {
            Some(at) if self.scopes.iter().any(|scope| scope[..] == path[..at]) => path[at..].to_vec(),
            _ => path.to_vec(),
        }
    }

    fn reads(&self, path: &[String]) -> bool {
        if self.everything || self.defaults.contains_key(path) {
            return true;
        }
        let above = (1..path.len()).filter_map(|at| self.defaults.get(&path[..at]));
        if above.into_iter().any(|kind| *kind != DefaultKind::Map) {
            return true;
        }
        let path = self.plain(path);
        (0..=path.len()).any(|at| self.whole.contains(&path[..at]))
            || below(&self.whole, &path)
            || below(&self.touched, &path)
    }

    /// The nearest key beside it that is read or has a default.
    fn nearest(&self, path: &[String]) -> String {
        let Some((last, above)) = path.split_last() else { return String::new() };
        let all = self.defaults.keys().chain(&self.whole).chain(&self.touched);
        let beside = all.filter(|known| known.len() > above.len() && known.starts_with(above));
        let beside: BTreeSet<&str> = beside.map(|known| known[above.len()].as_str()).collect();
        nearest::did_you_mean(last, beside)
    }
}

/// Whether the set holds the path or something below it.
fn below(set: &BTreeSet<Vec<String>>, path: &[String]) -> bool {
    set.range(path.to_vec()..).next().is_some_and(|found| found.starts_with(path))
}
