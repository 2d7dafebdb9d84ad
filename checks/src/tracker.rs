//! The service alignment table: how far each release is, computed from what the checks found. What only a cluster can show is
//! "not verified" here, never done; what no check looked at is not done either.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::document::{Document, Section, Table, code};
use crate::facts::Facts;
use crate::model::{Matrix, RetiredKind};
use crate::secrets::{Class, INVENTORY_PAGE, Inventory, ROTATION_PAGE, ReleaseValues};
use crate::sources::Sources;
use finding::Finding;

/// The page of the table.
pub const TRACKER_PAGE: &str = "docs/tracker.md";
/// The command that writes it.
pub const TRACKER_COMMAND: &str = "tracker --write";

/// Findings that a box lists; more are counted.
const SHOWN: usize = 5;

/// One of the five boxes, with the families of rules that must be silent. Those of `needs` must have been looked for.
struct Question {
    name: &'static str,
    needs: &'static [&'static str],
    also: &'static [&'static str],
}

const QUESTIONS: [Question; 5] = [
    Question { name: "Inventory", needs: &[], also: &["dependencies", "parity", "sources", "values"] },
    Question { name: "Classify", needs: &["boundary", "leaks"], also: &[] },
    Question {
        name: "Refactor",
        needs: &["externalsecrets", "guards", "order", "wiring"],
        also: &["fixtures", "retired"],
    },
    Question { name: "Document", needs: &["docs"], also: &[] },
    // Takes what no other box takes.
    Question { name: "Validate", needs: &["golden", "render"], also: &[] },
];

/// What the table is computed from.
pub struct Evidence<'a> {
    /// The matrix.
    pub matrix: &'a Matrix,
    /// Every source by path.
    pub sources: &'a Sources,
    /// What is known of each cell, by `env/release`.
    pub facts: &'a BTreeMap<String, Facts>,
    /// What the checks found in all cells, without what is excused.
    pub findings: &'a [Finding],
    /// What they found and a waiver or the baseline excuses.
    pub excused: &'a [Finding],
    /// The inventory of all environments.
    pub inventory: &'a Inventory,
    /// Cells that rendered and equal their goldens, as `env/release`.
    pub equal: &'a BTreeSet<String>,
    /// Families of rules of which at least one was looked for.
    pub checked: &'a BTreeSet<&'a str>,
}

/// The table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tracker {
    /// Version of the JSON.
    pub version: u32,
    /// Releases and retired systems by name.
    pub services: Vec<Service>,
    /// Findings that concern no release: rule and count.
    pub elsewhere: BTreeMap<String, usize>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    /// The release.
    pub name: String,
    /// How far it is, in a few words.
    pub alignment: String,
    /// Why it is retired; then there are no boxes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired: Option<String>,
    /// The five boxes.
    pub boxes: Vec<Ticked>,
    /// What must be shown in a cluster.
    pub not_verified: Vec<String>,
    /// What to do next.
    pub next: String,
    /// Pages about it.
    pub tracking: Vec<String>,
}

/// Whether a box is ticked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Looked at, and nothing is open.
    Done,
    /// Not looked at.
    NotVerified,
    /// Something is open.
    Open,
}

/// One box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ticked {
    /// Its name.
    pub name: String,
    /// Whether it is ticked.
    pub state: State,
    /// What was looked at, what is open.
    pub notes: Vec<String>,
}

