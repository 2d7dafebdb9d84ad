//! Layer 50: the platform's tools.

use super::view::Shown;
use crate::common::reference::{at, items};

/// A Deployment with its Service and its own storage.
fn with_storage(r: &Shown) {
    let service = r.service();
    r.has_kinds(&["PersistentVolumeClaim"]);
    let claims = r.all("PersistentVolumeClaim");
    if let Some(claim) = claims.first() {
        service.claims(&claim.name);
        r.fact(claim.at("/spec/resources/requests/storage").is_string(), "the claim asks for no size");
    }
}

pub fn devpi_registry(r: &Shown) {
    with_storage(r);
    r.lacks_kinds(&["ConfigMap"]);
    let service = r.service();
    for secret in ["devpi-registry-root", "devpi-registry-upload"] {
        r.produces(secret);
        r.fact(r.secret_names().contains(secret), format!("no workload reads Secret `{secret}`"));
    }
    service.reads_secret("devpi-registry-root");
    r.produces("packages-python-env");
}

pub fn go_module_uploader(r: &Shown) {
    with_storage(r);
    r.lacks_kinds(&["ConfigMap"]);
    r.external_secret("go-module-uploader-token-sync", "go-module-uploader-token").reads(&["packages/go/upload_token"]);
    r.service().reads_secret("go-module-uploader-token");
}

pub fn pgadmin(r: &Shown) {
    let service = r.service();
    let config = r.all("ConfigMap").into_iter().find(|o| {
        let text = o.at("/data").to_string();
        text.contains("OAUTH2_CONFIG") && text.contains("OAUTH2_CLIENT_ID") && text.contains("OAUTH2_CLIENT_SECRET")
    });
    r.fact(config.is_some(), "no ConfigMap has an OAuth configuration that refers to OAUTH2_CLIENT_ID and _SECRET");
    if let Some(config) = config {
        service.reads_config(&config.name);
    }
    r.produces("pgadmin-bootstrap-credentials").holds(&["EMAIL|MAIL", "PASSWORD"]);
    service
        .env_from_secret("PGADMIN_DEFAULT_EMAIL", "pgadmin-bootstrap-credentials")
        .env_from_secret("PGADMIN_DEFAULT_PASSWORD", "pgadmin-bootstrap-credentials");
    let client = r.secret_names().into_iter().find(|name| name != "pgadmin-bootstrap-credentials").unwrap_or_default();
    r.produces(&client).holds(&["CLIENT ID", "CLIENT SECRET"]);
    service.env_from_secret("OAUTH2_CLIENT_ID", &client).env_from_secret("OAUTH2_CLIENT_SECRET", &client);
}

pub fn plausible(r: &Shown) {
    let service = r.service();
    service.reads_config("plausible-config").env_from_secret("SECRET_KEY_BASE", "plausible-secret");
    r.config_map("plausible-config").holds(&["BASE_URL", "PROX", "LOG LEVEL"]).has_no_key_of(&[
        "SECRET",
        "PASSWORD",
        "DATABASE_URL",
    ]);
    r.produces("plausible-secret").holds(&["SECRET_KEY_BASE"]);
    r.produces("plausible-admin").holds(&["PASSWORD"]);
    if r.env == "local" {
        r.has_kinds(&["Job"]);
        let seeds = r.all("Job").iter().any(|job| job.secrets().iter().any(|(name, _)| name == "plausible-admin"));
        r.fact(seeds, "the seed Job reads no Secret `plausible-admin`");
    } else {
        r.lacks_kinds(&["Job"]);
    }
}

pub fn langfuse(r: &Shown) {
    for part in ["langfuse-web", "langfuse-worker"] {
        r.workload("Deployment", part).reads_secret("langfuse-secrets");
    }
    r.has("Service", "langfuse-web");
    r.fact(r.all("Service").len() >= 2, "web and worker have a Service each");
    r.has_kinds(&["ConfigMap"]);
    r.lacks_kinds(&["ExternalSecret"]);
    let s3 = r.all("Deployment").into_iter().any(|o| o.name.contains("s3"));
    if r.env == "local" {
        r.has_kinds(&["Ingress"]);
        r.fact(s3, "there is no small S3 Deployment");
    } else {
        r.lacks_kinds(&["Ingress"]);
        r.fact(!s3, "the small S3 Deployment is local's only");
    }
    for config in r.all("ConfigMap") {
        let text = config.at("/data").to_string();
        r.fact(
            !text.contains("SECRET") && !text.contains("PASSWORD"),
            format!("{} holds a credential", config.short()),
        );
    }
}

pub fn langfuse_bootstrap(r: &Shown) {
    let job = r.all("Job");
    r.fact(job.len() == 1, format!("there is one bootstrap Job, and there are {}", job.len()));
    for job in job {
        let reads = job.secrets().iter().any(|(name, _)| name == "langfuse-bootstrap-credentials");
        r.fact(reads, format!("{} reads no Secret `langfuse-bootstrap-credentials`", job.short()));
        let empty = items(at(job.pod().unwrap_or(&serde_json::Value::Null), "/containers")).is_empty();
        r.fact(!empty, format!("{} has no container", job.short()));
    }
    r.external_secret("langfuse-secrets-sync", "langfuse-secrets");
    r.external_secret("langfuse-bootstrap-credentials-sync", "langfuse-bootstrap-credentials").reads(&[
        "langfuse-api-public-key",
        "langfuse-api-secret-key",
        "langfuse-admin-password",
    ]);
}
