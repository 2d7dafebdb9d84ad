//! The baseline: findings that were there on the day of adoption. Pure: text in, text out.
//!
//! It holds rules, files and fingerprints, one entry a finding. A fingerprint is made of names and places; no value and no hash
//! of one goes into it. It may only shrink, so there is no function that adds to one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use finding::Finding;

/// One finding that was there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// `family/rule`.
    pub rule: String,
    /// The file that a person would have edited; empty when there is none.
    pub file: String,
    /// The finding's fingerprint.
    pub fingerprint: String,
}

/// All of them, sorted. Two equal findings are two entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    known: Vec<Known>,
}

/// Why a baseline cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    findings: Vec<Known>,
}

/// Rules whose findings are never taken in. A golden has its own way to be accepted; of a cell that does not render nothing is
/// known, so nothing could be compared later; a waiver is new by itself. A render that differs each time is a render: that a chart of
/// somebody else's makes one can be known.
pub fn can_be_known(rule: &str) -> bool {
    rule == "render/nondeterministic"
        || !["golden/", "render/", "waivers/"].iter().any(|family| rule.starts_with(family))
}

impl Baseline {
    /// What is there now.
    pub fn adopt(findings: &[Finding]) -> Self {
        let mut known: Vec<Known> = findings.iter().filter(|f| can_be_known(&f.rule)).map(known).collect();
        known.sort();
        Self { known }
    }

    /// Reads one.
    ///
    /// # Errors
    /// With the place of what is wrong.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let written: Written = serde_json::from_str(text).map_err(|e| {
            let message = e.to_string();
            let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(m, _)| m).to_owned();
            Unreadable { line: e.line().max(1), column: e.column().max(1), message }
        })?;
        if written.version != 1 {
            let message = format!("this program reads version 1 of a baseline, not {}", written.version);
            return Err(Unreadable { line: 1, column: 1, message });
        }
        let mut known = written.findings;
        known.sort();
        Ok(Self { known })
    }

    /// The text of the file: an entry a line, so that what went away is a line of the diff.
    pub fn write(&self) -> String {
        let entries: Vec<String> =
            self.known.iter().map(|k| format!("    {}", serde_json::to_string(k).unwrap_or_default())).collect();
        if entries.is_empty() {
            return "{\n  \"version\": 1,\n  \"findings\": []\n}\n".to_owned();
        }
        format!("{{\n  \"version\": 1,\n  \"findings\": [\n{}\n  ]\n}}\n", entries.join(",\n"))
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Parts findings into those that count and those that were known. Of equal findings, as many are known as there are entries.
    pub fn part(&self, findings: Vec<Finding>) -> (Vec<Finding>, Vec<Finding>) {
        let mut left: BTreeMap<&Known, usize> = BTreeMap::new();
        for entry in &self.known {
            *left.entry(entry).or_default() += 1;
        }
        findings.into_iter().partition(|finding| {
            let entry = known(finding);
            match left.get_mut(&entry).filter(|_| can_be_known(&finding.rule)) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    false
                }
                _ => true,
            }
        })
    }

    /// What is left of it when only these of its findings are still there.
    #[must_use]
    pub fn shrunk(&self, still: &[Finding]) -> Self {
        let (_, known) = self.part(still.to_vec());
        Self::adopt(&known)
    }
}

fn known(finding: &Finding) -> Known {
    Known {
        rule: finding.rule.clone(),
        file: finding.place.as_ref().map(|p| p.file.clone()).unwrap_or_default(),
        fingerprint: finding.fingerprint.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Place, Severity};
    use finding::merge;

    fn finding(rule: &str, line: usize) -> Finding {
        Finding::new(rule, Severity::Error, "m").at(Place::line("f.yaml", line))
    }

    #[test]
    fn what_was_there_is_known_and_one_more_of_it_is_not() {
        let then =
            merge([finding("a/b", 1), finding("a/b", 9), finding("golden/differs", 1), finding("render/failed", 1)]);
        let baseline = Baseline::adopt(&then);
        assert_eq!(baseline.len(), 2);
        assert_eq!(Baseline::read(&baseline.write()), Ok(baseline.clone()));
        let now = merge([finding("a/b", 3), finding("a/b", 20), finding("a/b", 30), finding("golden/differs", 1)]);
        let (count, known) = baseline.part(now);
        assert_eq!((count.len(), known.len()), (2, 2));
        assert!(count.iter().any(|f| f.rule == "golden/differs"));
    }

    #[test]
    fn it_only_shrinks() {
        let baseline = Baseline::adopt(&merge([finding("a/b", 1), finding("c/d", 1)]));
        let shrunk = baseline.shrunk(&merge([finding("c/d", 7), finding("e/f", 1)]));
        assert_eq!(shrunk, Baseline::adopt(&merge([finding("c/d", 7)])));
        assert!(baseline.shrunk(&[]).is_empty());
        assert_eq!(Baseline::read(&baseline.shrunk(&[]).write()).unwrap().len(), 0);
    }

    #[test]
    fn a_broken_one_is_told_with_its_place() {
        let error = Baseline::read("{\n  \"version\": 1,\n  \"findings\": [{\"rule\": 1}]\n}").unwrap_err();
        assert_eq!(error.line, 3);
        assert!(!error.message.contains("line"), "{}", error.message);
        assert!(Baseline::read("{\"version\": 2, \"findings\": []}").unwrap_err().message.contains("version 1"));
    }
}
