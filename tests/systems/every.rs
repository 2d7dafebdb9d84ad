//! The facts that every release owes, whatever its row says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::base::produced;
use super::view::{Shown, target};
use crate::common::reference::{ENVIRONMENTS, Object, at, entries, items, matrix, rendered, renders_of};

/// Names that must not come back. The first is put together, so that it stands nowhere in this repository.
const RETIRED: [&str; 3] = ["GRAPH_DATABASE_SSL", "PLATFORM_DATABASE_SSL", concat!("runtime-agent", "-langgraph")];

/// Workloads that need more of the node than others, and why: what each may do without.
const PRIVILEGED: [(&str, &str); 1] =
    [("registry-mirror", "it writes the container runtime's configuration on the node")];

/// All of them, for one render.
pub fn facts(r: &Shown) {
    r.lacks_kinds(&["Secret"]);
    for name in RETIRED {
        r.says_nowhere(name);
    }
    for object in &r.rendered.objects {
        labels(r, object);
        if object.kind == "ExternalSecret" {
            external_secret(r, object);
        }
        if let Some(pod) = object.pod() {
            pod_facts(r, object, pod);
            checksum(r, object);
            account(r, object, pod);
            references(r, object, pod);
        }
        if object.kind == "Service" {
            selects(r, object);
        }
        if object.kind == "Deployment" {
            companions(r, object);
        }
    }
}

fn labels(r: &Shown, object: &Object) {
    for (label, value) in [
        ("app.kubernetes.io/name", None),
        ("app.kubernetes.io/instance", Some(r.release.as_str())),
        ("app.kubernetes.io/managed-by", Some("Helm")),
        ("app.kubernetes.io/part-of", None),
    ] {
        // A chart of others names no whole that it is part of.
        if r.release == "langfuse" && label == "app.kubernetes.io/part-of" {
            continue;
        }
        let is = object.at("/metadata/labels").get(label).and_then(Value::as_str);
        let right = value.map_or(is.is_some_and(|v| !v.is_empty()), |v| is == Some(v));
        r.fact(right, format!("{}: the label {label} is {is:?}", object.short()));
    }
}

fn external_secret(r: &Shown, object: &Object) {
    let who = object.short();
    r.fact(object.api == "external-secrets.io/v1", format!("{who} is of {}", object.api));
    let store = object.at("/spec/secretStoreRef");
    let right = store["kind"] == "ClusterSecretStore" && store["name"] == "ameide-vault";
    r.fact(right, format!("{who} does not refer to ClusterSecretStore/ameide-vault"));
    let data = items(object.at("/spec/data"));
    r.fact(!data.is_empty(), format!("{who} reads nothing"));
    for whole in ["/spec/dataFrom", "/spec/target/template"] {
        r.fact(object.at(whole).is_null(), format!("{who} has {whole}: each entry is written out"));
    }
    for entry in data {
        let key = entry["secretKey"].as_str().unwrap_or_default();
        let remote = at(entry, "/remoteRef/key").as_str().unwrap_or_default();
        let below = remote.strip_prefix("secret/data/").is_some_and(|rest| !rest.is_empty());
        r.fact(!key.is_empty() && below, format!("{who}: `{key}` reads `{remote}`, not secret/data/<key>"));
        r.fact(
            at(entry, "/remoteRef/property") == "value",
            format!("{who}: `{key}` reads another property than `value`"),
        );
    }
}

