//! `boundary/config-in-secret`.

use crate::model::Severity;
use crate::object::Object;
use crate::places;
use crate::rules::{CellView, Check, Rule};
use finding::Finding;
use leaks::names::{self, Class};
use yaml::Node;

/// The rule.
pub static RULE: Rule = Rule {
    id: "boundary/config-in-secret",
    severity: Severity::Off,
    summary: "a Secret entry that is plainly no secret: a port, a log level",
    check: Check::Cell(check),
    doc: "\
## What it finds
A key of a Secret or of an ExternalSecret whose name says configuration: a port, a log level, a time zone, a number of replicas,
a switch.

## Why it matters
What is in a Secret cannot be reviewed, compared between environments or changed without the store. It is an opinion, so the
rule is off unless the matrix file turns it on: `rules: {boundary/config-in-secret: warning}`.

## Example
`stringData: {LOG_LEVEL: info, PASSWORD: …}`.

## What to do instead
Move the entry to a ConfigMap or a value.

## When it stays silent
For hosts, users and database names, which many keep beside their password; for a port in a Secret that also holds a password
under the same prefix; for names that speak of a credential.
",
};

/// Last words of names that say configuration.
const WORDS: &[&str] = &[
    "debug",
    "enabled",
    "environment",
    "format",
    "level",
    "locale",
    "loglevel",
    "namespace",
    "port",
    "region",
    "replicas",
    "timeout",
    "timezone",
    "tz",
    "verbose",
    "verbosity",
    "workers",
];

fn check(view: &CellView<'_>, findings: &mut Vec<Finding>) {
    for object in view.objects {
        let keys = keys(object);
        for (path, key, node) in &keys {
            if !is_config(key) || (key.to_ascii_lowercase().ends_with("port") && has_password(&keys)) {
                continue;
            }
            findings.push(
                RULE.finding(format!("{} keeps {key}, which is no secret", object.short()))
                    .at(places::of_text_in_cell(view.sources, view.cell, object.template.as_deref(), key))
                    .label("plain configuration")
                    .help("move it to a ConfigMap")
                    .shown(super::shown(&view.cell.name(), object, path, node)),
            );
        }
    }
}

fn keys(object: &Object) -> Vec<(String, &str, &Node)> {
    let mut found = Vec::new();
    match (object.id.group.as_str(), object.id.kind.as_str()) {
        ("", "Secret") => {
            for part in ["data", "stringData"] {
                for entry in object.root.get(part).map(Node::entries).unwrap_or_default() {
                    if let Some(key) = entry.key.text() {
                        found.push((format!("{part}.{key}"), key, &entry.key));
                    }
                }
            }
        }
        ("external-secrets.io", "ExternalSecret") => {
            let data = object.root.at(&["spec", "data"]).map(Node::items).unwrap_or_default();
            for (i, entry) in data.iter().enumerate() {
                if let Some((key, node)) = entry.get("secretKey").and_then(|n| Some((n.text()?, n))) {
                    found.push((format!("spec.data[{i}].secretKey"), key, node));
                }
            }
        }
        _ => {}
    }
    found
}

fn is_config(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    let last = lower.rsplit(['_', '-', '.']).next().unwrap_or_default();
    WORDS.contains(&last) && names::judge(key.as_bytes()).class == Class::None
}

fn has_password(keys: &[(String, &str, &Node)]) -> bool {
    keys.iter().any(|(_, key, _)| names::judge(key.as_bytes()).class == Class::Password)
}
