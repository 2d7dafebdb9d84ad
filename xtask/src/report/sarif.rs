//! `--report sarif`: SARIF 2.1.0, which code hosts show beside the lines of a change.
//!
//! One rule for each of ours, with its page. Places are relative to the root. What is excused is there too, as suppressed.

use std::io::{self, Write};

use checks::model::{Place, Severity};
use checks::rules::{self, Rule};
use checks::waivers::{By, Excused};
use finding::{Finding, RenderPlace};
use serde_json::{Map, Value, json};

use super::Report;
use crate::matrix;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What paths are relative to, by the name that code hosts know.
const ROOT: &str = "%SRCROOT%";
/// The version is part of the name: another way to make fingerprints gets another one.
const FINGERPRINT: &str = "xtask/v1";

/// Writes the report, a result on each line.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let results = report.findings.iter().map(found).chain(report.excused.iter().map(excused));
    write_with(&report.troubles, out, |out| {
        for (number, result) in results.enumerate() {
            out.write_all(if number > 0 { b",\n" } else { b"" })?;
            serde_json::to_writer(&mut *out, &result)?;
        }
        Ok(())
    })
}

/// Writes a report whose results, with commas between them, somebody else writes.
pub fn write_with(
    troubles: &[String],
    out: &mut dyn Write,
    results: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let notifications: Vec<Value> =
        troubles.iter().map(|text| json!({"level": "error", "message": {"text": text}})).collect();
    let driver = json!({
        "name": "xtask",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules::registry().iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
    });
    let invocation = json!({"executionSuccessful": troubles.is_empty(), "toolExecutionNotifications": notifications});
    let bases = json!({ROOT: {"description": {"text": "The root of the repository."}}});
    writeln!(out, "{{\"$schema\": \"{SCHEMA}\", \"version\": \"2.1.0\", \"runs\": [{{")?;
    writeln!(out, "\"tool\": {{\"driver\": {driver:#}}},\n\"invocations\": [{invocation}],")?;
    writeln!(out, "\"originalUriBaseIds\": {bases},\n\"columnKind\": \"unicodeCodePoints\",\n\"results\": [")?;
    results(out)?;
    writeln!(out, "\n]}}]}}")
}

/// The result of a finding.
pub fn found(finding: &Finding) -> Value {
    result(finding, None)
}

/// The result of a finding that is excused: it is there, and suppressed.
pub fn excused(excused: &Excused) -> Value {
    result(&excused.finding, Some(excused))
}

