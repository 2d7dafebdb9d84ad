//! A finding in the shape of a compiler's: rule, message, the line itself, notes, the next step.

use std::borrow::Cow;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use checks::model::{Place, Severity};
use finding::Finding;

use super::cut;
pub use super::lines::Sources;

/// Characters of a long line that are shown.
const WIDTH: usize = 120;
/// Cells that are named before the rest is counted.
const CELLS: usize = 9;
/// The block of one finding, with colours.
pub fn block(finding: &Finding, sources: &Sources<'_>) -> String {
    let level = if finding.severity == Severity::Warning { Level::WARNING } else { Level::ERROR };
    let gutter = gutter(finding);
    let fit = |text: &str| match sources.width() {
        Some(width) => cut::wrapped(&clean(text), width.saturating_sub(gutter)),
        None => clean(text).into_owned(),
    };
    let title = level.primary_title(clean(&finding.message)).id(finding.rule.clone());
    let mut group: Group<'_> = Group::with_title(title);
    if let Some(place) = &finding.place {
        group = show(group, place, &finding.label, AnnotationKind::Primary, sources, gutter);
    }
    for (place, label) in &finding.related {
        group = show(group, place, label, AnnotationKind::Context, sources, gutter);
    }
    if let Some(excerpt) = &finding.excerpt {
        group = group.element(Level::NOTE.no_name().message(fit(excerpt)));
    }
    for note in &finding.notes {
        group = group.element(Level::NOTE.no_name().message(fit(note)));
    }
    // A template in which something happens says less than an object in which it shows.
    let shown = finding.render.iter().find(|place| !place.object.is_empty()).or(finding.render.first());
    if let Some(place) = shown {
        group = group.element(Level::NOTE.no_name().message(fit(&rendered(place, finding.render.len()))));
    }
    if !finding.cells.is_empty() {
        group = group.element(Level::NOTE.no_name().message(fit(&format!("in {}", cells(finding.cells.iter())))));
    }
    if !finding.help.is_empty() {
        group = group.element(Level::HELP.message(fit(&finding.help)));
    }
    Renderer::styled().decor_style(DecorStyle::Unicode).render(&[group])
}

/// Columns that stand before the lines of a file and before the words of a help: the number of the line, the frame, `help: `.
fn gutter(finding: &Finding) -> usize {
    let places = finding.place.iter().chain(finding.related.iter().map(|(place, _)| place));
    places.map(|place| place.line).max().unwrap_or_default().to_string().len() + 9
}

fn rendered(place: &finding::RenderPlace, count: usize) -> String {
    if place.object.is_empty() {
        let template = place.template.as_deref().unwrap_or_default();
        let more = if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
        return format!("reached from template {template}{more}");
    }
    let mut text = format!("rendered into {}", place.object);
    if !place.path.is_empty() {
        text.push_str(&format!(", {}", place.path));
    }
    if let Some(template) = &place.template {
        text.push_str(&format!(" (template {template})"));
    }
    if count > 1 {
        text.push_str(&format!(", and {} more", count - 1));
    }
    text
}

/// Names of cells, the first few of many.
pub fn cells<'a>(names: impl ExactSizeIterator<Item = &'a String>) -> String {
    let total = names.len();
    let mut shown: Vec<&str> = names.take(CELLS).map(String::as_str).collect();
    let rest = format!("and {} more", total.saturating_sub(CELLS));
    if total > CELLS {
        shown.push(&rest);
    }
    shown.join("  ")
}

fn show<'a>(
    group: Group<'a>,
    place: &Place,
    label: &str,
    kind: AnnotationKind,
    sources: &Sources<'_>,
    gutter: usize,
) -> Group<'a> {
    let Some((line, place)) = sources.line(place) else {
        let mut origin = Origin::path(place.file.clone());
        if place.line > 0 {
            origin = origin.line(place.line).char_column(place.column.max(1));
        }
        return group.element(origin);
    };
    let width = sources.width().map_or(WIDTH, |width| width.saturating_sub(gutter).min(WIDTH));
    let (line, start, end, skipped) = window(&line, &place, width);
    // A label that does not fit beside its mark stands below.
    let room =
        sources.width().is_none_or(|width| gutter + line[..end].chars().count() + 1 + label.chars().count() <= width);
    let (label, below) = if room { (label, "") } else { ("", label) };
    let mut annotation = kind.span(start..end);
    if !label.is_empty() {
        annotation = annotation.label(clean(label));
    }
    let snippet = Snippet::source(line).line_start(place.line).annotation(annotation);
    let below = (!below.is_empty()).then(|| cut::wrapped(&clean(below), width));
    let below = below.map(|below| Level::NOTE.no_name().message(below));
    if skipped == 0 {
        return group.element(snippet.path(place.file.clone())).elements(below);
    }
    // Of a long line a part is shown; the place is told in the whole line all the same.
    let origin = Origin::path(place.file.clone()).line(place.line).char_column(place.column);
    group.element(origin).element(snippet).elements(below)
}