fn pod_facts(r: &Shown, object: &Object, pod: &Value) {
    let privileged = PRIVILEGED.iter().any(|(release, _)| *release == r.release);
    let context = &pod["securityContext"];
    for container in object.containers(true) {
        let who = format!("{}, container {}", object.short(), container["name"].as_str().unwrap_or_default());
        for size in ["/resources/requests/cpu", "/resources/requests/memory", "/resources/limits/memory"] {
            r.fact(!at(container, size).is_null(), format!("{who} has no {size}"));
        }
        let own = &container["securityContext"];
        let either = |pointer: &str| if at(own, pointer).is_null() { at(context, pointer) } else { at(own, pointer) };
        r.fact(own["allowPrivilegeEscalation"] == false || privileged, format!("{who} may gain privileges"));
        let dropped = items(at(own, "/capabilities/drop")).iter().any(|c| c == "ALL");
        r.fact(dropped, format!("{who} does not drop all capabilities"));
        r.fact(either("/runAsNonRoot") == true || privileged, format!("{who} may run as root"));
        r.fact(either("/seccompProfile/type") == "RuntimeDefault", format!("{who} has no seccomp profile"));
        let stated = own["readOnlyRootFilesystem"].is_boolean();
        r.fact(stated, format!("{who} does not say whether its root file system is read-only"));
        let ours = matrix().release(&r.release).is_some_and(|release| release.layer >= 60);
        r.fact(!ours || own["readOnlyRootFilesystem"] == true, format!("{who} may write to its root file system"));
    }
    if object.kind != "Job" && object.kind != "CronJob" {
        for container in object.containers(false) {
            let who = format!("{}, container {}", object.short(), container["name"].as_str().unwrap_or_default());
            for probe in ["readinessProbe", "livenessProbe"] {
                r.fact(container[probe].is_object(), format!("{who} has no {probe}"));
            }
        }
    }
    // An init container may look for what is missing, and say so; what does the work may not start without it.
    let optional = |node: &Value| node.to_string().contains("\"optional\":true");
    let starts = optional(&pod["containers"]) || optional(&pod["volumes"]);
    r.fact(!starts, format!("{} starts without something it refers to: optional is true", object.short()));
}

/// The pods start anew when a `ConfigMap` of the release that they read changes.
fn checksum(r: &Shown, object: &Object) {
    let read = config_maps(object, &r.rendered.objects);
    if read.is_empty() || object.kind == "Job" {
        return;
    }
    let sums = |object: &Object| -> BTreeMap<String, Value> {
        let annotations = entries(object.at("/spec/template/metadata/annotations"));
        annotations.filter(|(key, _)| key.starts_with("checksum/")).map(|(k, v)| (k.clone(), v.clone())).collect()
    };
    let here = sums(object);
    r.fact(!here.is_empty(), format!("{} reads a ConfigMap and has no checksum annotation", object.short()));
    // The sum is of the content: with another content in another environment, it is another.
    for env in ENVIRONMENTS.into_iter().filter(|env| *env != r.env) {
        let Ok(other) = rendered(env, &r.release) else { continue };
        let Some(there) = other.objects.iter().find(|o| o.short() == object.short()) else { continue };
        let same = read == config_maps(there, &other.objects);
        let who = object.short();
        r.fact(
            same || here != sums(there),
            format!("{who}: the checksum is {env}'s, and the ConfigMap's content is not"),
        );
    }
}

/// The content of the release's own `ConfigMaps` that a workload's pods read.
fn config_maps<'a>(object: &Object, all: &'a [Object]) -> Vec<&'a Value> {
    let pod = object.pod().map(Value::to_string).unwrap_or_default();
    let read = |config: &&Object| {
        let named = format!("\"name\":\"{}\"", config.name);
        config.kind == "ConfigMap"
            && [format!("\"configMapRef\":{{{named}"), format!("\"configMap\":{{{named}")]
                .iter()
                .any(|r| pod.contains(r))
    };
    all.iter().filter(read).map(|config| config.at("/data")).collect()
}

/// A service account of its own, whose token is mounted only where something needs it: nothing here does.
fn account(r: &Shown, object: &Object, pod: &Value) {
    let who = object.short();
    let name = pod["serviceAccountName"].as_str().unwrap_or_default();
    r.fact(has(r, "ServiceAccount", name), format!("{who} has no service account of its own"));
    let own = r.rendered.objects.iter().find(|o| o.kind == "ServiceAccount" && o.name == name);
    let off = |node: &Value| node["automountServiceAccountToken"] == false;
    let mounts = pod["automountServiceAccountToken"] == true || !off(pod) && !own.is_some_and(|a| off(&a.json));
    r.fact(!mounts, format!("{who} mounts a service account's token"));
}

/// The `ConfigMaps` and claims that a pod names are the release's own.
fn references(r: &Shown, object: &Object, pod: &Value) {
    let from =
        object.containers(true).into_iter().flat_map(|c| items(&c["envFrom"])).map(|f| at(f, "/configMapRef/name"));
    let volumes = || items(&pod["volumes"]).iter();
    let configs = from.chain(volumes().map(|v| at(v, "/configMap/name"))).map(|name| ("ConfigMap", name));
    let claims = volumes().map(|v| ("PersistentVolumeClaim", at(v, "/persistentVolumeClaim/claimName")));
    for (kind, name) in configs.chain(claims) {
        if let Some(name) = name.as_str() {
            r.fact(has(r, kind, name), format!("{} needs {kind}/{name}, which is not there", object.short()));
        }
    }
}

