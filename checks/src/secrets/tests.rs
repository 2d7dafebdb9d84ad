//! A small environment, followed from the store to its users.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::facts::Facts;
use crate::model::{Cell, Environment, External, Helm, Layer, Matrix, Place, Release, Secrets, ValuesFile};
use crate::object::objects;
use crate::sources::{Source, SourceKind, Sources};
use crate::values::Effective;

const BUNDLE: &str = "\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: db-sync}
spec:
  secretStoreRef: {kind: ClusterSecretStore, name: vault}
  target: {name: db}
  data:
    - {secretKey: DB_URL, remoteRef: {key: secret/data/db-url, property: value}}
    - {secretKey: DB_PASSWORD, remoteRef: {key: secret/data/db-password, property: value}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: dsn-sync}
spec:
  secretStoreRef: {kind: ClusterSecretStore, name: vault}
  target:
    name: dsn
    template:
      data: {dsn: 'x://{{ .user }}:{{ .password }}@db', plain: '{{ .user }}'}
  data:
    - {secretKey: user, remoteRef: {key: secret/data/db-user, property: value}}
    - {secretKey: password, remoteRef: {key: secret/data/db-password, property: value}}
";

const SERVICE: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
        - name: web
          env:
            - {name: PASSWORD, valueFrom: {secretKeyRef: {name: db, key: DB_PASSWORD}}}
          volumeMounts:
            - {name: dsn, mountPath: /etc/dsn}
            - {name: dsn, mountPath: /etc/one, subPath: dsn}
      volumes: [{name: dsn, secret: {secretName: dsn}}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: queue, annotations: {reloader.stakater.com/auto: 'true'}}
spec: {template: {spec: {containers: [{name: queue, envFrom: [{prefix: Q_, secretRef: {name: db}}]}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: n, envFrom: [{secretRef: {name: db}}]}]}}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {tls: [{secretName: web-tls}]}
";

