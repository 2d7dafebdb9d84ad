//! A text in the lines of templates: which of the lines that hold it gave it to an object.
//!
//! Comments are passed over, and a name inside a longer name is another name.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use super::positions;
use crate::model::{Cell, Place};
use crate::sources::{SourceKind, Sources};
use crate::template::{span, without_comments};

/// What is looked for, and all that is known of the object that has it.
#[derive(Clone, Copy, Default)]
pub(super) struct Wanted<'a> {
    /// The text.
    pub text: &'a str,
    /// Where it stands in the object, as a dotted path; empty when that is not known.
    pub path: &'a str,
    /// The object's kind; may be empty.
    pub kind: &'a str,
    /// The object's name; may be empty.
    pub name: &'a str,
}

/// One place that holds the text.
struct Hit<'a> {
    path: &'a str,
    text: &'a str,
    range: Range<usize>,
    /// Whether the part of the template around it makes the object: 0 for another's, 1 where nothing tells, 2 for its kind, 3 for
    /// its kind and name.
    own: u8,
    /// How many of the last steps of the path stand around it.
    steps: usize,
    /// The text is all that the line says, at a place that cannot be another's.
    certain: bool,
}

/// The templates that can have given an object a text: its own, and the partials that it includes.
pub(super) struct Lines<'a> {
    own: Vec<Part<'a>>,
    partials: Vec<Part<'a>>,
}

/// A document of a template, or one `define` of a partial.
struct Part<'a> {
    path: &'a str,
    text: &'a str,
    code: Rc<str>,
    range: Range<usize>,
}

impl<'a> Lines<'a> {
    /// Reads them.
    pub(super) fn of(sources: &'a Sources, cell: &Cell, template: &'a str) -> Self {
        let Some(text) = sources.get(template).and_then(|source| source.text()) else {
            return Self { own: Vec::new(), partials: Vec::new() };
        };
        let own = parts(template, text, "\n---");
        let partials = own.first().map(|part| reached(sources, cell, &part.code)).unwrap_or_default();
        Self { own, partials }
    }

    /// The line that certainly gave the text: it says nothing else, at the object's path.
    pub(super) fn certain(&self, wanted: Wanted<'_>) -> Option<Place> {
        let certain = |parts| hits(parts, wanted).filter(|hit| hit.certain && hit.own > 0).collect();
        best(certain(&self.own), false).or_else(|| best(certain(&self.partials), true))
    }

    /// The line of the object's own template that fits best; `made` leaves out what belongs to another object or may do so.
    pub(super) fn own(&self, wanted: Wanted<'_>, made: bool) -> Option<Place> {
        let least = if made { 2 } else { 1 };
        best(hits(&self.own, wanted).filter(|hit| hit.own >= least).collect(), false)
    }

    /// The line of the partials that fits best, if no other does as well: which of two is meant cannot be known.
    pub(super) fn partial(&self, wanted: Wanted<'_>) -> Option<Place> {
        best(hits(&self.partials, wanted).collect(), true)
    }

    /// A line of the object's own template that belongs to another object.
    pub(super) fn anywhere(&self, wanted: Wanted<'_>) -> Option<Place> {
        best(hits(&self.own, wanted).collect(), false)
    }

    /// The line of the object's own template, or else of a partial, whose action prints what stands at the object's path.
    pub(super) fn action(&self, wanted: Wanted<'_>, of_partials: bool) -> Option<Place> {
        let own = best(actions(&self.own, wanted), true);
        own.or_else(|| best(actions(&self.partials, wanted), true).filter(|_| of_partials))
    }

    /// The line that says the object's kind.
    pub(super) fn kind(&self, kind: &str) -> Option<Place> {
        let wanted = Wanted { text: kind, path: "kind", ..Wanted::default() };
        best(hits(&self.own, wanted).filter(|hit| hit.certain).collect(), false)
    }
}

