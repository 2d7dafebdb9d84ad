//! What a run of some cells knows of the others: cells that are named, and shards.

mod common;

use std::fs;

use common::{Repository, stderr, stdout};

#[test]
fn shards_are_disjoint_and_complete() {
    let repository = Repository::base();
    let mut names = Vec::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let file = format!("json={}.json", shard.replace('/', "-"));
        assert_eq!(repository.run(&["validate", "--shard", shard, "--report", &file]).status.code(), Some(0));
        let report: serde_json::Value = serde_json::from_str(&repository.read(&file[5..])).unwrap();
        names.extend(report["cells"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap().to_owned()));
    }
    names.sort();
    assert_eq!(names, ["production/web", "staging/web"]);
}

/// A repository in which `web` reads a key of a Secret that the release `keys` produces, blessed.
fn consumer_and_producer() -> Repository {
    let repository = Repository::base();
    let matrix = repository.read("environments/matrix.yaml");
    repository.write("environments/matrix.yaml", matrix.replace("layers:\n", "layers:\n  5:\n    keys: {}\n"));
    repository.write("charts/keys/Chart.yaml", "apiVersion: v2\nname: keys\nversion: 1.0.0\n");
    repository.write("charts/values/keys.yaml", "key: password\n");
    for env in ["staging", "production"] {
        repository.write(&format!("environments/{env}/keys.yaml"), "store: vault\n");
    }
    repository.write(
        "charts/keys/templates/db.yaml",
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: db}\nspec:\n  secretStoreRef: {name: {{ .Values.store \
         }}, kind: ClusterSecretStore}\n  data:\n    - secretKey: {{ .Values.key }}\n      remoteRef: {key: db, property: value}\n",
    );
    repository.write(
        "charts/web/templates/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - name: web\n      env:\n        - name: PGPASSWORD\n          \
         valueFrom: {secretKeyRef: {name: db, key: password}}\n",
    );
    let output = repository.run(&["bless"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    repository
}

#[test]
fn one_cell_is_judged_as_among_all_where_the_golden_of_another_is_old() {
    let repository = consumer_and_producer();
    let one = |words: &[&str]| {
        let output = repository.run(&[&["validate", "staging/web", "--check", "wiring"], words].concat());
        (output.status.code(), stdout(&output))
    };
    let (code, said) = one(&[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("also rendered"), "what bless has compared was rendered again: {said}");
    repository.write("charts/values/keys.yaml", "key: passwd\n");
    let all = stdout(&repository.run(&["validate"]));
    assert!(all.contains("error[wiring/key-unresolved]: Secret db has no key password"), "{all}");
    for compared in [true, false] {
        if !compared {
            fs::remove_dir_all(repository.path("target")).unwrap();
        }
        let (code, said) = one(&[]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("error[wiring/key-unresolved]: Secret db has no key password"), "{said}");
        let note = if compared { "also rendered 2 cells" } else { "also rendered 3 cells" };
        assert!(said.contains(note) && said.contains("changed: production/keys  staging/keys"), "{said}");
    }
    // A golden that was changed by hand is no better.
    repository.write("charts/values/keys.yaml", "key: password\n");
    assert_eq!(repository.run(&["validate"]).status.code(), Some(0));
    let golden = repository.read("tests/golden/staging/keys.yaml");
    repository.write("tests/golden/staging/keys.yaml", golden.replace("secretKey: password", "secretKey: passwd"));
    let (code, said) = one(&[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("also rendered 1 cell that the selection depends on"), "{said}");
    repository.write("tests/golden/staging/keys.yaml", golden);
    let (_, said) = one(&["--skip", "wiring"]);
    assert!(!said.contains("also rendered"), "no rule was looked for that needs another cell: {said}");
}

#[test]
fn another_cell_that_does_not_render_is_known_from_its_golden() {
    let repository = consumer_and_producer();
    repository.write("charts/keys/templates/guard.yaml", "{{ fail \"no\" }}\n");
    let output = repository.run(&["validate", "staging/web"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let said = stdout(&output);
    assert!(said.contains("failed, known from the golden alone: production/keys  staging/keys"), "{said}");
}

#[test]
fn a_shard_says_that_it_believes_the_goldens_of_others() {
    let repository = Repository::base();
    let said = |shard: &str| stdout(&repository.run(&["validate", "--shard", shard]));
    assert!(said("1/2").contains("1 golden of another shard is taken at its word"), "{}", said("1/2"));
    assert_eq!(repository.run(&["validate"]).status.code(), Some(0));
    assert!(!said("1/2").contains("taken at"), "every golden was compared");
}
