//! `wiring/unused`.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Certainty, Consumed, Facts, Kind, Produced};
use crate::model::{Place, Severity};
use crate::places;
use crate::rules::{Check, EnvironmentView, Rule};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "wiring/unused",
    severity: Severity::Warning,
    summary: "a produced Secret, a Vault key or a fixture that nothing consumes",
    check: Check::Environment(check),
    doc: "\
## What it finds
In one environment: a Secret that a release makes (as a Secret, ExternalSecret, SealedSecret, Certificate or through Vault's
operator) and that nothing refers to; an entry of an ExternalSecret's `data` whose key nobody reads although every reader of
the Secret says which keys it reads; a key of the environment's fixtures file that no ExternalSecret reads.

## Why it matters
A credential that nobody needs is one more to leak and to rotate, and a fixture that nobody reads hides that another is missing.

## Example
`ExternalSecret/runtime-agent-db-sync`, left behind when its workload was merged into another release.

## What to do instead
Remove the producer, the entry or the fixture.

## When it stays silent
Where the Secret's name stands anywhere else in the environment (arguments, scripts, literal variables, annotations, custom
resources, `resourceNames` of a role); where it carries a label of its own by which a program may find it, or a role of its
release allows to read Secrets of any name; for Secrets that an
operator makes by itself; for a Vault key of a Secret that somebody takes as a whole or that a template transforms; for fixtures
while an ExternalSecret reads with `find`; and while a cell of the environment is unknown.
",
};

fn check(view: &EnvironmentView<'_>, findings: &mut Vec<Finding>) {
    if !view.unknown.is_empty() {
        return;
    }
    let mut consumers: BTreeMap<&str, Vec<&Consumed>> = BTreeMap::new();
    for consumed in view.facts.iter().flat_map(|f| &f.consumes).filter(|c| c.kind == Kind::Secret) {
        consumers.entry(&consumed.name).or_default().push(consumed);
    }
    for facts in view.facts {
        for produced in facts.produces.iter().filter(|p| is_chosen(facts, p)) {
            if produced.discovered || facts.reads_secrets || view.facts.iter().any(|f| f.mentions(&produced.name)) {
                continue;
            }
            let users: Vec<&Consumed> = consumers
                .get(produced.name.as_str())
                .into_iter()
                .flatten()
                .filter(|c| c.namespace == produced.namespace || c.namespace == "*" || produced.namespace == "*")
                .copied()
                .collect();
            if users.is_empty() {
                findings.push(unused_secret(view, facts, produced));
            } else if users.iter().all(|c| !c.keys.is_empty()) {
                unused_keys(view, facts, produced, &users, findings);
            }
        }
    }
    unused_fixtures(view, findings);
}

/// A Secret whose author chose that it exists.
fn is_chosen(facts: &Facts, produced: &Produced) -> bool {
    let object = facts.object(produced.object);
    let form = matches!(
        (object.group(), object.kind.as_str()),
        ("", "Secret")
            | ("external-secrets.io", "ExternalSecret" | "ClusterExternalSecret")
            | ("bitnami.com", "SealedSecret")
            | ("cert-manager.io", "Certificate")
            | ("secrets.hashicorp.com", _)
    );
    form && produced.kind == Kind::Secret && produced.certainty == Certainty::Sole && !produced.name.contains('*')
}

fn unused_secret(view: &EnvironmentView<'_>, facts: &Facts, produced: &Produced) -> Finding {
    let object = facts.object(produced.object);
    RULE.finding(format!("nothing consumes Secret {}", produced.name))
        .at(places::of_maker(view.sources, view.matrix, facts, produced, &produced.name))
        .label(format!("made by {}", object.short()))
        .help("remove its producer, or refer to it")
        .shown(places::in_render(facts, produced.object, &produced.path, produced.line))
}

fn unused_keys(
    view: &EnvironmentView<'_>,
    facts: &Facts,
    produced: &Produced,
    users: &[&Consumed],
    findings: &mut Vec<Finding>,
) {
    let used: BTreeSet<&str> = users.iter().flat_map(|c| &c.keys).map(String::as_str).collect();
    for read in facts.reads.iter().filter(|r| r.object == produced.object) {
        let (Some(into), Some(key)) = (&read.into, &read.key) else { continue };
        if used.contains(into.as_str()) || !produced.keys.known.contains(into) {
            continue;
        }
        let path = format!("{}.key", read.path);
        let vault_key = read.vault_key(view.matrix.secrets.as_ref()).unwrap_or(key);
        findings.push(
            RULE.finding(format!("nothing reads key {into} of Secret {}", produced.name))
                .at(places::of_text(view.sources, view.matrix, facts, produced.object, &path, vault_key))
                .label(format!("{} fills it from {key}", facts.object(produced.object).short()))
                .help("drop the entry, or read the key")
                .shown(places::in_render(facts, read.object, &read.path, read.line)),
        );
    }
}

fn unused_fixtures(view: &EnvironmentView<'_>, findings: &mut Vec<Finding>) {
    let Some(path) = &view.environment.fixtures else { return };
    let Some(text) = view.sources.get(path).and_then(|s| s.text()) else { return };
    let reads = || view.facts.iter().flat_map(|f| &f.reads);
    if reads().any(|r| r.key.is_none()) {
        return;
    }
    let convention = view.matrix.secrets.as_ref();
    let read: BTreeSet<&str> = reads().filter_map(|r| r.vault_key(convention)).collect();
    for document in yaml::parse(text) {
        let keys = document.root.as_ref().and_then(|r| r.get("keys")).map(yaml::Node::entries).unwrap_or_default();
        for entry in keys {
            let Some(key) = entry.key.text().filter(|k| !read.contains(k)) else { continue };
            // Another fixture is made of it.
            if text.contains(&format!("${{{key}}}")) {
                continue;
            }
            let mut finding = RULE
                .finding(format!("no ExternalSecret of {} reads the fixture {key}", view.environment.name))
                .at(Place::new(path, entry.key.span))
                .label("nobody reads it")
                .help("remove it");
            finding.cells = view.facts.iter().map(|f| f.cell.clone()).collect();
            findings.push(finding);
        }
    }
}
