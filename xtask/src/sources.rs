//! Reads the files that a repository's cells are made of, and what lies beside them, into memory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use checks::model::Matrix;
use checks::sources::{Source, SourceKind, Sources};
use ignore::WalkBuilder;

use crate::matrix::pattern::Pattern;

/// Larger files are no sources of a render; the leak scan of a folder reads them on demand.
const LARGEST: u64 = 16 << 20;

/// Reads every source of the matrix. What cannot be read is left out: Helm says so when a cell needs it.
pub fn read(root: &Path, matrix: &Matrix) -> Sources {
    let mut reader = Reader { root, files: BTreeMap::new() };
    let mut charts: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for cell in &matrix.cells {
        charts.entry(&cell.chart).or_default().insert(cell.name());
        for values in &cell.values {
            let kind = if values.overlay { SourceKind::Overlay } else { SourceKind::SharedValues };
            reader.add(&values.path, kind, &Arc::new(BTreeSet::from([cell.name()])));
        }
    }
    for release in &matrix.releases {
        let cells: BTreeSet<String> =
            matrix.cells.iter().filter(|c| c.release == release.name).map(checks::model::Cell::name).collect();
        if let Some(docs) = &release.docs {
            reader.add(docs, SourceKind::Docs, &Arc::new(cells));
        }
        charts.entry(&release.chart).or_default();
    }
    for (chart, cells) in charts {
        reader.chart(chart, &Arc::new(cells));
    }
    reader.declared();
    let none = Arc::default();
    reader.add(&matrix.file, SourceKind::Matrix, &none);
    for fixtures in matrix.environments.iter().filter_map(|e| e.fixtures.as_ref()) {
        reader.add(fixtures, SourceKind::Matrix, &none);
    }
    for extra in [&matrix.waivers, &matrix.baseline].into_iter().flatten() {
        reader.add(extra, SourceKind::Matrix, &none);
    }
    for page in [checks::secrets::INVENTORY_PAGE, checks::secrets::ROTATION_PAGE] {
        reader.add(page, SourceKind::Other, &none);
    }
    reader.beside(matrix);
    reader.files
}

struct Reader<'a> {
    root: &'a Path,
    files: Sources,
}

