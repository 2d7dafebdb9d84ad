//! Runs every rule over its fixtures: `checks/fixtures/<family>/<rule>/{bad,good}*.yaml`.
//!
//! A fixture is a small repository in one file: what the matrix says, what Helm rendered for each cell, the source files, and
//! the findings that the rule must give, no more and no fewer. A bad one expects findings, a good one none.
//!
//! ```yaml
//! matrix:
//!   namespace: ameide                       # optional, as is everything below
//!   environments: {local: {owns: [dev.example.org], fixtures: fixtures.yaml}}   # default: local
//!   secrets: {api: …, store: …, remote: {key: …, property: …}, external: [{secret: …, keys: […], by: …}]}
//!   releases: {graph: {layer: 60, after: […], off: {staging: why}, docs: …, classify: true, namespace: …}}
//!   retired: [{env: NAME, reason: why}]
//! unknown: [local/threads]                  # cells of which nothing is known
//! renders:                                  # `*/graph` is the same render in every environment
//!   local/graph: |
//!     …
//! files: {charts/graph/templates/a.yaml: …} # values/<release>.yaml and environments/<env>/<release>.yaml are its values
//! expect:
//!   - message: nothing produces Secret x
//!     at: values/graph.yaml:3               # optional
//!     cells: [local/graph]                  # optional
//!     label, help, notes: …                 # optional, word by word
//!     related: [values/graph.yaml:3 words]  # optional, the places beside it
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use checks::facts::Facts;
use checks::model::{
    Cell, Environment, External, Layer, Matrix, Off, Place, Release, Retired, RetiredKind, Secrets, ValuesFile,
};
use checks::object::objects;
use checks::rules::{CellView, Check, EnvironmentView, MatrixView, Rule, SourceView, registry};
use checks::sources::{Source, SourceKind, Sources};
use checks::values::Charts;
use finding::{Finding, merge};
use yaml::{Node, parse};

const MATRIX_FILE: &str = "environments/matrix.yaml";

/// A fixture, read.
struct Fixture {
    matrix: Matrix,
    sources: Sources,
    renders: BTreeMap<String, String>,
    unknown: BTreeSet<String>,
    expect: Vec<Expected>,
}

struct Expected {
    message: String,
    at: Option<String>,
    cells: Option<BTreeSet<String>>,
    label: Option<String>,
    help: Option<String>,
    notes: Option<Vec<String>>,
    related: Option<Vec<String>>,
}

#[test]
fn every_fixture_gives_the_findings_that_it_states() {
    let mut failures = Vec::new();
    let mut ran = 0;
    for rule in registry() {
        for path in fixture_files(rule) {
            let text = std::fs::read_to_string(&path).expect("a readable fixture");
            let Some(fixture) = read(&text) else { continue };
            ran += 1;
            let found = run(rule, &fixture);
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_bad = name.starts_with("bad");
            if is_bad == fixture.expect.is_empty() {
                failures.push(format!("{}: a bad fixture expects findings, a good one none", path.display()));
            }
            failures.extend(compare(&path, &found, &fixture.expect));
        }
    }
    assert!(ran > 0, "no fixture was found");
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}

#[test]
fn every_rule_over_facts_has_bad_and_good_fixtures() {
    for rule in registry().iter().filter(|r| !matches!(r.check, Check::Program)) {
        let folder = folder(rule);
        if !folder.is_dir() {
            continue;
        }
        for start in ["bad", "good"] {
            let mut names = std::fs::read_dir(&folder).expect("a readable folder").flatten();
            assert!(
                names.any(|n| n.file_name().to_string_lossy().starts_with(start)),
                "{} has no {start} one",
                rule.id
            );
        }
    }
}

fn folder(rule: &Rule) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(rule.id)
}

fn fixture_files(rule: &Rule) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder(rule)) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "yaml"));
    files.sort();
    files
}

