//! The report for people: findings as blocks, changes as decisions, the verdict, and the command to type next.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use checks::model::Severity;

use super::diagnostic::{self, Sources};
use super::fold::folded;
use super::{CellStatus, Report, cut};
use crate::changes::{Change, What};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const CYAN: Style = AnsiColor::Cyan.on_default();

/// Releases with the same change whose objects are named.
const ALIKE: usize = 6;
/// Lines of diffs that one decision shows.
const SHOWN: usize = 40;

/// Writes the report. `verbose` names the slowest cell.
pub fn write(report: &Report, sources: &Sources<'_>, verbose: bool, out: &mut dyn Write) -> io::Result<()> {
    // A cell that differs is shown below as a decision, with its diff.
    for finding in folded(report.findings.iter().filter(|f| f.rule != "golden/differs")) {
        writeln!(out, "{}\n", diagnostic::block(&finding, sources).trim_end())?;
    }
    changes(report, sources, out)?;
    for trouble in &report.troubles {
        writeln!(out, "{RED}error{RED:#}: {trouble}\n")?;
    }
    for note in &report.notes {
        writeln!(out, "  {DIM}note{DIM:#}    {note}")?;
    }
    if verbose && let Some(slowest) = report.cells.iter().max_by(|a, b| a.seconds.total_cmp(&b.seconds)) {
        writeln!(out, "  {DIM}slowest{DIM:#} {} {:.2} s", slowest.name, slowest.seconds)?;
    }
    verdict(report, out)
}

fn changes(report: &Report, sources: &Sources<'_>, out: &mut dyn Write) -> io::Result<()> {
    if report.changes.is_empty() {
        return Ok(());
    }
    let cells: usize = report.changes.iter().map(|c| c.all_cells().count()).sum();
    writeln!(
        out,
        "{YELLOW}changed{YELLOW:#}  {}: {}\n",
        several(cells, "render differs from its golden", "renders differ from their goldens"),
        several(report.changes.len(), "decision", "decisions")
    )?;
    for (number, change) in report.changes.iter().enumerate() {
        one_change(number + 1, change, report, sources, out)?;
    }
    Ok(())
}

fn one_change(
    number: usize,
    change: &Change,
    report: &Report,
    sources: &Sources<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let protected = change
        .cells
        .iter()
        .any(|c| report.protected.iter().any(|p| c.split_once('/').is_some_and(|(env, _)| env == p)));
    let names = diagnostic::cells(change.cells.iter());
    let asked = if protected { " (protected: a decision by itself)" } else { "" };
    writeln!(out, "{BOLD}{number:>3}{BOLD:#}  {CYAN}{names}{CYAN:#}{asked}")?;
    let mut left = SHOWN;
    for object in &change.objects {
        let what = match object.what {
            What::Added => "added",
            What::Removed => "removed",
            What::Changed => "changed",
            What::Layout => "the same objects, printed otherwise",
        };
        let template = object.template.as_ref().map(|t| format!("  {DIM}{t}{DIM:#}")).unwrap_or_default();
        let name = if object.object.is_empty() { String::new() } else { format!("{BOLD}{}{BOLD:#} ", object.object) };
        writeln!(out, "     {name}{what}{template}")?;
        let lines = object.diff.iter().filter(|l| !l.starts_with("@@")).take(left);
        let lines: Vec<String> = lines.map(|line| sources.mask(line)).collect();
        for line in cut::diff(&lines) {
            let style = match line.as_bytes().first() {
                Some(b'+') => AnsiColor::Green.on_default(),
                Some(b'-') => AnsiColor::Red.on_default(),
                _ => Style::new(),
            };
            let line: String = line.chars().map(|c| if c.is_control() && c != '\t' { '·' } else { c }).collect();
            writeln!(out, "       {style}{line}{style:#}")?;
        }
        let cut = object.cut + object.diff.len().saturating_sub(left);
        left = left.saturating_sub(object.diff.len());
        if cut > 0 {
            writeln!(out, "       {DIM}… {cut} more lines{DIM:#}")?;
        }
    }
    if !change.alike.is_empty() {
        let objects: usize = change.alike.iter().map(|alike| alike.objects.len()).sum();
        let others: BTreeSet<&String> = change.alike.iter().flat_map(|alike| &alike.cells).collect();
        let objects = several(objects, "object", "objects");
        writeln!(out, "     the same lines in {objects} of {CYAN}{}{CYAN:#}", diagnostic::cells(others.into_iter()))?;
        for alike in change.alike.iter().take(ALIKE) {
            writeln!(out, "       {DIM}{}{DIM:#}", alike.objects.join("  "))?;
        }
        if change.alike.len() > ALIKE {
            writeln!(out, "       {DIM}… {} more{DIM:#}", change.alike.len() - ALIKE)?;
        }
    }
    writeln!(out)
}

fn verdict(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let (errors, warnings) = (report.count(Severity::Error), report.count(Severity::Warning));
    let differing = report.findings.iter().filter(|f| f.rule == "golden/differs").count();
    let statuses = report.statuses();
    let equal = statuses.get(&CellStatus::Equal).copied().unwrap_or_default();
    let time = format!("{DIM}{:.1} s{DIM:#}", report.duration.as_secs_f64());
    let excused = match report.excused() {
        (0, 0) => String::new(),
        (waived, 0) => format!(" · {waived} excused by waivers"),
        (0, known) => format!(" · {known} known from the baseline"),
        (waived, known) => format!(" · {waived} excused by waivers, {known} known from the baseline"),
    };
    let mut line = String::new();
    if report.failed {
        let mut parts = Vec::new();
        let shown = errors.saturating_sub(differing);
        if shown > 0 {
            parts.push(several(shown, "error", "errors"));
        }
        if !report.changes.is_empty() {
            parts.push(several(report.changes.len(), "decision", "decisions"));
        }
        if warnings > 0 {
            parts.push(several(warnings, "warning", "warnings"));
        }
        if !report.troubles.is_empty() {
            parts.push("not all work could be done".to_owned());
        }
        let _ = write!(
            line,
            "  {RED}failed{RED:#}  {} · {}, {equal} unchanged{excused}",
            parts.join(", "),
            several(report.cells.len(), "cell", "cells")
        );
    } else {
        let renders = match report.cells.len() {
            1 if equal == 1 => "1 render equals its golden".to_owned(),
            all if equal == all => format!("{all} renders equal their goldens"),
            all => format!("{equal} of {} equal their goldens", several(all, "render", "renders")),
        };
        let findings = if warnings > 0 { several(warnings, "warning", "warnings") } else { "0 findings".to_owned() };
        let _ = write!(
            line,
            "  {GREEN}ok{GREEN:#}      {renders} · {} · {findings}{excused}",
            several(report.rules, "rule", "rules")
        );
    }
    writeln!(out, "{line}   {time}")?;
    if !report.next.is_empty() {
        writeln!(out, "  {BOLD}next{BOLD:#}    {}", report.next)?;
    }
    Ok(())
}

/// `1 cell`, `2 cells`.
pub fn several(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}
