//! Print one cell's manifests exactly as Helm printed them.

use std::io::Write;

use checks::leaks::Redactor;

use super::{Failure, Outcome, Session, to_stdout};
use crate::cells;
use crate::cli::{Global, Select};
use crate::helm::render::Status;
use crate::helm::words;
use crate::report::diagnostic::{self, Sources};

/// Runs the command.
pub fn run(global: &Global, cell: &str) -> Outcome {
    let session = Session::open(global)?;
    let cells = cells::select(&session.matrix, &Select { cells: vec![cell.to_owned()], ..Select::default() })?;
    let [cell] = cells.as_slice() else {
        return Err(Failure::Words(format!(
            "`{cell}` names {} cells; one is meant\n  help: write ENVIRONMENT/RELEASE",
            cells.len()
        )));
    };
    let helm = session.helm()?;
    let home = Session::home()?;
    let renderer = session.renderer(&helm, &home);
    if global.verbose > 0 {
        let _ = writeln!(std::io::stderr(), "  {}", renderer.command(cell));
    }
    let render = renderer.template(cell);
    match &render.status {
        Status::Rendered => {
            let mut out = std::io::stdout().lock();
            match out.write_all(&render.stdout).and_then(|()| out.flush()) {
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                    Err(Failure::Words(format!("standard output cannot be written: {error}")))
                }
                _ => Ok(0),
            }
        }
        Status::Refused => {
            let finding = words::explain(&renderer, cell, &render);
            let block = diagnostic::block(&finding, &Sources::new(&session.root));
            let _ = writeln!(anstream::stderr(), "{}", block.trim_end());
            Ok(1)
        }
        Status::TooLarge => Err(Failure::Words(format!("{} renders to more than anybody can read", cell.name()))),
        Status::TimedOut => {
            Err(Failure::Words(format!("{}: Helm ran out of time\n  help: give it longer with --timeout", cell.name())))
        }
        Status::Died(how) => Err(Failure::Words(format!("{}: Helm ended without a verdict ({how})", cell.name()))),
        Status::Cancelled => Err(Failure::Words("stopped".to_owned())),
    }
}

/// Prints the line for a CI matrix job.
pub fn matrix_line(shards: u32) -> Outcome {
    to_stdout(&Redactor::default(), |out| writeln!(out, "{}", cells::matrix_line(shards)))?;
    Ok(0)
}
