//! The runbook of a rotation: for one key and one environment the steps in the order in which a person does them, each with its
//! commands. No command shows a value.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;

use super::chain::{Effect, Maker, Use, Way};
use super::rotation::{RemoteKey, Rotation, Row};
use crate::model::{Cell, Matrix};

/// The steps of one key in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Runbook {
    /// The environment.
    pub environment: String,
    /// The key as people name it.
    pub key: String,
    /// In the order in which they are done.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What is done.
    pub title: String,
    /// What to know about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Commands to run, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
}

impl Runbook {
    /// One for each environment in which something reads the key, in the matrix's order.
    pub fn of_key(matrix: &Matrix, rotation: &Rotation, key: &str) -> Vec<Self> {
        let mut runbooks = Vec::new();
        for environment in &rotation.environments {
            let rows: Vec<&Row> = rotation.of_key(key).filter(|r| r.environments.contains(environment)).collect();
            let Some(first) = rows.first().and_then(|r| r.remote.as_ref()) else { continue };
            let steps = steps(matrix, environment, &rows);
            runbooks.push(Self { environment: environment.clone(), key: first.name.clone(), steps });
        }
        runbooks
    }

    /// As a page: Markdown, or the same for a terminal.
    pub fn told(&self, markdown: bool) -> String {
        let mut text = String::new();
        let head = format!("Rotate {} in {}", self.key, self.environment);
        let _ = if markdown { writeln!(text, "## {head}") } else { writeln!(text, "{head}") };
        for (number, step) in self.steps.iter().enumerate() {
            let _ = writeln!(text, "\n{}. {}", number + 1, step.title);
            for note in &step.notes {
                let _ = writeln!(text, "   {note}");
            }
            if step.commands.is_empty() {
                continue;
            }
            let fence = |text: &mut String, mark: &str| {
                if markdown {
                    let _ = writeln!(text, "{mark}");
                }
            };
            fence(&mut text, "\n   ```sh");
            for command in &step.commands {
                let _ = writeln!(text, "   {}{command}", if markdown { "" } else { "  " });
            }
            fence(&mut text, "   ```");
        }
        text
    }
}

fn steps(matrix: &Matrix, environment: &str, rows: &[&Row]) -> Vec<Step> {
    let remotes: BTreeSet<&RemoteKey> = rows.iter().filter_map(|r| r.remote.as_ref()).collect();
    let mut steps: Vec<Step> = remotes.iter().map(|remote| change(matrix, environment, remote)).collect();
    let secrets: BTreeSet<(&str, &str)> = rows.iter().map(|r| (r.namespace.as_str(), r.secret.as_str())).collect();
    let makers: BTreeMap<(&str, &str), (&Maker, &str)> = rows
        .iter()
        .filter_map(|row| row.maker.as_ref().map(|m| (m, row.namespace.as_str())))
        .filter(|(maker, _)| maker.is_external_secret())
        .map(|(maker, namespace)| ((namespace, maker.name.as_str()), (maker, namespace)))
        .collect();
    steps.extend(makers.values().map(|(maker, namespace)| sync(maker, namespace)));
    let by_object = by_object(rows);
    for uses in &by_object {
        let cell = uses.first().and_then(|(usage, _)| matrix.cell(environment, &usage.release));
        steps.extend(effect(uses, cell));
    }
    if by_object.is_empty() {
        steps.push(Step { title: "Nothing in this environment uses it".to_owned(), ..Step::default() });
    }
    steps.push(verify(&secrets, &makers.keys().copied().collect::<Vec<_>>(), &by_object));
    steps.push(Step { title: "Make the old credential invalid where it is checked".to_owned(), ..Step::default() });
    steps
}