fn descriptor(rule: &Rule) -> Value {
    let family = rule.id.split('/').next().unwrap_or_default();
    let mut properties = json!({"tags": [family]});
    if family == "leaks" {
        // What code hosts sort security findings by.
        properties = json!({"tags": [family, "security"], "security-severity": "8.0"});
    }
    json!({
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "help": {"text": rules::page::body(rule), "markdown": rules::page::body(rule)},
        "defaultConfiguration": {"enabled": rule.severity != Severity::Off, "level": level(rule.severity)},
        "properties": properties,
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Off => "none",
    }
}

fn result(finding: &Finding, excused: Option<&Excused>) -> Value {
    let mut result = Map::new();
    result.insert("ruleId".into(), json!(finding.rule));
    if let Some(index) = rules::registry().iter().position(|r| r.id == finding.rule) {
        result.insert("ruleIndex".into(), json!(index));
    }
    result.insert("level".into(), json!(level(finding.severity)));
    result.insert("message".into(), json!({"text": text(finding)}));
    result.insert("locations".into(), json!([location(finding)]));
    let related = related(finding);
    if !related.is_empty() {
        result.insert("relatedLocations".into(), related.into());
    }
    result.insert("partialFingerprints".into(), json!({FINGERPRINT: finding.fingerprint}));
    if let Some(excused) = excused {
        result.insert("suppressions".into(), json!([suppression(excused)]));
    }
    result.insert("properties".into(), json!({"cells": finding.cells}));
    Value::Object(result)
}

/// All that a person reads in the block of a finding.
fn text(finding: &Finding) -> String {
    let mut lines = vec![finding.message.clone()];
    lines.extend((!finding.label.is_empty()).then(|| finding.label.clone()));
    lines.extend(finding.notes.iter().cloned());
    lines.extend(finding.excerpt.clone());
    if !finding.cells.is_empty() {
        lines.push(format!("in {}", finding.cells.iter().cloned().collect::<Vec<_>>().join(", ")));
    }
    lines.extend((!finding.help.is_empty()).then(|| format!("help: {}", finding.help)));
    lines.join("\n")
}

/// The place to edit. What stands in no file is shown where its cell is declared: a result without a file is shown nowhere.
fn location(finding: &Finding) -> Value {
    let declared = Place::file(matrix::FILE);
    let mut location = Map::new();
    location.insert("physicalLocation".into(), physical(finding.place.as_ref().unwrap_or(&declared)));
    if let Some(render) = finding.render.first() {
        location.insert("logicalLocations".into(), json!([logical(render)]));
    }
    Value::Object(location)
}

fn related(finding: &Finding) -> Vec<Value> {
    let places = finding
        .related
        .iter()
        .map(|(place, label)| json!({"physicalLocation": physical(place), "message": {"text": label}}));
    let renders = finding.render.iter().map(|render| {
        let template = render.template.as_ref().map(|t| format!(" by the template {t}")).unwrap_or_default();
        let line = if render.line > 0 { format!(", line {} of the render", render.line) } else { String::new() };
        let text = format!("rendered in {}{line}{template}", render.cell);
        json!({"logicalLocations": [logical(render)], "message": {"text": text}})
    });
    let number = |(id, mut location): (usize, Value)| {
        location["id"] = json!(id + 1);
        location
    };
    places.chain(renders).enumerate().map(number).collect()
}

/// An object in a render, which is no file.
fn logical(render: &RenderPlace) -> Value {
    let parts = [render.cell.as_str(), render.object.as_str(), render.path.as_str()];
    let name = parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ");
    json!({"fullyQualifiedName": name, "kind": "resource"})
}

fn physical(place: &Place) -> Value {
    let mut physical = Map::new();
    physical.insert("artifactLocation".into(), json!({"uri": uri(&place.file), "uriBaseId": ROOT}));
    if place.line > 0 {
        let mut region = Map::new();
        region.insert("startLine".into(), json!(place.line));
        let whole = place.column <= 1 && place.end_column <= 1 && place.end_line <= place.line;
        if !whole {
            region.insert("startColumn".into(), json!(place.column.max(1)));
            region.insert("endLine".into(), json!(place.end_line.max(place.line)));
            region.insert("endColumn".into(), json!(place.end_column.max(1)));
        }
        physical.insert("region".into(), Value::Object(region));
    }
    Value::Object(physical)
}

/// A path as a relative reference: what has a meaning in a URI is percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

fn suppression(excused: &Excused) -> Value {
    match &excused.by {
        By::Waiver(place, reason) => {
            // A comment stands in the file that it speaks of.
            let own = excused.finding.place.as_ref().is_some_and(|p| p.file == place.file);
            json!({
                "kind": if own { "inSource" } else { "external" },
                "status": "accepted",
                "justification": reason,
                "location": {"physicalLocation": physical(place)},
            })
        }
        By::Gitleaks => json!({"kind": "inSource", "status": "accepted", "justification": "gitleaks:allow"}),
        By::Baseline => {
            json!({"kind": "external", "status": "accepted", "justification": "known since the day of adoption"})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_relative_reference() {
        assert_eq!(uri("charts/a b/ü#1.yaml"), "charts/a%20b/%C3%BC%231.yaml");
        assert_eq!(uri("charts/x.tgz!/a.yaml"), "charts/x.tgz!/a.yaml");
    }

    #[test]
    fn a_whole_line_has_no_columns_and_a_whole_file_no_region() {
        assert_eq!(physical(&Place::line("f", 3))["region"], json!({"startLine": 3}));
        assert!(physical(&Place::file("f")).get("region").is_none());
        let place = Place { file: "f".into(), line: 3, column: 5, end_line: 3, end_column: 9 };
        assert_eq!(physical(&place)["region"], json!({"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 9}));
    }
}
