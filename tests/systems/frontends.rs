//! Layer 70: the frontends.

use super::view::{ConfigMap, Shown};
use crate::common::reference::items;

/// A route for the hosts of its environment.
fn route(r: &Shown) {
    r.has_kinds(&["HTTPRoute"]);
    let domain = match r.env.as_str() {
        "local" => "dev.ameide.io",
        "staging" => "staging.ameide.io",
        _ => "ameide.io",
    };
    for route in r.all("HTTPRoute") {
        let hosts = items(route.at("/spec/hostnames"));
        r.fact(!hosts.is_empty(), format!("{} names no host", route.short()));
        for host in hosts.iter().filter_map(|h| h.as_str()) {
            let within = host == domain || host.ends_with(&format!(".{domain}"));
            r.fact(within, format!("{}: `{host}` does not lie in {domain}", route.short()));
        }
        let to = route.at("/spec/rules/0/backendRefs/0/name");
        r.fact(to == r.release.as_str(), format!("{} leads to {to}", route.short()));
    }
}

/// What no `ConfigMap` of a frontend may hold.
fn without_credentials(config: &ConfigMap<'_>) {
    config.has_no_key_of(&["SECRET", "PASSWORD", "TOKEN", "API_KEY", "PRIVATE", "DATABASE_URL", "CREDENTIAL"]);
}

pub fn www_ameide(r: &Shown) {
    let service = r.service();
    service.reads_config("www-ameide-config");
    let config = r.config_map("www-ameide-config");
    config.holds(&["PUBLIC PLATFORM URL", "PLAUSIBLE|ANALYTICS", "LOG LEVEL"]).holds_several(3, "PUBLIC URL");
    for (key, value) in config.data() {
        let url = value.as_str().is_some_and(|v| v.starts_with("https://") || v.starts_with("http://"));
        r.fact(
            url || key.starts_with("LOG"),
            format!("`{key}` of the ConfigMap is neither a public URL nor for logging"),
        );
    }
    without_credentials(&config);
    r.external_secret("www-ameide-auth-sync", "www-ameide-auth").holds(&["AUTH_SECRET", "KEYCLOAK SECRET"]);
    service.env_from_secret("AUTH_SECRET", "www-ameide-auth");
    let keycloak = service.object().is_some_and(|o| {
        let reads = |key: &Option<String>| key.as_ref().is_some_and(|k| k.to_ascii_uppercase().contains("KEYCLOAK"));
        o.secrets().iter().any(|(name, key)| name == "www-ameide-auth" && reads(key))
    });
    r.fact(keycloak, "it reads no Keycloak secret of Secret `www-ameide-auth`");
    r.overlay_sets(&["environment"]);
    route(r);
}

pub fn www_ameide_platform(r: &Shown) {
    let service = r.service();
    service.reads_config("www-ameide-platform-config");
    let config = r.config_map("www-ameide-platform-config");
    config
        .holds(&[
            "REDIS SENTINEL HOST",
            "REDIS SENTINEL MASTER",
            "AUTH URL",
            "KEYCLOAK",
            "TENANT",
            "OTEL ENDPOINT",
            "LOG LEVEL",
        ])
        .holds_several(3, "PUBLIC URL")
        .holds_several(2, "FEATURE");
    without_credentials(&config);
    for secret in ["www-ameide-platform-auth", "www-ameide-platform-db"] {
        r.produces(secret);
        service.reads_secret(secret);
    }
    r.overlay_sets(&["environment"]);
    route(r);
}