/// The uses of the rows for each object, in the order of installation.
fn by_object<'a>(rows: &[&'a Row]) -> Vec<Vec<(&'a Use, &'a Row)>> {
    let mut uses: Vec<(&Use, &Row)> = rows.iter().filter_map(|row| Some((row.usage.as_ref()?, *row))).collect();
    let object = |(usage, _): &(&'a Use, &Row)| (usage.order, &usage.release, &usage.object, &usage.namespace);
    uses.sort_by(|a, b| object(a).cmp(&object(b)));
    uses.chunk_by(|a, b| object(a) == object(b)).map(<[_]>::to_vec).collect()
}

/// A path below a mount of Vault's versioned store is written `MOUNT/data/PATH` in an API.
fn change(matrix: &Matrix, environment: &str, remote: &RemoteKey) -> Step {
    let property = remote.property.as_ref().map(|p| format!(", property {p}")).unwrap_or_default();
    let store = if remote.store.is_empty() { "the store" } else { remote.store.as_str() };
    let mut step = Step {
        title: format!("Change {}{property} in {store}", remote.key),
        notes: vec![
            "Make the new credential valid where it is checked (database, provider) first; keep the old one valid \
                     until the end."
                .to_owned(),
        ],
        commands: Vec::new(),
    };
    if let (Some((mount, path)), Some(property)) = (remote.key.split_once("/data/"), &remote.property) {
        step.notes.push("The value comes from standard input, so that no shell history keeps it.".to_owned());
        step.commands.push(format!("vault kv patch -mount={} {} {}=-", word(mount), word(path), word(property)));
    }
    if let Some(fixtures) = matrix.environment(environment).and_then(|e| e.fixtures.as_ref()) {
        step.notes.push(format!(
            "How its development value comes about stands in {fixtures}; what is only changed in the store is lost at the next seed."
        ));
    }
    step
}

fn sync(maker: &Maker, namespace: &str) -> Step {
    let release = maker.release.as_ref().map(|r| format!(" (release {r})")).unwrap_or_default();
    Step {
        title: format!("Copy it into the cluster now: {} {}{release}", maker.kind, maker.name),
        notes: vec!["Without this the operator reads it at its next refresh.".to_owned()],
        commands: vec![format!(
            "kubectl -n {} annotate externalsecret {} force-sync=\"$(date +%s)\" --overwrite",
            word(namespace),
            word(&maker.name)
        )],
    }
}

/// One step for an object; of several ways in which it uses the key the one that takes most work decides.
fn effect(uses: &[(&Use, &Row)], cell: Option<&Cell>) -> Option<Step> {
    let (first, _) = uses.first()?;
    let strongest = uses.iter().map(|(usage, _)| usage.effect).max()?;
    let ways: BTreeSet<String> = uses
        .iter()
        .map(|(usage, row)| {
            let container = usage.container.as_ref().map(|c| format!("container {c}: ")).unwrap_or_default();
            format!("{container}{}", usage.way.told(row.key.as_deref()).replace('`', ""))
        })
        .collect();
    let place = format!("layer {}, release {}", first.layer, first.release);
    let (kind, name) = first.object.split_once('/').unwrap_or((&first.object, ""));
    let target = format!("{}/{}", kind.to_lowercase(), name);
    let kubectl = format!("kubectl -n {}", word(&first.namespace));
    let mut step = Step { title: String::new(), notes: ways.into_iter().collect(), commands: Vec::new() };
    let what = match strongest {
        Effect::Rerun if first.hook => {
            step.notes.push("Helm runs the hook when the release is upgraded or synced.".to_owned());
            step.commands.extend(cell.and_then(upgrade));
            "runs again"
        }
        Effect::Rerun => {
            step.notes.push("What is done does not run again by itself: delete it and install it again.".to_owned());
            step.commands.push(format!("{kubectl} delete {}", word(&target)));
            step.commands.extend(cell.and_then(upgrade));
            "runs again"
        }
        Effect::Restart if matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet") => {
            step.commands.push(format!("{kubectl} rollout restart {}", word(&target)));
            step.commands.push(format!("{kubectl} rollout status {} --timeout=5m", word(&target)));
            "is restarted"
        }
        Effect::Restart => "is restarted: delete its pods, or let its controller do so",
        Effect::Reloader => {
            step.notes.push("A reloader restarts it by itself.".to_owned());
            step.commands.push(format!("{kubectl} rollout status {} --timeout=5m", word(&target)));
            "restarts by itself"
        }
        Effect::Remounted => {
            step.notes.push(
                "The kubelet refreshes the file within about a minute; the program must read it again.".to_owned(),
            );
            "needs nothing"
        }
        Effect::NextRun if kind == "CronJob" => {
            step.notes.push("The next run takes the new value; to run it now:".to_owned());
            step.commands.push(format!("{kubectl} create job {name}-rotated --from={}", word(&target)));
            "needs nothing"
        }
        Effect::NextRun => "needs nothing: its next run takes the new value",
        Effect::NextPull => "needs nothing: the next image pull takes the new value",
        Effect::OperatorManaged if first.way == Way::Mention => {
            return Some(Step {
                title: format!(
                    "{place}: look at what it does with the Secret, which a custom resource, an argument or an \
                                annotation of it names"
                ),
                ..Step::default()
            });
        }
        Effect::OperatorManaged => "needs nothing: its controller takes the new value",
    };
    step.title = format!("{place}: {} {what}", first.object);
    Some(step)
}

/// Plain Helm's command for a cell, where its values stand in files of their own.
fn upgrade(cell: &Cell) -> Option<String> {
    if !cell.set.is_empty() || cell.values.iter().any(|v| v.part.is_some()) {
        return None;
    }
    let mut command =
        format!("helm upgrade --install {} {} -n {}", cell.release, word(&cell.chart), word(&cell.namespace));
    for values in &cell.values {
        command.push_str(&format!(" -f {}", word(&values.path)));
    }
    Some(command)
}

fn verify(secrets: &BTreeSet<(&str, &str)>, makers: &[(&str, &str)], users: &[Vec<(&Use, &Row)>]) -> Step {
    let mut step = Step {
        title: "Verify".to_owned(),
        notes: vec![
            "The ExternalSecret says SecretSynced with a time after the change; the Secret has its keys (only their sizes are shown); \
             the logs show no refused credential."
                .to_owned(),
        ],
        commands: Vec::new(),
    };
    for (namespace, name) in makers {
        let path = "{.status.refreshTime} {.status.conditions[?(@.type==\"Ready\")].reason}";
        step.commands.push(format!(
            "kubectl -n {} get externalsecret {} -o jsonpath='{path}{{\"\\n\"}}'",
            word(namespace),
            word(name)
        ));
    }
    for (namespace, name) in secrets {
        step.commands.push(format!("kubectl -n {} describe secret {}", word(namespace), word(name)));
    }
    for uses in users {
        let Some((first, _)) = uses.first() else { continue };
        let strongest = uses.iter().map(|(usage, _)| usage.effect).max();
        if let Some((kind, name)) = first.object.split_once('/')
            && matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet" | "Job")
            && matches!(strongest, Some(Effect::Restart | Effect::Reloader | Effect::Rerun | Effect::Remounted))
        {
            let target = format!("{}/{name}", kind.to_lowercase());
            step.commands.push(format!(
                "kubectl -n {} logs {} --all-containers --since=10m",
                word(&first.namespace),
                word(&target)
            ));
        }
    }
    step
}

/// A word of a shell's command line.
fn word(text: &str) -> String {
    let plain =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b':' | b'=' | b'@' | b'%' | b'+');
    if !text.is_empty() && text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
