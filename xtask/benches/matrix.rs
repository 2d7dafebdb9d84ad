//! `validate` without any cache against the bare loop `xargs -P N helm template …` over the same cells, in one run.
//!
//!     cargo bench --bench matrix --profile dev -- [CELLS] [ROUNDS]
//!
//! Prints the ratio of the best rounds, the tool's own peak memory, and what the rules that look at whole environments cost beside
//! the bare loop. Helm's process start is the physical limit of both.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use checks::facts::Facts;
use leaks::MaskKey;
use xtask::engine::{self, Engine};
use xtask::helm::Setup;

const ENVIRONMENTS: [&str; 3] = ["local", "staging", "production"];

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|a| a.parse::<usize>().ok());
    let (cells, rounds) = (numbers.next().unwrap_or(300), numbers.next().unwrap_or(3));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    make(root, cells.div_ceil(3));
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
    let helm = Setup::new(&workspace.join("target"), "4.3.1", &|_| {}).locate().expect("Helm").path;
    let list: String = (0..cells.div_ceil(3))
        .flat_map(|n| ENVIRONMENTS.map(|env| format!("app-{n} charts/app-{n} -f values/app-{n}.yaml -f environments/{env}/app-{n}.yaml --namespace demo --kube-version 1.33.4\n")))
        .collect();
    let jobs = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).to_string();
    xtask(root, &helm, "bless");
    let (mut loops, mut tool, mut memory) = (Duration::MAX, Duration::MAX, 0);
    for round in 1..=rounds {
        let started = Instant::now();
        let mut child = Command::new("xargs")
            .args(["-P", &jobs, "-L1"])
            .arg(&helm)
            .arg("template")
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("xargs");
        child.stdin.take().expect("a pipe").write_all(list.as_bytes()).expect("xargs reads");
        assert!(child.wait().expect("xargs ends").success());
        let bare = started.elapsed();
        let started = Instant::now();
        memory = memory.max(xtask(root, &helm, "validate"));
        let ours = started.elapsed();
        println!("round {round}: ratio {:.2}", ours.as_secs_f64() / bare.as_secs_f64());
        loops = loops.min(bare);
        tool = tool.min(ours);
    }
    let rules = environment_wide(root, jobs.parse().expect("a number"), rounds);
    println!(
        "{cells} cells, {jobs} jobs: ratio {:.2}, own peak memory {} MB, environment-wide rules {:.1} % of rendering",
        tool.as_secs_f64() / loops.as_secs_f64(),
        memory / 1024,
        100.0 * rules.as_secs_f64() / loops.as_secs_f64()
    );
}

/// The best time of all rules that look at environments and at the matrix, the facts of the cells known.
fn environment_wide(root: &Path, jobs: usize, rounds: usize) -> Duration {
    let root = root.canonicalize().expect("a folder");
    let matrix = xtask::matrix::load(&root).expect("a matrix file");
    let sources = xtask::sources::read(&root, &matrix);
    let rules = engine::wanted(&matrix, |_| true);
    let known = |cell| Some((checks::model::Cell::name(cell), engine::golden_facts(&root, cell)?));
    let facts: BTreeMap<String, Facts> = matrix.cells.iter().filter_map(known).collect();
    assert_eq!(facts.len(), matrix.cells.len());
    let key = MaskKey::new([0; 32]);
    let engine = Engine { root: &root, matrix: &matrix, sources: &sources, rules: &rules, key: &key };
    let once = |_| {
        let mut facts = facts.clone();
        let started = Instant::now();
        engine.whole(&mut facts, jobs);
        started.elapsed()
    };
    (0..rounds).map(once).min().expect("a round")
}

