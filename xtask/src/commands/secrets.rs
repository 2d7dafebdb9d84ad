//! Show which values are secrets, where Secrets come from and go, and how a change takes effect.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use checks::document::Document;
use checks::facts::Facts;
use checks::model::Cell;
use checks::nearest::did_you_mean;
use checks::object;
use checks::secrets::{INVENTORY_PAGE, Inventory, ROTATION_PAGE, Rotation, Runbook};
use checks::values::Charts;
use leaks::Redactor;
use serde::Serialize;

use super::{Failure, Outcome, Session, to_stdout};
use crate::cells;
use crate::cli::{Global, PageFormat, SecretsCommand, Select};
use crate::engine::golden_facts;
use crate::golden::write;
use crate::helm::render::Status;
use crate::progress::Progress;
use crate::report::page;
use crate::run::{pool, process};
use crate::sources;

/// Runs the command.
pub fn run(global: &Global, command: &SecretsCommand) -> Outcome {
    match command {
        SecretsCommand::Inventory { env, release, format, write } => inventory(global, env, release, *format, *write),
        SecretsCommand::Rotation { env, key, format, write } => rotation(global, env, key.as_deref(), *format, *write),
    }
}

fn inventory(global: &Global, env: &[String], release: &[String], format: PageFormat, write: bool) -> Outcome {
    let session = Session::open(global)?;
    let matrix = &session.matrix;
    let select = Select { cells: Vec::new(), env: env.to_vec(), release: release.to_vec() };
    let keep: BTreeSet<&str> = cells::select(matrix, &select)?.iter().map(|c| c.release.as_str()).collect();
    let environments = environments(&session, env);
    let facts = facts(&session, &environments, write)?;
    let sources = sources::read(&session.root, matrix);
    let charts = Charts::new(&sources);
    let mut inventory = Inventory::of(matrix, &environments, &facts, &|cell| charts.effective(cell));
    if !release.is_empty() {
        inventory.keep_releases(&keep);
    }
    let document = inventory.document(&matrix.helm.namespace, !write && format == PageFormat::Table);
    show(&session, &Redactor::default(), &document, &inventory, format, write.then_some(INVENTORY_PAGE))
}

fn rotation(global: &Global, env: &[String], key: Option<&str>, format: PageFormat, write: bool) -> Outcome {
    let session = Session::open(global)?;
    let matrix = &session.matrix;
    let select = Select { env: env.to_vec(), ..Select::default() };
    cells::select(matrix, &select)?;
    let environments = environments(&session, env);
    let facts = facts(&session, &environments, write)?;
    let rotation = Rotation::of(matrix, &environments, &facts);
    let Some(key) = key else {
        return show(
            &session,
            &Redactor::default(),
            &rotation.document(),
            &rotation,
            format,
            write.then_some(ROTATION_PAGE),
        );
    };
    let runbooks = Runbook::of_key(matrix, &rotation, key);
    if runbooks.is_empty() {
        let hint = did_you_mean(key, rotation.keys());
        let hint = if hint.is_empty() { "`cargo xtask secrets rotation` lists them all".to_owned() } else { hint };
        return Err(Failure::Words(format!("no ExternalSecret reads a key called `{key}`\n  help: {hint}")));
    }
    to_stdout(&Redactor::default(), |out| match format {
        PageFormat::Json => json(&runbooks, out),
        PageFormat::Markdown | PageFormat::Table => {
            let told: Vec<String> = runbooks.iter().map(|r| r.told(format == PageFormat::Markdown)).collect();
            write!(out, "{}", told.join("\n"))
        }
    })?;
    Ok(0)
}

/// The environments that are asked for, in the matrix's order.
fn environments<'a>(session: &'a Session, asked: &[String]) -> Vec<&'a str> {
    let mut names = session.matrix.environment_names();
    names.retain(|name| asked.is_empty() || asked.iter().any(|a| a == name));
    names
}

/// Prints a page, or writes it.
pub(super) fn show(
    session: &Session,
    redactor: &Redactor,
    document: &Document,
    data: &impl Serialize,
    format: PageFormat,
    write: Option<&str>,
) -> Outcome {
    let Some(path) = write else {
        to_stdout(redactor, |out| match format {
            PageFormat::Table => page::write(document, out),
            PageFormat::Markdown => out.write_all(document.to_markdown().as_bytes()),
            PageFormat::Json => json(data, out),
        })?;
        return Ok(0);
    };
    let text = redactor.redact(&document.to_markdown()).into_owned();
    let file = session.root.join(path);
    let known = std::fs::read_to_string(&file).ok();
    let done = if known.as_deref() == Some(&text) {
        "unchanged"
    } else {
        write::replace(&session.root, path, text.as_bytes(), &session.target).map_err(|e| {
            format!("{path} cannot be written: {e}\n  help: make its folder one of this repository that can be written")
        })?;
        if known.is_some() { "updated" } else { "added" }
    };
    to_stdout(&Redactor::default(), |out| writeln!(out, "  {done:<9} {path}"))?;
    Ok(0)
}

fn json(data: &impl Serialize, out: &mut dyn Write) -> std::io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, data)?;
    writeln!(out)
}

/// What is known of the cells of some environments: from their renders, or from its golden where a cell does not render.
/// `all` says that nothing may be missing.
fn facts(session: &Session, environments: &[&str], all: bool) -> Result<BTreeMap<String, Facts>, Failure> {
    let cells: Vec<&Cell> = session.matrix.cells.iter().filter(|c| environments.contains(&c.env.as_str())).collect();
    let helm = session.helm()?;
    let home = session.home()?;
    let renderer = session.renderer(&helm, &home);
    let mut facts = BTreeMap::new();
    let mut progress = Progress::new(cells.len(), session.global.quiet);
    let mut failed: Vec<&Cell> = Vec::new();
    pool::run(
        &cells,
        session.jobs(),
        process::cancelled,
        |cell| {
            let render = renderer.template(cell);
            matches!(render.status, Status::Rendered).then(|| {
                let (objects, _) = object::objects(&String::from_utf8_lossy(&render.stdout), &cell.namespace);
                Facts::of(cell, &objects)
            })
        },
        |index, known| {
            let name = cells[index].name();
            progress.step(&name);
            match known {
                Some(known) => {
                    facts.insert(name, known);
                }
                None => failed.push(cells[index]),
            }
        },
    );
    progress.finish();
    if process::cancelled() {
        return Err(Failure::Words("stopped before all cells were rendered\n  help: run the command again".to_owned()));
    }
    failed.sort_by_key(|cell| cell.name());
    for cell in failed {
        let name = cell.name();
        match golden_facts(&session.root, cell) {
            Some(known) => {
                note(&format!("{name} does not render; what is said of it comes from its golden"));
                facts.insert(name, known);
            }
            None if all => {
                return Err(Failure::Words(format!(
                    "{name} does not render and has no golden, so the page would lack it\n  help: `cargo xtask validate {name}` says \
                     why"
                )));
            }
            None => note(&format!("{name} does not render and has no golden; nothing is said of it")),
        }
    }
    Ok(facts)
}

fn note(words: &str) {
    super::to_stderr(&Redactor::default(), |err| writeln!(err, "  note    {words}"));
}
