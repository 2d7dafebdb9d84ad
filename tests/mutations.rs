//! Mutations of the reference repository: each is done in a copy, at a place that a seed chooses among all that qualify, and must be
//! found by the right rule at the right file, while the repository as it stands has no finding. Places are found by what stands
//! there, never by a list of names: the same suite passes after every Secret has been renamed.
//!
//! `MUTATIONS_SEEDS=20` tries more places, `MUTATIONS_SEED=7` begins with another, `MUTATIONS_ONLY=name` tries those whose names
//! hold it, and `MUTATIONS_TABLE=1` with `--nocapture` prints a table by rule.

mod common;

mod mutations {
    pub mod boundary;
    pub mod change;
    pub mod edit;
    pub mod leaks;
    pub mod order;
    pub mod pages;
    pub mod rename;
    pub mod secrets;
    pub mod sources;
    pub mod values;
    pub mod world;
}

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::time::{Duration, Instant};

use common::{Repository, stderr, stdout};
use mutations::change::{self, Change, Random, missed, try_out};
use mutations::rename;
use mutations::world::{self, World};
use mutations::{boundary, leaks, order, pages, secrets, sources, values};

/// A kind of mutation: the change at a place that the numbers choose, none when no place qualifies.
type Kind = (&'static str, fn(&World, &mut Random) -> Option<Change>);

/// The kinds by the names of their functions.
macro_rules! kinds {
    ($($module:ident: $($name:ident)*;)*) => {
        const KINDS: &[Kind] = &[$($((concat!(stringify!($module), "::", stringify!($name)), $module::$name)),*),*];
    };
}

kinds! {
    secrets: renamed_by_its_producer misspelt_by_its_user stale_at_its_user nobody_makes_it key_dropped part_dropped another_key_read
        store_misspelt store_renamed remote_key_broken property_changed api_outdated only_merges another_namespace by_hand_store
        by_hand_key by_hand_property by_hand_api nobody_uses_it key_nobody_reads producer_deleted made_twice fixture_removed
        fixture_unused vault_key_misspelt external_removed external_key_removed external_misspelt pull_secret_unknown;
    order: moved_into_a_service moved_into_the_hook consumer_goes_first producer_goes_last layers_swapped after_removed producer_off
        account_is_no_hook account_is_a_later_hook job_becomes_a_hook;
    values: guarded_key_removed key_removed key_added key_misspelt key_added_without_a_schema key_misspelt_without_a_schema scalar_over_a_map overlay_removed optional_overlay_removed knob_drifts schema_broken object_of_one_environment;
    boundary: host_pasted_into_an_overlay host_pasted_into_defaults host_pasted_into_shared_values host_in_a_template environment_branch credential_from_a_config_map literal_credential_in_env unclassified_entry;
    leaks: token_in_an_overlay token_in_a_comment token_in_a_template token_in_a_page token_in_the_matrix_file password_in_a_url password_in_an_overlay password_in_shared_values password_in_a_config_map password_in_a_nested_file private_key signed_token_in_an_annotation password_in_arguments placeholder inline_secret secret_template;
    sources: key_twice yaml_broken dead_template random_render random_helper template_broken archive_stale link_copied another_version_asked golden_edited golden_removed golden_orphaned render_changed retired_variable retired_value retired_value_read retired_chart retired_object variables_shadowed variable_twice config_map_renamed_where_it_is_made config_map_renamed_where_it_is_used config_map_key_unknown waiver_unknown waiver_stale waiver_expired waiver_removed waiver_malformed library_changed;
    pages: secret_left_out resync_left_out rotation_left_out page_removed stale_name stale_value external_secret_renamed guard_removed guard_mumbles placeholder_passes;
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Tries kinds with seeds, several at once, and fails with all that was missed.
fn all_are_found(world: &World, kinds: &[Kind], seeds: std::ops::Range<u64>) {
    let only = std::env::var("MUTATIONS_ONLY").unwrap_or_default();
    let kinds: Vec<Kind> = kinds.iter().filter(|(name, _)| name.contains(&only)).copied().collect();
    let tries: Vec<(Kind, u64)> = seeds.flat_map(|seed| kinds.iter().map(move |kind| (*kind, seed))).collect();
    assert!(!tries.is_empty() || !only.is_empty(), "there is nothing to try");
    let mut table: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut failures = String::new();
    let mut slow: Vec<(Duration, &str)> = Vec::new();
    common::reference::in_parallel(
        &tries,
        |((name, make), seed)| {
            let start = Instant::now();
            let change = make(world, &mut Random::new(*seed, name)).ok_or("no place qualifies")?;
            if change.files.is_empty() || change.expected.is_empty() && change.refused.is_none() {
                return Err("it changes nothing, or nothing must be found");
            }
            let said = try_out(world, &change);
            let missed = match said {
                Ok(found) => {
                    let missed = missed(&change, &found);
                    let others: Vec<_> =
                        found.iter().map(|f| format!("{} {} {:?} {}", f.rule, f.file, f.cells, f.message)).collect();
                    if missed.is_empty() { missed } else { [missed, others].concat() }
                }
                Err(why) => vec![why],
            };
            Ok::<_, &str>((change, missed, start.elapsed()))
        },
        |((name, _), seed), result| match result {
            Ok((change, missed, duration)) => {
                slow.push((duration, name));
                for expected in &change.expected {
                    let row = table.entry(expected.rule).or_default();
                    row.0 += 1;
                    row.1 += usize::from(missed.is_empty());
                }
                if !missed.is_empty() {
                    let _ = writeln!(failures, "{name}, seed {seed}: {}\n    {}", change.what, missed.join("\n    "));
                }
            }
            Err(why) => drop(writeln!(failures, "{name}, seed {seed}: {why}")),
        },
    );
    if std::env::var_os("MUTATIONS_TABLE").is_some() {
        println!("{:<40} {:>8} {:>8}", "rule", "made", "found");
        for (rule, (made, found)) in &table {
            println!("{rule:<40} {made:>8} {found:>8}");
        }
        println!("{:<40} {:>8}", "kinds", kinds.len());
        slow.sort();
        for (duration, name) in slow.iter().rev().take(12) {
            println!("{name:<40} {:>8.1} s", duration.as_secs_f64());
        }
    }
    assert!(failures.is_empty(), "not found:\n{failures}");
}

#[test]
fn there_are_many_kinds() {
    let names: BTreeSet<&str> = KINDS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), KINDS.len());
    assert!(names.len() > 100, "{} kinds", names.len());
}

