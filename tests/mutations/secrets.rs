//! Secrets, their keys, their stores and their fixtures.

use std::collections::BTreeSet;

use checks::places;

use super::change::{Change, Random};
use super::edit::{block, into_block, misspelt, set, with_env, without_block};
use super::world::{Leaf, Rendered, Sync, World, overlay};

/// An environment.
pub fn environment(w: &World, r: &mut Random) -> String {
    r.pick(w.matrix.environments.iter().map(|e| e.name.clone()).collect()).unwrap()
}

/// An `ExternalSecret` with a cell of another release that uses its Secret.
fn shared<'a>(w: &'a World, env: &str) -> Vec<(Sync<'a>, String, BTreeSet<String>)> {
    let mut found = Vec::new();
    for sync in w.syncs(env) {
        for (user, keys) in w.users(env, &sync.secret) {
            if user.cell.release != sync.by.cell.release {
                found.push((sync.clone(), user.cell.release.clone(), keys));
            }
        }
    }
    found
}

/// The producer calls its Secret otherwise, its users do not know.
pub fn renamed_by_its_producer(w: &World, r: &mut Random) -> Option<Change> {
    let env = environment(w, r);
    let mut places = Vec::new();
    for (sync, user, _) in shared(w, &env) {
        let user = w.cell(&env, &user)?;
        let files = w.holding(&user.cell, &sync.secret);
        let leaves = w.chain_leaves(&sync.by.cell);
        // A Vault key may be called as its Secret is.
        let is_vault_key = |leaf: &Leaf| {
            let above = &leaf.path[..leaf.path.len() - 1];
            let beside = |o: &Leaf| o.file == leaf.file && o.path.starts_with(above) && o.path.len() == leaf.path.len();
            let is_named = leaves.iter().any(|o| beside(o) && o.text == sync.object.shown.name);
            !is_named && sync.entries.iter().any(|(_, vault)| *vault == leaf.text)
        };
        for leaf in leaves.iter().filter(|l| l.text == sync.secret && !is_vault_key(l)).cloned() {
            if !files.contains(&leaf.file) {
                places.push((leaf, files.clone(), sync.by.cell.name(), user.cell.name()));
            }
        }
    }
    let (leaf, files, by, user) = r.pick(places)?;
    let text = set(&w.text(&leaf.file), &leaf, &format!("{}-v2", leaf.text));
    Some(
        Change::new(format!("{} at {} is renamed", leaf.dotted(), leaf.file))
            .write(&leaf.file, text)
            .finds("wiring/secret-unresolved", files, user)
            .with(by),
    )
}

/// A user names the Secret otherwise than its producer.
fn named_otherwise(w: &World, r: &mut Random, name: fn(&str) -> String) -> Option<Change> {
    let env = environment(w, r);
    let mut places = Vec::new();
    for (sync, user, _) in shared(w, &env) {
        let user = w.cell(&env, &user)?;
        let leaves = w.chain_leaves(&user.cell).into_iter().filter(|l| l.text == sync.secret);
        places.extend(leaves.map(|leaf| (leaf, user.cell.name())));
    }
    let (leaf, user) = r.pick(places)?;
    let text = set(&w.text(&leaf.file), &leaf, &name(&leaf.text));
    Some(Change::new(format!("{} at {} is another name", leaf.dotted(), leaf.file)).write(&leaf.file, text).finds(
        "wiring/secret-unresolved",
        [leaf.file],
        user,
    ))
}

/// The user's values hold a typing error.
pub fn misspelt_by_its_user(w: &World, r: &mut Random) -> Option<Change> {
    named_otherwise(w, r, misspelt)
}

/// The user's values hold the name that the Secret had before.
pub fn stale_at_its_user(w: &World, r: &mut Random) -> Option<Change> {
    named_otherwise(w, r, |name| format!("old-{name}"))
}

/// A workload gets one more variable.
pub fn with_variable(w: &World, r: &mut Random, entry: &str) -> Option<(Change, String, String)> {
    let (cell, object) = r.pick(w.workloads())?;
    let text = with_env(&w.text(&object.template), entry)?;
    let change = Change::new(format!("{} gets a variable", object.template)).write(&object.template, text);
    Some((change, object.template.clone(), cell.cell.name()))
}

