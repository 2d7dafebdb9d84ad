//! Git, asked in short commands.

use std::path::Path;

use checks::waivers::Date;
use xshell::{Shell, cmd};

/// The day on which HEAD was committed.
///
/// # Errors
/// Why there is none, in words.
pub fn commit_date(root: &Path) -> Result<Date, String> {
    let shell = Shell::new().map_err(|e| e.to_string())?;
    let asked = cmd!(shell, "git -C {root} log -1 --no-show-signature --format=%cs HEAD --");
    let output = asked.env("LC_ALL", "C").quiet().ignore_status().output().map_err(|_| "there is no git".to_owned())?;
    let said = String::from_utf8_lossy(&output.stdout);
    if let Ok(date) = said.trim().parse() {
        return Ok(date);
    }
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    let reason = words.lines().find(|l| l.starts_with("fatal: ")).unwrap_or("git names no date");
    Err(match reason.trim_start_matches("fatal: ") {
        reason if reason.starts_with("not a git repository") => "this is no git repository".to_owned(),
        reason if reason.contains("bad revision") || reason.contains("ambiguous argument") => {
            "there is no commit yet".to_owned()
        }
        reason => reason.to_owned(),
    })
}