fn actions<'a>(parts: &'a [Part<'_>], wanted: Wanted<'a>) -> Vec<Hit<'a>> {
    hits(parts, Wanted { text: "{{", ..wanted }).filter(|hit| hit.certain && hit.own > 0).collect()
}

/// The best of several places; `alone` when it must have no equal.
fn best(hits: Vec<Hit<'_>>, alone: bool) -> Option<Place> {
    let rank = |hit: &Hit<'_>| (hit.own, hit.steps, hit.certain);
    let most = hits.iter().map(rank).max()?;
    let mut equal = hits.into_iter().filter(|hit| rank(hit) == most);
    let first = equal.next()?;
    if alone && equal.next().is_some() { None } else { Some(Place::new(first.path, span(first.text, &first.range))) }
}

/// A template cut at the starts of its documents or definitions.
fn parts<'a>(path: &'a str, text: &'a str, cut: &str) -> Vec<Part<'a>> {
    let code: Rc<str> = without_comments(text).into();
    let mut starts: Vec<usize> = code.match_indices(cut).map(|(at, _)| at).collect();
    starts.insert(0, 0);
    let ends = starts.iter().skip(1).copied().chain([code.len()]);
    let ranges: Vec<Range<usize>> = starts.iter().zip(ends).map(|(start, end)| *start..end).collect();
    ranges.into_iter().map(|range| Part { path, text, code: code.clone(), range }).collect()
}

/// The definitions that a template includes, at any distance.
fn reached<'a>(sources: &'a Sources, cell: &Cell, code: &str) -> Vec<Part<'a>> {
    let name = cell.name();
    let partial = |path: &str| path.rsplit('/').next().is_some_and(|file| file.starts_with('_'));
    let files = sources
        .iter()
        .filter(|(path, source)| source.kind == SourceKind::Template && source.cells.contains(&name) && partial(path));
    let mut defined: BTreeMap<String, Vec<Part<'a>>> = BTreeMap::new();
    for part in files.filter_map(|(path, source)| Some(parts(path, source.text()?, "define \""))).flatten() {
        let Some(rest) = part.code[part.range.clone()].strip_prefix("define \"") else { continue };
        let name = rest.split('"').next().unwrap_or_default().to_owned();
        defined.entry(name).or_default().push(part);
    }
    let mut found = Vec::new();
    let mut open: BTreeSet<String> = named(code);
    while let Some(name) = open.pop_first() {
        let Some(parts) = defined.remove(&name) else { continue };
        for part in parts {
            open.extend(named(&part.code[part.range.clone()]));
            found.push(part);
        }
    }
    found
}

/// The texts in double quotes.
fn named(code: &str) -> BTreeSet<String> {
    code.lines().flat_map(|line| line.split('"').skip(1).step_by(2)).map(str::to_owned).collect()
}

fn hits<'a>(parts: &'a [Part<'a>], wanted: Wanted<'a>) -> impl Iterator<Item = Hit<'a>> + 'a {
    parts.iter().flat_map(move |part| {
        let code = &part.code[part.range.clone()];
        let own = own(code, wanted);
        let whole_words: Box<dyn Iterator<Item = usize>> = if wanted.text == "{{" {
            Box::new(code.match_indices("{{").map(|(at, _)| at))
        } else {
            Box::new(
                positions(code, wanted.text)
                    .filter(move |at| wanted.path.is_empty() || stands_alone(code, *at, wanted.text)),
            )
        };
        whole_words.filter_map(move |at| {
            let around = around(code, at);
            let start = code[..at].rfind('\n').map_or(0, |start| start + 1);
            let line = code[start..].lines().next().unwrap_or_default();
            let value = value(line);
            let steps = steps(wanted.path, &around);
            let (whole, at, text) = match wanted.text {
                // An action with all that is printed around it, once a line.
                "{{" => (
                    value.contains("{{") && !code[start..at].contains("{{"),
                    start + line.find(value).unwrap_or(0),
                    value,
                ),
                text => (value.trim_matches(['"', '\'']) == text, at, text),
            };
            // All that another field says.
            if whole && steps == 0 && around.len() > 1 && !wanted.path.is_empty() {
                return None;
            }
            let from = part.range.start + at;
            let range = from..from + text.len();
            Some(Hit {
                path: part.path,
                text: part.text,
                range,
                own,
                steps,
                certain: whole && tells(steps, around.last()),
            })
        })
    })
}

