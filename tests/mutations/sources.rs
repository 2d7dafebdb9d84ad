//! Files that are broken, dead, copied or random, and goldens.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, Random};
use super::edit::{block, into_block, line_of};
use super::values::overlays;
use super::world::{Rendered, World, chain};

/// A file that a cell reads as values, or its chart's metadata.
fn yaml_file(w: &World, r: &mut Random) -> Option<(String, String)> {
    let cell = r.pick(w.cells.iter().collect::<Vec<&Rendered>>())?;
    let mut files = chain(&cell.cell);
    files.push(format!("{}/Chart.yaml", cell.cell.chart));
    let long = files.into_iter().filter(|f| w.leaves(f).iter().any(|l| l.path.len() == 1));
    Some((r.pick(long.collect())?, cell.cell.name()))
}

/// A key stands twice.
pub fn key_twice(w: &World, r: &mut Random) -> Option<Change> {
    let (file, cell) = yaml_file(w, r)?;
    let leaf = r.pick(w.leaves(&file).iter().filter(|l| l.path.len() == 1).collect())?;
    let line = w.lines(&file)[line_of(&w.lines(&file), leaf, 1)].clone();
    let change = Change::new(format!("{} stands twice in {file}", leaf.dotted()));
    let text = format!("{}\n{line}\n", w.text(&file).trim_end());
    Some(change.write(&file, text).finds("sources/duplicate-key", [file], cell))
}

/// A file is no YAML any more.
pub fn yaml_broken(w: &World, r: &mut Random) -> Option<Change> {
    let (cell, leaf) = r.pick(overlays(w).into_iter().filter(|(_, l)| l.path.len() == 2).collect())?;
    let lines = w.lines(&leaf.file);
    let line = &lines[leaf.line];
    let broken =
        [format!("\t{line}"), format!("{line} ["), format!("{} : \"", line.replace(':', ": {"))].map(|broken| {
            let mut lines = lines.clone();
            lines[leaf.line] = broken;
            lines.join("\n") + "\n"
        });
    // Behind a word a bracket is a part of it.
    let is_broken = |text: &String| yaml::parse(text).iter().any(|document| document.error.is_some());
    let text = r.pick(broken.into_iter().filter(is_broken).collect())?;
    let change = Change::new(format!("{} is broken", leaf.file)).write(&leaf.file, text);
    Some(change.finds("sources/invalid-yaml", [&leaf.file], cell.cell.name()))
}

/// A template that renders nothing anywhere.
pub fn dead_template(w: &World, r: &mut Random) -> Option<Change> {
    let cell = r.pick(w.cells.iter().collect::<Vec<&Rendered>>())?;
    let file = format!("{}/templates/cronjob.yaml", cell.cell.chart);
    let text = "{{- if (.Values.cleanup).enabled }}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cleanup\n{{- end }}\n";
    Some(Change::new(format!("{file} is dead")).write(&file, text).finds(
        "sources/dead-template",
        [file],
        cell.cell.name(),
    ))
}

/// A template asks for the time or for chance.
pub fn random_render(w: &World, r: &mut Random) -> Option<Change> {
    let call = r.pick(vec![
        "now | date \"2006-01-02T15:04:05\"",
        "randAlphaNum 8",
        "uuidv4",
        "now | unixEpoch",
        "shuffle \"abcdefghijk\"",
    ])?;
    let (change, file, cell) =
        super::boundary::with_entry(w, r, &|_| true, &format!("  STAMP: {{{{ {call} | quote }}}}"))?;
    Some(change.finds("render/nondeterministic", [file], cell))
}

/// A helper that others include asks for the time or for chance.
pub fn random_helper(w: &World, r: &mut Random) -> Option<Change> {
    let call = r.pick(vec!["now | date \"150405.000\"", "randAlpha 6", "uuidv4"])?;
    let mut places = Vec::new();
    for cell in &w.cells {
        let templates = w.templates(&cell.cell.chart);
        let included = included(w, cell, &templates);
        for file in templates.into_iter().filter(|f| f.ends_with(".tpl")) {
            for (name, body) in helpers(&w.files[&file]) {
                let line = body.lines().find(|l| l.starts_with("app.kubernetes.io/part-of:"));
                places.extend(
                    line.filter(|_| included.contains(&name)).map(|l| (cell, file.clone(), name, l.to_owned())),
                );
            }
        }
    }
    let (cell, file, name, line) = r.pick(places)?;
    let text = w.text(&file);
    let body = helpers(&text).remove(&name)?;
    let random = body.replacen(&line, &format!("{line}\nstamp: {{{{ {call} | quote }}}}"), 1);
    let text = text.replacen(body, &random, 1);
    let change = Change::new(format!("{name} of {file} is random")).write(&file, text);
    Some(change.finds("render/nondeterministic", [file], cell.cell.name()))
}

