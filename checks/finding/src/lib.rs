//! What a rule has to say: one finding, with the place a person must edit and where it shows.
//!
//! Findings never hold a secret's value: rules build messages from names and paths, and what a sink prints goes through the
//! redactor once more.

mod json;
mod line;

use std::collections::{BTreeMap, BTreeSet};

pub use json::json_line;
pub use line::text_line;
use serde::{Deserialize, Serialize};

/// A place in a file that a person can open. Lines and columns count from 1; `end` is exclusive in columns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
pub struct Place {
    /// Path relative to the root.
    pub file: String,
    /// First line; 0 when the whole file is meant.
    pub line: usize,
    /// First column, in characters.
    pub column: usize,
    /// Last line.
    pub end_line: usize,
    /// One past the last column of the last line.
    pub end_column: usize,
}

impl Place {
    /// A whole file.
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), ..Self::default() }
    }

    /// A range of a file.
    pub fn new(file: impl Into<String>, span: yaml::Span) -> Self {
        Self {
            file: file.into(),
            line: span.start.line,
            column: span.start.column,
            end_line: span.end.line,
            end_column: span.end.column,
        }
    }

    /// A whole line of a file.
    pub fn line(file: impl Into<String>, line: usize) -> Self {
        Self { file: file.into(), line, column: 1, end_line: line, end_column: 1 }
    }
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Not looked for.
    Off,
    /// Shown; fails a run under `--fail-on warning`.
    Warning,
    /// Fails a run.
    Error,
}

/// Where a finding shows in a render.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
pub struct RenderPlace {
    /// `env/release`.
    pub cell: String,
    /// `Kind namespace/name`.
    pub object: String,
    /// Dotted path inside the object.
    pub path: String,
    /// Line in the render, from 1; 0 when unknown.
    pub line: usize,
    /// `chart/templates/file.yaml`, when known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub template: Option<String>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// `family/rule`.
    pub rule: String,
    /// Its weight in this run.
    pub severity: Severity,
    /// What is wrong, in one line, without the rule's name and without a cell's name where it is the same in all cells.
    pub message: String,
    /// What the caret says under the place.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub label: String,
    /// The next step; may have several lines.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub help: String,
    /// The source a person must edit.
    #[serde(rename = "location", skip_serializing_if = "Option::is_none", default)]
    pub place: Option<Place>,
    /// Other places worth seeing, each with a label.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub related: Vec<(Place, String)>,
    /// Where it shows, one per cell.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub render: Vec<RenderPlace>,
    /// Further lines of explanation, each one printed after `=`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<String>,
    /// Lines of text to show under the place when it is no file on disk, such as the render around Helm's error. Redacted by
    /// the sink.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub excerpt: Option<String>,
    /// `env/release` of every cell in which it occurs.
    pub cells: BTreeSet<String>,
    /// Stable identity; equal fingerprints merge their cells.
    pub fingerprint: String,
    /// What the fingerprint is made of, when not of the default. It becomes a hash when findings are merged, and not before: until
    /// then secrets can still be masked in it.
    #[serde(skip)]
    pub identity: Option<String>,
}