/// Whether a name is no part of an image, a URL or a dotted path.
fn stands_alone(code: &str, at: usize, text: &str) -> bool {
    !code[..at].ends_with(['/', '.', ':', '@']) && !code[at + text.len()..].starts_with(['/', '.', '@'])
}

/// Whether the steps that agree are enough: `name` alone is everywhere.
fn tells(steps: usize, last: Option<&String>) -> bool {
    steps > 1 || steps == 1 && last.is_some_and(|last| !matches!(last.as_str(), "name" | "key"))
}

fn own(code: &str, wanted: Wanted<'_>) -> u8 {
    let mut kinds = code.lines().filter_map(|line| line.strip_prefix("kind:")).map(str::trim).peekable();
    match () {
        () if wanted.kind.is_empty() || kinds.peek().is_none() => 1,
        () if !kinds.any(|kind| kind == wanted.kind) => 0,
        () if positions(code, wanted.name).next().is_some() => 3,
        () => 2,
    }
}

/// How many of the last steps of a path agree with the keys around a line. A path may end above the scalar that it means.
fn steps(path: &str, around: &[String]) -> usize {
    let path: Vec<&str> = path.split('.').map(|step| step.split('[').next().unwrap_or_default()).collect();
    let agree = |around: &[String]| path.iter().rev().zip(around.iter().rev()).take_while(|(a, b)| *a == b).count();
    let above = around.split_last().map_or(0, |(_, above)| agree(above));
    agree(around).max(if above > 0 { above + 1 } else { 0 })
}

/// The keys that lead to a place of a text, the outermost first.
fn around(code: &str, at: usize) -> Vec<String> {
    let start = code[..at].rfind('\n').map_or(0, |start| start + 1);
    let line = code[start..].lines().next().unwrap_or_default();
    let mut found = Vec::new();
    let mut indent = usize::MAX;
    for line in std::iter::once(line).chain(code[..start].lines().rev()) {
        for (at, key) in keys(line).into_iter().rev() {
            if at < indent {
                indent = at;
                found.extend(key.map(str::to_owned));
            }
        }
        if indent == 0 {
            break;
        }
    }
    found.reverse();
    found
}

/// The dashes and the key that a line begins with, each with its column.
fn keys(line: &str) -> Vec<(usize, Option<&str>)> {
    let mut found = Vec::new();
    let mut rest = line.trim_start();
    while let Some(inner) = rest.strip_prefix("- ") {
        // What is below the dash is below the key of the list, which may stand in the dash's column.
        found.push((line.len() - rest.len() + 1, None));
        rest = inner.trim_start();
    }
    let key = rest.split_once(':').filter(|(_, after)| after.is_empty() || after.starts_with(char::is_whitespace));
    if let Some((key, _)) = key.filter(|(key, _)| !key.is_empty() && !key.contains([' ', '{', '"'])) {
        found.push((line.len() - rest.len(), Some(key)));
    }
    found
}

/// What a line says behind its key and dashes.
fn value(line: &str) -> &str {
    let mut rest = line.trim();
    while let Some(inner) = rest.strip_prefix("- ") {
        rest = inner.trim_start();
    }
    let after = rest.split_once(':').filter(|(key, _)| !key.contains([' ', '{', '"'])).map(|(_, after)| after);
    after.filter(|after| after.starts_with(' ')).map_or(rest, str::trim)
}
