//! The 24 systems of the seed, and layer 15: what each must show, in every environment that installs it, as the documents say it.
//! One row and one test a release; the facts are written by hand, none is taken from a chart.

mod common;

mod systems {
    pub mod base;
    pub mod every;
    pub mod frontends;
    pub mod services;
    pub mod tools;
    pub mod view;
}

use std::collections::BTreeSet;

use common::reference::{ENVIRONMENTS, Object, file, matrix, rendered};
use systems::view::Shown;
use systems::{base, every, frontends, services, tools};

/// One system.
struct Row {
    release: &'static str,
    /// The chart's folder, below `charts/platform/`.
    chart: &'static str,
    layer: u32,
    /// Where it is installed.
    environments: &'static [&'static str],
    /// What its render must show.
    facts: fn(&Shown),
}

const EVERYWHERE: &[&str] = &ENVIRONMENTS;
const LOCAL: &[&str] = &["local"];

/// The rows as a table, and a test for each, so that a failure names its system.
macro_rules! systems {
    ($($test:ident: $release:literal in $chart:literal, layer $layer:literal, $environments:ident, $facts:path;)*) => {
        const ROWS: &[Row] = &[$(Row {
            release: $release,
            chart: $chart,
            layer: $layer,
            environments: $environments,
            facts: $facts,
        }),*];
        $(#[test]
        fn $test() {
            shows(ROWS.iter().find(|row| row.release == $release).unwrap());
        })*
    };
}

systems! {
    agents: "agents" in "agents", layer 60, EVERYWHERE, services::agents;
    agents_runtime: "agents-runtime" in "agents_runtime", layer 60, EVERYWHERE, services::agents_runtime;
    coredns_config: "coredns-config" in "coredns-config", layer 10, LOCAL, base::coredns_config;
    db_migrations: "db-migrations" in "db-migrations", layer 40, LOCAL, base::db_migrations;
    devpi_registry: "devpi-registry" in "devpi-registry", layer 50, EVERYWHERE, tools::devpi_registry;
    gateway: "gateway" in "gateway", layer 20, EVERYWHERE, base::gateway;
    go_module_uploader: "go-module-uploader" in "go-module-uploader", layer 50, EVERYWHERE, tools::go_module_uploader;
    graph: "graph" in "graph", layer 60, EVERYWHERE, services::graph;
    inference: "inference" in "inference", layer 60, EVERYWHERE, services::inference;
    inference_gateway: "inference-gateway" in "inference_gateway", layer 60, EVERYWHERE, services::inference_gateway;
    langfuse: "langfuse" in "langfuse", layer 50, EVERYWHERE, tools::langfuse;
    langfuse_bootstrap: "langfuse-bootstrap" in "langfuse-bootstrap", layer 50, EVERYWHERE, tools::langfuse_bootstrap;
    namespace: "namespace" in "namespace", layer 10, EVERYWHERE, base::namespace;
    pgadmin: "pgadmin" in "pgadmin", layer 50, EVERYWHERE, tools::pgadmin;
    platform: "platform" in "platform", layer 60, EVERYWHERE, services::platform;
    plausible: "plausible" in "plausible", layer 50, EVERYWHERE, tools::plausible;
    registry_alias: "registry-alias" in "registry-alias", layer 12, LOCAL, base::registry_alias;
    registry_mirror: "registry-mirror" in "registry-mirror", layer 12, LOCAL, base::registry_mirror;
    threads: "threads" in "threads", layer 60, EVERYWHERE, services::threads;
    transformation: "transformation" in "transformation", layer 60, EVERYWHERE, services::transformation;
    vault_secret_store: "vault-secret-store" in "vault-secret-store", layer 15, EVERYWHERE, base::vault_secret_store;
    vault_secrets_data_plane: "vault-secrets-data-plane" in "vault-secrets-data-plane", layer 15, EVERYWHERE,
        base::vault_secrets_data_plane;
    workflows: "workflows" in "workflows", layer 60, EVERYWHERE, services::workflows;
    workflows_runtime: "workflows-runtime" in "workflows_runtime", layer 60, EVERYWHERE, services::workflows_runtime;
    www_ameide: "www-ameide" in "www-ameide", layer 70, EVERYWHERE, frontends::www_ameide;
    www_ameide_platform: "www-ameide-platform" in "www-ameide-platform", layer 70, EVERYWHERE,
        frontends::www_ameide_platform;
}

/// Objects that staging or production has alone, and why.
const DIFFER: [(&str, &str, &str); 1] = [("graph", "HTTPRoute/graph", "its route is a toggle of the overlays")];

/// A release is installed where its row says, off elsewhere with a reason, and shows its facts.
fn shows(row: &Row) {
    let mut failures = Vec::new();
    let mut fact = |holds: bool, words: String| {
        if !holds {
            failures.push(words);
        }
    };
    let release = row.release;
    let known = matrix().release(release);
    fact(known.is_some_and(|r| r.layer == row.layer), format!("{release}: it is not in layer {}", row.layer));
    let chart = format!("charts/platform/{}", row.chart);
    fact(known.is_some_and(|r| r.chart == chart), format!("{release}: its chart is not {chart}"));
    for env in ENVIRONMENTS {
        let golden = file(&format!("tests/golden/{env}/{release}.yaml"));
        let overlay = file(&format!("environments/{env}/platform/{release}.yaml"));
        let off = matrix().off.iter().find(|off| off.env == env && off.release == release);
        if row.environments.contains(&env) {
            fact(off.is_none(), format!("{env}/{release}: it is off"));
            fact(golden.is_file(), format!("{env}/{release}: it has no golden"));
        } else {
            fact(
                off.is_some_and(|o| o.reason.trim().len() > 10),
                format!("{env}/{release}: it is not off with a reason"),
            );
            fact(!golden.exists(), format!("{env}/{release}: it is off and has a golden"));
            fact(!overlay.exists(), format!("{env}/{release}: it is off and has an overlay"));
        }
    }
    for env in row.environments {
        match rendered(env, release) {
            Ok(render) => {
                let shown = Shown::of(render);
                (row.facts)(&shown);
                every::facts(&shown);
                failures.extend(shown.failures());
            }
            Err(error) => failures.push(format!("{env}/{release}: {error}")),
        }
    }
    // Staging is like production in shape.
    if let (Ok(staging), Ok(production)) = (rendered("staging", release), rendered("production", release)) {
        let shape = |all: &[Object]| all.iter().map(Object::short).collect::<BTreeSet<_>>();
        let (staging, production) = (shape(&staging.objects), shape(&production.objects));
        let meant = |object: &&String| DIFFER.iter().any(|(of, name, _)| *of == release && name == object);
        let differ: Vec<_> = staging.symmetric_difference(&production).filter(|o| !meant(o)).collect();
        if !differ.is_empty() {
            failures.push(format!("{release}: staging and production differ in {differ:?}"));
        }
    }
    assert!(failures.is_empty(), "{release} does not show what its documents say:\n  {}", failures.join("\n  "));
}

#[test]
fn every_release_has_its_row() {
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row.release).collect();
    let releases: BTreeSet<&str> = matrix().releases.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(releases, rows);
    assert_eq!(ROWS.len(), 26);
}

#[test]
fn each_secret_has_one_producer() {
    let failures: Vec<String> = ENVIRONMENTS.iter().flat_map(|env| every::one_producer_for_each_secret(env)).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
