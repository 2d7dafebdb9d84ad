//! How a render differs from its golden, object by object, and which cells differ in the same way.

use std::collections::{BTreeMap, BTreeSet};

use checks::object::{self, Identity, Object};
use leaks::Redactor;
use serde::Serialize;
use similar::TextDiff;

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// Only the render has it.
    Added,
    /// Only the golden has it.
    Removed,
    /// Both have it, with other contents.
    Changed,
    /// The same objects in another order, or text between them.
    Layout,
}

impl What {
    /// For sentences.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Layout => "moved",
        }
    }
}

/// The difference of one object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ObjectChange {
    /// What happened.
    pub what: What,
    /// `Kind namespace/name`; empty for [`What::Layout`].
    pub object: String,
    /// The template in which it is made.
    pub template: Option<String>,
    /// Lines of a unified diff, masked, without headers.
    pub diff: Vec<String>,
    /// Lines that were cut off.
    pub cut: usize,
}

/// The same differences in one or more cells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Cells, sorted.
    pub cells: BTreeSet<String>,
    /// Objects, in the order of their names.
    pub objects: Vec<ObjectChange>,
    /// Where the same lines change in objects of other names: what a shared library makes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alike: Vec<Alike>,
}

impl Change {
    /// All cells that it is a decision of.
    pub fn all_cells(&self) -> impl Iterator<Item = &String> {
        self.cells.iter().chain(self.alike.iter().flat_map(|alike| &alike.cells))
    }
}

/// Cells in which the lines of a change stand in other objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alike {
    /// Cells, sorted.
    pub cells: BTreeSet<String>,
    /// Names of the objects.
    pub objects: Vec<String>,
}

/// Lines of a diff that are shown of one object; the rest is counted.
const MAX_LINES: usize = 60;
/// A diff of large texts is cut short, not waited for.
const DIFF_BUDGET: std::time::Duration = std::time::Duration::from_secs(2);

/// The differences of one cell.
pub fn diff(golden: &str, render: &str, namespace: &str, redactor: &Redactor) -> Vec<ObjectChange> {
    let (old, _) = object::objects(golden, namespace);
    let (new, _) = object::objects(render, namespace);
    let index = |objects: &[Object], text: &str| -> BTreeMap<Identity, (String, Option<String>)> {
        objects.iter().map(|o| (o.id.clone(), (slice(text, o), o.template.clone()))).collect()
    };
    let (old_map, new_map) = (index(&old, golden), index(&new, render));
    let mut changes = Vec::new();
    for (id, (text, template)) in &new_map {
        match old_map.get(id) {
            None => changes.push(change(What::Added, id, template.as_ref(), "", text, redactor)),
            Some((before, _)) if before != text => {
                changes.push(change(What::Changed, id, template.as_ref(), before, text, redactor));
            }
            Some(_) => {}
        }
    }
    for (id, (text, template)) in &old_map {
        if !new_map.contains_key(id) {
            changes.push(change(What::Removed, id, template.as_ref(), text, "", redactor));
        }
    }
    if changes.is_empty() {
        let (diff, cut) = if same_lines(golden, render) {
            (vec![LINE_ENDINGS.to_owned()], 0)
        } else {
            unified(golden, render, redactor)
        };
        changes.push(ObjectChange { what: What::Layout, object: String::new(), template: None, diff, cut });
    }
    changes.sort_by(|a, b| (&a.object, a.what).cmp(&(&b.object, b.what)));
    changes
}

/// Said instead of a diff in which every line is another.
const LINE_ENDINGS: &str = "only the line endings differ (CRLF): git's core.autocrlf does that, `* -text` in a .gitattributes beside the \
                            goldens keeps them as they are";

/// Whether two texts are the same but for `\r\n`.
fn same_lines(a: &str, b: &str) -> bool {
    a.replace("\r\n", "\n") == b.replace("\r\n", "\n")
}

fn slice(text: &str, object: &Object) -> String {
    let part = text.get(object.span.start.offset..object.span.end.offset).unwrap_or_default();
    let body = part.trim_start_matches('\n');
    body.lines().filter(|l| !l.starts_with("# Source:")).fold(String::new(), |mut all, line| {
        all.push_str(line);
        all.push('\n');
        all
    })
}

fn change(
    what: What,
    id: &Identity,
    template: Option<&String>,
    old: &str,
    new: &str,
    redactor: &Redactor,
) -> ObjectChange {
    let (diff, cut) = unified(old, new, redactor);
    ObjectChange { what, object: id.to_string(), template: template.cloned(), diff, cut }
}

fn unified(old: &str, new: &str, redactor: &Redactor) -> (Vec<String>, usize) {
    let diff = TextDiff::configure().timeout(DIFF_BUDGET).diff_lines(old, new);
    let text = diff.unified_diff().context_radius(2).to_string();
    let mut lines: Vec<String> = text.lines().map(|line| redactor.redact(line).into_owned()).collect();
    let cut = lines.len().saturating_sub(MAX_LINES);
    lines.truncate(MAX_LINES);
    (lines, cut)
}

