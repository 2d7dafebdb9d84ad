//! `cargo xtask baseline`: what is there on the day of adoption, and less from then on.

mod common;

use std::fs;

use common::{Repository, stderr, stdout};

const FILE: &str = "environments/baseline.json";

/// A repository with a credential in a values file that no template reads, and a place for the baseline.
fn repository() -> (Repository, String) {
    let repository = Repository::base();
    let matrix = repository.read("environments/matrix.yaml");
    repository.write("environments/matrix.yaml", format!("{matrix}baseline: {FILE}\n"));
    let value = ["Zk4Wq8", "Rt2xLm"].concat();
    repository.write("charts/values/web.yaml", format!("logLevel: info\ndb:\n  password: {value}\n"));
    (repository, value)
}

fn code(repository: &Repository, arguments: &[&str]) -> (Option<i32>, String) {
    let output = repository.run(arguments);
    (output.status.code(), stdout(&output) + &stderr(&output))
}

#[test]
fn what_was_there_is_known_and_what_is_new_is_not() {
    let (repository, value) = repository();
    let (before, said) = code(&repository, &["validate"]);
    assert!(before == Some(1) && said.contains("leaks/literal-credential"), "{said}");
    let (adopted, said) = code(&repository, &["baseline", "--adopt"]);
    assert_eq!(adopted, Some(0), "{said}");
    let text = repository.read(FILE);
    assert!(text.contains("leaks/literal-credential") && !text.contains(&value), "{text}");
    let (after, said) = code(&repository, &["validate"]);
    assert!(after == Some(0) && said.contains("known from the baseline"), "{said}");
    // The same fault in another file is new, and is not taken in.
    repository.write(
        "environments/staging/web.yaml",
        format!("bucket: web-staging\nregion: eu-1\ncache:\n  password: {value}9\n"),
    );
    assert_eq!(code(&repository, &["validate"]).0, Some(1));
    let (again, said) = code(&repository, &["baseline"]);
    assert!(again == Some(1) && said.contains("not in it"), "{said}");
    assert_eq!(repository.read(FILE), text);
}

#[test]
fn it_shrinks_and_is_written_once() {
    let (repository, _) = repository();
    assert_eq!(code(&repository, &["baseline", "--adopt"]).0, Some(0));
    let (again, said) = code(&repository, &["baseline", "--adopt"]);
    assert!(again == Some(2) && said.contains("may only shrink"), "{said}");
    repository.write("charts/values/web.yaml", "logLevel: info\n");
    let (mended, said) = code(&repository, &["validate"]);
    assert!(mended == Some(0) && said.contains("`cargo xtask baseline` takes them out"), "{said}");
    assert!(!code(&repository, &["validate", "staging/web"]).1.contains("takes them out"));
    let (shrunk, said) = code(&repository, &["baseline"]);
    assert!(shrunk == Some(0) && said.contains("taken out"), "{said}");
    assert!(!repository.read(FILE).contains("leaks/"));
}

#[test]
fn it_refuses_what_it_cannot_know() {
    let (repository, _) = repository();
    let (none, said) = code(&repository, &["baseline"]);
    assert!(none == Some(2) && said.contains("--adopt"), "{said}");
    let ci = repository.xtask(&["baseline", "--adopt"]).env("CI", "true").output().unwrap();
    assert_eq!(ci.status.code(), Some(2));
    repository.write("charts/web/templates/guard.yaml", "{{- fail \"no\" }}\n");
    let (failed, said) = code(&repository, &["baseline", "--adopt"]);
    assert!(failed == Some(1) && said.contains("2 cells do not render"), "{said}");
    assert!(!repository.path(FILE).exists());
    fs::remove_file(repository.path("charts/web/templates/guard.yaml")).unwrap();
    // A golden that differs is never taken in.
    repository.write("tests/golden/staging/web.yaml", "---\n");
    let (left, said) = code(&repository, &["baseline", "--adopt"]);
    assert!(left == Some(1) && said.contains("1 finding is not in it"), "{said}");
    assert!(!repository.read(FILE).contains("golden/"));
    let unnamed = Repository::base();
    assert_eq!(code(&unnamed, &["baseline", "--adopt"]).0, Some(2));
}

#[test]
fn a_known_leak_still_reaches_no_golden() {
    let (repository, _) = repository();
    repository.write(
        "charts/web/templates/s.yaml",
        "kind: ConfigMap\nmetadata: {name: s}\ndata: {DB_PASSWORD: {{ .Values.db.password }}}\n",
    );
    code(&repository, &["baseline", "--adopt"]);
    let (blessed, said) = code(&repository, &["bless"]);
    assert!(blessed == Some(1) && said.contains("it leaks"), "{said}");
    let waiver = "- {rule: leaks/literal-credential, where: '**', reason: a demo, until: 2099-01-01}\n";
    repository.write("environments/waivers.yaml", waiver);
    let matrix = repository.read("environments/matrix.yaml");
    repository.write("environments/matrix.yaml", format!("{matrix}waivers: environments/waivers.yaml\n"));
    assert_eq!(code(&repository, &["render", "staging/web"]).0, Some(0));
    assert_eq!(code(&repository, &["bless"]).0, Some(0), "a waived one does");
}

#[test]
fn a_render_that_leaks_is_printed_when_asked_for() {
    let (repository, value) = repository();
    repository.write(
        "charts/web/templates/s.yaml",
        "kind: ConfigMap\nmetadata: {name: s}\ndata: {DB_PASSWORD: {{ .Values.db.password }}}\n",
    );
    let (refused, said) = code(&repository, &["render", "staging/web"]);
    assert!(refused == Some(1) && said.contains("--show-secrets") && !said.contains(&value), "{said}");
    let output = repository.run(&["render", "staging/web", "--show-secrets"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains(&value));
}

#[test]
fn a_random_render_can_be_known_but_not_blessed() {
    let (repository, _) = repository();
    repository.write(
        "charts/web/templates/s.yaml",
        "kind: ConfigMap\nmetadata: {name: s}\ndata: {id: {{ randAlphaNum 9 }}}\n",
    );
    let (adopted, said) = code(&repository, &["baseline", "--adopt"]);
    assert!(adopted == Some(1) && said.contains("golden") || said.contains("not in it"), "{said}");
    assert!(repository.read(FILE).contains("render/nondeterministic"));
    let (_, said) = code(&repository, &["validate"]);
    assert!(!said.contains("render/nondeterministic"), "{said}");
    let (blessed, said) = code(&repository, &["bless"]);
    assert!(blessed == Some(1) && said.contains("it is random"), "{said}");
}
