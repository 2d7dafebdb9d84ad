//! Layer 60: the services.

use super::view::{Shown, Workload};
use crate::common::reference::{at, dotted, effective_values, items, leaves};

/// A service's database: three variables from a Secret that layer 15 makes.
fn database(r: &Shown, workload: &Workload<'_>, secret: &str, prefix: &str) {
    for part in ["URL", "USER", "PASSWORD"] {
        workload.env_from_secret(&format!("{prefix}_DATABASE_{part}"), secret);
    }
    r.leaves_to_others(secret);
}

/// The name of the environment reaches the software.
fn environment(r: &Shown) {
    r.overlay_sets(&["environment"]);
    r.fact(r.value("environment") == r.env, format!("`environment` is `{}`", r.value("environment")));
}

pub fn agents(r: &Shown) {
    let service = r.service();
    r.has("ServiceAccount", "agents");
    service.reads_config("agents-config");
    r.config_map("agents-config")
        .holds(&["MINIO ENDPOINT", "MINIO BUCKET", "MINIO PREFIX", "ENVIRONMENT"])
        .carries(&["config.minio.endpoint", "config.minio.bucket", "config.minio.prefix"])
        .carries(&["environment", "observability.deploymentEnvironment"])
        .has_no_key_of(&["PASSWORD", "DATABASE_URL", "SECRET"]);
    environment(r);
    r.overlay_sets(&["observability.deploymentEnvironment"]);
    r.overlay_sets(&["config.minio.endpoint", "config.minio.bucket", "config.minio.prefix"]);
    database(r, &service, "agents-db-secret", "AGENTS");
    minio(r, &service);
}

/// A `MinIO` Secret by name and keys.
fn minio(r: &Shown, workload: &Workload<'_>) {
    let name = r.value("minio.secret.name");
    let values = effective_values(r.rendered.cell);
    let keys = leaves(dotted(&values, "minio.secret"));
    let keys: Vec<&str> = keys.iter().filter(|(path, _)| path != "name").filter_map(|(_, v)| v.as_str()).collect();
    r.fact(keys.len() == 2, format!("`minio.secret` names {} keys, not two", keys.len()));
    for key in keys {
        workload.reads_secret_key(&name, key);
    }
    r.leaves_to_others(&name);
}

pub fn agents_runtime(r: &Shown) {
    let service = r.service();
    service.reads_config("agents-runtime-config");
    r.config_map("agents-runtime-config")
        .holds(&[
            "AGENTS GRPC",
            "MINIO ENDPOINT",
            "MINIO BUCKET",
            "MINIO PREFIX",
            "OTEL ENDPOINT",
            "OTEL HEADERS SOURCE",
        ])
        .carries(&["config.agentsGrpcAddress", "config.minio.endpoint", "config.minio.bucket", "config.minio.prefix"])
        .carries(&["environment", "observability.deploymentEnvironment"])
        .has_no_key_of(&["PASSWORD", "DATABASE_URL", "SECRET"]);
    environment(r);
    r.overlay_sets(&["observability.deploymentEnvironment", "config.agentsGrpcAddress"]);
    r.overlay_sets(&["config.minio.endpoint", "config.minio.bucket", "config.minio.prefix"]);
    database(r, &service, "agents-runtime-db-secret", "AGENTS_RUNTIME");
    minio(r, &service);
    // The headers of the exporter are a credential: they come by reference.
    service.has_env("OTEL_EXPORTER_OTLP_HEADERS");
    let from_secret = service.object().is_some_and(|o| {
        o.containers(false).iter().flat_map(|c| items(&c["env"])).any(|entry| {
            entry["name"] == "OTEL_EXPORTER_OTLP_HEADERS" && at(entry, "/valueFrom/secretKeyRef/name").is_string()
        })
    });
    r.fact(from_secret, "OTEL_EXPORTER_OTLP_HEADERS has a Secret for its source");
}

/// A service's knobs: pool and telemetry.
const KNOBS: [&str; 4] = ["POOL MIN", "POOL MAX", "OTEL ENDPOINT", "ENVIRONMENT"];

pub fn graph(r: &Shown) {
    let service = r.service();
    service.reads_config("graph-config").lacks_env("GRAPH_DATABASE_SSL");
    r.config_map("graph-config")
        .holds(&KNOBS)
        .holds(&["DEFAULT TENANT", "DATABASE_SSL"])
        .tags_the_environment()
        .carries(&["environment"])
        .has_no_key_of(&["PASSWORD", "DATABASE_URL", "SECRET", "GRAPH_DATABASE_SSL"]);
    r.says_nowhere("GRAPH_DATABASE_SSL");
    environment(r);
    r.overlay_sets(&["config.useSsl"]);
    let routes = r.all("HTTPRoute").len();
    r.fact(routes == usize::from(r.value("httpRoute.enabled") == "true"), "the HTTPRoute does not follow its toggle");
    database(r, &service, "graph-db-credentials", "GRAPH");
}

