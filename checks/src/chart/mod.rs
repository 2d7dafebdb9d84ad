//! A chart as Helm reads it: metadata, default values, templates, vendored subcharts (folders, links and `.tgz` below `charts/`).
//! Nothing is switched off here: which subcharts a cell has is decided with its values.

mod archive;
mod ignore;
mod owner;
mod version;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::Place;
use crate::sources::{SourceKind, Sources};
use yaml::{Node, Span};

pub use owner::is_of_others;
pub use version::in_range;

/// Nesting of subcharts, and of links, beyond which nothing is followed.
const MOST_LEVELS: usize = 12;
/// Files of one chart, which links that lead back into it could multiply without end.
const MOST_FILES: usize = 100_000;

/// One chart with everything below it.
#[derive(Debug, Clone, Default)]
pub struct Chart {
    /// `name` of `Chart.yaml`; the alias, once a parent has given one.
    pub name: String,
    /// `version` of `Chart.yaml`.
    pub version: String,
    /// `type: library`: none of its templates is rendered by itself.
    pub library: bool,
    /// What `Chart.yaml` (or `requirements.yaml`) declares.
    pub declared: Vec<Dependency>,
    /// Where `Chart.yaml` is.
    pub metadata: Option<File>,
    /// Its default values, one root per YAML document.
    pub values: Arc<Vec<Node>>,
    /// `values.yaml`.
    pub values_file: Option<File>,
    /// Files below `templates/`, by name; partials and NOTES.txt included.
    pub templates: Arc<Vec<File>>,
    /// All files but those of its subcharts.
    pub files: Arc<Vec<File>>,
    /// What lies in `charts/`, sorted by name there.
    pub subcharts: Vec<Chart>,
    /// The name of its entry in the parent's `charts/`: a folder, a link or a `.tgz`. Empty for the chart itself.
    pub entry: String,
    /// The root-relative path of the folder, or of the archive.
    pub path: String,
    /// Why it, or what is below it, cannot be read.
    pub problems: Vec<String>,
}

/// One file of a chart.
#[derive(Debug, Clone)]
pub struct File {
    /// Its name in the chart, e.g. `templates/service.yaml`.
    pub name: String,
    /// Its path relative to the root; of a packed chart, the archive's.
    pub path: Arc<str>,
    /// Its bytes, when it comes out of an archive.
    packed: Option<Arc<[u8]>>,
}

impl File {
    /// A file of the repository, links followed.
    pub fn at(path: &str, sources: &Sources) -> Self {
        Self { name: path.to_owned(), path: real(path, sources).into(), packed: None }
    }

    /// Its bytes.
    pub fn bytes<'a>(&'a self, sources: &'a Sources) -> &'a [u8] {
        match &self.packed {
            Some(bytes) => bytes,
            None => sources.get(&*self.path).map_or(&[], |source| &source.bytes),
        }
    }

    /// Its text; empty for what is no UTF-8.
    pub fn text<'a>(&'a self, sources: &'a Sources) -> &'a str {
        let text = std::str::from_utf8(self.bytes(sources)).unwrap_or_default();
        text.strip_prefix('\u{feff}').unwrap_or(text)
    }

    /// A range of it. Inside an archive there is nothing that an editor could open: the archive is named.
    pub fn place(&self, span: Span) -> Place {
        if self.packed.is_some() { Place::file(&*self.path) } else { Place::new(&*self.path, span) }
    }

    /// Whether it comes out of an archive.
    pub fn is_packed(&self) -> bool {
        self.packed.is_some()
    }
}

/// What a key of the default values holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultKind {
    /// A scalar or a list.
    Leaf,
    /// A map with entries.
    Map,
    /// Null or `{}`: whoever sets it decides what is in it.
    Open,
}

/// One entry of `dependencies:`.
#[derive(Debug, Clone, Default)]
pub struct Dependency {
    /// The chart's name; its alias, once a cell's values have been applied.
    pub name: String,
    /// A version range.
    pub version: String,
    /// `file://…`, `https://…`, `oci://…`, or nothing.
    pub repository: String,
    /// Paths of switches, with commas between.
    pub condition: String,
    /// Names below `tags:`.
    pub tags: Vec<String>,
    /// `import-values`.
    pub imports: Vec<Import>,
    /// Another name.
    pub alias: String,
    /// Where the entry stands.
    pub span: Span,
}