impl Tracker {
    /// Computes the table.
    pub fn of(evidence: &Evidence<'_>) -> Self {
        let mut by_release: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        let mut elsewhere: BTreeMap<String, usize> = BTreeMap::new();
        for finding in evidence.findings {
            let releases: BTreeSet<&str> =
                finding.cells.iter().filter_map(|c| c.split_once('/')).map(|(_, r)| r).collect();
            if releases.is_empty() {
                *elsewhere.entry(finding.rule.clone()).or_default() += 1;
            }
            for release in releases {
                by_release.entry(release).or_default().push(finding);
            }
        }
        let mut services: Vec<Service> = Vec::new();
        for release in &evidence.matrix.releases {
            let findings = by_release.remove(release.name.as_str()).unwrap_or_default();
            services.push(service(evidence, &release.name, &findings));
        }
        for retired in evidence.matrix.retired.iter().filter(|r| r.kind == RetiredKind::Release) {
            if evidence.matrix.release(&retired.name).is_none() {
                services.push(Service {
                    name: retired.name.clone(),
                    alignment: "✅ Retired".to_owned(),
                    retired: Some(retired.reason.clone()),
                    boxes: Vec::new(),
                    not_verified: Vec::new(),
                    next: retired.reason.clone(),
                    tracking: Vec::new(),
                });
            }
        }
        services.sort_by(|a, b| a.name.cmp(&b.name));
        Self { version: 1, services, elsewhere }
    }

    /// As a page.
    pub fn document(&self) -> Document {
        let mut head = vec!["Service", "Target alignment"];
        head.extend(QUESTIONS.iter().map(|q| q.name));
        head.extend(["Roll-out, smoke test", "Notes / Next action", "Tracking"]);
        let mut table = Table::new(&head);
        for service in &self.services {
            let mut row = vec![service.name.clone(), service.alignment.clone()];
            if service.retired.is_some() {
                row.extend(std::iter::repeat_n("–".to_owned(), QUESTIONS.len() + 1));
            } else {
                row.extend(service.boxes.iter().map(|b| b.state.told().to_owned()));
                row.push(if service.not_verified.is_empty() { "–" } else { "not verified" }.to_owned());
            }
            row.extend([service.next.clone(), links(&service.tracking)]);
            table.rows.push(row);
        }
        let mut document = Document {
            command: TRACKER_COMMAND,
            title: "Service alignment tracker".to_owned(),
            notes: vec![
                "Computed from what the checks found, for all environments. A box is ticked only when its checks ran and found \
                 nothing. What only a cluster can show is not verified here."
                    .to_owned(),
            ],
            sections: vec![Section { title: "Services".to_owned(), level: 2, notes: Vec::new(), table }],
        };
        if !self.elsewhere.is_empty() {
            let notes = self.elsewhere.iter().map(|(rule, count)| format!("- {}: {count}", code(rule))).collect();
            let title = "Findings of no service".to_owned();
            document.sections.push(Section { title, level: 2, notes, table: Table::default() });
        }
        document.sections.push(Section { title: "Checklists".to_owned(), level: 2, ..Section::default() });
        document.sections.extend(self.services.iter().map(checklist));
        document
    }
}

impl State {
    fn told(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotVerified => "not verified",
            Self::Open => "open",
        }
    }
}

fn checklist(service: &Service) -> Section {
    let mut notes: Vec<String> = service.retired.iter().map(|reason| format!("Retired: {reason}.")).collect();
    for ticked in &service.boxes {
        let mark = if ticked.state == State::Done { 'x' } else { ' ' };
        let words = if ticked.notes.is_empty() { String::new() } else { format!(": {}", ticked.notes.join("; ")) };
        notes.push(format!("- [{mark}] {}{words}", ticked.name));
    }
    notes.extend(
        service.not_verified.iter().map(|what| format!("- [ ] {what}: not verified, only a cluster can show it")),
    );
    let retired = if service.retired.is_some() { " (retired)" } else { "" };
    Section { title: format!("{}{retired}", service.name), level: 3, notes, table: Table::default() }
}

/// The pages lie beside `docs/`.
fn links(pages: &[String]) -> String {
    let link = |page: &String| {
        let (path, anchor) = page.split_once('#').map_or((page.as_str(), String::new()), |(p, a)| (p, format!("#{a}")));
        let name = path.rsplit('/').next().unwrap_or(path);
        match path.strip_prefix("docs/") {
            Some(beside) => format!("[{name}]({beside}{anchor})"),
            None => format!("[{name}](../{path}{anchor})"),
        }
    };
    let links: Vec<String> = pages.iter().map(link).collect();
    if links.is_empty() { "–".to_owned() } else { links.join(", ") }
}