pub fn inference(r: &Shown) {
    let service = r.service();
    service.reads_config("inference-config");
    r.config_map("inference-config")
        .holds(&["GRAPH URL|ENDPOINT|ADDRESS", "WORKFLOWS URL|ENDPOINT|ADDRESS", "REDIS HOST", "OTEL ENDPOINT"])
        .tags_the_environment()
        .carries(&["environment"])
        .has_no_key_of(&["PASSWORD", "DATABASE_URL", "SECRET", "API_KEY"]);
    let secret = r.value("secrets.existingSecret");
    service.reads_secret(&secret);
    let produced = r.produces(&secret);
    produced.reads_some(&["postgres", "-db-"]).reads_some(&["langsmith"]).reads_some(&["openai"]);
    produced.reads(&["langfuse-api-public-key", "langfuse-api-secret-key"]);
    r.fact(r.secret_names().len() == 1, format!("it reads one Secret, and names {:?}", r.secret_names()));
    environment(r);
}

pub fn inference_gateway(r: &Shown) {
    let service = r.service();
    r.lacks_kinds(&["ConfigMap"]);
    environment(r);
    let variables: Vec<String> = service
        .object()
        .into_iter()
        .flat_map(|o| o.containers(false))
        .flat_map(|c| items(&c["env"]))
        .filter_map(|entry| entry["name"].as_str().map(str::to_owned))
        .collect();
    for words in [["ENVIRONMENT", ""], ["OTEL", "ENDPOINT"]] {
        let found = variables.iter().any(|name| words.iter().all(|word| name.contains(word)));
        r.fact(found, format!("no variable of {words:?}"));
    }
    let has_from = service.object().is_some_and(|o| o.containers(false).iter().any(|c| c["envFrom"].is_array()));
    r.fact(!has_from, "its environment is written out: no envFrom");
    if r.value("redis.enabled") == "true" {
        service.has_env("REDIS_URL").has_env("REDIS_USERNAME");
        let secret = r.secret_names().into_iter().find(|name| name.contains("redis")).unwrap_or_default();
        service.env_from_secret("REDIS_PASSWORD", &secret);
    } else {
        service.lacks_env("REDIS_URL").lacks_env("REDIS_USERNAME").lacks_env("REDIS_PASSWORD");
    }
}

pub fn platform(r: &Shown) {
    let service = r.service();
    service.reads_config("platform-config").lacks_env("PLATFORM_DATABASE_SSL");
    r.config_map("platform-config")
        .holds(&KNOBS)
        .holds(&["TENANT", "DATABASE_SSL"])
        .tags_the_environment()
        .carries(&["environment"])
        .has_no_key_of(&["PASSWORD", "DATABASE_URL", "SECRET", "PLATFORM_DATABASE_SSL"]);
    r.says_nowhere("PLATFORM_DATABASE_SSL");
    environment(r);
    database(r, &service, "platform-db-credentials", "PLATFORM");
}

pub fn threads(r: &Shown) {
    let service = r.service();
    service.reads_config("threads-config");
    r.config_map("threads-config")
        .holds(&["DEFAULT AGENT ID", "DEFAULT INTEGRATION", "INFERENCE GATEWAY URL", "ENVIRONMENT"])
        .holds_several(2, "AGENT ID")
        .carries(&["environment"])
        .entry("DATABASE_SSL", if r.env == "local" { "false" } else { "true" })
        .has_no_key_of(&["PASSWORD", "DATABASE_URL", "SECRET"]);
    environment(r);
    database(r, &service, "threads-db-credentials", "THREADS");
}

pub fn transformation(r: &Shown) {
    let service = r.service();
    service.reads_config("transformation-config");
    let config = r.config_map("transformation-config");
    config.holds(&["NODE_ENV", "LOG LEVEL"]).carries(&["environment"]).has_no_key_of(&[
        "PASSWORD",
        "DATABASE_URL",
        "SECRET",
    ]);
    for (key, value) in config.data() {
        let text = value.as_str().unwrap_or_default();
        let database = ["postgres:", "postgresql:", "jdbc:"].iter().any(|scheme| text.contains(scheme));
        r.fact(!database, format!("`{key}` of the ConfigMap is a database's URL"));
    }
    r.says_nowhere("PLATFORM_DATABASE_URL");
    environment(r);
    database(r, &service, "transformation-db-credentials", "TRANSFORMATION");
}

pub fn workflows(r: &Shown) {
    let service = r.service();
    service.reads_config("workflows-config");
    r.config_map("workflows-config")
        .holds(&["TEMPORAL NAMESPACE", "TEMPORAL ADDRESS", "POOL MIN", "POOL MAX", "ENVIRONMENT", "DATABASE_SSL"])
        .carries(&["environment"])
        .has_no_key_of(&["PASSWORD", "DATABASE_URL", "SECRET"]);
    environment(r);
    database(r, &service, "workflows-db-secret", "WORKFLOWS");
}

pub fn workflows_runtime(r: &Shown) {
    r.workload("Deployment", "workflows-runtime").reads_config("workflows-runtime-config");
    r.config_map("workflows-runtime-config")
        .holds(&["TEMPORAL NAMESPACE", "TEMPORAL ADDRESS", "WORKFLOWS SERVICE|GRPC|URL|ADDRESS", "OTEL ENDPOINT"])
        .tags_the_environment()
        .carries(&["environment"])
        .has_no_key_of(&["PASSWORD", "SECRET", "TOKEN", "API_KEY"]);
    r.lacks_kinds(&["ExternalSecret", "Job", "CronJob", "TemporalNamespace"]);
    r.fact(r.secret_names().is_empty(), format!("no Secret may appear, and it names {:?}", r.secret_names()));
    for word in ["secretKeyRef", "secretRef", "secretName", "imagePullSecrets"] {
        r.says_nowhere(word);
    }
    environment(r);
}