/// The helpers that a file defines, with what stands in them.
fn helpers(text: &str) -> BTreeMap<String, &str> {
    let defined = text.match_indices("define \"").filter_map(|(at, mark)| {
        let (name, body) = text[at + mark.len()..].split_once('"')?;
        let end = body.find("define \"").unwrap_or(body.len());
        Some((name.to_owned(), &body[..end]))
    });
    defined.collect()
}

/// The helpers that the templates of a cell's objects include, by themselves or through others.
fn included(w: &World, cell: &Rendered, templates: &[String]) -> BTreeSet<String> {
    let named = |text: &str| -> Vec<String> {
        let after = text.match_indices("include \"").filter_map(|(at, mark)| text[at + mark.len()..].split_once('"'));
        after.map(|(name, _)| name.to_owned()).collect()
    };
    let defined: BTreeMap<String, &str> = templates.iter().flat_map(|f| helpers(&w.files[f])).collect();
    let own: BTreeSet<&String> = cell.objects.iter().map(|o| &o.template).collect();
    let mut next: Vec<String> = own.into_iter().filter_map(|f| w.files.get(f)).flat_map(|text| named(text)).collect();
    let mut known = BTreeSet::new();
    while let Some(name) = next.pop() {
        if known.insert(name.clone()) {
            next.extend(defined.get(&name).map(|body| named(body)).unwrap_or_default());
        }
    }
    known
}

/// A template cannot be rendered.
pub fn template_broken(w: &World, r: &mut Random) -> Option<Change> {
    let places = w.rendering("Deployment").into_iter().chain(w.rendering("ConfigMap"));
    let (cell, object) = r.pick(places.collect())?;
    let broken = r.pick(vec![
        "{{ .Values.missing.deeper.value }}",
        "{{ include \"no-such-helper\" . }}",
        "{{ if }}",
        "{{ fail \"no\" }}",
    ])?;
    let text = format!("{}\n# {broken}\n", w.text(&object.template).trim_end());
    let change = Change::new(format!("{}: {broken}", object.template)).write(&object.template, text);
    Some(change.finds("render/failed", [&object.template], cell.cell.name()))
}

/// The source of a packed chart is changed, or the pack is not of this source.
pub fn archive_stale(w: &World, r: &mut Random) -> Option<Change> {
    let mut places = Vec::new();
    for cell in &w.cells {
        let file = format!("{}/Chart.yaml", cell.cell.chart);
        for leaf in w.leaves(&file).iter().filter(|l| l.text.starts_with("file://")) {
            let folder = format!("{}/{}", cell.cell.chart, leaf.text.trim_start_matches("file://"));
            let mut parts: Vec<&str> = Vec::new();
            for part in folder.split('/') {
                if part == ".." {
                    parts.pop();
                } else {
                    parts.push(part);
                }
            }
            let folder = format!("{}/", parts.join("/"));
            let packed =
                w.files.keys().any(|f| f.starts_with(&format!("{}/charts/", cell.cell.chart)) && f.ends_with(".tgz"));
            if packed && w.text(&format!("{folder}Chart.yaml")).contains("application") {
                places.extend(w.files.keys().filter(|f| f.starts_with(&folder)).map(|f| (cell, file.clone(), f)));
            }
        }
    }
    let (cell, at, file) = r.pick(places.into_iter().filter(|(.., f)| !f.ends_with(".json")).collect())?;
    let old = w.text(file);
    let text = if file.ends_with("Chart.yaml") {
        old.replacen("description: ", "description: New. ", 1)
    } else {
        format!("{old}\n# changed\n")
    };
    let change = Change::new(format!("{file} is not what is packed")).write(file, text);
    Some(change.finds("dependencies/stale", [at], cell.cell.name()))
}

