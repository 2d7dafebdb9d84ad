//! Renames every Secret of the repository, wherever it is named, so that nothing in the rules can know a name by heart.

use std::collections::{BTreeMap, BTreeSet};

use checks::places;

use super::world::World;
use crate::common::reference::entries;
use crate::common::{Repository, stderr, stdout};

/// Words that say nothing of what they stand for.
const WORDS: [&str; 8] = ["alder", "birch", "cedar", "hazel", "larch", "maple", "rowan", "willow"];

/// The new name of every Secret and of every `ExternalSecret` whose name begins with its Secret's.
pub fn names(world: &World) -> BTreeMap<String, String> {
    let mut secrets: BTreeSet<String> = BTreeSet::new();
    let mut syncs: BTreeSet<(String, String)> = BTreeSet::new();
    for environment in &world.matrix.environments {
        for sync in world.syncs(&environment.name) {
            syncs.insert((sync.object.shown.name.clone(), sync.secret.clone()));
            secrets.insert(sync.secret);
        }
        let named = world.of(&environment.name).into_iter().flat_map(|c| &c.objects).flat_map(|o| o.shown.secrets());
        secrets.extend(named.map(|(name, _)| name));
    }
    secrets.extend(world.matrix.secrets.iter().flat_map(|s| &s.external).map(|e| e.secret.clone()));
    let new = |(at, name): (usize, &String)| (name.clone(), format!("{}-{at}", WORDS[at % WORDS.len()]));
    let mut names: BTreeMap<String, String> = secrets.iter().enumerate().map(new).collect();
    for (sync, secret) in syncs {
        let renamed = sync.strip_prefix(&secret).map(|rest| format!("{}{rest}", names[&secret]));
        names.extend(renamed.map(|renamed| (sync, renamed)));
    }
    names
}

/// Renames in all files of a copy, and blesses it and writes its tables of Secrets anew: both go by the order of the names.
pub fn renamed(world: &World, into: Repository) -> Repository {
    let names = names(world);
    assert!(names.len() > 20, "there is little to rename");
    for (file, text) in &world.files {
        let mut changed = text.clone();
        for (old, new) in &names {
            for at in places::positions(&changed.clone(), old).collect::<Vec<_>>().into_iter().rev() {
                changed.replace_range(at..at + old.len(), new);
            }
        }
        if changed != *text {
            into.write(file, changed);
        }
    }
    for command in [&["bless"][..], &["secrets", "inventory", "--write"], &["secrets", "rotation", "--write"]] {
        let output = into.run(command);
        assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    }
    into
}

/// The names that stand anywhere in the renders of a world although they should be gone.
pub fn left(world: &World, names: &BTreeMap<String, String>) -> BTreeSet<String> {
    let named = world.cells.iter().flat_map(|c| &c.objects).flat_map(|o| o.shown.secrets());
    let by_pods: BTreeSet<String> = named.map(|(name, _)| name).collect();
    let values = world.cells.iter().flat_map(|c| &c.objects).flat_map(|o| entries(o.shown.at("/spec/target")));
    let made = values.filter_map(|(_, value)| value.as_str().map(str::to_owned));
    by_pods.into_iter().chain(made).filter(|name| names.contains_key(name)).collect()
}
