//! `cargo xtask secrets inventory`, `secrets rotation` and `tracker` on a small repository with a user of every kind.

mod common;

use common::{Repository, stderr, stdout};

const MATRIX: &str = "\
version: 1
helm: {version: 4.3.1, namespace: demo}
kube: {version: 1.33.4}
paths:
  chart: charts/{chart}
  values: ['environments/{env}/{release}.yaml']
  golden: tests/golden/{env}/{release}.yaml
  docs: charts/{chart}/README.md
environments:
  local: {fixtures: vault/local.yaml}
  production: {protected: true}
secrets:
  api: external-secrets.io/v1
  store: ClusterSecretStore/vault
  remote: {key: 'secret/data/{key}', property: value}
layers:
  15:
    bundle: {}
  40:
    migrations: {off: {production: run by the pipeline}}
  60:
    web: {}
retired:
  - {release: old-web, reason: merged into web}
";

const BUNDLE: &str = "\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: db-sync}
spec:
  secretStoreRef: {kind: ClusterSecretStore, name: vault}
  target: {name: {{ .Values.target }}}
  data:
    - {secretKey: DB_URL, remoteRef: {key: secret/data/db-url, property: value}}
    - {secretKey: DB_PASSWORD, remoteRef: {key: secret/data/db-password, property: value}}
";

const MIGRATIONS: &str = "\
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {helm.sh/hook: 'pre-install,pre-upgrade'}}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - {name: migrate, image: 'example.org/m:1', envFrom: [{secretRef: {name: {{ .Values.existingSecret }}}}]}
";

const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: example.org/web:1
          env:
            - {name: PASSWORD, valueFrom: {secretKeyRef: {name: {{ .Values.auth.existingSecret }}, key: DB_PASSWORD}}}
        - name: mounts
          image: example.org/web:1
          volumeMounts:
            - {name: db, mountPath: /etc/db}
            - {name: db, mountPath: /etc/db-url, subPath: DB_URL}
      volumes: [{name: db, secret: {secretName: {{ .Values.auth.existingSecret }}}}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: queue, annotations: {secret.reloader.stakater.com/reload: 'other, db'}}
