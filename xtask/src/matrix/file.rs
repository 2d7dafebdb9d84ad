//! The matrix file as written: every key that it may hold, with its place, before anything is looked up on the disk.

use std::collections::{BTreeMap, BTreeSet};

use checks::model::{Environment, External, Helm, Kube, Mask, Part, Retired, RetiredKind, Secrets, SetValue, Severity};
use checks::rules;
use yaml::{Node, Resolved, Span};

use super::forms::{RELEASE, api_version, exact_version, name, namespace, owns};
use super::read::{Reader, Spanned};
use checks::nearest::did_you_mean;

/// The file as written.
pub struct File {
    pub helm: Helm,
    pub paths: Paths,
    pub environments: Vec<(Environment, Settings)>,
    pub kube: Kube,
    pub secrets: Option<Secrets>,
    pub releases: Vec<RawRelease>,
    pub retired: Vec<Retired>,
    pub rules: BTreeMap<String, Severity>,
    pub waivers: Option<Spanned<String>>,
    pub baseline: Option<Spanned<String>>,
    pub environments_span: Span,
    pub layers_span: Span,
}

/// `paths:`.
pub struct Paths {
    pub chart: Spanned<String>,
    pub values: Vec<Link>,
    pub golden: Spanned<String>,
    pub docs: Option<Spanned<String>>,
}

/// One link of a values chain as written.
#[derive(Clone)]
pub struct Link {
    pub path: Spanned<String>,
    pub part: Option<Part>,
}

/// What a later step overrides: file, environment, release, release in an environment.
#[derive(Default, Clone)]
pub struct Settings {
    pub chart: Option<Spanned<String>>,
    pub namespace: Option<Spanned<String>>,
    pub values: Option<Vec<Link>>,
    pub kube: Option<Kube>,
    pub mask: Option<Vec<Mask>>,
    pub set: Vec<SetValue>,
}

/// One release as written.
pub struct RawRelease {
    pub name: Spanned<String>,
    pub layer: u32,
    pub settings: Settings,
    pub after: Vec<Spanned<String>>,
    pub off: Vec<(Spanned<String>, Spanned<String>)>,
    pub no_overlay: Vec<(Spanned<String>, Spanned<String>)>,
    pub classify: bool,
    pub environments: Vec<(Spanned<String>, Settings)>,
}

const TOP: &[&str] = &[
    "version",
    "helm",
    "kube",
    "paths",
    "environments",
    "secrets",
    "layers",
    "retired",
    "rules",
    "waivers",
    "baseline",
    "discover",
];

/// Reads the whole file.
pub fn read(reader: &Reader, root: &Node) -> Option<File> {
    reader.map(root, "the matrix file", TOP);
    if let Some(entry) = root.entry("discover") {
        reader.not_yet(entry.key.span, "`discover`");
    }
    match root.get("version") {
        Some(node) if node.as_i64() == Some(1) => {}
        Some(node) => {
            let found = reader.at("matrix/version", node.span, "this program reads version 1 of the matrix file");
            reader.push(found.help("write `version: 1`"));
        }
        None => reader.missing(root.span, "the matrix file", "version", "version: 1"),
    }
    let helm = helm(reader, root)?;
    let kube = if let Some(node) = root.get("kube") {
        kube(reader, node)
    } else {
        reader.missing(root.span, "the matrix file", "kube", "kube: {version: 1.33.4}");
        Kube::default()
    };
    let paths = paths(reader, root);
    let environments = environments(reader, root);
    let releases = layers(reader, root);
    Some(File {
        helm,
        kube,
        paths: paths?,
        environments,
        secrets: root.entry("secrets").map(|entry| secrets(reader, &entry.value, entry.key.span)),
        releases,
        retired: root.get("retired").map(|node| retired(reader, node)).unwrap_or_default(),
        rules: root.get("rules").map(|node| severities(reader, node)).unwrap_or_default(),
        waivers: root.get("waivers").and_then(|n| reader.text(n, "`waivers`")),
        baseline: root.get("baseline").and_then(|n| reader.text(n, "`baseline`")),
        environments_span: root.entry("environments").map_or(root.span, |e| e.key.span),
        layers_span: root.entry("layers").map_or(root.span, |e| e.key.span),
    })
}

