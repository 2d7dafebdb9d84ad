//! From the file as written to cells: names resolved, patterns filled, every file looked up.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use checks::model::{Cell, Environment, Layer, Matrix, Off, Part, Place, Release, ValuesFile};
use finding::Finding;

use crate::inside;

use super::file::{File, Link, RawRelease, Settings};
use super::pattern::{self, Hole, Names, Pattern};
use super::read::{Reader, Spanned};
use checks::nearest::did_you_mean;

/// Everything that patterns and names are looked up with.
struct Expander<'a> {
    root: &'a Path,
    reader: &'a Reader,
    file: &'a File,
    environments: Vec<&'a str>,
    /// Values files under the names that the chains have for them.
    named: RefCell<BTreeSet<String>>,
}

/// Expands the file. What is wrong goes to the reader; the result then is not to be used.
pub fn expand(root: &Path, reader: &Reader, file: File) -> Matrix {
    let environments = file.environments.iter().map(|(e, _)| e.name.as_str()).collect();
    let expander = Expander { root, reader, file: &file, environments, named: RefCell::default() };
    expander.names();
    expander.order();
    // Each step rests on the one before: follow-up errors would hide the first.
    let (cells, off) = if reader.is_clean() { expander.cells() } else { Default::default() };
    expander.fixtures();
    expander.excuses();
    if reader.is_clean() {
        expander.strays(&cells);
    }
    let releases = file.releases.iter().map(|raw| expander.release(raw)).collect();
    let mut layers: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for raw in &file.releases {
        layers.entry(raw.layer).or_default().push(raw.name.value.clone());
    }
    Matrix {
        file: super::FILE.to_owned(),
        layers: layers.into_iter().map(|(number, releases)| Layer { number, releases }).collect(),
        releases,
        cells,
        off,
        golden_pattern: file.paths.golden.value.clone(),
        bases: bases(&file),
        helm: file.helm,
        kube: file.kube,
        environments: file.environments.into_iter().map(|(e, _)| real(root, e)).collect(),
        secrets: file.secrets,
        retired: file.retired,
        rules: file.rules,
        waivers: file.waivers.map(|w| w.value),
        baseline: file.baseline.map(|b| b.value),
    }
}

