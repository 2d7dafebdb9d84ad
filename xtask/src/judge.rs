//! One cell: rendered, compared with its golden, kept for review, dropped.

use std::path::{Path, PathBuf};

use checks::facts::Facts;
use checks::hidden::{inputs_secrets, secret_values};
use checks::model::{Cell, Place};
use checks::object;
use checks::rules;
use finding::{Finding, RenderPlace};
use leaks::Redactor;

use crate::changes::{self, ObjectChange};
use crate::engine::Engine;
use crate::engine::leaks::Rendered;
use crate::golden::compare::{self, Comparison};
use crate::golden::write;
use crate::guard;
use crate::helm::render::{Renderer, Status};
use crate::helm::words;
use crate::report::{CellResult, CellStatus};

/// What all cells are judged with.
pub struct Judge<'a> {
    /// Runs the rules of a cell.
    pub engine: &'a Engine<'a>,
    /// Renders.
    pub renderer: Renderer<'a>,
    /// Whether the pinned Helm renders.
    pub same_helm: bool,
    /// Where changed renders are kept; nowhere when `None`.
    pub pending: Option<PathBuf>,
    /// The build folder.
    pub target: &'a Path,
}

/// What became of a cell.
pub struct Judged {
    /// For the report.
    pub result: CellResult,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Credentials in the render.
    pub leaks: Vec<Rendered>,
    /// What is known of the cell, when it rendered.
    pub facts: Option<Facts>,
    /// How the render differs from the golden.
    pub changes: Vec<ObjectChange>,
    /// Why the cell could not be judged.
    pub trouble: Option<String>,
    /// Values that no output may show.
    pub secrets: Vec<String>,
    /// Why the changed render could not be kept.
    pub note: Option<String>,
}

/// What is known of a cell that is not judged itself.
pub struct Other {
    /// Its facts, when it rendered.
    pub facts: Option<Facts>,
    /// Whether it is its golden.
    pub equal: bool,
}

