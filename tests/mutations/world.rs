//! The repository that is mutated, and what stands in it: found in its files and goldens by what it does, never by its name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use checks::model::{Cell, Matrix};
use checks::places;

use crate::common::reference;
use crate::common::{Repository, workspace};

/// A repository to mutate.
pub struct World {
    /// Its files; never written to.
    pub repository: Repository,
    /// Its matrix.
    pub matrix: Matrix,
    /// What each cell renders, as its golden says.
    pub cells: Vec<Rendered>,
    /// The text of every file by its path, links left out.
    pub files: BTreeMap<String, String>,
    /// The scalars of every YAML file that is no template and no golden.
    leaves: BTreeMap<String, Vec<Leaf>>,
}

/// A cell with its objects.
pub struct Rendered {
    /// The cell.
    pub cell: Cell,
    /// Its objects.
    pub objects: Vec<Object>,
}

/// An object of a golden.
pub struct Object {
    /// Kind, name, and all of it.
    pub shown: reference::Object,
    /// The template that made it, as a path in the repository.
    pub template: String,
    /// Its text.
    pub text: String,
}

/// An `ExternalSecret`.
#[derive(Clone)]
pub struct Sync<'a> {
    /// The cell that renders it.
    pub by: &'a Rendered,
    /// It.
    pub object: &'a Object,
    /// The Secret that it makes.
    pub secret: String,
    /// Keys of the Secret with the Vault keys behind them.
    pub entries: Vec<(String, String)>,
}

/// A scalar of a YAML file.
#[derive(Clone)]
pub struct Leaf {
    /// The file.
    pub file: String,
    /// Keys and `[index]`es.
    pub path: Vec<String>,
    /// The scalar.
    pub text: String,
    /// Its place, in bytes.
    pub range: std::ops::Range<usize>,
    /// Its line, from 0.
    pub line: usize,
}

impl Leaf {
    /// The path with dots.
    pub fn dotted(&self) -> String {
        self.path.join(".").replace(".[", "[")
    }
}

/// Copies what a validation reads, into a repository of its own.
pub fn reference() -> Repository {
    let repository = Repository::empty();
    for folder in ["charts", "environments", "tests/golden", "docs"] {
        repository.copy_into(&workspace().join(folder), folder);
    }
    repository
}

impl World {
    /// Reads a repository.
    pub fn load(repository: Repository) -> Self {
        // What is compared here is not rendered again in the copies that leave it as it is.
        repository.run(&["validate", "--check", "golden"]);
        let root = repository.0.path().canonicalize().unwrap();
        let matrix = xtask::matrix::load(&root).unwrap_or_else(|found| panic!("{:?}", found[0].message));
        let cells = matrix.cells.iter().map(|cell| {
            let golden = fs::read_to_string(root.join(&cell.golden)).unwrap();
            let objects = checks::object::objects(&golden, &cell.namespace).0.into_iter().map(|o| Object {
                template: o.template.as_deref().and_then(|t| places::template_path(cell, t)).unwrap_or_default(),
                text: golden[o.span.start.offset..o.span.end.offset].trim().to_owned(),
                shown: reference::Object {
                    api: o.api_version,
                    kind: o.id.kind,
                    namespace: o.id.namespace,
                    name: o.id.name,
                    json: o.root.to_json(),
                },
            });
            Rendered { cell: cell.clone(), objects: objects.collect() }
        });
        let cells = cells.collect();
        let files: BTreeMap<String, String> = repository
            .tree()
            .into_iter()
            .map(|(path, bytes)| {
                let path = path.strip_prefix(repository.0.path()).unwrap();
                (path.to_str().unwrap().to_owned(), String::from_utf8_lossy(&bytes).into_owned())
            })
            .collect();
        let is_plain =
            |path: &str| path.ends_with(".yaml") && !path.contains("/templates/") && !path.starts_with("tests/");
        let plain = files.iter().filter(|(path, _)| is_plain(path));
        let leaves = plain.map(|(path, text)| (path.clone(), leaves_of(path, text))).collect();
        Self { repository, matrix, cells, files, leaves }
    }

    /// The text of a file.
    pub fn text(&self, file: &str) -> String {
        self.files.get(file).unwrap_or_else(|| panic!("there is no {file}")).clone()
    }

    /// The lines of a file.
    pub fn lines(&self, file: &str) -> Vec<String> {
        self.text(file).lines().map(str::to_owned).collect()
    }

    /// The cells of an environment.
    pub fn of(&self, env: &str) -> Vec<&Rendered> {
        self.cells.iter().filter(|c| c.cell.env == env).collect()
    }

    /// A cell.
    pub fn cell(&self, env: &str, release: &str) -> Option<&Rendered> {
        self.cells.iter().find(|c| c.cell.env == env && c.cell.release == release)
    }