/// A template names a Secret that nobody makes.
pub fn nobody_makes_it(w: &World, r: &mut Random) -> Option<Change> {
    let entry =
        "- name: EXTRA_SETTING\n  valueFrom:\n    secretKeyRef:\n      name: nobody-makes-this\n      key: setting";
    let (change, file, cell) = with_variable(w, r, entry)?;
    Some(change.finds("wiring/secret-unresolved", [file], cell))
}

/// Where an entry of an `ExternalSecret` is written, and the file without it or with another in its place.
fn entry_edits(
    w: &World,
    sync: &Sync<'_>,
    key: &str,
    vault: &str,
    with: &dyn Fn(&str) -> String,
) -> Vec<(String, String)> {
    let cell = &sync.by.cell;
    let mut found = Vec::new();
    let own = format!("{}/", cell.chart);
    for file in w.holding(cell, key).into_iter().filter(|f| f.starts_with(&own) || !f.ends_with(".tpl")) {
        let text = w.text(&file);
        let pair = format!("\"{key}\" \"{vault}\"");
        if text.matches(&pair).count() == 1 {
            found.push((file.clone(), text.replace(&pair, &with(&pair))));
        }
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let plain = format!("{key}: {vault}");
        if let Some(at) = lines.iter().position(|l| *l == plain) {
            let mut lines = lines.clone();
            lines.splice(at..=at, Some(with(&plain)).filter(|l| !l.is_empty()));
            found.push((file.clone(), lines.join("\n") + "\n"));
        }
        let item = |at: usize| {
            let block = lines[block(&lines, at)].join("\n");
            lines[at].trim_start().starts_with("- ")
                && lines[at].trim().len() < 60
                && places::holds(&block, key)
                && places::holds(&block, vault)
                && block.lines().count() == 2
        };
        if let Some(at) = (0..lines.len()).find(|at| item(*at)) {
            let range = block(&lines, at);
            let mut lines = lines.clone();
            let old = lines[range.clone()].join("\n");
            lines.splice(range, Some(with(&old)).filter(|l| !l.is_empty()));
            found.push((file, lines.join("\n") + "\n"));
        }
    }
    found
}

/// An entry of an `ExternalSecret` that a cell reads by its key.
struct Read<'a> {
    sync: Sync<'a>,
    key: String,
    user: &'a Rendered,
    /// The file that writes it, and its text with the entry changed.
    edit: (String, String),
}

/// Every entry of an `ExternalSecret` that is written somewhere, with a cell that reads its key by name.
fn read_entries<'a>(w: &'a World, env: &str, with: &dyn Fn(&str) -> String) -> Vec<Read<'a>> {
    let mut found = Vec::new();
    for sync in &w.syncs(env) {
        for (key, vault) in &sync.entries {
            for (user, keys) in w.users(env, &sync.secret) {
                if keys.contains(key) {
                    for edit in entry_edits(w, sync, key, vault, with) {
                        found.push(Read { sync: sync.clone(), key: key.clone(), user, edit });
                    }
                }
            }
        }
    }
    found
}

/// An `ExternalSecret` does not fill a key any more.
pub fn key_dropped(w: &World, r: &mut Random) -> Option<Change> {
    let env = environment(w, r);
    let Read { sync, key, user, edit: (file, text) } = r.pick(read_entries(w, &env, &|_| String::new()))?;
    let mut files = w.holding(&user.cell, &key);
    files.extend(w.sources_of(user));
    Some(
        Change::new(format!("{key} is dropped in {file}"))
            .write(&file, text)
            .finds("wiring/key-unresolved", files, user.cell.name())
            .with(sync.by.cell.name()),
    )
}