impl Expander<'_> {
    /// Releases are unique, and every name that something refers to exists.
    fn names(&self) {
        let mut seen: BTreeMap<&str, &RawRelease> = BTreeMap::new();
        for raw in &self.file.releases {
            if let Some(first) = seen.insert(&raw.name.value, raw) {
                let message = format!("two releases are called `{}`", raw.name.value);
                let found = self.reader.at("matrix/duplicate", raw.name.span, message).label("and here");
                let place = self.reader.place(first.name.span);
                self.reader.push(
                    found.related(place, "first here").help("a release is installed in one layer; delete one entry"),
                );
            }
            for after in &raw.after {
                if !self.file.releases.iter().any(|r| r.name.value == after.value) {
                    self.unknown("release", after, self.file.releases.iter().map(|r| r.name.value.as_str()));
                }
            }
            let named = raw.off.iter().chain(&raw.no_overlay).map(|(env, _)| env);
            for env in named.chain(raw.environments.iter().map(|(env, _)| env)) {
                if !self.environments.contains(&env.value.as_str()) {
                    self.unknown("environment", env, self.environments.iter().copied());
                }
            }
        }
        if self.file.environments.is_empty() {
            let found = self.reader.at("matrix/empty", self.file.environments_span, "the matrix has no environment");
            self.reader.push(
                found.label("nothing would be rendered").help("write at least one, e.g. `environments: {staging: {}}`"),
            );
        }
        if self.file.releases.is_empty() {
            let found = self.reader.at("matrix/empty", self.file.layers_span, "the matrix has no release");
            self.reader
                .push(found.label("nothing would be rendered").help("write at least one, e.g. `10: {namespace: {}}`"));
        }
    }

    fn unknown<'n>(&self, what: &str, name: &Spanned<String>, known: impl Iterator<Item = &'n str> + Clone) {
        let hint = did_you_mean(&name.value, known.clone());
        let all = known.take(12).collect::<Vec<_>>().join(", ");
        let hint = if hint.is_empty() { format!("there are: {all}") } else { hint };
        let found = self.reader.at("matrix/unknown-name", name.span, format!("no {what} is called `{}`", name.value));
        self.reader.push(found.help(hint));
    }

    /// `after` names releases of the same layer or an earlier one, and never in a circle.
    fn order(&self) {
        let by_name: BTreeMap<&str, &RawRelease> =
            self.file.releases.iter().map(|r| (r.name.value.as_str(), r)).collect();
        for raw in &self.file.releases {
            for after in &raw.after {
                if let Some(other) = by_name.get(after.value.as_str()).filter(|o| o.layer > raw.layer) {
                    let message = format!(
                        "`{}` (layer {}) cannot come after `{}` (layer {})",
                        raw.name.value, raw.layer, after.value, other.layer
                    );
                    let found = self.reader.at("matrix/after", after.span, message);
                    self.reader.push(
                        found.help("`after` refines the order inside a layer; move one of the two to another layer"),
                    );
                }
            }
            if let Some(path) = circle(&by_name, &raw.name.value) {
                // Told once, at the release of the circle whose name comes first.
                if path.iter().min() == Some(&raw.name.value.as_str()) {
                    let shown = path.join(" → ");
                    let found = self.reader.at(
                        "matrix/cycle",
                        raw.name.span,
                        format!("`after` goes in a circle: {shown} → {}", path[0]),
                    );
                    self.reader.push(found.help("delete one of these `after` entries"));
                }
            }
        }
    }

    fn cells(&self) -> (Vec<Cell>, Vec<Off>) {
        let (mut cells, mut off) = (Vec::new(), Vec::new());
        let mut goldens: BTreeMap<String, String> = BTreeMap::new();
        let golden = self.pattern(&self.file.paths.golden, "`paths.golden`");
        if let Some(golden) = &golden {
            for (hole, name, why) in [
                (Hole::Env, "env", "two environments would share one golden"),
                (Hole::Release, "release", "two releases would share one golden"),
            ] {
                let several = if hole == Hole::Env { self.environments.len() } else { self.file.releases.len() };
                if !golden.has(hole) && several > 1 {
                    let span = self.file.paths.golden.span;
                    let found = self.reader.at(
                        "matrix/placeholder",
                        span,
                        format!("`paths.golden` does not use {{{name}}}: {why}"),
                    );
                    self.reader.push(found.help("e.g. `tests/golden/{env}/{release}.yaml`"));
                    return (cells, off);
                }
            }
        }
        if let Some(chart) = self.pattern(&self.file.paths.chart, "`paths.chart`")
            && !chart.has(Hole::Chart)
            && !chart.has(Hole::Release)
            && self.file.releases.len() > 1
        {
            let found = self.reader.at(
                "matrix/placeholder",
                self.file.paths.chart.span,
                "`paths.chart` uses neither {chart} nor {release}: all releases would be one chart",
            );
            self.reader.push(found.help("e.g. `charts/{chart}`"));
            return (cells, off);
        }
        let mut ordered: Vec<&RawRelease> = self.file.releases.iter().collect();
        ordered.sort_by_key(|r| r.layer);
        for (environment, of_environment) in &self.file.environments {
            for raw in &ordered {
                if let Some((_, reason)) = raw.off.iter().find(|(env, _)| env.value == environment.name) {
                    off.push(Off {
                        env: environment.name.clone(),
                        release: raw.name.value.clone(),
                        reason: reason.value.clone(),
                        place: self.reader.place(reason.span),
                    });
                    continue;
                }
                let here = raw.environments.iter().find(|(env, _)| env.value == environment.name).map(|(_, s)| s);
                let none = Settings::default();
                let steps = [here.unwrap_or(&none), &raw.settings, of_environment];
                let Some(cell) = self.cell(&environment.name, raw, steps, golden.as_ref()) else { continue };
                if let Some(other) = goldens.insert(cell.golden.clone(), cell.name()) {
                    let message = format!("{other} and {} share the golden {}", cell.name(), cell.golden);
                    self.reader.push(
                        self.reader
                            .at("matrix/duplicate", raw.name.span, message)
                            .help("give `paths.golden` both {env} and {release}"),
                    );
                }
                cells.push(cell);
            }
        }
        if cells.is_empty() && self.reader.is_clean() {
            let message = "every release is off in every environment";
            let found = self.reader.at("matrix/empty", self.file.layers_span, message);
            self.reader.push(found.label("nothing would be rendered").help("delete an `off` entry, or the release"));
        }
        (cells, off)
    }

    /// One cell; `steps` from the innermost to the outermost.
    fn cell(&self, env: &str, raw: &RawRelease, steps: [&Settings; 3], golden: Option<&Pattern>) -> Option<Cell> {
        let release = raw.name.value.as_str();
        let cell_name = format!("{env}/{release}");
        let chart = steps.iter().find_map(|s| s.chart.as_ref());
        let chart_name = chart.map_or(release, |c| c.value.as_str());
        let mut names = Names { env, release, chart: chart_name, chart_dir: "", layer: raw.layer };
        let chart_span = chart.map_or(raw.name.span, |c| c.span);
        let chart_dir = self.pattern(&self.file.paths.chart, "`paths.chart`")?.fill(&names);
        self.inside(&chart_dir, chart_span)?;
        if self.root.join(&chart_dir).is_file() {
            let message = format!("{chart_dir} is a file, and a chart is a folder");
            let found = self.reader.at("matrix/missing-file", chart_span, message).label("its chart");
            self.reader.push(
                found
                    .help("unpack it (`tar -xzf`) and name the folder: what is packed cannot be reviewed")
                    .cell(&cell_name),
            );
            return None;
        }
        if !self.root.join(&chart_dir).join("Chart.yaml").is_file() {
            let found =
                self.reader.at("matrix/missing-file", chart_span, format!("{chart_dir}/Chart.yaml does not exist"));
            let (folder, wanted) = chart_dir.rsplit_once('/').unwrap_or(("", &chart_dir));
            self.reader.push(
                found
                    .label("its chart")
                    .help(self.neighbours(folder, wanted, "say `chart: NAME` when the chart is called otherwise"))
                    .cell(&cell_name),
            );
            return None;
        }
        names.chart_dir = &chart_dir;
        let chain = steps.iter().find_map(|s| s.values.as_ref()).unwrap_or(&self.file.paths.values);
        let no_overlay = raw.no_overlay.iter().find(|(e, _)| e.value == env);
        let mut values = Vec::new();
        for Link { path: link, part } in chain {
            let pattern = self.pattern(link, "a values path")?;
            let path = pattern.fill(&names);
            let overlay = pattern.has(Hole::Env);
            self.inside(&path, link.span)?;
            let exists = self.root.join(&path).exists();
            if overlay && let Some((_, reason)) = no_overlay {
                if exists {
                    let message = format!("{path} exists although {cell_name} is said to have no overlay");
                    self.reader.push(
                        self.reader
                            .at("matrix/stray-overlay", reason.span, message)
                            .help("delete the file, or this reason"),
                    );
                }
                continue;
            }
            if exists {
                self.holds(part.as_ref(), &path, release, link.span)?;
                // Under the path that it has without links: what is found in it is told where a person can edit it.
                let real = inside::place(self.root, &path);
                self.named.borrow_mut().insert(path);
                values.push(ValuesFile { path: real, overlay, part: part.clone() });
            } else if !pattern.optional {
                let found = self.reader.at("matrix/missing-file", raw.name.span, format!("{path} does not exist"));
                let (folder, wanted) = path.rsplit_once('/').unwrap_or(("", &path));
                let else_ = if overlay {
                    format!(
                        "write the overlay, or say why there is none: `no_overlay: {{{env}: the shared values suffice}}`"
                    )
                } else {
                    "write it; a `?` at the end of the pattern allows it to be absent".to_owned()
                };
                let place = self.reader.place(link.span);
                self.reader.push(
                    found
                        .label("reads it")
                        .related(place, "asked for here")
                        .help(self.neighbours(folder, wanted, &else_))
                        .cell(&cell_name),
                );
            }
        }
        let golden = golden?.fill(&names);
        self.inside(&golden, self.file.paths.golden.span)?;
        let namespace = steps.iter().find_map(|s| s.namespace.as_ref());
        Some(Cell {
            env: env.to_owned(),
            release: release.to_owned(),
            values,
            // The outermost first: what stands nearer to the cell is set later and wins.
            set: steps.iter().rev().flat_map(|s| s.set.iter().cloned()).collect(),
            namespace: namespace.map_or_else(|| self.file.helm.namespace.clone(), |s| s.value.clone()),
            kube: steps.iter().find_map(|s| s.kube.clone()).unwrap_or_else(|| self.file.kube.clone()),
            include_crds: self.file.helm.include_crds,
            golden,
            layer: raw.layer,
            mask: steps.iter().find_map(|s| s.mask.clone()).unwrap_or_default(),
            place: self.reader.place(raw.name.span),
            chart: chart_dir,
        })
    }

    /// The part of another tool's manifest that a values entry names is there.
    fn holds(&self, part: Option<&Part>, path: &str, release: &str, span: yaml::Span) -> Option<()> {
        let Some(part) = part else { return Some(()) };
        let text = match std::fs::read_to_string(self.root.join(path)) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("{path} cannot be read: {error}");
                self.reader.push(self.reader.at("matrix/part", span, message));
                return None;
            }
        };
        let Err(reason) = checks::part::extract(&text, part, release) else { return Some(()) };
        let message = format!("no values can be taken out of {path}: {}", reason.message);
        let mut found = self.reader.at("matrix/part", span, message).label("asked for here");
        if let Some(at) = reason.at {
            found = found.related(Place::new(path, yaml::Span { start: at, end: at }), "here");
        }
        self.reader.push(found.help("`kind` and `at` say which document, and where in it; `at` is a JSON pointer"));
        None
    }

    /// The nearest name in a folder, or what else to do.
    fn neighbours(&self, folder: &str, wanted: &str, otherwise: &str) -> String {
        let entries = std::fs::read_dir(self.root.join(folder)).into_iter().flatten().flatten();
        let names: Vec<String> = entries.filter_map(|e| e.file_name().into_string().ok()).collect();
        let hint = did_you_mean(wanted, names.iter().map(String::as_str));
        if hint.is_empty() { otherwise.to_owned() } else { format!("{hint}\n{otherwise}") }
    }

    fn pattern(&self, text: &Spanned<String>, what: &str) -> Option<Pattern> {
        match Pattern::parse(&text.value) {
            Ok(pattern) => Some(pattern),
            Err(name) => {
                let hint = did_you_mean(&name, pattern::names());
                let all = format!(
                    "the placeholders are {}",
                    pattern::names().map(|n| format!("{{{n}}}")).collect::<Vec<_>>().join(", ")
                );
                let hint = if hint.is_empty() { all } else { hint };
                self.reader.push(
                    self.reader
                        .at("matrix/placeholder", text.span, format!("{what} uses the unknown placeholder {{{name}}}"))
                        .help(hint),
                );
                None
            }
        }
    }

    /// A path must stay below the root, also through links.
    fn inside(&self, path: &str, span: yaml::Span) -> Option<()> {
        if !inside::leaves(self.root, path) {
            return Some(());
        }
        let found = self.reader.at("matrix/outside-root", span, format!("{path} leaves the repository"));
        self.reader.push(found.help(
            "what a cell is made of and what is kept of it are files of this repository: put them below the root, without a link \
             that leads out of it",
        ));
        None
    }

    fn fixtures(&self) {
        for (environment, _) in &self.file.environments {
            let Some(path) = &environment.fixtures else { continue };
            let outside = inside::leaves(self.root, path);
            if outside || !self.root.join(path).is_file() {
                let (rule, what) = if outside {
                    ("outside-root", "leaves the repository")
                } else {
                    ("missing-file", "does not exist")
                };
                let found =
                    Finding::new(&format!("matrix/{rule}"), checks::model::Severity::Error, format!("{path} {what}"));
                self.reader.push(
                    found.at(environment.place.clone()).label("its `fixtures`").help("write it, or delete `fixtures`"),
                );
            }
        }
    }

    /// The waivers file exists. The baseline may not: the first one is written by the program.
    fn excuses(&self) {
        for path in [&self.file.waivers, &self.file.baseline].into_iter().flatten() {
            self.inside(&path.value, path.span);
        }
        if let Some(path) = self.file.waivers.as_ref().filter(|p| !self.root.join(&p.value).is_file()) {
            let found = self.reader.at("matrix/missing-file", path.span, format!("{} does not exist", path.value));
            self.reader.push(found.help("write it (an empty list `[]` will do), or delete `waivers`"));
        }
    }

    /// Overlay files that no cell reads.
    fn strays(&self, cells: &[Cell]) {
        let named = self.named.borrow();
        let mut read: BTreeSet<&str> = cells.iter().flat_map(|c| c.values.iter().map(|v| v.path.as_str())).collect();
        read.extend(named.iter().map(String::as_str));
        let chains = self.file.releases.iter().flat_map(|r| {
            r.settings.values.iter().chain(r.environments.iter().filter_map(|(_, s)| s.values.as_ref())).flatten()
        });
        let chains = chains.chain(self.file.environments.iter().flat_map(|(_, s)| s.values.iter().flatten()));
        let mut patterns: Vec<Pattern> = Vec::new();
        for text in self.file.paths.values.iter().chain(chains) {
            if let Ok(pattern) = Pattern::parse(&text.path.value)
                && pattern.has(Hole::Env)
                && pattern.has(Hole::Release)
                && !patterns.contains(&pattern)
            {
                patterns.push(pattern);
            }
        }
        let mut told = BTreeSet::new();
        for found in patterns.iter().flat_map(|p| p.find(self.root)) {
            if read.contains(found.path.as_str()) || !told.insert(found.path.clone()) {
                continue;
            }
            let (env, release) = (found.env.unwrap_or_default(), found.release.unwrap_or_default());
            let raw = self.file.releases.iter().find(|r| r.name.value == release);
            let off = raw.and_then(|r| r.off.iter().find(|(e, _)| e.value == env));
            let said = raw.is_some_and(|r| r.no_overlay.iter().any(|(e, _)| e.value == env));
            let (why, help) = if said {
                continue;
            } else if let Some((_, reason)) = off {
                (
                    format!("{env}/{release} is off ({})", reason.value),
                    "delete the file, or install the release there".to_owned(),
                )
            } else if !self.environments.contains(&env.as_str()) {
                (format!("no environment is called `{env}`"), hint(&env, self.environments.iter().copied()))
            } else if raw.is_none() {
                (
                    format!("no release is called `{release}`"),
                    hint(&release, self.file.releases.iter().map(|r| r.name.value.as_str())),
                )
            } else {
                (
                    "its cell's values chain does not name it".to_owned(),
                    "delete the file, or name it in the chain".to_owned(),
                )
            };
            let finding = Finding::new(
                "matrix/stray-overlay",
                checks::model::Severity::Error,
                format!("no cell reads {}: {why}", found.path),
            );
            self.reader.push(finding.at(Place::file(found.path)).help(help));
        }
    }

    fn release(&self, raw: &RawRelease) -> Release {
        let map = |list: &[(Spanned<String>, Spanned<String>)]| {
            list.iter().map(|(env, reason)| (env.value.clone(), reason.value.clone())).collect()
        };
        let release = raw.name.value.as_str();
        let chart = raw.settings.chart.as_ref().map_or(release, |c| c.value.as_str());
        let mut names = Names { env: "", release, chart, chart_dir: "", layer: raw.layer };
        let chart_dir = Pattern::parse(&self.file.paths.chart.value).map(|p| p.fill(&names)).unwrap_or_default();
        names.chart_dir = &chart_dir;
        let docs = self.file.paths.docs.as_ref().and_then(|d| self.pattern(d, "`paths.docs`")).map(|p| p.fill(&names));
        let docs = docs.map(|path| inside::place(self.root, &path));
        Release {
            name: release.to_owned(),
            layer: raw.layer,
            after: raw.after.iter().map(|a| a.value.clone()).collect(),
            off: map(&raw.off),
            no_overlay: map(&raw.no_overlay),
            docs,
            classify: raw.classify,
            place: self.reader.place(raw.name.span),
            chart: chart_dir,
        }
    }
}

