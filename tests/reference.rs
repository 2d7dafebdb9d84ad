//! What stands around the charts of the reference repository, held to their renders: runbook, READMEs, schemas, overlays, Vault
//! fixtures, the packaged chart, the list, the retired name.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::process::Command;

use common::reference::{
    ENVIRONMENTS, Object, at, dotted, entries, file, items, leaves, matrix, rendered, renders_of, yaml_file,
};
use common::{path_with_helm, stdout, workspace};
use regex::Regex;
use serde_json::Value;

fn read(relative: &str) -> String {
    fs::read_to_string(file(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

fn told(failures: &[String]) {
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// An `ExternalSecret`: its name, the Secret it makes, the Vault keys it reads.
struct Sync {
    name: String,
    secret: String,
    vault: Vec<String>,
}

fn syncs<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Vec<Sync> {
    let objects = objects.into_iter().filter(|o| o.kind == "ExternalSecret");
    let vault = |o: &Object| {
        let keys = items(o.at("/spec/data")).iter().filter_map(|e| at(e, "/remoteRef/key").as_str());
        keys.map(|key| key.trim_start_matches("secret/data/").to_owned()).collect()
    };
    objects
        .map(|o| Sync {
            name: o.name.clone(),
            secret: o.at("/spec/target/name").as_str().unwrap_or(&o.name).to_owned(),
            vault: vault(o),
        })
        .collect()
}

fn syncs_of(env: &str) -> Vec<Sync> {
    syncs(renders_of(env).into_iter().flat_map(|r| &r.objects))
}

/// Names that a text gives to kubectl: kind and name. What lies in the cluster's own namespace is not ours to have.
fn kubectl_names(text: &str) -> Vec<(String, String)> {
    let kinds = "externalsecret|secret|job|deployment|deploy|configmap|clustersecretstore|namespace";
    let name = Regex::new(&format!(r"(?m)kubectl[^\n`]*?\b({kinds})s?[ /]([a-z0-9][a-z0-9-]*)")).unwrap();
    let lines = text.lines().filter(|line| !line.contains("kube-system"));
    lines.flat_map(|line| name.captures_iter(line)).map(|found| (found[1].to_owned(), found[2].to_owned())).collect()
}

const RUNBOOK: &str = "environments/local/platform/README.md";

#[test]
fn the_runbook_names_what_is_there() {
    let text = read(RUNBOOK);
    let mut failures = Vec::new();
    let local: Vec<&Object> = renders_of("local").into_iter().flat_map(|r| &r.objects).collect();
    let secrets: Vec<Sync> = syncs_of("local");
    let names = kubectl_names(&text);
    assert!(names.len() > 5, "the runbook gives no commands");
    for (kind, name) in &names {
        let has = |kind: &str| local.iter().any(|o| o.kind == kind && o.name == *name);
        let there = match kind.as_str() {
            "externalsecret" => has("ExternalSecret"),
            "secret" => secrets.iter().any(|s| s.secret == *name),
            "job" => has("Job"),
            "deployment" | "deploy" => has("Deployment"),
            "configmap" => has("ConfigMap"),
            "namespace" => has("Namespace"),
            _ => has("ClusterSecretStore"),
        };
        if !there {
            failures.push(format!("{RUNBOOK} names {kind} {name}, which no local render has"));
        }
    }
    let annotated: BTreeSet<&str> = Regex::new(r"kubectl[^\n`]*\bannotate externalsecrets?[ /]([a-z0-9-]+)")
        .unwrap()
        .captures_iter(&text)
        .map(|found| found.extract::<1>().1[0])
        .collect();
    let layer_15: Vec<Sync> =
        syncs(renders_of("local").into_iter().filter(|r| r.cell.layer == 15).flat_map(|r| &r.objects));
    assert!(layer_15.len() >= 7);
    for sync in layer_15 {
        if !annotated.contains(sync.name.as_str()) {
            failures.push(format!("{RUNBOOK} does not say how {} is synced again", sync.name));
        }
        if !text.contains(&sync.secret) {
            failures.push(format!("{RUNBOOK} does not name Secret {}", sync.secret));
        }
    }
    for layer in &matrix().layers {
        if !Regex::new(&format!(r"\b{}\b", layer.number)).unwrap().is_match(&text) {
            failures.push(format!("{RUNBOOK} does not name layer {}", layer.number));
        }
        for release in layer.releases.iter().filter(|r| matrix().cell("local", r).is_some()) {
            if !text.contains(release.as_str()) {
                failures.push(format!("{RUNBOOK} does not name {release} of layer {}", layer.number));
            }
        }
    }
    if !text.contains("job/db-migrations") {
        failures.push(format!("{RUNBOOK} does not say where db-migrations tells what is missing"));
    }
    told(&failures);
}

#[test]
fn vault_fixtures_are_the_keys_that_local_reads() {
    let path = "environments/local/vault-fixtures.yaml";
    assert_eq!(matrix().environment("local").unwrap().fixtures.as_deref(), Some(path));
    let fixtures = yaml_file(path).unwrap();
    let named: BTreeSet<&str> = entries(&fixtures["keys"]).map(|(key, _)| key.as_str()).collect();
    let local = syncs_of("local");
    let wanted: BTreeSet<&str> = local.iter().flat_map(|s| &s.vault).map(String::as_str).collect();
    let missing: Vec<_> = wanted.difference(&named).collect();
    assert!(missing.is_empty(), "read by a local ExternalSecret, and not named in {path}: {missing:?}");
    // A password may stand in a URL that is read, and nowhere else.
    let templates: String = entries(&fixtures["keys"]).filter_map(|(_, way)| way["template"].as_str()).collect();
    let inside = |key: &&&str| templates.contains(&format!("${{{key}}}"));
    let unused: Vec<_> = named.difference(&wanted).filter(|key| !inside(key)).collect();
    assert!(unused.is_empty(), "named in {path}, and read by nothing in local: {unused:?}");
    for (key, way) in entries(&fixtures["keys"]) {
        let known = entries(way).filter(|(how, _)| ["derive", "template", "placeholder"].contains(&how.as_str()));
        assert_eq!(known.count(), 1, "{key}: how its development value comes about is not said in one way");
    }
}

#[test]
fn each_readme_names_its_secrets_and_what_is_behind_them() {
    let mut failures = Vec::new();
    for release in &matrix().releases {
        let path = format!("{}/README.md", release.chart);
        let Ok(text) = fs::read_to_string(file(&path)) else {
            failures.push(format!("{path} is not there"));
            continue;
        };
        let whole = |name: &str| Regex::new(&format!(r"(^|[^\w-]){}($|[^\w-])", regex::escape(name))).unwrap();
        let names = |name: &str| whole(name).is_match(&text);
        for env in ENVIRONMENTS {
            let Ok(rendered) = rendered(env, &release.name) else { continue };
            let mut secrets: BTreeSet<String> =
                rendered.objects.iter().flat_map(Object::secrets).map(|(name, _)| name).collect();
            secrets.extend(syncs(&rendered.objects).into_iter().map(|s| s.secret));
            for sync in syncs_of(env).into_iter().filter(|s| secrets.contains(&s.secret)) {
                if !names(&sync.name) {
                    failures.push(format!("{path} does not name ExternalSecret {} behind {}", sync.name, sync.secret));
                }
                for key in sync.vault.iter().filter(|key| !names(key)) {
                    failures.push(format!("{path} does not name Vault's {key} behind {}", sync.secret));
                }
            }
            for secret in secrets.iter().filter(|secret| !names(secret)) {
                failures.push(format!("{path} does not name Secret {secret}"));
            }
            if !secrets.is_empty() && !text.contains("annotate externalsecret") {
                failures.push(format!("{path} does not say how its Secrets are synced again"));
            }
            if !secrets.is_empty() && !text.to_lowercase().contains("rotat") {
                failures.push(format!("{path} does not say how its Secrets are rotated"));
            }
        }
        for (kind, name) in kubectl_names(&text) {
            let kind_of = |o: &Object| o.kind.eq_ignore_ascii_case(&kind) || kind == "deploy" && o.kind == "Deployment";
            let there = ENVIRONMENTS.iter().any(|env| {
                renders_of(env).into_iter().flat_map(|r| &r.objects).any(|o| kind_of(o) && o.name == name)
                    || kind == "secret" && syncs_of(env).iter().any(|s| s.secret == name)
            });
            if !there {
                failures.push(format!("{path} names {kind} {name}, which no render has"));
            }
        }
    }
    failures.sort();
    failures.dedup();
    told(&failures);
}

#[test]
fn each_chart_has_a_schema_that_describes_its_values() {
    let mut failures = Vec::new();
    let charts: BTreeSet<&str> = matrix().releases.iter().map(|r| r.chart.as_str()).collect();
    for chart in charts.into_iter().chain(["charts/third-party/langfuse"]) {
        let path = format!("{chart}/values.schema.json");
        let Ok(text) = fs::read_to_string(file(&path)) else {
            failures.push(format!("{path} is not there"));
            continue;
        };
        let schema: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        if schema["type"] != "object" || entries(&schema["properties"]).next().is_none() {
            failures.push(format!("{path} describes no object"));
        }
        undescribed(&schema, "", &mut |value| failures.push(format!("{path}: `{value}` has no description")));
        let defaults = yaml_file(&format!("{chart}/values.yaml")).unwrap();
        unknown(&defaults, &schema, "", &mut |value| failures.push(format!("{path}: `{value}` is not in it")));
    }
    told(&failures);
}

/// Values without words, neither of their own nor of the map that they stand in.
fn undescribed(schema: &Value, path: &str, tell: &mut dyn FnMut(&str)) {
    for (name, property) in entries(&schema["properties"]) {
        let path = format!("{path}{name}");
        let described = property["description"].as_str().is_some_and(|text| text.trim().len() > 4);
        if entries(&property["properties"]).next().is_none() {
            if !described {
                tell(&path);
            }
        } else if !described {
            undescribed(property, &format!("{path}."), tell);
        }
    }
}

/// Values that a chart has and its schema does not know. A map without properties is free in its keys.
fn unknown(values: &Value, schema: &Value, path: &str, tell: &mut dyn FnMut(&str)) {
    if entries(&schema["properties"]).next().is_none() {
        return;
    }
    for (name, value) in entries(values) {
        let path = format!("{path}{name}");
        match schema["properties"].get(name) {
            Some(property) => unknown(value, property, &format!("{path}."), tell),
            None => tell(&path),
        }
    }
}

#[test]
fn overlays_of_a_release_have_the_same_keys() {
    let mut failures = Vec::new();
    for release in &matrix().releases {
        let mut structure: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let mut overlays = Vec::new();
        for env in ENVIRONMENTS {
            let path = format!("environments/{env}/platform/{}.yaml", release.name);
            if release.off.contains_key(env) || release.no_overlay.contains_key(env) {
                if file(&path).exists() {
                    failures.push(format!("{path} is there, and the matrix file says it is not"));
                }
                continue;
            }
            match yaml_file(&path) {
                Ok(values) => {
                    overlays.push(env);
                    for (leaf, _) in leaves(&values) {
                        structure.entry(leaf).or_default().push(env);
                    }
                }
                Err(error) => failures.push(error),
            }
        }
        for (leaf, envs) in structure.iter().filter(|(_, envs)| **envs != overlays) {
            failures.push(format!("{}: `{leaf}` stands in the overlay of {} only", release.name, envs.join(" and ")));
        }
    }
    told(&failures);
}

/// What the seed says of overlays in particular.
#[test]
fn releases_without_an_overlay_are_those_of_the_documents() {
    let mut without: Vec<String> = Vec::new();
    for release in &matrix().releases {
        without.extend(release.no_overlay.keys().map(|env| format!("{env}/{}", release.name)));
    }
    without.sort();
    let meant = ["local/namespace", "production/go-module-uploader", "production/namespace", "staging/namespace"];
    assert_eq!(without, meant);
}

fn packed(archive: &str) -> BTreeMap<String, Vec<u8>> {
    let bytes = fs::read(file(archive)).unwrap();
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
    let mut files = BTreeMap::new();
    for entry in tar.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        files.insert(path.strip_prefix("langfuse/").unwrap_or(&path).to_owned(), content);
    }
    files
}

#[test]
fn the_packaged_langfuse_is_its_source() {
    let folder = file("charts/platform/langfuse/charts");
    let archives: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".tgz"))
        .collect();
    let [archive] = archives.as_slice() else { panic!("one archive is meant, and there are {archives:?}") };
    let packed = packed(&format!("charts/platform/langfuse/charts/{archive}"));
    let source = file("charts/third-party/langfuse");
    let mut files = BTreeMap::new();
    for entry in ignore::WalkBuilder::new(&source).standard_filters(false).build().flatten() {
        if entry.file_type().is_some_and(|t| t.is_file()) {
            let path = entry.path().strip_prefix(&source).unwrap().to_str().unwrap().to_owned();
            files.insert(path, fs::read(entry.path()).unwrap());
        }
    }
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&packed), names(&files));
    let meta = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let mut json = yaml::parse(&text)[0].root.as_ref().unwrap().to_json();
        json.sort_all_objects();
        json
    };
    for (path, content) in &files {
        // Helm writes Chart.yaml anew: the same content in another order.
        if path == "Chart.yaml" {
            assert_eq!(meta(&packed[path]), meta(content), "{path}");
            let version = meta(content)["version"].as_str().unwrap().to_owned();
            assert_eq!(*archive, format!("langfuse-{version}.tgz"));
        } else {
            assert!(packed[path] == *content, "{path} differs");
        }
    }
    let own = yaml_file("charts/platform/langfuse/Chart.yaml").unwrap();
    let dependency = items(&own["dependencies"]).iter().find(|d| d["name"] == "langfuse");
    assert!(dependency.is_some(), "the release's chart does not declare the packaged one");
}