/// A link to a library chart becomes a copy that is changed.
pub fn link_copied(w: &World, r: &mut Random) -> Option<Change> {
    let cell = r.pick(w.cells.iter().collect::<Vec<&Rendered>>())?;
    let charts = w.repository.path(format!("{}/charts", cell.cell.chart));
    let links = std::fs::read_dir(charts).ok()?.flatten().filter(|e| e.path().is_symlink());
    let link = r.pick(links.map(|e| e.path()).collect())?;
    let target = link.canonicalize().ok()?;
    let root = w.repository.0.path().canonicalize().ok()?;
    let (from, to) = (
        target.strip_prefix(&root).ok()?.to_str()?,
        format!("{}/charts/{}", cell.cell.chart, link.file_name()?.to_str()?),
    );
    let mut change = Change::new(format!("{to} is a changed copy")).delete(&to);
    let files: Vec<&String> = w.files.keys().filter(|f| f.starts_with(&format!("{from}/"))).collect();
    let edited = r.pick(files.iter().filter(|f| f.ends_with(".tpl")).collect())?;
    for file in &files {
        let more = if file == edited { "\n{{/* patched */}}\n" } else { "" };
        change = change.write(&file.replacen(from, &to, 1), format!("{}{more}", w.text(file)));
    }
    Some(change.finds("dependencies/stale", [format!("{}/Chart.yaml", cell.cell.chart)], cell.cell.name()))
}

/// A chart asks for another version than the one that lies below it.
pub fn another_version_asked(w: &World, r: &mut Random) -> Option<Change> {
    let cell = r.pick(w.cells.iter().collect::<Vec<&Rendered>>())?;
    let file = format!("{}/Chart.yaml", cell.cell.chart);
    let leaf = r.pick(
        w.leaves(&file)
            .iter()
            .filter(|l| l.path[0] == "dependencies" && l.path.last().is_some_and(|k| k == "version"))
            .collect(),
    )?;
    let text = super::edit::set(&w.text(&file), leaf, "9.1.0");
    Some(Change::new(format!("{file} asks for another version")).write(&file, text).finds(
        "dependencies/stale",
        [file],
        cell.cell.name(),
    ))
}

/// A golden is edited.
pub fn golden_edited(w: &World, r: &mut Random) -> Option<Change> {
    let cell = &r.pick(w.cells.iter().collect::<Vec<&Rendered>>())?.cell;
    let lines = w.lines(&cell.golden);
    let at = r.pick((0..lines.len()).filter(|at| !lines[*at].trim().is_empty()).collect())?;
    let mut lines = lines;
    lines[at].push(' ');
    let change =
        Change::new(format!("line {} of {} gets a space", at + 1, cell.golden)).write_lines(&cell.golden, &lines);
    Some(change.finds("golden/differs", [&cell.golden], cell.name()))
}

/// A golden is removed.
pub fn golden_removed(w: &World, r: &mut Random) -> Option<Change> {
    let cell = &r.pick(w.cells.iter().collect::<Vec<&Rendered>>())?.cell;
    let change = Change::new(format!("{} is removed", cell.golden)).delete(&cell.golden);
    Some(change.finds("golden/missing", [&w.matrix.file], cell.name()))
}

/// A golden belongs to no cell, or to one that is off.
pub fn golden_orphaned(w: &World, r: &mut Random) -> Option<Change> {
    let cell = &r.pick(w.cells.iter().collect::<Vec<&Rendered>>())?.cell;
    let gone = format!("{}-gone", cell.release);
    let off = w.matrix.off.iter().map(|o| cell.golden.replace(&cell.env, &o.env).replace(&cell.release, &o.release));
    let file = r.pick(off.chain([cell.golden.replace(&cell.release, &gone)]).collect())?;
    let change = Change::new(format!("{file} is no cell's")).write(&file, w.text(&cell.golden));
    Some(change.finds_somewhere("golden/orphaned", [file]))
}

