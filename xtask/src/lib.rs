//! All that touches the world: processes, files, git, the network, the terminal. What is judged, the `checks` crate judges.

pub mod cells;
pub mod changes;
pub mod cli;
pub mod commands;
pub mod confirm;
pub mod engine;
pub mod excuse;
pub mod git;
pub mod golden;
pub mod guard;
pub mod guards;
pub mod helm;
pub mod inside;
pub mod judge;
pub mod known;
pub mod matrix;
pub mod progress;
pub mod report;
pub mod run;
pub mod scratch;
pub mod sources;
pub mod waivers;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, ColorWhen, Command};
use commands::validate::Asked;
use commands::{baseline, bless, explain, leaks, list, render, secrets, setup, tracker, validate};

/// Runs the command line and returns the exit code of the process: 0 clean, 1 findings, 2 the work could not be done.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match cli.global.color {
        ColorWhen::Auto => anstream::ColorChoice::Auto,
        ColorWhen::Always => anstream::ColorChoice::Always,
        ColorWhen::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    run::process::catch_signals();
    // The message of a panic may quote its input; only its place is told.
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|l| format!("{}:{}", l.file(), l.line())).unwrap_or_default();
        let _ = writeln!(
            std::io::stderr(),
            "error: this is a fault of the tool itself, at {place}\n  help: please report it with the command that you ran"
        );
    }));
    match std::panic::catch_unwind(|| dispatch(&cli)) {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(failure)) => {
            commands::print(&failure);
            ExitCode::from(2)
        }
        Err(_) => ExitCode::from(2),
    }
}

fn dispatch(cli: &Cli) -> commands::Outcome {
    cli.check()?;
    let global = &cli.global;
    match &cli.command {
        Command::Validate { select, shard, check, skip, mutate } => {
            validate::run(global, select, *shard, &Asked { check, skip, mutate: *mutate })
        }
        Command::Bless { select, allow_removed, force } => bless::run(global, select, *allow_removed, *force),
        Command::Baseline { adopt, force } => baseline::run(global, *adopt, *force),
        Command::Render { cell, show_secrets } => render::run(global, cell, *show_secrets),
        Command::Secrets { command } => secrets::run(global, command),
        Command::Tracker { format, write, check } => tracker::run(global, *format, *write, *check),
        Command::List { select } => list::run(global, select),
        Command::Matrix { shards } => render::matrix_line(*shards),
        Command::Leaks { paths } => leaks::run(global, paths),
        Command::Setup => setup::run(global),
        Command::Explain { rule } => explain::run(rule.as_deref()),
    }
}
