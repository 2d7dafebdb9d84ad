//! What a release cannot do without: for each guarded value of the documents, the effective values without it make Helm refuse,
//! with a message that names the value's path and says what to do.

mod common;

use std::collections::BTreeMap;

use checks::model::Cell;
use common::reference::{
    Rendered, at, dotted, effective_values, in_parallel, items, leaves, matrix, over, renders_of, setting, template,
};
use regex::Regex;
use serde_json::{Value, json};

/// How the documents say which value is meant.
enum Guarded {
    /// By its path.
    At(&'static str),
    /// Everything below a path: so many values.
    Below(&'static str, usize),
    /// By what it names: the path is where the effective values say so.
    Names(&'static str),
    /// By words that its path holds.
    Like(&'static [&'static str]),
}
use Guarded::{At, Below, Like, Names};

/// The last column of the documents' table.
const GUARDS: &[(&str, &[Guarded])] = &[
    (
        "agents",
        &[
            At("environment"),
            At("config.minio.endpoint"),
            At("config.minio.bucket"),
            At("config.minio.prefix"),
            Below("minio.secret", 3),
            At("postgresql.auth.existingSecret"),
        ],
    ),
    (
        "agents-runtime",
        &[
            At("environment"),
            At("config.agentsGrpcAddress"),
            At("config.minio.endpoint"),
            At("config.minio.bucket"),
            At("config.minio.prefix"),
            Like(&["ot", "endpoint"]),
            Below("minio.secret", 3),
        ],
    ),
    ("db-migrations", &[At("migrations.existingSecrets")]),
    ("devpi-registry", &[Names("devpi-registry-root"), Names("devpi-registry-upload")]),
    ("gateway", &[At("domain")]),
    ("go-module-uploader", &[Names("go-module-uploader-token")]),
    ("graph", &[Names("graph-db-credentials"), At("environment")]),
    ("inference", &[At("secrets.existingSecret")]),
    ("inference-gateway", &[At("environment"), Like(&["ot", "endpoint"])]),
    ("langfuse", &[Names("langfuse-secrets")]),
    ("langfuse-bootstrap", &[Names("langfuse-secrets"), Names("langfuse-bootstrap-credentials")]),
    ("pgadmin", &[Names("pgadmin-bootstrap-credentials"), Like(&["secret", "oauth|oidc|azure"])]),
    ("platform", &[At("postgresql.auth.existingSecret")]),
    ("registry-alias", &[Like(&["alias|target|address"])]),
    ("threads", &[Names("threads-db-credentials"), At("environment")]),
    ("transformation", &[Names("transformation-db-credentials")]),
    ("workflows", &[Names("workflows-db-secret"), At("environment")]),
    ("workflows-runtime", &[At("environment")]),
    ("www-ameide", &[Names("www-ameide-auth")]),
    ("www-ameide-platform", &[Names("www-ameide-platform-auth"), Names("www-ameide-platform-db")]),
];

/// The paths that a guard of the documents means in a cell.
fn paths(guarded: &Guarded, values: &Value) -> Result<Vec<String>, String> {
    let all = leaves(values);
    let found: Vec<String> = match guarded {
        At(path) => {
            let filled = !dotted(values, path).is_null();
            return if filled { Ok(vec![(*path).to_owned()]) } else { Err(format!("no value at `{path}`")) };
        }
        Below(path, count) => {
            let below = leaves(dotted(values, path));
            if below.len() != *count {
                return Err(format!("{} values below `{path}`, not {count}", below.len()));
            }
            below.into_iter().map(|(rest, _)| format!("{path}.{rest}")).collect()
        }
        Names(name) => all.into_iter().filter(|(_, value)| *value == name).map(|(path, _)| path).collect(),
        Like(words) => {
            let like = |path: &str| {
                let path = path.to_ascii_lowercase();
                words.iter().all(|word| word.split('|').any(|one| path.contains(one)))
            };
            all.into_iter().filter(|(path, v)| v.is_string() && like(path)).map(|(path, _)| path).collect()
        }
    };
    if found.is_empty() { Err("no value says it".to_owned()) } else { Ok(found) }
}

impl std::fmt::Display for Guarded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            At(path) | Below(path, _) => write!(f, "`{path}`"),
            Names(name) => write!(f, "the name `{name}`"),
            Like(words) => write!(f, "a value of {words:?}"),
        }
    }
}

/// One try: a cell, what is laid over its values, the path that is missing then.
struct Try {
    cell: &'static Cell,
    extra: Value,
    path: String,
}