fn helm(reader: &Reader, root: &Node) -> Option<Helm> {
    let Some(node) = root.get("helm") else {
        reader.missing(root.span, "the matrix file", "helm", "helm: {version: 4.3.1, namespace: default}");
        return None;
    };
    reader.map(node, "`helm`", &["version", "namespace", "include_crds"]);
    let version = if let Some(node) = node.get("version") {
        exact_version(reader, node, "Helm's version", "4.3.1")
    } else {
        reader.missing(node.span, "`helm`", "version", "version: 4.3.1");
        None
    };
    Some(Helm {
        version: version.unwrap_or_default(),
        namespace: node
            .get("namespace")
            .and_then(|n| namespace(reader, n))
            .map_or_else(|| "default".to_owned(), |s| s.value),
        include_crds: node.get("include_crds").is_some_and(|n| reader.flag(n, "`include_crds`")),
    })
}

fn kube(reader: &Reader, node: &Node) -> Kube {
    reader.map(node, "`kube`", &["version", "apis"]);
    let version = if let Some(version) = node.get("version") {
        exact_version(reader, version, "the Kubernetes version", "1.33.4")
    } else {
        reader.missing(node.span, "`kube`", "version", "version: 1.33.4");
        None
    };
    let mut apis: Vec<String> = Vec::new();
    for api in node.get("apis").map(|n| reader.texts(n, "`apis`")).unwrap_or_default() {
        if let Err(help) = api_version(&api.value) {
            let found = reader.at("matrix/wrong-type", api.span, format!("`{}` is no API", api.value));
            reader.push(found.help(help));
        }
        apis.push(api.value);
    }
    Kube { version: version.unwrap_or_default(), apis }
}

fn paths(reader: &Reader, root: &Node) -> Option<Paths> {
    let Some(node) = root.get("paths") else {
        reader.missing(
            root.span,
            "the matrix file",
            "paths",
            "paths: {chart: charts/{chart}, values: […], golden: tests/golden/{env}/{release}.yaml}",
        );
        return None;
    };
    reader.map(node, "`paths`", &["chart", "values", "golden", "docs"]);
    let text = |key: &str, example: &str| {
        if let Some(value) = node.get(key) {
            reader.text(value, &format!("`paths.{key}`"))
        } else {
            reader.missing(node.span, "`paths`", key, example);
            None
        }
    };
    let chart = text("chart", "chart: charts/{chart}");
    let golden = text("golden", "golden: tests/golden/{env}/{release}.yaml");
    Some(Paths {
        values: node.get("values").map(|n| chain(reader, n)).unwrap_or_default(),
        docs: node.get("docs").and_then(|n| reader.text(n, "`paths.docs`")),
        chart: chart?,
        golden: golden?,
    })
}

/// A values chain: path patterns in Helm's order. `{file, kind, at}` takes the values out of another tool's manifest.
fn chain(reader: &Reader, node: &Node) -> Vec<Link> {
    let mut chain = Vec::new();
    for item in reader.list(node, "the values chain") {
        if !item.is_mapping() {
            chain.extend(reader.text(item, "a values path").map(|path| Link { path, part: None }));
            continue;
        }
        reader.map(item, "a values entry", &["file", "kind", "at"]);
        let text = |key: &str| item.get(key).and_then(|n| reader.text(n, &format!("`{key}` of a values entry")));
        let (Some(path), Some(at)) = (text("file"), text("at")) else {
            for (key, example) in [("file", "file: clusters/{env}/{release}.yaml"), ("at", "at: /spec/values")] {
                if item.get(key).is_none() {
                    reader.missing(item.span, "a values entry", key, example);
                }
            }
            continue;
        };
        if !at.value.starts_with('/') {
            let found = reader.at("matrix/wrong-type", at.span, format!("`{}` is no JSON pointer", at.value));
            reader.push(found.help("begin it with `/`, e.g. `/spec/values`"));
        }
        chain.push(Link { path, part: Some(Part { kind: text("kind").map(|k| k.value), at: at.value }) });
    }
    chain
}

