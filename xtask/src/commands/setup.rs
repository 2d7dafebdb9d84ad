//! Fetch and verify the pinned Helm.

use leaks::Redactor;

use super::{Outcome, Session, to_stdout};
use crate::cli::Global;
use crate::helm::Source;

/// Runs the command.
pub fn run(global: &Global) -> Outcome {
    let session = Session::open(global)?;
    let helm = session.helm()?;
    let from = match helm.from {
        Source::Path => "on PATH",
        Source::Variable => "named by XTASK_HELM",
        Source::Fetched => "fetched and verified",
    };
    to_stdout(&Redactor::default(), |out| {
        writeln!(out, "  helm {} · {from}\n  {}", session.helm_line(&helm), helm.path.display())?;
        writeln!(out, "  next    cargo xtask validate")
    })?;
    Ok(0)
}
