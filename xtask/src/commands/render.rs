//! Print one cell's manifests exactly as Helm printed them.

use std::io::Write;

use finding::Finding;
use leaks::Redactor;

use super::{Failure, Outcome, Session, to_stderr, to_stdout};
use crate::cells;
use crate::cli::{Global, Select};
use crate::engine::{self, Engine};
use crate::excuse::Excuses;
use crate::guard::{self, Guard};
use crate::helm::render::Status;
use crate::helm::words;
use crate::report::diagnostic::{self, Sources};
use crate::report::redact::mask_key;
use crate::sources;

/// Runs the command.
pub fn run(global: &Global, cell: &str, show_secrets: bool) -> Outcome {
    let session = Session::open(global)?;
    let cells = cells::select(&session.matrix, &Select { cells: vec![cell.to_owned()], ..Select::default() })?;
    let [cell] = cells.as_slice() else {
        return Err(Failure::Words(format!(
            "`{cell}` names {} cells; one is meant\n  help: write ENVIRONMENT/RELEASE",
            cells.len()
        )));
    };
    let helm = session.helm()?;
    let home = session.home()?;
    let renderer = session.renderer(&helm, &home);
    let sources = sources::read(&session.root, &session.matrix);
    let excuses = Excuses::load(&session, &sources)?;
    let rules = engine::wanted(&session.matrix, |rule| rule.starts_with("leaks/"));
    let key = mask_key();
    let engine = Engine { root: &session.root, matrix: &session.matrix, sources: &sources, rules: &rules, key: &key };
    let redactor = guard::redactor_of(&engine, cell);
    if global.verbose > 0 {
        to_stderr(&redactor, |err| writeln!(err, "  {}", redactor.scrub(&renderer.command(cell))));
    }
    let render = renderer.template(cell);
    let show = |findings: &[Finding]| {
        let lines = Sources::new(&session.root, &redactor).shown_on(std::io::stderr());
        let blocks: Vec<String> = findings.iter().map(|f| diagnostic::block(f, &lines).trim_end().to_owned()).collect();
        to_stderr(&redactor, |err| writeln!(err, "{}", blocks.join("\n\n")));
    };
    match &render.status {
        Status::Rendered => {
            let in_sources = engine.all_sources().1;
            let guard = Guard { engine: &engine, in_sources: &in_sources, excuses: &excuses };
            let leaks =
                if show_secrets { Vec::new() } else { guard.leaks(cell, &String::from_utf8_lossy(&render.stdout)) };
            if !leaks.is_empty() {
                show(&leaks);
                to_stderr(&redactor, |err| {
                    writeln!(
                        err,
                        "\n  refused  the render of {} leaks; --show-secrets prints it all the same",
                        cell.name()
                    )
                });
                return Ok(1);
            }
            let mut out = std::io::stdout().lock();
            match out.write_all(&render.stdout).and_then(|()| out.flush()) {
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                    Err(Failure::Words(format!("standard output cannot be written: {error}")))
                }
                _ => Ok(0),
            }
        }
        Status::Refused => {
            show(&[words::explain(&renderer, cell, &render, &redactor)]);
            Ok(1)
        }
        Status::TooLarge => Err(Failure::Words(format!("{} renders to more than anybody can read", cell.name()))),
        Status::TimedOut => {
            Err(Failure::Words(format!("{}: Helm ran out of time\n  help: give it longer with --timeout", cell.name())))
        }
        Status::Died(how) => Err(Failure::Words(format!("{}: Helm ended without a verdict ({how})", cell.name()))),
        Status::NotRun { why, help } => Err(Failure::Words(format!("{}: {why}\n  help: {help}", cell.name()))),
        Status::Cancelled => Err(Failure::Words("stopped".to_owned())),
    }
}

/// Prints the line for a CI matrix job.
pub fn matrix_line(shards: u32) -> Outcome {
    to_stdout(&Redactor::default(), |out| writeln!(out, "{}", cells::matrix_line(shards)))?;
    Ok(0)
}
