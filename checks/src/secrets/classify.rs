//! Is a value configuration, or a secret? Names decide, and what the text of the value stands for in the renders.

use std::collections::BTreeSet;

use serde::Serialize;

use super::chain::Secret;
use crate::facts::Facts;
use crate::values::{Leaf, LeafValue};
use leaks::names::{self, Class as NameClass};
use leaks::shapes::{self, Shape};
use leaks::words::runs;
use leaks::{self, LeakRule, MaskKey, ScanFile};
use yaml::{Node, Resolved};

/// What a value is, the gravest last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Nothing that must be hidden.
    #[default]
    Config,
    /// The place of a credential, with nothing in it.
    SecretEmpty,
    /// Stands for a secret that is elsewhere: the name of a Secret, of its key, of an `ExternalSecret`, of a key of the store.
    SecretReference,
    /// A placeholder where a credential belongs.
    SecretPlaceholder,
    /// A credential itself, which must not be there.
    SecretLiteral,
}

impl Class {
    /// As a column tells it.
    pub fn told(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::SecretEmpty => "secret, empty",
            Self::SecretReference => "secret reference",
            Self::SecretPlaceholder => "secret, placeholder",
            Self::SecretLiteral => "**secret, literal**",
        }
    }
}

/// The names by which the cells of an environment refer to secrets.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Secrets, `ExternalSecrets`, keys of the store.
    known: BTreeSet<String>,
}

impl Names {
    /// Gathers them from the Secrets of an environment and the facts of its cells.
    pub fn of(secrets: &[Secret], facts: &[Facts]) -> Self {
        let mut names = Self::default();
        for read in facts.iter().flat_map(|f| &f.reads) {
            names.add(read.key.as_deref().unwrap_or_default());
        }
        for secret in secrets {
            for maker in &secret.makers {
                for remote in &maker.reads {
                    names.add(&remote.name);
                }
                if maker.is_external_secret() {
                    names.add(&maker.name);
                }
            }
            names.add(&secret.name);
        }
        names
    }

    fn add(&mut self, name: &str) {
        if !name.is_empty() && name != "*" {
            self.known.insert(name.to_owned());
        }
    }

    /// Whether a text is one of the names. A name of one word could stand for anything: there the path must speak of secrets.
    fn has(&self, text: &str, speaks: bool) -> bool {
        let distinct = text.bytes().any(|b| matches!(b, b'-' | b'_' | b'/' | b'.'));
        (distinct || speaks) && self.known.contains(text)
    }
}

/// Judges a value; also returns the names of secrets that it holds.
pub fn leaf(leaf: &Leaf<'_>, names: &Names) -> (Class, BTreeSet<String>) {
    let mut found = BTreeSet::new();
    let path: Vec<&str> = leaf.path.iter().map(String::as_str).collect();
    let class = match leaf.value {
        LeafValue::Scalar(value) => scalar(&path, value, names, &mut found),
        LeafValue::EmptyMap => empty(&path),
        LeafValue::List(node) => list(&path, node, names, &mut found),
    };
    (class, found)
}

/// A list is what the gravest of its items is.
fn list(path: &[&str], node: &Node, names: &Names, found: &mut BTreeSet<String>) -> Class {
    if node.items().is_empty() {
        return empty(path);
    }
    let mut class = Class::Config;
    node.leaves(&mut |inner, node| {
        // The items of a list are called as the list is.
        let steps = inner.iter().map(String::as_str).filter(|step| !step.starts_with('['));
        let path: Vec<&str> = path.iter().copied().chain(steps).collect();
        if let Some(value) = node.resolve() {
            class = class.max(scalar(&path, value, names, found));
        }
    });
    class
}

/// A place with nothing in it is judged by its name.
fn empty(path: &[&str]) -> Class {
    if refers(path) { Class::SecretReference } else { Class::Config }
}

fn scalar(path: &[&str], value: Resolved<'_>, names: &Names, found: &mut BTreeSet<String>) -> Class {
    let (parent, key) = last_two(path);
    let name = names::judge_under(parent.as_bytes(), key.as_bytes());
    let credential = matches!(name.class, NameClass::Password | NameClass::Token);
    let refers = refers(path);
    let text = match value {
        Resolved::Str(text) => text.trim(),
        Resolved::Null => "",
        // Switches and numbers refer to nothing; a number may be a password all the same.
        Resolved::Bool(_) => return Class::Config,
        _ => return literal(parent, key, &value.to_json().to_string()).unwrap_or_default(),
    };
    if text.is_empty() {
        return match () {
            () if refers => Class::SecretReference,
            () if credential => Class::SecretEmpty,
            () => Class::Config,
        };
    }
    if names.has(text, refers || name.class != NameClass::None) {
        found.insert(text.to_owned());
        return Class::SecretReference;
    }
    if let Some(class) = literal(parent, key, text) {
        return class;
    }
    let shape = shapes::judge(text.as_bytes());
    let stands_for_another = shape == Shape::Reference && name.class != NameClass::None
        || credential && (shape == Shape::Name || shapes::is_object_name(text.as_bytes()));
    if refers || stands_for_another { Class::SecretReference } else { Class::Config }
}

