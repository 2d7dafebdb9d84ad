//! Layers, `after`, switches, hooks.

use std::collections::BTreeSet;

use super::change::{Change, Random};
use super::edit::{block, indent, line_of, without_block};
use super::world::{Leaf, Rendered, Sync, World, overlay};

const LATE: &str = "order/produced-too-late";

/// The layer of a release.
fn layer(w: &World, release: &str) -> u32 {
    w.matrix.release(release).map_or(0, |r| r.layer)
}

/// Where the entry of an `ExternalSecret` starts in the values of its producer: the map that holds its name and its Secret's.
fn entry(w: &World, sync: &Sync<'_>) -> Option<(Leaf, usize)> {
    let leaves = w.chain_leaves(&sync.by.cell);
    let leaf = leaves.iter().find(|l| {
        let beside = |o: &&Leaf| {
            o.file == l.file && o.path.len() == l.path.len() && o.path[..o.path.len() - 1] == l.path[..l.path.len() - 1]
        };
        l.text == sync.secret
            && l.path.len() > 1
            && leaves.iter().filter(beside).any(|o| o.text == sync.object.shown.name)
    })?;
    let lines = w.lines(&leaf.file);
    let leaf = w.leaves(&leaf.file).iter().find(|l| l.path == leaf.path)?.clone();
    let at = line_of(&lines, &leaf, leaf.path.len() - 1);
    Some((leaf, at))
}

/// Moves an `ExternalSecret` into the chart of another release.
pub fn moved(w: &World, change: Change, sync: &Sync<'_>, to: &Rendered) -> Option<Change> {
    let (leaf, _) = entry(w, sync)?;
    // Several may be moved by one change.
    let now = change
        .files
        .get(&leaf.file)
        .cloned()
        .flatten()
        .map_or_else(|| w.text(&leaf.file), |b| String::from_utf8(b).unwrap());
    let lines: Vec<String> = now.lines().map(str::to_owned).collect();
    let key = &leaf.path[leaf.path.len() - 2];
    let holds =
        |at: usize| lines[block(&lines, at)].iter().any(|l| l.trim_end().ends_with(&format!(": {}", sync.secret)));
    let at = (0..lines.len()).find(|at| lines[*at].trim() == format!("{key}:") && holds(*at))?;
    let file = format!("{}/templates/{}.yaml", to.cell.chart, sync.object.shown.name);
    Some(
        change
            .write_lines(&leaf.file, &without_block(&lines, at))
            .write(&file, format!("{}\n", sync.object.text))
            .with(to.cell.name())
            .with(sync.by.cell.name()),
    )
}

/// `ExternalSecret`s that can be moved from an early release into a user's chart, with an earlier user.
fn movable<'a>(w: &'a World, env: &str) -> Vec<(Sync<'a>, &'a Rendered, &'a Rendered)> {
    let mut found = Vec::new();
    for sync in &w.syncs(env) {
        if entry(w, sync).is_none() {
            continue;
        }
        for (early, _) in w.users(env, &sync.secret) {
            for (late, _) in w.users(env, &sync.secret) {
                if layer(w, &early.cell.release) < layer(w, &late.cell.release) {
                    found.push((sync.clone(), early, late));
                }
            }
        }
    }
    found
}

/// An `ExternalSecret` goes back into a service's chart.
pub fn moved_into_a_service(w: &World, r: &mut Random) -> Option<Change> {
    let all = w.matrix.environments.iter().flat_map(|e| movable(w, &e.name)).collect();
    let (sync, early, late) = r.pick(all)?;
    let words = format!("{} is moved into {}", sync.object.shown.name, late.cell.chart);
    let change = moved(w, Change::new(words), &sync, late)?;
    Some(change.finds(LATE, [&w.matrix.file], early.cell.name()))
}

/// An `ExternalSecret` goes into the chart of the hook that needs it.
pub fn moved_into_the_hook(w: &World, r: &mut Random) -> Option<Change> {
    let mut places = Vec::new();
    for environment in &w.matrix.environments {
        for (sync, early, _) in movable(w, &environment.name) {
            let hook = |o: &super::world::Object| {
                o.text.contains("helm.sh/hook: pre-install") && o.shown.secrets().iter().any(|(s, _)| *s == sync.secret)
            };
            if early.objects.iter().any(hook) {
                places.push((sync, early));
            }
        }
    }
    let (sync, hook) = r.pick(places)?;
    let change =
        moved(w, Change::new(format!("{} is moved into its hook's chart", sync.object.shown.name)), &sync, hook)?;
    Some(change.finds(LATE, [&w.matrix.file], hook.cell.name()))
}

