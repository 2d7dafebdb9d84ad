//! Record on the day of adoption what is there; later on, take out what is mended.

use checks::baseline::{Baseline, can_be_known};
use checks::waivers::By;
use leaks::Redactor;

use super::validate::{Examined, Scope, Wanted, examine};
use super::{Failure, Outcome, Session, in_ci, to_stdout};
use crate::cli::Global;
use crate::excuse::{Excuses, judged};
use crate::golden::write;
use crate::report::Report;
use crate::report::human::several;
use crate::sources;

/// Runs the command.
pub fn run(global: &Global, adopt: bool, force: bool) -> Outcome {
    let session = Session::open(global)?;
    let Some(file) = &session.matrix.baseline else {
        return Err(Failure::Words(format!(
            "the matrix file names no baseline\n  help: write `baseline: environments/baseline.json` into {}",
            session.matrix.file
        )));
    };
    if in_ci() && !force {
        return Err(Failure::Words(
            "CI is set: a baseline is written by people, not by pipelines\n  help: run this on your machine and commit the file, \
             or say --force"
                .to_owned(),
        ));
    }
    let sources = sources::read(&session.root, &session.matrix);
    let excuses = Excuses::load(&session, &sources)?;
    let before = excuses.baseline.as_ref().map(Baseline::len);
    match (before, adopt) {
        (None, false) => {
            return Err(Failure::Words(format!(
                "{file} does not exist yet\n  help: `cargo xtask baseline --adopt` writes it, once; from then on it only shrinks"
            )));
        }
        (Some(_), true) => {
            return Err(Failure::Words(format!(
                "{file} exists already, and may only shrink\n  help: run `cargo xtask baseline` without --adopt; mend or waive what \
                 is new"
            )));
        }
        _ => {}
    }
    let helm = session.helm()?;
    let scope = Scope::everything(&session.matrix, Wanted::all(), sources, excuses, global.quiet);
    let Examined { report, redactor, .. } = examine(&session, &helm, &scope)?;
    if let Some(refusal) = unknown(&report, session.matrix.cells.len()) {
        let code = if report.troubles.is_empty() { 1 } else { 2 };
        print(
            &redactor,
            &[format!("  refused  {refusal}"), String::new(), "  next    cargo xtask validate".to_owned()],
        )?;
        return Ok(code);
    }
    let known: Vec<_> = if adopt {
        report.findings.clone()
    } else {
        report.excused.iter().filter(|e| e.by == By::Baseline).map(|e| e.finding.clone()).collect()
    };
    let after = Baseline::adopt(&known);
    let gone = before.map_or(0, |before| before - after.len());
    let mut lines = Vec::new();
    if adopt || gone > 0 {
        write::replace(&session.root, file, after.write().as_bytes(), &session.target).map_err(|error| {
            Failure::Words(format!(
                "{file} cannot be written: {error}\n  help: make its folder one of this repository that can be written"
            ))
        })?;
        lines.push(format!("  written  {file}"));
    }
    let left = report.findings.iter().filter(|f| !adopt || !can_be_known(&f.rule)).count();
    let counted = several(after.len(), "finding", "findings");
    let taken = if adopt { String::new() } else { format!(", {gone} taken out") };
    lines.extend([String::new(), format!("  {counted} in the baseline{taken}")]);
    if left > 0 {
        lines.push(format!("  {} not in it: mend, waive or bless them", several(left, "finding is", "findings are")));
        lines.push("  next    cargo xtask validate".to_owned());
    } else if adopt || gone > 0 {
        lines.push(format!("  next    git add {file}"));
    }
    print(&redactor, &lines)?;
    Ok(u8::from(left > 0))
}

fn print(redactor: &Redactor, lines: &[String]) -> Result<(), Failure> {
    to_stdout(redactor, |out| lines.iter().skip_while(|l| l.is_empty()).try_for_each(|line| writeln!(out, "{line}")))
}

/// Why the findings are not all known.
fn unknown(report: &Report, all: usize) -> Option<String> {
    if let Some(trouble) = report.troubles.first() {
        return Some(trouble.clone());
    }
    let failed: Vec<&str> = report.cells.iter().filter(|c| !judged(c.status)).map(|c| c.name.as_str()).collect();
    if failed.is_empty() && report.cells.len() == all {
        return None;
    }
    let count = several(failed.len(), "cell does", "cells do");
    Some(format!("{count} not render, so what would be found there is unknown: {}", failed.join(", ")))
}
