//! Many findings of one kind as one block of the terminal: on the day of adoption no golden is there, one mistake in a shared partial
//! shows in every object that it makes, and a wall of equal blocks says no more than their number. Reports for machines keep each.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use checks::model::Place;
use finding::Finding;

/// Of missing goldens and dead templates, fewer than these are shown one by one.
const MANY: usize = 4;
/// Files, objects or messages that are named before the rest is counted.
const NAMED: usize = 6;

/// The findings as a person is shown them: those that others resemble are one, at the place of the first.
pub fn folded<'f>(findings: impl Iterator<Item = &'f Finding>) -> Vec<Cow<'f, Finding>> {
    let findings: Vec<&Finding> = findings.collect();
    let mut groups: BTreeMap<Key, Vec<&Finding>> = BTreeMap::new();
    for finding in &findings {
        if let Some(key) = key(finding) {
            groups.entry(key).or_default().push(finding);
        }
    }
    groups.retain(|key, all| all.len() >= if matches!(key, Key::Place(..)) { 2 } else { MANY });
    let mut shown = Vec::new();
    for finding in findings {
        let group = key(finding).and_then(|key| groups.get_key_value(&key));
        match group {
            None => shown.push(Cow::Borrowed(finding)),
            Some((key, all)) if std::ptr::eq(all[0], finding) => shown.push(Cow::Owned(one(key, all))),
            // Told with the first of its group.
            Some(_) => {}
        }
    }
    shown
}

/// What findings have in common that are told together.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'f> {
    /// `golden/missing`, of an environment.
    Goldens(&'f str),
    /// `sources/dead-template`, of a chart.
    Templates(&'f str),
    /// One rule at one place, mended by one step.
    Place(&'f str, &'f Place, &'f str),
}

fn key(finding: &Finding) -> Option<Key<'_>> {
    match finding.rule.as_str() {
        "golden/missing" => Some(Key::Goldens(finding.cells.first()?.split_once('/')?.0)),
        "sources/dead-template" => Some(Key::Templates(finding.place.as_ref()?.file.split_once("/templates/")?.0)),
        // What stands in an excerpt is the finding's own.
        rule if finding.excerpt.is_none() && !finding.help.is_empty() => {
            let place = finding.place.as_ref().filter(|place| place.line > 0)?;
            Some(Key::Place(rule, place, &finding.help))
        }
        _ => None,
    }
}

/// One finding for all of a group.
fn one(key: &Key<'_>, all: &[&Finding]) -> Finding {
    match key {
        Key::Goldens(environment) => missing_goldens(environment, all),
        Key::Templates(chart) => dead_templates(chart, all),
        Key::Place(..) => at_one_place(all),
    }
}

fn together(all: &[&Finding]) -> Finding {
    let mut finding = Finding::new(&all[0].rule, all[0].severity, "");
    finding.cells = all.iter().flat_map(|finding| finding.cells.iter().cloned()).collect();
    finding
}

fn missing_goldens(environment: &str, all: &[&Finding]) -> Finding {
    let mut finding = together(all);
    let first = finding.cells.first().cloned().unwrap_or_default();
    finding.message = format!("{} cells of {environment} have no golden", all.len());
    finding.help(format!("look at one with `cargo xtask render {first}`, accept all of them with `cargo xtask bless`"))
}

fn dead_templates(chart: &str, all: &[&Finding]) -> Finding {
    let mut finding = together(all);
    finding.message = format!("{} templates of {chart} render nothing in any cell", all.len());
    finding.place = Some(Place::file(chart));
    let names = all.iter().filter_map(|finding| finding.place.as_ref());
    let names: Vec<&str> =
        names.filter_map(|place| place.file.strip_prefix(chart)).map(|n| n.trim_start_matches('/')).collect();
    finding.note(some(&names).join("  ")).help(all[0].help.clone())
}

/// The first finding with what the others add: their messages, objects and cells.
fn at_one_place(all: &[&Finding]) -> Finding {
    let first = all[0];
    let mut finding = Finding { cells: together(all).cells, ..first.clone() };
    finding.message = format!("{}, and {} more at this place", first.message, all.len() - 1);
    let mut messages: Vec<&str> = all[1..].iter().map(|other| other.message.as_str()).collect();
    messages.retain(|message| *message != first.message);
    messages.dedup();
    finding.notes.extend(some(&messages));
    let places = all.iter().flat_map(|finding| &finding.render);
    finding.render = places.clone().cloned().collect();
    let objects: BTreeSet<&str> = places.map(|place| place.object.as_str()).filter(|o| !o.is_empty()).collect();
    if objects.len() > 1 {
        let objects: Vec<&str> = objects.into_iter().collect();
        finding.notes.push(format!("{} objects: {}", objects.len(), some(&objects).join("  ")));
    }
    for (place, label) in all[1..].iter().flat_map(|other| &other.related) {
        if finding.related.len() < NAMED && !finding.related.iter().any(|(known, _)| known == place) {
            finding.related.push((place.clone(), label.clone()));
        }
    }
    finding
}

/// The first names of many, and how many more there are.
fn some(names: &[&str]) -> Vec<String> {
    let mut shown: Vec<String> = names.iter().take(NAMED).map(|name| (*name).to_owned()).collect();
    if names.len() > NAMED {
        shown.push(format!("and {} more", names.len() - NAMED));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use checks::model::Severity;
    use finding::RenderPlace;

    fn finding(object: &str, line: usize) -> Finding {
        let shown = RenderPlace { cell: "local/a".into(), object: object.into(), ..RenderPlace::default() };
        let message = format!("{object} is wrong");
        let finding = Finding::new("a/b", Severity::Error, message).at(Place::line("f.tpl", line));
        finding.help("mend it").shown(shown)
    }

    #[test]
    fn one_mistake_that_shows_in_many_objects_is_one_block() {
        let mut all: Vec<Finding> = (0..20).map(|i| finding(&format!("Secret ns/{i:02}"), 3)).collect();
        all.push(finding("Secret ns/other", 4));
        all.push(finding("Secret ns/further", 3).help("mend it otherwise"));
        all[19].cells.insert("staging/a".into());
        let shown = folded(all.iter());
        assert_eq!(shown.len(), 3);
        assert_eq!(shown[0].message, "Secret ns/00 is wrong, and 19 more at this place");
        assert_eq!(shown[0].cells.len(), 2);
        assert_eq!(shown[0].notes.len(), NAMED + 2);
        assert!(
            shown[0].notes[NAMED + 1].starts_with("20 objects: Secret ns/00  Secret ns/01"),
            "{:?}",
            shown[0].notes
        );
        assert_eq!(shown[1].message, all[20].message);
    }

    #[test]
    fn findings_about_whole_files_stay_apart() {
        let all: Vec<Finding> = (0..5).map(|i| finding(&i.to_string(), 0)).collect();
        assert_eq!(folded(all.iter()).len(), 5);
    }
}