/// Layer, releases in it; the order inside a layer is `after`'s.
const LAYERS: [(u32, &[&str]); 8] = [
    (10, &["coredns-config", "namespace"]),
    (12, &["registry-alias", "registry-mirror"]),
    (15, &["vault-secret-store", "vault-secrets-data-plane"]),
    (20, &["gateway"]),
    (40, &["db-migrations"]),
    (50, &["devpi-registry", "go-module-uploader", "langfuse", "langfuse-bootstrap", "pgadmin", "plausible"]),
    (
        60,
        &[
            "agents",
            "agents-runtime",
            "graph",
            "inference",
            "inference-gateway",
            "platform",
            "threads",
            "transformation",
            "workflows",
            "workflows-runtime",
        ],
    ),
    (70, &["www-ameide", "www-ameide-platform"]),
];

const LOCAL_ONLY: [&str; 4] = ["coredns-config", "db-migrations", "registry-alias", "registry-mirror"];

#[test]
fn the_list_shows_every_release_with_its_layer_and_why_it_is_off() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["list", "--root"]).arg(workspace()).env("PATH", path_with_helm()).env("NO_COLOR", "1");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = stdout(&output);
    let row = Regex::new(r"(?m)^ +(\d+)  (\S+) +(✓|off) +(✓|off) +(✓|off) *(?:after (.*))?$").unwrap();
    let mut shown: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for found in row.captures_iter(&text) {
        let release = &found[2];
        shown.entry(found[1].parse().unwrap()).or_default().insert(release.to_owned());
        let elsewhere = if LOCAL_ONLY.contains(&release) { "off" } else { "✓" };
        assert_eq!((&found[3], &found[4], &found[5]), ("✓", elsewhere, elsewhere), "{release}");
        let after = found.get(6).map(|m| m.as_str().trim());
        let meant = match release {
            "langfuse" => Some("langfuse-bootstrap"),
            "vault-secrets-data-plane" => Some("vault-secret-store"),
            _ => None,
        };
        assert_eq!(after, meant, "{release}");
    }
    let meant: BTreeMap<u32, BTreeSet<String>> =
        LAYERS.iter().map(|(number, names)| (*number, names.iter().map(|n| (*n).to_owned()).collect())).collect();
    assert_eq!(shown, meant);
    for release in LOCAL_ONLY {
        for env in ["staging", "production"] {
            let reason = Regex::new(&format!(r"(?m)^  {env}/{release}  \S.{{8,}}$")).unwrap();
            assert!(reason.is_match(&text), "{env}/{release} is off without a reason:\n{text}");
        }
    }
    assert!(text.contains("26 releases · 70 cells · 8 off"), "{text}");
}