fn has(r: &Shown, kind: &str, name: &str) -> bool {
    r.rendered.objects.iter().any(|o| o.kind == kind && o.name == name)
}

fn matches(selector: &Value, labels: &Value) -> bool {
    entries(selector).next().is_some() && entries(selector).all(|(key, value)| labels.get(key) == Some(value))
}

/// A Service leads to pods of its release, at ports that they open.
fn selects(r: &Shown, service: &Object) {
    let selector = service.at("/spec/selector");
    if selector.is_null() {
        return;
    }
    let pods: Vec<&Object> = r
        .rendered
        .objects
        .iter()
        .filter(|o| o.kind != "Job" && o.pod().is_some())
        .filter(|o| matches(selector, o.at("/spec/template/metadata/labels")))
        .collect();
    r.fact(pods.len() == 1, format!("{} selects the pods of {} workloads", service.short(), pods.len()));
    let Some(pods) = pods.first() else { return };
    let ports: Vec<&Value> = pods.containers(false).iter().flat_map(|c| items(&c["ports"])).collect();
    for port in items(service.at("/spec/ports")) {
        let to = if port["targetPort"].is_null() { &port["port"] } else { &port["targetPort"] };
        let open = ports.iter().any(|p| p["name"] == *to || p["containerPort"] == *to);
        r.fact(open, format!("{}: the pods do not open port {to}", service.short()));
    }
}

/// What stands around a Deployment: a network policy everywhere; replicas and their protection where they are meant.
fn companions(r: &Shown, object: &Object) {
    let labels = object.at("/spec/template/metadata/labels");
    let who = object.short();
    r.fact(matches(object.at("/spec/selector/matchLabels"), labels), format!("{who} does not select its own pods"));
    let all = |kind: &str| r.all(kind);
    let policy = all("NetworkPolicy").iter().any(|o| matches(o.at("/spec/podSelector/matchLabels"), labels));
    r.fact(policy, format!("no NetworkPolicy is for {who}"));
    if matrix().release(&r.release).is_none_or(|release| release.layer < 60) {
        return;
    }
    let scaler =
        all("HorizontalPodAutoscaler").into_iter().find(|o| o.at("/spec/scaleTargetRef/name") == &*object.name);
    let budget = all("PodDisruptionBudget").iter().any(|o| matches(o.at("/spec/selector/matchLabels"), labels));
    let least = scaler.map_or(object.at("/spec/replicas"), |o| o.at("/spec/minReplicas")).as_u64().unwrap_or(1);
    if r.env == "local" {
        r.fact(scaler.is_none() && !budget && least == 1, format!("{who} is more than one small pod"));
    } else {
        r.fact(budget, format!("no PodDisruptionBudget is for {who}"));
        r.fact(scaler.is_some(), format!("no HorizontalPodAutoscaler is for {who}"));
        r.fact(least >= 2, format!("{who} has {least} replica"));
    }
}

/// One producer for each Secret of an environment, and one for each that a pod names, with the key.
pub fn one_producer_for_each_secret(env: &str) -> Vec<String> {
    let mut failures = Vec::new();
    let mut producers: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut keys: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for rendered in renders_of(env) {
        for secret in produced(rendered) {
            producers.entry(secret).or_default().push(rendered.cell.release.clone());
        }
        for object in rendered.objects.iter().filter(|o| o.kind == "ExternalSecret") {
            let data = items(object.at("/spec/data")).iter();
            keys.entry(target(object)).or_default().extend(data.filter_map(|entry| entry["secretKey"].as_str()));
        }
    }
    for (secret, releases) in &producers {
        if releases.len() > 1 {
            failures.push(format!("{env}: Secret `{secret}` is produced by {}", releases.join(" and ")));
        }
    }
    let external = matrix().secrets.as_ref().map(|s| s.external.as_slice()).unwrap_or_default();
    for rendered in renders_of(env) {
        for (secret, key) in rendered.objects.iter().flat_map(Object::secrets) {
            let from = &rendered.cell.release;
            if let Some(known) = keys.get(secret.as_str()) {
                if let Some(key) = key.filter(|key| !known.contains(key.as_str())) {
                    failures.push(format!("{env}/{from}: Secret `{secret}` is produced without key `{key}`"));
                }
            } else if !external.iter().any(|e| e.secret == secret) {
                failures.push(format!("{env}/{from}: nothing produces Secret `{secret}`"));
            }
        }
    }
    failures
}