/// A template changes and nobody blesses.
pub fn render_changed(w: &World, r: &mut Random) -> Option<Change> {
    let (change, _, cell) = super::boundary::with_entry(w, r, &|_| true, "  MORE: \"1\"")?;
    let golden = w.cells.iter().find(|c| c.cell.name() == cell)?.cell.golden.clone();
    Some(change.finds("golden/differs", [golden], cell))
}

/// A retired variable comes back.
pub fn retired_variable(w: &World, r: &mut Random) -> Option<Change> {
    let name = retired(w, r, checks::model::RetiredKind::Env)?;
    let (change, file, cell) = super::boundary::with_entry(w, r, &|_| true, &format!("  {name}: \"true\""))?;
    Some(change.finds("retired/name", [file], cell))
}

/// A retired value comes back in an overlay.
pub fn retired_value(w: &World, r: &mut Random) -> Option<Change> {
    let name = retired(w, r, checks::model::RetiredKind::Value)?;
    let (first, rest) = name.split_once('.')?;
    let free = |file: &str| !w.leaves(file).iter().any(|l| l.path[0] == first);
    let (cell, leaf) = r.pick(overlays(w).into_iter().filter(|(_, l)| free(&l.file)).collect())?;
    let text = format!("{}\n{first}:\n  {rest}: true\n", w.text(&leaf.file));
    let change = Change::new(format!("{} sets {name}", leaf.file)).write(&leaf.file, text);
    Some(change.finds("retired/name", [&leaf.file], cell.cell.name()))
}

/// A template reads a retired value.
pub fn retired_value_read(w: &World, r: &mut Random) -> Option<Change> {
    let name = retired(w, r, checks::model::RetiredKind::Value)?;
    let (first, _) = name.split_once('.')?;
    let entry = format!("  {{{{- if (.Values.{first}) }}}}\n  A: {{{{ .Values.{name} | quote }}}}\n  {{{{- end }}}}");
    let other = |cell: &Rendered| !chain(&cell.cell).iter().any(|f| w.leaves(f).iter().any(|l| l.path[0] == first));
    let (change, file, cell) = super::boundary::with_entry(w, r, &other, &entry)?;
    Some(change.finds("retired/name", [file], cell))
}

/// The chart of a retired release comes back.
pub fn retired_chart(w: &World, r: &mut Random) -> Option<Change> {
    let name = retired(w, r, checks::model::RetiredKind::Release)?;
    let release = r.pick(w.matrix.releases.iter().collect())?;
    let base = release.chart.rsplit_once('/')?.0;
    let folder = format!("{base}/{}", r.pick(vec![name.clone(), name.replace('-', "_")])?);
    let mut change = Change::new(format!("{folder} is back"));
    for file in w.files.keys().filter(|f| f.starts_with(&format!("{}/", release.chart))) {
        change = change.write(&file.replacen(&release.chart, &folder, 1), w.text(file));
    }
    Some(change.finds_somewhere("retired/name", [folder]))
}

/// An object with the name of a retired release.
pub fn retired_object(w: &World, r: &mut Random) -> Option<Change> {
    let name = retired(w, r, checks::model::RetiredKind::Release)?;
    let cell = r.pick(w.cells.iter().collect::<Vec<&Rendered>>())?;
    let file = format!("{}/templates/extra.yaml", cell.cell.chart);
    let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}-config\ndata:\n  a: b\n");
    Some(Change::new(format!("{file} renders a retired name")).write(&file, text).finds(
        "retired/name",
        [file],
        cell.cell.name(),
    ))
}

fn retired(w: &World, r: &mut Random, kind: checks::model::RetiredKind) -> Option<String> {
    r.pick(w.matrix.retired.iter().filter(|o| o.kind == kind).map(|o| o.name.clone()).collect())
}