const MIGRATIONS: &str = "\
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {helm.sh/hook: 'pre-install,pre-upgrade'}}
spec: {template: {spec: {containers: [{name: m, envFrom: [{secretRef: {name: db}}]}]}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: seed}
spec: {template: {spec: {containers: [{name: s, env: [{name: P, valueFrom: {secretKeyRef: {name: db, key: DB_PASSWORD}}}]}]}}}
";

/// In production there are no migrations.
fn matrix() -> Matrix {
    let cell = |env: &str, release: &str, layer| Cell {
        env: env.to_owned(),
        release: release.to_owned(),
        chart: format!("charts/{release}"),
        namespace: "demo".to_owned(),
        layer,
        values: vec![ValuesFile { path: format!("env/{env}/{release}.yaml"), overlay: true, part: None }],
        ..Cell::default()
    };
    let release = |name: &str, layer| Release { name: name.to_owned(), layer, ..Release::default() };
    let environment = |name: &str| Environment { name: name.to_owned(), ..Environment::default() };
    Matrix {
        helm: Helm { namespace: "demo".to_owned(), ..Helm::default() },
        environments: vec![environment("local"), environment("production")],
        layers: vec![
            Layer { number: 15, releases: vec!["bundle".to_owned()] },
            Layer { number: 40, releases: vec!["migrations".to_owned()] },
            Layer { number: 60, releases: vec!["web".to_owned()] },
        ],
        // Not in the order of the layers.
        releases: vec![release("web", 60), release("bundle", 15), release("migrations", 40)],
        cells: vec![
            cell("local", "bundle", 15),
            cell("local", "migrations", 40),
            cell("local", "web", 60),
            cell("production", "bundle", 15),
            cell("production", "web", 60),
        ],
        secrets: Some(Secrets {
            remote_key: Some("secret/data/{key}".to_owned()),
            external: vec![External {
                secret: "web-tls".to_owned(),
                keys: vec!["tls.crt".to_owned(), "tls.key".to_owned()],
                by: "cert-manager".to_owned(),
                ..External::default()
            }],
            ..Secrets::default()
        }),
        ..Matrix::default()
    }
}

fn facts(matrix: &Matrix) -> BTreeMap<String, Facts> {
    let render = |release: &str| match release {
        "bundle" => BUNDLE,
        "migrations" => MIGRATIONS,
        _ => SERVICE,
    };
    let of = |cell: &Cell| (cell.name(), Facts::of(cell, &objects(render(&cell.release), "demo").0));
    matrix.cells.iter().map(of).collect()
}

fn rotation(matrix: &Matrix) -> Rotation {
    Rotation::of(matrix, &["local", "production"], &facts(matrix))
}

/// `object as effect in` of every chain of a key.
fn chains(rotation: &Rotation, key: &str) -> Vec<String> {
    let told = |row: &Row| {
        let Some(usage) = &row.usage else { return format!("{} nobody", row.secret) };
        let way = usage.way.told(row.key.as_deref()).replace('`', "");
        format!("{} | {way} | {:?} | {}", usage.object, usage.effect, row.environments.join(","))
    };
    rotation.of_key(key).map(told).collect()
}

#[test]
fn a_key_is_followed_to_all_its_users() {
    let rotation = rotation(&matrix());
    assert_eq!(
        chains(&rotation, "db-password"),
        [
            "Job/migrate | env DB_PASSWORD | Rerun | local",
            "Job/seed | env P | Rerun | local",
            "CronJob/nightly | env DB_PASSWORD | NextRun | local,production",
            "Deployment/web | env PASSWORD | Restart | local,production",
            "StatefulSet/queue | env Q_DB_PASSWORD | Reloader | local,production",
            "Deployment/web | file dsn in /etc/dsn | Remounted | local,production",
            "Deployment/web | file /etc/one (subPath) | Restart | local,production",
        ]
    );
    // The same by the name that the ExternalSecret writes.
    assert_eq!(chains(&rotation, "secret/data/db-password"), chains(&rotation, "db-password"));
}

#[test]
fn a_template_leads_a_value_to_the_keys_that_hold_it() {
    let rotation = rotation(&matrix());
    let keys: BTreeSet<_> = rotation.of_key("db-user").filter_map(|r| r.key.clone()).collect();
    assert_eq!(keys, BTreeSet::from(["dsn".to_owned(), "plain".to_owned()]));
    let keys: BTreeSet<_> =
        rotation.of_key("db-password").filter(|r| r.secret == "dsn").map(|r| r.key.clone()).collect();
    assert_eq!(keys, BTreeSet::from([Some("dsn".to_owned())]));
}

#[test]
fn secrets_from_elsewhere_are_told_too() {
    let rotation = rotation(&matrix());
    let row = rotation.rows.iter().find(|r| r.secret == "web-tls").unwrap();
    assert!(row.remote.is_none());
    assert_eq!(row.maker.as_ref().unwrap().kind, "cert-manager");
    assert_eq!(row.usage.as_ref().unwrap().effect, Effect::OperatorManaged);
}

#[test]
fn a_runbook_goes_from_the_store_through_the_layers() {
    let matrix = matrix();
    let runbooks = Runbook::of_key(&matrix, &rotation(&matrix), "db-password");
    let titles: Vec<&str> = runbooks[0].steps.iter().map(|s| s.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "Change secret/data/db-password, property value in ClusterSecretStore/vault",
            "Copy it into the cluster now: ExternalSecret db-sync (release bundle)",
            "Copy it into the cluster now: ExternalSecret dsn-sync (release bundle)",
            "layer 40, release migrations: Job/migrate runs again",
            "layer 40, release migrations: Job/seed runs again",
            "layer 60, release web: CronJob/nightly needs nothing",
            "layer 60, release web: Deployment/web is restarted",
            "layer 60, release web: StatefulSet/queue restarts by itself",
            "Verify",
            "Make the old credential invalid where it is checked",
        ]
    );
    let commands: Vec<&str> = runbooks[0].steps.iter().flat_map(|s| &s.commands).map(String::as_str).collect();
    for command in [
        "vault kv patch -mount=secret db-password value=-",
        "kubectl -n demo annotate externalsecret db-sync force-sync=\"$(date +%s)\" --overwrite",
        "helm upgrade --install migrations charts/migrations -n demo -f env/local/migrations.yaml",
        "kubectl -n demo rollout restart deployment/web",
        "kubectl -n demo create job nightly-rotated --from=cronjob/nightly",
    ] {
        assert!(commands.contains(&command), "{command}\n{commands:#?}");
    }
    assert_eq!(runbooks[1].environment, "production");
    assert!(!runbooks[1].steps.iter().any(|s| s.title.contains("migrate")));
}

