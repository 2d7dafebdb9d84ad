//! What facts are read from objects, and what they cost.

use checks::facts::{Event, FORMAT, Facts, How, Kind, Role};
use checks::model::Cell;
use checks::object::objects;

fn facts(render: &str) -> Facts {
    let cell = Cell { env: "local".into(), release: "app".into(), namespace: "ameide".into(), ..Cell::default() };
    Facts::of(&cell, &objects(render, &cell.namespace).0)
}

const APP: &str = r"
# Source: app/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
  annotations: {reloader.stakater.com/auto: 'true'}
spec:
  template:
    metadata: {annotations: {checksum/config: abc}}
    spec:
      serviceAccountName: app
      initContainers:
        - {name: wait, env: [{name: HOST, value: db}]}
      containers:
        - name: main
          env:
            - name: URL
              valueFrom: {secretKeyRef: {name: db, key: url}}
          envFrom:
            - {prefix: A_, secretRef: {name: more, optional: true}}
          volumeMounts:
            - {name: tls, mountPath: /etc/tls}
            - {name: tls, mountPath: /etc/ca.crt, subPath: ca.crt}
      volumes:
        - {name: tls, secret: {secretName: tls, items: [{key: tls.crt, path: a}]}}
---
# Source: app/templates/job.yaml
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  namespace: other
  annotations:
    helm.sh/hook: post-install, pre-upgrade
    helm.sh/hook-weight: '-3'
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec: {template: {spec: {containers: [{name: main}]}}}
";

#[test]
fn a_consumption_says_where_how_and_which_key() {
    let facts = facts(APP);
    assert_eq!((facts.format, facts.cell.as_str()), (FORMAT, "local/app"));
    let names: Vec<(Role, &str)> = facts.containers.iter().map(|c| (c.role, c.name.as_str())).collect();
    assert_eq!(names, [(Role::Init, "wait"), (Role::Main, "main"), (Role::Main, "main")]);
    let url = &facts.consumes[0];
    assert_eq!((url.kind, url.namespace.as_str(), url.name.as_str()), (Kind::Secret, "ameide", "db"));
    assert_eq!((&url.how, url.keys.as_slice()), (&How::Env("URL".into()), ["url".to_owned()].as_slice()));
    assert_eq!(url.path, "spec.template.spec.containers[0].env[0].valueFrom.secretKeyRef");
    assert_eq!(APP.lines().nth(url.line as usize - 1).map(|l| l.contains("secretKeyRef")), Some(true));
    assert!(facts.consumes[1].optional && facts.consumes[1].how == How::EnvFrom("A_".into()));
    let How::Files(mounts) = &facts.consumes[2].how else { panic!("a volume is mounted") };
    let mounts: Vec<(u32, &str, bool)> = mounts.iter().map(|m| (m.container, m.path.as_str(), m.sub_path)).collect();
    assert_eq!(mounts, [(1, "/etc/tls", false), (1, "/etc/ca.crt", true)]);
    let workload = facts.object(0);
    assert_eq!(workload.template.as_deref(), Some("app/templates/deployment.yaml"));
    let reload = workload.reload.as_deref().expect("a reloader watches it");
    assert!(reload.auto && reload.checksums == ["checksum/config"]);
}

#[test]
fn a_hook_says_when_it_runs() {
    let facts = facts(APP);
    let job = facts.object(1);
    let hook = job.hook.as_deref().expect("a hook");
    assert_eq!((hook.events.as_slice(), hook.weight), ([Event::PostInstall, Event::PreUpgrade].as_slice(), -3));
    assert_eq!(hook.delete, ["before-hook-creation", "hook-succeeded"]);
    assert_eq!(job.identity(), "Job other/migrate");
}

#[test]
fn no_value_is_ever_a_fact() {
    let value = ["cor", "rect-horse"].concat();
    let render = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData: {{key: {value}}}\n---\napiVersion: v1\nkind: Pod\n\
         metadata: {{name: p}}\nspec: {{containers: [{{name: m, args: ['--x={value}'], env: [{{name: X, value: {value}}}]}}]}}\n"
    );
    let json = serde_json::to_string(&facts(&render)).expect("facts are plain data");
    assert!(json.contains("\"key\"") && !json.contains(&value));
}

#[test]
fn facts_survive_being_written_down() {
    let facts = facts(APP);
    let json = serde_json::to_string(&facts).expect("facts are plain data");
    assert_eq!(serde_json::from_str::<Facts>(&json).expect("and read back"), facts);
    // 3,000 cells of four such workloads stay within some 20 MB.
    assert!(json.len() < 3_000, "{} bytes", json.len());
}

#[test]
fn hostile_manifests_end_quietly() {
    for render in [
        "kind: Secret\n",
        "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {containers: [1, null, {env: [null, {name: 1}]}], volumes: [[], {}]}}}\n",
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: []\nspec: {data: {a: b}, target: [], dataFrom: x}\n",
        "apiVersion: kyverno.io/v1\nkind: Policy\nspec: {rules: [{generate: {kind: Secret, name: '{{'}}]}\n",
        "apiVersion: x.io/v1\nkind: Y\nspec: {secret: {secret: {secret: [a, {name: b}]}}}\n",
    ] {
        let facts = facts(render);
        assert!(facts.produces.iter().all(|p| (p.object as usize) < facts.objects.len()));
    }
}
