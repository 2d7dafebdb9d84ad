//! The reference repository, which is this one: its matrix, its values, every cell as the pinned Helm renders it, once per test
//! binary.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use checks::model::{Cell, Matrix, ValuesFile};
use serde_json::{Map, Value};
use tempfile::TempDir;
use xtask::helm::render::{Render, Renderer, Status};
use xtask::run::pool;

use super::{helm, workspace};

/// The environments, in the order in which a change travels.
pub const ENVIRONMENTS: [&str; 3] = ["local", "staging", "production"];

/// The matrix file.
pub fn matrix() -> &'static Matrix {
    static MATRIX: OnceLock<Matrix> = OnceLock::new();
    MATRIX.get_or_init(|| {
        xtask::matrix::load(&workspace()).unwrap_or_else(|found| {
            let messages: Vec<&str> = found.iter().map(|f| f.message.as_str()).collect();
            panic!("the matrix file is wrong: {}", messages.join("; "))
        })
    })
}

/// One rendered object.
#[derive(Debug, Clone)]
pub struct Object {
    /// `apiVersion`.
    pub api: String,
    /// Kind.
    pub kind: String,
    /// Namespace, the release's when none is written; empty for kinds without one.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// All of it.
    pub json: Value,
}

impl Object {
    /// `Kind/name`.
    pub fn short(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }

    /// What a JSON pointer leads to; null when nothing.
    pub fn at(&self, pointer: &str) -> &Value {
        at(&self.json, pointer)
    }

    /// The pod's spec, of a workload.
    pub fn pod(&self) -> Option<&Value> {
        let pointer = match self.kind.as_str() {
            "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => "/spec/template/spec",
            "CronJob" => "/spec/jobTemplate/spec/template/spec",
            "Pod" => "/spec",
            _ => return None,
        };
        self.json.pointer(pointer)
    }

    /// Containers, and initial ones when `init` is true.
    pub fn containers(&self, init: bool) -> Vec<&Value> {
        let pod = self.pod().unwrap_or(&Value::Null);
        let mut all: Vec<&Value> = items(at(pod, "/containers")).iter().collect();
        if init {
            all.extend(items(at(pod, "/initContainers")));
        }
        all
    }

    /// Every Secret that a pod of it names, in any of Kubernetes' ways, with the key when one is named.
    pub fn secrets(&self) -> Vec<(String, Option<String>)> {
        let mut found = Vec::new();
        if let Some(pod) = self.pod() {
            secrets(pod, &mut found);
        }
        found.sort();
        found.dedup();
        found
    }
}

fn secrets(node: &Value, found: &mut Vec<(String, Option<String>)>) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match node {
        Value::Object(map) => {
            for (key, value) in map {
                match key.as_str() {
                    "secretKeyRef" => found.extend(text(&value["name"]).map(|name| (name, text(&value["key"])))),
                    "secretRef" => found.extend(text(&value["name"]).map(|name| (name, None))),
                    "secret" if value.is_object() => {
                        let name = text(&value["secretName"]).or_else(|| text(&value["name"]));
                        let Some(name) = name else { continue };
                        let keys: Vec<_> = items(&value["items"]).iter().map(|item| text(&item["key"])).collect();
                        let keys = if keys.is_empty() { vec![None] } else { keys };
                        found.extend(keys.into_iter().map(|key| (name.clone(), key)));
                    }
                    "imagePullSecrets" => {
                        found.extend(items(value).iter().filter_map(|item| text(&item["name"])).map(|n| (n, None)));
                    }
                    _ => secrets(value, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|item| secrets(item, found)),
        _ => {}
    }
}

/// What a JSON pointer leads to; null when nothing.
pub fn at<'a>(node: &'a Value, pointer: &str) -> &'a Value {
    node.pointer(pointer).unwrap_or(&Value::Null)
}

/// The items of a list; none of anything else.
pub fn items(node: &Value) -> &[Value] {
    node.as_array().map_or(&[], Vec::as_slice)
}

/// The entries of a map; none of anything else.
pub fn entries(node: &Value) -> impl Iterator<Item = (&String, &Value)> {
    node.as_object().into_iter().flatten()
}

/// One cell's render.
pub struct Rendered {
    /// The cell.
    pub cell: &'static Cell,
    /// What Helm printed.
    pub text: String,
    /// Its objects.
    pub objects: Vec<Object>,
}

/// What Helm made of a cell: its render, or its refusal.
type Answer = Result<Rendered, String>;

/// A place for each cell's answer.
fn answers() -> &'static BTreeMap<String, (&'static Cell, OnceLock<Answer>)> {
    static ANSWERS: OnceLock<BTreeMap<String, (&'static Cell, OnceLock<Answer>)>> = OnceLock::new();
    ANSWERS.get_or_init(|| matrix().cells.iter().map(|cell| (cell.name(), (cell, OnceLock::new()))).collect())
}

/// The render of a cell that is installed; the error says why there is none.
pub fn rendered(env: &str, release: &str) -> Result<&'static Rendered, String> {
    let (cell, answer) = answers().get(&format!("{env}/{release}")).ok_or("it is not installed")?;
    answer.get_or_init(|| template(cell, None)).as_ref().map_err(|error| format!("Helm refuses it: {error}"))
}

/// All renders of an environment; cells that Helm refuses are told by the tests of their systems.
pub fn renders_of(env: &str) -> Vec<&'static Rendered> {
    let cells: Vec<&Cell> = matrix().cells.iter().filter(|cell| cell.env == env).collect();
    in_parallel(&cells, |cell| rendered(env, &cell.release).is_ok(), |_, _| {});
    cells.iter().filter_map(|cell| rendered(env, &cell.release).ok()).collect()
}

