//! `--report json`: version 1 of our own format, as its schema in docs/ says.

use std::io::{self, Write};

use checks::model::Severity;
use checks::waivers::{By, Excused};
use serde_json::{Value, json};

use super::Report;

/// Writes the report.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let statuses = report.statuses();
    let (waived, known) = report.excused();
    let value = json!({
        "version": 1,
        "helm": report.helm,
        "counts": {
            "cells": report.cells.len(),
            "off": report.off,
            "errors": report.count(Severity::Error),
            "warnings": report.count(Severity::Warning),
            "waived": waived,
            "known": known,
            "changes": report.changes.len(),
            "statuses": statuses.iter().map(|(k, v)| (json!(k).as_str().unwrap_or_default().to_owned(), *v))
                .collect::<std::collections::BTreeMap<_, _>>(),
        },
        "troubles": report.troubles,
        "notes": report.notes,
        "findings": report.findings,
        "excused": report.excused.iter().map(excused).collect::<Vec<_>>(),
        "changes": report.changes,
        "cells": report.cells,
        "seconds": report.duration.as_secs_f64(),
    });
    serde_json::to_writer_pretty(&mut *out, &value)?;
    writeln!(out)
}

/// A finding that does not count, and who says so.
fn excused(excused: &Excused) -> Value {
    let by = match &excused.by {
        By::Waiver(place, reason) => json!({"waiver": place, "reason": reason}),
        By::Gitleaks => json!({"comment": "gitleaks:allow"}),
        By::Baseline => json!({"baseline": true}),
    };
    json!({"by": by, "finding": excused.finding})
}
