//! Layers 10 to 40: what stands before the services.

use std::collections::BTreeSet;

use super::view::{Shown, target};
use crate::common::reference::{Object, Rendered, at, effective_values, entries, items, rendered};

/// The databases: service, the Secret, the prefix of its keys.
pub const DATABASES: [(&str, &str, &str); 7] = [
    ("agents", "agents-db-secret", "AGENTS"),
    ("agents-runtime", "agents-runtime-db-secret", "AGENTS_RUNTIME"),
    ("graph", "graph-db-credentials", "GRAPH"),
    ("platform", "platform-db-credentials", "PLATFORM"),
    ("threads", "threads-db-credentials", "THREADS"),
    ("transformation", "transformation-db-credentials", "TRANSFORMATION"),
    ("workflows", "workflows-db-secret", "WORKFLOWS"),
];

/// The `ExternalSecrets` of the databases that the documents name.
const NAMED: [(&str, &str); 4] = [
    ("agents-runtime-db-secret-sync", "agents-runtime-db-secret"),
    ("graph-db-credentials-sync", "graph-db-credentials"),
    ("threads-db-secret-sync", "threads-db-credentials"),
    ("workflows-db-secret-sync", "workflows-db-secret"),
];

pub fn namespace(r: &Shown) {
    r.has_only(&[("Namespace", "ameide")]);
}

pub fn coredns_config(r: &Shown) {
    r.fact(r.rendered.objects.len() == 1, "it is one ConfigMap and nothing else");
    r.has_kinds(&["ConfigMap"]);
    let rules: Vec<&str> =
        r.all("ConfigMap").iter().flat_map(|o| entries(o.at("/data"))).filter_map(|(_, v)| v.as_str()).collect();
    let rewrites = |rule: &&str| rule.contains("rewrite") && rule.replace('\\', "").contains("dev.ameide.io");
    r.fact(rules.iter().any(rewrites), "no rule rewrites *.dev.ameide.io");
}

pub fn registry_alias(r: &Shown) {
    r.has_kinds(&["Service", "EndpointSlice"]);
    r.lacks_kinds(&["ConfigMap", "ExternalSecret", "Deployment", "Endpoints"]);
    let services: BTreeSet<&str> = r.all("Service").iter().map(|o| o.name.as_str()).collect();
    let mut aliased = BTreeSet::new();
    for slice in r.all("EndpointSlice") {
        let service = slice.at("/metadata/labels/kubernetes.io~1service-name").as_str().unwrap_or_default();
        r.fact(services.contains(service), format!("{} belongs to no Service of the release", slice.short()));
        r.fact(
            !items(at(slice.at("/endpoints/0"), "/addresses")).is_empty(),
            format!("{} has no address", slice.short()),
        );
        aliased.insert(service);
    }
    r.fact(aliased == services, "every Service has an EndpointSlice");
    for service in r.all("Service") {
        let none = service.at("/spec/selector").is_null();
        r.fact(none, format!("{} selects pods, where its endpoints are given", service.short()));
    }
}

pub fn registry_mirror(r: &Shown) {
    r.workload("DaemonSet", "registry-mirror");
    r.lacks_kinds(&["ExternalSecret"]);
    let holds =
        |object: &&Object| object.at("/data/registries.yaml").as_str().is_some_and(|text| text.contains("mirrors"));
    let config = r.all("ConfigMap").into_iter().find(holds);
    r.fact(config.is_some(), "no ConfigMap has `registries.yaml` with mirrors");
    if let Some(config) = config {
        r.workload("DaemonSet", "registry-mirror").reads_config(&config.name);
    }
    r.fact(r.secret_names().is_empty(), "it has no Secret today");
}

pub fn vault_secret_store(r: &Shown) {
    if let Some(store) = r.has("ClusterSecretStore", "ameide-vault") {
        r.fact(store.api == "external-secrets.io/v1", format!("the store is of {}", store.api));
        r.fact(store.at("/spec/provider/vault").is_object(), "the store's provider is Vault");
        r.fact(store.at("/spec/provider/vault/version") == "v2", "the store reads version 2 of the engine");
    }
}

