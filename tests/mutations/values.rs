//! Values files and overlays, and how environments and releases agree in them.

use std::collections::BTreeMap;

use super::change::{Change, Random};
use super::edit::{line_of, misspelt, set, without_block};
use super::world::{Leaf, Rendered, World, chain, overlay};

/// A scalar and the cell that reads its file.
type Place<'a> = (&'a Rendered, &'a Leaf);

/// The scalars of all overlays, with their cells.
pub fn overlays(w: &World) -> Vec<Place<'_>> {
    let of =
        |cell| overlay(&(cell as &Rendered).cell).into_iter().flat_map(|file| w.leaves(file)).map(move |l| (cell, l));
    w.cells.iter().flat_map(of).collect()
}

/// Whether a file sets a path or something below it.
fn sets(w: &World, file: &str, path: &[String]) -> bool {
    w.leaves(file).iter().any(|l| l.path.starts_with(path))
}

/// The files that a cell reads before its overlay.
fn below_overlay(cell: &Rendered) -> Vec<String> {
    let overlay = overlay(&cell.cell).unwrap_or_default();
    chain(&cell.cell).into_iter().filter(|f| f != overlay).collect()
}

/// The file without a leaf.
fn without(w: &World, leaf: &Leaf) -> Vec<String> {
    let lines = w.lines(&leaf.file);
    let keys = leaf.path.iter().position(|p| p.starts_with('[')).unwrap_or(leaf.path.len());
    let mut at = line_of(&lines, leaf, leaf.path.len());
    for _ in keys..leaf.path.len() {
        at = (0..at)
            .rev()
            .find(|i| lines[*i].trim_start().starts_with(&format!("{}:", leaf.path[keys - 1])))
            .unwrap_or(at);
    }
    without_block(&lines, at)
}

/// An overlay does not set what a guard asks for.
pub fn guarded_key_removed(w: &World, r: &mut Random) -> Option<Change> {
    let mut places = Vec::new();
    for (cell, leaf) in overlays(w) {
        let keys: Vec<&str> = leaf.path.iter().take_while(|p| !p.starts_with('[')).map(String::as_str).collect();
        let asked = format!("(list . \"{}\"", keys.join("."));
        let asks = |file: &String, line: fn(&str) -> bool| w.files[file].lines().any(|l| l.contains(&asked) && line(l));
        let templates = w.templates(&cell.cell.chart);
        // An entry of a map is always there; a guard elsewhere may stand behind a switch.
        let is_certain = templates.iter().any(|f| asks(f, |l| l.trim_start().starts_with(|c: char| c.is_uppercase())));
        let guards: Vec<String> = templates.into_iter().filter(|f| asks(f, |_| true)).collect();
        let elsewhere =
            below_overlay(cell).iter().any(|f| w.leaves(f).iter().any(|l| l.path == leaf.path && !l.text.is_empty()));
        if is_certain && !elsewhere {
            places.push((cell, leaf, guards));
        }
    }
    let (cell, leaf, mut files) = r.pick(places)?;
    files.push(leaf.file.clone());
    let change = Change::new(format!("{} is removed from {}", leaf.dotted(), leaf.file));
    let change = change.write_lines(&leaf.file, &without(w, leaf));
    Some(change.finds("render/missing-required", files, cell.cell.name()))
}

/// One overlay lacks what the others set and nothing else sets.
pub fn key_removed(w: &World, r: &mut Random) -> Option<Change> {
    let mut places = Vec::new();
    for (cell, leaf) in overlays(w) {
        let in_list = leaf.path.iter().any(|p| p.starts_with('['));
        let below = below_overlay(cell);
        let has_default = below.iter().any(|f| sets(w, f, &leaf.path));
        let parent_is_known =
            leaf.path.len() == 1 || below.iter().any(|f| sets(w, f, &leaf.path[..leaf.path.len() - 1]));
        let others = w.cells.iter().filter(|o| o.cell.release == cell.cell.release && o.cell.env != cell.cell.env);
        let others: Vec<_> = others.filter_map(|o| overlay(&o.cell)).collect();
        // What belongs to a packed chart has its defaults in there.
        let chart = format!("{}/Chart.yaml", cell.cell.chart);
        let of_subchart = w.leaves(&chart).iter().any(|l| l.path[0] == "dependencies" && l.text == leaf.path[0]);
        if !in_list
            && !of_subchart
            && !has_default
            && parent_is_known
            && !others.is_empty()
            && others.iter().all(|f| sets(w, f, &leaf.path))
        {
            // What is below a map without defaults belongs to whoever sets it.
            let parent = &leaf.path[..leaf.path.len() - 1];
            let open = below.iter().any(|f| w.leaves(f).iter().any(|l| l.path == parent));
            if !open {
                places.push((cell, leaf));
            }
        }
    }
    let (cell, leaf) = r.pick(places)?;
    let change = Change::new(format!("{} is removed from {}", leaf.dotted(), leaf.file));
    Some(change.write_lines(&leaf.file, &without(w, leaf)).finds("parity/overlay-key", [&leaf.file], cell.cell.name()))
}