/// Whether the scan of credentials takes the text for one, or for the placeholder of one.
fn literal(parent: &str, key: &str, text: &str) -> Option<Class> {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let yaml = if parent.is_empty() {
        format!("{}: {}\n", quoted(key), quoted(text))
    } else {
        format!("{}:\n  {}: {}\n", quoted(parent), quoted(key), quoted(text))
    };
    let scanned = leaks::scan(&ScanFile { path: "values.yaml", bytes: yaml.as_bytes() }, &MaskKey::new([0; 32]));
    let class = |rule| if rule == LeakRule::Placeholder { Class::SecretPlaceholder } else { Class::SecretLiteral };
    scanned.leaks.iter().map(|leak| class(leak.rule)).max()
}

fn last_two<'a>(path: &[&'a str]) -> (&'a str, &'a str) {
    match path {
        [] => ("", ""),
        [key] => ("", key),
        [.., parent, key] => (parent, key),
    }
}

/// Whether a path names the name of a Secret or of a key in one: `existingSecret`, `auth.secret.name`, `passwordSecretKey`.
fn refers(path: &[&str]) -> bool {
    let (parent, key) = last_two(path);
    let words = words(key);
    let Some(last) = words.last() else { return false };
    let speaks_of_secrets = |words: &[String]| {
        words.iter().any(|w| matches!(w.as_str(), "secret" | "secrets" | "vault" | "credential" | "credentials"))
    };
    let is_name = matches!(last.as_str(), "name" | "names" | "ref" | "refs" | "key" | "keys");
    let judged = names::judge(key.as_bytes()).class;
    match last.as_str() {
        // `existingSecret`, `pullSecrets`; `clientSecret` is a credential.
        "secret" | "secrets" => words.len() > 1 && judged == NameClass::Not,
        _ if is_name && speaks_of_secrets(&words) => !matches!(judged, NameClass::Token | NameClass::Password),
        // `passwordKey` is the name of a key where a credential's word stands before it.
        "key" | "name" if judged == NameClass::Not => credential_before(&words),
        _ => is_name && self::words(parent).last().is_some_and(|p| speaks_of_secrets(std::slice::from_ref(p))),
    }
}

fn credential_before(words: &[String]) -> bool {
    let before = words.iter().rev().nth(1).map(String::as_str).unwrap_or_default();
    matches!(names::judge(before.as_bytes()).class, NameClass::Password | NameClass::Token)
        || matches!(before, "password" | "pass" | "token" | "key")
}

fn words(name: &str) -> Vec<String> {
    runs(name.as_bytes())
        .filter(|run| !run[0].is_ascii_digit())
        .map(|run| String::from_utf8_lossy(run).to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use yaml;

    /// The class of the only value of a small values file.
    #[track_caller]
    fn class(text: &str, known: &[&str]) -> Class {
        let mut names = Names::default();
        for name in known {
            names.add(name);
        }
        let document = yaml::parse(text).remove(0);
        let mut classes = Vec::new();
        let root = document.root.unwrap();
        root.leaves(&mut |path, node| {
            let path: Vec<&str> = path.iter().map(String::as_str).filter(|s| !s.starts_with('[')).collect();
            classes.push(match node.resolve() {
                Some(value) => scalar(&path, value, &names, &mut BTreeSet::new()),
                None => empty(&path),
            });
        });
        classes.into_iter().max().unwrap()
    }

    #[test]
    fn names_of_secrets_and_of_their_keys_are_references() {
        for text in [
            "postgresql: {auth: {existingSecret: ''}}",
            "minio: {secret: {name: minio-root}}",
            "minio: {secret: {accessKeyName: access-key}}",
            "image: {pullSecrets: []}",
            "auth: {existingSecretPasswordKey: password}",
            "auth: {passwordKey: pw}",
            "redis: {secretName: ''}",
            "tls: {secretRef: wildcard-tls}",
            "entries: [{vaultKey: some-token}]",
        ] {
            assert_eq!(class(text, &[]), Class::SecretReference, "{text}");
        }
        assert_eq!(
            class("databases: [{externalSecretName: graph-db-sync}]", &["graph-db-sync"]),
            Class::SecretReference
        );
        assert_eq!(class("envFrom: [{x: graph-db}]", &["graph-db"]), Class::SecretReference);
        assert_eq!(class("password: '${DB_PASSWORD}'", &[]), Class::SecretReference);
    }

    #[test]
    fn a_name_of_one_word_needs_a_path_that_speaks_of_secrets() {
        assert_eq!(class("environment: local", &["local"]), Class::Config);
        assert_eq!(class("auth: {secretName: local}", &["local"]), Class::SecretReference);
    }

    #[test]
    fn knobs_are_configuration() {
        for text in [
            "replicaCount: 2",
            "config: {tokenTTL: 30s}",
            "secret: {create: false}",
            "auth: {passwordFile: /run/secrets/x}",
            "service: {name: http}",
            "nodeSelector: {}",
            "primaryKey: id",
            "image: {repository: registry.example.org/agents}",
            "url: 'postgresql://db.example.org:5432/agents'",
        ] {
            assert_eq!(class(text, &[]), Class::Config, "{text}");
        }
    }

    #[test]
    fn credentials_are_told_apart_from_their_empty_places() {
        let value = ["kX82h", "Qz91vT", "b7"].concat();
        assert_eq!(class(&format!("auth: {{password: {value}}}"), &[]), Class::SecretLiteral);
        assert_eq!(class(&format!("url: 'postgresql://app:{value}@db:5432/x'"), &[]), Class::SecretLiteral);
        assert_eq!(class("auth: {password: ''}", &[]), Class::SecretEmpty);
        assert_eq!(class("auth: {password: changeme}", &[]), Class::SecretPlaceholder);
    }
}
