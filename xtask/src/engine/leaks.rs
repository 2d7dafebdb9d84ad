//! Joins what the leak scan finds in renders with the sources: the finding of a rendered credential points to the line that a
//! person must edit, and one secret is one finding, however often it was rendered.

use std::collections::{BTreeMap, HashMap};

use checks::chart::is_of_others;
use checks::model::{Cell, Place};
use checks::object::Object;
use checks::part;
use checks::rules::leaks::{finding, in_render};
use checks::sources::{Source, SourceKind};
use finding::Finding;
use leaks::{self, Hidden, Leak, LeakRule, ScanFile};

use super::Engine;

/// Values shorter than this are looked up in no source: they would be found everywhere.
const SHORTEST: usize = 4;
/// The name under which a render is scanned: it says that the text is YAML.
const RENDER: &str = "render.yaml";

/// A credential in a render.
pub struct Rendered {
    leak: Leak,
    finding: Finding,
}

impl Rendered {
    /// Whether a render with it must not be kept. A placeholder is no secret.
    pub fn is_secret(&self) -> bool {
        self.leak.rule != LeakRule::Placeholder
    }

    /// The values that no output may show.
    pub fn secrets(&self) -> impl Iterator<Item = &Hidden> {
        self.leak.secrets.iter()
    }
}

/// The credentials of all sources, by path.
pub type InSources = BTreeMap<String, Vec<Leak>>;

impl Engine<'_> {
    /// The credentials in one file, whichever rules are looked for: no output may show them. The fixtures of a development environment hold made-up ones by design.
    pub(super) fn leaks(&self, path: &str, source: &Source) -> Vec<Leak> {
        let fixtures = self.matrix.environments.iter().any(|e| e.fixtures.as_deref() == Some(path));
        if fixtures || source.kind == SourceKind::Link {
            return Vec::new();
        }
        leaks::scan(&ScanFile { path, bytes: &source.bytes }, self.key).leaks
    }

    /// The credentials in a cell's render, whichever rules are looked for: with them it is kept nowhere.
    pub fn rendered_leaks(&self, cell: &Cell, objects: &[Object], render: &str) -> Vec<Rendered> {
        let found = leaks::scan(&ScanFile { path: RENDER, bytes: render.as_bytes() }, self.key).leaks;
        let findings = in_render(&found, objects, &cell.name(), self.matrix.secrets.as_ref());
        found.into_iter().zip(findings).map(|(leak, finding)| Rendered { leak, finding }).collect()
    }

    /// The findings of rendered credentials, each at the source line that a person must edit. Where the scan of the sources found
    /// the same secret, the finding is that one, and says where it is rendered.
    pub fn traced(&self, cell: &Cell, rendered: Vec<Rendered>, in_sources: &InSources) -> Vec<Finding> {
        let mut known: HashMap<&str, Vec<(&str, &Leak)>> = HashMap::new();
        for (path, leaks) in in_sources {
            let Some(source) = self.sources.get(path).filter(|s| s.cells.contains(&cell.name())) else { continue };
            // The pages of a chart of somebody else's show what people write; nothing is rendered from them.
            if source.kind == SourceKind::Other && !leaks.is_empty() && is_of_others(path, self.sources) {
                continue;
            }
            let in_part = cell.values.iter().any(|values| values.path == *path && values.part.is_some());
            let concerns = |leak: &Leak| {
                let text = source.text().unwrap_or_default();
                !in_part || part::cells_at(self.matrix, &source.cells, path, text, leak.line).contains(&cell.name())
            };
            for leak in leaks.iter().filter(|leak| concerns(leak)) {
                for secret in &leak.secrets {
                    known.entry(secret.expose()).or_default().push((path, leak));
                }
            }
        }
        let mut findings = Vec::new();
        for Rendered { leak, finding: mut shown } in rendered {
            let sources = leak.secrets.iter().find_map(|s| known.get(s.expose()));
            for place in &mut shown.render {
                let path = sources.and_then(|s| s.first()).map(|(file, source)| values_path(cell, file, &source.path));
                place.template = place.template.take().map(|t| self.template_line(cell, &t, path, leak.name()));
            }
            if let Some(sources) = sources {
                for (path, source) in sources {
                    let mut joined = finding(source, path, self.matrix.secrets.as_ref());
                    for place in &shown.render {
                        joined = joined.shown(place.clone());
                    }
                    findings.push(joined);
                }
                continue;
            }
            let template = shown.render.first().and_then(|r| r.template.clone());
            let place = leak.secrets.iter().find_map(|s| self.written_at(cell, s.expose()));
            findings.push(match place.or_else(|| template.as_deref().map(place_of)) {
                Some(place) => shown.at(place),
                None => shown.at(cell.place.clone()),
            });
        }
        findings
    }

    /// Where a value stands in the cell's sources: the last values file first, since it wins; then the chart.
    fn written_at(&self, cell: &Cell, value: &str) -> Option<Place> {
        if value.len() < SHORTEST {
            return None;
        }
        let values = cell.values.iter().rev().map(|v| v.path.as_str());
        let name = cell.name();
        let rank = |kind: SourceKind| match kind {
            SourceKind::ChartValues => 0,
            SourceKind::Template => 1,
            _ => 2,
        };
        let mut others: Vec<(&String, &Source)> =
            self.sources.iter().filter(|(_, s)| s.cells.contains(&name) && s.kind != SourceKind::Docs).collect();
        others.sort_by_key(|(path, s)| (rank(s.kind), *path));
        let all = values.filter_map(|path| self.sources.get_key_value(path)).chain(others);
        all.into_iter().find_map(|(path, source)| {
            let text = source.text()?;
            let at = text.find(value)?;
            Some(place_at(path, text, at, value.len()))
        })
    }

    /// `file:line` of the template that renders a value: the line that names the value's path, or the entry's name.
    fn template_line(&self, cell: &Cell, template: &str, value_path: Option<&str>, name: &str) -> String {
        let inside = template.split_once('/').map_or(template, |(_, inside)| inside);
        let wanted = format!("{}/{inside}", cell.chart);
        let real = self.root.join(&wanted).canonicalize().ok();
        let file = real.as_deref().and_then(|r| r.strip_prefix(self.root).ok()).and_then(|p| p.to_str());
        let Some((file, text)) =
            file.and_then(|f| self.sources.get_key_value(f)).and_then(|(f, s)| Some((f, s.text()?)))
        else {
            return wanted;
        };
        let path = value_path.filter(|p| !p.is_empty()).map(|p| format!(".Values.{p}"));
        let mut needles = path.as_deref().into_iter().chain((!name.is_empty()).then_some(name));
        let line = needles.find_map(|needle| text.lines().position(|l| l.contains(needle)));
        line.map_or_else(|| file.clone(), |line| format!("{file}:{}", line + 1))
    }
}

