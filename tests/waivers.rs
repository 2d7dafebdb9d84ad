//! Waivers and the date of the commit: one commit has one verdict.

mod common;

use std::fs;
use std::process::Command;

use common::{Repository, stderr, stdout};

/// A repository with a change that a waiver excuses until a day, committed on another.
fn repository(until: &str) -> Repository {
    let repository = Repository::base();
    let matrix = repository.read("environments/matrix.yaml");
    repository.write("environments/matrix.yaml", format!("{matrix}waivers: environments/waivers.yaml\n"));
    let waiver = format!("- {{rule: golden/differs, where: '*/web', reason: tried out, until: {until}}}\n");
    repository.write("environments/waivers.yaml", waiver);
    repository.write("charts/values/web.yaml", "logLevel: debug\n");
    repository
}

fn git(repository: &Repository, day: &str, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgSign=false"]);
    command.args(arguments).current_dir(repository.0.path());
    let done = command.env("GIT_COMMITTER_DATE", format!("{day}T12:00:00 +0000")).output().unwrap();
    assert!(done.status.success(), "{}", stderr(&done));
}

fn commit(repository: &Repository, day: &str) {
    git(repository, day, &["init", "--quiet"]);
    git(repository, day, &["add", "--all"]);
    git(repository, day, &["commit", "--quiet", "--message", "change"]);
}

#[test]
fn the_last_day_counts_and_the_next_does_not() {
    let repository = repository("2026-06-30");
    commit(&repository, "2026-06-30");
    let output = repository.run(&["validate"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("2 excused by waivers"), "{}", stdout(&output));
    git(&repository, "2026-07-01", &["commit", "--quiet", "--amend", "--no-edit"]);
    let output = repository.run(&["validate"]);
    assert_eq!(output.status.code(), Some(1));
    let said = stdout(&output);
    assert!(said.contains("error[waivers/expired]: the waiver of golden/differs held until 2026-06-30"), "{said}");
    assert!(said.contains("the commit is of 2026-07-01") && said.contains("2 renders differ"), "{said}");
    // The same in a run of one cell.
    assert!(stdout(&repository.run(&["validate", "staging/web"])).contains("waivers/expired"));
}

#[test]
fn without_a_commit_the_waiver_holds_and_the_run_says_so() {
    let repository = repository("2020-01-01");
    for words in ["this is no git repository", "there is no commit yet"] {
        let output = repository.run(&["validate"]);
        assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
        assert!(stdout(&output).contains(words), "{}", stdout(&output));
        git(&repository, "2026-06-30", &["init", "--quiet"]);
    }
    let path = common::path_with_helm();
    let helm = std::env::split_paths(&path).next().unwrap().join("helm");
    fs::create_dir(repository.path("bin")).unwrap();
    std::os::unix::fs::symlink(helm, repository.path("bin/helm")).unwrap();
    let output = repository.xtask(&["validate"]).env("PATH", repository.path("bin")).output().unwrap();
    assert!(stdout(&output).contains("there is no git"), "{}{}", stdout(&output), stderr(&output));
}

#[test]
fn a_cell_that_does_not_render_makes_no_waiver_stale() {
    let repository = repository("2026-06-30");
    repository.write("charts/web/templates/guard.yaml", "{{- fail \"no\" }}\n");
    assert!(!stdout(&repository.run(&["validate"])).contains("waivers/stale"));
    fs::remove_file(repository.path("charts/web/templates/guard.yaml")).unwrap();
    repository.write("charts/values/web.yaml", "logLevel: info\n");
    assert!(stdout(&repository.run(&["validate"])).contains("error[waivers/stale]"));
}

#[test]
fn shards_say_of_waivers_what_the_whole_run_says() {
    let repository = repository("2099-01-01");
    repository.write("charts/values/web.yaml", "logLevel: info\n");
    // One environment's golden differs: two waivers excuse that, in one shard each, and nothing in the other.
    repository.write("environments/production/web.yaml", "bucket: other\nregion: eu-1\n");
    let waiver = |rule: &str, place: &str, until: &str| {
        format!("- {{rule: {rule}, where: {place:?}, reason: tried out, until: {until}}}\n")
    };
    let waivers = [
        waiver("golden/differs", "*/web", "2099-01-01"),
        waiver("golden/differs", "tests/golden/**", "2099-01-01"),
        waiver("golden/missing", "*/web", "2099-01-01"),
        waiver("golden/missing", "staging/web", "2099-01-01"),
        waiver("golden/missing", "production/web", "2099-01-01"),
        waiver("leaks/jwt", "charts/**", "2099-01-01"),
        waiver("leaks/jwt", "no/such/file", "2099-01-01"),
        waiver("leaks/jwt", "production/*", "2020-01-01"),
        waiver("golden/differs", "production/*", "2020-01-01"),
    ];
    repository.write("environments/waivers.yaml", waivers.concat());
    let template = repository.read("charts/web/templates/configmap.yaml");
    let comment = "# xtask:allow leaks/jwt until=2099-01-01: nothing is there\n";
    repository.write("charts/web/templates/configmap.yaml", format!("{{{{/* {comment}*/}}}}\n{template}"));
    commit(&repository, "2026-06-30");
    let found = |words: &[&str]| {
        repository.run(&[&["validate", "--report", "json=report.json"], words].concat());
        let report: serde_json::Value = serde_json::from_str(&repository.read("report.json")).unwrap();
        let told =
            report["findings"].as_array().unwrap().iter().map(|f| {
                format!("{} {} {}: {}", f["rule"], f["location"]["file"], f["location"]["line"], f["message"])
            });
        told.collect::<Vec<_>>()
    };
    let mut whole = found(&[]);
    assert_eq!(whole.iter().filter(|f| f.contains("waivers/stale")).count(), 6, "{whole:#?}");
    assert_eq!(whole.iter().filter(|f| f.contains("waivers/expired")).count(), 2, "{whole:#?}");
    let mut parts = [found(&["--shard", "1/2"]), found(&["--shard", "2/2"])].concat();
    whole.sort();
    parts.sort();
    parts.dedup();
    assert_eq!(parts, whole);
}

#[test]
fn comments_excuse_leaks_in_a_plain_folder_too() {
    let repository = Repository::empty();
    let value = ["Zk4Wq8", "Rt2xLm"].concat();
    let line = |comment: &str| format!("db:\n  password: {value} {comment}\n");
    for (comment, code, words) in [
        ("", 1, "1 error"),
        ("# gitleaks:allow", 0, "1 excused by comments"),
        ("# xtask:allow leaks/literal-credential until=2099-01-01: a demo", 0, "1 excused by comments"),
        ("# xtask:allow leaks/jwt until=2099-01-01: a demo", 1, "1 error"),
        ("# xtask:allow leaks/literal-credential", 1, "waivers/malformed"),
    ] {
        repository.write("values.yaml", line(comment));
        let output = repository.run(&["leaks"]);
        let said = stdout(&output);
        assert_eq!(output.status.code(), Some(code), "{comment}: {said}");
        assert!(said.contains(words) && !said.contains(&value), "{comment}: {said}");
    }
}