/// The keys of several Secrets follow from one list, which loses an item.
pub fn part_dropped(w: &World, r: &mut Random) -> Option<Change> {
    let env = environment(w, r);
    let mut places = Vec::new();
    for (sync, user, keys) in shared(w, &env) {
        let user = w.cell(&env, &user)?;
        let text = w.text(&sync.object.template);
        for key in &keys {
            let part = key.rsplit('_').next().unwrap_or_default().to_lowercase();
            let quoted = format!(" \"{part}\"");
            if !part.is_empty() && text.lines().any(|l| l.contains("list ") && l.contains(&quoted)) {
                // The line that names the key, or else the one that names the Secret.
                let mut files = w.sources_of(user);
                files.extend(w.holding(&user.cell, &sync.secret));
                places.push((
                    sync.object.template.clone(),
                    text.replace(&quoted, ""),
                    files,
                    user,
                    sync.by.cell.name(),
                ));
            }
        }
    }
    let (file, text, files, user, by) = r.pick(places)?;
    let change = Change::new(format!("{file} fills one key less")).write(&file, text);
    Some(change.finds("wiring/key-unresolved", files, user.cell.name()).with(by))
}

/// A user reads a key that is not set.
pub fn another_key_read(w: &World, r: &mut Random) -> Option<Change> {
    let env = environment(w, r);
    let mut places = Vec::new();
    for (_, user, keys) in shared(w, &env) {
        let user = w.cell(&env, &user)?;
        for leaf in w.chain_leaves(&user.cell).into_iter().filter(|l| keys.contains(&l.text)) {
            places.push((leaf.file.clone(), set(&w.text(&leaf.file), &leaf, &misspelt(&leaf.text)), user.cell.name()));
        }
    }
    for user in w.of(&env) {
        for object in user.objects.iter().filter(|o| w.files.contains_key(&o.template) && o.shown.pod().is_some()) {
            let text = w.text(&object.template);
            for (_, key) in object.shown.secrets() {
                let Some(key) = key else { continue };
                let call = format!("\"key\" \"{key}\"");
                if text.contains(&call) {
                    let changed = text.replacen(&call, &format!("\"key\" \"{}\"", misspelt(&key)), 1);
                    places.push((object.template.clone(), changed, user.cell.name()));
                }
            }
        }
    }
    let (file, text, user) = r.pick(places)?;
    Some(Change::new(format!("{file} reads another key")).write(&file, text).finds(
        "wiring/key-unresolved",
        [file],
        user,
    ))
}

/// A template (one that others include counts) in which something about `ExternalSecret`s is written, and a cell that renders one
/// through it, with the change.
fn convention(
    w: &World,
    r: &mut Random,
    change: &dyn Fn(&str) -> Option<String>,
) -> Option<(Change, BTreeSet<String>, String)> {
    let mut places = Vec::new();
    for cell in &w.cells {
        for object in cell.objects.iter().filter(|o| o.shown.kind == "ExternalSecret") {
            for file in w.templates(&cell.cell.chart) {
                let text = w.text(&file);
                let Some(changed) = text.contains("kind: ExternalSecret").then(|| change(&text)).flatten() else {
                    continue;
                };
                places.push((file, changed, object.template.clone(), cell.cell.name()));
            }
        }
    }
    let (file, text, template, cell) = r.pick(places)?;
    Some((
        Change::new(format!("{file} breaks the convention")).write(&file, text),
        BTreeSet::from([file, template]),
        cell,
    ))
}

/// Replaces something that is there.
fn replaced(text: &str, old: &str, new: &str) -> Option<String> {
    text.contains(old).then(|| text.replacen(old, new, 1))
}

/// The store is misspelt.
pub fn store_misspelt(w: &World, r: &mut Random) -> Option<Change> {
    let store = w.matrix.secrets.as_ref()?.store.clone()?;
    let name = store.rsplit('/').next()?;
    let (change, files, cell) = convention(w, r, &|text| replaced(text, name, &misspelt(name)))?;
    let change = change.finds("externalsecrets/convention", files.clone(), &cell);
    Some(change.finds("wiring/store-unresolved", files, cell))
}

