//! What `cargo xtask validate` does with a working tree, with processes that misbehave, and when it is stopped.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{Repository, stderr, stdout, workspace};

#[test]
fn the_working_tree_is_as_it_was() {
    let repository = Repository::base();
    let git = |arguments: &[&str]| {
        let done = Command::new("git").args(arguments).current_dir(repository.0.path()).output().unwrap();
        assert!(done.status.success(), "{}", stderr(&done));
        stdout(&done)
    };
    git(&["init", "--quiet"]);
    git(&["add", "--all"]);
    repository.write("charts/values/web.yaml", "logLevel: debug\n");
    git(&["add", "--all"]);
    let before = git(&["status", "--porcelain"]);
    let output = repository.run(&["validate"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(repository.path("target/xtask/pending/staging/web.yaml").is_file(), "no pending render");
    assert_eq!(git(&["status", "--porcelain"]), before);
}

#[test]
fn one_space_names_its_cell_and_bless_mends_it() {
    let repository = Repository::base();
    let golden = repository.read("tests/golden/staging/web.yaml");
    repository.write("tests/golden/staging/web.yaml", format!("{golden} "));
    let output = repository.run(&["validate"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("staging/web") && !stdout(&output).contains("production/web"));
    assert_eq!(repository.run(&["bless"]).status.code(), Some(0));
    assert_eq!(repository.read("tests/golden/staging/web.yaml"), golden);
    assert_eq!(repository.run(&["validate"]).status.code(), Some(0));
}

#[test]
fn one_cell_that_hangs_does_not_stop_the_others() {
    let repository = Repository::base();
    let slow = "{{- if eq .Values.bucket \"web-staging\" }}{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}{{ end }}\n";
    repository.write("charts/web/templates/slow.yaml", slow);
    let output = repository.run(&["validate", "--timeout", "3s", "--report", "json=report.json"]);
    assert_eq!(output.status.code(), Some(2), "{}{}", stdout(&output), stderr(&output));
    let report: serde_json::Value = serde_json::from_str(&repository.read("report.json")).unwrap();
    assert_eq!(report["cells"][0]["name"], "production/web");
    assert_eq!(report["cells"][0]["status"], "equal");
    assert_eq!(report["cells"][1]["status"], "broken");
    assert!(stdout(&output).contains("staging/web: Helm was stopped after 3 s"));
}

#[test]
fn a_chart_that_prints_without_end_is_a_finding() {
    let repository = Repository::base();
    let large = "{{- if eq .Values.bucket \"web-staging\" }}\nkind: A\nmetadata: {name: a}\n# {{ repeat 104857600 \"x\" }}\n{{- end }}\n";
    repository.write("charts/web/templates/large.yaml", large);
    let output = repository.run(&["validate"]);
    assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("error[render/too-large]"), "{}", stdout(&output));
}

/// A render larger than any file may become, as where the disk is full: it comes through a pipe.
#[test]
fn a_render_needs_no_room_on_the_disk() {
    let repository = Repository::base();
    repository.write("charts/web/templates/large.yaml", "kind: A\nmetadata: {name: a}\n# {{ repeat 300000 \"x\" }}\n");
    assert_eq!(repository.run(&["bless"]).status.code(), Some(0));
    assert!(repository.read("tests/golden/staging/web.yaml").len() > 300_000);
    let output = repository.run_without_room(&["validate"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
}

#[test]
fn values_that_cannot_be_written_for_helm_are_no_verdict() {
    let repository = Repository::base();
    repository.copy(&workspace().join("tests/cases/values-in-a-helmrelease"));
    for env in ["staging", "production"] {
        let file = format!("clusters/{env}/web.yaml");
        let long = "x".repeat(10_000);
        repository.write(&file, format!("kind: HelmRelease\nspec:\n  values: {{bucket: b, region: {long}}}\n"));
    }
    let output = repository.run_without_room(&["validate", "staging/web"]);
    assert_eq!(output.status.code(), Some(2), "{}{}", stdout(&output), stderr(&output));
    let said = stdout(&output);
    assert!(
        said.contains("staging/web: the values taken out of clusters/staging/web.yaml cannot be written"),
        "{said}"
    );
    assert!(said.contains("set TMPDIR"), "{said}");
    let before = repository.read("tests/golden/staging/web.yaml");
    assert_eq!(repository.run_without_room(&["bless"]).status.code(), Some(2));
    assert_eq!(repository.read("tests/golden/staging/web.yaml"), before);
}

/// A map that holds itself overflows the stack of Helm when it is printed: a dump and no verdict.
#[test]
fn a_template_that_crashes_helm_is_no_verdict() {
    let repository = Repository::base();
    let template = "{{ $d := dict }}{{ $_ := set $d \"a\" $d }}a: {{ printf \"%v\" $d }}\n";
    repository.write("charts/web/templates/loop.yaml", template);
    let output = repository.run(&["validate", "staging/web"]);
    assert_eq!(output.status.code(), Some(2), "{}{}", stdout(&output), stderr(&output));
    assert!(
        stdout(&output).contains("Helm ended without a verdict (exit code 2): fatal error: stack overflow"),
        "{}",
        stdout(&output)
    );
    assert!(stdout(&output).lines().count() < 20, "the dump is no reading for people");
}

#[test]
fn a_values_file_of_one_long_line_is_read() {
    let repository = Repository::base();
    repository.write("charts/values/web.yaml", format!("logLevel: info\nunused: {}\n", "x".repeat(10 << 20)));
    assert_eq!(repository.run(&["validate"]).status.code(), Some(0));
}

#[test]
fn a_values_file_that_cannot_be_read_is_a_finding() {
    let repository = Repository::base();
    let path = repository.path("environments/staging/web.yaml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        return; // The superuser reads everything.
    }
    let output = repository.run(&["validate"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("cannot be read"));
}

#[test]
fn a_read_only_target_costs_the_pending_renders_only() {
    let repository = Repository::base();
    repository.write("target", "a file where the folder should be");
    repository.write("charts/values/web.yaml", "logLevel: debug\n");
    let output = repository.run(&["validate"]);
    assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("changed renders could not be kept"), "{}", stdout(&output));
}

#[test]
fn nothing_is_written_through_a_link_that_leaves_the_repository() {
    for link in ["tests", "tests/golden", "tests/golden/staging"] {
        let (repository, outside) = (Repository::base(), Repository::empty());
        fs::remove_dir_all(repository.path(link)).unwrap();
        symlink(outside.0.path(), repository.path(link)).unwrap();
        let output = repository.run(&["bless", "--allow-removed"]);
        assert_eq!(output.status.code(), Some(2), "{link}: {}{}", stdout(&output), stderr(&output));
        let said = stderr(&output);
        assert!(said.contains("tests/golden/staging/web.yaml leaves the repository"), "{link}: {said}");
        assert!(said.contains("environments/matrix.yaml:9:11"), "{link}: {said}");
        assert!(outside.tree().is_empty(), "{link}: written outside");
    }
}

#[test]
fn goldens_may_lie_behind_a_link_inside_the_repository() {
    let repository = Repository::base();
    let golden = repository.read("tests/golden/staging/web.yaml");
    fs::rename(repository.path("tests/golden"), repository.path("kept")).unwrap();
    symlink("../kept", repository.path("tests/golden")).unwrap();
    assert_eq!(repository.run(&["validate"]).status.code(), Some(0));
    fs::remove_file(repository.path("kept/staging/web.yaml")).unwrap();
    assert_eq!(repository.run(&["bless"]).status.code(), Some(0));
    assert_eq!(repository.read("kept/staging/web.yaml"), golden);
}

#[test]
fn pages_are_written_inside_the_repository_only() {
    let (repository, outside) = (Repository::base(), Repository::empty());
    symlink(outside.0.path(), repository.path("docs")).unwrap();
    let output = repository.run(&["secrets", "inventory", "--write"]);
    assert_eq!(output.status.code(), Some(2), "{}{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains("leads out of the repository"), "{}", stderr(&output));
    assert!(outside.tree().is_empty());
}

/// What is found in a file is found when the chain names a link to it, and told where the file is.
#[test]
fn values_behind_links_are_looked_at_as_others() {
    let files = [
        ("charts/values/web.yaml", "logLevel: info\nnobodyReads: 1\nalsoHost: api.prod.example.org\n"),
        ("charts/web/values.yaml", "logLevel: info\ndefaultNobodyReads: 1\n"),
        ("environments/staging/web.yaml", "bucket: b\nregion: r\nonlyHere: 1\nhost: www.prod.example.org\n"),
        ("environments/production/web.yaml", "bucket: b\nregion: r\nhost: www.prod.example.org\n"),
    ];
    let found = |linked: bool, chart: bool| {
        let repository = Repository::base();
        let matrix = repository.read("environments/matrix.yaml");
        let matrix = matrix.replace("protected: true", "protected: true, owns: [prod.example.org]");
        repository.write("environments/matrix.yaml", matrix);
        let template = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: h}\ndata: {h: {{ .Values.host }}, o: {{ .Values.onlyHere | quote }}}\n";
        repository.write("charts/web/templates/host.yaml", template);
        for (path, content) in files {
            if linked {
                let real = format!("elsewhere/{}", path.replace('/', "-"));
                repository.write(&real, content);
                let _ = fs::remove_file(repository.path(path));
                let up = "../".repeat(path.matches('/').count());
                symlink(format!("{up}{real}"), repository.path(path)).unwrap();
            } else {
                repository.write(path, content);
            }
        }
        if chart {
            fs::rename(repository.path("charts/web"), repository.path("charts/behind")).unwrap();
            symlink("behind", repository.path("charts/web")).unwrap();
        }
        let output = repository.run(&["validate", "--report", "json=r.json"]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let report: serde_json::Value = serde_json::from_str(&repository.read("r.json")).unwrap();
        let told: Vec<String> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| {
                let file = f["location"]["file"].as_str().unwrap_or_default();
                let file = file.strip_prefix("elsewhere/").unwrap_or(file).replace('/', "-").replace("behind", "web");
                format!("{} {file}:{} {}", f["rule"].as_str().unwrap(), f["location"]["line"], f["cells"])
            })
            .collect();
        told
    };
    let mut plain = found(false, false);
    for rule in
        ["values/unread", "parity/overlay-key", "boundary/foreign-environment", "boundary/environment-in-defaults"]
    {
        assert!(plain.iter().any(|told| told.starts_with(rule)), "{rule} is not in {plain:#?}");
    }
    plain.sort();
    for chart in [false, true] {
        let mut linked = found(true, chart);
        linked.sort();
        assert_eq!(linked, plain, "chart behind a link: {chart}");
    }
}

#[test]
fn bless_in_ci_needs_force() {
    let repository = Repository::base();
    fs::remove_file(repository.path("tests/golden/staging/web.yaml")).unwrap();
    let refused = repository.xtask(&["bless"]).env("CI", "true").output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(!repository.path("tests/golden/staging/web.yaml").exists());
    let forced = repository.xtask(&["bless", "--force"]).env("CI", "true").output().unwrap();
    assert_eq!(forced.status.code(), Some(0));
    assert!(repository.path("tests/golden/staging/web.yaml").exists());
}

#[test]
fn an_interrupt_stops_everything_and_says_so() {
    let repository = Repository::base();
    let slow = "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}\n";
    repository.write("charts/web/templates/slow.yaml", slow);
    let temporary = repository.path("tmp");
    fs::create_dir_all(&temporary).unwrap();
    let child = repository
        .xtask(&["validate"])
        .env("TMPDIR", &temporary)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The private home is there as soon as Helm runs.
    let started = Instant::now();
    while fs::read_dir(&temporary).unwrap().count() == 0 && started.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(300));
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stdout(&output).contains("stopped after 0 of 2 cells"), "{}", stdout(&output));
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0, "a temporary file is left");
}

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Starts a run that renders for long, and waits until Helm has its private home.
fn lasting(repository: &Repository, temporary: &Path) -> Child {
    let before = names(temporary);
    let mut command = repository.xtask(&["validate", "staging/web"]);
    let child = command.env("TMPDIR", temporary).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let started = Instant::now();
    while names(temporary).is_subset(&before) && started.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(200));
    child
}