#[test]
fn every_mutation_is_found_by_its_rule_at_its_file() {
    let world = World::load(world::reference());
    let first = number("MUTATIONS_SEED", 1);
    all_are_found(&world, KINDS, first..first + number("MUTATIONS_SEEDS", 1));
}

#[test]
fn the_repository_as_it_stands_has_no_finding() {
    let world = World::load(world::reference());
    let found = try_out(&world, &Change::new("nothing")).unwrap();
    assert!(found.is_empty(), "{found:#?}");
}

/// The same kinds, and no name that anybody could know.
#[test]
fn they_are_found_after_every_secret_has_been_renamed() {
    let world = World::load(world::reference());
    let names = rename::names(&world);
    let world = World::load(rename::renamed(&world, world::reference()));
    assert_eq!(rename::left(&world, &names), BTreeSet::new());
    let found = try_out(&world, &Change::new("nothing")).unwrap();
    assert!(found.is_empty(), "{found:#?}");
    let about_secrets = |(name, _): &&Kind| ["secrets::", "order::", "pages::"].iter().any(|m| name.starts_with(m));
    let kinds: Vec<Kind> = KINDS.iter().filter(about_secrets).copied().collect();
    let first = number("MUTATIONS_SEED", 1) + 100;
    all_are_found(&world, &kinds, first..first + number("MUTATIONS_SEEDS", 1));
}

/// The seed's regression of March 2026: services carried the Secrets that the migrations need before them.
#[test]
fn four_external_secrets_back_in_their_services_are_four_findings_of_order() {
    let world = World::load(world::reference());
    let secrets =
        ["agents-runtime-db-secret", "graph-db-credentials", "threads-db-credentials", "transformation-db-credentials"];
    let mut change = Change::new("four ExternalSecrets go back");
    for sync in world.syncs("local").iter().filter(|sync| secrets.contains(&sync.secret.as_str())) {
        let users = world.users("local", &sync.secret);
        let service = users.iter().map(|(user, _)| *user).max_by_key(|user| user.cell.layer).unwrap();
        change = order::moved(&world, change, sync, service).unwrap();
    }
    change.cells.clear();
    let found = try_out(&world, &change).unwrap();
    let order: Vec<_> = found.iter().filter(|f| f.rule.starts_with("order/")).collect();
    assert_eq!(order.len(), 4, "{order:#?}");
    for secret in secrets {
        let names = |f: &&&change::Found| f.message.contains(&format!("Secret {secret} ")) && f.severity == "error";
        assert_eq!(order.iter().filter(names).count(), 1, "{secret}: {order:#?}");
    }
}