fn compare(path: &Path, found: &[Finding], expected: &[Expected]) -> Vec<String> {
    let mut failures = Vec::new();
    let mut open: Vec<&Finding> = found.iter().collect();
    for wanted in expected {
        let fits = |f: &&Finding| {
            f.message == wanted.message
                && wanted.at.as_ref().is_none_or(|at| place(f).starts_with(at.as_str()))
                && wanted.cells.as_ref().is_none_or(|cells| *cells == f.cells)
                && wanted.label.as_ref().is_none_or(|label| *label == f.label)
                && wanted.help.as_ref().is_none_or(|help| *help == f.help)
                && wanted.notes.as_ref().is_none_or(|notes| *notes == f.notes)
                && wanted.related.as_ref().is_none_or(|related| *related == beside(f))
        };
        match open.iter().position(fits) {
            Some(at) => {
                open.remove(at);
            }
            None => failures.push(format!("{}: not found: {} at {:?}", path.display(), wanted.message, wanted.at)),
        }
    }
    for finding in open {
        let cells: Vec<&str> = finding.cells.iter().map(String::as_str).collect();
        let notes = finding.notes.join("\n  = ");
        failures.push(format!(
            "{}: not expected: {}\n  at {}\n  {}\n  cells {}\n  = {notes}\n  related {:?}\n  help {}",
            path.display(),
            finding.message,
            place(finding),
            finding.label,
            cells.join(", "),
            beside(finding),
            finding.help
        ));
    }
    for finding in found {
        if finding.place.is_none() || finding.help.is_empty() {
            failures.push(format!("{}: lacks a place or help: {}", path.display(), finding.message));
        }
    }
    failures
}

/// `file:line`; the line is left out where the whole file is meant.
fn place(finding: &Finding) -> String {
    match &finding.place {
        Some(place) if place.line > 0 => format!("{}:{}:", place.file, place.line),
        Some(place) => format!("{}:", place.file),
        None => String::new(),
    }
}

fn run(rule: &Rule, fixture: &Fixture) -> Vec<Finding> {
    let mut findings = Vec::new();
    let parsed: BTreeMap<String, _> = fixture
        .matrix
        .cells
        .iter()
        .filter(|c| !fixture.unknown.contains(&c.name()))
        .map(|c| {
            let render = fixture.renders.get(&c.name()).cloned().unwrap_or_default();
            let (objects, broken) = objects(&render, &c.namespace);
            assert!(broken.is_empty(), "a render of the fixture is no YAML: {broken:?}");
            (c.name(), (render, objects))
        })
        .collect();
    let facts: BTreeMap<String, Facts> = fixture
        .matrix
        .cells
        .iter()
        .filter_map(|c| parsed.get(&c.name()).map(|(_, objects)| (c.name(), Facts::of(c, objects))))
        .collect();
    match rule.check {
        Check::Source(check) => {
            for (path, source) in &fixture.sources {
                let text = source.text().unwrap_or_default();
                let is_yaml = path.ends_with(".yaml") && source.kind != SourceKind::Template;
                let documents = if is_yaml { parse(text) } else { Vec::new() };
                let view = SourceView {
                    matrix: &fixture.matrix,
                    path,
                    source,
                    text,
                    documents: &documents,
                    leaks: &[],
                    sources: &fixture.sources,
                };
                check(&view, &mut findings);
            }
        }
        Check::Cell(check) => {
            for cell in &fixture.matrix.cells {
                let Some((render, objects)) = parsed.get(&cell.name()) else { continue };
                let view = CellView { matrix: &fixture.matrix, cell, objects, render, sources: &fixture.sources };
                check(&view, &mut findings);
            }
        }
        Check::Environment(check) => {
            for environment in &fixture.matrix.environments {
                let cells = || fixture.matrix.cells.iter().filter(|c| c.env == environment.name);
                let known: Vec<&Facts> = cells().filter_map(|c| facts.get(&c.name())).collect();
                let unknown: Vec<&Cell> = cells().filter(|c| !facts.contains_key(&c.name())).collect();
                let view = EnvironmentView {
                    matrix: &fixture.matrix,
                    environment,
                    facts: &known,
                    sources: &fixture.sources,
                    unknown: &unknown,
                };
                check(&view, &mut findings);
            }
        }
        Check::Matrix(check) => {
            let charts = Charts::new(&fixture.sources);
            let effective = |cell: &Cell| charts.effective(cell);
            let view =
                MatrixView { matrix: &fixture.matrix, sources: &fixture.sources, facts: &facts, effective: &effective };
            check(&view, &mut findings);
        }
        Check::Program => {}
    }
    merge(findings)
}