fn environments(reader: &Reader, root: &Node) -> Vec<(Environment, Settings)> {
    let Some(node) = root.get("environments").filter(|n| !n.is_null()) else {
        reader.missing(
            root.span,
            "the matrix file",
            "environments",
            "environments: {staging: {}, production: {protected: true}}",
        );
        return Vec::new();
    };
    let mut environments = Vec::new();
    for entry in reader.map(node, "`environments`", &[]) {
        let Some(name) = name(reader, &entry.key, "an environment", 63) else { continue };
        let what = format!("environment `{name}`");
        let body = &entry.value;
        reader.map(body, &what, &["owns", "protected", "fixtures", "namespace", "values", "kube"]);
        let settings = Settings {
            namespace: body.get("namespace").and_then(|n| namespace(reader, n)),
            values: body.get("values").map(|n| chain(reader, n)),
            kube: body.get("kube").map(|n| kube(reader, n)),
            ..Settings::default()
        };
        let environment = Environment {
            name,
            owns: body.get("owns").map(|n| owns(reader, n)).unwrap_or_default(),
            protected: body.get("protected").is_some_and(|n| reader.flag(n, "`protected`")),
            fixtures: body.get("fixtures").and_then(|n| reader.text(n, "`fixtures`")).map(|s| s.value),
            place: reader.place(entry.key.span),
        };
        environments.push((environment, settings));
    }
    environments
}

fn layers(reader: &Reader, root: &Node) -> Vec<RawRelease> {
    let Some(node) = root.get("layers").filter(|n| !n.is_null()) else {
        reader.missing(root.span, "the matrix file", "layers", "layers: {10: {namespace: {}}}");
        return Vec::new();
    };
    let mut releases = Vec::new();
    for entry in reader.map(node, "`layers`", &[]) {
        let number = entry.key.as_i64().and_then(|n| u32::try_from(n).ok());
        let Some(layer) = number else {
            let found = reader.at(
                "matrix/wrong-type",
                entry.key.span,
                format!("`{}` is no layer number", entry.key.text().unwrap_or("?")),
            );
            reader.push(found.help("layers are numbers; smaller ones are installed earlier"));
            continue;
        };
        for release in reader.map(&entry.value, &format!("layer {layer}"), &[]) {
            releases.extend(raw_release(reader, &release.key, &release.value, layer));
        }
    }
    releases
}

fn raw_release(reader: &Reader, key: &Node, body: &Node, layer: u32) -> Option<RawRelease> {
    let value = name(reader, key, RELEASE, 53)?;
    let what = format!("release `{value}`");
    let mut known = vec!["after", "off", "no_overlay", "classify", "environments", "version", "digest"];
    known.extend(SETTINGS);
    reader.map(body, &what, &known);
    for later in ["version", "digest"] {
        if let Some(entry) = body.entry(later) {
            reader.not_yet(entry.key.span, &format!("`{later}` of a chart in a registry"));
        }
    }
    let mut environments = Vec::new();
    if let Some(node) = body.get("environments") {
        for entry in reader.map(node, &format!("`environments` of {what}"), &[]) {
            let Some(env) = reader.text(&entry.key, "an environment") else { continue };
            reader.map(&entry.value, &format!("{what} in `{}`", env.value), SETTINGS);
            environments.push((env, settings(reader, &entry.value)));
        }
    }
    Some(RawRelease {
        layer,
        settings: settings(reader, body),
        after: body.get("after").map(|n| reader.texts(n, "`after`")).unwrap_or_default(),
        off: body.get("off").map(|n| reader.reasons(n, "`off`")).unwrap_or_default(),
        no_overlay: body.get("no_overlay").map(|n| reader.reasons(n, "`no_overlay`")).unwrap_or_default(),
        classify: body.get("classify").is_some_and(|n| strict(reader, n)),
        environments,
        name: Spanned { value, span: key.span },
    })
}

