//! `externalsecrets/convention`.

use crate::facts::{Consumed, Facts, How, Read};
use crate::model::{Secrets, Severity};
use crate::places;
use crate::rules::{Check, EnvironmentView, Rule};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "externalsecrets/convention",
    severity: Severity::Error,
    summary: "an ExternalSecret with another store, key pattern or property than the convention's",
    check: Check::Environment(check),
    doc: "\
## What it finds
An ExternalSecret (or ClusterExternalSecret) that reads from another store than `secrets.store` of the matrix file, a
`remoteRef.key` that does not fit the pattern `secrets.remote.key`, a `remoteRef.property` that is missing or is another than
`secrets.remote.property`. `dataFrom.extract` is held to the store and the key pattern.

## Why it matters
Whoever seeds, rotates or looks for a value relies on one shape of all keys; a key outside it is forgotten.

## Example
`remoteRef: {key: graph-db-url}` under `remote: {key: \"secret/data/{key}\", property: value}`.

## What to do instead
Write `remoteRef: {key: secret/data/graph-db-url, property: value}`.

## When it stays silent
Without a `secrets` section, or for what it does not say. For generators. For `dataFrom.find`, except for its store.
",
};

fn check(view: &EnvironmentView<'_>, findings: &mut Vec<Finding>) {
    let Some(convention) = &view.matrix.secrets else { return };
    for facts in view.facts {
        for consumed in &facts.consumes {
            if consumed.how == How::Store && facts.object(consumed.object).kind.ends_with("ExternalSecret") {
                store(view, convention, facts, consumed, findings);
            }
        }
        for read in &facts.reads {
            remote(view, convention, facts, read, findings);
        }
    }
}

fn store(
    view: &EnvironmentView<'_>,
    convention: &Secrets,
    facts: &Facts,
    consumed: &Consumed,
    findings: &mut Vec<Finding>,
) {
    let used = format!("{}/{}", consumed.kind, consumed.name);
    let Some(wanted) = convention.store.as_deref().filter(|s| *s != used) else { return };
    findings.push(
        RULE.finding(format!("{} reads from {used}", facts.object(consumed.object).short()))
            .at(places::of_text(view.sources, view.matrix, facts, consumed.object, &consumed.path, &consumed.name))
            .label(format!("the convention is {wanted}"))
            .related(convention.place.clone(), "the convention")
            .help(format!("read from {wanted}"))
            .shown(places::in_render(facts, consumed.object, &consumed.path, consumed.line)),
    );
}

fn remote(view: &EnvironmentView<'_>, convention: &Secrets, facts: &Facts, read: &Read, findings: &mut Vec<Finding>) {
    let Some(key) = &read.key else { return };
    let object = facts.object(read.object).short();
    let into = read.into.as_deref().map(|k| format!(" for {k}")).unwrap_or_default();
    let mut report = |message: String, label: String, field: &str, text: &str| {
        let path = format!("{}.{field}", read.path);
        findings.push(
            RULE.finding(message)
                .at(places::of_form(view.sources, view.matrix, facts, read.object, &path, text))
                .label(label)
                .related(convention.place.clone(), "the convention")
                .help("bring the entry into the convention's form")
                .shown(places::in_render(facts, read.object, &read.path, read.line)),
        );
    };
    if let Some(pattern) = convention.remote_key.as_deref().filter(|p| !fits(p, key)) {
        report(format!("{object} reads {key}{into}"), format!("the convention is {pattern}"), "key", key);
    }
    let Some(wanted) = convention.remote_property.as_deref() else { return };
    // `dataFrom` takes the whole secret.
    if read.into.is_none() && read.property.is_none() {
        return;
    }
    match read.property.as_deref() {
        Some(property) if property == wanted => {}
        Some(property) => report(
            format!("{object} reads property {property} of {key}{into}"),
            format!("the convention is property {wanted}"),
            "property",
            property,
        ),
        None => report(
            format!("{object} reads no property of {key}{into}"),
            format!("the convention is property {wanted}"),
            "key",
            key,
        ),
    }
}

fn fits(pattern: &str, key: &str) -> bool {
    match pattern.split_once("{key}") {
        Some((start, end)) => {
            key.strip_prefix(start).and_then(|rest| rest.strip_suffix(end)).is_some_and(|inner| !inner.is_empty())
        }
        None => pattern == key,
    }
}
