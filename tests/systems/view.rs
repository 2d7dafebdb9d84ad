//! How the facts of a row are said: what a release shows in one environment, each fact with the words that a failure prints.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::common::reference::{
    Object, Rendered, at, dotted, effective_values, entries, items, setting, template, yaml_file,
};

/// A release in one environment. Facts that do not hold are collected, so that one run tells all of them.
pub struct Shown {
    /// Environment.
    pub env: String,
    /// Release.
    pub release: String,
    /// The render.
    pub rendered: &'static Rendered,
    failures: RefCell<Vec<String>>,
}

impl Shown {
    /// The view of a render.
    pub fn of(rendered: &'static Rendered) -> Self {
        let (env, release) = (rendered.cell.env.clone(), rendered.cell.release.clone());
        Self { env, release, rendered, failures: RefCell::default() }
    }

    /// What does not hold.
    pub fn failures(self) -> Vec<String> {
        self.failures.into_inner()
    }

    /// A fact: what is printed when it does not hold.
    pub fn fact(&self, holds: bool, words: impl Into<String>) {
        if !holds {
            self.failures.borrow_mut().push(format!("{}/{}: {}", self.env, self.release, words.into()));
        }
    }

    /// Objects of a kind.
    pub fn all(&self, kind: &str) -> Vec<&'static Object> {
        self.rendered.objects.iter().filter(|o| o.kind == kind).collect()
    }

    /// There is an object of this kind and name.
    pub fn has(&self, kind: &str, name: &str) -> Option<&'static Object> {
        let found = self.rendered.objects.iter().find(|o| o.kind == kind && o.name == name);
        self.fact(found.is_some(), format!("there is no {kind}/{name}"));
        found
    }

    /// There is at least one object of each kind.
    pub fn has_kinds(&self, kinds: &[&str]) {
        for kind in kinds {
            self.fact(!self.all(kind).is_empty(), format!("there is no {kind}"));
        }
    }

    /// There is no object of any of these kinds.
    pub fn lacks_kinds(&self, kinds: &[&str]) {
        for kind in kinds {
            let names: Vec<String> = self.all(kind).iter().map(|o| o.short()).collect();
            self.fact(names.is_empty(), format!("there must be no {kind}, and there is {}", names.join(", ")));
        }
    }

    /// These objects are there, and no others.
    pub fn has_only(&self, expected: &[(&str, &str)]) {
        let shown: BTreeSet<String> = self.rendered.objects.iter().map(Object::short).collect();
        let expected: BTreeSet<String> = expected.iter().map(|(kind, name)| format!("{kind}/{name}")).collect();
        self.fact(shown == expected, format!("it must show {expected:?} and nothing else, and shows {shown:?}"));
    }

    /// A text that stands nowhere in the render.
    pub fn says_nowhere(&self, word: &str) {
        self.fact(!self.rendered.text.contains(word), format!("`{word}` stands in the render"));
    }

    /// A `ConfigMap`.
    pub fn config_map(&self, name: &str) -> ConfigMap<'_> {
        ConfigMap { shown: self, name: name.to_owned(), object: self.has("ConfigMap", name) }
    }

    /// A workload.
    pub fn workload(&self, kind: &str, name: &str) -> Workload<'_> {
        Workload { shown: self, object: self.has(kind, name) }
    }

    /// The Deployment of the release's own name with its Service.
    pub fn service(&self) -> Workload<'_> {
        self.has("Service", &self.release);
        self.workload("Deployment", &self.release)
    }

    /// The `ExternalSecret` of this name produces a Secret.
    pub fn external_secret(&self, name: &str, secret: &str) -> Produced<'_> {
        let object = self.has("ExternalSecret", name);
        if let Some(object) = object {
            let target = target(object);
            self.fact(target == secret, format!("ExternalSecret/{name} produces `{target}`, not `{secret}`"));
        }
        Produced { shown: self, secret: secret.to_owned(), object }
    }

    /// Some `ExternalSecret` produces a Secret.
    pub fn produces(&self, secret: &str) -> Produced<'_> {
        let object = self.all("ExternalSecret").into_iter().find(|o| target(o) == secret);
        self.fact(object.is_some(), format!("no ExternalSecret produces Secret `{secret}`"));
        Produced { shown: self, secret: secret.to_owned(), object }
    }

    /// No `ExternalSecret` of this release produces a Secret: another release does.
    pub fn leaves_to_others(&self, secret: &str) {
        let own = self.all("ExternalSecret").into_iter().find(|o| target(o) == secret);
        self.fact(
            own.is_none(),
            format!("Secret `{secret}` is produced here, and another release is its one producer"),
        );
    }

    /// The Secrets that the release's pods name.
    pub fn secret_names(&self) -> BTreeSet<String> {
        self.rendered.objects.iter().flat_map(Object::secrets).map(|(name, _)| name).collect()
    }

    /// Every value at these paths comes from the overlay: it is there, and neither the chart nor the shared values have one.
    pub fn overlay_sets(&self, paths: &[&str]) {
        let mut files = vec![format!("{}/values.yaml", self.rendered.cell.chart)];
        files.extend(self.rendered.cell.values.iter().map(|file| file.path.clone()));
        let overlay = format!("environments/{}/platform/{}.yaml", self.env, self.release);
        for path in paths {
            for file in &files {
                let values = yaml_file(file).unwrap_or_default();
                let value = dotted(&values, path);
                let empty = value.is_null() || value == "" || items(value).is_empty() && value.is_array();
                if *file == overlay {
                    self.fact(!empty, format!("{file} does not set `{path}`"));
                } else {
                    self.fact(empty, format!("{file} sets `{path}`, which is the overlay's to say"));
                }
            }
        }
    }

    /// The effective value at a dotted path, as text.
    pub fn value(&self, path: &str) -> String {
        let values = effective_values(self.rendered.cell);
        match dotted(&values, path) {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }
}

