//! Keeps credentials where they are: what leaks becomes no golden, and is printed only when that is asked for.

use checks::hidden::inputs_secrets;
use checks::model::Cell;
use checks::object;
use finding::Finding;
use leaks::{Hidden, Redactor};

use crate::engine::Engine;
use crate::engine::leaks::{InSources, Rendered};
use crate::excuse::Excuses;

/// What a render is looked through with.
pub struct Guard<'a> {
    /// Scans renders.
    pub engine: &'a Engine<'a>,
    /// The credentials of all sources.
    pub in_sources: &'a InSources,
    /// Waivers.
    pub excuses: &'a Excuses,
}

impl Guard<'_> {
    /// The credentials in a render that nothing excuses.
    pub fn leaks(&self, cell: &Cell, text: &str) -> Vec<Finding> {
        let (objects, _) = object::objects(text, &cell.namespace);
        let mut leaks = self.engine.rendered_leaks(cell, &objects, text);
        leaks.retain(Rendered::is_secret);
        self.excuses.unwaived(self.engine.matrix, self.engine.traced(cell, leaks, self.in_sources))
    }

    /// Why a render must not become a golden, if it leaks.
    pub fn refusal(&self, cell: &Cell, text: &str) -> Option<String> {
        let findings = self.leaks(cell, text);
        let first = findings.first()?;
        let place = first.place.as_ref().map(|p| format!(" ({}:{})", p.file, p.line)).unwrap_or_default();
        let more = if findings.len() > 1 { format!(", and {} more", findings.len() - 1) } else { String::new() };
        Some(format!(
            "it leaks: {}{place}{more}; `cargo xtask validate {}` says what to do",
            first.message,
            cell.name()
        ))
    }
}

/// What no output about any cell may show, as far as the sources tell.
pub fn redactor(in_sources: &InSources) -> Redactor {
    Redactor::judging(in_sources.values().flatten().flat_map(|l| &l.secrets).map(Hidden::expose))
}

/// What no output about one cell may show, its values included.
pub fn redactor_of(engine: &Engine<'_>, cell: &Cell) -> Redactor {
    Redactor::judging(inputs_secrets(cell, engine.matrix, engine.sources))
}
