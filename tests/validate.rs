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
fn a_long_line_is_shown_where_it_changes() {
    let repository = Repository::base();
    let values = |word: &str| format!("logLevel: {}{word}{}\n", "x".repeat(400_000), "y".repeat(400_000));
    repository.write("charts/values/web.yaml", values("old"));
    assert_eq!(repository.run(&["bless"]).status.code(), Some(0));
    repository.write("charts/values/web.yaml", values("new"));
    let said = stdout(&repository.run(&["validate"]));
    assert!(said.contains("xoldyy") && said.contains("xnewyy") && said.contains("more characters"), "{said:.2000}");
    assert!(said.lines().all(|line| line.chars().count() < 300), "{said:.2000}");
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

#[test]
fn what_two_renders_print_alike_is_not_random() {
    let repository = Repository::base();
    // The values do not decide this, and nothing of it is printed.
    let unknown = "{{ if .Capabilities.APIVersions.Has \"none.example/v1\" }}{{ randAlphaNum 9 }}{{ end }}\n";
    let thrown_away = "{{ $id := uuidv4 }}{{ $time := now }}\n";
    let few = "{{ if .Capabilities.APIVersions.Has \"none.example/v1\" }}{{ randInt 0 9 }}{{ end }}\n";
    repository.write("charts/web/templates/unknown.yaml", format!("{unknown}{thrown_away}{few}"));
    let random = "kind: ConfigMap\nmetadata: {name: s}\ndata: {id: {{ randAlpha 9 }}}\n";
    repository.write("charts/web/templates/random.yaml", random);
    repository.run(&["validate", "--check", "render", "--report", "json=report.json"]);
    let report: serde_json::Value = serde_json::from_str(&repository.read("report.json")).unwrap();
    let found: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            let (severity, message) = (f["severity"].as_str().unwrap(), f["message"].as_str().unwrap());
            format!("{severity} {message} {}", f["render"][0]["path"].as_str().unwrap_or_default())
        })
        .collect();
    let expected = [
        "error `randAlpha` gives another result at each render data.id",
        "error `now` tells the time of the render ",
        "warning `randInt` gives another result at each render ",
    ];
    assert_eq!(found, expected);
}

