//! Runs the rules: source rules on every file, cell rules on each render as it comes, environment and matrix rules at the end.

pub mod leaks;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ::leaks::{Leak, MaskKey};
use checks::facts::Facts;
use checks::model::{Cell, Environment, Matrix};
use checks::object::{self, Object};
use checks::part;
use checks::rules::{self, CellView, Check, EnvironmentView, MatrixView, Rule, SourceView};
use checks::sources::{Source, SourceKind, Sources};
use checks::values::Charts;
use finding::Finding;

use crate::run::pool;

/// All that rules look at, apart from renders.
pub struct Engine<'a> {
    /// The repository's root, below which the goldens of cells that were not rendered are read.
    pub root: &'a Path,
    /// The matrix.
    pub matrix: &'a Matrix,
    /// Every source.
    pub sources: &'a Sources,
    /// The rules that are looked for.
    pub rules: &'a [&'static Rule],
    /// The key of the hashes that stand for credentials.
    pub key: &'a MaskKey,
}

impl Engine<'_> {
    /// What the source rules find in one file, and the credentials in it.
    pub fn source(&self, path: &str, source: &Source) -> (Vec<Finding>, Vec<Leak>) {
        let mut found = Vec::new();
        let text = source.text().unwrap_or_default();
        let is_yaml = path.ends_with(".yaml") || path.ends_with(".yml");
        let documents = if is_yaml && source.kind != SourceKind::Template { yaml::parse(text) } else { Vec::new() };
        let leaks = self.leaks(path, source);
        let view = SourceView {
            matrix: self.matrix,
            path,
            source,
            text,
            documents: &documents,
            leaks: &leaks,
            sources: self.sources,
        };
        for rule in self.rules {
            if let Check::Source(check) = rule.check {
                let before = found.len();
                check(&view, &mut found);
                for finding in &mut found[before..] {
                    if finding.cells.is_empty() {
                        let line = finding.place.as_ref().map_or(0, |place| place.line);
                        finding.cells = part::cells_at(self.matrix, &source.cells, path, text, line);
                    }
                }
            }
        }
        (found, leaks)
    }

    /// What the source rules find in all files, and the credentials in them.
    pub fn all_sources(&self) -> (Vec<Finding>, leaks::InSources) {
        let (mut found, mut leaks) = (Vec::new(), leaks::InSources::new());
        for (path, source) in self.sources {
            let (findings, in_file) = self.source(path, source);
            found.extend(findings);
            leaks.insert(path.clone(), in_file);
        }
        (found, leaks)
    }

    /// What the cell rules find in a render.
    pub fn cell(&self, cell: &Cell, objects: &[Object], render: &str) -> Vec<Finding> {
        let mut found = Vec::new();
        let view = CellView { matrix: self.matrix, cell, objects, render, sources: self.sources };
        for rule in self.rules {
            if let Check::Cell(check) = rule.check {
                check(&view, &mut found);
            }
        }
        found
    }

    /// Whether a rule is looked for that looks at more than one cell.
    pub fn looks_at_others(&self) -> bool {
        self.rules.iter().any(|r| matches!(r.check, Check::Environment(_) | Check::Matrix(_)))
    }

    /// What the rules find that look at whole environments and at all of them. `facts` holds what is known of the cells that were
    /// rendered; for all others their goldens speak, so that one cell gets the same verdict alone as among all.
    pub fn whole(&self, facts: &mut BTreeMap<String, Facts>, jobs: usize) -> Vec<Finding> {
        let mut unknown: BTreeSet<String> = BTreeSet::new();
        if !self.looks_at_others() {
            return Vec::new();
        }
        for cell in &self.matrix.cells {
            let name = cell.name();
            if facts.contains_key(&name) {
                continue;
            }
            match golden_facts(self.root, cell) {
                Some(known) => {
                    facts.insert(name, known);
                }
                None => {
                    unknown.insert(name);
                }
            }
        }
        let facts = &*facts;
        let charts = Charts::new(self.sources);
        let effective = |cell: &Cell| charts.effective(cell);
        let view = MatrixView { matrix: self.matrix, sources: self.sources, facts, effective: &effective };
        let matrix_rules = self.rules.iter().filter_map(|rule| match rule.check {
            Check::Matrix(check) => Some(Task::Matrix(check)),
            _ => None,
        });
        let tasks: Vec<Task<'_>> = self.matrix.environments.iter().map(Task::Environment).chain(matrix_rules).collect();
        let work = |task: &Task<'_>| {
            let mut found = Vec::new();
            match task {
                Task::Environment(environment) => self.environment(environment, facts, &unknown, &mut found),
                Task::Matrix(check) => check(&view, &mut found),
            }
            found
        };
        let mut found = vec![Vec::new(); tasks.len()];
        pool::run(&tasks, jobs, || false, work, |index, of_task| found[index] = of_task);
        found.concat()
    }

    fn environment(
        &self,
        environment: &Environment,
        facts: &BTreeMap<String, Facts>,
        unknown: &BTreeSet<String>,
        found: &mut Vec<Finding>,
    ) {
        let cells = || self.matrix.cells.iter().filter(|c| c.env == environment.name);
        let known: Vec<&Facts> = cells().filter_map(|c| facts.get(&c.name())).collect();
        let unknown: Vec<&Cell> = cells().filter(|c| unknown.contains(&c.name())).collect();
        let view = EnvironmentView {
            matrix: self.matrix,
            environment,
            facts: &known,
            unknown: &unknown,
            sources: self.sources,
        };
        for rule in self.rules {
            if let Check::Environment(check) = rule.check {
                check(&view, found);
            }
        }
    }

    /// Keeps what concerns the selected cells: a finding of other cells is theirs, one of no cell belongs to a whole run.
    pub fn concerning(&self, findings: Vec<Finding>, selected: &BTreeSet<String>, whole: bool) -> Vec<Finding> {
        let keep = |mut finding: Finding| {
            if finding.cells.is_empty() {
                return whole.then_some(finding);
            }
            finding.cells.retain(|cell| selected.contains(cell));
            finding.render.retain(|place| selected.contains(&place.cell));
            (!finding.cells.is_empty()).then_some(finding)
        };
        findings.into_iter().filter_map(keep).collect()
    }
}

/// What is looked at by itself, next to others.
enum Task<'a> {
    /// The rules of one environment.
    Environment(&'a Environment),
    /// One rule over everything.
    Matrix(fn(&MatrixView<'_>, &mut Vec<Finding>)),
}

/// What a cell's golden says of it.
pub fn golden_facts(root: &Path, cell: &Cell) -> Option<Facts> {
    let golden = std::fs::read_to_string(root.join(&cell.golden)).ok()?;
    let (objects, _) = object::objects(&golden, &cell.namespace);
    Some(Facts::of(cell, &objects))
}

/// The rules that a run looks for.
pub fn wanted(matrix: &Matrix, named: impl Fn(&str) -> bool) -> Vec<&'static Rule> {
    let severity = |rule: &Rule| matrix.rules.get(rule.id).copied().unwrap_or(rule.severity);
    let is_on = |rule: &&&'static Rule| severity(rule) != checks::model::Severity::Off && named(rule.id);
    rules::registry().iter().filter(is_on).copied().collect()
}