/// The retired release's name stands in the matrix file's `retired`, and where documents say that it is retired; nowhere else.
#[test]
fn the_retired_name_is_found_nowhere_else() {
    let matrix_file = yaml_file("environments/matrix.yaml").unwrap();
    let names = [["runtime", "agent", "langgraph"].join("-"), ["runtime", "agent", "langgraph"].join("_")];
    let retired = items(&matrix_file["retired"]).iter().any(|entry| entry["release"] == names[0].as_str());
    assert!(retired, "the matrix file does not say that the name is retired");
    let mut failures = Vec::new();
    let mut walk = ignore::WalkBuilder::new(workspace());
    walk.standard_filters(false).filter_entry(|e| e.file_name() != "target" && e.file_name() != ".git");
    for entry in walk.build().flatten() {
        let path = entry.path().strip_prefix(workspace()).unwrap().to_string_lossy().into_owned();
        if names.iter().any(|name| path.contains(name)) {
            failures.push(format!("{path} has the retired name"));
        }
        let text = fs::read(entry.path()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| names.iter().any(|name| line.contains(name))) {
            let says_so = ["retired", "merged", "folded"].iter().any(|word| line.contains(word));
            let document = path.ends_with(".md") && !path.starts_with("charts/");
            let allowed = says_so && document || path == "environments/matrix.yaml" && line.contains("release:");
            if !allowed {
                failures.push(format!("{path}:{} has the retired name", index + 1));
            }
        }
    }
    told(&failures);
    assert!(dotted(&matrix_file, "layers").is_object());
}
