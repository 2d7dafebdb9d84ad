//! Show how far each release is, computed from what the checks find.

use std::collections::BTreeSet;

use checks::leaks::Redactor;
use checks::model::{Cell, Severity};
use checks::secrets::Inventory;
use checks::tracker::{Evidence, TRACKER_COMMAND, TRACKER_PAGE, Tracker};
use checks::values::Charts;
use similar::TextDiff;

use super::validate::{Wanted, examine};
use super::{Failure, Outcome, Session, secrets, to_stdout};
use crate::cli::{Global, PageFormat};
use crate::engine;
use crate::excuse::{Excuses, Part};
use crate::guards;
use crate::report::CellStatus;
use crate::run::process;
use crate::sources;

/// Lines of the difference that `--check` shows.
const SHOWN: usize = 20;

/// Runs the command.
pub fn run(global: &Global, format: PageFormat, write: bool, check: bool) -> Outcome {
    let session = Session::open(global)?;
    let matrix = &session.matrix;
    let wanted = Wanted::new(&[], &[])?;
    let cells: Vec<&Cell> = matrix.cells.iter().collect();
    let sources = sources::read(&session.root, matrix);
    let excuses = Excuses::load(&session, &sources)?;
    let helm = session.helm()?;
    let mut gathered = examine(&session, &sources, &helm, &cells, &wanted, (true, global.quiet))?;
    let home = Session::home()?;
    let tried = guards::run(&guards::Input {
        cells: &cells,
        sources: &sources,
        renderer: &session.renderer(&helm, &home),
        helm: &helm.version,
        jobs: session.jobs(),
        folder: &session.target.join("xtask"),
        whole: true,
        mutate: false,
        stop: &process::cancelled,
    });
    gathered.findings.extend(tried.findings);
    gathered.troubles.extend(tried.troubles);
    let facts = std::mem::take(&mut gathered.facts);
    let redactor = Redactor::new(&gathered.secrets);
    let mut report = gathered.report(matrix, &wanted);
    let looked_for = |rule: &str| matrix.rules.get(rule) != Some(&Severity::Off);
    let part = Part { cells: &cells, all_checks: true, speaks_for_all: true, looked_for: &looked_for };
    excuses.apply(&session, &part, &mut report);
    // The pages that the program writes are no service's work, and this one must not wait for them.
    report.findings.retain(|f| f.rule != "docs/stale");
    if let Some(trouble) = report.troubles.first() {
        return Err(Failure::Words(trouble.clone()));
    }
    let charts = Charts::new(&sources);
    let environments = matrix.environment_names();
    let inventory = Inventory::of(matrix, &environments, &facts, &|cell| charts.effective(cell));
    let rules = engine::wanted(matrix, |rule| wanted.has(rule));
    let checked: BTreeSet<&str> =
        rules.iter().filter(|r| r.id != "docs/stale").filter_map(|r| r.id.split('/').next()).collect();
    let equal = report.cells.iter().filter(|c| c.status == CellStatus::Equal).map(|c| c.name.clone()).collect();
    let tracker = Tracker::of(&Evidence {
        matrix,
        sources: &sources,
        facts: &facts,
        findings: &report.findings,
        inventory: &inventory,
        equal: &equal,
        checked: &checked,
    });
    let document = tracker.document();
    if !check {
        return secrets::show(&session, &redactor, &document, &tracker, format, write.then_some(TRACKER_PAGE));
    }
    let known = std::fs::read_to_string(session.root.join(TRACKER_PAGE)).unwrap_or_default().replace("\r\n", "\n");
    let text = redactor.redact(&document.to_markdown()).into_owned();
    if known == text {
        to_stdout(&redactor, |out| writeln!(out, "  ok      {TRACKER_PAGE} is what the checks say"))?;
        return Ok(0);
    }
    let diff = TextDiff::from_lines(&known, &text).unified_diff().context_radius(0).to_string();
    to_stdout(&redactor, |out| {
        let lines: Vec<&str> = diff.lines().filter(|l| !l.starts_with("@@")).collect();
        for line in lines.iter().take(SHOWN) {
            writeln!(out, "  {line}")?;
        }
        if lines.len() > SHOWN {
            writeln!(out, "  … {} more lines", lines.len() - SHOWN)?;
        }
        writeln!(out, "\n  failed  {TRACKER_PAGE} is not what the checks say")?;
        writeln!(out, "  next    cargo xtask {TRACKER_COMMAND}")
    })?;
    Ok(1)
}