#[test]
fn what_a_killed_run_leaves_the_next_one_takes_away() {
    let (repository, other) = (Repository::base(), Repository::base());
    // Not without end: nobody stops the Helm of a run that was killed.
    let slow = "{{ range until 8000 }}{{ range until 8000 }}{{ end }}{{ end }}\n";
    repository.write("charts/web/templates/slow.yaml", slow);
    let temporary = Repository::empty();
    let left = || names(temporary.0.path());
    let mut killed = lasting(&repository, temporary.0.path());
    killed.kill().unwrap();
    killed.wait().unwrap();
    let dead = left();
    assert_eq!(dead.len(), 1, "{dead:?}");
    let mut living = lasting(&repository, temporary.0.path());
    let alive = left();
    assert_eq!(alive.len(), 1, "the second run keeps {dead:?}");
    assert_ne!(alive, dead);

    other.write("target/xtask/tmp/.tmpdead", "half a golden");
    let done = other.xtask(&["validate"]).env("TMPDIR", temporary.0.path()).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    assert_eq!(left(), alive, "a living run has lost its folder");
    assert!(!other.path("target/xtask/tmp/.tmpdead").exists());
    living.kill().unwrap();
    living.wait().unwrap();
}

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

#[test]
fn another_root_and_colours_are_taken() {
    let repository = Repository::base();
    let elsewhere = Repository::empty();
    let root = repository.0.path().to_str().unwrap();
    let output = elsewhere.run(&["validate", "--root", root, "--color", "always"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains('\u{1b}'));
    let plain = elsewhere.xtask(&["validate", "--root", root]).env("NO_COLOR", "1").output().unwrap();
    assert!(!stdout(&plain).contains('\u{1b}'));
}

#[test]
fn json_on_standard_output_is_alone_there() {
    let repository = Repository::base();
    repository.write("charts/values/web.yaml", "logLevel: debug\n");
    let output = repository.run(&["validate", "--report", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["version"], 1);
    assert_eq!(report["counts"]["changes"], 2, "the protected environment is a decision by itself");
    assert_eq!(report["findings"][0]["rule"], "golden/differs");
}

#[test]
fn values_of_secrets_are_masked_in_a_diff() {
    let repository = Repository::base();
    let value = ["correct", "horse", "battery"].join("-");
    repository.write(
        "charts/web/templates/s.yaml",
        format!("kind: Secret\napiVersion: v1\nmetadata: {{name: s}}\nstringData: {{k: {value}}}\n"),
    );
    let output = repository.run(&["validate", "--report", "json=r.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("Secret demo/s"));
    assert!(!stdout(&output).contains(&value) && !repository.read("r.json").contains(&value));
}

/// `helm lint` is never the verdict: this is why.
#[test]
fn a_lint_exits_0_although_a_required_value_is_missing() {
    let repository = Repository::base();
    repository.write("environments/staging/web.yaml", "# nothing\n");
    let helm = |verb: &[&str]| {
        let mut command = Command::new("helm");
        command.args(verb).args(["-f", "environments/staging/web.yaml"]).current_dir(repository.0.path());
        command.env("PATH", common::path_with_helm()).status().unwrap()
    };
    assert!(helm(&["lint", "charts/web"]).success());
    assert!(!helm(&["template", "web", "charts/web"]).success());
}

#[test]
fn help_teaches_with_examples() {
    let repository = Repository::empty();
    for command in ["validate", "bless", "render", "list", "matrix", "setup", "explain"] {
        let output = repository.run(&[command, "--help"]);
        assert_eq!(output.status.code(), Some(0));
        assert!(stdout(&output).contains("Example"), "{command} --help has no example");
    }
    assert_eq!(repository.run(&["validat"]).status.code(), Some(2));
    assert!(workspace().join("tests/cases").is_dir());
}
