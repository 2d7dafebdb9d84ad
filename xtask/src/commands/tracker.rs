//! Show how far each release is, computed from what the checks find.

use std::collections::BTreeSet;

use checks::secrets::Inventory;
use checks::tracker::{Evidence, TRACKER_COMMAND, TRACKER_PAGE, Tracker};
use checks::values::Charts;
use finding::Finding;
use similar::TextDiff;

use super::validate::{Examined, Scope, Wanted, examine};
use super::{Failure, Outcome, Session, secrets, to_stdout};
use crate::cli::{Global, PageFormat};
use crate::engine;
use crate::excuse::Excuses;
use crate::report::CellStatus;
use crate::sources;

/// Lines of the difference that `--check` shows.
const SHOWN: usize = 20;

/// Runs the command.
pub fn run(global: &Global, format: PageFormat, write: bool, check: bool) -> Outcome {
    let session = Session::open(global)?;
    let matrix = &session.matrix;
    let sources = sources::read(&session.root, matrix);
    let excuses = Excuses::load(&session, &sources)?;
    let helm = session.helm()?;
    let scope = Scope::everything(matrix, Wanted::even_guards(), sources, excuses, global.quiet);
    let Examined { mut report, redactor, facts, .. } = examine(&session, &helm, &scope)?;
    let sources = &scope.sources;
    // The pages that the program writes are no service's work, and this one must not wait for them.
    report.findings.retain(|f| f.rule != "docs/stale");
    if let Some(trouble) = report.troubles.first() {
        return Err(Failure::Words(trouble.clone()));
    }
    let charts = Charts::new(sources);
    let environments = matrix.environment_names();
    let inventory = Inventory::of(matrix, &environments, &facts, &|cell| charts.effective(cell));
    let looked_for = engine::wanted(matrix, |rule| scope.wanted.has(rule));
    let checked: BTreeSet<&str> =
        looked_for.iter().filter(|r| r.id != "docs/stale").filter_map(|r| r.id.split('/').next()).collect();
    let equal = report.cells.iter().filter(|c| c.status == CellStatus::Equal).map(|c| c.name.clone()).collect();
    let not_counted: Vec<Finding> = report.excused.iter().map(|e| e.finding.clone()).collect();
    let tracker = Tracker::of(&Evidence {
        matrix,
        sources,
        facts: &facts,
        findings: &report.findings,
        excused: &not_counted,
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