/// What a run says of a cell: rule, place, words, fingerprint.
fn said(repository: &Repository, cell: &str) -> BTreeSet<String> {
    let report: serde_json::Value = serde_json::from_str(&repository.read("report.json")).unwrap();
    let of_cell = |finding: &&serde_json::Value| {
        finding["cells"].as_array().is_some_and(|cells| cells.iter().any(|name| name == cell))
    };
    let all =
        report["findings"].as_array().into_iter().flatten().chain(report["excused"].as_array().into_iter().flatten());
    let told = all
        .map(|f| f.get("finding").unwrap_or(f))
        .filter(of_cell)
        .map(|f| format!("{} {} {} {} {}", f["severity"], f["rule"], f["location"], f["message"], f["fingerprint"]));
    told.collect()
}

/// Holds each cell's own run against the run of all.
fn one_cell_is_told_as_among_all(repository: &Repository, world: &World) -> usize {
    let run = |arguments: &[&str]| {
        let output = repository.run(arguments);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}{}", stdout(&output), stderr(&output));
    };
    run(&["validate", "--report", "json=report.json"]);
    let cells: Vec<String> = world.cells.iter().map(|c| c.cell.name()).collect();
    let among_all: Vec<BTreeSet<String>> = cells.iter().map(|cell| said(repository, cell)).collect();
    let mut failures = String::new();
    let numbers: Vec<usize> = (0..cells.len()).collect();
    common::reference::in_parallel(
        &numbers,
        |at| {
            let copy = Repository::empty();
            for folder in ["charts", "environments", "tests", "docs"] {
                std::os::unix::fs::symlink(repository.path(folder), copy.path(folder)).unwrap();
            }
            let file = format!("json={}", copy.path("report.json").display());
            let arguments = ["validate", &cells[*at], "-j", "1", "--report", &file];
            let output = repository.run(&arguments);
            assert!(matches!(output.status.code(), Some(0 | 1)), "{}{}", stdout(&output), stderr(&output));
            said(&copy, &cells[*at])
        },
        |at, alone| {
            for one in alone.symmetric_difference(&among_all[*at]) {
                let where_ = if alone.contains(one) { "only alone" } else { "only among all" };
                let _ = writeln!(failures, "{}, {where_}: {one}", cells[*at]);
            }
        },
    );
    assert!(failures.is_empty(), "{failures}");
    among_all.iter().map(BTreeSet::len).sum()
}

#[test]
fn one_cell_is_told_what_all_are_told_of_it() {
    let world = World::load(world::reference());
    let mutated = world::reference();
    let mut taken = BTreeSet::new();
    let mut done = 0;
    let quiet = [
        "secrets::",
        "values::k",
        "boundary::",
        "leaks::token_in_a_c",
        "sources::variable",
        "pages::s",
        "order::after",
    ];
    for (name, make) in KINDS.iter().filter(|(name, _)| quiet.iter().any(|start| name.starts_with(start))) {
        let change = make(&world, &mut Random::new(3, name)).unwrap();
        let refused =
            ["key_added", "key_misspelt", "literal_credential", "schema"].iter().any(|word| name.contains(word));
        if refused || change.files.keys().any(|file| taken.contains(file)) {
            continue;
        }
        for (file, content) in &change.files {
            match content {
                Some(content) => mutated.write(file, content),
                None => fs::remove_file(mutated.path(file)).unwrap(),
            }
            taken.insert(file.clone());
        }
        done += 1;
    }
    assert!(done > 15, "{done} mutations are not much");
    // A cell that is not rendered is known by its golden.
    let output = mutated.run(&["bless", "--allow-removed"]);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}{}", stdout(&output), stderr(&output));
    let found = one_cell_is_told_as_among_all(&mutated, &world);
    assert!(found > 60, "{found} findings are not much");
}