/// Runs the tool and returns its own peak memory in KiB.
fn xtask(root: &Path, helm: &Path, command: &str) -> u64 {
    let path = std::env::join_paths(
        helm.parent()
            .map(Path::to_owned)
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    )
    .expect("a path");
    let mut child = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg(command)
        .current_dir(root)
        .env("PATH", path)
        .env_remove("CI")
        .env_remove("CARGO_TARGET_DIR")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("xtask");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let now = text.lines().find_map(|l| l.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        peak = peak.max(now.unwrap_or_default());
        if let Some(status) = child.try_wait().expect("xtask ends") {
            assert!(status.success(), "{command} failed");
            return peak;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A repository of charts of an ordinary size.
fn make(root: &Path, charts: usize) {
    let write = |path: String, text: String| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    write("charts/store/Chart.yaml".to_owned(), "apiVersion: v2\nname: store\nversion: 1.0.0\n".to_owned());
    write("charts/store/values.yaml".to_owned(), "{}\n".to_owned());
    write("charts/store/templates/store.yaml".to_owned(), STORE.to_owned());
    write("values/store.yaml".to_owned(), "{}\n".to_owned());
    for env in ENVIRONMENTS {
        write(format!("environments/{env}/store.yaml"), "{}\n".to_owned());
    }
    let mut layers = String::new();
    for n in 0..charts {
        layers.push_str(&format!("    app-{n}: {{}}\n"));
        write(format!("charts/app-{n}/Chart.yaml"), format!("apiVersion: v2\nname: app-{n}\nversion: 1.0.0\n"));
        write(
            format!("charts/app-{n}/values.yaml"),
            "replicas: 1\nimage: {repository: registry.example/app, tag: 1.0.0}\nenv: {}\n".to_owned(),
        );
        write(format!("charts/app-{n}/templates/_helpers.tpl"), HELPERS.to_owned());
        write(format!("charts/app-{n}/templates/deployment.yaml"), DEPLOYMENT.to_owned());
        write(format!("charts/app-{n}/templates/service.yaml"), SERVICE.to_owned());
        write(format!("charts/app-{n}/templates/external-secret.yaml"), EXTERNAL_SECRET.to_owned());
        write(format!("charts/app-{n}/templates/configmap.yaml"), CONFIG.to_owned());
        write(format!("values/app-{n}.yaml"), format!("env: {{LOG_LEVEL: info, NUMBER: \"{n}\"}}\n"));
        for env in ENVIRONMENTS {
            write(format!("environments/{env}/app-{n}.yaml"), format!("replicas: 2\nenv: {{ENVIRONMENT: {env}}}\n"));
        }
    }
    let matrix = "version: 1\nhelm: {version: 4.3.1, namespace: demo}\nkube: {version: 1.33.4}\npaths:\n  chart: charts/{chart}\n  values: [\"values/{release}.yaml\", \"environments/{env}/{release}.yaml\"]\n  golden: golden/{env}/{release}.yaml\nenvironments: {local: {}, staging: {}, production: {}}\nlayers:\n  0:\n    store: {}\n  10:\n";
    write("environments/matrix.yaml".to_owned(), format!("{matrix}{layers}"));
}

const HELPERS: &str = r#"{{- define "app.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
"#;
const DEPLOYMENT: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  labels:
    {{- include "app.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels:
      {{- include "app.labels" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "app.labels" . | nindent 8 }}
    spec:
      containers:
        - name: app
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
          envFrom:
            - configMapRef:
                name: {{ .Release.Name }}-config
          env:
            - name: DB_PASSWORD
              valueFrom: {secretKeyRef: {name: "{{ .Release.Name }}-db", key: password}}
          resources:
            requests: {cpu: 10m, memory: 64Mi}
"#;
const SERVICE: &str = r#"apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  selector:
    {{- include "app.labels" . | nindent 4 }}
  ports:
    - port: 80
"#;
const STORE: &str = r"apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata:
  name: vault
spec:
  provider:
    vault: {server: https://vault.example, path: secret, version: v2}
";
const EXTERNAL_SECRET: &str = r#"apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: {{ .Release.Name }}-db-sync
spec:
  refreshInterval: 1h
  secretStoreRef: {kind: ClusterSecretStore, name: vault}
  target: {name: "{{ .Release.Name }}-db"}
  data:
    - secretKey: password
      remoteRef: {key: "app/{{ .Release.Name }}", property: password}
"#;
const CONFIG: &str = r"apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-config
data:
  {{- range $name, $value := .Values.env }}
  {{ $name }}: {{ $value | quote }}
  {{- end }}
";