/// The part of a line that is shown, with the byte range of the place inside it, and how many characters before it are not.
fn window(line: &str, place: &Place, width: usize) -> (String, usize, usize, usize) {
    let line = line.trim_end_matches(['\r', '\n']);
    let count = line.chars().count();
    let whole = place.end_column <= 1 && place.column <= 1 && place.end_line <= place.line;
    let indent = line.chars().take_while(|c| c.is_whitespace()).count();
    let start = if whole { indent } else { place.column.saturating_sub(1).min(count) };
    let end =
        if !whole && place.end_line == place.line { place.end_column.saturating_sub(1).min(count) } else { count };
    let end = end.max((start + 1).min(count)).max(start);
    let (skip, start, end) = if count > width {
        let skip = start.saturating_sub(width / 3);
        (skip, start - skip, (end - skip).min(width))
    } else {
        (0, start, end)
    };
    let part = line.chars().skip(skip).take(width).map(|c| if c.is_control() && c != '\t' { '·' } else { c });
    let (before, after) = (if skip > 0 { "…" } else { "" }, if count > skip + width { "…" } else { "" });
    let shown: String = before.chars().chain(part).chain(after.chars()).collect();
    let moved = before.chars().count();
    let byte = |column: usize| shown.char_indices().nth(column + moved).map_or(shown.len(), |(i, _)| i);
    let (start, end) = (byte(start), byte(end));
    (shown, start, end, skip)
}

/// Text from outside without control characters, which could move the cursor or forge lines, and without lines of no end.
fn clean(text: &str) -> Cow<'static, str> {
    Cow::Owned(cut::message(text).chars().map(|c| if c.is_control() && c != '\n' { '·' } else { c }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_its_place() {
        let line = format!("{}needle{}", "x".repeat(5000), "y".repeat(5000));
        let place = Place { file: "f".into(), line: 1, column: 5001, end_line: 1, end_column: 5007 };
        let (shown, start, end, _) = window(&line, &place, WIDTH);
        assert_eq!(&shown[start..end], "needle");
        assert!(shown.starts_with("…x") && shown.ends_with("y…"), "{shown}");
        assert_eq!(shown.chars().count(), WIDTH + 2);
    }

    #[test]
    fn a_block_fits_its_terminal() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("f.yaml"), format!("key: {} {}\n", "v".repeat(90), "w ".repeat(90))).unwrap();
        let place = Place { file: "f.yaml".into(), line: 1, column: 1, end_line: 1, end_column: 4 };
        let mut finding = Finding::new("leaks/jwt", Severity::Error, "a token").at(place.clone());
        finding = finding
            .label("one word after the other ".repeat(8).trim())
            .related(place, "the same, told ".repeat(8).trim());
        finding = finding.note("as it is known ".repeat(10).trim()).help("do this and that ".repeat(10).trim());
        finding.cells = (0..9).map(|n| format!("staging/release-{n}")).collect();
        let redactor = leaks::Redactor::default();
        for width in [60, 80, 100] {
            let sources = Sources::new(folder.path(), &redactor).within(Some(width));
            let text = anstream::adapter::strip_str(&block(&finding, &sources)).to_string();
            assert!(text.lines().all(|line| line.chars().count() <= width), "{width}:\n{text}");
            assert!(text.contains("help: do this") && text.contains("vv"), "{text}");
        }
    }

    #[test]
    fn a_place_past_the_end_of_its_line_is_no_panic() {
        let place = Place { file: "f".into(), line: 1, column: 50, end_line: 1, end_column: 60 };
        assert_eq!(window("short", &place, WIDTH).1, 5);
        assert_eq!(window("", &place, WIDTH).1, 0);
    }
}
