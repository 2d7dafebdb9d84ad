//! `parity/shared-knob`.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Place, Severity};
use crate::rules::{Check, MatrixView, Rule};
use crate::values::{Leaf, LeafValue};
use finding::Finding;
use leaks::words;
use yaml::Resolved;

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity/shared-knob",
    severity: Severity::Warning,
    summary: "one release sets a shared knob to another value than most",
    check: Check::Matrix(check),
    doc: "\
## What it finds
A knob that several releases of one environment have under the same key (the size of a connection pool, the mode of SSL, a timeout
of connections), which most set to one value and some to another.

## Why it matters
Such knobs follow from the environment, not from the service: how many connections its database allows, whether it speaks TLS. A
release that differs was usually forgotten when the others changed.

## Example
`config.pool.max` is 20 in seven releases of production and 10 in the eighth.

## What to do instead
Give it the common value. If the service needs another one, waive it with the reason.

## When it stays silent
Unless at least three releases have the knob and more than half of them agree. For knobs whose keys differ, for probes and retries, and
for everything but pools, SSL and timeouts of connections.
",
};

fn check(view: &MatrixView<'_>, findings: &mut Vec<Finding>) {
    for environment in &view.matrix.environments {
        let mut knobs: BTreeMap<String, Vec<Setting>> = BTreeMap::new();
        for cell in view.matrix.cells.iter().filter(|cell| cell.env == environment.name) {
            let values = (view.effective)(cell);
            let mut seen = BTreeSet::new();
            for leaf in values.leaves() {
                let (Some(knob), Some(value), Some(place)) = (knob(&leaf), scalar(&leaf), leaf.place()) else {
                    continue;
                };
                // A release that has a knob twice, for two databases, has its reasons.
                if seen.insert(knob.clone()) {
                    let path = leaf.dotted();
                    knobs.entry(knob).or_default().push(Setting { cell: cell.name(), path, value, place });
                } else {
                    knobs.entry(knob).or_default().retain(|setting| setting.cell != cell.name());
                }
            }
        }
        for settings in knobs.values().filter(|settings| settings.len() >= 3) {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for setting in settings {
                *counts.entry(&setting.value).or_default() += 1;
            }
            let Some((common, count)) = counts.iter().max_by_key(|(_, count)| **count) else { continue };
            if count * 2 <= settings.len() {
                continue;
            }
            let example = settings.iter().find(|setting| setting.value == **common);
            for odd in settings.iter().filter(|setting| setting.value != **common) {
                let message = format!(
                    "`{}` is {} here and {common} in {count} of {} releases of {}",
                    odd.path,
                    odd.value,
                    settings.len(),
                    environment.name
                );
                let mut finding = RULE.finding(message).at(odd.place.clone()).cell(&odd.cell);
                if let Some(example) = example {
                    finding = finding.related(example.place.clone(), format!("{common} here"));
                }
                findings.push(finding.help("give it the common value, or waive it with the reason"));
            }
        }
    }
}

struct Setting {
    cell: String,
    path: String,
    value: String,
    place: Place,
}

/// The name of the knob that a leaf is, if it is one: its last keys, in one spelling.
fn knob(leaf: &Leaf<'_>) -> Option<String> {
    let (last, above) = leaf.path.split_last()?;
    let split = |key: &str| -> Vec<String> {
        words::runs(key.as_bytes()).map(|run| String::from_utf8_lossy(run).to_ascii_lowercase()).collect()
    };
    let own = split(last);
    let telling = ["pool", "min", "max", "size", "timeout", "idle", "lifetime", "ssl", "sslmode"];
    if !own.iter().any(|word| telling.contains(&word.as_str())) {
        return None;
    }
    let parent = above.last().map(|key| split(key)).unwrap_or_default();
    let has = |words: &[String], any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
    let all: Vec<String> = leaf.path.iter().flat_map(|key| split(key)).collect();
    if has(&all, &["probe", "probes", "liveness", "readiness", "startup", "retry", "retries", "grace"]) {
        return None;
    }
    let pool = has(&own, &["pool"]) || has(&parent, &["pool"]);
    let sized = has(&own, &["min", "max", "size", "timeout", "idle", "lifetime"]);
    let ssl =
        has(&own, &["ssl", "sslmode"]) && !has(&own, &["cert", "key", "ca", "secret", "port", "root", "redirect"]);
    let timeout =
        has(&own, &["timeout"]) && has(&own, &["idle", "connect", "connection", "statement", "query", "acquire"]);
    let with_parent = [&parent[..], &own[..]].concat();
    if pool && sized {
        Some(if has(&own, &["pool"]) { own.join("-") } else { with_parent.join("-") })
    } else if ssl || timeout {
        Some(own.join("-"))
    } else {
        None
    }
}

/// A number, a switch or a word that is safe to show.
fn scalar(leaf: &Leaf<'_>) -> Option<String> {
    match leaf.value {
        LeafValue::Scalar(Resolved::Bool(flag)) => Some(flag.to_string()),
        LeafValue::Scalar(Resolved::Int(number)) => Some(number.to_string()),
        LeafValue::Scalar(Resolved::Float(number)) => Some(number.to_string()),
        LeafValue::Scalar(Resolved::Str(text)) => {
            let safe = text.len() <= 16 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            (safe && !text.is_empty()).then(|| text.to_owned())
        }
        _ => None,
    }
}