fn service(evidence: &Evidence<'_>, name: &str, findings: &[&Finding]) -> Service {
    let values = evidence.inventory.releases.iter().find(|r| r.release == name);
    let cells: Vec<String> =
        evidence.matrix.cells.iter().filter(|c| c.release == name).map(crate::model::Cell::name).collect();
    let mut boxes: Vec<Ticked> = Vec::new();
    for question in &QUESTIONS {
        let mine: Vec<&&Finding> = findings.iter().filter(|f| std::ptr::eq(asks(&f.rule), question)).collect();
        let mut open: Vec<String> = told(&mine);
        let (looked_at, own) = own_evidence(evidence, question.name, name, values, &cells);
        open.splice(0..0, own);
        let missing: Vec<&str> =
            question.needs.iter().copied().filter(|family| !evidence.checked.contains(family)).collect();
        let state = match () {
            () if !open.is_empty() => State::Open,
            () if missing.is_empty() => State::Done,
            () => State::NotVerified,
        };
        let mut notes: Vec<String> = looked_at.into_iter().collect();
        notes.extend(open);
        let excused = |f: &&Finding| std::ptr::eq(asks(&f.rule), question) && f.cells.iter().any(|c| cells.contains(c));
        let excused: BTreeSet<String> = evidence.excused.iter().filter(excused).map(|f| code(&f.rule)).collect();
        if !excused.is_empty() {
            notes.push(format!("excused: {}", excused.into_iter().collect::<Vec<_>>().join(", ")));
        }
        if !missing.is_empty() {
            notes.push(format!("not looked at: {}", missing.iter().map(|f| code(f)).collect::<Vec<_>>().join(", ")));
        }
        boxes.push(Ticked { name: question.name.to_owned(), state, notes });
    }
    let names = |state: State| {
        let names: Vec<String> = boxes.iter().filter(|b| b.state == state).map(|b| b.name.to_lowercase()).collect();
        names.join(", ")
    };
    let worst = boxes.iter().map(|b| b.state).max().unwrap_or(State::NotVerified);
    let alignment = match worst {
        State::Done => "✅ Complete, as far as can be checked offline".to_owned(),
        State::NotVerified => format!("⚠ Not verified: {}", names(State::NotVerified)),
        State::Open => format!("⚠ Open: {}", names(State::Open)),
    };
    let runs = cells.iter().filter_map(|c| evidence.facts.get(c)).any(|f| !f.containers.is_empty());
    let mut not_verified = vec!["Roll-out in each environment".to_owned()];
    if runs {
        not_verified.push("Smoke test of the running service, with a login where it has one".to_owned());
    }
    let rules: BTreeSet<&str> = findings.iter().map(|f| f.rule.as_str()).collect();
    let next = match worst {
        State::Open if !rules.is_empty() => {
            let explain = rules.iter().next().map(|rule| format!("`cargo xtask explain {rule}`")).unwrap_or_default();
            format!("{} open: {explain}", several(findings.len(), "finding", "findings"))
        }
        State::Open => boxes
            .iter()
            .filter(|b| b.state == State::Open)
            .flat_map(|b| &b.notes)
            .next_back()
            .cloned()
            .unwrap_or_default(),
        State::NotVerified => "See the checklist below for what was not looked at.".to_owned(),
        State::Done if runs => "Roll out, then the smoke test.".to_owned(),
        State::Done => "Roll out.".to_owned(),
    };
    Service {
        name: name.to_owned(),
        alignment,
        retired: None,
        boxes,
        not_verified,
        next,
        tracking: tracking(evidence, name),
    }
}

/// The question that a rule's findings answer.
fn asks(rule: &str) -> &'static Question {
    let family = rule.split('/').next().unwrap_or_default();
    let [first @ .., last] = &QUESTIONS;
    first.iter().find(|q| q.needs.contains(&family) || q.also.contains(&family)).unwrap_or(last)
}

