//! Show the matrix: cells, layers, values files, and what is off and why.

use std::io::Write;

use checks::model::Matrix;
use leaks::Redactor;

use super::{Outcome, Session, to_stdout};
use crate::cells;
use crate::cli::{Global, Select};
use crate::report::human::several;

/// Runs the command.
pub fn run(global: &Global, select: &Select) -> Outcome {
    let session = Session::open(global)?;
    let matrix = &session.matrix;
    let cells = cells::select(matrix, select)?;
    let narrow = !select.cells.is_empty() || !select.env.is_empty() || !select.release.is_empty() || global.verbose > 0;
    to_stdout(&Redactor::default(), |out| {
        if narrow {
            for cell in &cells {
                writeln!(out, "{}  layer {}, namespace {}", cell.name(), cell.layer, cell.namespace)?;
                writeln!(out, "  chart   {}", cell.chart)?;
                for values in &cell.values {
                    writeln!(out, "  values  {}", values.path)?;
                }
                writeln!(out, "  golden  {}", cell.golden)?;
                for mask in &cell.mask {
                    writeln!(out, "  mask    {}  ({})", mask.path, mask.reason)?;
                }
            }
            return writeln!(out, "\n  {}", several(cells.len(), "cell", "cells"));
        }
        table(matrix, out)
    })?;
    Ok(0)
}

fn table(matrix: &Matrix, out: &mut dyn Write) -> std::io::Result<()> {
    let environments = matrix.environment_names();
    let width = matrix.releases.iter().map(|r| r.name.len()).chain([7]).max().unwrap_or(7);
    write!(out, "layer  {:<width$}", "release")?;
    for env in &environments {
        write!(out, "  {env}")?;
    }
    writeln!(out)?;
    for layer in &matrix.layers {
        for name in &layer.releases {
            write!(out, "{:>5}  {name:<width$}", layer.number)?;
            for env in &environments {
                let mark = if matrix.cell(env, name).is_some() { "✓" } else { "off" };
                write!(out, "  {mark:<0$}", env.len())?;
            }
            let release = matrix.release(name);
            let after = release.map(|r| r.after.join(", ")).filter(|a| !a.is_empty());
            writeln!(out, "{}", after.map(|a| format!("  after {a}")).unwrap_or_default())?;
        }
    }
    if !matrix.off.is_empty() {
        writeln!(out, "\noff")?;
        for off in &matrix.off {
            writeln!(out, "  {}/{}  {}", off.env, off.release, off.reason)?;
        }
    }
    let reasons: Vec<_> =
        matrix.releases.iter().flat_map(|r| r.no_overlay.iter().map(move |(env, why)| (env, &r.name, why))).collect();
    if !reasons.is_empty() {
        writeln!(out, "\nwithout an overlay")?;
        for (env, release, why) in reasons {
            writeln!(out, "  {env}/{release}  {why}")?;
        }
    }
    let releases = several(matrix.releases.len(), "release", "releases");
    writeln!(out, "\n  {releases} · {} · {} off", several(matrix.cells.len(), "cell", "cells"), matrix.off.len())
}
