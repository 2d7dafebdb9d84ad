//! Pages, and guards.

use std::collections::BTreeSet;

use checks::places;

use super::change::{Change, Random};
use super::edit::set;
use super::world::{Object, Rendered, Sync, World, chain};

/// Releases with a page that use a Secret which an `ExternalSecret` makes.
fn paged(w: &World) -> Vec<(&Rendered, String, Sync<'_>)> {
    let mut found = Vec::new();
    for environment in &w.matrix.environments {
        for sync in w.syncs(&environment.name) {
            for (user, _) in w.users(&environment.name, &sync.secret) {
                let page = w.matrix.release(&user.cell.release).and_then(|r| r.docs.clone());
                if let Some(page) = page.filter(|p| w.files.contains_key(p)) {
                    found.push((user, page, sync.clone()));
                }
            }
        }
    }
    found
}

/// A page does not name a Secret any more.
pub fn secret_left_out(w: &World, r: &mut Random) -> Option<Change> {
    let (user, page, sync) = r.pick(paged(w))?;
    let lines: Vec<String> = w.lines(&page).into_iter().filter(|l| !places::holds(l, &sync.secret)).collect();
    let change = Change::new(format!("{page} does not name {}", sync.secret)).write_lines(&page, &lines);
    Some(change.finds("docs/missing", [page], user.cell.name()))
}

/// A page does not say how a Secret is synced again.
pub fn resync_left_out(w: &World, r: &mut Random) -> Option<Change> {
    let (user, page, sync) = r.pick(paged(w))?;
    let told = |l: &String| l.contains("annotate") && l.contains("externalsecret");
    let lines: Vec<String> = w.lines(&page).into_iter().filter(|l| !told(l)).collect();
    let change = Change::new(format!("{page} does not re-sync {}", sync.secret)).write_lines(&page, &lines);
    Some(change.finds("docs/missing", [page], user.cell.name()))
}

/// A page says nothing of rotation.
pub fn rotation_left_out(w: &World, r: &mut Random) -> Option<Change> {
    let (user, page, _) = r.pick(paged(w))?;
    let about = |l: &String| ["rotat", "renew"].iter().any(|word| l.to_lowercase().contains(word));
    let lines: Vec<String> = w.lines(&page).into_iter().filter(|l| !about(l)).collect();
    let change = Change::new(format!("{page} says nothing of rotation")).write_lines(&page, &lines);
    Some(change.finds("docs/missing", [page], user.cell.name()))
}

/// A page is deleted.
pub fn page_removed(w: &World, r: &mut Random) -> Option<Change> {
    let (user, page, _) = r.pick(paged(w))?;
    Some(Change::new(format!("{page} is deleted")).delete(&page).finds("docs/missing", [page], user.cell.name()))
}

/// A page names the Secret or the `ExternalSecret` as it was called before.
pub fn stale_name(w: &World, r: &mut Random) -> Option<Change> {
    let (user, page, sync) = r.pick(paged(w))?;
    let name = r.pick(vec![sync.secret.clone(), sync.object.shown.name.clone()])?;
    let text = w.text(&page);
    let mut changed = text.clone();
    for at in places::positions(&text, &name).collect::<Vec<_>>().into_iter().rev() {
        changed.insert_str(at + name.len(), "-old");
    }
    let change = Change::new(format!("{page} names {name}-old")).write(&page, changed);
    Some(change.finds("docs/stale-name", [page], user.cell.name()))
}

/// A page keeps the row of a value that is gone.
pub fn stale_value(w: &World, r: &mut Random) -> Option<Change> {
    let mut places = Vec::new();
    for cell in &w.cells {
        let Some(page) = w.matrix.release(&cell.cell.release).and_then(|r| r.docs.as_ref()) else { continue };
        let Some(text) = w.files.get(page) else { continue };
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let head = lines.iter().position(|l| l.to_lowercase().starts_with("| value |"));
        places.extend(head.map(|at| (cell, page, lines, at)));
    }
    let (cell, page, mut lines, at) = r.pick(places)?;
    let columns = lines[at].matches('|').count() - 2;
    lines.insert(at + 2, format!("| `legacy.flushQuota` |{}", " x |".repeat(columns)));
    let change = Change::new(format!("{page} keeps a value")).write_lines(page, &lines);
    Some(change.finds("docs/stale-name", [page], cell.cell.name()))
}