/// The rule that finds a key which nobody reads below a path: Helm refuses what the chart's schema does not know.
fn unknown_key(w: &World, cell: &Rendered, above: &[String]) -> &'static str {
    let is_closed = || {
        let schema = w.files.get(&format!("{}/values.schema.json", cell.cell.chart))?;
        let schema: serde_json::Value = serde_json::from_str(schema).ok()?;
        let map = above.iter().try_fold(&schema, |map, key| map.get("properties")?.get(key))?;
        Some(map["additionalProperties"] == false)
    };
    if is_closed() == Some(true) { "render/failed" } else { "values/unread" }
}

/// The same where the chart has no schema that would refuse the key.
fn in_open_schema(w: &World, change: &Change) -> Option<Change> {
    let (file, _) = change.files.first_key_value()?;
    let cell = w.cells.iter().find(|c| overlay(&c.cell) == Some(file))?;
    let schema = format!("{}/values.schema.json", cell.cell.chart);
    w.files.get(&schema)?;
    let open = Change::new(format!("{}, and there is no {schema}", change.what)).delete(&schema);
    let open = open.write(file, change.files.get(file)?.clone()?);
    Some(open.finds("values/unread", [file], cell.cell.name()))
}

/// One overlay sets what no other has, and no schema minds.
pub fn key_added_without_a_schema(w: &World, r: &mut Random) -> Option<Change> {
    in_open_schema(w, &key_added(w, r)?)
}

/// A key of an overlay is misspelt, and no schema minds.
pub fn key_misspelt_without_a_schema(w: &World, r: &mut Random) -> Option<Change> {
    in_open_schema(w, &key_misspelt(w, r)?)
}

/// One overlay sets what no other has.
pub fn key_added(w: &World, r: &mut Random) -> Option<Change> {
    // Of two it could not be said which of them is the odd one.
    let with_overlay = |cell: &Rendered| {
        w.cells.iter().filter(|o| o.cell.release == cell.cell.release && overlay(&o.cell).is_some()).count()
    };
    let odd = |c: &&Rendered| overlay(&c.cell).is_some() && with_overlay(c) > 2;
    let cell = r.pick(w.cells.iter().filter(odd).collect())?;
    let file = overlay(&cell.cell)?;
    let text = format!("{}\nnightlyWindow: 3\n", w.text(file));
    let change = Change::new(format!("{file} sets one key more")).write(file, text);
    let change = change.finds(unknown_key(w, cell, &[]), [file], cell.cell.name());
    Some(change.finds("parity/overlay-key", [file], cell.cell.name()))
}

/// A key of an overlay is misspelt.
pub fn key_misspelt(w: &World, r: &mut Random) -> Option<Change> {
    let known = |cell: &Rendered, leaf: &Leaf| {
        // The whole path has a default that is no map to fill at will.
        let defaults = format!("{}/values.yaml", cell.cell.chart);
        !leaf.path.iter().any(|p| p.starts_with('[')) && w.leaves(&defaults).iter().any(|l| l.path == leaf.path)
    };
    // A map that is passed on whole takes every key.
    let whole = |cell: &Rendered, leaf: &Leaf| {
        w.templates(&cell.cell.chart).iter().any(|f| {
            (1..leaf.path.len()).any(|at| {
                let path = format!(".Values.{}", leaf.path[..at].join("."));
                w.files[f].lines().any(|l| {
                    l.match_indices(&path)
                        .any(|(i, _)| !l[i + path.len()..].starts_with(|c: char| c == '.' || c.is_alphanumeric()))
                })
            })
        })
    };
    let long = |leaf: &Leaf| leaf.path.last().is_some_and(|k| k.len() > 4);
    let places = overlays(w).into_iter().filter(|(cell, leaf)| known(cell, leaf) && !whole(cell, leaf) && long(leaf));
    let (cell, leaf) = r.pick(places.collect())?;
    let mut lines = w.lines(&leaf.file);
    let key = leaf.path.last()?;
    let at = line_of(&lines, leaf, leaf.path.len());
    lines[at] = lines[at].replacen(key.as_str(), &misspelt(key), 1);
    let change = Change::new(format!("{} is misspelt in {}", leaf.dotted(), leaf.file)).write_lines(&leaf.file, &lines);
    let above = &leaf.path[..leaf.path.len() - 1];
    Some(change.finds(unknown_key(w, cell, above), [&leaf.file], cell.cell.name()))
}

/// A scalar stands where a map belongs.
pub fn scalar_over_a_map(w: &World, r: &mut Random) -> Option<Change> {
    let is_map = |cell: &Rendered, leaf: &Leaf| {
        leaf.path.len() > 1 && !leaf.path[1].starts_with('[') && sets(w, &below_overlay(cell)[0], &leaf.path[..2])
    };
    let (cell, leaf) = r.pick(overlays(w).into_iter().filter(|(c, l)| is_map(c, l)).collect())?;
    let lines = w.lines(&leaf.file);
    let at = line_of(&lines, leaf, 1);
    let mut left = lines.clone();
    left.splice(super::edit::block(&lines, at), [format!("{}: false", leaf.path[0])]);
    let change = Change::new(format!("{} is no map in {}", leaf.path[0], leaf.file)).write_lines(&leaf.file, &left);
    Some(change.finds("values/type-conflict", [&leaf.file], cell.cell.name()))
}

