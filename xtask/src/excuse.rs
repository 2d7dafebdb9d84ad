//! Which findings of a run do not count: waivers, comments, the baseline. What is excused is counted and kept for the reports.

use std::collections::BTreeSet;

use checks::baseline::Baseline;
use checks::model::{Cell, Matrix, Place, Severity};
use checks::sources::Sources;
use checks::waivers::{self, Allowed, By, Date, Excused, Run};
use finding::Finding;

use crate::commands::{Failure, Session};
use crate::git;
use crate::report::{CellResult, CellStatus, Report};

/// All that excuses.
pub struct Excuses {
    allowed: Allowed,
    /// The baseline; `None` when the matrix file names none, or it was not written yet.
    pub baseline: Option<Baseline>,
    today: Option<Date>,
    note: Option<String>,
}

/// Which part of the matrix a run looks at.
pub struct Part<'a> {
    /// The selected cells.
    pub cells: &'a [&'a Cell],
    /// Whether they are one of several parts that make up all cells.
    pub is_shard: bool,
    /// Whether every check was asked for.
    pub all_checks: bool,
    /// Whether it tells what belongs to no cell: a run of all cells, or the first part of one.
    pub speaks_for_all: bool,
    /// Whether a rule is looked for at all.
    pub looked_for: &'a dyn Fn(&str) -> bool,
    /// What was found in cells that other parts tell of.
    pub elsewhere: &'a [Finding],
    /// Cells of other parts that were looked at and did not render.
    pub unjudged: &'a BTreeSet<String>,
}

impl Excuses {
    /// Reads the waivers file, the comments in sources, and the baseline.
    pub fn load(session: &Session, sources: &Sources) -> Result<Self, Failure> {
        let wrong = |findings| Failure::Matrix(findings, session.root.clone());
        let allowed = crate::waivers::load(&session.root, &session.matrix, sources).map_err(wrong)?;
        let baseline = baseline(session)?;
        let (mut today, mut note) = (None, None);
        if !allowed.waivers.is_empty() {
            match git::commit_date(&session.root) {
                Ok(date) => today = Some(date),
                Err(why) => {
                    note =
                        Some(format!("{why}, so the dates of waivers are compared with nothing: each of them holds"));
                }
            }
        }
        Ok(Self { allowed, baseline, today, note })
    }

    /// Takes what is excused out of a report, and adds what is wrong with the waivers.
    pub fn apply(&self, session: &Session, part: &Part<'_>, report: &mut Report) {
        let run = run(session, part, &report.cells, self.today);
        let complete = run.complete && !part.is_shard;
        let severities = &session.matrix.rules;
        let verdict = waivers::apply(std::mem::take(&mut report.findings), &self.allowed, &run);
        let mut kept: Vec<Finding> = Vec::new();
        for mut finding in verdict.kept {
            if finding.rule.starts_with("waivers/") {
                finding.severity = severities.get(&finding.rule).copied().unwrap_or(finding.severity);
                if finding.severity == Severity::Off || !(part.looked_for)(&finding.rule) {
                    continue;
                }
            }
            kept.push(finding);
        }
        report.excused = verdict.excused;
        if let Some(baseline) = &self.baseline {
            let (count, known) = baseline.part(kept);
            kept = count;
            let gone = baseline.len() - known.len();
            if complete && gone > 0 && report.cells.iter().all(|c| judged(c.status)) {
                report.notes.push(format!(
                    "{gone} of {} in the baseline are mended: `cargo xtask baseline` takes them out",
                    crate::report::human::several(baseline.len(), "finding", "findings")
                ));
            }
            report.excused.extend(known.into_iter().map(|finding| Excused { finding, by: By::Baseline }));
        }
        report.findings = finding::merge(kept);
        report.notes.extend(self.note.clone());
        // A change that is waived is no decision.
        let differs: BTreeSet<&String> =
            report.findings.iter().filter(|f| f.rule == "golden/differs").flat_map(|f| &f.cells).collect();
        for change in &mut report.changes {
            change.cells.retain(|cell| differs.contains(cell));
        }
        report.changes.retain(|change| !change.cells.is_empty());
    }

