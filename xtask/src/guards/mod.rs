//! `validate --check guards`: takes each needed value away from each cell and judges what comes out; `--mutate` takes guards
//! out of copies of the charts and sees whether anybody would notice.

mod inputs;
mod judge;
mod mutate;
mod store;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use checks::model::{Cell, Place, SetValue, ValuesFile};
use checks::rules;
use checks::sources::Sources;
use checks::template::{GuardKind, Program, Scan};
use checks::values::{Charts, Effective, dotted};
use finding::{Finding, RenderPlace};

use crate::helm::render::{Renderer, Status};
use crate::run::pool;
use inputs::Paths;
use judge::{Baseline, FaultKind, Verdict};
use store::Store;
pub use table::table;

/// What guards are tried with.
pub struct Input<'a> {
    /// The cells to look at, in the matrix's order.
    pub cells: &'a [&'a Cell],
    /// Every source.
    pub sources: &'a Sources,
    /// Renders.
    pub renderer: &'a Renderer<'a>,
    /// Helm's version, which a kept verdict belongs to.
    pub helm: &'a str,
    /// How many Helm processes run at once.
    pub jobs: usize,
    /// The build folder: verdicts are kept below it.
    pub target: &'a Path,
    /// Whether these are all cells: then verdicts that nobody asked for are dropped.
    pub whole: bool,
    /// Whether to take guards out, too.
    pub mutate: bool,
    /// Asked before each render.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// What came out.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Of `guards/missing`, `guards/weak`, `guards/untested`.
    pub findings: Vec<Finding>,
    /// One a cell.
    pub rows: Vec<Row>,
    /// One a chart; only with `mutate`.
    pub scores: Vec<Score>,
    /// Why something could not be tried: the work was not done.
    pub troubles: Vec<String>,
    /// Renders that were made, and verdicts that were kept from earlier runs.
    pub renders: usize,
    /// See `renders`.
    pub kept: usize,
}

/// How a cell stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// `env/release`.
    pub cell: String,
    /// Values that were taken away.
    pub tried: usize,
    /// A guard named the value.
    pub guarded: usize,
    /// The render works without it.
    pub fine: usize,
    /// See `guards/weak`.
    pub weak: usize,
    /// See `guards/missing`.
    pub missing: usize,
}

/// How well the guards of a chart are watched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Score {
    /// The chart's folder.
    pub chart: String,
    /// Guards whose loss is noticed.
    pub noticed: usize,
    /// Guards that nothing would miss.
    pub untested: usize,
    /// Guards that could not be tried: where, and why.
    pub not_mutated: Vec<(Place, String)>,
}

/// A cell with what is known of it.
struct Subject<'a> {
    cell: &'a Cell,
    values: Arc<Effective>,
    hash: blake3::Hash,
    tries: Vec<Paths>,
}

/// One render to make: of which subject, without what.
struct Try {
    subject: usize,
    paths: Paths,
    hash: String,
}

