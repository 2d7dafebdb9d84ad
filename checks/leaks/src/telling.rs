//! The words in which a leak is told: what stands where, and what to do instead.

use std::fmt::Write;

use finding::{Finding, Severity};

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

/// Makes a finding the one of a leak in a file. What it was is forgotten, its memory used again: a scan may have a million leaks to
/// tell.
pub fn tell(finding: &mut Finding, leak: &Leak, file: &str, severity: Severity, convention: Option<Convention<'_>>) {
    let Finding { rule, message: what, label: value, help: next, fingerprint, .. } = finding;
    for text in [&mut *rule, &mut *what, &mut *value, &mut *next, fingerprint] {
        text.clear();
    }
    rule.push_str(leak.rule.id());
    message(leak, what);
    label(leak, value);
    help(leak, convention, next);
    finding.severity = severity;
    let place = finding.place.get_or_insert_default();
    place.file.clear();
    place.file.push_str(file);
    if !leak.member.is_empty() {
        place.file.push_str("!/");
        place.file.push_str(&leak.member);
    }
    (place.line, place.column) = (leak.line, leak.column);
    (place.end_line, place.end_column) = (leak.end_line, leak.end_column);
    // The file and what stands where. Where it is rendered is no part of that.
    let identity = finding.identity.get_or_insert_default();
    identity.clear();
    identity.reserve(place.file.len() + 1 + what.len());
    for part in [&place.file, "\n", what] {
        identity.push_str(part);
    }
}

/// What stands where, without the value. All words of a leak are added to a text that may be used for many of them.
pub fn message(leak: &Leak, told: &mut String) {
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
}

/// The value as it may be shown, how it is encoded, and why it was taken for a credential.
pub fn label(leak: &Leak, told: &mut String) {
    leak.masked.write(told);
    if !leak.encoding.is_empty() {
        told.push_str(", in ");
        told.push_str(leak.encoding);
    }
    told.push_str(": ");
    told.push_str(leak.reason);
}

/// The next step, in the repository's convention where there is one.
pub fn help(leak: &Leak, convention: Option<Convention<'_>>, told: &mut String) {
    let revoke = match leak.rule {
        LeakRule::ProviderToken | LeakRule::PrivateKey | LeakRule::Jwt => "revoke it, then take a new one",
        LeakRule::Placeholder => "leave it empty and guard it with `required`, or take it",
        _ => "take it",
    };
    if leak.rule == LeakRule::Placeholder && convention.is_none() {
        told.push_str("leave it empty and guard it with `required`");
        return;
    }
    if let Some(convention) = convention {
        let mut key = String::new();
        vault_key(leak, &mut key);
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
        vault_key(leak, told);
        told.push('`');
    }
    consumer(leak, told);
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
fn vault_key(leak: &Leak, told: &mut String) {
    // Only letters and digits of ASCII go into a key, and `›` is none of them.
    let separates = |b: &u8| matches!(b, b'.' | b' ') || !b.is_ascii();
    let mut names = leak.path.as_bytes().rsplit(separates).filter(|p| !p.is_empty() && !says_nothing(p));
    let (last, before) = (names.next().unwrap_or_default(), names.next());
    let long = last.len() > 14 || last.iter().any(|b| matches!(b, b'_' | b'-'));
    let mut key = Key::default();
    for part in before.filter(|_| !long).into_iter().chain([last]) {
        let mut previous_lower = false;
        key.dash();
        for &b in part {
            if b.is_ascii_uppercase() && previous_lower {
                key.dash();
            }
            previous_lower = b.is_ascii_lowercase() || b.is_ascii_digit();
            if b.is_ascii_alphanumeric() {
                key.push(b.to_ascii_lowercase());
            } else {
                key.dash();
            }
        }
    }
    match key.text() {
        "" => told.push_str(&leak.kind.to_lowercase().replace([' ', '.', '(', ')'], "-")),
        key => told.push_str(key),
    }
}

/// A key that is being made, of two names at most.
struct Key {
    bytes: [u8; 256],
    length: usize,
}

impl Default for Key {
    fn default() -> Self {
        Self { bytes: [0; 256], length: 0 }
    }
}

impl Key {
    fn push(&mut self, b: u8) {
        if let Some(slot) = self.bytes.get_mut(self.length) {
            *slot = b;
            self.length += 1;
        }
    }

    /// One dash between two parts, and none at the start.
    fn dash(&mut self) {
        if self.length > 0 && self.bytes[self.length - 1] != b'-' {
            self.push(b'-');
        }
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default().trim_end_matches('-')
    }
}

/// What many names have before them, or are.
fn says_nothing(name: &[u8]) -> bool {
    matches!(
        name,
        b"spec"
            | b"template"
            | b"containers"
            | b"env"
            | b"value"
            | b"values"
            | b"data"
            | b"stringData"
            | b"auth"
            | b"config"
            | b"global"
            | b"extraEnv"
            | b"extraEnvVars"
            | b"initContainers"
            | b"metadata"
            | b"annotations"
            | b"args"
            | b"command"
            | b"secrets"
            | b"secret"
            | b"application"
    )
}
