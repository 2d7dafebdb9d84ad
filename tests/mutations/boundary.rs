//! What belongs to an environment, and what belongs into a Secret.

use super::change::{Change, Random};
use super::edit::{into_block, set};
use super::secrets::with_variable;
use super::values::overlays;
use super::world::{Leaf, Rendered, World, chain, overlay};

/// Environments that own a host, with the host.
fn owners(w: &World) -> Vec<(String, String)> {
    let of = |e: &checks::model::Environment| e.owns.iter().map(|o| (e.name.clone(), o.clone())).collect::<Vec<_>>();
    w.matrix.environments.iter().flat_map(of).collect()
}

/// The overlay of one environment gets another's host, as it stands in the other's overlay.
pub fn host_pasted_into_an_overlay(w: &World, r: &mut Random) -> Option<Change> {
    let mut places = Vec::new();
    for (cell, leaf) in overlays(w) {
        for (env, host) in owners(w).into_iter().filter(|(env, _)| *env != cell.cell.env) {
            let Some(other) = w.cell(&env, &cell.cell.release).and_then(|c| overlay(&c.cell)) else { continue };
            let same =
                |l: &&Leaf| l.path == leaf.path && (l.text.ends_with(&host) || l.text.contains(&format!("{host}/")));
            if let Some(theirs) = w.leaves(other).iter().find(same) {
                // What a switch keeps out of the render is no finding.
                let shows = cell.objects.iter().any(|o| o.text.contains(&leaf.text));
                let mail = theirs.text.contains('@');
                if shows && !mail && !leaf.text.is_empty() && leaf.text.contains('.') {
                    places.push((cell, leaf, theirs.text.clone()));
                }
            }
        }
    }
    let (cell, leaf, theirs) = r.pick(places)?;
    let change = Change::new(format!("{} is {theirs} in {}", leaf.dotted(), leaf.file));
    let change = change.write(&leaf.file, set(&w.text(&leaf.file), leaf, &format!("{theirs:?}")));
    Some(change.finds("boundary/foreign-environment", [&leaf.file], cell.cell.name()))
}

/// Values that all environments share get a host of one of them.
fn host_in(w: &World, r: &mut Random, is_default: bool) -> Option<Change> {
    let mut places = Vec::new();
    for cell in &w.cells {
        let defaults = format!("{}/values.yaml", cell.cell.chart);
        let overlay = overlay(&cell.cell).unwrap_or_default();
        for file in chain(&cell.cell).into_iter().filter(|f| (*f == defaults) == is_default && f != overlay) {
            let texts = w.leaves(&file).iter().filter(|l| !l.range.is_empty() && l.text.parse::<f64>().is_err());
            places.extend(texts.filter(|l| l.text != "true" && l.text != "false").map(|l| (cell, l)));
        }
    }
    let (cell, leaf) = r.pick(places)?;
    let (_, host) = r.pick(owners(w))?;
    let form = r.pick(vec![
        format!("https://api.{host}/v1"),
        format!("www.{host}"),
        format!("postgresql://db.{host}:5432/a"),
    ])?;
    let change = Change::new(format!("{} is {form} in {}", leaf.dotted(), leaf.file));
    let change = change.write(&leaf.file, set(&w.text(&leaf.file), leaf, &format!("{form:?}")));
    Some(change.finds("boundary/environment-in-defaults", [&leaf.file], cell.cell.name()))
}

/// A chart's defaults get a host.
pub fn host_pasted_into_defaults(w: &World, r: &mut Random) -> Option<Change> {
    host_in(w, r, true)
}

/// Shared values get a host.
pub fn host_pasted_into_shared_values(w: &World, r: &mut Random) -> Option<Change> {
    host_in(w, r, false)
}

/// A `ConfigMap`'s template of a chart's own gets an entry.
pub fn with_entry(
    w: &World,
    r: &mut Random,
    of: &dyn Fn(&Rendered) -> bool,
    entry: &str,
) -> Option<(Change, String, String)> {
    let mut places = Vec::new();
    for (cell, object) in w.rendering("ConfigMap").into_iter().filter(|(cell, _)| of(cell)) {
        places.extend(into_block(&w.text(&object.template), "data:", entry).map(|text| (cell, object, text)));
    }
    let (cell, object, text) = r.pick(places)?;
    let change = Change::new(format!("{} gets an entry", object.template)).write(&object.template, text);
    Some((change, object.template.clone(), cell.cell.name()))
}

/// A template holds a host.
pub fn host_in_a_template(w: &World, r: &mut Random) -> Option<Change> {
    let (env, host) = r.pick(owners(w))?;
    let entry = format!("  PEER_URL: https://peer.{host}");
    let (change, file, cell) = with_entry(w, r, &|cell| cell.cell.env != env, &entry)?;
    Some(change.finds("boundary/foreign-environment", [file], cell))
}

/// A template decides by the environment's name.
pub fn environment_branch(w: &World, r: &mut Random) -> Option<Change> {
    let name = r.pick(w.matrix.environments.iter().map(|e| e.name.clone()).collect())?;
    let condition = r.pick(vec![
        format!("if eq .Values.environment \"{name}\""),
        format!("if ne \"{name}\" $.Values.environment"),
        format!("if and .Values.image (eq (.Values.environment | lower) \"{name}\")"),
        format!("if has .Values.environment (list \"{name}\")"),
        format!("with hasPrefix \"{name}\" .Values.environment"),
    ])?;
    let own = |f: &&String| {
        f.contains("/templates/")
            && f.ends_with(".yaml")
            && w.matrix.releases.iter().any(|o| f.starts_with(&format!("{}/", o.chart)))
    };
    let file = r.pick(w.files.keys().filter(own).collect())?;
    let cell = w.cells.iter().find(|c| file.starts_with(&format!("{}/", c.cell.chart)))?;
    let text = format!("{{{{- {condition} }}}}\n# decided here\n{{{{- end }}}}\n{}", w.text(file));
    let change = Change::new(format!("{file}: {condition}")).write(file, text);
    Some(change.finds("boundary/environment-branch", [file], cell.cell.name()))
}

/// A password comes from a `ConfigMap`.
pub fn credential_from_a_config_map(w: &World, r: &mut Random) -> Option<Change> {
    let entry = "- name: REPORT_DB_PASSWORD\n  valueFrom:\n    configMapKeyRef:\n      name: reporting\n      key: password\n      optional: true";
    let (change, file, cell) = with_variable(w, r, entry)?;
    Some(change.finds("boundary/credential-not-from-secret", [file], cell))
}

/// A password is a literal.
pub fn literal_credential_in_env(w: &World, r: &mut Random) -> Option<Change> {
    let entry = format!("- name: REPORT_DB_PASSWORD\n  value: {}", r.letters(18));
    let (change, file, cell) = with_variable(w, r, &entry)?;
    let change = change.finds("boundary/credential-not-from-secret", [&file], &cell);
    Some(change.finds("leaks/literal-credential", [file], cell))
}

/// A frontend's configuration gets an entry that nobody can place.
pub fn unclassified_entry(w: &World, r: &mut Random) -> Option<Change> {
    let entry = format!("  VENDOR_BLOB: {}", r.letters(22));
    let strict = |cell: &Rendered| w.matrix.release(&cell.cell.release).is_some_and(|o| o.classify);
    let (change, file, cell) = with_entry(w, r, &strict, &entry)?;
    Some(change.finds("boundary/unclassified", [file], cell))
}