/// The lines of a release in the matrix file, with the entry taken out.
fn taken_out(w: &World, release: &str) -> Option<(Vec<String>, Vec<String>)> {
    let lines = w.lines(&w.matrix.file);
    let at = w.matrix.release(release)?.place.line - 1;
    let range = block(&lines, at);
    let entry = lines[range.clone()].to_vec();
    let mut left = lines;
    left.drain(range);
    Some((left, entry))
}

/// Releases whose Secrets others use, with those.
fn supplied(w: &World) -> BTreeSet<(String, String, String)> {
    let mut found = BTreeSet::new();
    for environment in &w.matrix.environments {
        for sync in w.syncs(&environment.name) {
            for (user, _) in w.users(&environment.name, &sync.secret) {
                if user.cell.release != sync.by.cell.release {
                    found.insert((sync.by.cell.release.clone(), user.cell.release.clone(), environment.name.clone()));
                }
            }
        }
    }
    found
}

/// A release goes to a layer of its own at the start or the end of all.
fn relayered(w: &World, release: &str, number: u32) -> Option<Change> {
    let (mut lines, entry) = taken_out(w, release)?;
    let layers = lines.iter().position(|l| l.trim_end() == "layers:")?;
    let at = if number == 1 { layers + 1 } else { block(&lines, layers).end };
    let depth = indent(lines[layers + 1..].iter().find(|l| !l.trim().is_empty())?);
    let new = std::iter::once(format!("{}{number}:", " ".repeat(depth))).chain(entry);
    lines.splice(at..at, new);
    Some(Change::new(format!("{release} goes to layer {number}")).write_lines(&w.matrix.file, &lines))
}

/// A consumer goes before its producer.
pub fn consumer_goes_first(w: &World, r: &mut Random) -> Option<Change> {
    let free = |release: &str| w.matrix.release(release).is_some_and(|known| known.after.is_empty());
    let (_, user, env) = r.pick(supplied(w).into_iter().filter(|(_, user, _)| free(user)).collect())?;
    Some(relayered(w, &user, 1)?.finds(LATE, [&w.matrix.file], format!("{env}/{user}")))
}

/// A producer goes behind its consumers.
pub fn producer_goes_last(w: &World, r: &mut Random) -> Option<Change> {
    let free = |release: &str| !w.matrix.releases.iter().any(|other| other.after.iter().any(|a| a == release));
    let (by, user, env) = r.pick(supplied(w).into_iter().filter(|(by, ..)| free(by)).collect())?;
    Some(relayered(w, &by, 99)?.finds(LATE, [&w.matrix.file], format!("{env}/{user}")))
}

/// Two layers change places: their numbers are swapped.
pub fn layers_swapped(w: &World, r: &mut Random) -> Option<Change> {
    let mut places = Vec::new();
    for (by, user, env) in supplied(w) {
        let (first, second) = (layer(w, &by), layer(w, &user));
        let tied = |number: u32| {
            w.matrix.releases.iter().any(|o| o.after.iter().any(|a| (o.layer == number) != (layer(w, a) == number)))
        };
        if first < second && !tied(first) && !tied(second) {
            places.push((first, second, user, env));
        }
    }
    let (first, second, user, env) = r.pick(places)?;
    let header = |line: &str, number: u32| line.trim_start().starts_with(&format!("{number}:"));
    let lines = w.lines(&w.matrix.file).into_iter().map(|line| match () {
        () if header(&line, first) => line.replacen(&first.to_string(), &second.to_string(), 1),
        () if header(&line, second) => line.replacen(&second.to_string(), &first.to_string(), 1),
        () => line,
    });
    let change = Change::new(format!("layers {first} and {second} change places"));
    Some(change.write_lines(&w.matrix.file, &lines.collect::<Vec<_>>()).finds(
        LATE,
        [&w.matrix.file],
        format!("{env}/{user}"),
    ))
}

/// `after` is dropped between two releases of one layer.
pub fn after_removed(w: &World, r: &mut Random) -> Option<Change> {
    let mut places = Vec::new();
    for release in w.matrix.releases.iter().filter(|o| !o.after.is_empty()) {
        let same = release.after.iter().any(|a| layer(w, a) == release.layer);
        places.extend(same.then_some(release));
    }
    let release = r.pick(places)?;
    let mut lines = w.lines(&w.matrix.file);
    let at = release.place.line - 1;
    let written = format!("after: [{}]", release.after.join(", "));
    lines[at] = lines[at].replace(&format!("{written}, "), "").replace(&written, "");
    let env = r.pick(w.cells.iter().filter(|c| c.cell.release == release.name).collect())?.cell.name();
    let change = Change::new(format!("`after` of {} is removed", release.name)).write_lines(&w.matrix.file, &lines);
    Some(change.finds(LATE, [&w.matrix.file], env))
}

