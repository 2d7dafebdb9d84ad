//! `--report json`: version 1 of our own format, as its schema in docs/ says.

use std::io::{self, Write};

use checks::model::Severity;
use serde_json::json;

use super::Report;

/// Writes the report.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let statuses = report.statuses();
    let value = json!({
        "version": 1,
        "helm": report.helm,
        "counts": {
            "cells": report.cells.len(),
            "off": report.off,
            "errors": report.count(Severity::Error),
            "warnings": report.count(Severity::Warning),
            "changes": report.changes.len(),
            "statuses": statuses.iter().map(|(k, v)| (json!(k).as_str().unwrap_or_default().to_owned(), *v))
                .collect::<std::collections::BTreeMap<_, _>>(),
        },
        "troubles": report.troubles,
        "findings": report.findings,
        "changes": report.changes,
        "cells": report.cells,
        "seconds": report.duration.as_secs_f64(),
    });
    serde_json::to_writer_pretty(&mut *out, &value)?;
    writeln!(out)
}