/// One entry of `import-values`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Path below the child.
    pub child: String,
    /// Path in the parent; `.` is its root.
    pub parent: String,
}

impl Chart {
    /// Reads the chart of a folder (or of a packed chart). A chart that is not there has neither name nor files.
    pub fn load(folder: &str, sources: &Sources) -> Self {
        let folder = real(folder, sources);
        let mut chart = if folder.ends_with(".tgz") {
            packed(&folder, sources, 0)
        } else {
            let files = list(&folder, sources);
            let ignore = files.iter().find(|f| f.name == ".helmignore").map(|f| f.text(sources)).unwrap_or_default();
            let ignore = ignore::Ignore::new(ignore);
            let kept = files.into_iter().filter(|f| !ignore.leaves_out(&f.name)).collect();
            build(kept, sources, 0)
        };
        chart.path = folder;
        chart
    }

    /// The chart and all below it, each with its path of names: `[]` for itself, `["sub"]` for what it calls `sub`.
    pub fn walk(&self) -> Vec<(Vec<&str>, &Chart)> {
        fn go<'a>(chart: &'a Chart, scope: &[&'a str], found: &mut Vec<(Vec<&'a str>, &'a Chart)>) {
            found.push((scope.to_vec(), chart));
            for sub in &chart.subcharts {
                let mut below = scope.to_vec();
                below.push(&sub.name);
                go(sub, &below, found);
            }
        }
        let mut found = Vec::new();
        go(self, &[], &mut found);
        found
    }

    /// The chart with every declared subchart under its alias, none switched off.
    #[must_use]
    pub fn with_all(&self) -> Chart {
        let vendored: Vec<Chart> = self.subcharts.iter().map(Chart::with_all).collect();
        let mut subcharts = Vec::new();
        for sub in &vendored {
            let mut names: Vec<&str> = self
                .declared
                .iter()
                .filter(|d| d.name == sub.name && in_range(&d.version, &sub.version))
                .map(|d| if d.alias.is_empty() { d.name.as_str() } else { d.alias.as_str() })
                .collect();
            if names.is_empty() {
                names.push(&sub.name);
            }
            subcharts.extend(names.into_iter().map(|name| Chart { name: name.to_owned(), ..sub.clone() }));
        }
        Chart { subcharts, ..self.clone() }
    }

    /// The path of names of every dependency that is declared and not there, in a chart of which none is switched off.
    pub fn not_vendored(&self) -> Vec<Vec<String>> {
        let mut missing = Vec::new();
        for (scope, chart) in self.walk() {
            for dependency in &chart.declared {
                let name = if dependency.alias.is_empty() { &dependency.name } else { &dependency.alias };
                if chart.subcharts.iter().all(|sub| sub.name != *name) {
                    missing.push(scope.iter().copied().chain([name.as_str()]).map(str::to_owned).collect());
                }
            }
        }
        missing
    }

    /// Every key of the default values, those of subcharts below their names, with what it holds.
    pub fn default_keys(&self) -> BTreeMap<Vec<String>, DefaultKind> {
        fn go(node: &Node, path: &mut Vec<String>, keys: &mut BTreeMap<Vec<String>, DefaultKind>) {
            for entry in node.entries() {
                let Some(key) = entry.key.to_text() else { continue };
                path.push(key);
                let kind = match &entry.value {
                    value if value.is_null() => DefaultKind::Open,
                    value if value.is_mapping() && value.entries().is_empty() => DefaultKind::Open,
                    value if value.is_mapping() => DefaultKind::Map,
                    _ => DefaultKind::Leaf,
                };
                keys.insert(path.clone(), kind);
                go(&entry.value, path, keys);
                path.pop();
            }
        }
        let mut keys = BTreeMap::new();
        for (scope, chart) in self.walk() {
            let mut path: Vec<String> = scope.into_iter().map(str::to_owned).collect();
            for at in 1..=path.len() {
                keys.entry(path[..at].to_vec()).or_insert(DefaultKind::Map);
            }
            for root in chart.values.iter() {
                go(root, &mut path, &mut keys);
            }
        }
        keys
    }

    /// The files of this chart and of everything below it, under the names they have in this chart, sorted.
    pub fn all_files(&self) -> BTreeMap<String, &File> {
        let mut all: BTreeMap<String, &File> = self.files.iter().map(|f| (f.name.clone(), f)).collect();
        for sub in &self.subcharts {
            all.extend(sub.all_files().into_iter().map(|(name, file)| (format!("charts/{}/{name}", sub.name), file)));
        }
        all
    }
}