/// Tries every guard and every credential-like value of the cells.
pub fn run(input: &Input<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let charts = Charts::new(input.sources);
    let store = Store::new(input.target);
    let subjects: Vec<Subject<'_>> = input.cells.iter().filter_map(|cell| subject(cell, &charts, input)).collect();
    let tries: Vec<Try> = subjects
        .iter()
        .enumerate()
        .flat_map(|(at, subject)| {
            subject.tries.iter().map(move |paths| Try {
                subject: at,
                hash: store::try_hash(&subject.hash, paths, None),
                paths: paths.clone(),
            })
        })
        .collect();
    let mut verdicts: BTreeMap<(usize, Paths), Verdict> = BTreeMap::new();
    let mut open: Vec<&Try> = Vec::new();
    for one in &tries {
        match store.get(&one.hash) {
            Some(verdict) => {
                outcome.kept += 1;
                verdicts.insert((one.subject, one.paths.clone()), verdict);
            }
            None => open.push(one),
        }
    }
    let mut baselines: BTreeMap<usize, Baseline> = BTreeMap::new();
    make_baselines(&subjects, open.iter().map(|one| one.subject).collect(), &mut baselines, &mut outcome, input);
    open.retain(|one| baselines.contains_key(&one.subject));
    let scratch = input.renderer.home.join("guards");
    pool::run(
        &open,
        input.jobs,
        input.stop,
        |one| {
            let subject = &subjects[one.subject];
            render_without(subject.cell, &one.paths, &one.hash, None, &scratch, &baselines[&one.subject], input)
        },
        |at, result| {
            outcome.renders += 1;
            match result {
                Ok(verdict) => {
                    store.put(&open[at].hash, &verdict);
                    verdicts.insert((open[at].subject, open[at].paths.clone()), verdict);
                }
                Err(trouble) => outcome.troubles.extend(trouble),
            }
        },
    );
    for (at, subject) in subjects.iter().enumerate() {
        let of_cell: Vec<(&Paths, &Verdict)> =
            verdicts.iter().filter(|((subject, _), _)| *subject == at).map(|((_, paths), v)| (paths, v)).collect();
        tell(subject, &of_cell, input.sources, &mut outcome);
    }
    if input.mutate {
        mutate::run(&subjects, &verdicts, &mut baselines, &store, &mut outcome, input);
    }
    if input.whole && !(input.stop)() {
        store.prune();
    }
    outcome.troubles.sort();
    outcome.troubles.dedup();
    outcome
}

/// A cell whose values can be read; any other is told by the rules that render it.
fn subject<'a>(cell: &'a Cell, charts: &Charts<'_>, input: &Input<'_>) -> Option<Subject<'a>> {
    let values = charts.effective(cell);
    if values.problem.is_some() {
        return None;
    }
    let program = Program::new(&values.chart, input.sources);
    let tries = inputs::of(&values, &Scan::run(&program, None, &[])).into_iter().collect();
    let hash = store::cell_hash(cell, &charts.chart(&cell.chart), input.sources, input.helm);
    Some(Subject { cell, values, hash, tries })
}