/// The store is called otherwise where it is made.
pub fn store_renamed(w: &World, r: &mut Random) -> Option<Change> {
    let store = w.matrix.secrets.as_ref()?.store.clone()?;
    let (kind, name) = store.split_once('/')?;
    let (cell, object) = r.pick(w.rendering(kind).into_iter().filter(|(_, o)| o.shown.name == name).collect())?;
    let text = replaced(&w.text(&object.template), name, "another-store")?;
    let user = r.pick(w.syncs(&cell.cell.env))?;
    // The release misses its store once, at the first of its ExternalSecrets.
    let mut files = w.holding(&user.by.cell, name);
    let all = user.by.objects.iter().filter(|o| o.shown.kind == "ExternalSecret");
    files.extend(all.map(|o| o.template.clone()));
    let change = Change::new(format!("{} makes another store", object.template)).write(&object.template, text);
    Some(change.finds("wiring/store-unresolved", files, user.by.cell.name()).with(cell.cell.name()))
}

/// The pattern of Vault keys is broken.
pub fn remote_key_broken(w: &World, r: &mut Random) -> Option<Change> {
    let pattern = w.matrix.secrets.as_ref()?.remote_key.clone()?;
    let prefix = pattern.split("{key}").next()?.to_owned();
    let shorter = r.pick(vec!["secret/".to_owned(), String::new(), prefix.replace("data", "metadata")])?;
    let (change, mut files, cell) = convention(w, r, &|text| replaced(text, &prefix, &shorter))?;
    // Without any prefix a key is told at the line that it stands in.
    let (env, release) = cell.split_once('/')?;
    for sync in w.syncs(env).into_iter().filter(|s| s.by.cell.release == release && shorter.is_empty()) {
        files.extend(sync.entries.iter().flat_map(|(_, vault)| w.holding(&sync.by.cell, vault)));
    }
    Some(change.finds("externalsecrets/convention", files, cell))
}

/// Another property of the Vault key is read, or none.
pub fn property_changed(w: &World, r: &mut Random) -> Option<Change> {
    let property = w.matrix.secrets.as_ref()?.remote_property.clone()?;
    let line = format!("property: {property}\n");
    let other = r.pick(vec!["property: credential\n", "property: data\n", "\n"])?;
    let (change, files, cell) = convention(w, r, &|text| replaced(text, &line, other))?;
    Some(change.finds("externalsecrets/convention", files, cell))
}

/// The API version is an old one.
pub fn api_outdated(w: &World, r: &mut Random) -> Option<Change> {
    let api = w.matrix.secrets.as_ref()?.api.clone()?;
    let old = r.pick(vec!["external-secrets.io/v1beta1", "external-secrets.io/v1alpha1"])?;
    let (change, files, cell) = convention(w, r, &|text| replaced(text, &format!("{api}\n"), &format!("{old}\n")))?;
    Some(change.finds("externalsecrets/api-version", files, cell))
}

/// An `ExternalSecret` that only adds to a Secret makes none.
pub fn only_merges(w: &World, r: &mut Random) -> Option<Change> {
    lost_target(w, r, &|text| replaced(text, "creationPolicy: Owner", "creationPolicy: Merge"))
}

/// An `ExternalSecret` makes its Secret in another namespace.
pub fn another_namespace(w: &World, r: &mut Random) -> Option<Change> {
    lost_target(w, r, &|text| replaced(text, "metadata:\n", "metadata:\n  namespace: elsewhere\n"))
}

fn lost_target(w: &World, r: &mut Random, change: &dyn Fn(&str) -> Option<String>) -> Option<Change> {
    let (change, _, cell) = convention(w, r, change)?;
    let (env, release) = cell.split_once('/')?;
    let mut places = Vec::new();
    for sync in w.syncs(env).into_iter().filter(|s| s.by.cell.release == release) {
        for (user, _) in w.users(env, &sync.secret) {
            let mut files = w.holding(&user.cell, &sync.secret);
            files.extend(w.sources_of(user));
            places.push((files, user.cell.name()));
        }
    }
    let (files, user) = r.pick(places)?;
    Some(change.finds("wiring/secret-unresolved", files, user).with(cell))
}