    /// The `ExternalSecret`s of an environment.
    pub fn syncs(&self, env: &str) -> Vec<Sync<'_>> {
        let mut found = Vec::new();
        for by in self.of(env) {
            for object in by.objects.iter().filter(|o| o.shown.kind == "ExternalSecret") {
                let text = |pointer: &str| object.shown.at(pointer).as_str().unwrap_or_default().to_owned();
                let data = reference::items(object.shown.at("/spec/data")).iter().map(|entry| {
                    let key = entry["secretKey"].as_str().unwrap_or_default().to_owned();
                    let remote = entry["remoteRef"]["key"].as_str().unwrap_or_default();
                    (key, self.vault_key(remote).to_owned())
                });
                found.push(Sync { by, object, secret: text("/spec/target/name"), entries: data.collect() });
            }
        }
        found
    }

    /// A Vault key without what the convention's pattern puts around it.
    pub fn vault_key<'a>(&self, remote: &'a str) -> &'a str {
        let pattern = self.matrix.secrets.as_ref().and_then(|s| s.remote_key.as_deref()).unwrap_or("{key}");
        let (before, after) = pattern.split_once("{key}").unwrap();
        remote.strip_prefix(before).and_then(|r| r.strip_suffix(after)).unwrap_or(remote)
    }

    /// The cells of an environment whose pods name a Secret, each with the keys that it reads one by one.
    pub fn users(&self, env: &str, secret: &str) -> Vec<(&Rendered, BTreeSet<String>)> {
        let mut found = Vec::new();
        for cell in self.of(env) {
            let named = cell.objects.iter().flat_map(|o| o.shown.secrets()).filter(|(name, _)| name == secret);
            let named: Vec<_> = named.collect();
            if !named.is_empty() {
                found.push((cell, named.into_iter().filter_map(|(_, key)| key).collect()));
            }
        }
        found
    }

    /// The templates of a chart and of the library charts that it shares.
    pub fn templates(&self, chart: &str) -> Vec<String> {
        let own = format!("{chart}/templates/");
        let library = |file: &str| {
            let parts: Vec<&str> = file.split('/').collect();
            let at = parts.iter().position(|p| *p == "templates");
            at.is_some_and(|at| !self.matrix.releases.iter().any(|r| parts[..at].join("/").starts_with(&r.chart)))
        };
        let shared = self.text(&format!("{chart}/Chart.yaml"));
        let is_template = |file: &&String| {
            let folder = file.split("/templates/").next().unwrap_or_default().trim_start_matches("charts/");
            file.starts_with(&own) || library(file) && shared.contains(folder)
        };
        self.files.keys().filter(is_template).cloned().collect()
    }

    /// The templates of a cell's objects; for one in a packed chart, which is no file here, the matrix file, which names the release.
    pub fn sources_of(&self, cell: &Rendered) -> BTreeSet<String> {
        let file =
            |o: &Object| if self.files.contains_key(&o.template) { &o.template } else { &self.matrix.file }.clone();
        cell.objects.iter().map(file).collect()
    }

    /// The scalars of a YAML file.
    pub fn leaves(&self, file: &str) -> &[Leaf] {
        self.leaves.get(file).map_or(&[], Vec::as_slice)
    }

    /// The scalars of all values files of a cell.
    pub fn chain_leaves(&self, cell: &Cell) -> Vec<Leaf> {
        chain(cell).iter().flat_map(|file| self.leaves(file)).cloned().collect()
    }

    /// The files of a cell (values files, templates) in which a name stands.
    pub fn holding(&self, cell: &Cell, name: &str) -> BTreeSet<String> {
        let files = chain(cell).into_iter().chain(self.templates(&cell.chart));
        files.filter(|file| places::holds(&self.files[file], name)).collect()
    }

    /// Templates of a chart's own with a workload that a cell renders and that has a list of variables.
    pub fn workloads(&self) -> Vec<(&Rendered, &Object)> {
        let mut found = Vec::new();
        for cell in &self.cells {
            for object in
                cell.objects.iter().filter(|o| o.shown.pod().is_some() && self.files.contains_key(&o.template))
            {
                if self.files[&object.template].lines().any(|line| line.trim() == "env:") {
                    found.push((cell, object));
                }
            }
        }
        found
    }

    /// Templates of a chart's own that a cell renders to an object of a kind.
    pub fn rendering(&self, kind: &str) -> Vec<(&Rendered, &Object)> {
        let of = |cell| (cell as &Rendered).objects.iter().map(move |o| (cell, o));
        let all = self.cells.iter().flat_map(of);
        all.filter(|(_, o)| o.shown.kind == kind && self.files.contains_key(&o.template)).collect()
    }
}

/// The values files of a cell in Helm's order, chart defaults first.
pub fn chain(cell: &Cell) -> Vec<String> {
    let defaults = format!("{}/values.yaml", cell.chart);
    std::iter::once(defaults).chain(cell.values.iter().map(|v| v.path.clone())).collect()
}

/// The overlay of a cell.
pub fn overlay(cell: &Cell) -> Option<&str> {
    cell.values.iter().find(|v| v.overlay).map(|v| v.path.as_str())
}

fn leaves_of(file: &str, text: &str) -> Vec<Leaf> {
    let mut found = Vec::new();
    for document in yaml::parse(text) {
        let Some(root) = &document.root else { continue };
        root.leaves(&mut |path, node| {
            if let Some(text) = node.text() {
                found.push(Leaf {
                    file: file.to_owned(),
                    path: path.to_vec(),
                    text: text.to_owned(),
                    range: node.span.start.offset..node.span.end.offset,
                    line: node.span.start.line - 1,
                });
            }
        });
    }
    found
}
