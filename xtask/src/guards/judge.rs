//! What comes out when a value is taken away: a refusal that names it or not, a render that still works, or one with holes.

use std::collections::{BTreeMap, BTreeSet};

use checks::object::{self, Object};
use serde::{Deserialize, Serialize};
use yaml::{Node, Value};

use crate::helm::render::{Render, Status};

/// The verdict about one render without a value. It holds no values, so it can be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// A guard refused.
    Guarded {
        /// Whether its message names the value.
        named: bool,
        /// `chart/templates/file.yaml:line`, as Helm says it.
        at: String,
    },
    /// Helm refused, but no guard spoke.
    Stopped {
        /// `chart/templates/file.yaml:line`, when Helm says it.
        at: String,
    },
    /// It rendered.
    Rendered {
        /// What is wrong in it; empty when nothing is.
        faults: Vec<Fault>,
    },
}

/// Something wrong in a render.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fault {
    /// `Kind namespace/name`.
    pub object: String,
    /// Where in it.
    pub path: String,
    /// What.
    pub kind: FaultKind,
    /// The template that made it.
    pub template: Option<String>,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FaultKind {
    /// A reference without a name or key.
    EmptyReference,
    /// An entry that had a value and is empty.
    Empty,
    /// What a template prints for nothing: `<no value>`, `%!s(<nil>)`.
    NoValue,
    /// A literal where a reference was, or a Secret made of values.
    Literal,
}

impl FaultKind {
    /// In a sentence: the render holds …
    pub fn words(self) -> &'static str {
        match self {
            Self::EmptyReference => "a reference to nothing",
            Self::Empty => "an empty entry",
            Self::NoValue => "the text of a missing value",
            Self::Literal => "a literal where a Secret's value was",
        }
    }
}

/// A cell's render as it is, with which others are compared.
pub struct Baseline {
    /// Whether each scalar says something, by object and path.
    leaves: BTreeMap<(String, String), bool>,
    objects: BTreeSet<String>,
    /// `env` entries that take their value from somewhere.
    taken: BTreeSet<(String, String)>,
}

impl Baseline {
    /// Reads a render.
    pub fn of(render: &str, namespace: &str) -> Self {
        let mut baseline = Self { leaves: BTreeMap::new(), objects: BTreeSet::new(), taken: BTreeSet::new() };
        for object in object::objects(render, namespace).0 {
            let id = object.id.to_string();
            walk(&object.root, &mut Vec::new(), &mut |path, node| {
                if node.get("valueFrom").is_some() {
                    baseline.taken.insert((id.clone(), path.to_owned()));
                }
                if let Some(text) = node.text() {
                    baseline.leaves.insert((id.clone(), path.to_owned()), !text.is_empty() && !node.is_null());
                }
            });
            baseline.objects.insert(id);
        }
        baseline
    }

    /// What is wrong in a render, sorted.
    pub fn faults(&self, render: &str, namespace: &str) -> Vec<Fault> {
        let mut faults = Vec::new();
        for object in object::objects(render, namespace).0 {
            self.object(&object, &mut faults);
        }
        faults.sort();
        faults.dedup();
        faults
    }

    fn object(&self, object: &Object, faults: &mut Vec<Fault>) {
        let id = object.id.to_string();
        let mut fault = |path: &str, kind| {
            faults.push(Fault { object: id.clone(), path: path.to_owned(), kind, template: object.template.clone() });
        };
        let holds = |key: &str| object.root.get(key).is_some_and(|map| !map.entries().is_empty());
        if object.id.kind == "Secret" && object.id.group.is_empty() && !self.objects.contains(&id) {
            for part in ["data", "stringData"].into_iter().filter(|part| holds(part)) {
                fault(part, FaultKind::Literal);
            }
        }
        walk(&object.root, &mut Vec::new(), &mut |path, node| {
            let key = (id.clone(), path.to_owned());
            let last = path.rsplit('.').next().unwrap_or_default();
            if let Some(named) = reference(last)
                && node.is_mapping()
            {
                let empty = |key: &&&str| node.get(key).is_none_or(|value| value.is_null() || value.text() == Some(""));
                for missing in named.iter().filter(empty) {
                    // One that was empty before is another rule's business.
                    if self.leaves.get(&(id.clone(), format!("{path}.{missing}"))) != Some(&false) {
                        fault(&format!("{path}.{missing}"), FaultKind::EmptyReference);
                    }
                }
            }
            if let Some(value) = node.get("value").and_then(Node::text)
                && self.taken.contains(&key)
            {
                let kind = if value.is_empty() { FaultKind::Empty } else { FaultKind::Literal };
                fault(&format!("{path}.value"), kind);
            }
            let Some(text) = node.text() else { return };
            let was = self.leaves.get(&key);
            if ["<no value>", "<nil>", "%!"].iter().any(|nothing| text.contains(nothing)) {
                fault(path, FaultKind::NoValue);
            } else if (text.is_empty() || node.is_null()) && was == Some(&true) {
                let told = path.rsplit('.').nth(1).is_some_and(|parent| reference(parent).is_some());
                if !told {
                    let kind = if last == "secretName" { FaultKind::EmptyReference } else { FaultKind::Empty };
                    fault(path, kind);
                }
            } else if (text.is_empty() || node.is_null()) && was.is_none() && path.ends_with("].name") {
                // An item of a list goes by its name: the one without a name is compared with none.
                let parent = path.rsplit('.').nth(1).and_then(|step| step.split('[').next()).unwrap_or_default();
                let points = parent.ends_with("Refs") || parent.ends_with("Secrets");
                fault(path, if points { FaultKind::EmptyReference } else { FaultKind::Empty });
            }
        });
    }
}