impl Finding {
    /// A finding of a rule. The severity is the rule's own; the report applies the matrix file's.
    pub fn new(rule: &str, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            rule: rule.to_owned(),
            severity,
            message: message.into(),
            label: String::new(),
            help: String::new(),
            place: None,
            related: Vec::new(),
            render: Vec::new(),
            notes: Vec::new(),
            excerpt: None,
            cells: BTreeSet::new(),
            fingerprint: String::new(),
            identity: None,
        }
    }

    /// The place to edit.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The caret's words.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The next step.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// One more line of explanation.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Another place worth seeing.
    #[must_use]
    pub fn related(mut self, place: Place, label: impl Into<String>) -> Self {
        self.related.push((place, label.into()));
        self
    }

    /// A cell in which it occurs.
    #[must_use]
    pub fn cell(mut self, cell: impl Into<String>) -> Self {
        self.cells.insert(cell.into());
        self
    }

    /// Where it shows in a render; adds the cell.
    #[must_use]
    pub fn shown(mut self, render: RenderPlace) -> Self {
        self.cells.insert(render.cell.clone());
        self.render.push(render);
        self
    }

    /// Lines to show that stand in no file on disk.
    #[must_use]
    pub fn excerpt(mut self, excerpt: impl Into<String>) -> Self {
        self.excerpt = Some(excerpt.into());
        self
    }

    /// Overrides what makes this finding the same in another cell or run (default: file, object, path and message).
    #[must_use]
    pub fn identity(mut self, identity: impl Into<String>) -> Self {
        self.identity = Some(identity.into());
        self
    }

    /// With every text of it masked. To be done before findings are merged: the fingerprint is then made of what is masked.
    #[must_use]
    pub fn redacted(mut self, mask: &dyn Fn(&str) -> String) -> Self {
        for place in &mut self.render {
            place.object = mask(&place.object);
            place.path = mask(&place.path);
        }
        let texts = [&mut self.message, &mut self.label, &mut self.help];
        let optional = [&mut self.excerpt, &mut self.identity].into_iter().flatten();
        let related = self.related.iter_mut().map(|(_, label)| label);
        for text in texts.into_iter().chain(optional).chain(related).chain(&mut self.notes) {
            *text = mask(text);
        }
        self
    }

    /// Fills the fingerprint in. Line numbers are no part of it: a line added above changes nothing. Cells are none either.
    pub fn seal(&mut self) {
        if let Some(identity) = self.identity.take() {
            fingerprint(&[&self.rule, &identity], &mut self.fingerprint);
        }
        if self.fingerprint.is_empty() {
            let file = self.place.as_ref().map_or("", |p| p.file.as_str());
            let (object, path) = self.render.first().map_or(("", ""), |r| (r.object.as_str(), r.path.as_str()));
            fingerprint(&[&self.rule, file, object, path, &self.message], &mut self.fingerprint);
        }
    }
}

fn fingerprint(parts: &[&str], into: &mut String) {
    let mut whole = Vec::with_capacity(parts.iter().map(|p| p.len() + 1).sum());
    for part in parts {
        whole.extend(part.as_bytes());
        whole.push(0);
    }
    let mut short = [0; 16];
    for (pair, byte) in short.chunks_mut(2).zip(blake3::hash(&whole).as_bytes()) {
        pair.copy_from_slice(&[byte >> 4, byte & 15].map(|half| b"0123456789abcdef"[usize::from(half)]));
    }
    into.clear();
    into.push_str(std::str::from_utf8(&short).unwrap_or_default());
}

/// Merges findings of equal fingerprint and place, and sorts: errors first, then by file, line, rule, message.
pub fn merge(findings: impl IntoIterator<Item = Finding>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = findings.into_iter().collect();
    findings.iter_mut().for_each(Finding::seal);
    // The first of several speaks for all: which one that is must not depend on which cell was rendered first.
    findings.sort_by(|a, b| (&a.cells, &a.help, &a.message).cmp(&(&b.cells, &b.help, &b.message)));
    let mut merged: BTreeMap<(String, Option<Place>), Finding> = BTreeMap::new();
    for finding in findings {
        match merged.entry((finding.fingerprint.clone(), finding.place.clone())) {
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert(finding);
            }
            std::collections::btree_map::Entry::Occupied(mut slot) => {
                let known = slot.get_mut();
                known.cells.extend(finding.cells);
                known.render.extend(finding.render);
                known.render.sort();
                known.render.dedup();
                for note in finding.notes {
                    if !known.notes.contains(&note) {
                        known.notes.push(note);
                    }
                }
            }
        }
    }
    let mut all: Vec<Finding> = merged.into_values().collect();
    for finding in &mut all {
        finding.notes.sort();
    }
    all.sort_by(order);
    all
}

/// Sorts sealed findings, errors first, then by place, rule and message, and leaves out what is there twice.
pub fn sort(findings: &mut Vec<Finding>) {
    findings.sort_by(order);
    findings.dedup_by(|a, b| a.fingerprint == b.fingerprint && a.place == b.place);
}

fn order(a: &Finding, b: &Finding) -> std::cmp::Ordering {
    (b.severity, &a.place, &a.rule, &a.message).cmp(&(a.severity, &b.place, &b.rule, &b.message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_finding_in_three_environments_is_one() {
        let make = |cell: &str| Finding::new("a/b", Severity::Error, "m").at(Place::line("f.yaml", 3)).cell(cell);
        let merged = merge([make("staging/x"), make("local/x"), make("production/x")]);
        assert_eq!(merged.len(), 1);
        assert_eq!(merged[0].cells.len(), 3);
    }
}