spec:
  serviceName: queue
  selector: {matchLabels: {app: queue}}
  template:
    metadata: {labels: {app: queue}}
    spec:
      containers:
        - {name: queue, image: 'example.org/q:1', envFrom: [{prefix: Q_, secretRef: {name: {{ .Values.auth.existingSecret }}}}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: seed}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - {name: seed, image: 'example.org/s:1', envFrom: [{secretRef: {name: {{ .Values.auth.existingSecret }}}}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: '0 3 * * *'
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - {name: n, image: 'example.org/n:1', envFrom: [{secretRef: {name: {{ .Values.auth.existingSecret }}}}]}
";

/// The repository, with its goldens.
fn repository() -> Repository {
    let repository = Repository::empty();
    repository.write("environments/matrix.yaml", MATRIX);
    repository.write("vault/local.yaml", "keys: {db-url: {template: x}, db-password: {derive: hmac}}\n");
    for (chart, template, values) in [
        ("bundle", BUNDLE, "target: db\n"),
        ("migrations", MIGRATIONS, "existingSecret: db\n"),
        ("web", WEB, "replicas: 1\nauth:\n  existingSecret: db\n  tokenTTL: 30s\n"),
    ] {
        repository
            .write(&format!("charts/{chart}/Chart.yaml"), format!("apiVersion: v2\nname: {chart}\nversion: 1.0.0\n"));
        repository.write(&format!("charts/{chart}/templates/all.yaml"), template);
        repository.write(&format!("charts/{chart}/values.yaml"), values);
        repository.write(&format!("charts/{chart}/README.md"), format!("# {chart}\n"));
    }
    for (env, release, values) in [
        ("local", "bundle", "{}\n"),
        ("local", "migrations", "{}\n"),
        ("local", "web", "replicas: 1\n"),
        ("production", "bundle", "{}\n"),
        ("production", "web", "replicas: 3\n"),
    ] {
        repository.write(&format!("environments/{env}/{release}.yaml"), values);
    }
    let output = repository.run(&["bless"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    repository
}

/// Runs a command that must work, and returns what it prints.
fn said(repository: &Repository, arguments: &[&str]) -> String {
    let output = repository.run(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}\n{}{}", stdout(&output), stderr(&output));
    stdout(&output)
}

fn json(repository: &Repository, arguments: &[&str]) -> serde_json::Value {
    let all: Vec<&str> = arguments.iter().copied().chain(["--format", "json"]).collect();
    serde_json::from_str(&said(repository, &all)).unwrap()
}

#[test]
fn rotation_tells_every_kind_of_user_how_a_change_reaches_it() {
    let repository = repository();
    let rotation = json(&repository, &["secrets", "rotation"]);
    let rows: Vec<String> = rotation["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["remote"]["name"] == "db-password")
        .map(|row| {
            let usage = &row["use"];
            let environments: Vec<&str> =
                row["environments"].as_array().unwrap().iter().filter_map(|e| e.as_str()).collect();
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            format!(
                "{} {} {} {}",
                text(&usage["object"]),
                text(&usage["as"]["way"]),
                text(&usage["effect"]),
                environments.join(",")
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            "Job/migrate env-from rerun local",
            "CronJob/nightly env-from next-run local,production",
            "Deployment/web file remounted local,production",
            "Deployment/web file restart local,production",
            "Deployment/web env restart local,production",
            "Job/seed env-from rerun local,production",
            "StatefulSet/queue env-from reloader local,production",
        ]
    );
    let local = json(&repository, &["secrets", "rotation", "--env", "production"]);
    assert!(!local.to_string().contains("migrate"), "{local:#}");
}

#[test]
fn the_runbook_of_a_key_is_in_order_for_each_environment() {
    let repository = repository();
    let text = said(&repository, &["secrets", "rotation", "--key", "db-password", "--env", "local"]);
    let steps: Vec<&str> = text
        .lines()
        .filter(|l| l.split_once(". ").is_some_and(|(n, _)| n.bytes().all(|b| b.is_ascii_digit())))
        .collect();
    assert_eq!(
        steps,
        [
            "1. Change secret/data/db-password, property value in ClusterSecretStore/vault",
            "2. Copy it into the cluster now: ExternalSecret db-sync (release bundle)",
            "3. layer 40, release migrations: Job/migrate runs again",
            "4. layer 60, release web: CronJob/nightly needs nothing",
            "5. layer 60, release web: Deployment/web is restarted",
            "6. layer 60, release web: Job/seed runs again",
            "7. layer 60, release web: StatefulSet/queue restarts by itself",
            "8. Verify",
            "9. Make the old credential invalid where it is checked",
        ]
    );
    for line in [
        "     kubectl -n demo annotate externalsecret db-sync force-sync=\"$(date +%s)\" --overwrite\n",
        "     helm upgrade --install migrations charts/migrations -n demo -f environments/local/migrations.yaml\n",
        "vault/local.yaml",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let both = said(&repository, &["secrets", "rotation", "--key", "secret/data/db-password", "--format", "markdown"]);
    assert!(both.contains("## Rotate db-password in local") && both.contains("## Rotate db-password in production"));
    let unknown = repository.run(&["secrets", "rotation", "--key", "db-pasword"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("did you mean `db-password`?"), "{}", stderr(&unknown));
}

#[test]
fn inventory_classifies_and_names_places_but_no_values() {
    let repository = repository();
    let value = ["kX82h", "Qz91vT", "b7mP"].concat();
    repository.write("environments/local/web.yaml", format!("replicas: 1\nauth:\n  password: {value}\n"));
    let text = said(&repository, &["secrets", "inventory", "--release", "web"]);
    for line in [
        "  auth.existingSecret  secret reference: db  chart:3  chart:3\n",
        "  auth.password        secret, literal       overlay:3  –\n",
        "  auth.tokenTTL        config                chart:4  chart:4\n",
        "  replicas             config                overlay:1  overlay:1\n",
    ] {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(squeezed(&text).contains(&squeezed(line)), "{line}\n{text}");
    }
    assert!(!text.contains("bundle\n"), "{text}");
    let whole = json(&repository, &["secrets", "inventory", "--env", "local"]);
    assert!(!whole.to_string().contains(&value));
    assert_eq!(whole["secrets"][0]["name"], "db");
    assert_eq!(whole["secrets"][0]["keys"], serde_json::json!(["DB_PASSWORD", "DB_URL"]));
    assert_eq!(whole["releases"][2]["values"][1]["class"], "secret-literal");
    assert_eq!(whole["releases"][2]["values"][1]["set"]["local"]["line"], 3);
    let wrong = repository.run(&["secrets", "inventory", "--env", "locl"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("did you mean `local`?"), "{}", stderr(&wrong));
}

#[test]
fn pages_are_written_and_found_stale() {
    let repository = repository();
    let stale = |repository: &Repository| {
        let output = repository.run(&["validate", "--check", "docs/stale", "--report", "json"]);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let files =
            report["findings"].as_array().unwrap().iter().map(|f| f["location"]["file"].as_str().unwrap().to_owned());
        let files: Vec<String> = files.filter(|f| f.starts_with("docs/")).collect();
        (output.status.code(), files)
    };
    assert_eq!(stale(&repository), (Some(0), vec![]), "no page, no finding");
    assert!(said(&repository, &["secrets", "inventory", "--write"]).contains("added     docs/secrets-inventory.md"));
    assert!(said(&repository, &["secrets", "rotation", "--write"]).contains("added     docs/secrets-rotation.md"));
    assert!(said(&repository, &["secrets", "rotation", "--write"]).contains("unchanged docs/secrets-rotation.md"));
    assert_eq!(stale(&repository), (Some(0), vec![]));
    // A comment above a value changes no page.
    repository.write("environments/local/web.yaml", "# One is enough.\nreplicas: 1\n");
    assert_eq!(stale(&repository), (Some(0), vec![]));
    // A new user of the Secret changes both, a new value the inventory only.
    repository
        .write("charts/web/values.yaml", "replicas: 1\nfeature: on\nauth:\n  existingSecret: db\n  tokenTTL: 30s\n");
    assert_eq!(stale(&repository), (Some(1), vec!["docs/secrets-inventory.md".to_owned()]));
    repository.write("charts/web/templates/all.yaml", WEB.replace("name: nightly", "name: daily"));
    let both = ["docs/secrets-inventory.md", "docs/secrets-rotation.md"].map(str::to_owned).to_vec();
    assert_eq!(stale(&repository).1, both);
    // What it may come from is told before it, wherever that stands.
    repository.write("environments/local/web.yaml", "replicas: 1\nreplicas: 1\n");
    let all = stdout(&repository.run(&["validate"]));
    let at = |rule: &str| all.find(rule).unwrap_or_else(|| panic!("no {rule} in {all}"));
    assert!(at("error[sources/duplicate-key") < at("error[docs/stale]"), "{all}");
    repository.write("environments/local/web.yaml", "replicas: 1\n");
    said(&repository, &["secrets", "inventory", "--write"]);
    said(&repository, &["secrets", "rotation", "--write"]);
    assert!(stale(&repository).1.is_empty());
    assert!(said(&repository, &["bless", "--allow-removed"]).contains("written"));
    // What cannot be read makes no page stale: written anew, it would lack what stands in that file.
    for broken in
        ["replicas: {\n", "replicas: 1\n\tlevel: info\n", "replicas: *nope\n", "<<<<<<< HEAD\nreplicas: 1\n", "\0\0"]
    {
        repository.write("environments/local/web.yaml", broken);
        assert!(stale(&repository).1.is_empty(), "{broken:?}");
    }
}

#[test]
fn a_cell_that_does_not_render_speaks_through_its_golden() {
    let repository = repository();
    repository.write("charts/web/templates/fail.yaml", "{{ fail \"no\" }}\n");
    let output = repository.run(&["secrets", "rotation", "--write"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("local/web does not render; what is said of it comes from its golden"));
    assert!(repository.read("docs/secrets-rotation.md").contains("`Deployment/web`"));
    std::fs::remove_file(repository.path("tests/golden/local/web.yaml")).unwrap();
    let output = repository.run(&["secrets", "rotation", "--write"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("local/web does not render and has no golden"), "{}", stderr(&output));
    let shown = said(&repository, &["secrets", "rotation"]);
    assert!(shown.contains("Deployment/web"), "production still speaks: {shown}");
}

#[test]
fn the_tracker_is_written_checked_and_honest() {
    let repository = repository();
    let missing = repository.run(&["tracker", "--check"]);
    assert_eq!(missing.status.code(), Some(1), "{}{}", stdout(&missing), stderr(&missing));
    assert!(stdout(&missing).contains("next    cargo xtask tracker --write"));
    said(&repository, &["tracker", "--write"]);
    let page = repository.read("docs/tracker.md");
    assert!(page.contains("| old-web | ✅ Retired | – | – | – | – | – | – | merged into web | – |"), "{page}");
    assert!(page.contains("- [x] Validate: renders that equal their goldens: 2 of 2\n"), "{page}");
    assert!(page.contains("- [ ] Smoke test of the running service"), "{page}");
    assert!(page.contains("- [ ] Document: `docs/missing`"), "{page}");
    assert_eq!(repository.run(&["tracker", "--check"]).status.code(), Some(0));
    let golden = repository.read("tests/golden/production/web.yaml");
    repository.write("tests/golden/production/web.yaml", format!("{golden} "));
    let stale = repository.run(&["tracker", "--check"]);
    assert_eq!(stale.status.code(), Some(1));
    assert!(stdout(&stale).contains("renders that equal their goldens: 1 of 2"), "{}", stdout(&stale));
    let tracker = json(&repository, &["tracker"]);
    let web = tracker["services"].as_array().unwrap().iter().find(|s| s["name"] == "web").unwrap();
    assert_eq!(web["boxes"][4]["state"], "open");
    assert_eq!(web["not_verified"].as_array().unwrap().len(), 2);
}

#[test]
fn help_teaches_with_examples() {
    let repository = Repository::empty();
    for command in [["secrets", "inventory"].as_slice(), &["secrets", "rotation"], &["tracker"]] {
        let arguments: Vec<&str> = command.iter().copied().chain(["--help"]).collect();
        assert!(said(&repository, &arguments).contains("Example"), "{command:?} --help has no example");
    }
}