/// An `ExternalSecret` written by hand, in a file of its own.
fn by_hand(w: &World, r: &mut Random, text: &str) -> Option<(Change, String, String)> {
    let cell = &r.pick(w.cells.iter().collect())?.cell;
    let file = format!("{}/templates/by-hand.yaml", cell.chart);
    Some((Change::new(format!("{file} is new")).write(&file, text), file, cell.name()))
}

fn own_sync(store: &str, key: &str, property: &str, api: &str) -> String {
    format!(
        "apiVersion: {api}\nkind: ExternalSecret\nmetadata:\n  name: by-hand-sync\nspec:\n  secretStoreRef:\n    kind: \
         ClusterSecretStore\n    name: {store}\n  target:\n    name: by-hand\n  data:\n    - secretKey: entry\n      \
         remoteRef:\n        key: {key}\n{property}"
    )
}

fn conventional(w: &World, key: &str) -> Option<(String, String, String, String)> {
    let secrets = w.matrix.secrets.as_ref()?;
    let store = secrets.store.as_deref()?.rsplit('/').next()?.to_owned();
    let key = secrets.remote_key.as_deref()?.replace("{key}", key);
    let property = format!("        property: {}\n", secrets.remote_property.as_deref()?);
    Some((store, key, property, secrets.api.clone()?))
}

/// One written by hand that reads from another store.
pub fn by_hand_store(w: &World, r: &mut Random) -> Option<Change> {
    let (_, key, property, api) = conventional(w, "by-hand")?;
    let (change, file, cell) = by_hand(w, r, &own_sync("vault", &key, &property, &api))?;
    let change = change.finds("externalsecrets/convention", [&file], &cell);
    Some(change.finds("wiring/store-unresolved", [file], cell))
}

/// One written by hand with the key as Vault's user interface shows it.
pub fn by_hand_key(w: &World, r: &mut Random) -> Option<Change> {
    let (store, _, property, api) = conventional(w, "by-hand")?;
    let (change, file, cell) = by_hand(w, r, &own_sync(&store, "by-hand/entry", &property, &api))?;
    Some(change.finds("externalsecrets/convention", [file], cell))
}

/// One written by hand without a property.
pub fn by_hand_property(w: &World, r: &mut Random) -> Option<Change> {
    let (store, key, _, api) = conventional(w, "by-hand")?;
    let (change, file, cell) = by_hand(w, r, &own_sync(&store, &key, "", &api))?;
    Some(change.finds("externalsecrets/convention", [file], cell))
}

/// One written by hand in an old API version.
pub fn by_hand_api(w: &World, r: &mut Random) -> Option<Change> {
    let (store, key, property, api) = conventional(w, "by-hand")?;
    let (change, file, cell) = by_hand(w, r, &own_sync(&store, &key, &property, &format!("{api}beta1")))?;
    Some(change.finds("externalsecrets/api-version", [file], cell))
}

/// One written by hand by the convention, whose Secret nobody uses.
pub fn nobody_uses_it(w: &World, r: &mut Random) -> Option<Change> {
    let (store, key, property, api) = conventional(w, "by-hand")?;
    let (change, file, cell) = by_hand(w, r, &own_sync(&store, &key, &property, &api))?;
    let change = change.finds("wiring/unused", [&file], &cell);
    let with_fixtures = w.matrix.environments.iter().find(|e| cell.starts_with(&format!("{}/", e.name)))?;
    Some(match &with_fixtures.fixtures {
        Some(fixtures) => change.finds("fixtures/missing", [fixtures], cell),
        None => change,
    })
}

/// An `ExternalSecret` fills a key that nobody reads.
pub fn key_nobody_reads(w: &World, r: &mut Random) -> Option<Change> {
    let env = environment(w, r);
    let one_more = |pair: &str| {
        if pair.starts_with('"') { format!("{pair} \"spare\" \"spare-key\"") } else { String::new() }
    };
    let places = read_entries(w, &env, &one_more);
    let all_named = |sync: &Sync<'_>| {
        let pods = w.of(&env).into_iter().flat_map(|c| &c.objects).flat_map(|o| o.shown.secrets());
        pods.filter(|(name, _)| *name == sync.secret).all(|(_, key)| key.is_some())
    };
    let places = places.into_iter().filter(|read| read.edit.1.contains("spare-key") && all_named(&read.sync));
    let Read { sync, edit: (file, text), .. } = r.pick(places.collect())?;
    let change = Change::new(format!("{file} fills one key more")).write(&file, text);
    Some(change.finds("wiring/unused", [file], sync.by.cell.name()))
}

