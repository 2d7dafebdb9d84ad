//! `docs/missing`.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Certainty, Facts, Kind, Producer, Supply};
use crate::model::{Place, Severity};
use crate::places;
use crate::rules::{Check, MatrixView, Rule};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "docs/missing",
    severity: Severity::Error,
    summary: "a release's page does not name a Secret it consumes, where it comes from, how it is rotated and re-synced",
    check: Check::Matrix(check),
    doc: "\
## What it finds
For each release with a page (`paths.docs` of the matrix file) and each Secret that it consumes in some environment: whether the
page names the Secret; whether it names where it comes from (the ExternalSecret that makes it, or whoever the `external` entry
says); whether it says how it is rotated (a word with \"rotat\" or \"renew\" in it); and, where an ExternalSecret makes it, how it is
re-synced (a command that annotates that `externalsecret`, or any, by a placeholder). Also a page that does not exist at all
while the release consumes a Secret.

## Why it matters
At night, with a revoked password, the page is what there is.

## Example
A chart that reads `graph-db-credentials`, and a README without that name.

## What to do instead
Add what the finding lists to the page.

## When it stays silent
For releases without a page in the matrix file, for Secrets that the release itself makes and no store is behind, for those that
nothing produces (which `wiring/secret-unresolved` reports), and for those of `test` hooks.
",
};

fn check(view: &MatrixView<'_>, findings: &mut Vec<Finding>) {
    for release in &view.matrix.releases {
        let Some(page) = &release.docs else { continue };
        let mut lacks: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
        let text = view.sources.get(page).and_then(|s| s.text());
        for environment in &view.matrix.environments {
            let Some(facts) = view.facts.get(&format!("{}/{}", environment.name, release.name)) else { continue };
            let cells = view.matrix.cells.iter().filter(|c| c.env == environment.name);
            let supply = Supply::of(view.matrix, &environment.name, cells.filter_map(|c| view.facts.get(&c.name())));
            for (name, producers) in consumed(facts, &supply) {
                for lack in lacking(text.unwrap_or_default(), facts, &name, &producers) {
                    let entry = lacks.entry(name.clone()).or_default();
                    entry.0.insert(lack);
                    entry.1.insert(facts.cell.clone());
                }
            }
        }
        if text.is_none() && !lacks.is_empty() {
            let names: Vec<&str> = lacks.keys().map(String::as_str).collect();
            let mut finding = RULE
                .finding(format!("{} consumes Secrets and has no page", release.name))
                .at(Place::file(page))
                .label("does not exist")
                .help(format!("write it; it must name {}", names.join(", ")));
            finding.cells = lacks.values().flat_map(|(_, cells)| cells.iter().cloned()).collect();
            findings.push(finding);
            continue;
        }
        for (name, (lack, cells)) in lacks {
            let lack: Vec<String> = lack.into_iter().collect();
            let mut finding = RULE
                .finding(format!("the page of {} lacks, for Secret {name}: {}", release.name, lack.join("; ")))
                .at(line_of(page, text.unwrap_or_default(), &name))
                .label(format!("{} consumes it", release.name))
                .help("say it in the page");
            finding.cells = cells;
            findings.push(finding);
        }
    }
}

/// The line that names the Secret, or the whole page.
fn line_of(page: &str, text: &str, name: &str) -> Place {
    let line = text.lines().position(|line| places::holds(line, name));
    line.map_or_else(|| Place::file(page), |line| Place::line(page, line + 1))
}

/// The Secrets that a cell consumes and somebody produces.
fn consumed<'a>(facts: &Facts, supply: &Supply<'a>) -> BTreeMap<String, Vec<Producer<'a>>> {
    let mut found = BTreeMap::new();
    for consumed in facts.consumes.iter().filter(|c| c.kind == Kind::Secret) {
        let object = facts.object(consumed.object);
        if object.hook.as_ref().is_some_and(|h| h.at(crate::facts::Event::Test)) {
            continue;
        }
        let producers = supply.producers(Kind::Secret, &consumed.namespace, &consumed.name);
        if !producers.is_empty() && !producers.iter().all(|p| is_own(facts, p)) {
            found.entry(consumed.name.clone()).or_insert(producers);
        }
    }
    found
}

/// Made by the release itself with no store behind it, or by nobody whom we could name.
fn is_own(facts: &Facts, producer: &Producer<'_>) -> bool {
    match producer {
        Producer::Made { facts: by, produced } => {
            let kind = &by.object(produced.object).kind;
            produced.certainty == Certainty::Perhaps || (by.cell == facts.cell && !kind.ends_with("ExternalSecret"))
        }
        Producer::External(_) => false,
        Producer::Cluster => true,
    }
}

fn lacking(page: &str, facts: &Facts, name: &str, producers: &[Producer<'_>]) -> Vec<String> {
    let mut lack = Vec::new();
    if !places::holds(page, name) {
        lack.push("its name".to_owned());
    }
    for producer in producers.iter().filter(|p| !is_own(facts, p)) {
        match producer {
            Producer::Made { facts: by, produced } => {
                let object = by.object(produced.object);
                if !places::holds(page, &object.name) && !places::holds(page, by.release()) {
                    lack.push(format!("where it comes from ({} of {})", object.short(), by.release()));
                } else if object.kind.ends_with("ExternalSecret") && !places::holds(page, &object.name) {
                    lack.push(format!("where it comes from ({})", object.short()));
                }
                if object.kind == "ExternalSecret" && !tells_resync(page, &object.name) {
                    lack.push(format!("how it is re-synced (kubectl annotate externalsecret {} …)", object.name));
                }
            }
            Producer::External(external) => {
                if !page.to_lowercase().contains(&external.by.to_lowercase()) {
                    lack.push(format!("where it comes from ({})", external.by));
                }
            }
            Producer::Cluster => {}
        }
    }
    let lower = page.to_ascii_lowercase();
    if !lower.contains("rotat") && !lower.contains("renew") {
        lack.push("how it is rotated".to_owned());
    }
    lack
}

/// Whether a command of the page annotates the `ExternalSecret`: by its name, or by a placeholder for any.
fn tells_resync(page: &str, name: &str) -> bool {
    let lines: Vec<&str> = page.lines().collect();
    lines.iter().enumerate().any(|(at, line)| {
        let lower = line.to_ascii_lowercase();
        let Some(start) = lower.find("annotate").filter(|_| lower.contains("externalsecret") || lower.contains(" es "))
        else {
            return false;
        };
        let rest = &line[start..];
        // A command may go on in the next lines.
        let named = lines[at..].iter().scan(true, |goes_on, line| {
            let this = *goes_on;
            *goes_on = line.trim_end().ends_with('\\');
            this.then_some(*line)
        });
        let any = ["$es", "\"$", "${", " <", "NAME", "--all"].iter().any(|mark| rest.contains(mark));
        any || named.into_iter().any(|line| places::holds(line, name))
    })
}