fn tries(cell: &'static Cell, base: &Value, path: &str) -> [Try; 2] {
    let blank = if dotted(&effective_values(cell), path).is_array() { json!([]) } else { json!("") };
    [Value::Null, blank].map(|value| Try {
        cell,
        extra: over(base.clone(), setting(path, value)),
        path: path.to_owned(),
    })
}

/// Why Helm's answer is not the one that is meant.
fn wrong(answer: Result<Rendered, String>, path: &str) -> Option<String> {
    let Err(said) = answer else { return Some("Helm renders it".to_owned()) };
    // The path by itself: `environment` is not named by `environments/local`.
    let named = Regex::new(&format!(r"(^|[^\w./-]){}($|[^\w./-])", regex::escape(path))).unwrap();
    if !named.is_match(&said) {
        Some(format!("the message does not name it: {said}"))
    } else if !said.to_lowercase().contains("set ") {
        Some(format!("the message says no next step: {said}"))
    } else {
        None
    }
}

fn run(tries: &[Try]) -> Vec<String> {
    let mut failures = Vec::new();
    in_parallel(
        tries,
        |t| template(t.cell, Some(&t.extra)),
        |t, answer| {
            if let Some(why) = wrong(answer, &t.path) {
                let set = if dotted(&t.extra, &t.path).is_null() { "null" } else { "blank" };
                failures.push(format!("{}: `{}` is {set}: {why}", t.cell.name(), t.path));
            }
        },
    );
    failures.sort();
    failures
}

#[test]
fn helm_refuses_without_a_guarded_value_and_names_it() {
    let (mut all, mut failures) = (Vec::new(), Vec::new());
    for (release, guards) in GUARDS {
        let cells: Vec<_> = matrix().cells.iter().filter(|cell| cell.release == *release).collect();
        if cells.is_empty() {
            failures.push(format!("{release}: it is installed nowhere"));
        }
        for cell in cells {
            let values = effective_values(cell);
            for guarded in *guards {
                match paths(guarded, &values) {
                    Ok(found) => all.extend(found.iter().flat_map(|path| tries(cell, &json!({}), path))),
                    Err(why) => failures.push(format!("{}: {guarded}: {why}", cell.name())),
                }
            }
        }
    }
    failures.extend(run(&all));
    assert!(failures.is_empty(), "{} of {} tries:\n  {}", failures.len(), all.len(), failures.join("\n  "));
}

/// Redis is an option of inference-gateway: when it is on, its address, its user and its Secret are required.
#[test]
fn redis_of_inference_gateway_needs_what_it_reads() {
    let (mut all, mut failures) = (Vec::new(), Vec::new());
    for cell in matrix().cells.iter().filter(|cell| cell.release == "inference-gateway") {
        let values = effective_values(cell);
        let secrets: Vec<String> = leaves(&values["redis"])
            .into_iter()
            .map(|(path, _)| format!("redis.{path}"))
            .filter(|path| path.to_ascii_lowercase().contains("secret"))
            .collect();
        if secrets.is_empty() {
            failures.push(format!("{}: no value below `redis` names a Secret", cell.name()));
        }
        let required: Vec<String> =
            ["redis.url", "redis.username"].map(str::to_owned).into_iter().chain(secrets.clone()).collect();
        let on = required.iter().fold(json!({"redis": {"enabled": true}}), |values, path| {
            let value = if path == "redis.url" { "redis://redis.example:6379" } else { "words" };
            over(values, setting(path, json!(value)))
        });
        match template(cell, Some(&on)) {
            Ok(rendered) => {
                let env = rendered.objects.iter().flat_map(|o| o.containers(false)).flat_map(|c| items(&c["env"]));
                let env: BTreeMap<&str, &Value> = env.filter_map(|e| Some((e["name"].as_str()?, e))).collect();
                for name in ["REDIS_URL", "REDIS_USERNAME", "REDIS_PASSWORD"] {
                    if !env.contains_key(name) {
                        failures.push(format!("{}: redis is enabled, and there is no {name}", cell.name()));
                    }
                }
                let password = env.get("REDIS_PASSWORD").copied().unwrap_or(&Value::Null);
                if at(password, "/valueFrom/secretKeyRef/name") != "words" {
                    failures
                        .push(format!("{}: REDIS_PASSWORD does not come from the Secret that is named", cell.name()));
                }
            }
            Err(said) => failures.push(format!("{}: redis cannot be enabled: {said}", cell.name())),
        }
        all.extend(required.iter().flat_map(|path| tries(cell, &on, path)));
        // Off, nothing of it is required.
        let off = over(on, json!({"redis": {"enabled": false, "url": null, "username": null}}));
        match template(cell, Some(&off)) {
            Ok(rendered) if rendered.text.contains("REDIS_") => {
                failures.push(format!("{}: redis is off, and its variables are there", cell.name()));
            }
            Ok(_) => {}
            Err(said) => failures.push(format!("{}: redis is off, and Helm refuses: {said}", cell.name())),
        }
    }
    failures.extend(run(&all));
    assert!(failures.is_empty() && !all.is_empty(), "\n  {}", failures.join("\n  "));
}

