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
    let mut told = String::with_capacity(96 + leak.path.len());
    if leak.rule == LeakRule::Placeholder {
        told.push_str("a placeholder stands for ");
    }
    told.push_str(article);
    told.push(' ');
    told.push_str(leak.kind);
    if leak.rule != LeakRule::Placeholder {
        told.push_str(" stands");
    }
    told.push_str(place);
    match (leak.path.as_str(), place) {
        ("", "") => told.push_str(" here"),
        ("", _) => {}
        (path, _) => {
            told.push_str(" under `");
            told.push_str(path);
            told.push('`');
        }
    }
    told
}

/// What makes a leak the same in every run: the file and what stands where. Where it is rendered is no part of that.
pub fn identity(file: &str, message: &str) -> String {
    let mut identity = String::with_capacity(file.len() + message.len() + 1);
    identity.push_str(file);
    identity.push('\n');
    identity.push_str(message);
    identity
}

/// The value as it may be shown, how it is encoded, and why it was taken for a credential.
pub fn label(leak: &Leak) -> String {
    let mut told = String::with_capacity(128);
    leak.masked.write(&mut told);
    if !leak.encoding.is_empty() {
        told.push_str(", in ");
        told.push_str(leak.encoding);
    }
    told.push_str(": ");
    told.push_str(leak.reason);
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
        told.push_str(revoke);
        told.push_str(" from a store: an ExternalSecret that reads `");
        told.push_str(&key);
        told.push('`');
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
                told.push_str(" and set ");
                told.push_str(parent);
                told.push_str(".existingSecret to the Secret that it makes");
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
    let long = last.len() > 14 || last.bytes().any(|b| matches!(b, b'_' | b'-'));
    let mut key = String::with_capacity(32);
    for part in before.filter(|_| !long).into_iter().chain([last]) {
        let mut previous_lower = false;
        dash(&mut key);
        for b in part.bytes() {
            if b.is_ascii_uppercase() && previous_lower {
                dash(&mut key);
            }
            previous_lower = b.is_ascii_lowercase() || b.is_ascii_digit();
            if b.is_ascii_alphanumeric() {
                key.push(b.to_ascii_lowercase().into());
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