/// An environment whose fixtures are named by the path that they have without links.
fn real(root: &Path, mut environment: Environment) -> Environment {
    environment.fixtures = environment.fixtures.map(|path| inside::place(root, &path));
    environment
}

/// Folders below which charts and values files lie.
fn bases(file: &File) -> Vec<String> {
    let texts = std::iter::once(&file.paths.chart.value).chain(file.paths.values.iter().map(|l| &l.path.value));
    let bases: BTreeSet<String> = texts.filter_map(|t| Pattern::parse(t).ok()).map(|p| p.base()).collect();
    bases.into_iter().filter(|base| !base.is_empty()).collect()
}

fn hint<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> String {
    let hint = did_you_mean(name, known);
    if hint.is_empty() { "delete the file, or add what it belongs to to the matrix file".to_owned() } else { hint }
}

/// The releases of a circle of `after` through `start`, if there is one.
fn circle<'n>(by_name: &BTreeMap<&'n str, &'n RawRelease>, start: &'n str) -> Option<Vec<&'n str>> {
    let mut stack = vec![vec![start]];
    let mut seen = BTreeSet::new();
    while let Some(path) = stack.pop() {
        let last = path[path.len() - 1];
        for after in by_name.get(last).into_iter().flat_map(|r| &r.after) {
            if after.value == start {
                return Some(path);
            }
            if seen.insert(after.value.as_str()) {
                let mut longer = path.clone();
                longer.push(after.value.as_str());
                stack.push(longer);
            }
        }
    }
    None
}