pub fn vault_secrets_data_plane(r: &Shown) {
    for (service, secret, prefix) in DATABASES {
        r.produces(secret)
            .key(&format!("{prefix}_DATABASE_URL"), &format!("{service}-db-url"))
            .key(&format!("{prefix}_DATABASE_USER"), &format!("{service}-db-user"))
            .key(&format!("{prefix}_DATABASE_PASSWORD"), &format!("{service}-db-password"));
    }
    for (name, secret) in NAMED {
        r.external_secret(name, secret);
    }
    let others: Vec<_> = r.rendered.objects.iter().filter(|o| o.kind != "ExternalSecret").map(Object::short).collect();
    r.fact(others.is_empty(), format!("the bundle holds ExternalSecrets only, and there is {}", others.join(", ")));
}

pub fn gateway(r: &Shown) {
    r.has_kinds(&["Gateway", "HTTPRoute", "GRPCRoute"]);
    let policies = r.rendered.objects.iter().filter(|o| o.kind.ends_with("Policy") && o.kind != "NetworkPolicy");
    r.fact(policies.count() > 0, "there is no policy");
    r.lacks_kinds(&["ConfigMap", "ExternalSecret"]);
    let domain = match r.env.as_str() {
        "local" => "dev.ameide.io",
        "staging" => "staging.ameide.io",
        _ => "ameide.io",
    };
    r.fact(r.value("domain") == domain, format!("`domain` is {}, not {domain}", r.value("domain")));
    for gateway in r.all("Gateway") {
        for listener in items(gateway.at("/spec/listeners")) {
            let name = listener["name"].as_str().unwrap_or_default();
            let host = listener["hostname"].as_str().unwrap_or_default();
            // The plain listener takes any host: all that it does is to lead to the others.
            let plain = listener["protocol"] == "HTTP" && listener["hostname"].is_null();
            let within = host == domain || host.ends_with(&format!(".{domain}"));
            r.fact(within || plain, format!("listener {name}: `{host}` does not lie in {domain}"));
            if matches!(listener["protocol"].as_str(), Some("HTTPS" | "TLS")) {
                let certificates = items(at(listener, "/tls/certificateRefs"));
                let named = certificates.iter().all(|c| c["name"].as_str().is_some_and(|n| !n.is_empty()));
                r.fact(named && !certificates.is_empty(), format!("listener {name} refers to no certificate"));
            }
        }
        let tls = items(gateway.at("/spec/listeners")).iter().any(|l| l["protocol"] == "HTTPS");
        r.fact(tls, "no listener serves HTTPS");
    }
    if r.env != "production" {
        return;
    }
    // Local adds listeners and routes to what production has.
    if let Ok(local) = rendered("local", "gateway") {
        let count = |all: &[Object], kind: &str| all.iter().filter(|o| o.kind == kind).count();
        let routes = |all| count(all, "HTTPRoute") + count(all, "GRPCRoute");
        let listeners = |all: &[Object]| -> usize {
            all.iter().filter(|o| o.kind == "Gateway").map(|o| items(o.at("/spec/listeners")).len()).sum()
        };
        let (here, there) = (&r.rendered.objects, &local.objects);
        r.fact(listeners(there) > listeners(here), "local has no listener beyond production's");
        r.fact(routes(there) > routes(here), "local has no route beyond production's");
    }
}

pub fn db_migrations(r: &Shown) {
    let job = r.workload("Job", "db-migrations");
    job.runs("flyway");
    r.lacks_kinds(&["ConfigMap", "ExternalSecret"]);
    let Some(job) = job.object() else { return };
    let hooks = job.at("/metadata/annotations/helm.sh~1hook").as_str().unwrap_or_default();
    for hook in ["pre-install", "pre-upgrade"] {
        r.fact(hooks.split(',').any(|h| h.trim() == hook), format!("the Job is no {hook} hook"));
    }
    let names = |list: &[serde_json::Value]| -> BTreeSet<String> {
        list.iter().filter_map(|v| v.as_str().or(at(v, "/secretRef/name").as_str())).map(str::to_owned).collect()
    };
    let values = effective_values(r.rendered.cell);
    let wanted = names(items(at(&values, "/migrations/existingSecrets")));
    let given: BTreeSet<String> = job.containers(false).iter().flat_map(|c| names(items(at(c, "/envFrom")))).collect();
    r.fact(given == wanted, format!("envFrom holds {given:?}, and migrations.existingSecrets {wanted:?}"));
    for (_, secret, _) in DATABASES {
        r.fact(given.contains(secret), format!("the Job takes no environment from Secret `{secret}`"));
    }
}

/// Everything that an `ExternalSecret` of a list of renders makes.
pub fn produced(r: &Rendered) -> impl Iterator<Item = &str> {
    r.objects.iter().filter(|o| o.kind == "ExternalSecret").map(target)
}