/// The path of a value among the cell's values, of one that stands in another tool's manifest.
fn values_path<'p>(cell: &Cell, file: &str, path: &'p str) -> &'p str {
    let part = cell.values.iter().filter(|values| values.path == file).find_map(|values| values.part.as_ref());
    let Some(part) = part else { return path };
    match path.split_once(" › ") {
        Some((_, inside)) => inside,
        None => {
            let above = part.at.trim_start_matches('/').replace('/', ".");
            path.strip_prefix(&above).and_then(|rest| rest.strip_prefix('.')).unwrap_or(path)
        }
    }
}

fn place_of(template: &str) -> Place {
    match template.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?))) {
        Some((file, line)) => Place::line(file, line),
        None => Place::file(template),
    }
}

fn place_at(path: &str, text: &str, at: usize, length: usize) -> Place {
    let line = text[..at].matches('\n').count() + 1;
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    let column = text[start..at].chars().count() + 1;
    let value = &text[at..at + length];
    // A value of several lines is told by its first.
    let width = value.lines().next().unwrap_or_default().chars().count();
    Place { file: path.to_owned(), line, column, end_line: line, end_column: column + width }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_a_place_in_characters() {
        let place = place_at("f", "a: 1\nü: secret\n", 9, 6);
        assert_eq!((place.line, place.column, place.end_column), (2, 4, 10));
        assert_eq!(place_of("a/b.yaml:7"), Place::line("a/b.yaml", 7));
        assert_eq!(place_of("a/b.yaml"), Place::file("a/b.yaml"));
    }
}