impl Judge<'_> {
    /// Judges a cell.
    pub fn cell(&self, cell: &Cell) -> Judged {
        let render = self.renderer.template(cell);
        let result =
            |status| CellResult { name: cell.name(), status, seconds: render.duration.as_secs_f64(), cached: false };
        let mut judged = Judged {
            result: result(CellStatus::Broken),
            findings: Vec::new(),
            leaks: Vec::new(),
            facts: None,
            changes: Vec::new(),
            trouble: None,
            secrets: Vec::new(),
            note: None,
        };
        match &render.status {
            Status::Rendered => {
                let text = String::from_utf8_lossy(&render.stdout);
                let (objects, _) = object::objects(&text, &cell.namespace);
                judged.facts = Some(Facts::of(cell, &objects));
                judged.findings = self.engine.cell(cell, &objects, &text);
                judged.leaks = self.engine.rendered_leaks(cell, &objects, &text);
                judged.result.status = self.compare(cell, &render.stdout, &text, &mut judged);
            }
            Status::Refused => {
                judged.result = result(CellStatus::Failed);
                let redactor = guard::redactor_of(self.engine, cell);
                judged.findings.push(words::explain(&self.renderer, cell, &render, &redactor));
            }
            Status::TooLarge => {
                judged.result = result(CellStatus::Failed);
                let message = format!("the chart renders to more than {} MiB", crate::helm::render::MAX_RENDER >> 20);
                judged.findings.extend(finding("render/too-large", message).map(|f| {
                    f.at(Place::file(format!("{}/Chart.yaml", cell.chart)))
                        .help("look at the loops of its templates")
                        .cell(cell.name())
                }));
            }
            Status::TimedOut => {
                judged.trouble = Some(self.scrubbed(cell, &format!(
                    "{}: Helm was stopped after {} s, so this cell was not judged\n  help: give it longer with --timeout, or see \
                     what it does: {}",
                    cell.name(),
                    self.renderer.timeout.as_secs_f64(),
                    self.renderer.command(cell)
                )));
            }
            Status::Died(how) => {
                let last = last_word(&render.stderr);
                let last = if last.is_empty() { String::new() } else { format!(": {last}") };
                judged.trouble = Some(self.scrubbed(
                    cell,
                    &format!(
                        "{}: Helm ended without a verdict ({how}){last}\n  help: repeat it with: {}",
                        cell.name(),
                        self.renderer.command(cell)
                    ),
                ));
            }
            Status::NotRun { why, help } => {
                let words = format!("{}: {why}, so this cell was not judged\n  help: {help}", cell.name());
                judged.trouble = Some(self.scrubbed(cell, &words));
            }
            Status::Cancelled => {}
        }
        judged
    }

    /// Renders a cell that is not judged itself, for what is known of it.
    pub fn other(&self, cell: &Cell) -> Other {
        let render = self.renderer.template(cell);
        if render.status != Status::Rendered {
            return Other { facts: None, equal: false };
        }
        let (objects, _) = object::objects(&String::from_utf8_lossy(&render.stdout), &cell.namespace);
        let compared = compare::compare(self.renderer.root, cell, &render.stdout, self.same_helm);
        Other { facts: Some(Facts::of(cell, &objects)), equal: compared == Comparison::Equal }
    }

    /// Words with Helm's own in them, with all that nobody shall read masked.
    fn scrubbed(&self, cell: &Cell, words: &str) -> String {
        guard::redactor_of(self.engine, cell).scrub(words).into_owned()
    }

    fn compare(&self, cell: &Cell, bytes: &[u8], text: &str, judged: &mut Judged) -> CellStatus {
        let name = cell.name();
        let (status, finding) = match compare::compare(self.renderer.root, cell, bytes, self.same_helm) {
            Comparison::Equal => return CellStatus::Equal,
            Comparison::Differs(golden) => {
                let mut secrets = secret_values(&object::objects(&golden, &cell.namespace).0);
                secrets.extend(secret_values(&object::objects(text, &cell.namespace).0));
                let mut inputs = inputs_secrets(cell, self.engine.matrix, self.engine.sources);
                inputs.extend(judged.leaks.iter().flat_map(Rendered::secrets).map(|s| s.expose().to_owned()));
                // The golden may be older than the rule that would refuse it.
                let (objects, _) = object::objects(&golden, &cell.namespace);
                let old = self.engine.rendered_leaks(cell, &objects, &golden);
                inputs.extend(old.iter().flat_map(Rendered::secrets).map(|s| s.expose().to_owned()));
                let redactor = Redactor::with(&secrets, &inputs);
                judged.changes = changes::diff(&golden, text, &cell.namespace, &redactor);
                secrets.extend(inputs);
                judged.secrets = secrets;
                let finding = finding("golden/differs", "the render is not its golden").map(|f| {
                    let object = judged.changes.first().map(|c| c.object.clone()).unwrap_or_default();
                    f.at(Place::file(&cell.golden)).help(format!("cargo xtask bless {name}")).shown(RenderPlace {
                        cell: name.clone(),
                        object,
                        ..RenderPlace::default()
                    })
                });
                (CellStatus::Differs, finding)
            }
            Comparison::Missing => {
                let help =
                    format!("look at it with `cargo xtask render {name}`, accept it with `cargo xtask bless {name}`");
                let finding = finding("golden/missing", format!("{} does not exist", cell.golden));
                (
                    CellStatus::Missing,
                    finding.map(|f| f.at(cell.place.clone()).label("its golden").help(help).cell(&name)),
                )
            }
            Comparison::Unreadable(why) => {
                judged.trouble =
                    Some(format!("{}: the golden cannot be read: {why}\n  help: make the file readable", cell.golden));
                return CellStatus::Broken;
            }
        };
        judged.findings.extend(finding);
        if let Some(pending) = self.pending.as_ref().filter(|_| !judged.leaks.iter().any(Rendered::is_secret)) {
            let path = pending.join(&cell.env).join(format!("{}.yaml", cell.release));
            if let Err(error) = write::own_folder(pending).and_then(|()| write::through(&path, bytes, self.target)) {
                judged.note = Some(format!("changed renders could not be kept below {}: {error}", pending.display()));
            }
        }
        status
    }
}

/// Why a process died, out of a dump of Go's runtime or, where there is none, its last line.
fn last_word(stderr: &str) -> &str {
    let lines = || stderr.lines().map(str::trim).filter(|l| !l.is_empty());
    let told = lines().find(|l| l.starts_with("fatal error: ") || l.starts_with("panic: "));
    told.or_else(|| lines().next_back()).unwrap_or_default()
}

fn finding(id: &str, message: impl Into<String>) -> Option<Finding> {
    rules::find(id).map(|rule| rule.finding(message))
}