/// `classify: strict` is the one word there is.
fn strict(reader: &Reader, node: &Node) -> bool {
    let is_strict = node.text() == Some("strict");
    if !is_strict {
        let found = reader.at("matrix/wrong-type", node.span, "`classify` knows one word");
        reader.push(found.help("write `classify: strict`, or delete the key"));
    }
    is_strict
}

const SETTINGS: &[&str] = &["chart", "namespace", "values", "kube", "mask", "set"];

fn settings(reader: &Reader, node: &Node) -> Settings {
    let chart = node.get("chart").and_then(|n| reader.text(n, "`chart`"));
    if let Some(oci) = chart.as_ref().filter(|c| c.value.contains("://")) {
        if node.get("digest").is_none() {
            let found = reader.at("matrix/version", oci.span, "a chart of a registry needs its digest");
            reader.push(found.help("write `digest: sha256:…` beside it: a tag can be moved, a digest cannot"));
        }
        reader.not_yet(oci.span, "a chart of a registry");
    }
    Settings {
        chart,
        namespace: node.get("namespace").and_then(|n| namespace(reader, n)),
        values: node.get("values").map(|n| chain(reader, n)),
        kube: node.get("kube").map(|n| kube(reader, n)),
        mask: node.get("mask").map(|n| masks(reader, n)),
        set: node.get("set").map(|n| set(reader, n)).unwrap_or_default(),
    }
}

/// `set: {image.tag: "1.2", replicas: 3}`: a quoted text stays a text, anything else Helm types as it does with `--set`.
fn set(reader: &Reader, node: &Node) -> Vec<SetValue> {
    let mut values = Vec::new();
    for entry in reader.map(node, "`set`", &[]) {
        let Some(path) = reader.text(&entry.key, "a value's path") else { continue };
        match (entry.value.text(), entry.value.resolve()) {
            (Some(text), Some(resolved)) => values.push(SetValue {
                path: path.value,
                value: text.to_owned(),
                string: matches!(resolved, Resolved::Str(_)),
            }),
            _ => {
                let found = reader.at("matrix/wrong-type", entry.value.span, "a `set` value is no scalar");
                reader.push(found.help("write lists and maps into a values file"));
            }
        }
    }
    values
}

fn masks(reader: &Reader, node: &Node) -> Vec<Mask> {
    let mut masks = Vec::new();
    for item in reader.list(node, "`mask`") {
        reader.map(item, "a mask", &["path", "reason"]);
        let path = item.get("path").and_then(|n| reader.text(n, "a mask's path"));
        let reason = item.get("reason").and_then(Node::as_str).map(str::trim).filter(|r| !r.is_empty());
        match (path, reason) {
            (Some(path), Some(reason)) => masks.push(Mask { path: path.value, reason: reason.to_owned() }),
            (None, _) => {
                reader.missing(
                    item.span,
                    "a mask",
                    "path",
                    "path: Deployment/web:metadata.annotations.checksum/config",
                );
            }
            (_, None) => reader.push(
                reader
                    .at("matrix/empty-reason", item.span, "a mask has no reason")
                    .help("write why this part differs at each render, e.g. `reason: the chart makes a salt anew`"),
            ),
        }
    }
    masks
}