/// A path with the links among its folders followed.
pub fn real(path: &str, sources: &Sources) -> String {
    let mut path = path.trim_end_matches('/').to_owned();
    'again: for _ in 0..MOST_LEVELS {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]).collect::<Vec<_>>();
        for end in ends {
            if let Some(target) = link(&path[..end], sources) {
                path = format!("{target}{}", &path[end..]);
                continue 'again;
            }
        }
        break;
    }
    path
}

fn link<'a>(path: &str, sources: &'a Sources) -> Option<&'a str> {
    sources.get(path).filter(|s| s.kind == SourceKind::Link)?.text().map(|t| t.trim_end_matches('/'))
}

/// The files below a folder under their names in it, links followed, sorted.
fn list(folder: &str, sources: &Sources) -> Vec<File> {
    fn go(folder: &str, prefix: &str, level: usize, sources: &Sources, found: &mut Vec<File>) {
        let start = format!("{folder}/");
        for (path, source) in sources.range(start.clone()..).take_while(|(path, _)| path.starts_with(&start)) {
            let name = format!("{prefix}{}", &path[start.len()..]);
            let file = |path: &str| File { name: name.clone(), path: path.into(), packed: None };
            match link(path, sources) {
                None if source.kind == SourceKind::Link => {}
                None => found.push(file(path)),
                Some(target) if level < MOST_LEVELS && found.len() < MOST_FILES => {
                    let target = real(target, sources);
                    match sources.get(&target) {
                        Some(_) => found.push(file(&target)),
                        None => go(&target, &format!("{name}/"), level + 1, sources, found),
                    }
                }
                Some(_) => {}
            }
        }
    }
    let mut found = Vec::new();
    go(folder, "", 0, sources, &mut found);
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn packed(path: &str, sources: &Sources, level: usize) -> Chart {
    let bytes = sources.get(path).map_or(&[][..], |s| &s.bytes);
    unpack(bytes, path, sources, level)
}

fn unpack(bytes: &[u8], path: &str, sources: &Sources, level: usize) -> Chart {
    match archive::files(bytes) {
        Ok(files) => {
            let path: Arc<str> = path.into();
            let files = files.into_iter().map(|(name, bytes)| File { name, path: path.clone(), packed: Some(bytes) });
            let mut files: Vec<File> = files.collect();
            files.sort_by(|a, b| a.name.cmp(&b.name));
            build(files, sources, level)
        }
        Err(problem) => Chart { problems: vec![format!("{path}: {problem}")], ..Chart::default() },
    }
}

/// Sorts a chart's files into what they are, as Helm's loader does.
fn build(files: Vec<File>, sources: &Sources, level: usize) -> Chart {
    let mut chart = Chart::default();
    let mut below: BTreeMap<String, Vec<File>> = BTreeMap::new();
    let (mut own, mut templates) = (Vec::new(), Vec::new());
    for file in files {
        if let Some(rest) = file.name.strip_prefix("charts/") {
            if !rest.ends_with(".prov") {
                let (entry, rest) = rest.split_once('/').map_or((rest, ""), |(entry, rest)| (entry, rest));
                let file = File { name: rest.to_owned(), ..file.clone() };
                below.entry(entry.to_owned()).or_default().push(file);
            }
            continue;
        }
        match file.name.as_str() {
            "Chart.yaml" => chart.metadata = Some(file.clone()),
            "values.yaml" => {
                chart.values = Arc::new(roots(&file, sources, &mut chart.problems));
                chart.values_file = Some(file.clone());
            }
            name if name.starts_with("templates/") => templates.push(file.clone()),
            _ => {}
        }
        own.push(file);
    }
    (chart.files, chart.templates) = (Arc::new(own), Arc::new(templates));
    if let Some(file) = chart.metadata.clone() {
        if let Some(root) = roots(&file, sources, &mut chart.problems).first() {
            metadata(&mut chart, root);
        }
    } else {
        chart.problems.push("Chart.yaml is missing".to_owned());
    }
    let requirements = chart.files.iter().find(|f| f.name == "requirements.yaml").cloned();
    if let Some(file) = requirements
        && let Some(root) = roots(&file, sources, &mut chart.problems).first()
        && let Some(declared) = root.get("dependencies")
    {
        chart.declared = declared.items().iter().map(dependency).collect();
    }
    for (entry, files) in below {
        if entry.starts_with(['_', '.']) || level >= MOST_LEVELS {
            continue;
        }
        let first = files.first().map(|f| f.path.clone()).unwrap_or_default();
        let mut sub = if entry.ends_with(".tgz") {
            match files.as_slice() {
                [file] if file.name.is_empty() => unpack(file.bytes(sources), &file.path, sources, level + 1),
                _ => continue,
            }
        } else {
            let files: Vec<File> = files.into_iter().filter(|f| !f.name.is_empty()).collect();
            if files.is_empty() {
                continue;
            }
            build(files, sources, level + 1)
        };
        sub.path = sub
            .metadata
            .as_ref()
            .map_or_else(|| first.to_string(), |f| f.path.strip_suffix("/Chart.yaml").unwrap_or(&f.path).to_owned());
        sub.entry = entry;
        chart.problems.extend(sub.problems.iter().map(|p| format!("charts/{}: {p}", sub.entry)));
        chart.subcharts.push(sub);
    }
    chart
}

/// The roots of a YAML file's documents.
fn roots(file: &File, sources: &Sources, problems: &mut Vec<String>) -> Vec<Node> {
    let mut roots = Vec::new();
    for document in yaml::parse(file.text(sources)) {
        if let Some(error) = document.error {
            problems.push(format!("{} cannot be read: {}", file.name, error.message));
        }
        roots.extend(document.root);
    }
    roots
}

fn metadata(chart: &mut Chart, root: &Node) {
    let text = |key: &str| root.get(key).and_then(Node::to_text).unwrap_or_default();
    chart.name = text("name");
    chart.version = text("version");
    chart.library = text("type") == "library";
    chart.declared = root.get("dependencies").map(Node::items).unwrap_or_default().iter().map(dependency).collect();
}

fn dependency(node: &Node) -> Dependency {
    let text = |key: &str| node.get(key).and_then(Node::to_text).unwrap_or_default();
    let list = |key: &str| node.get(key).map(Node::items).unwrap_or_default();
    let import = |node: &Node| match node.to_text() {
        Some(name) => Import { child: format!("exports.{name}"), parent: ".".to_owned() },
        None => Import {
            child: node.get("child").and_then(Node::to_text).unwrap_or_default(),
            parent: node.get("parent").and_then(Node::to_text).unwrap_or_default(),
        },
    };
    Dependency {
        name: text("name"),
        version: text("version"),
        repository: text("repository"),
        condition: text("condition"),
        tags: list("tags").iter().filter_map(Node::to_text).collect(),
        imports: list("import-values").iter().map(import).collect(),
        alias: text("alias"),
        span: node.span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Source;

    fn sources(files: &[(&str, &str)], links: &[(&str, &str)]) -> Sources {
        let source = |text: &str, kind| Source { bytes: text.as_bytes().to_vec(), kind, cells: Arc::default() };
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), source(text, SourceKind::Other)));
        let links = links.iter().map(|(path, to)| ((*path).to_owned(), source(to, SourceKind::Link)));
        files.chain(links).collect()
    }

    #[test]
    fn links_are_followed_and_what_is_ignored_is_left_out() {
        let sources = sources(
            &[
                ("charts/web/Chart.yaml", "name: web\nversion: 1.0.0\ndependencies:\n- {name: lib, version: 1.x}\n"),
                ("charts/web/.helmignore", "*.bak\n"),
                ("charts/web/values.yaml", "a: 1\n"),
                ("charts/web/templates/x.yaml", "{{ .Values.a }}"),
                ("charts/web/templates/x.bak", ""),
                ("charts/web-old/Chart.yaml", "name: old\n"),
                ("lib/Chart.yaml", "name: lib\ntype: library\nversion: 1.2.0\n"),
                ("lib/templates/_l.tpl", ""),
            ],
            &[("charts/web/charts/lib", "lib"), ("charts/web/charts/loop", "charts/web")],
        );
        let chart = Chart::load("charts/web", &sources);
        assert_eq!((chart.name.as_str(), chart.templates.len()), ("web", 1));
        let lib = chart.subcharts.iter().find(|s| s.entry == "lib").unwrap();
        assert!(lib.library && lib.path == "lib");
        assert_eq!(&*lib.templates[0].path, "lib/templates/_l.tpl");
        assert!(in_range(&chart.declared[0].version, &lib.version));
    }
}
