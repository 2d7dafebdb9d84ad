//! Names that stand where no rule of reference applies: in arguments, scripts, literal variables, annotations, custom
//! resources. They prove nothing, but they are a reason to stay silent. Only their hashes are kept.

use std::collections::BTreeSet;

use super::{Facts, fields, pods};
use crate::object::Object;
use yaml::Node;

/// A cell with more names than this has its last ones left out.
const MOST: usize = 4_000;

/// The hash of a name; 32 bits, so that two names may rarely meet.
pub fn token_hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Fields whose scalars are no mention: identity and labels.
const SKIPPED: &[&str] = &["apiVersion", "kind", "metadata", "labels", "matchLabels", "selector", "image", "status"];

/// The names that were found, each once.
#[derive(Default)]
struct Names {
    mentioned: BTreeSet<u32>,
    told: BTreeSet<u32>,
}

pub fn read(facts: &mut Facts, objects: &[Object]) {
    let writes = objects.iter().any(|o| allows(o, &["secrets", "configmaps"], &["create", "update", "patch"], false));
    facts.creates_secrets = objects.iter().any(|o| allows(o, &["secrets"], &["create"], true));
    facts.reads_secrets = objects.iter().any(|o| allows(o, &["secrets"], &["get", "list", "watch"], true));
    let mut names = Names::default();
    for object in objects {
        let mut note = |text: &str, strict: bool, told: bool| tokens(&mut names, text, strict, told && writes);
        for entry in fields::node_at(&object.root, "metadata.annotations").map(Node::entries).unwrap_or_default() {
            if entry.key.text().is_some_and(|k| !k.starts_with("meta.helm.sh/")) {
                note(entry.value.text().unwrap_or_default(), true, false);
            }
        }
        if let Some((_, pod)) = pods::pod_of(object) {
            for list in ["containers", "initContainers"] {
                for container in fields::items(pod, list) {
                    for field in ["args", "command"] {
                        scalars_at(container, field, &mut |text| note(text, true, true));
                    }
                    for entry in fields::items(container, "env") {
                        note(fields::text(entry, "value").unwrap_or_default(), true, true);
                    }
                }
            }
            continue;
        }
        match (object.id.group.as_str(), object.id.kind.as_str()) {
            ("", "ConfigMap") => scalars_at(&object.root, "data", &mut |text| {
                let speaks = text.contains("ecret") || text.contains("SECRET");
                note(text, true, speaks);
            }),
            ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => {
                for rule in fields::items(&object.root, "rules") {
                    scalars_at(rule, "resourceNames", &mut |text| note(text, false, true));
                }
            }
            ("" | super::eso::GROUP | "networking.k8s.io" | "apps" | "batch" | "apiextensions.k8s.io", _) => {}
            // Custom resources refer to Secrets under names of their own: `credentialName`, `passwordSecretRef`, `parameters`.
            _ => scalars_but(&object.root, makes(object), &mut |text| note(text, false, false)),
        }
    }
    facts.mentioned = names.mentioned.into_iter().collect();
    facts.told = names.told.into_iter().collect();
}

/// The fields under `spec` by which an object makes a Secret, where the name is no use of it, and those whose references are read
/// elsewhere. Other fields may use another.
fn makes(object: &Object) -> &'static [&'static str] {
    match (object.id.group.as_str(), object.id.kind.as_str()) {
        ("cert-manager.io", "Certificate") => &["secretName", "keystores"],
        ("secrets.hashicorp.com", _) => &["destination"],
        ("bitnami.com", "SealedSecret") => &["template"],
        _ => &[],
    }
}

/// Whether a role allows one of the verbs on one of the resources; `any` asks for objects of any name.
fn allows(object: &Object, resources: &[&str], verbs: &[&str], any: bool) -> bool {
    object.id.group == "rbac.authorization.k8s.io"
        && fields::items(&object.root, "rules").iter().any(|rule| {
            let has = |field: &str, wanted: &[&str]| {
                fields::items(rule, field).iter().filter_map(Node::text).any(|t| t == "*" || wanted.contains(&t))
            };
            has("resources", resources)
                && has("verbs", verbs)
                && (!any || fields::items(rule, "resourceNames").is_empty())
        })
}

fn scalars_at(node: &Node, field: &str, visit: &mut dyn FnMut(&str)) {
    if let Some(node) = node.get(field) {
        scalars(node, visit);
    }
}

/// The scalars of an object, without some fields of its `spec`.
fn scalars_but(root: &Node, fields: &[&str], visit: &mut dyn FnMut(&str)) {
    for entry in root.entries() {
        let Some(key) = entry.key.text().filter(|key| !SKIPPED.contains(key)) else { continue };
        if key != "spec" {
            scalars(&entry.value, visit);
            continue;
        }
        for inner in entry.value.entries() {
            if !inner.key.text().is_some_and(|key| fields.contains(&key) || SKIPPED.contains(&key)) {
                scalars(&inner.value, visit);
            }
        }
    }
}

fn scalars(node: &Node, visit: &mut dyn FnMut(&str)) {
    if let Some(text) = node.text() {
        visit(text);
        return;
    }
    for item in node.items() {
        scalars(item, visit);
    }
    for entry in node.entries() {
        if !entry.key.text().is_some_and(|key| SKIPPED.contains(&key)) {
            scalars(&entry.value, visit);
        }
    }
}

/// Notes the names in a text. Inside longer texts a name without a dash is an ordinary word (`strict`), but not for a program
/// that is told which Secret to create.
fn tokens(names: &mut Names, text: &str, strict: bool, told: bool) {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    for token in text.split(|c: char| !is_name(c)) {
        let token = token.trim_matches(['-', '.']);
        if !(3..=253).contains(&token.len()) || token.bytes().any(|b| b.is_ascii_uppercase()) {
            continue;
        }
        if (!strict || token.contains('-')) && names.mentioned.len() < MOST {
            names.mentioned.insert(token_hash(token));
        }
        if told && names.told.len() < MOST {
            names.told.insert(token_hash(token));
        }
    }
}