/// Reads a fixture; `None` for a file of another form.
fn read(text: &str) -> Option<Fixture> {
    let document = parse(text).into_iter().next()?;
    assert!(document.error.is_none(), "the fixture is no YAML: {:?}", document.error);
    let root = document.root?;
    root.get("renders").or_else(|| root.get("files"))?;
    let empty = parse("{}").remove(0).root?;
    let spec = root.get("matrix").unwrap_or(&empty);
    let mut sources = Sources::new();
    for entry in root.get("files").map(Node::entries).unwrap_or_default() {
        let path = entry.key.text().unwrap_or_default();
        let bytes = entry.value.text().unwrap_or_default().as_bytes().to_vec();
        sources.insert(path.to_owned(), Source { bytes, kind: kind_of(path), cells: Arc::default() });
    }
    let matrix = matrix(spec, &sources);
    for (path, source) in &mut sources {
        let cells: BTreeSet<String> = matrix
            .cells
            .iter()
            .filter(|c| {
                path.starts_with(&format!("{}/", c.chart))
                    || c.values.iter().any(|v| v.path == *path)
                    || matrix.release(&c.release).is_some_and(|r| r.docs.as_ref() == Some(path))
            })
            .map(Cell::name)
            .collect();
        source.cells = Arc::new(cells);
    }
    let mut renders = BTreeMap::new();
    for entry in root.get("renders").map(Node::entries).unwrap_or_default() {
        let (env, release) = entry.key.text().and_then(|k| k.split_once('/')).expect("env/release");
        for environment in matrix.environments.iter().filter(|e| env == "*" || e.name == env) {
            let render = entry.value.text().unwrap_or_default().to_owned();
            renders.insert(format!("{}/{release}", environment.name), render);
        }
    }
    let expect = root.get("expect").map(Node::items).unwrap_or_default().iter().map(|e| Expected {
        message: e.str_at(&["message"]).expect("a message").to_owned(),
        at: e.str_at(&["at"]).map(|at| format!("{at}:")),
        cells: e.get("cells").map(|c| strings(c).into_iter().collect()),
        label: e.str_at(&["label"]).map(str::to_owned),
        help: e.str_at(&["help"]).map(str::to_owned),
        notes: e.get("notes").map(strings),
        related: e.get("related").map(strings),
    });
    let unknown = root.get("unknown").map(strings).unwrap_or_default().into_iter().collect();
    Some(Fixture { expect: expect.collect(), matrix, sources, renders, unknown })
}

fn kind_of(path: &str) -> SourceKind {
    match path {
        _ if path.contains("/templates/") => SourceKind::Template,
        _ if path.ends_with("Chart.yaml") => SourceKind::Chart,
        _ if path.ends_with(".md") => SourceKind::Docs,
        _ if path.starts_with("charts/") && path.ends_with("values.yaml") => SourceKind::ChartValues,
        _ if path.starts_with("values/") => SourceKind::SharedValues,
        _ if path.starts_with("environments/") && path.split('/').count() > 2 => SourceKind::Overlay,
        _ => SourceKind::Other,
    }
}

/// The places beside a finding's own, with their words.
fn beside(finding: &Finding) -> Vec<String> {
    finding.related.iter().map(|(place, label)| format!("{}:{} {label}", place.file, place.line)).collect()
}

fn strings(node: &Node) -> Vec<String> {
    node.items().iter().filter_map(Node::text).map(str::to_owned).collect()
}

