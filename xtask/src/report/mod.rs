//! The finished report of a run, and its sinks: one file a format. A sink decides nothing.

pub mod cut;
pub mod diagnostic;
pub mod fold;
pub mod human;
pub mod json;
pub mod lines;
pub mod page;
pub mod plain;
pub mod redact;
pub mod sarif;

use std::collections::BTreeMap;
use std::time::Duration;

use checks::model::Severity;
use checks::waivers::{By, Excused};
use finding::Finding;
use serde::Serialize;

use crate::changes::Change;

/// What became of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CellStatus {
    /// Equals its golden.
    Equal,
    /// Differs from its golden.
    Differs,
    /// Has no golden.
    Missing,
    /// Helm refused it.
    Failed,
    /// The tool could not render it: killed, out of time.
    Broken,
}

/// One cell of a run.
#[derive(Debug, Clone, Serialize)]
pub struct CellResult {
    /// `env/release`.
    pub name: String,
    /// What became of it.
    pub status: CellStatus,
    /// Wall time of its render.
    pub seconds: f64,
    /// Whether the render came from a cache.
    pub cached: bool,
}

/// A finished run.
#[derive(Debug, Default)]
pub struct Report {
    /// Merged and sorted.
    pub findings: Vec<Finding>,
    /// Findings that waivers or the baseline excuse.
    pub excused: Vec<Excused>,
    /// Grouped.
    pub changes: Vec<Change>,
    /// Sorted by name.
    pub cells: Vec<CellResult>,
    /// Helm's version, and where it came from when it is not the pinned one.
    pub helm: String,
    /// Cells that are off.
    pub off: usize,
    /// Rules that were looked for.
    pub rules: usize,
    /// Wall time of the run.
    pub duration: Duration,
    /// Why the tool could not do all of its work; not empty means exit 2.
    pub troubles: Vec<String>,
    /// What a person should know that is neither a finding nor a trouble.
    pub notes: Vec<String>,
    /// The command to type next; empty when there is nothing to do.
    pub next: String,
    /// Whether the run failed, findings and troubles weighed.
    pub failed: bool,
    /// Protected environments, whose changes are asked for by themselves.
    pub protected: Vec<String>,
}

impl Report {
    /// Number of findings of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|f| f.severity == severity).count()
    }

    /// Findings that waivers excuse, and those that the baseline does.
    pub fn excused(&self) -> (usize, usize) {
        let known = self.excused.iter().filter(|e| e.by == By::Baseline).count();
        (self.excused.len() - known, known)
    }

    /// Cells by status.
    pub fn statuses(&self) -> BTreeMap<CellStatus, usize> {
        let mut counts = BTreeMap::new();
        for cell in &self.cells {
            *counts.entry(cell.status).or_insert(0) += 1;
        }
        counts
    }

    /// The exit code: 2 is never hidden by 1.
    pub fn exit_code(&self, fail_on: Severity) -> u8 {
        if self.troubles.is_empty() { u8::from(self.findings.iter().any(|f| f.severity >= fail_on)) } else { 2 }
    }
}