/// The Secret that an `ExternalSecret` makes.
pub fn target(object: &Object) -> &str {
    object.at("/spec/target/name").as_str().unwrap_or(&object.name)
}

/// A `ConfigMap` of a release.
pub struct ConfigMap<'a> {
    shown: &'a Shown,
    name: String,
    object: Option<&'static Object>,
}

impl ConfigMap<'_> {
    /// Its entries.
    pub fn data(&self) -> impl Iterator<Item = (&String, &Value)> {
        entries(self.object.map_or(&Value::Null, |o| o.at("/data")))
    }

    /// For each item there is an entry whose key holds all its words, and it is not blank. The documents say what an entry is
    /// for ("URL of the inference gateway"), seldom its key; `A|B` means one or the other.
    pub fn holds(&self, keys: &[&str]) -> &Self {
        for wanted in keys {
            let found = self.data().any(|(key, value)| {
                let key = key.to_ascii_uppercase();
                let filled = value.as_str().is_some_and(|text| !text.trim().is_empty());
                filled && wanted.split(' ').all(|word| word.split('|').any(|one| key.contains(one)))
            });
            let there = self.object.is_none() || found;
            self.shown.fact(there, format!("ConfigMap/{} has no filled entry for `{wanted}`", self.name));
        }
        self
    }

    /// An entry has exactly this value.
    pub fn entry(&self, key: &str, value: &str) -> &Self {
        let found = self.data().find(|(k, _)| *k == key).map(|(_, v)| v);
        let holds = self.object.is_none() || found.is_some_and(|v| v == value);
        let is = found.map_or("is not there".to_owned(), |v| format!("is {v}"));
        self.shown.fact(holds, format!("ConfigMap/{}: `{key}` {is}, and must be \"{value}\"", self.name));
        self
    }

    /// So many entries, at least, have a key that holds all these words.
    pub fn holds_several(&self, count: usize, words: &str) -> &Self {
        let keys = self.data().filter(|(key, _)| words.split(' ').all(|word| key.to_ascii_uppercase().contains(word)));
        let enough = self.object.is_none() || keys.count() >= count;
        self.shown.fact(enough, format!("ConfigMap/{} has fewer than {count} entries for `{words}`", self.name));
        self
    }

    /// Telemetry is tagged with the environment.
    pub fn tags_the_environment(&self) -> &Self {
        let env = &self.shown.env;
        let tag = [format!("deployment.environment={env}"), format!("deployment.environment.name={env}")];
        let tags = |value: &Value| value.as_str().is_some_and(|v| v.split(',').any(|one| tag.iter().any(|t| t == one)));
        let holds = self.object.is_none() || self.data().any(|(k, v)| k == "OTEL_RESOURCE_ATTRIBUTES" && tags(v));
        self.shown.fact(holds, format!("ConfigMap/{} does not tag telemetry with the environment", self.name));
        self
    }

    /// What an overlay says at these paths reaches the software: with another value, some entry holds the other one.
    pub fn carries(&self, paths: &[&str]) -> &Self {
        for path in paths {
            let other = format!("other{}", self.shown.value(path));
            let render = template(self.shown.rendered.cell, Some(&setting(path, Value::String(other.clone()))));
            let carried = render.is_ok_and(|rendered| {
                let config = rendered.objects.iter().find(|o| o.kind == "ConfigMap" && o.name == self.name);
                config.is_some_and(|o| o.at("/data").to_string().contains(&other))
            });
            let words = format!("ConfigMap/{} does not carry the value of `{path}`", self.name);
            self.shown.fact(self.object.is_none() || carried, words);
        }
        self
    }

    /// No key holds any of these words.
    pub fn has_no_key_of(&self, words: &[&str]) -> &Self {
        for (key, _) in self.data() {
            let found = words.iter().find(|word| key.to_ascii_uppercase().contains(*word));
            self.shown.fact(found.is_none(), format!("ConfigMap/{} has an entry `{key}`", self.name));
        }
        self
    }
}