    /// The cells of other parts that must be looked at before this one may say of its waivers that nothing is left to excuse.
    pub fn undecided(
        &self,
        session: &Session,
        part: &Part<'_>,
        sources: &Sources,
        cells: &[CellResult],
        findings: &[Finding],
    ) -> BTreeSet<String> {
        let run = run(session, part, cells, self.today);
        let matrix = &session.matrix;
        let mut open = BTreeSet::new();
        for waiver in waivers::idle(findings, &self.allowed, &run) {
            let of_cells = |c: &&Cell| waiver.is_about(&c.name()) || waiver.is_about(&c.golden);
            open.extend(matrix.cells.iter().filter(of_cells).map(Cell::name));
            for source in sources.iter().filter(|(path, _)| waiver.is_about(path)).map(|(_, source)| source) {
                // A file that no cell reads, such as the matrix file, may be where a finding of any cell stands.
                let all = matrix.cells.iter().map(Cell::name).filter(|_| source.cells.is_empty());
                open.extend(source.cells.iter().cloned().chain(all));
            }
        }
        open.retain(|cell| !run.selected.contains(cell));
        open
    }

    /// What of a cell's leaks neither a waiver nor the matrix file excuses: these reach no golden. The baseline excuses none of
    /// them: what is accepted anew is looked at anew.
    pub fn unwaived(&self, matrix: &Matrix, mut findings: Vec<Finding>) -> Vec<Finding> {
        findings.retain(|f| matrix.rules.get(&f.rule) != Some(&Severity::Off));
        let run = Run {
            all: BTreeSet::new(),
            selected: BTreeSet::new(),
            unjudged: BTreeSet::new(),
            complete: false,
            speaks_for_all: false,
            looked_for: &|_| true,
            elsewhere: &[],
            today: self.today,
        };
        let kept = waivers::apply(finding::merge(findings), &self.allowed, &run).kept;
        kept.into_iter().filter(|f| !f.rule.starts_with("waivers/")).collect()
    }
}

fn run<'a>(session: &Session, part: &Part<'a>, cells: &[CellResult], today: Option<Date>) -> Run<'a> {
    let selected: BTreeSet<String> = part.cells.iter().map(|c| c.name()).collect();
    let known: BTreeSet<&String> = cells.iter().filter(|c| judged(c.status)).map(|c| &c.name).collect();
    let all = selected.len() == session.matrix.cells.len();
    Run {
        all: session.matrix.cells.iter().map(Cell::name).collect(),
        unjudged: selected.iter().filter(|name| !known.contains(name)).chain(part.unjudged).cloned().collect(),
        complete: part.all_checks && (part.is_shard || all) && !crate::run::process::cancelled(),
        speaks_for_all: part.speaks_for_all,
        selected,
        looked_for: part.looked_for,
        elsewhere: part.elsewhere,
        today,
    }
}

/// Whether anything is known of a cell.
pub fn judged(status: CellStatus) -> bool {
    !matches!(status, CellStatus::Failed | CellStatus::Broken)
}

fn baseline(session: &Session) -> Result<Option<Baseline>, Failure> {
    let Some(file) = &session.matrix.baseline else { return Ok(None) };
    let wrong = |place: Place, message: String| {
        let finding = Finding::new("baseline/unreadable", Severity::Error, message).at(place);
        let help = "restore it from git; it is written by `cargo xtask baseline` only";
        Failure::Matrix(vec![finding.help(help)], session.root.clone())
    };
    match std::fs::read(session.root.join(file)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrong(Place::file(file), format!("the baseline cannot be read: {error}"))),
        Ok(bytes) => Baseline::read(&String::from_utf8_lossy(&bytes)).map(Some).map_err(|e| {
            let place = Place {
                file: file.clone(),
                line: e.line,
                column: e.column,
                end_line: e.line,
                end_column: e.column + 1,
            };
            wrong(place, format!("the baseline cannot be read: {}", e.message))
        }),
    }
}