/// A producer is switched off where its consumer is on.
pub fn producer_off(w: &World, r: &mut Random) -> Option<Change> {
    let lines = w.lines(&w.matrix.file);
    let mut places = Vec::new();
    for (by, user, env) in supplied(w) {
        let release = w.matrix.release(&by)?;
        let elsewhere = supplied(w).iter().any(|(b, u, e)| *b == by && *u == user && *e != env);
        let line = lines[release.place.line - 1].clone();
        if elsewhere && line.trim_end().ends_with('}') && !line.contains("off:") {
            places.push((release.place.line - 1, by, user, env));
        }
    }
    let (at, by, user, env) = r.pick(places)?;
    let off = format!("off: {{{env}: nobody needs it there}}");
    let mut lines = lines;
    lines[at] = lines[at].replacen('{', &format!("{{{off}, "), 1).replace(", }", "}");
    let cell = &w.cell(&env, &by)?.cell;
    let mut change =
        Change::new(format!("{by} is off in {env}")).write_lines(&w.matrix.file, &lines).delete(&cell.golden);
    if let Some(overlay) = overlay(cell) {
        change = change.delete(overlay);
    }
    Some(change.finds("order/producer-optional", [&w.matrix.file], format!("{env}/{user}")))
}

/// What a hook needs beside Secrets, made by an earlier hook.
fn hooked(w: &World) -> Vec<(&Rendered, String)> {
    let mut found = Vec::new();
    for cell in &w.cells {
        for object in
            cell.objects.iter().filter(|o| o.shown.kind == "ServiceAccount" && o.text.contains("helm.sh/hook:"))
        {
            let uses = |o: &super::world::Object| {
                let pod = o.shown.pod().and_then(|p| p["serviceAccountName"].as_str());
                pod == Some(object.shown.name.as_str()) && o.text.contains("helm.sh/hook: pre-install")
            };
            if cell.objects.iter().any(uses) {
                found.push((cell, object.template.clone()));
            }
        }
    }
    found
}

/// The account of a hook is no hook any more.
pub fn account_is_no_hook(w: &World, r: &mut Random) -> Option<Change> {
    let (cell, file) = r.pick(hooked(w))?;
    let lines: Vec<String> = w.lines(&file).into_iter().filter(|l| !l.contains("helm.sh/hook")).collect();
    let lines: Vec<String> = lines.into_iter().filter(|l| l.trim() != "annotations:").collect();
    let change = Change::new(format!("{file} is no hook")).write_lines(&file, &lines);
    Some(change.finds(LATE, [&w.matrix.file], cell.cell.name()))
}

/// The account of a hook is made after it.
pub fn account_is_a_later_hook(w: &World, r: &mut Random) -> Option<Change> {
    let (cell, file) = r.pick(hooked(w))?;
    let later = |line: String| match line.split_once("hook-weight:") {
        Some((before, _)) => format!("{before}hook-weight: \"7\""),
        None => line,
    };
    let lines: Vec<String> = w.lines(&file).into_iter().map(later).collect();
    let change = Change::new(format!("{file} is a later hook")).write_lines(&file, &lines);
    Some(change.finds(LATE, [&w.matrix.file], cell.cell.name()))
}

/// A Job that its release's Secrets are enough for becomes a hook before the installation.
pub fn job_becomes_a_hook(w: &World, r: &mut Random) -> Option<Change> {
    let mut places = Vec::new();
    for (cell, job) in w.rendering("Job") {
        let own: Vec<String> =
            w.syncs(&cell.cell.env).into_iter().filter(|s| s.by.cell == cell.cell).map(|s| s.secret).collect();
        let needs = job.shown.secrets().iter().any(|(name, _)| own.contains(name));
        if needs && !job.text.contains("pre-install") {
            places.push((cell, job));
        }
    }
    let (cell, job) = r.pick(places)?;
    let mut lines: Vec<String> = w.lines(&job.template);
    lines.retain(|l| !l.contains("helm.sh/hook:"));
    let kind = lines.iter().position(|l| l.trim_end() == "kind: Job")?;
    let metadata = kind + lines[kind..].iter().position(|l| l.trim_end() == "metadata:")?;
    let spec = metadata + lines[metadata..].iter().position(|l| l.trim_end() == "spec:")?;
    let hook = "    helm.sh/hook: pre-install,pre-upgrade".to_owned();
    match lines[metadata..spec].iter().position(|l| l.trim_end() == "  annotations:") {
        Some(at) => lines.insert(metadata + at + 1, hook),
        None => lines.insert(metadata + 1, format!("  annotations:\n{hook}")),
    }
    let change = Change::new(format!("{} becomes a hook", job.template)).write_lines(&job.template, &lines);
    Some(change.finds(LATE, [&w.matrix.file], cell.cell.name()))
}