/// A workload of a release.
pub struct Workload<'a> {
    shown: &'a Shown,
    object: Option<&'static Object>,
}

impl Workload<'_> {
    fn fact(&self, holds: impl Fn(&Object) -> bool, words: &str) -> &Self {
        if let Some(object) = self.object {
            self.shown.fact(holds(object), format!("{}: {words}", object.short()));
        }
        self
    }

    /// Some container takes every entry of a `ConfigMap`, as environment or as files.
    pub fn reads_config(&self, name: &str) -> &Self {
        let reads = |object: &Object| {
            let env = object.containers(true).iter().any(|container| {
                items(at(container, "/envFrom")).iter().any(|from| at(from, "/configMapRef/name") == name)
            });
            let volumes = object.pod().map_or(&Value::Null, |pod| at(pod, "/volumes"));
            env || items(volumes).iter().any(|volume| at(volume, "/configMap/name") == name)
        };
        self.fact(reads, &format!("reads no ConfigMap `{name}`"))
    }

    /// Some container has an environment variable that comes from a key of a Secret.
    pub fn env_from_secret(&self, variable: &str, secret: &str) -> &Self {
        let reads = |object: &Object| {
            variables(object).any(|entry| {
                entry["name"] == variable
                    && at(entry, "/valueFrom/secretKeyRef/name") == secret
                    && at(entry, "/valueFrom/secretKeyRef/optional") != true
            })
        };
        self.fact(reads, &format!("`{variable}` does not come from Secret `{secret}`"))
    }

    /// Some container has an environment variable.
    pub fn has_env(&self, variable: &str) -> &Self {
        self.fact(|object| variables(object).any(|e| e["name"] == variable), &format!("has no variable `{variable}`"))
    }

    /// No container has an environment variable.
    pub fn lacks_env(&self, variable: &str) -> &Self {
        self.fact(|object| variables(object).all(|e| e["name"] != variable), &format!("has a variable `{variable}`"))
    }

    /// Some container or volume names a Secret.
    pub fn reads_secret(&self, secret: &str) -> &Self {
        let reads = |object: &Object| object.secrets().iter().any(|(name, _)| name == secret);
        self.fact(reads, &format!("reads no Secret `{secret}`"))
    }

    /// As [`Workload::reads_secret`], and this key of it is named.
    pub fn reads_secret_key(&self, secret: &str, key: &str) -> &Self {
        let reads = |object: &Object| object.secrets().iter().any(|(n, k)| n == secret && k.as_deref() == Some(key));
        self.fact(reads, &format!("reads no key `{key}` of Secret `{secret}`"))
    }

    /// A container's name, image or command holds a word.
    pub fn runs(&self, program: &str) -> &Self {
        let runs = |object: &Object| {
            let said = ["name", "image", "command", "args"];
            object.containers(false).iter().any(|c| said.iter().any(|key| c[*key].to_string().contains(program)))
        };
        self.fact(runs, &format!("runs no `{program}`"))
    }

    /// A volume claims storage.
    pub fn claims(&self, claim: &str) -> &Self {
        let claims = |object: &Object| {
            let volumes = object.pod().map_or(&Value::Null, |pod| at(pod, "/volumes"));
            items(volumes).iter().any(|volume| at(volume, "/persistentVolumeClaim/claimName") == claim)
        };
        self.fact(claims, &format!("claims no storage of `{claim}`"))
    }

    /// Its object.
    pub fn object(&self) -> Option<&'static Object> {
        self.object
    }
}