#[test]
fn nobody_uses_a_key_is_said() {
    let mut matrix = matrix();
    matrix.cells.retain(|c| c.release == "bundle" && c.env == "local");
    let rotation = rotation(&matrix);
    assert_eq!(chains(&rotation, "db-url"), ["db nobody"]);
    let runbooks = Runbook::of_key(&matrix, &rotation, "db-url");
    assert_eq!(runbooks.len(), 1);
    assert!(runbooks[0].steps.iter().any(|s| s.title == "Nothing in this environment uses it"));
}

fn inventory() -> Inventory {
    let matrix = matrix();
    let mut sources = Sources::new();
    let mut add = |path: String, text: &str| {
        let kind = SourceKind::Other;
        sources.insert(path, Source { bytes: text.as_bytes().to_vec(), kind, cells: std::sync::Arc::default() });
    };
    for release in ["bundle", "migrations", "web"] {
        add(format!("charts/{release}/Chart.yaml"), &format!("name: {release}\nversion: 1.0.0\n"));
        add(
            format!("charts/{release}/values.yaml"),
            "# A comment.\nreplicas: 1\nauth: {existingSecret: db, password: ''}\n",
        );
    }
    for cell in &matrix.cells {
        let text = if cell.env == "local" { "replicas: 2\n" } else { "extra: true\n" };
        add(format!("env/{}/{}.yaml", cell.env, cell.release), text);
    }
    Inventory::of(&matrix, &["local", "production"], &facts(&matrix), &|cell| {
        std::sync::Arc::new(Effective::of(cell, &sources))
    })
}

#[test]
fn every_value_has_its_class_and_its_place() {
    let inventory = inventory();
    let web = inventory.releases.iter().find(|r| r.release == "web").unwrap();
    let told: Vec<String> = web
        .values
        .iter()
        .map(|value| {
            let places: Vec<String> =
                value.set.iter().map(|(env, setter)| format!("{env} {}:{}", setter.by, setter.line)).collect();
            format!("{} {:?} {}", value.path, value.class, places.join(", "))
        })
        .collect();
    assert_eq!(
        told,
        [
            "auth.existingSecret SecretReference local chart:3, production chart:3",
            "auth.password SecretEmpty local chart:3, production chart:3",
            "extra Config production overlay:1",
            "replicas Config local overlay:1, production chart:2",
        ]
    );
    assert_eq!(web.values[0].names, BTreeSet::from(["db".to_owned()]));
    assert_eq!(web.files["overlay"].len(), 2);
}

#[test]
fn a_secret_is_told_once_with_its_users_in_each_environment() {
    let document = inventory().document("demo", false);
    let row = document.sections[0].table.rows.iter().find(|r| r[0] == "`db`").unwrap();
    assert_eq!(
        row[1..],
        [
            "ExternalSecret `db-sync` (bundle)",
            "`DB_PASSWORD` ← `db-password`, `DB_URL` ← `db-url`",
            "`Job/migrate` (migrations) in local; `Job/seed` (migrations) in local; `CronJob/nightly` (web); `Deployment/web` (web); \
             `StatefulSet/queue` (web)",
            "all",
        ]
    );
}

#[test]
fn a_page_does_not_change_with_a_line_above_a_value() {
    let markdown = inventory().document("demo", false).to_markdown();
    assert!(markdown.starts_with("<!-- Written by `cargo xtask secrets inventory --write`"));
    assert!(markdown.contains("| `replicas` | config | overlay | chart |\n"), "{markdown}");
    assert!(
        inventory().document("demo", true).to_markdown().contains("| `replicas` | config | overlay:1 | chart:2 |\n")
    );
}

#[test]
fn names_of_shells_are_quoted() {
    let mut matrix = matrix();
    matrix.cells[2].values[0].path = "env/it's here.yaml".to_owned();
    let hook = MIGRATIONS.replace("migrate", "web");
    let mut facts = facts(&matrix);
    facts.insert("local/web".to_owned(), Facts::of(&matrix.cells[2], &objects(&hook, "demo").0));
    let rotation = Rotation::of(&matrix, &["local"], &facts);
    let runbooks = Runbook::of_key(&matrix, &rotation, "db-url");
    let commands: Vec<&str> = runbooks[0].steps.iter().flat_map(|s| &s.commands).map(String::as_str).collect();
    assert!(commands.iter().any(|c| c.ends_with("-f 'env/it'\\''s here.yaml'")), "{commands:#?}");
}

#[test]
fn a_place_of_the_matrix_file_is_no_place_of_a_chart() {
    let place = Place::file("environments/matrix.yaml");
    assert_eq!(super::inventory::role(&matrix().cells[0], &place, "environments/matrix.yaml"), "matrix");
}