fn secrets(reader: &Reader, node: &Node, span: Span) -> Secrets {
    reader.map(node, "`secrets`", &["api", "store", "remote", "external"]);
    let text = |node: Option<&Node>, what: &str| node.and_then(|n| reader.text(n, what)).map(|s| s.value);
    if let Some(remote) = node.get("remote") {
        reader.map(remote, "`secrets.remote`", &["key", "property"]);
    }
    let mut external = Vec::new();
    for item in node.get("external").map(|n| reader.list(n, "`secrets.external`")).unwrap_or_default() {
        reader.map(item, "an external Secret", &["secret", "keys", "by", "namespace", "environments"]);
        let (secret, by) = (text(item.get("secret"), "`secret`"), text(item.get("by"), "`by`"));
        for (key, there, example) in
            [("secret", secret.is_some(), "secret: ameide-tls"), ("by", by.is_some(), "by: cert-manager")]
        {
            if !there {
                reader.missing(item.span, "an external Secret", key, example);
            }
        }
        let list =
            |key: &str| item.get(key).map(|n| reader.texts(n, key)).unwrap_or_default().into_iter().map(|s| s.value);
        external.push(External {
            secret: secret.unwrap_or_default(),
            keys: list("keys").collect(),
            by: by.unwrap_or_default(),
            namespace: item.get("namespace").and_then(|n| namespace(reader, n)).map(|s| s.value),
            environments: list("environments").collect::<BTreeSet<_>>(),
            place: reader.place(item.span),
        });
    }
    Secrets {
        api: text(node.get("api"), "`secrets.api`"),
        store: text(node.get("store"), "`secrets.store`"),
        remote_key: text(node.at(&["remote", "key"]), "`secrets.remote.key`"),
        remote_property: text(node.at(&["remote", "property"]), "`secrets.remote.property`"),
        external,
        place: reader.place(span),
    }
}

fn retired(reader: &Reader, node: &Node) -> Vec<Retired> {
    let mut retired = Vec::new();
    for item in reader.list(node, "`retired`") {
        reader.map(item, "a retired name", &["release", "env", "value", "reason"]);
        let reason = item.get("reason").and_then(Node::as_str).map(str::trim).filter(|r| !r.is_empty());
        let Some(reason) = reason else {
            let found = reader.at("matrix/empty-reason", item.span, "a retired name has no reason");
            reader.push(found.help("write what replaced it, e.g. `reason: merged into agents-runtime`"));
            continue;
        };
        let kinds = [("release", RetiredKind::Release), ("env", RetiredKind::Env), ("value", RetiredKind::Value)];
        let named: Vec<_> = kinds.iter().filter_map(|(key, kind)| Some((item.get(key)?, *kind))).collect();
        let [(name, kind)] = named.as_slice() else {
            reader.missing(item.span, "a retired name", "release`, `env` or `value", "release: old-service");
            continue;
        };
        if let Some(name) = reader.text(name, "a retired name") {
            retired.push(Retired {
                kind: *kind,
                name: name.value,
                reason: reason.to_owned(),
                place: reader.place(item.span),
            });
        }
    }
    retired
}

fn severities(reader: &Reader, node: &Node) -> BTreeMap<String, Severity> {
    let mut severities = BTreeMap::new();
    for entry in reader.map(node, "`rules`", &[]) {
        let Some(rule) = reader.text(&entry.key, "a rule") else { continue };
        if rules::find(&rule.value).is_none() {
            let hint = did_you_mean(&rule.value, rules::registry().iter().map(|r| r.id));
            let hint = if hint.is_empty() { "`cargo xtask explain` lists them all".to_owned() } else { hint };
            reader.push(
                reader
                    .at("matrix/unknown-name", entry.key.span, format!("no rule is called `{}`", rule.value))
                    .help(hint),
            );
        }
        let severity = match entry.value.text() {
            Some("error") => Severity::Error,
            Some("warning") => Severity::Warning,
            Some("off") => Severity::Off,
            _ => {
                let found = reader.at("matrix/wrong-type", entry.value.span, "this is no severity");
                reader.push(found.help("write error, warning or off"));
                continue;
            }
        };
        severities.insert(rule.value, severity);
    }
    severities
}