/// What a map of this name must say to refer to something.
fn reference(key: &str) -> Option<&'static [&'static str]> {
    let key = key.split('[').next().unwrap_or(key);
    match key {
        "secretKeyRef" | "configMapKeyRef" => Some(&["name", "key"]),
        "secretRef" | "configMapRef" | "secretStoreRef" => Some(&["name"]),
        "remoteRef" => Some(&["key"]),
        _ => None,
    }
}

/// Visits every node with its path. Items of lists go by their names, so that one more or less does not move the others.
fn walk(node: &Node, path: &mut Vec<String>, visit: &mut dyn FnMut(&str, &Node)) {
    visit(&path.join(".").replace(".[", "["), node);
    match &node.value {
        Value::Scalar(..) => {}
        Value::Mapping(entries) => {
            for entry in entries {
                path.push(entry.key.text().unwrap_or("?").to_owned());
                walk(&entry.value, path, visit);
                path.pop();
            }
        }
        Value::Sequence(items) => {
            for (at, item) in items.iter().enumerate() {
                let named = |key: &&str| item.get(key).filter(|name| !name.is_null()).and_then(Node::text);
                let name = ["name", "secretKey", "mountPath"].iter().find_map(named);
                let step = name.filter(|name| !name.is_empty()).map_or_else(|| format!("[{at}]"), |n| format!("[{n}]"));
                path.push(step);
                walk(item, path, visit);
                path.pop();
            }
        }
    }
}

/// Judges a render from which values were taken away. `None` when Helm did not get to say anything.
pub fn verdict(render: &Render, baseline: &Baseline, namespace: &str, paths: &[Vec<String>]) -> Option<Verdict> {
    match &render.status {
        Status::Rendered => {
            let text = String::from_utf8_lossy(&render.stdout);
            Some(Verdict::Rendered { faults: baseline.faults(&text, namespace) })
        }
        Status::Refused => Some(refusal(&render.stderr, paths)),
        Status::TooLarge | Status::TimedOut | Status::Died(_) | Status::NotRun { .. } | Status::Cancelled => None,
    }
}

fn refusal(stderr: &str, paths: &[Vec<String>]) -> Verdict {
    let named = |message: &str| paths.iter().any(|path| names(message, path));
    if let Some((_, rest)) = stderr.split_once("execution error at (")
        && let Some((at, message)) = rest.split_once("): ")
    {
        return Verdict::Guarded { named: named(message), at: place(at) };
    }
    if let Some((_, message)) = stderr.split_once("don't meet the specifications of the schema") {
        // A missing key is told apart from the map that lacks it: "at '/redis': missing property 'url'".
        let both =
            |line: &str| paths.iter().any(|path| path.iter().rev().take(2).all(|key| line.contains(key.as_str())));
        return Verdict::Guarded { named: named(message) || message.lines().any(both), at: String::new() };
    }
    let at = stderr.split_whitespace().find(|word| word.contains("/templates/") && word.contains(':'));
    Verdict::Stopped { at: at.map(|at| place(at.trim_matches(['(', ')', ',']))).unwrap_or_default() }
}

/// `chart/templates/file.yaml:line` of what may have a column and more behind it.
fn place(at: &str) -> String {
    at.splitn(3, ':').take(2).collect::<Vec<_>>().join(":")
}

