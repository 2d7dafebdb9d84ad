//! The seed's own commands, as they are written there, and plain `helm template` for every cell: what a person types from the root of
//! a fresh clone prints the golden.

mod common;

use std::fs;
use std::process::{Command, Output};

use common::reference::{ENVIRONMENTS, file, in_parallel, matrix};
use common::{path_with_helm, stderr, stdout, workspace};

/// Seven commands; two of them are meant for two environments.
const COMMANDS: [&str; 9] = [
    "helm template agents-test charts/platform/agents -f charts/values/platform/agents.yaml -f environments/local/platform/agents.yaml",
    "helm template agents-runtime-test charts/platform/agents_runtime -f charts/values/platform/agents-runtime.yaml -f environments/local/platform/agents-runtime.yaml",
    "helm template db-migrations-test charts/platform/db-migrations -f charts/platform/db-migrations/values.yaml -f environments/local/platform/db-migrations.yaml",
    "helm template threads-test charts/platform/threads -f charts/values/platform/threads.yaml -f environments/local/platform/threads.yaml",
    "helm template threads-test charts/platform/threads -f charts/values/platform/threads.yaml -f environments/staging/platform/threads.yaml",
    "helm template transformation-test charts/platform/transformation -f charts/values/platform/transformation.yaml -f environments/local/platform/transformation.yaml",
    "helm template transformation-test charts/platform/transformation -f charts/values/platform/transformation.yaml -f environments/staging/platform/transformation.yaml",
    "helm template workflows-test charts/platform/workflows -f charts/values/platform/workflows.yaml -f environments/local/platform/workflows.yaml",
    "helm template workflows-test charts/platform/workflows -f charts/values/platform/workflows.yaml -f environments/staging/platform/workflows.yaml",
];

fn shell(command: &str) -> Output {
    Command::new("sh").args(["-c", command]).current_dir(workspace()).env("PATH", path_with_helm()).output().unwrap()
}

/// Why the answer is not what a person expects.
fn wrong(output: &Output) -> Option<String> {
    if output.status.code() != Some(0) {
        return Some(format!("exit {:?}: {}", output.status.code(), stderr(output)));
    }
    let text = stdout(output);
    // Before hooks alone, Helm prints an empty line.
    if !text.trim_start().starts_with("---\n") {
        return Some("standard output does not begin with a manifest".to_owned());
    }
    let (objects, broken) = checks::object::objects(&text, "default");
    if let Some(broken) = broken.first() {
        return Some(format!("standard output is not YAML: {}", broken.error.message));
    }
    if objects.is_empty() {
        return Some("no object is printed".to_owned());
    }
    objects.iter().find(|o| o.api_version.is_empty() || o.id.name.is_empty()).map(|o| format!("{} is no object", o.id))
}

#[test]
fn the_commands_of_the_seed_run_as_written() {
    let mut failures = Vec::new();
    in_parallel(
        &COMMANDS,
        |command| shell(command),
        |command, output| {
            failures.extend(wrong(&output).map(|why| format!("{command}\n  {why}")));
        },
    );
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The chart folders that are not named as their release.
const UNDERSCORED: [&str; 3] = ["agents-runtime", "inference-gateway", "workflows-runtime"];
/// The release whose own defaults stand in the place of shared values.
const OWN_VALUES: &str = "db-migrations";

/// What a person types for a cell; nothing of it is read from the matrix file.
fn command(env: &str, release: &str) -> String {
    let chart = if UNDERSCORED.contains(&release) { release.replace('-', "_") } else { release.to_owned() };
    let chart = format!("charts/platform/{chart}");
    let shared = match release {
        OWN_VALUES => format!("{chart}/values.yaml"),
        _ => format!("charts/values/platform/{release}.yaml"),
    };
    let overlay = format!("environments/{env}/platform/{release}.yaml");
    let overlay = if file(&overlay).is_file() { format!(" -f {overlay}") } else { String::new() };
    format!("helm template {release} {chart} -f {shared}{overlay} --namespace ameide")
}

#[test]
fn plain_helm_prints_every_golden() {
    let mut failures = Vec::new();
    in_parallel(
        &matrix().cells,
        |cell| shell(&command(&cell.env, &cell.release)),
        |cell, output| {
            let path = format!("tests/golden/{}/{}.yaml", cell.env, cell.release);
            let golden = fs::read(file(&path)).unwrap_or_default();
            if let Some(why) = wrong(&output) {
                failures.push(format!("{}: {why}", cell.name()));
            } else if output.stdout != golden {
                failures.push(format!("{}: `{}` prints other bytes", cell.name(), command(&cell.env, &cell.release)));
            }
        },
    );
    failures.sort();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_golden_belongs_to_a_cell() {
    let mut found = Vec::new();
    for env in ENVIRONMENTS {
        for entry in fs::read_dir(file(&format!("tests/golden/{env}"))).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            found.push(format!("{env}/{}", name.strip_suffix(".yaml").unwrap_or(&name)));
        }
    }
    found.sort();
    let mut cells: Vec<String> = matrix().cells.iter().map(checks::model::Cell::name).collect();
    cells.sort();
    assert_eq!(found, cells);
    assert_eq!(cells.len(), 70);
}