/// A template that makes Secrets is deleted.
pub fn producer_deleted(w: &World, r: &mut Random) -> Option<Change> {
    let env = environment(w, r);
    let mut places = Vec::new();
    for sync in w.syncs(&env).into_iter().filter(|s| w.files.contains_key(&s.object.template)) {
        for (user, _) in w.users(&env, &sync.secret) {
            let mut files = w.holding(&user.cell, &sync.secret);
            files.remove(&sync.object.template);
            files.extend(w.sources_of(user));
            places.push((sync.object.template.clone(), files, user.cell.name(), sync.by.cell.name()));
        }
    }
    let (file, files, user, by) = r.pick(places)?;
    let change = Change::new(format!("{file} is deleted")).delete(&file);
    Some(change.finds("wiring/secret-unresolved", files, user).with(by))
}

/// A second release makes a Secret that is made already.
pub fn made_twice(w: &World, r: &mut Random) -> Option<Change> {
    let env = environment(w, r);
    let sync = r.pick(w.syncs(&env))?;
    let other = r.pick(w.of(&env).into_iter().filter(|c| c.cell.release != sync.by.cell.release).collect())?;
    let file = format!("{}/templates/copied.yaml", other.cell.chart);
    let change =
        Change::new(format!("{file} makes {} too", sync.secret)).write(&file, format!("{}\n", sync.object.text));
    // Either of the two may be the wrong one: the first is named at the line that names its Secret.
    let mut files = w.holding(&sync.by.cell, &sync.secret);
    files.extend([file, sync.object.template.clone()]);
    Some(change.finds("wiring/produced-twice", files, other.cell.name()).with(sync.by.cell.name()))
}

/// A Vault key without its fixture.
pub fn fixture_removed(w: &World, r: &mut Random) -> Option<Change> {
    let environment = r.pick(w.matrix.environments.iter().filter(|e| e.fixtures.is_some()).collect())?;
    let file = environment.fixtures.as_deref()?;
    let lines = w.lines(file);
    let mut places = Vec::new();
    for sync in w.syncs(&environment.name) {
        for (_, vault) in &sync.entries {
            let at = lines.iter().position(|l| l.trim_start().starts_with(&format!("{vault}:")));
            places.extend(at.map(|at| (at, vault.clone(), sync.by.cell.name())));
        }
    }
    let (at, vault, cell) = r.pick(places)?;
    let change = Change::new(format!("fixture {vault} is removed")).write_lines(file, &without_block(&lines, at));
    Some(change.finds("fixtures/missing", [file], cell))
}

/// A fixture that nothing reads.
pub fn fixture_unused(w: &World, r: &mut Random) -> Option<Change> {
    let environment = r.pick(w.matrix.environments.iter().filter(|e| e.fixtures.is_some()).collect())?;
    let file = environment.fixtures.as_deref()?;
    let text = into_block(&w.text(file), "keys:", "  left-behind-password: {derive: hmac}")?;
    let cell = r.pick(w.of(&environment.name))?.cell.name();
    let change = Change::new("a fixture is left behind").write(file, text);
    Some(change.finds("wiring/unused", [file], cell))
}

/// Another Vault key is read than before.
pub fn vault_key_misspelt(w: &World, r: &mut Random) -> Option<Change> {
    let environment = r.pick(w.matrix.environments.iter().filter(|e| e.fixtures.is_some()).collect())?;
    let env = &environment.name;
    let mut places = Vec::new();
    for sync in &w.syncs(env) {
        for (key, vault) in &sync.entries {
            let other = |entry: &str| entry.replace(vault.as_str(), &format!("{vault}-2"));
            for edit in entry_edits(w, sync, key, vault, &other) {
                places.push((sync.clone(), edit));
            }
        }
    }
    let (sync, (file, text)) = r.pick(places)?;
    let change = Change::new(format!("{file} reads another Vault key")).write(&file, text);
    Some(change.finds("fixtures/missing", [environment.fixtures.as_deref()?], sync.by.cell.name()))
}