/// Whether a message names a value: its last two keys stand in it side by side, in whatever spelling (`REDIS_URL` names
/// `redis.url`); of a path with one key, that key.
fn names(message: &str, path: &[String]) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
    };
    let keys: String = path[path.len().saturating_sub(2)..].iter().map(|key| plain(key)).collect();
    plain(message).contains(&keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(env: &str, more: &str) -> String {
        format!(
            "---\n# Source: web/templates/d.yaml\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  containers:\n  - name: c\n    env:\n{env}\n{more}"
        )
    }

    const WITH: &str = "    - name: P\n      valueFrom: {secretKeyRef: {name: s, key: k}}\n    - {name: Q, value: q}";

    #[test]
    fn holes_are_seen_and_defaults_are_not() {
        let baseline = Baseline::of(&render(WITH, ""), "n");
        let kinds = |env: &str, more: &str| {
            let faults = baseline.faults(&render(env, more), "n");
            faults.iter().map(|f| (f.path.clone(), f.kind)).collect::<Vec<_>>()
        };
        let one = |path: &str, kind| vec![(path.to_owned(), kind)];
        let container = "spec.containers[c].env";
        assert_eq!(kinds(WITH, ""), []);
        assert_eq!(
            kinds(
                "    - name: P\n      valueFrom: {secretKeyRef: {name: default, key: k}}\n    - {name: Q, value: q}",
                ""
            ),
            []
        );
        assert_eq!(kinds("    - {name: Q, value: q}", ""), [], "the reference went as a whole");
        assert_eq!(
            kinds("    - name: P\n      valueFrom: {secretKeyRef: {name: , key: k}}", ""),
            one(&format!("{container}[P].valueFrom.secretKeyRef.name"), FaultKind::EmptyReference)
        );
        assert_eq!(
            kinds("    - name: P\n      valueFrom: {secretKeyRef: {key: k}}", ""),
            one(&format!("{container}[P].valueFrom.secretKeyRef.name"), FaultKind::EmptyReference)
        );
        assert_eq!(
            kinds("    - {name: P, value: literal}", ""),
            one(&format!("{container}[P].value"), FaultKind::Literal)
        );
        assert_eq!(kinds("    - {name: Q, value: \"\"}", ""), one(&format!("{container}[Q].value"), FaultKind::Empty));
        assert_eq!(
            kinds("    - {name: Q, value: \"x <no value>\"}", ""),
            one(&format!("{container}[Q].value"), FaultKind::NoValue)
        );
        let gateway = |name: &str| {
            format!("---\nkind: Gateway\nmetadata: {{name: g}}\ntls:\n  certificateRefs: [{{name: {name}}}]\n")
        };
        let named = Baseline::of(&gateway("cert"), "n").faults(&gateway(""), "n");
        assert_eq!((named[0].path.as_str(), named[0].kind), ("tls.certificateRefs[0].name", FaultKind::EmptyReference));
        assert_eq!(Baseline::of(&gateway(""), "n").faults(&gateway(""), "n"), []);
        let secret = "---\nkind: Secret\napiVersion: v1\nmetadata: {name: made}\nstringData: {a: b}\n";
        assert_eq!(kinds(WITH, secret), one("stringData", FaultKind::Literal));
    }

    #[test]
    fn a_refusal_names_the_value_or_not() {
        let path = [vec!["redis".to_owned(), "url".to_owned()]];
        let guard = |message: &str| {
            refusal(&format!("Error: execution error at (web/templates/d.yaml:3:4): {message}\n"), &path)
        };
        let at = "web/templates/d.yaml:3".to_owned();
        for message in ["set `redis.url`", "REDIS_URL is required", "the redis URL is missing"] {
            assert_eq!(guard(message), Verdict::Guarded { named: true, at: at.clone() }, "{message}");
        }
        assert_eq!(guard("a value is missing"), Verdict::Guarded { named: false, at: at.clone() });
        let stopped =
            refusal("Error: web/templates/d.yaml:3:4\n  executing \"x\" at <.Values.redis.url>:\n nil pointer", &path);
        assert_eq!(stopped, Verdict::Stopped { at });
        let schema = "Error: values don't meet the specifications of the schema(s) in the following chart(s):\nweb:\n- at '/redis/url': got null, want string\n";
        assert_eq!(refusal(schema, &path), Verdict::Guarded { named: true, at: String::new() });
        let schema = schema.replace("at '/redis/url': got null, want string", "at '/redis': missing property 'url'");
        assert_eq!(refusal(&schema, &path), Verdict::Guarded { named: true, at: String::new() });
    }
}
