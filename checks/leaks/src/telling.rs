//! The words in which a leak is told: what stands where, and what to do instead.

use std::fmt::Write;

use super::leak::{Leak, LeakRule, Where};

/// A repository's convention for what is read from Vault.
#[derive(Debug, Clone, Copy, Default)]
pub struct Convention<'a> {
    /// `Kind/name` of the store.
    pub store: Option<&'a str>,
    /// Pattern of `remoteRef.key`, with `{key}`.
    pub remote_key: Option<&'a str>,
    /// `remoteRef.property`.
    pub remote_property: Option<&'a str>,
}

/// What stands where, without the value.
pub fn message(leak: &Leak) -> String {
    let article = if leak.kind.starts_with(['A', 'E', 'I', 'O', 'a', 'e', 'i', 'o']) { "an" } else { "a" };
    let place = match leak.place {
        Where::Value | Where::Text => "",
        Where::Env => " in a name and value pair",
        Where::Config => " in a ConfigMap",
        Where::Secret => " in a Secret",
        Where::Target => " in the template of an ExternalSecret",
        Where::Annotation => " in an annotation",
        Where::Args => " on a command line",
        Where::Template => " in a template",
        Where::Comment => " in a comment",
    };
    let mut told = String::with_capacity(64 + leak.path.len());
    let _ = match leak.rule {
        LeakRule::Placeholder => write!(told, "a placeholder stands for {article} {}{place}", leak.kind),
        _ => write!(told, "{article} {} stands{place}", leak.kind),
    };
    let _ = match (leak.path.as_str(), place) {
        ("", "") => write!(told, " here"),
        ("", _) => Ok(()),
        (path, _) => write!(told, " under `{path}`"),
    };
    told
}

/// The value as it may be shown, how it is encoded, and why it was taken for a credential.
pub fn label(leak: &Leak) -> String {
    let mut told = String::with_capacity(128);
    let _ = write!(told, "{}", leak.masked);
    if !leak.encoding.is_empty() {
        let _ = write!(told, ", in {}", leak.encoding);
    }
    let _ = write!(told, ": {}", leak.reason);
    told
}

/// The next step, in the repository's convention where there is one.
pub fn help(leak: &Leak, convention: Option<Convention<'_>>) -> String {
    let revoke = match leak.rule {
        LeakRule::ProviderToken | LeakRule::PrivateKey | LeakRule::Jwt => "revoke it, then take a new one",
        LeakRule::Placeholder => "leave it empty and guard it with `required`, or take it",
        _ => "take it",
    };
    if leak.rule == LeakRule::Placeholder && convention.is_none() {
        return "leave it empty and guard it with `required`".to_owned();
    }
    let key = vault_key(leak);
    let mut told = String::with_capacity(256);
    if let Some(convention) = convention {
        let _ = write!(told, "{revoke} from Vault: add `{key}` to an ExternalSecret");
        if let Some(store) = convention.store {
            let _ = write!(told, " of {store}");
        }
        let remote = convention.remote_key.unwrap_or("{key}").replace("{key}", &key);
        let _ = write!(told, " (remoteRef: {{key: {remote}");
        if let Some(property) = convention.remote_property {
            let _ = write!(told, ", property: {property}");
        }
        told.push_str("})");
    } else {
        let _ = write!(told, "{revoke} from a store: an ExternalSecret that reads `{key}`");
    }
    consumer(leak, &mut told);
    told
}

/// How the place gets the value then.
fn consumer(leak: &Leak, told: &mut String) {
    told.push_str(match leak.place {
        Where::Value => {
            let parent = leak.path.rsplit_once('.').map_or("", |(parent, _)| parent);
            let auth = !parent.is_empty() && !parent.contains([' ', '›']) && leak.path.len() < 80;
            if auth {
                let _ = write!(told, " and set {parent}.existingSecret to the Secret that it makes");
                return;
            }
            " and refer to the Secret that it makes"
        }
        Where::Env | Where::Args => " and refer to it with valueFrom.secretKeyRef",
        Where::Config => " and move the entry out of the ConfigMap",
        Where::Secret => " and let it make this Secret",
        Where::Target => " and refer to it as `{{ .key }}` in the template",
        _ => "",
    });
}

/// A key for the store, from the names that the value stands under: `threads-db-password`.
fn vault_key(leak: &Leak) -> String {
    const NOISE: [&str; 21] = [
        "spec",
        "template",
        "containers",
        "env",
        "value",
        "values",
        "data",
        "stringData",
        "auth",
        "config",
        "global",
        "extraEnv",
        "extraEnvVars",
        "initContainers",
        "metadata",
        "annotations",
        "args",
        "command",
        "secrets",
        "secret",
        "application",
    ];
    let mut names = leak.path.rsplit(['.', ' ', '›']).filter(|p| !p.is_empty() && !NOISE.contains(p));
    let (last, before) = (names.next().unwrap_or_default(), names.next());
    let long = last.contains(['_', '-']) || last.len() > 14;
    let mut key = String::with_capacity(32);
    for part in before.filter(|_| !long).into_iter().chain([last]) {
        let mut previous_lower = false;
        dash(&mut key);
        for c in part.chars() {
            if c.is_ascii_uppercase() && previous_lower {
                dash(&mut key);
            }
            previous_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
            if c.is_ascii_alphanumeric() {
                key.push(c.to_ascii_lowercase());
            } else {
                dash(&mut key);
            }
        }
    }
    key.truncate(key.trim_end_matches('-').len());
    if key.is_empty() { leak.kind.to_lowercase().replace([' ', '.', '(', ')'], "-") } else { key }
}

/// One dash between two parts, and none at the start.
fn dash(key: &mut String) {
    if !key.is_empty() && !key.ends_with('-') {
        key.push('-');
    }
}
