//! `cargo xtask leaks` on two trees from a seed, beside plain reading of the same files by the same number of threads.
//!
//!     cargo bench --bench leaks --profile dev -- [MEGABYTES] [ROUNDS]
//!
//! The first tree is ordinary: manifests, templates, values, pages. The second is dense with leaks of all kinds. Each is
//! measured once more at twice its size: a linear scan takes twice the time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|a| a.parse::<usize>().ok());
    let (megabytes, rounds) = (numbers.next().unwrap_or(50), numbers.next().unwrap_or(3));
    println!("{:<10} {:>6} {:>7} {:>12} {:>12}", "tree", "MB", "files", "leaks MB/s", "read MB/s");
    for (name, dense) in [("ordinary", false), ("dense", true)] {
        let mut times = Vec::new();
        for factor in [1, 2] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let (files, bytes) = make(folder.path(), megabytes * factor * 1_000_000, dense);
            let (mut ours, mut reading) = (Duration::MAX, Duration::MAX);
            for _ in 0..rounds {
                reading = reading.min(read(&files));
                ours = ours.min(leaks(folder.path()));
            }
            println!(
                "{name:<10} {:>6} {:>7} {:>12.0} {:>12.0}",
                bytes / 1_000_000,
                files.len(),
                speed(bytes, ours),
                speed(bytes, reading)
            );
            times.push(ours);
        }
        println!(
            "{name:<10} twice the tree takes {:.2} times as long",
            times[1].as_secs_f64() / times[0].as_secs_f64()
        );
    }
}

#[allow(clippy::cast_precision_loss)]
fn speed(bytes: usize, time: Duration) -> f64 {
    bytes as f64 / 1e6 / time.as_secs_f64()
}

fn leaks(folder: &Path) -> Duration {
    let started = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["leaks", "--report"])
        .arg("json")
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("xtask");
    assert!(matches!(status.code(), Some(0 | 1)), "the scan failed");
    started.elapsed()
}

fn read(files: &[PathBuf]) -> Duration {
    let started = Instant::now();
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    std::hint::black_box(fs::read(file).expect("a file"));
                }
            });
        }
    });
    started.elapsed()
}

struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("it is below a usize") % most
    }

    fn text(&mut self, length: usize) -> String {
        let alphabet = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
        (0..length).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect()
    }
}

/// Writes files of an ordinary size until there are so many bytes.
fn make(root: &Path, bytes: usize, dense: bool) -> (Vec<PathBuf>, usize) {
    let mut random = Random(42);
    let (mut files, mut written) = (Vec::new(), 0);
    while written < bytes {
        let number = files.len();
        let folder = root.join(format!("charts/{}/app-{}", number % 40, number / 40));
        fs::create_dir_all(&folder).expect("a folder");
        let blocks = 10 + random.below(60);
        let (name, text) =
            if dense { leaky(&mut random, number, blocks) } else { ordinary(&mut random, number, blocks) };
        let path = folder.join(name);
        fs::write(&path, &text).expect("a file");
        written += text.len();
        files.push(path);
    }
    (files, written)
}

fn ordinary(random: &mut Random, number: usize, blocks: usize) -> (String, String) {
    let mut text = String::new();
    let name = match number % 4 {
        0 => {
            for block in 0..blocks {
                text.push_str(&MANIFEST.replace('#', &block.to_string()));
            }
            "manifest.yaml"
        }
        1 => {
            for block in 0..blocks {
                text.push_str(&TEMPLATE.replace('#', &block.to_string()));
            }
            "template.yaml"
        }
        2 => {
            for block in 0..blocks * 2 {
                text.push_str(&VALUES.replace('~', &format!("{block}-{}", random.below(1000))));
            }
            "values.yaml"
        }
        _ => {
            for block in 0..blocks * 3 {
                text.push_str(&PAGE.replace('~', &block.to_string()));
            }
            "README.md"
        }
    };
    (name.to_owned(), text)
}

fn leaky(random: &mut Random, number: usize, blocks: usize) -> (String, String) {
    let mut text = String::new();
    for block in 0..blocks {
        let mut secret = || random.text(20);
        text.push_str(&match (number + block) % 4 {
            0 => format!(
                "db{block}:\n  host: db.example.svc\n  user: app\n  password: {}\n  port: 5432\n  options: {{ssl: true, timeout: 30s}}\n",
                secret()
            ),
            1 => format!(
                "env{block}:\n  - name: LOG_LEVEL\n    value: info\n  - name: API_TOKEN\n    value: \"{}\"\n  - name: URL\n    value: postgres://app:{}@db:5432/app\n",
                secret(),
                secret()
            ),
            2 => format!(
                "job{block}:\n  image: registry.example.org/app:1.2.3\n  args: [\"--log\", \"info\", \"--password\", \"{}\"]\n  # token: {}\n  replicas: 2\n",
                secret(),
                secret()
            ),
            _ => format!(
                "config{block}:\n  app.properties: |\n    server.port=8080\n    spring.datasource.password={}\n    logging.level=info\n  key: {}{}_{}\n",
                secret(),
                "sk",
                "_live",
                secret()
            ),
        });
    }
    ("values.yaml".to_owned(), text)
}

const MANIFEST: &str = r"---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-#
  labels:
    app.kubernetes.io/name: app
    app.kubernetes.io/instance: app-#
  annotations:
    checksum/config: 3f786850e387550fdab836ed7e6dc881de23001b
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: app
  template:
    spec:
      serviceAccountName: app-#
      containers:
        - name: app
          image: ghcr.io/example/app:1.2.3@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
          args: [--listen=:8080, --log-level=info]
          env:
            - name: LOG_LEVEL
              value: info
            - name: DATABASE_PASSWORD
              valueFrom:
                secretKeyRef: {name: app-db, key: password}
            - name: DATABASE_URL
              value: postgres://app:$(DATABASE_PASSWORD)@db:5432/app
          ports:
            - containerPort: 8080
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits: {memory: 256Mi}
          livenessProbe:
            httpGet: {path: /healthz, port: 8080}
";

const TEMPLATE: &str = r#"{{- if .Values.part#.enabled }}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "app.fullname" . }}-part#
  labels:
    {{- include "app.labels" . | nindent 4 }}
  {{- with .Values.part#.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ .Values.part#.service.type | default "ClusterIP" }}
  ports:
    - name: http
      port: {{ .Values.part#.service.port }}
      targetPort: http
  selector:
    {{- include "app.selectorLabels" . | nindent 4 }}
{{- end }}
---
"#;

const VALUES: &str = r#"## @section Part ~
part~:
  ## @param enabled Whether the part is there
  enabled: true
  image:
    repository: ghcr.io/example/part
    tag: 1.2.3
    pullPolicy: IfNotPresent
  ## @param auth.existingSecret Name of the Secret with the password
  auth:
    existingSecret: part-auth
    password: ""
    secretKeys:
      userPasswordKey: password
  service:
    type: ClusterIP
    port: 80
  resources: {}
  nodeSelector: {}
  tolerations: []
"#;

const PAGE: &str = r#"## Part ~

| Name | Description | Value |
|---|---|---|
| `part~.enabled` | Whether the part is there | `true` |
| `part~.auth.password` | Password of the part; taken from the Secret when empty | `""` |

To install the chart, add the repository and run the following command. The password is in the Secret of the release.

```console
helm install my-release example/app --set part~.enabled=true
```

"#;