/// An overlay that the matrix file asks for is deleted.
pub fn overlay_removed(w: &World, r: &mut Random) -> Option<Change> {
    let file = r.pick(w.cells.iter().filter_map(|c| overlay(&c.cell)).collect())?;
    let mut change = Change::new(format!("{file} is removed")).delete(file);
    change.refused = Some(format!("{file} does not exist"));
    Some(change)
}

/// An overlay that may be missing is.
pub fn optional_overlay_removed(w: &World, r: &mut Random) -> Option<Change> {
    let elsewhere = |cell: &&Rendered| {
        w.cells
            .iter()
            .any(|o| o.cell.release == cell.cell.release && o.cell.env != cell.cell.env && overlay(&o.cell).is_some())
    };
    let cell = r.pick(w.cells.iter().filter(elsewhere).filter(|c| overlay(&c.cell).is_some()).collect())?;
    let file = overlay(&cell.cell)?;
    let matrix = w.text(&w.matrix.file);
    let is_pattern = |l: &&str| l.replace("{env}", &cell.cell.env).replace("{release}", &cell.cell.release) == file;
    let pattern = matrix.lines().map(|l| l.trim().trim_start_matches("- ")).find(is_pattern)?;
    let matrix = matrix.replace(pattern, &format!("{pattern}?"));
    let change = Change::new(format!("{file} is removed and may be")).delete(file).write(&w.matrix.file, matrix);
    Some(change.finds("parity/overlay-missing", [&w.matrix.file], cell.cell.name()))
}

/// One release drifts from what most set.
pub fn knob_drifts(w: &World, r: &mut Random) -> Option<Change> {
    let mut knobs: BTreeMap<(String, Vec<String>), Vec<Place>> = BTreeMap::new();
    for (cell, leaf) in overlays(w) {
        let path = leaf.dotted().to_lowercase();
        let is_knob = ["pool.max", "pool.min", "ssl"].iter().any(|end| path.ends_with(end));
        if is_knob {
            let last = leaf.path[leaf.path.len().saturating_sub(2)..].to_vec();
            knobs.entry((cell.cell.env.clone(), last)).or_default().push((cell, leaf));
        }
    }
    let same = |all: &&Vec<Place>| all.len() > 3 && all.iter().all(|(_, l)| l.text == all[0].1.text);
    let (cell, leaf) = r.pick(knobs.values().filter(same).flatten().copied().collect())?;
    let other = match leaf.text.as_str() {
        "true" => "false".to_owned(),
        "false" => "true".to_owned(),
        number => (number.parse::<u32>().ok()? + 7).to_string(),
    };
    let change = Change::new(format!("{} is {other} in {}", leaf.dotted(), leaf.file));
    let change = change.write(&leaf.file, set(&w.text(&leaf.file), leaf, &other));
    Some(change.finds("parity/shared-knob", [&leaf.file], cell.cell.name()))
}

/// A value of the wrong type.
pub fn schema_broken(w: &World, r: &mut Random) -> Option<Change> {
    let number = |l: &Leaf| l.text.parse::<u32>().is_ok() && l.path.last().is_some_and(|k| k.starts_with("replica"));
    let (cell, leaf) = r.pick(overlays(w).into_iter().filter(|(_, l)| number(l)).collect())?;
    let text = set(&w.text(&leaf.file), leaf, "several");
    let change = Change::new(format!("{} is a word in {}", leaf.dotted(), leaf.file)).write(&leaf.file, text);
    Some(change.finds("render/failed", [&leaf.file], cell.cell.name()))
}

/// Only one environment renders an object.
pub fn object_of_one_environment(w: &World, r: &mut Random) -> Option<Change> {
    let mut places = Vec::new();
    for (cell, leaf) in overlays(w) {
        let others = w.cells.iter().filter(|o| o.cell.release == cell.cell.release && o.cell.env != cell.cell.env);
        let others: Vec<&Rendered> = others.collect();
        let differs = |o: &&Rendered| {
            let file = overlay(&o.cell).unwrap_or_default();
            w.leaves(file).iter().any(|l| l.path == leaf.path && l.text != leaf.text)
        };
        let plain = leaf.path.iter().all(|p| p.chars().all(char::is_alphanumeric))
            && leaf.text.chars().all(char::is_alphanumeric);
        if plain && others.len() > 1 && others.iter().all(differs) {
            places.push((cell, leaf));
        }
    }
    let (cell, leaf) = r.pick(places)?;
    let file = format!("{}/templates/extra.yaml", cell.cell.chart);
    let text = format!(
        "{{{{- if eq (toString .Values.{}) {:?} }}}}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: only-here\ndata:\n  a: b\n{{{{- end }}}}\n",
        leaf.dotted(),
        leaf.text
    );
    let change = Change::new(format!("{file} renders in {} only", cell.cell.env)).write(&file, text);
    Some(change.finds("parity/object", [&w.matrix.file], cell.cell.name()))
}