/// Two Secrets that one container takes in whole give the same variable.
pub fn variables_shadowed(w: &World, r: &mut Random) -> Option<Change> {
    let mut places = Vec::new();
    for environment in &w.matrix.environments {
        for cell in w.of(&environment.name) {
            let whole: BTreeSet<String> = cell
                .objects
                .iter()
                .flat_map(|o| o.shown.secrets())
                .filter(|(_, k)| k.is_none())
                .map(|(s, _)| s)
                .collect();
            let syncs = || w.syncs(&environment.name).into_iter().filter(|s| whole.contains(&s.secret));
            for (first, second) in
                syncs().flat_map(|a| syncs().map(move |b| (a.clone(), b))).filter(|(a, b)| a.secret != b.secret)
            {
                let prefix =
                    |sync: &super::world::Sync<'_>| sync.entries[0].0.rsplit_once('_').map(|(p, _)| p.to_owned());
                let (Some(from), Some(to)) = (prefix(&first), prefix(&second)) else { continue };
                let leaves = w.chain_leaves(&first.by.cell).into_iter().filter(|l| l.text == from);
                places.extend(leaves.map(|l| (l, to.clone(), cell, first.clone())));
            }
        }
    }
    let (leaf, to, cell, sync) = r.pick(places)?;
    let mut files = w.holding(&cell.cell, &sync.secret);
    files.extend(w.sources_of(cell));
    let change = Change::new(format!("{} is {to}", leaf.dotted()))
        .write(&leaf.file, super::edit::set(&w.text(&leaf.file), &leaf, &to));
    Some(change.finds("wiring/env-shadowed", files, cell.cell.name()).with(sync.by.cell.name()))
}

/// A variable stands twice.
pub fn variable_twice(w: &World, r: &mut Random) -> Option<Change> {
    let entry = "- name: RETRIES\n  value: \"1\"\n- name: RETRIES\n  value: \"2\"";
    let (change, file, cell) = super::secrets::with_variable(w, r, entry)?;
    Some(change.finds("wiring/env-shadowed", [file], cell))
}

/// `ConfigMap`s of a chart's own that a workload of the same cell names.
fn config_maps(w: &World) -> Vec<(&Rendered, &super::world::Object, &super::world::Object)> {
    let mut found = Vec::new();
    for (cell, map) in w.rendering("ConfigMap") {
        for user in cell.objects.iter().filter(|o| o.shown.pod().is_some() && w.files.contains_key(&o.template)) {
            let named = user.text.lines().any(|l| l.trim() == format!("name: {}", map.shown.name));
            let literal = |file: &str| w.files[file].lines().any(|l| l.trim() == format!("name: {}", map.shown.name));
            if named && literal(&map.template) && literal(&user.template) {
                found.push((cell, map, user));
            }
        }
    }
    found
}

fn config_map_renamed(w: &World, r: &mut Random, at_user: bool) -> Option<Change> {
    let (cell, map, user) = r.pick(config_maps(w))?;
    let file = if at_user { &user.template } else { &map.template };
    let name = format!("name: {}\n", map.shown.name);
    let text = w.text(file).replace(&name, &format!("name: {}-2\n", map.shown.name));
    let change = Change::new(format!("{file} has another name")).write(file, text);
    Some(change.finds("wiring/configmap-unresolved", [&user.template], cell.cell.name()))
}

/// A `ConfigMap` is renamed and its user is not told.
pub fn config_map_renamed_where_it_is_made(w: &World, r: &mut Random) -> Option<Change> {
    config_map_renamed(w, r, false)
}

/// A workload names another `ConfigMap`.
pub fn config_map_renamed_where_it_is_used(w: &World, r: &mut Random) -> Option<Change> {
    config_map_renamed(w, r, true)
}

/// A variable comes from a key that a `ConfigMap` of the release does not have.
pub fn config_map_key_unknown(w: &World, r: &mut Random) -> Option<Change> {
    let (cell, map, user) =
        r.pick(config_maps(w).into_iter().filter(|(.., user)| w.files[&user.template].contains(" env:\n")).collect())?;
    let name = &map.shown.name;
    let entry =
        format!("- name: FLAVOUR\n  valueFrom:\n    configMapKeyRef:\n      name: {name}\n      key: NO_SUCH_FLAVOUR");
    let text = super::edit::with_env(&w.text(&user.template), &entry)?;
    let change = Change::new(format!("{} reads a key of {name}", user.template)).write(&user.template, text);
    Some(change.finds("wiring/key-unresolved", [&user.template], cell.cell.name()))
}

fn waivers(w: &World) -> Option<(&str, Vec<String>)> {
    let file = w.matrix.waivers.as_deref()?;
    Some((file, w.lines(file)))
}