/// Cells that name a Secret which the matrix file says somebody outside makes.
fn users_of_external(w: &World) -> Vec<(&Rendered, &checks::model::External)> {
    let externals = w.matrix.secrets.iter().flat_map(|s| &s.external);
    let named = |cell: &Rendered, name: &str| cell.objects.iter().any(|o| places::holds(&o.text, name));
    externals.flat_map(|e| w.cells.iter().filter(|c| named(c, &e.secret)).map(move |c| (c, e))).collect()
}

/// The matrix file does not say any more who makes a Secret.
pub fn external_removed(w: &World, r: &mut Random) -> Option<Change> {
    let (cell, external) = r.pick(users_of_external(w))?;
    let file = &w.matrix.file;
    let lines = w.lines(file);
    let at = lines.iter().position(|l| l.trim_start().starts_with("- ") && places::holds(l, &external.secret))?;
    let change = Change::new("an external entry is removed").write_lines(file, &without_block(&lines, at));
    Some(change.finds("wiring/secret-unresolved", w.holding(&cell.cell, &external.secret), cell.cell.name()))
}

/// The matrix file says less keys of a Secret that somebody outside makes.
pub fn external_key_removed(w: &World, r: &mut Random) -> Option<Change> {
    let (cell, external) = r.pick(users_of_external(w).into_iter().filter(|(_, e)| e.keys.len() > 1).collect())?;
    let file = &w.matrix.file;
    let key = r.pick(external.keys.clone())?;
    let left: Vec<&str> = external.keys.iter().filter(|k| **k != key).map(String::as_str).collect();
    let text = replaced(&w.text(file), &format!("[{}]", external.keys.join(", ")), &format!("[{}]", left.join(", ")))?;
    let mut files = w.holding(&cell.cell, &external.secret);
    files.extend(w.sources_of(cell));
    let change = Change::new(format!("key {key} of an external entry is removed")).write(file, text);
    Some(change.finds("wiring/key-unresolved", files, cell.cell.name()))
}

/// Another name for a Secret that somebody outside makes.
pub fn external_misspelt(w: &World, r: &mut Random) -> Option<Change> {
    let mut places = Vec::new();
    for (cell, external) in users_of_external(w) {
        let leaves = w.chain_leaves(&cell.cell).into_iter().filter(|l| l.text == external.secret);
        places.extend(leaves.map(|leaf| (leaf, cell.cell.name())));
    }
    let (leaf, cell) = r.pick(places)?;
    let text = set(&w.text(&leaf.file), &leaf, &misspelt(&leaf.text));
    let change = Change::new(format!("{} at {} is misspelt", leaf.dotted(), leaf.file)).write(&leaf.file, text);
    Some(change.finds("wiring/secret-unresolved", [leaf.file], cell))
}

/// Pods pull with a Secret that nobody makes.
pub fn pull_secret_unknown(w: &World, r: &mut Random) -> Option<Change> {
    let mut places = Vec::new();
    for cell in &w.cells {
        let Some(overlay) = overlay(&cell.cell) else { continue };
        let defaults = w.text(&format!("{}/values.yaml", cell.cell.chart));
        let has_workload = cell.objects.iter().any(|o| o.shown.pod().is_some());
        if defaults.contains("\n  pullSecrets: []") && has_workload {
            places.extend(
                into_block(&w.text(overlay), "image:", "  pullSecrets: [our-registry]").map(|t| (overlay, t, cell)),
            );
        }
    }
    let (file, text, cell) = r.pick(places)?;
    let change = Change::new(format!("{file} names a pull secret")).write(file, text);
    Some(change.finds("wiring/secret-unresolved", [file], cell.cell.name()))
}