/// `config.useSsl` may be missing: the software then hears `false`.
#[test]
fn a_missing_ssl_switch_means_false() {
    for release in ["graph", "platform"] {
        for cell in matrix().cells.iter().filter(|cell| cell.release == release) {
            let rendered = template(cell, Some(&setting("config.useSsl", Value::Null)))
                .unwrap_or_else(|said| panic!("{}: {said}", cell.name()));
            let config = rendered.objects.iter().find(|o| o.name == format!("{release}-config"));
            let says = config.map_or(&Value::Null, |o| o.at("/data/DATABASE_SSL"));
            assert_eq!(says, "false", "{}: DATABASE_SSL without config.useSsl", cell.name());
        }
    }
}

/// The name of plausible's Secret has a default.
#[test]
fn plausible_knows_its_secret_without_being_told() {
    for cell in matrix().cells.iter().filter(|cell| cell.release == "plausible") {
        let values = effective_values(cell);
        let named = paths(&Names("plausible-secret"), &values).unwrap_or_default();
        let extra = named.iter().fold(json!({}), |extra, path| over(extra, setting(path, Value::Null)));
        let rendered = template(cell, Some(&extra)).unwrap_or_else(|said| panic!("{}: {said}", cell.name()));
        let deployment = rendered.objects.iter().find(|o| o.kind == "Deployment").unwrap();
        let key = ("plausible-secret".to_owned(), Some("SECRET_KEY_BASE".to_owned()));
        assert!(deployment.secrets().contains(&key), "{}: SECRET_KEY_BASE has lost its Secret", cell.name());
    }
}

/// Hostnames of the gateway's listeners derive from `domain`.
#[test]
fn listeners_follow_the_domain() {
    for cell in matrix().cells.iter().filter(|cell| cell.release == "gateway") {
        let rendered = template(cell, Some(&setting("domain", json!("elsewhere.example"))))
            .unwrap_or_else(|said| panic!("{}: {said}", cell.name()));
        let listeners: Vec<&Value> = rendered
            .objects
            .iter()
            .filter(|o| o.kind == "Gateway")
            .flat_map(|o| items(o.at("/spec/listeners")))
            .collect();
        assert!(!listeners.is_empty());
        for listener in listeners.into_iter().filter(|l| l["protocol"] != "HTTP" || !l["hostname"].is_null()) {
            let host = listener["hostname"].as_str().unwrap_or_default();
            assert!(
                host.ends_with("elsewhere.example"),
                "{}: listener {} is for `{host}`",
                cell.name(),
                listener["name"]
            );
        }
    }
}

/// The `HTTPRoute` of graph is a toggle.
#[test]
fn the_route_of_graph_can_be_switched() {
    for cell in matrix().cells.iter().filter(|cell| cell.release == "graph") {
        let values = effective_values(cell);
        let all = leaves(&values);
        let toggle = all.iter().find(|(path, _)| path.eq_ignore_ascii_case("httproute.enabled"));
        let (path, _) = toggle.unwrap_or_else(|| panic!("{}: no toggle of the HTTPRoute", cell.name()));
        for on in [true, false] {
            let extra = over(setting(path, json!(on)), json!({"httpRoute": {"hostnames": ["graph.example"]}}));
            let rendered = template(cell, Some(&extra)).unwrap_or_else(|said| panic!("{}: {said}", cell.name()));
            let routes = rendered.objects.iter().filter(|o| o.kind == "HTTPRoute").count();
            assert_eq!(routes, usize::from(on), "{}: `{path}` is {on}", cell.name());
        }
    }
}

/// Each row of the table is one that Helm renders as it stands: a guard that always refuses guards nothing.
#[test]
fn what_is_guarded_renders_when_it_is_there() {
    for env in common::reference::ENVIRONMENTS {
        let rendered: Vec<&str> = renders_of(env).into_iter().map(|r| r.cell.release.as_str()).collect();
        for cell in matrix().cells.iter().filter(|cell| cell.env == env) {
            assert!(rendered.contains(&cell.release.as_str()), "{} does not render", cell.name());
        }
    }
}