/// Rules with their messages, one each, so that a rule that speaks often is told once.
fn told(findings: &[&&Finding]) -> Vec<String> {
    let mut by_rule: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for finding in findings {
        by_rule.entry(&finding.rule).or_default().push(&finding.message);
    }
    let mut told = Vec::new();
    for (rule, mut messages) in by_rule {
        messages.sort_unstable();
        messages.dedup();
        let more = messages.len().saturating_sub(SHOWN);
        let mut text = format!("{} ({})", code(rule), messages[..messages.len() - more].join("; ").replace('\n', " "));
        if more > 0 {
            text.push_str(&format!(" and {more} more"));
        }
        told.push(text);
    }
    told
}

/// What a box shows beside findings: what was looked at, and what is open.
fn own_evidence(
    evidence: &Evidence<'_>,
    question: &str,
    name: &str,
    values: Option<&ReleaseValues>,
    cells: &[String],
) -> (Option<String>, Vec<String>) {
    let of_values = |class: Class| {
        let values = values.into_iter().flat_map(|r| &r.values).filter(move |v| v.class == class);
        values.map(|v| code(&v.path)).collect::<Vec<_>>()
    };
    match question {
        "Inventory" => {
            let mut open: Vec<String> = values
                .into_iter()
                .flat_map(|r| &r.problems)
                .map(|(env, why)| format!("values not certain in {env}: {why}"))
                .collect();
            open.extend(
                cells.iter().filter(|c| !evidence.facts.contains_key(*c)).map(|c| format!("nothing is known of {c}")),
            );
            let used = |entry: &&crate::secrets::SecretEntry| {
                entry.uses.iter().any(|u| u.usage.release == name && !u.usage.optional)
            };
            let secrets: Vec<_> = evidence.inventory.secrets.iter().filter(used).collect();
            let nobody = secrets.iter().filter(|entry| entry.makers.is_empty());
            let nobody: BTreeSet<&str> = nobody.map(|entry| entry.name.as_str()).collect();
            open.extend(nobody.into_iter().map(|secret| format!("nobody is known to make Secret {}", code(secret))));
            let count = values.map_or(0, |r| r.values.len());
            let secrets: BTreeSet<&str> = secrets.iter().map(|entry| entry.name.as_str()).collect();
            let looked = format!(
                "{}, {}",
                several(count, "value", "values"),
                several(secrets.len(), "Secret used", "Secrets used")
            );
            (Some(looked), open)
        }
        "Refactor" => {
            let literals = of_values(Class::SecretLiteral);
            (None, literals.into_iter().map(|path| format!("literal credential in {path}")).collect())
        }
        "Document" => {
            let page = evidence.matrix.release(name).and_then(|r| r.docs.as_ref());
            let open = match page {
                None => Some("the matrix file names no page (`paths.docs`)".to_owned()),
                Some(page) if !evidence.sources.contains_key(page) => Some(format!("{} is missing", code(page))),
                Some(_) => None,
            };
            (None, open.into_iter().collect())
        }
        "Validate" => {
            let equal = cells.iter().filter(|c| evidence.equal.contains(*c)).count();
            let looked = format!("renders that equal their goldens: {equal} of {}", cells.len());
            let open =
                cells.iter().filter(|c| !evidence.equal.contains(*c)).map(|c| format!("{c} does not equal its golden"));
            (Some(looked), open.collect())
        }
        _ => (None, Vec::new()),
    }
}

fn several(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

fn tracking(evidence: &Evidence<'_>, name: &str) -> Vec<String> {
    let mut pages: Vec<String> = Vec::new();
    let docs = evidence.matrix.release(name).and_then(|r| r.docs.as_ref());
    pages.extend(docs.filter(|page| evidence.sources.contains_key(*page)).cloned());
    if evidence.sources.contains_key(INVENTORY_PAGE) {
        pages.push(format!("{INVENTORY_PAGE}#{name}"));
    }
    let uses = |entry: &crate::secrets::SecretEntry| entry.uses.iter().any(|u| u.usage.release == name);
    if evidence.sources.contains_key(ROTATION_PAGE) && evidence.inventory.secrets.iter().any(uses) {
        pages.push(ROTATION_PAGE.to_owned());
    }
    pages
}

#[cfg(test)]
mod tests;