/// Works on all items at once and hands over each result.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync, mut each: impl FnMut(&T, R)) {
    let jobs = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    pool::run(items, jobs, || false, work, |index, result| each(&items[index], result));
}

/// Renders a cell, with one more values file after its chain when `extra` is given. The error is Helm's refusal.
pub fn template(cell: &'static Cell, extra: Option<&Value>) -> Result<Rendered, String> {
    static HOME: OnceLock<TempDir> = OnceLock::new();
    static FILES: AtomicUsize = AtomicUsize::new(0);
    let home = HOME.get_or_init(|| tempfile::Builder::new().prefix("helm-home-").tempdir().unwrap());
    let root = workspace();
    let renderer =
        Renderer { helm: helm(), root: &root, home: home.path().to_owned(), timeout: Duration::from_mins(2) };
    let mut with = cell.clone();
    if let Some(extra) = extra {
        let path = home.path().join(format!("extra-{}.json", FILES.fetch_add(1, Ordering::Relaxed)));
        fs::write(&path, extra.to_string()).unwrap();
        let path = path.to_str().unwrap().to_owned();
        with.values.push(ValuesFile { path, overlay: false, part: None });
    }
    let Render { stdout, stderr, status, .. } = renderer.template(&with);
    match status {
        Status::Rendered => {}
        // Helm tells of the linked library chart before it refuses.
        Status::Refused => {
            let said = stderr.lines().filter(|line| !line.starts_with("level="));
            return Err(said.collect::<Vec<_>>().join("\n"));
        }
        other => panic!("{}: Helm gave no verdict: {other:?}\n{stderr}", cell.name()),
    }
    let text = String::from_utf8(stdout).unwrap_or_else(|_| panic!("{}: the render is not UTF-8", cell.name()));
    let (objects, broken) = checks::object::objects(&text, &cell.namespace);
    if let Some(broken) = broken.first() {
        return Err(format!("the render is not YAML: {} at line {}", broken.error.message, broken.error.at.line));
    }
    let objects = objects
        .into_iter()
        .map(|o| Object {
            api: o.api_version,
            kind: o.id.kind,
            namespace: o.id.namespace,
            name: o.id.name,
            json: o.root.to_json(),
        })
        .collect();
    Ok(Rendered { cell, text, objects })
}

/// A path in this repository.
pub fn file(relative: &str) -> PathBuf {
    workspace().join(relative)
}

/// A YAML file of one document as JSON; null when it holds nothing, the error when there is no such file.
pub fn yaml_file(relative: &str) -> Result<Value, String> {
    let text = fs::read_to_string(file(relative)).map_err(|error| format!("{relative}: {error}"))?;
    let documents = yaml::parse(&text);
    if let Some(error) = documents.iter().find_map(|d| d.error.as_ref()) {
        return Err(format!("{relative}: {} at line {}", error.message, error.at.line));
    }
    Ok(documents.iter().find_map(|d| d.root.as_ref()).map_or(Value::Null, yaml::Node::to_json))
}

/// What a cell's chart and values chain say together, subcharts' own defaults left out.
pub fn effective_values(cell: &Cell) -> Value {
    let mut values = Value::Object(Map::new());
    let defaults = format!("{}/values.yaml", cell.chart);
    for path in std::iter::once(&defaults).chain(cell.values.iter().map(|file| &file.path)) {
        match yaml_file(path) {
            Ok(over) => merge(&mut values, over),
            Err(error) => panic!("{}: {error}", cell.name()),
        }
    }
    values
}

/// Helm's merge: maps key by key, anything else is replaced, null deletes.
fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                if value.is_null() {
                    base.shift_remove(&key);
                } else {
                    merge(base.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (_, Value::Null) => {}
        (base, over) => *base = over,
    }
}

/// Dotted paths of all that is no map with entries, with its value.
pub fn leaves(values: &Value) -> Vec<(String, &Value)> {
    fn go<'a>(node: &'a Value, path: &str, found: &mut Vec<(String, &'a Value)>) {
        match node.as_object().filter(|map| !map.is_empty()) {
            Some(map) => {
                for (key, value) in map {
                    let dot = if path.is_empty() { "" } else { "." };
                    go(value, &format!("{path}{dot}{key}"), found);
                }
            }
            None => found.push((path.to_owned(), node)),
        }
    }
    let mut found = Vec::new();
    if values.as_object().is_some_and(|map| !map.is_empty()) {
        go(values, "", &mut found);
    }
    found
}

/// The value at a dotted path.
pub fn dotted<'a>(values: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(values, |node, step| node.get(step).unwrap_or(&Value::Null))
}

/// A values file that sets one dotted path and nothing else.
pub fn setting(path: &str, value: Value) -> Value {
    path.rsplit('.').fold(value, |inner, step| Value::Object(Map::from_iter([(step.to_owned(), inner)])))
}

/// Lays one values file over another.
pub fn over(mut base: Value, over: Value) -> Value {
    fn lay(base: &mut Value, over: Value) {
        match (base, over) {
            (Value::Object(base), Value::Object(over)) => {
                for (key, value) in over {
                    lay(base.entry(key).or_insert(Value::Null), value);
                }
            }
            (base, over) => *base = over,
        }
    }
    lay(&mut base, over);
    base
}