/// An `ExternalSecret` is renamed and the pages are not.
pub fn external_secret_renamed(w: &World, r: &mut Random) -> Option<Change> {
    let mut places = Vec::new();
    for (user, page, sync) in paged(w) {
        let leaves = w.chain_leaves(&sync.by.cell).into_iter().filter(|l| l.text == sync.object.shown.name);
        places.extend(leaves.map(|l| (user, page.clone(), sync.clone(), l)));
    }
    let (user, page, sync, leaf) = r.pick(places)?;
    let text = set(&w.text(&leaf.file), &leaf, &format!("{}-2", leaf.text));
    let change = Change::new(format!("{} is renamed", leaf.text)).write(&leaf.file, text);
    // All environments render it, so that the old name exists nowhere.
    let cells = w.cells.iter().filter(|c| c.cell.release == sync.by.cell.release).map(|c| c.cell.name());
    let change = cells.fold(change, Change::with).finds("docs/stale-name", [&page], user.cell.name());
    Some(change.finds("docs/missing", [page], user.cell.name()))
}

/// Guards of a name or key of a Secret: the file, the guard as it is written, what it guards, a cell of the chart.
fn guards(w: &World) -> Vec<(String, String, String, &Rendered)> {
    let mut found = Vec::new();
    let guard = regex::Regex::new(
        r#"required \(include "common.ask" \(list \. "([\w.]+)"(?: "[^"]*")?\)\) (\.Values\.[\w.]+)"#,
    )
    .unwrap();
    for (file, text) in w.files.iter().filter(|(f, _)| f.contains("/templates/")) {
        let Some(cell) = w.cells.iter().find(|c| file.starts_with(&format!("{}/", c.cell.chart))) else { continue };
        for captures in guard.captures_iter(text) {
            let path = captures[1].to_lowercase();
            if ["secret", "keyname"].iter().any(|word| path.contains(word)) {
                found.push((file.clone(), captures[0].to_owned(), captures[2].to_owned(), cell));
            }
        }
    }
    found
}

/// A guard is deleted.
pub fn guard_removed(w: &World, r: &mut Random) -> Option<Change> {
    let (file, guard, value, cell) = r.pick(guards(w))?;
    let text = w.text(&file).replace(&guard, &value);
    let mut files = BTreeSet::from([file.clone()]);
    files.extend(w.sources_of(cell));
    files.extend(chain(&cell.cell));
    let change = Change::new(format!("{file} does not guard {value}")).write(&file, text);
    Some(change.finds("guards/missing", files, cell.cell.name()))
}

/// A guard does not say what is missing.
pub fn guard_mumbles(w: &World, r: &mut Random) -> Option<Change> {
    let (file, guard, value, cell) = r.pick(guards(w))?;
    let text = w.text(&file).replace(&guard, &format!("required \"a value is missing\" {value}"));
    let change = Change::new(format!("{file} mumbles about {value}")).write(&file, text);
    let mut files = BTreeSet::from([file]);
    files.extend(chain(&cell.cell));
    Some(change.finds("guards/weak", files, cell.cell.name()))
}

/// A placeholder passes a guard.
pub fn placeholder_passes(w: &World, r: &mut Random) -> Option<Change> {
    let mut places = Vec::new();
    for (file, _, value, cell) in guards(w) {
        let path = value.trim_start_matches(".Values.");
        // Behind a switch that is off the guard accepts nothing.
        let of_guard = |o: &&Object| o.template == file || file.ends_with(".tpl");
        let shows = |text: &str| cell.objects.iter().filter(of_guard).any(|o| places::holds(&o.text, text));
        let leaves = w.chain_leaves(&cell.cell).into_iter().filter(|l| l.dotted() == path && shows(&l.text));
        places.extend(leaves.map(|l| (l, cell)));
    }
    let (leaf, cell) = r.pick(places)?;
    let word = r.pick(vec!["changeme", "\" \"", "todo"])?;
    let change =
        Change::new(format!("{} is {word}", leaf.dotted())).write(&leaf.file, set(&w.text(&leaf.file), &leaf, word));
    Some(change.finds("guards/weak", [&leaf.file], cell.cell.name()))
}