fn matrix(spec: &Node, sources: &Sources) -> Matrix {
    let mut matrix = Matrix { file: MATRIX_FILE.into(), ..Matrix::default() };
    spec.str_at(&["namespace"]).unwrap_or("ameide").clone_into(&mut matrix.helm.namespace);
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
    let here = |node: &Node| Place::new(MATRIX_FILE, node.span);
    for entry in spec.get("environments").map(Node::entries).unwrap_or_default() {
        matrix.environments.push(Environment {
            name: entry.key.text().unwrap_or_default().to_owned(),
            owns: entry.value.get("owns").map(strings).unwrap_or_default(),
            protected: false,
            fixtures: text(&entry.value, "fixtures"),
            place: here(&entry.key),
        });
    }
    if matrix.environments.is_empty() {
        matrix.environments.push(Environment { name: "local".into(), ..Environment::default() });
    }
    matrix.secrets = spec.get("secrets").map(|s| Secrets {
        api: text(s, "api"),
        store: text(s, "store"),
        remote_key: s.str_at(&["remote", "key"]).map(str::to_owned),
        remote_property: s.str_at(&["remote", "property"]).map(str::to_owned),
        external: s.get("external").map(Node::items).unwrap_or_default().iter().map(external).collect(),
        place: here(s),
    });
    matrix.retired = spec.get("retired").map(Node::items).unwrap_or_default().iter().map(retired).collect();
    for entry in spec.get("releases").map(Node::entries).unwrap_or_default() {
        let name = entry.key.text().unwrap_or_default();
        let layer = entry.value.get("layer").and_then(Node::as_i64).and_then(|l| u32::try_from(l).ok()).unwrap_or(60);
        let release = Release {
            name: name.to_owned(),
            chart: text(&entry.value, "chart").unwrap_or_else(|| format!("charts/{name}")),
            layer,
            after: entry.value.get("after").map(strings).unwrap_or_default(),
            off: reasons(entry.value.get("off")),
            docs: text(&entry.value, "docs"),
            classify: entry.value.get("classify").and_then(Node::as_bool).unwrap_or_default(),
            place: here(&entry.key),
            ..Release::default()
        };
        for off in entry.value.get("off").map(Node::entries).unwrap_or_default() {
            matrix.off.push(Off {
                env: off.key.text().unwrap_or_default().to_owned(),
                release: name.to_owned(),
                reason: off.value.text().unwrap_or_default().to_owned(),
                place: here(&off.key),
            });
        }
        for environment in matrix.environments.iter().filter(|e| !release.off.contains_key(&e.name)) {
            let env = &environment.name;
            let values = [(format!("values/{name}.yaml"), false), (format!("environments/{env}/{name}.yaml"), true)];
            matrix.cells.push(Cell {
                env: env.clone(),
                release: name.to_owned(),
                chart: release.chart.clone(),
                values: values
                    .into_iter()
                    .filter(|(path, _)| sources.contains_key(path))
                    .map(|(path, overlay)| ValuesFile { path, overlay, part: None })
                    .collect(),
                namespace: text(&entry.value, "namespace").unwrap_or_else(|| matrix.helm.namespace.clone()),
                golden: format!("tests/golden/{env}/{name}.yaml"),
                layer,
                place: release.place.clone(),
                ..Cell::default()
            });
        }
        matrix.releases.push(release);
    }
    let rank: BTreeMap<String, usize> =
        matrix.environments.iter().enumerate().map(|(i, e)| (e.name.clone(), i)).collect();
    matrix.cells.sort_by_key(|c| (rank[&c.env], c.layer));
    let numbers: BTreeSet<u32> = matrix.releases.iter().map(|r| r.layer).collect();
    for number in numbers {
        let releases = matrix.releases.iter().filter(|r| r.layer == number).map(|r| r.name.clone()).collect();
        matrix.layers.push(Layer { number, releases });
    }
    matrix
}

fn reasons(node: Option<&Node>) -> BTreeMap<String, String> {
    let entries = node.map(Node::entries).unwrap_or_default();
    entries.iter().filter_map(|e| Some((e.key.text()?.to_owned(), e.value.text()?.to_owned()))).collect()
}

fn external(node: &Node) -> External {
    External {
        secret: node.str_at(&["secret"]).unwrap_or_default().to_owned(),
        keys: node.get("keys").map(strings).unwrap_or_default(),
        by: node.str_at(&["by"]).unwrap_or_default().to_owned(),
        namespace: node.str_at(&["namespace"]).map(str::to_owned),
        environments: node.get("environments").map(strings).unwrap_or_default().into_iter().collect(),
        place: Place::new(MATRIX_FILE, node.span),
    }
}

fn retired(node: &Node) -> Retired {
    let (kind, name) = [(RetiredKind::Release, "release"), (RetiredKind::Env, "env"), (RetiredKind::Value, "value")]
        .into_iter()
        .find_map(|(kind, key)| node.str_at(&[key]).map(|name| (kind, name)))
        .expect("a retired release, env or value");
    Retired {
        kind,
        name: name.to_owned(),
        reason: node.str_at(&["reason"]).unwrap_or_default().to_owned(),
        place: Place::new(MATRIX_FILE, node.span),
    }
}