#[test]
fn values_in_a_text_of_another_tool_are_told_where_they_stand() {
    let repository = Repository::base();
    let matrix = repository.read("environments/matrix.yaml");
    let part = "{file: \"environments/{env}.yaml\", kind: Application, at: /spec/source/helm/values}";
    let matrix = matrix
        .replace("environments/{env}/{release}.yaml", part)
        .replace("{}\n  production: {", "{owns: [stage.example.org]}\n  production: {owns: [example.org], ");
    repository.write("environments/matrix.yaml", matrix.replace("    web: {}", "    web: {}\n    api: {chart: web}"));
    repository.write("charts/values/api.yaml", "logLevel: info\n");
    repository.write(
        "charts/web/templates/host.yaml",
        "kind: ConfigMap\nmetadata: {name: h}\ndata: {H: {{ .Values.host }}, DB_PASSWORD: {{ .Values.db.password }}}\n",
    );
    let value = ["Zk4Wq8", "Rt2xLm"].concat();
    for env in ["staging", "production"] {
        std::fs::remove_dir_all(repository.path(format!("environments/{env}"))).unwrap();
        let application = |release: &str, values: &str| {
            format!(
                "kind: Application\nmetadata: {{name: {release}}}\nspec:\n  source:\n    helm:\n      values: {values}\n"
            )
        };
        let text = format!(
            "|\n        # ü\n        bucket: b\n        region: r\n\n        host: x.stage.example.org\n        region: s\n        bukcet: c\n        db:\n          password: {value}"
        );
        let other = format!(
            "|-\n          bucket: b\n          region: r\n          host: h\n          db: {{password: {value}}}"
        );
        repository.write(
            &format!("environments/{env}.yaml"),
            format!("{}---\n{}", application("api", &other), application("web", &text)),
        );
    }
    repository.run(&["validate", "--skip", "golden", "--report", "json=report.json"]);
    let report: serde_json::Value = serde_json::from_str(&repository.read("report.json")).unwrap();
    let place = |f: &serde_json::Value| {
        let at = &f["location"];
        let cells: Vec<&str> = f["cells"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
        format!(
            "{} {}:{}:{} {}",
            f["rule"].as_str().unwrap(),
            at["file"].as_str().unwrap(),
            at["line"],
            at["column"],
            cells.join(" ")
        )
    };
    let found: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(place)
        .filter(|f| f.contains("environments/production.yaml"))
        .collect();
    let expected = [
        "leaks/literal-credential environments/production.yaml:10:26 production/api",
        "boundary/foreign-environment environments/production.yaml:22:9 production/web",
        "sources/duplicate-key environments/production.yaml:23:9 production/web",
        "leaks/literal-credential environments/production.yaml:26:21 production/web",
        "values/unread environments/production.yaml:24:9 production/web",
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_lies_beside_a_chart_of_somebody_elses_is_no_leak() {
    let repository = Repository::base();
    let value = ["Zk4Wq8", "Rt2xLm"].concat();
    let vendored = "dependencies: [{name: far, version: 1.0.0, repository: \"https://charts.example.com\"}]\n";
    repository.write("charts/web/Chart.yaml", format!("apiVersion: v2\nname: web\nversion: 1.0.0\n{vendored}"));
    repository.write("charts/web/charts/far/Chart.yaml", "apiVersion: v2\nname: far\nversion: 1.0.0\n");
    let values = format!("db:\n  password: {value}\nadminPassword: changeme\n");
    repository.write("charts/web/charts/far/ci/test-values.yaml", &values);
    repository.write("charts/web/charts/far/README.md", format!("```yaml\n{values}```\n"));
    let key = [
        "-----BEGIN RSA PRIVATE",
        " KEY-----\nMIIEpAIBAAKCAQEA0",
        &"Zk4Wq8Rt2xLm".repeat(20),
        "\n-----END RSA PRIVATE",
        " KEY-----\n",
    ]
    .concat();
    repository.write("charts/web/charts/far/ci/tls.key", key);
    repository.write("charts/web/README.md.gotmpl", "```yaml\nadminPassword: changeme\n```\n");
    let schema =
        "{\"properties\": {\"a\": {\"description\": \"Secret\", \"examples\": [{\"password\": \"changeme\"}]}}}\n";
    repository.write("charts/web/values.schema.json", schema);
    let leaks = || {
        repository.run(&["validate", "--check", "leaks", "--report", "json=report.json"]);
        let report: serde_json::Value = serde_json::from_str(&repository.read("report.json")).unwrap();
        let found = report["findings"].as_array().unwrap().iter().map(|f| {
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            format!("{} {} {}", text(&f["severity"]), text(&f["rule"]), text(&f["location"]["file"]))
        });
        found.collect::<Vec<_>>()
    };
    assert_eq!(leaks(), ["warning leaks/private-key charts/web/charts/far/ci/tls.key"]);
    // What the repository's own chart shows is its own.
    repository.write("charts/web/ci/test-values.yaml", &values);
    assert!(leaks().contains(&"error leaks/literal-credential charts/web/ci/test-values.yaml".to_owned()));
}

#[test]
fn a_golden_with_other_line_endings_is_one_line() {
    let repository = Repository::base();
    for env in ["staging", "production"] {
        let golden = format!("tests/golden/{env}/web.yaml");
        repository.write(&golden, repository.read(&golden).replace('\n', "\r\n"));
    }
    let output = repository.run(&["validate"]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("only the line endings differ (CRLF)") && !said.contains("LOG_LEVEL"), "{said}");
    // A change is told among them, and only that.
    repository.write("charts/values/web.yaml", "logLevel: debug\n");
    let said = stdout(&repository.run(&["validate"]));
    assert!(said.contains("LOG_LEVEL") && !said.contains("+  BUCKET"), "{said}");
}