fn variables(object: &Object) -> impl Iterator<Item = &Value> {
    object.containers(true).into_iter().flat_map(|container| items(at(container, "/env")))
}

/// A Secret that an `ExternalSecret` makes.
pub struct Produced<'a> {
    shown: &'a Shown,
    secret: String,
    object: Option<&'static Object>,
}

impl Produced<'_> {
    fn data(&self) -> &'static [Value] {
        self.object.map_or(&[], |object| items(object.at("/spec/data")))
    }

    /// A key of the Secret is read from a Vault key.
    pub fn key(&self, key: &str, vault: &str) -> &Self {
        let remote = format!("secret/data/{vault}");
        let found = self.data().iter().any(|e| e["secretKey"] == key && at(e, "/remoteRef/key") == remote.as_str());
        let there = self.object.is_none() || found;
        self.shown.fact(there, format!("Secret `{}`: `{key}` does not come from Vault's `{vault}`", self.secret));
        self
    }

    /// A key of the Secret holds all these words; `A|B` means one or the other.
    pub fn holds(&self, keys: &[&str]) -> &Self {
        for wanted in keys {
            let found = self.data().iter().any(|entry| {
                let key = entry["secretKey"].as_str().unwrap_or_default().to_ascii_uppercase();
                wanted.split(' ').all(|word| word.split('|').any(|one| key.contains(one)))
            });
            let there = self.object.is_none() || found;
            self.shown.fact(there, format!("Secret `{}` has no key for `{wanted}`", self.secret));
        }
        self
    }

    /// It is read from these Vault keys, at least.
    pub fn reads(&self, vault: &[&str]) -> &Self {
        for key in vault {
            let remote = format!("secret/data/{key}");
            let found = self.data().iter().any(|e| at(e, "/remoteRef/key") == remote.as_str());
            let there = self.object.is_none() || found;
            self.shown.fact(there, format!("Secret `{}` is not read from Vault's `{key}`", self.secret));
        }
        self
    }

    /// Some Vault key that it is read from holds one of these words.
    pub fn reads_some(&self, words: &[&str]) -> &Self {
        let found = self.data().iter().any(|entry| {
            let key = at(entry, "/remoteRef/key").as_str().unwrap_or_default();
            words.iter().any(|word| key.contains(word))
        });
        let there = self.object.is_none() || found;
        self.shown.fact(there, format!("Secret `{}` is read from no Vault key of {words:?}", self.secret));
        self
    }
}
