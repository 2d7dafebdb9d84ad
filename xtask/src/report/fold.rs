//! Many findings of one kind as one block of the terminal: on the day of adoption no golden is there, and a wall of equal blocks says
//! no more than their number. Reports for machines keep each.

use std::borrow::Cow;
use std::collections::BTreeMap;

use checks::model::Place;
use finding::Finding;

/// Fewer than these are shown one by one.
const MANY: usize = 4;
/// Files that are named before the rest is counted.
const NAMED: usize = 6;

/// The findings as a person is shown them: those that many others resemble are one, at the place of the first.
pub fn folded<'f>(findings: impl Iterator<Item = &'f Finding>) -> Vec<Cow<'f, Finding>> {
    let findings: Vec<&Finding> = findings.collect();
    let mut groups: BTreeMap<Key, Vec<&Finding>> = BTreeMap::new();
    for finding in &findings {
        if let Some(key) = key(finding) {
            groups.entry(key).or_default().push(finding);
        }
    }
    groups.retain(|_, all| all.len() >= MANY);
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

/// What findings have in common that are told together: the rule, and the environment or the chart.
type Key = (&'static str, String);

fn key(finding: &Finding) -> Option<Key> {
    match finding.rule.as_str() {
        "golden/missing" => {
            let cell = finding.cells.first()?;
            Some(("golden/missing", cell.split_once('/')?.0.to_owned()))
        }
        "sources/dead-template" => {
            let (chart, _) = finding.place.as_ref()?.file.split_once("/templates/")?;
            Some(("sources/dead-template", chart.to_owned()))
        }
        _ => None,
    }
}

/// One finding for all of a group.
fn one((rule, what): &Key, all: &[&Finding]) -> Finding {
    let mut finding = Finding::new(rule, all[0].severity, "");
    finding.cells = all.iter().flat_map(|finding| finding.cells.iter().cloned()).collect();
    if *rule == "golden/missing" {
        let first = finding.cells.first().cloned().unwrap_or_default();
        finding.message = format!("{} cells of {what} have no golden", all.len());
        return finding.help(format!(
            "look at one with `cargo xtask render {first}`, accept all of them with `cargo xtask bless`"
        ));
    }
    finding.message = format!("{} templates of {what} render nothing in any cell", all.len());
    finding.place = Some(Place::file(what));
    let names = all.iter().filter_map(|finding| finding.place.as_ref());
    let names: Vec<&str> =
        names.filter_map(|place| place.file.strip_prefix(what)).map(|n| n.trim_start_matches('/')).collect();
    let mut named = names.iter().take(NAMED).copied().collect::<Vec<_>>().join("  ");
    if names.len() > NAMED {
        named.push_str(&format!("  and {} more", names.len() - NAMED));
    }
    finding.note(named).help(all[0].help.clone())
}