impl Reader<'_> {
    /// A chart folder with all that it holds. Links are followed as Helm follows them: a file stands under its real path, and
    /// the link itself is told by an entry of its own.
    fn chart(&mut self, chart: &str, cells: &Arc<BTreeSet<String>>) {
        let folder = self.root.join(chart);
        let mut walk = WalkBuilder::new(&folder);
        walk.standard_filters(false).follow_links(true).sort_by_file_name(Ord::cmp);
        walk.filter_entry(|entry| entry.file_name() != ".git");
        for entry in walk.build().flatten() {
            let Some(inside) = entry.path().strip_prefix(&folder).ok().and_then(Path::to_str) else { continue };
            let path = if inside.is_empty() { chart.to_owned() } else { format!("{chart}/{inside}") };
            if entry.path_is_symlink() {
                self.link(&path, cells);
            }
            if entry.file_type().is_some_and(|t| t.is_file()) {
                self.add(&path, kind_in_chart(inside), cells);
            }
        }
    }

    /// Where a link leads, as a path below the root.
    fn link(&mut self, path: &str, cells: &Arc<BTreeSet<String>>) {
        // The link's own place: its folder may be reached through another link.
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(folder) = self.real(folder) else { return };
        let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let Some(target) = self.real(&path).filter(|target| *target != path) else { return };
        let link = self.files.entry(path).or_insert_with(|| Source {
            bytes: target.into_bytes(),
            kind: SourceKind::Link,
            cells: Arc::default(),
        });
        Arc::make_mut(&mut link.cells).extend(cells.iter().cloned());
    }

    /// Charts that a chart declares by `file://`: what is vendored is compared with them.
    fn declared(&mut self) {
        let mut folders = BTreeSet::new();
        for (path, source) in self.files.iter().filter(|(_, s)| s.kind == SourceKind::Chart) {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            for document in yaml::parse(source.text().unwrap_or_default()) {
                let dependencies = document.root.as_ref().and_then(|r| r.get("dependencies"));
                for dependency in dependencies.map(yaml::Node::items).unwrap_or_default() {
                    let local = dependency.str_at(&["repository"]).and_then(|r| r.strip_prefix("file://"));
                    folders.extend(local.and_then(|local| self.real(&format!("{folder}/{local}"))));
                }
            }
        }
        for folder in folders {
            self.chart(&folder, &Arc::default());
        }
    }

    /// Files beside the charts, the values and the matrix file that no cell reads: pages, scripts, charts of no release.
    fn beside(&mut self, matrix: &Matrix) {
        let golden = Pattern::parse(&matrix.golden_pattern).ok();
        let goldens = golden.as_ref().map(Pattern::base).unwrap_or_default();
        let mut folders: BTreeSet<String> = BTreeSet::from(["environments".to_owned()]);
        folders.extend(matrix.bases.iter().filter(|b| !b.is_empty()).cloned());
        for folder in folders {
            let mut walk = WalkBuilder::new(self.root.join(&folder));
            walk.hidden(false).parents(false).git_global(false).sort_by_file_name(Ord::cmp);
            walk.filter_entry(|e| !matches!(e.file_name().to_str(), Some(".git" | "target" | "node_modules")));
            for entry in walk.build().flatten() {
                let Some(path) = entry.path().strip_prefix(self.root).ok().and_then(Path::to_str) else { continue };
                let is_golden = !goldens.is_empty() && path.starts_with(&format!("{goldens}/"));
                if entry.file_type().is_some_and(|t| t.is_file()) && !is_golden && !self.files.contains_key(path) {
                    self.add(path, SourceKind::Other, &Arc::default());
                }
            }
        }
    }

    fn add(&mut self, path: &str, kind: SourceKind, cells: &Arc<BTreeSet<String>>) {
        let Some(real) = self.real(path) else { return };
        if let Some(known) = self.files.get_mut(&real) {
            Arc::make_mut(&mut known.cells).extend(cells.iter().cloned());
            // What a cell uses a file for says more than where it lies.
            if known.kind == SourceKind::Other {
                known.kind = kind;
            }
            return;
        }
        let file = self.root.join(&real);
        if !file.metadata().is_ok_and(|m| m.is_file() && m.len() <= LARGEST) {
            return;
        }
        if let Ok(bytes) = std::fs::read(&file) {
            self.files.insert(real, Source { bytes, kind, cells: Arc::clone(cells) });
        }
    }

    /// The path below the root without links; `None` for what lies outside.
    fn real(&self, path: &str) -> Option<String> {
        let real = self.root.join(path).canonicalize().ok()?;
        real.strip_prefix(self.root).ok()?.to_str().map(str::to_owned)
    }
}

/// What a file of a chart is, vendored subcharts included.
fn kind_in_chart(inside: &str) -> SourceKind {
    let mut rest = inside;
    while let Some(below) = rest.strip_prefix("charts/").and_then(|r| r.split_once('/')) {
        rest = below.1;
    }
    match rest {
        "Chart.yaml" => SourceKind::Chart,
        "values.yaml" => SourceKind::ChartValues,
        _ if rest.starts_with("templates/") => SourceKind::Template,
        _ => SourceKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_subcharts_are_what_they_are_in_a_chart() {
        assert_eq!(kind_in_chart("charts/lib/templates/_l.tpl"), SourceKind::Template);
        assert_eq!(kind_in_chart("charts/a/charts/b/values.yaml"), SourceKind::ChartValues);
        assert_eq!(kind_in_chart("charts/a.tgz"), SourceKind::Other);
        assert_eq!(kind_in_chart("README.md"), SourceKind::Other);
    }
}