/// Renders cells as they are, those that were not rendered yet.
fn make_baselines(
    subjects: &[Subject<'_>],
    wanted: BTreeSet<usize>,
    baselines: &mut BTreeMap<usize, Baseline>,
    outcome: &mut Outcome,
    input: &Input<'_>,
) {
    let wanted: Vec<usize> = wanted.into_iter().filter(|at| !baselines.contains_key(at)).collect();
    pool::run(
        &wanted,
        input.jobs,
        input.stop,
        |at| input.renderer.template(subjects[*at].cell),
        |at, render| {
            outcome.renders += 1;
            let cell = subjects[wanted[at]].cell;
            match &render.status {
                Status::Rendered => {
                    let text = String::from_utf8_lossy(&render.stdout);
                    baselines.insert(wanted[at], Baseline::of(&text, &cell.namespace));
                }
                // A cell that is refused as it is has its finding already.
                Status::Refused | Status::TooLarge | Status::Cancelled => {}
                status => outcome.troubles.push(trouble(cell, status)),
            }
        },
    );
}

fn trouble(cell: &Cell, status: &Status) -> String {
    let why = match status {
        Status::TimedOut => "it took too long".to_owned(),
        Status::Died(how) => format!("Helm ended without a verdict ({how})"),
        Status::NotRun { why, help } => {
            return format!("{}: its guards could not be tried: {why}\n  help: {help}", cell.name());
        }
        other => format!("{other:?}"),
    };
    format!(
        "{}: its guards could not be tried: {why}\n  help: repeat it, with a longer --timeout if need be",
        cell.name()
    )
}

/// Renders a cell without some values, in a copy of its chart if one is given. An error is empty when the run was stopped.
fn render_without(
    cell: &Cell,
    paths: &[Vec<String>],
    name: &str,
    chart: Option<&Path>,
    scratch: &Path,
    baseline: &Baseline,
    input: &Input<'_>,
) -> Result<Verdict, Option<String>> {
    let file = scratch.join(format!("{name}.yaml"));
    let nulls = paths.iter().fold(serde_json::Value::Null, |tree, path| null_at(tree, path));
    let written = fs::create_dir_all(scratch).and_then(|()| fs::write(&file, nulls.to_string()));
    written.map_err(|error| Some(format!("{} cannot be written: {error}\n  help: free some disk", file.display())))?;
    let mut without = cell.clone();
    let path = file.to_string_lossy().into_owned();
    without.values.push(ValuesFile { path, overlay: true, part: None });
    // What the matrix file sets comes after all files.
    for path in paths.iter().filter(|_| !cell.set.is_empty()) {
        without.set.push(SetValue { path: dotted(path), value: "null".to_owned(), string: false });
    }
    if let Some(chart) = chart {
        without.chart = chart.to_string_lossy().into_owned();
    }
    let render = input.renderer.template(&without);
    let _ = fs::remove_file(&file);
    match judge::verdict(&render, baseline, &cell.namespace, paths) {
        Some(verdict) => Ok(verdict),
        None if matches!(render.status, Status::Cancelled) => Err(None),
        None => Err(Some(trouble(cell, &render.status))),
    }
}

/// A tree of maps with null at the end of each path.
fn null_at(tree: serde_json::Value, path: &[String]) -> serde_json::Value {
    let Some((first, rest)) = path.split_first() else { return serde_json::Value::Null };
    let mut map = match tree {
        serde_json::Value::Object(map) => map,
        _ => serde_json::Map::new(),
    };
    let below = map.remove(first).unwrap_or(serde_json::Value::Null);
    map.insert(first.clone(), null_at(below, rest));
    serde_json::Value::Object(map)
}

/// Findings and the row of one cell.
fn tell(subject: &Subject<'_>, verdicts: &[(&Paths, &Verdict)], sources: &Sources, outcome: &mut Outcome) {
    let program = Program::new(&subject.values.chart, sources);
    // Only guards that the cell reaches have accepted anything.
    let scan = Scan::run(&program, Some(&subject.values), &[]);
    let mut row = Row { cell: subject.cell.name(), tried: verdicts.len(), ..Row::default() };
    for (paths, verdict) in verdicts {
        let findings = judged(subject, &program, &scan, paths, verdict);
        match verdict {
            Verdict::Guarded { named: true, .. } => row.guarded += 1,
            Verdict::Rendered { faults } if faults.is_empty() => row.fine += 1,
            Verdict::Rendered { .. } => row.missing += 1,
            Verdict::Guarded { .. } | Verdict::Stopped { .. } => row.weak += 1,
        }
        outcome.findings.extend(findings);
    }
    for guard in scan.guards.values().filter(|guard| guard.kind == GuardKind::Required) {
        for path in &guard.paths {
            let Some(leaf) = subject.values.leaf_at(path) else { continue };
            let Some(what) = inputs::is_blank_or_placeholder(&leaf) else { continue };
            row.weak += 1;
            let template = &program.templates[guard.template];
            let message = format!("`{}` is {what}, and its guard accepts that", dotted(path));
            let mut finding = finding("guards/weak", message)
                .related(template.place(&(guard.start..guard.end)), "the guard")
                .help("set a real value")
                .cell(subject.cell.name());
            finding.place = leaf.place();
            outcome.findings.push(finding);
        }
    }
    outcome.rows.push(row);
}

/// What a verdict says of a cell.
fn judged(
    subject: &Subject<'_>,
    program: &Program<'_>,
    scan: &Scan<'_>,
    paths: &Paths,
    verdict: &Verdict,
) -> Option<Finding> {
    let cell = subject.cell;
    let names = paths.iter().map(|path| format!("`{}`", dotted(path))).collect::<Vec<_>>().join(" and ");
    let set_at = paths.first().and_then(|path| subject.values.key_place(path));
    let with_value = |finding: Finding| match &set_at {
        Some(place) => finding.related(place.clone(), "the value that was taken away"),
        None => finding,
    };
    let found = match verdict {
        Verdict::Guarded { named: true, .. } => return None,
        Verdict::Guarded { named: false, at } => {
            let finding = finding("guards/weak", format!("the guard of {names} does not say which value is missing"));
            let finding = finding.help("name the value's path in the message, and where to set it");
            let told = place_of(at, program, cell);
            // Helm tells of the template that includes the guard's.
            match guard_of(program, scan, paths) {
                Some(guard) if (&guard.file, guard.line) != (&told.file, told.line) => {
                    finding.at(guard).related(told, "included from here")
                }
                _ => finding.at(told),
            }
        }
        Verdict::Stopped { at } => {
            let message = format!("without {names} a template stops, and no guard says why");
            let help = "guard the value with `required` before it is used, or give it a default";
            finding("guards/weak", message).at(place_of(at, program, cell)).help(help)
        }
        Verdict::Rendered { faults } => {
            let fault = faults.first()?;
            let message = format!("without {names} the chart renders {}", fault.kind.words());
            let help = match fault.kind {
                FaultKind::Literal => "refuse to render without it: `required`, and take the literal out of the chart",
                _ => "guard it where it is used: `required \"set …\" .Values.…`, or leave out what it is for",
            };
            let place = reader(program, fault.template.as_deref(), paths)
                .unwrap_or_else(|| Place::file(format!("{}/values.yaml", cell.chart)));
            let shown = faults.iter().map(|fault| RenderPlace {
                cell: cell.name(),
                object: fault.object.clone(),
                path: fault.path.clone(),
                line: 0,
                template: fault.template.clone(),
            });
            shown.fold(finding("guards/missing", message).at(place).help(help), Finding::shown)
        }
    };
    Some(with_value(found).cell(cell.name()))
}

/// The place of the one guard of these values.
fn guard_of(program: &Program<'_>, scan: &Scan<'_>, paths: &Paths) -> Option<Place> {
    let guards = scan.guards.values().filter(|guard| guard.kind == GuardKind::Required);
    let mut places = guards.filter(|guard| paths.iter().any(|path| guard.paths.contains(path))).map(|guard| {
        let template = &program.templates[guard.template];
        (!template.file.is_packed()).then(|| template.place(&(guard.start..guard.end)))
    });
    let only = places.next()??;
    places.next().is_none().then_some(only)
}

/// The place of `chart/templates/file.yaml:line`.
fn place_of(at: &str, program: &Program<'_>, cell: &Cell) -> Place {
    let (name, line) = at.rsplit_once(':').unwrap_or((at, ""));
    let template = program.templates.iter().find(|template| template.name == name);
    match (template, line.parse()) {
        (Some(template), Ok(line)) if !template.file.is_packed() => Place::line(&*template.file.path, line),
        (Some(template), _) => Place::file(&*template.file.path),
        _ => Place::file(format!("{}/Chart.yaml", cell.chart)),
    }
}

/// The line of the template that reads the value; any line of another one else.
fn reader(program: &Program<'_>, template: Option<&str>, paths: &Paths) -> Option<Place> {
    let own = program.templates.iter().filter(|t| Some(t.name.as_str()) == template);
    let all = own.clone().chain(&program.templates);
    let found = all.filter(|t| !t.file.is_packed()).find_map(|t| {
        let below = paths.first()?.strip_prefix(t.scope.as_slice()).unwrap_or_default();
        let wanted = format!("Values.{}", below.join("."));
        let line = t.text.lines().position(|line| !below.is_empty() && line.contains(&wanted))?;
        Some(Place::line(&*t.file.path, line + 1))
    });
    found.or_else(|| own.into_iter().next().map(|t| Place::file(&*t.file.path)))
}

/// A finding of one of our rules.
fn finding(rule: &str, message: impl Into<String>) -> Finding {
    rules::find(rule).unwrap_or_else(|| unreachable!("{rule} is in the registry")).finding(message)
}
