//! Which cells: names, globs, shards.

use std::fmt::Write;

use checks::model::{Cell, Matrix};
use ignore::overrides::OverrideBuilder;

use crate::cli::Select;
use checks::nearest::did_you_mean;

/// The I-th of N parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    total: usize,
}

impl Shard {
    /// Reads `I/N`, I from 1.
    ///
    /// # Errors
    /// With words for the command line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match parsed {
            Some((index, total)) if (1..=total).contains(&index) && total <= 256 => Ok(Self { index, total }),
            _ => Err("expected I/N with 1 ≤ I ≤ N ≤ 256, such as 2/4".to_owned()),
        }
    }

    /// True for the first part, which also looks at what belongs to no cell.
    pub fn is_first(self) -> bool {
        self.index == 1
    }

    /// This part of the cells: every N-th, so that parts are disjoint, complete, equal in size and the same on every machine.
    pub fn of(self, cells: Vec<&Cell>) -> Vec<&Cell> {
        cells.into_iter().skip(self.index - 1).step_by(self.total).collect()
    }
}

/// The line that `cargo xtask matrix` prints.
pub fn matrix_line(shards: u32) -> String {
    let mut line = String::from("{\"include\":[");
    for shard in 1..=shards {
        let comma = if shard > 1 { "," } else { "" };
        let _ = write!(line, "{comma}{{\"shard\":\"{shard}/{shards}\"}}");
    }
    line + "]}"
}

/// The selected cells in the matrix's order.
///
/// # Errors
/// A name that no cell has, with the nearest names.
pub fn select<'a>(matrix: &'a Matrix, select: &Select) -> Result<Vec<&'a Cell>, String> {
    let environments = matrix.environment_names();
    for env in &select.env {
        if !environments.contains(&env.as_str()) {
            return Err(unknown("environment", env, environments.iter().copied()));
        }
    }
    for release in &select.release {
        if matrix.release(release).is_none() {
            return Err(unknown("release", release, matrix.releases.iter().map(|r| r.name.as_str())));
        }
    }
    let names: Vec<String> = matrix.cells.iter().map(Cell::name).collect();
    let mut wanted = vec![select.cells.is_empty(); names.len()];
    for pattern in &select.cells {
        let mut hit = false;
        let glob = glob(pattern)?;
        for (index, name) in names.iter().enumerate() {
            if pattern == name || glob.as_ref().is_some_and(|g| g.matched(name, false).is_whitelist()) {
                wanted[index] = true;
                hit = true;
            }
        }
        if !hit {
            if let Some(off) = matrix.off.iter().find(|o| format!("{}/{}", o.env, o.release) == *pattern) {
                return Err(format!("{pattern} is off: {}", off.reason));
            }
            return Err(unknown("cell", pattern, names.iter().map(String::as_str)));
        }
    }
    let cells = matrix.cells.iter().zip(wanted).filter(|(cell, wanted)| {
        *wanted
            && (select.env.is_empty() || select.env.contains(&cell.env))
            && (select.release.is_empty() || select.release.contains(&cell.release))
    });
    let cells: Vec<&Cell> = cells.map(|(cell, _)| cell).collect();
    if cells.is_empty() {
        return Err(nothing(matrix, select));
    }
    Ok(cells)
}

/// Why a selection of known names holds no cell: a run over nothing would look like one without findings.
fn nothing(matrix: &Matrix, select: &Select) -> String {
    let named = |names: &[String], name: &String| names.is_empty() || names.contains(name);
    let off: Vec<String> = matrix
        .off
        .iter()
        .filter(|off| select.cells.is_empty() && named(&select.env, &off.env) && named(&select.release, &off.release))
        .map(|off| format!("\n  {}/{} is off: {}", off.env, off.release, off.reason))
        .collect();
    format!("no cell is selected{}\n  help: `cargo xtask list` shows them all", off.concat())
}

fn glob(pattern: &str) -> Result<Option<ignore::overrides::Override>, String> {
    if !pattern.contains(['*', '?', '[', '{']) {
        return Ok(None);
    }
    let mut builder = OverrideBuilder::new("");
    let built = builder.add(&format!("/{pattern}")).and_then(|b| b.build());
    built.map(Some).map_err(|e| format!("`{pattern}` is no glob: {e}"))
}

fn unknown<'a>(what: &str, name: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    let hint = did_you_mean(name, candidates);
    let hint = if hint.is_empty() { "`cargo xtask list` shows them all".to_owned() } else { hint };
    format!("no {what} is called `{name}`\n  help: {hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix() -> Matrix {
        let cell = |env: &str, release: &str| Cell { env: env.into(), release: release.into(), ..Cell::default() };
        let cells = ["a", "b", "c"].iter().flat_map(|r| [cell("local", r), cell("staging", r)]).collect();
        Matrix { cells, ..Matrix::default() }
    }

    #[test]
    fn shards_are_disjoint_and_complete() {
        let matrix = matrix();
        let all = select(&matrix, &Select::default()).unwrap();
        let mut seen: Vec<String> = Vec::new();
        for index in 1..=4 {
            seen.extend(Shard { index, total: 4 }.of(all.clone()).iter().map(|c| c.name()));
        }
        seen.sort();
        let mut names: Vec<String> = all.iter().map(|c| c.name()).collect();
        names.sort();
        assert_eq!(seen, names);
        assert!(Shard::parse("0/4").is_err() && Shard::parse("5/4").is_err() && Shard::parse("x").is_err());
    }

    #[test]
    fn globs_select_and_unknown_names_get_the_nearest() {
        let matrix = matrix();
        let by = |cell: &str| select(&matrix, &Select { cells: vec![cell.into()], ..Select::default() });
        assert_eq!(by("*/a").unwrap().len(), 2);
        assert_eq!(by("local/*").unwrap().len(), 3);
        assert!(by("locla/a").unwrap_err().contains("did you mean `local/a`"));
    }
}