/// Cells with equal differences become one change: the same objects, added, removed or changed in the same lines, whatever
/// stands around them; then changes of other objects in no other lines join the first of them, as one line of a shared library
/// changes every release. `protected` cells are kept apart: they are a decision of their own.
pub fn group(mut cells: Vec<(String, bool, Vec<ObjectChange>)>) -> Vec<Change> {
    cells.sort_by(|a, b| a.0.cmp(&b.0));
    let mut groups: BTreeMap<(Vec<String>, bool), Change> = BTreeMap::new();
    for (cell, protected, objects) in cells {
        let key = objects.iter().map(essence).collect();
        let empty = || Change { cells: BTreeSet::new(), objects, alike: Vec::new() };
        groups.entry((key, protected)).or_insert_with(empty).cells.insert(cell);
    }
    let mut changes: Vec<(bool, Change)> =
        groups.into_iter().map(|((_, protected), change)| (protected, change)).collect();
    changes.sort_by(|(_, a), (_, b)| a.cells.cmp(&b.cells));
    let mut first: BTreeMap<(BTreeSet<String>, bool), usize> = BTreeMap::new();
    let mut joined: Vec<Change> = Vec::new();
    for (protected, change) in changes {
        let Some(lines) = lines(&change) else {
            joined.push(change);
            continue;
        };
        let at = *first.entry((lines, protected)).or_insert(joined.len());
        match joined.get_mut(at) {
            Some(known) => {
                let objects = change.objects.into_iter().map(|object| object.object).collect();
                known.alike.push(Alike { cells: change.cells, objects });
            }
            None => joined.push(change),
        }
    }
    joined
}

/// What makes a difference the same in another cell: the changed lines, without the lines around them.
fn essence(change: &ObjectChange) -> String {
    format!("{:?} {} {}\n{}", change.what, change.object, change.cut, changed_lines(change))
}

fn changed_lines(change: &ObjectChange) -> String {
    let lines = change.diff.iter().filter(|l| l.starts_with(['+', '-']));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The lines that change, each way once, with a release's own name taken out of them; none where objects come or go, or where not
/// all lines are known.
fn lines(change: &Change) -> Option<BTreeSet<String>> {
    let release = change.cells.first()?.split_once('/')?.1;
    let known = change.objects.iter().all(|object| object.what == What::Changed && object.cut == 0);
    known.then(|| change.objects.iter().map(|object| without(&changed_lines(object), release)).collect())
}

/// A text with a mark for each whole word that is a name.
fn without(text: &str, name: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name).filter(|_| !name.is_empty()) {
        kept.push_str(&rest[..at]);
        rest = &rest[at + name.len()..];
        let whole = !kept.ends_with(is_part) && !rest.starts_with(is_part);
        kept.push_str(if whole { "\u{0}" } else { name });
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_change_among_other_lines_is_one_decision() {
        let text = |env: &str, level: &str| format!("kind: A\nmetadata: {{name: a}}\nlevel: {level}\nenv: {env}\n");
        let cell = |env: &str| {
            let changes = diff(&text(env, "info"), &text(env, "debug"), "n", &Redactor::default());
            (format!("{env}/a"), env == "production", changes)
        };
        let changes = group(vec![cell("staging"), cell("local"), cell("production")]);
        let cells: Vec<Vec<&str>> = changes.iter().map(|c| c.cells.iter().map(String::as_str).collect()).collect();
        assert_eq!(cells, [vec!["local/a", "staging/a"], vec!["production/a"]]);
    }

    #[test]
    fn a_line_of_a_library_that_changes_in_every_release_is_one_decision() {
        let text = |release: &str, label: &str, kind: &str| {
            format!("kind: {kind}\nmetadata:\n  name: {release}\n  labels: {{{label}}}\nuses: {release}-db\n")
        };
        let cell = |cell: &str, kind: &str, new: &str| {
            let release = cell.split_once('/').unwrap().1;
            let new = text(release, &new.replace("NAME", release), kind);
            let changes = diff(&text(release, "a: b", kind), &new, "n", &Redactor::default());
            (cell.to_owned(), cell.starts_with("production"), changes)
        };
        let changes = group(vec![
            cell("local/web", "A", "of: NAME"),
            cell("staging/web", "A", "of: NAME"),
            cell("local/api", "B", "of: NAME"),
            cell("local/other", "A", "of: web"),
            cell("production/api", "B", "of: NAME"),
        ]);
        let told: Vec<_> =
            changes.iter().map(|c| (c.all_cells().cloned().collect::<Vec<_>>(), c.alike.len())).collect();
        let cells = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            told,
            [
                (cells(&["local/api", "local/web", "staging/web"]), 1),
                (cells(&["local/other"]), 0),
                (cells(&["production/api"]), 0),
            ]
        );
        assert_eq!(changes[0].alike[0].objects, ["A n/web"]);
    }

    #[test]
    fn names_are_taken_out_as_whole_words() {
        assert_eq!(without("a: web\nb: web-1 webs _web web", "web"), "a: \u{0}\nb: \u{0}-1 webs _web \u{0}");
    }
}
