//! Scan folders, files or standard input for credentials. Needs no matrix file.

mod files;
mod scan;
mod told;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};

use self::scan::{Scan, Told, Totals};
use self::told::{Form, Spool};
use super::{Outcome, colours, to_file, to_pipe, to_stdout};
use crate::cli::{FailOn, Format, Global};
use crate::report::human::several;
use crate::report::redact::mask_key;
use crate::report::sarif;
use crate::run::process;

/// Runs the command.
pub fn run(global: &Global, paths: &[PathBuf]) -> Outcome {
    let started = Instant::now();
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here[..] } else { paths };
    let cores = || std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let threads = global.jobs.map_or_else(cores, usize::from);
    let mut troubles = Vec::new();
    let files = files::files(paths, threads, &mut troubles)?;
    if files.is_empty() {
        // A scan of nothing would look like one without findings.
        let named: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        troubles.push(format!(
            "no file to scan in {}\n  help: name a folder that holds files; what .gitignore names is scanned only when it is named itself",
            named.join(", ")
        ));
    }
    let to_people = global.report.iter().all(|to| to.file.is_some());
    let formats = global.report.iter().map(|to| to.format).chain(to_people.then_some(Format::Human));
    let forms: BTreeSet<Form> = formats.flat_map(|format| forms(format).iter().copied()).collect();
    let Told { totals, mut spool, human, redactor } =
        Scan::new(&files, forms.into_iter().collect(), global.verbose > 0, colours(), mask_key()).run(threads);
    troubles.extend(totals.troubles.iter().map(|(_, trouble)| trouble.clone()));
    if process::cancelled() {
        troubles.push("stopped before all files were scanned".to_owned());
    }
    let failed = totals.errors > 0 || (global.fail_on == FailOn::Warning && totals.warnings > 0);
    let code = if troubles.is_empty() { u8::from(failed) } else { 2 };
    let report = Report { totals: &totals, troubles: &troubles, code, seconds: started.elapsed() };
    for to in &global.report {
        let write = |out: &mut dyn Write| match to.format {
            Format::Human => report.human(&mut spool, human, global.verbose > 0, out),
            Format::Json => report.json(&mut spool, out),
            Format::Sarif => sarif::write_with(&troubles, out, |out| spool.copy(Form::Sarif, b",\n", out)),
        };
        match (&to.file, to.format) {
            (Some(file), _) => to_file(file, &redactor, write)?,
            (None, Format::Human) => to_stdout(&redactor, write)?,
            (None, Format::Json | Format::Sarif) => to_pipe(&redactor, write)?,
        }
    }
    if to_people {
        to_stdout(&redactor, |out| report.human(&mut spool, human, global.verbose > 0, out))?;
    }
    Ok(code)
}

/// The forms in which a format may tell findings.
fn forms(format: Format) -> &'static [Form] {
    match format {
        Format::Human => &[Form::Block, Form::Line],
        Format::Json => &[Form::Json],
        Format::Sarif => &[Form::Sarif],
    }
}

/// What is said beside the findings.
struct Report<'a> {
    totals: &'a Totals,
    troubles: &'a [String],
    code: u8,
    seconds: Duration,
}

impl Report<'_> {
    fn human(&self, spool: &mut Spool, form: Form, verbose: bool, out: &mut dyn Write) -> io::Result<()> {
        const RED: Style = AnsiColor::Red.on_default().bold();
        const GREEN: Style = AnsiColor::Green.on_default().bold();
        const DIM: Style = Style::new().dimmed();
        spool.copy(form, b"", out)?;
        if form == Form::Line {
            writeln!(out)?;
        }
        for trouble in self.troubles {
            writeln!(out, "{RED}error{RED:#}: {trouble}\n")?;
        }
        if verbose {
            for (_, binary) in &self.totals.binary {
                writeln!(out, "  {DIM}note{DIM:#}    binary, not scanned: {binary}")?;
            }
        }
        let Totals { errors, warnings, excused, files, bytes, .. } = *self.totals;
        let what = match (errors, warnings) {
            (0, 0) if files == 0 => "nothing was scanned".to_owned(),
            (0, 0) => "no credentials found".to_owned(),
            (0, w) => several(w, "warning", "warnings"),
            (e, 0) => several(e, "error", "errors"),
            (e, w) => format!("{}, {}", several(e, "error", "errors"), several(w, "warning", "warnings")),
        };
        let binary = match self.totals.binary.len() {
            0 => String::new(),
            n => format!(" · {} skipped", several(n, "binary file", "binary files")),
        };
        let excused = match excused {
            0 => String::new(),
            n => format!(" · {n} excused by comments"),
        };
        let (style, word) = if self.code == 0 { (GREEN, "ok") } else { (RED, "failed") };
        #[allow(clippy::cast_precision_loss)]
        let size = bytes as f64 / 1e6;
        writeln!(
            out,
            "  {style}{word:<6}{style:#}  {what} · {}, {size:.1} MB{binary}{excused}   {DIM}{:.1} s{DIM:#}",
            several(files, "file", "files"),
            self.seconds.as_secs_f64()
        )?;
        if self.code == 1
            && let Some((.., rule)) = &self.totals.first
        {
            writeln!(out, "  {0}next{0:#}    cargo xtask explain {rule}", Style::new().bold())?;
        }
        Ok(())
    }

    /// As `--report json` of `validate`, without cells.
    fn json(&self, spool: &mut Spool, out: &mut dyn Write) -> io::Result<()> {
        let counts = serde_json::json!({
            "errors": self.totals.errors,
            "warnings": self.totals.warnings,
            "waived": self.totals.excused,
            "files": self.totals.files,
            "bytes": self.totals.bytes,
            "binary": self.totals.binary.len(),
        });
        let binary: Vec<&str> = self.totals.binary.iter().map(|(_, file)| file.as_str()).collect();
        let (troubles, binary) = (serde_json::json!(self.troubles), serde_json::json!(binary));
        writeln!(
            out,
            "{{\"version\":1,\"counts\":{counts},\"troubles\":{troubles},\"binary\":{binary},\"findings\":["
        )?;
        spool.copy(Form::Json, b",\n", out)?;
        writeln!(out, "\n],\"changes\":[],\"cells\":[],\"seconds\":{}}}", self.seconds.as_secs_f64())
    }
}
