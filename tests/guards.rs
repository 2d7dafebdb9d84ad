//! `validate --check guards` and `--mutate`: what is found in a chart that has every kind of guard, and what is not tried again.

mod common;

use std::time::Duration;

use checks::model::Cell;
use common::{Repository, path_with_helm, workspace};
use xtask::guards::{self, Input, Outcome};
use xtask::helm::render::Renderer;

const TEMPLATE: &str = r#"{{- $unused := required "set `unused.region` in the overlay" .Values.unused.region }}
{{- if not .Values.mode }}{{ fail "set `mode` in the overlay" }}{{ end }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
        - name: web
          env:
            - name: MODE
              value: {{ .Values.mode }}
            - name: CACHE_URL
              value: {{ required "CACHE_URL is not set: cache.url" .Values.cache.url }}
            - name: DB_PASSWORD
              valueFrom: {secretKeyRef: {name: {{ .Values.db.existingSecret }}, key: password}}
            - name: QUEUE_PASSWORD
              valueFrom: {secretKeyRef: {name: {{ required "a value is missing" .Values.queue.secretName }}, key: password}}
            - name: MAIL_PASSWORD
              valueFrom: {secretKeyRef: {name: {{ .Values.mail.secretName | default "web-mail" }}, key: password}}
            - name: AUTH_PASSWORD
              {{- if .Values.auth.existingSecret }}
              valueFrom: {secretKeyRef: {name: {{ .Values.auth.existingSecret }}, key: password}}
              {{- else }}
              value: fallback
              {{- end }}
            - name: FROM_INCLUDE
              valueFrom: {secretKeyRef: {name: {{ include "secret" . }}, key: a}}
            {{- with .Values.extra.secretName }}
            - name: EXTRA
              valueFrom: {secretKeyRef: {name: {{ . }}, key: a}}
            {{- end }}
            - name: TWICE
              value: {{ .Values.twice.token | required "set twice.token" }}
            - name: TWICE_MORE
              value: {{ required "set twice.token, please" .Values.twice.token }}
            {{- if .Values.later.enabled }}
            - name: OFF
              value: {{ required "set later.url" .Values.later.url }}
            {{- end }}
"#;

const VALUES: &str = "\
unused: {region: eu-1}
mode: fast
cache: {url: 'redis://cache:6379'}
db: {existingSecret: web-db}
queue: {secretName: web-queue}
mail: {secretName: web-post}
auth: {existingSecret: web-auth}
included: {secretName: web-included}
extra: {secretName: web-extra}
twice: {token: changeme}
later: {enabled: false, url: x}
";

fn repository() -> Repository {
    let repository = Repository::base();
    std::fs::remove_file(repository.path("charts/web/templates/configmap.yaml")).unwrap();
    repository.write("charts/web/templates/deployment.yaml", TEMPLATE);
    let helper =
        "{{ define \"secret\" }}{{ required \"set included.secretName\" .Values.included.secretName }}{{ end }}\n";
    repository.write("charts/web/templates/_helpers.tpl", helper);
    repository.write("charts/values/web.yaml", VALUES);
    repository
}

fn run(repository: &Repository, mutate: bool) -> Outcome {
    run_on(repository, mutate, |_| true)
}

fn run_on(repository: &Repository, mutate: bool, wanted: impl Fn(&Cell) -> bool) -> Outcome {
    let root = repository.0.path().canonicalize().unwrap();
    let matrix = xtask::matrix::load(&root).unwrap();
    let sources = xtask::sources::read(&root, &matrix);
    let cells: Vec<&Cell> = matrix.cells.iter().filter(|cell| wanted(cell)).collect();
    let helm = std::env::split_paths(&path_with_helm()).next().unwrap().join("helm");
    let home = tempfile::tempdir().unwrap();
    let renderer = Renderer { helm: &helm, root: &root, home: home.path().to_owned(), timeout: Duration::from_mins(1) };
    let target = root.join("target");
    guards::run(&Input {
        cells: &cells,
        sources: &sources,
        renderer: &renderer,
        helm: "4.3.1",
        jobs: 2,
        target: &target,
        whole: true,
        mutate,
        stop: &|| false,
    })
}

fn shown(outcome: &Outcome) -> Vec<String> {
    let found = finding::merge(outcome.findings.clone());
    let one = |f: &finding::Finding| {
        let place = f.place.as_ref().map(|p| format!("{}:{}", p.file, p.line)).unwrap_or_default();
        let path = f.render.first().map(|r| format!(" at {}", r.path)).unwrap_or_default();
        format!("{} {place} {}{path} ({} cells)", f.rule, f.message, f.cells.len())
    };
    found.iter().map(one).collect()
}

#[test]
fn each_value_is_taken_away_and_what_comes_out_is_judged() {
    let repository = repository();
    let outcome = run(&repository, false);
    assert_eq!(outcome.troubles, [""; 0]);
    let env = "spec.template.spec.containers[web].env";
    assert_eq!(
        shown(&outcome),
        [
            format!(
                "guards/missing charts/web/templates/deployment.yaml:18 without `db.existingSecret` the chart renders a reference \
                 to nothing at {env}[DB_PASSWORD].valueFrom.secretKeyRef.name (2 cells)"
            ),
            format!(
                "guards/missing charts/web/templates/deployment.yaml:24 without `auth.existingSecret` the chart renders a literal \
                 where a Secret's value was at {env}[AUTH_PASSWORD].value (2 cells)"
            ),
            "guards/weak charts/values/web.yaml:10 `twice.token` is a placeholder, and its guard accepts that (2 cells)".to_owned(),
            "guards/weak charts/web/templates/deployment.yaml:20 the guard of `queue.secretName` does not say which value is \
             missing (2 cells)"
                .to_owned(),
        ]
    );
    let row = &outcome.rows[0];
    assert_eq!((row.guarded, row.missing, row.cell.as_str()), (5, 2, "staging/web"), "{row:?}");
    let table = guards::table(&outcome);
    assert!(table.contains("staging/web") && !table.contains("changeme"), "{table}");
}

#[test]
fn what_did_not_change_is_not_tried_again() {
    let repository = repository();
    let first = run(&repository, false);
    assert!(first.kept == 0 && first.renders > 20, "{} renders", first.renders);
    let second = run(&repository, false);
    assert_eq!((second.renders, second.kept), (0, first.renders - 2), "all but the two baselines are kept");
    assert_eq!(shown(&second), shown(&first));
    repository.write("environments/staging/web.yaml", "mode: slow\n");
    let third = run(&repository, false);
    assert_eq!(third.renders, first.renders / 2, "one cell of two");
    let kept = std::fs::read_dir(repository.path("target/xtask/guards")).unwrap().flatten();
    let kept: Vec<String> = kept.map(|entry| std::fs::read_to_string(entry.path()).unwrap()).collect();
    assert!(kept.iter().all(|text| !text.contains("web-db") && !text.contains("fallback")), "no value is kept");
}

#[test]
fn a_guard_that_nothing_would_miss_is_found() {
    let repository = repository();
    let outcome = run(&repository, true);
    assert_eq!(outcome.troubles, [""; 0]);
    let untested: Vec<String> = shown(&outcome).into_iter().filter(|line| line.contains("untested")).collect();
    assert_eq!(
        untested,
        [
            "guards/untested charts/web/templates/deployment.yaml:1 nothing would miss this `required` of `unused.region` (2 cells)"
        ]
    );
    let [score] = outcome.scores.as_slice() else { panic!("{:?}", outcome.scores) };
    assert_eq!((score.noticed, score.untested), (4, 1), "{score:?}");
    let why: Vec<String> = score.not_mutated.iter().map(|(place, why)| format!("{}: {why}", place.line)).collect();
    assert_eq!(why.len(), 3, "{why:?}");
    assert!(why[0].starts_with("36: another guard of the same value"), "{why:?}");
    assert!(why[1].starts_with("38: another guard of the same value"), "{why:?}");
    assert!(why[2].starts_with("41: no cell reaches it") && why[2].contains("condition"), "{why:?}");
    assert!(guards::table(&outcome).contains("4/5"), "{}", guards::table(&outcome));
    let tree: Vec<_> = repository.tree().into_iter().map(|(path, _)| path).collect();
    assert!(tree.iter().all(|path| !path.to_string_lossy().contains("mutants")));
}

#[test]
fn the_guards_of_this_repository_hold() {
    let root = workspace();
    let repository = Repository::empty();
    for folder in ["charts", "environments"] {
        repository.copy_into(&root.join(folder), folder);
    }
    // Guards stand in charts, which all environments share: the one with the most cells speaks for all.
    let outcome = run_on(&repository, false, |cell| cell.env == "local");
    assert_eq!(outcome.troubles, [""; 0]);
    assert!(outcome.rows.iter().any(|row| row.guarded > 0));
    assert_eq!(shown(&outcome), [""; 0]);
}

#[test]
fn a_verdict_without_guards_says_so() {
    let repository = Repository::base();
    let says = |words: &[&str]| {
        let output = repository.run(&[&["validate"], words].concat());
        assert_eq!(output.status.code(), Some(0), "{}", common::stdout(&output));
        common::stdout(&output).contains("guards were not tried: `cargo xtask validate --check guards`")
    };
    assert!(says(&[]) && says(&["staging/web"]) && says(&["--skip", "leaks"]));
    for words in [["--check", "guards"], ["--check", "leaks"], ["--skip", "guards"]] {
        assert!(!says(&words), "{words:?}");
    }
    let matrix = repository.read("environments/matrix.yaml");
    let off = "rules: {guards/missing: off, guards/weak: off, guards/untested: off}\n";
    repository.write("environments/matrix.yaml", matrix + off);
    assert!(!says(&[]), "rules that are switched off are not missed");
}
