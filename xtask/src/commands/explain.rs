//! Say what a rule means, why it matters, how to mend it.

use checks::rules::{self, page};
use leaks::Redactor;

use super::{Failure, Outcome, to_stdout};
use checks::nearest::did_you_mean;

/// Runs the command.
pub fn run(rule: Option<&str>) -> Outcome {
    let Some(name) = rule else {
        to_stdout(&Redactor::default(), |out| {
            let width = rules::registry().iter().map(|r| r.id.len()).max().unwrap_or_default();
            for rule in rules::registry() {
                writeln!(out, "  {:<width$}  {:<7}  {}", rule.id, page::severity(rule.severity), rule.summary)?;
            }
            writeln!(out, "\n  next    cargo xtask explain RULE")
        })?;
        return Ok(0);
    };
    let Some(rule) = rules::find(name) else {
        let hint = did_you_mean(name, rules::registry().iter().map(|r| r.id));
        let hint = if hint.is_empty() { "`cargo xtask explain` lists them all".to_owned() } else { hint };
        return Err(Failure::Words(format!("no rule is called `{name}`\n  help: {hint}")));
    };
    to_stdout(&Redactor::default(), |out| out.write_all(page::page(rule).as_bytes()))?;
    Ok(0)
}