/// A waiver of a rule that does not exist.
pub fn waiver_unknown(w: &World, r: &mut Random) -> Option<Change> {
    let (file, _) = waivers(w)?;
    let rule = r.pick(vec!["wiring/secret-unresolvd", "leaks/token", "parity/overlay-keys"])?;
    let entry = format!("- {{rule: {rule}, where: '**', reason: tried out, until: 2099-01-01}}\n");
    let change = Change::new(format!("a waiver names {rule}")).write(file, w.text(file) + &entry);
    Some(change.finds_somewhere("waivers/unknown-rule", [file]))
}

/// A waiver that excuses nothing.
pub fn waiver_stale(w: &World, r: &mut Random) -> Option<Change> {
    let (file, _) = waivers(w)?;
    let rule = r.pick(vec!["parity/overlay-key", "wiring/unused", "leaks/jwt"])?;
    let cell = r.pick(w.cells.iter().collect::<Vec<&Rendered>>())?.cell.name();
    let entry = format!("- {{rule: {rule}, where: {cell}, reason: tried out, until: 2099-01-01}}\n");
    let mut change = Change::new(format!("a waiver of {rule} excuses nothing")).write(file, w.text(file) + &entry);
    change.all_checks = true;
    Some(change.finds_somewhere("waivers/stale", [file]))
}

/// The commit is after the last day of a waiver.
pub fn waiver_expired(w: &World, r: &mut Random) -> Option<Change> {
    let (file, lines) = waivers(w)?;
    let at = r.pick((0..lines.len()).filter(|at| lines[*at].trim_start().starts_with("until:")).collect())?;
    let mut lines = lines;
    let (before, _) = lines[at].split_once("until:")?;
    lines[at] = format!("{before}until: 2024-02-29");
    let mut change = Change::new("a waiver is past its day").write_lines(file, &lines);
    change.committed = Some("2024-03-01".to_owned());
    Some(change.finds_somewhere("waivers/expired", [file]))
}

/// A waiver is taken away while it is needed.
pub fn waiver_removed(w: &World, r: &mut Random) -> Option<Change> {
    let (file, lines) = waivers(w)?;
    let at =
        r.pick((0..lines.len()).filter(|at| lines[*at].trim_start().starts_with("- rule: parity/object")).collect())?;
    let range = block(&lines, at);
    let cell = lines[range.clone()].iter().find_map(|l| l.trim().strip_prefix("where: "))?.to_owned();
    let mut left = lines;
    left.drain(range);
    let change = Change::new(format!("the waiver of {cell} is removed")).write_lines(file, &left);
    Some(change.finds("parity/object", [&w.matrix.file], cell))
}

/// A comment that wants to be a waiver.
pub fn waiver_malformed(w: &World, r: &mut Random) -> Option<Change> {
    let comment = r.pick(vec![
        "# xtask:allow leaks/jwt",
        "# xtask:allow until=2099-01-01: nothing",
        "# xtask:allow leaks/jwt until=soon: later",
    ])?;
    let (cell, leaf) = r.pick(overlays(w))?;
    let text = format!("{comment}\n{}", w.text(&leaf.file));
    let change = Change::new(format!("{} has a comment", leaf.file)).write(&leaf.file, text).with(cell.cell.name());
    Some(change.finds_somewhere("waivers/malformed", [&leaf.file]))
}

/// An entry of a map in the library template, which changes every chart, and nobody blesses.
pub fn library_changed(w: &World, r: &mut Random) -> Option<Change> {
    let mut places = Vec::new();
    for cell in &w.cells {
        let templates = w.templates(&cell.cell.chart);
        let included = included(w, cell, &templates);
        let makes = |file: &String| {
            let helpers = helpers(&w.files[file]);
            let mut making = helpers.iter().filter(|(_, body)| body.contains("\nkind: ServiceAccount\n"));
            making.next().is_some_and(|(name, _)| included.contains(name)) && making.next().is_none()
        };
        places.extend(templates.iter().filter(|f| f.ends_with(".tpl") && makes(f)).map(|f| (cell, f.clone())));
    }
    let (cell, file) = r.pick(places)?;
    let text = into_block(&w.text(&file), "kind: ServiceAccount", "# changed")?;
    let change = Change::new(format!("{file} changes")).write(&file, text);
    Some(change.finds("golden/differs", [&cell.cell.golden], cell.cell.name()))
}
