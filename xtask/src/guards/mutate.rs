//! Takes one guard at a time out of a copy of its chart, and sees whether the loss shows when the value is taken away.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use checks::chart::Chart;
use checks::model::Place;
use checks::template::{Command, ExprKind, Guard, GuardKind, Node, Pipe, Program, Scan};

use super::inputs::{self, Paths};
use super::judge::{Baseline, Verdict};
use super::store::{self, Store};
use super::{Input, Outcome, Score, Subject, finding, make_baselines, render_without};
use crate::run::pool;

/// Cells in which one guard is tried before it counts as shadowed.
const MOST_CELLS: usize = 3;

/// A guard of a chart.
struct Mutant {
    chart: String,
    place: Place,
    kind: GuardKind,
    /// The template's name in the chart, and its text without the guard.
    file: String,
    text: String,
    /// Where it is tried: subject and values to take away.
    tries: Vec<(usize, Paths)>,
    why_not: String,
}

/// What became of a guard.
enum Fate {
    Noticed,
    Untested,
    NotMutated(String),
    Trouble(Option<String>),
}

/// Tries all guards of the subjects' charts.
pub(super) fn run(
    subjects: &[Subject<'_>],
    verdicts: &BTreeMap<(usize, Paths), Verdict>,
    baselines: &mut BTreeMap<usize, Baseline>,
    store: &Store,
    outcome: &mut Outcome,
    input: &Input<'_>,
) {
    let mut charts: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, subject) in subjects.iter().enumerate() {
        charts.entry(&subject.cell.chart).or_default().push(at);
    }
    let mut mutants = Vec::new();
    for (folder, of_chart) in &charts {
        mutants.extend(of(folder, of_chart, subjects, verdicts, input));
    }
    let wanted: BTreeSet<usize> = mutants.iter().flat_map(|mutant| mutant.tries.iter().map(|(at, _)| *at)).collect();
    make_baselines(subjects, wanted, baselines, outcome, input);
    let baselines = &*baselines;
    let mut ends: Vec<Option<(Fate, usize)>> = Vec::new();
    ends.resize_with(mutants.len(), || None);
    let numbered: Vec<(usize, &Mutant)> = mutants.iter().enumerate().collect();
    pool::run(
        &numbered,
        input.jobs,
        input.stop,
        |(number, mutant)| try_out(*number, mutant, subjects, baselines, store, input),
        |at, end| ends[at] = Some(end),
    );
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    for folder in charts.keys() {
        scores.insert(folder, Score { chart: (*folder).to_owned(), ..Score::default() });
    }
    for (mutant, ended) in mutants.iter().zip(ends) {
        let (Some((fate, renders)), Some(of_chart)) = (ended, scores.get_mut(mutant.chart.as_str())) else { continue };
        outcome.renders += renders;
        match fate {
            Fate::Noticed => of_chart.noticed += 1,
            Fate::Untested => {
                of_chart.untested += 1;
                let what = if mutant.kind == GuardKind::Fail { "fail" } else { "required" };
                let names = mutant.tries.iter().flat_map(|(_, paths)| paths).map(|path| checks::values::dotted(path));
                let names: BTreeSet<String> = names.map(|name| format!("`{name}`")).collect();
                let names = names.into_iter().collect::<Vec<_>>().join(", ");
                let mut found = finding("guards/untested", format!("nothing would miss this `{what}` of {names}"))
                    .at(mutant.place.clone())
                    .help("delete it with what it guards, or let what is rendered depend on the value");
                found.cells = mutant.tries.iter().map(|(at, _)| subjects[*at].cell.name()).collect();
                outcome.findings.push(found);
            }
            Fate::NotMutated(why) => of_chart.not_mutated.push((mutant.place.clone(), why)),
            Fate::Trouble(trouble) => outcome.troubles.extend(trouble),
        }
    }
    outcome.scores = scores.into_values().collect();
}

/// The guards of one chart, with the cells in which each can be tried.
fn of(
    folder: &str,
    cells: &[usize],
    subjects: &[Subject<'_>],
    verdicts: &BTreeMap<(usize, Paths), Verdict>,
    input: &Input<'_>,
) -> Vec<Mutant> {
    let chart = Chart::load(folder, input.sources).with_all();
    let program = Program::new(&chart, input.sources);
    let scan = Scan::run(&program, None, &[]);
    let mut mutants = Vec::new();
    for guard in scan.guards.values() {
        let template = &program.templates[guard.template];
        if template.file.is_packed() {
            continue;
        }
        let mut mutant = Mutant {
            chart: folder.to_owned(),
            place: template.place(&(guard.start..guard.end)),
            kind: guard.kind,
            file: file_in(&chart, &template.scope, &template.file.name),
            text: String::new(),
            tries: Vec::new(),
            why_not: String::new(),
        };
        match without(template.text, &template.nodes, guard) {
            Some(text) => mutant.text = text,
            None => "its place in the template could not be found".clone_into(&mut mutant.why_not),
        }
        if guard.paths.is_empty() {
            "what it guards is computed, so no value can be taken away".clone_into(&mut mutant.why_not);
        }
        if mutant.why_not.is_empty() {
            for at in cells {
                for paths in inputs::of_guard(guard, &subjects[*at].values) {
                    let refused = matches!(verdicts.get(&(*at, paths.clone())), Some(Verdict::Guarded { at, .. }) if !at.is_empty());
                    if refused && mutant.tries.len() < MOST_CELLS {
                        mutant.tries.push((*at, paths));
                    }
                }
            }
            if mutant.tries.is_empty() {
                let behind = if guard.conditional { ": it stands behind a condition" } else { "" };
                mutant.why_not = format!("no cell reaches it when its value is taken away{behind}");
            }
        }
        mutants.push(mutant);
    }
    mutants
}

/// The name of a template's file in a copy of the whole chart, where a subchart goes by its own name and not by its alias.
fn file_in(chart: &Chart, scope: &[String], name: &str) -> String {
    let mut path = String::new();
    let mut here = Some(chart);
    for step in scope {
        let declared = here.and_then(|chart| chart.declared.iter().find(|d| d.alias == *step));
        path.push_str(&format!("charts/{}/", declared.map_or(step.as_str(), |d| &d.name)));
        here = here.and_then(|chart| chart.subcharts.iter().find(|sub| sub.name == *step));
    }
    path + name
}

/// Renders a mutant where its guard would speak; with how many renders.
fn try_out(
    number: usize,
    mutant: &Mutant,
    subjects: &[Subject<'_>],
    baselines: &BTreeMap<usize, Baseline>,
    store: &Store,
    input: &Input<'_>,
) -> (Fate, usize) {
    if !mutant.why_not.is_empty() {
        return (Fate::NotMutated(mutant.why_not.clone()), 0);
    }
    let folder = input.renderer.home.join("mutants").join(number.to_string());
    let mut renders = 0;
    let fate = fate(mutant, subjects, baselines, store, input, &folder, &mut renders);
    let _ = fs::remove_dir_all(&folder);
    (fate.unwrap_or_else(Fate::Trouble), renders)
}

fn fate(
    mutant: &Mutant,
    subjects: &[Subject<'_>],
    baselines: &BTreeMap<usize, Baseline>,
    store: &Store,
    input: &Input<'_>,
    folder: &Path,
    renders: &mut usize,
) -> Result<Fate, Option<String>> {
    let mut copied: Option<PathBuf> = None;
    let mut untested = false;
    let mut shadow = String::new();
    for (at, paths) in &mutant.tries {
        let (Some(subject), Some(baseline)) = (subjects.get(*at), baselines.get(at)) else { continue };
        let hash = store::try_hash(&subject.hash, paths, Some((&mutant.file, &mutant.text)));
        let verdict = if let Some(verdict) = store.get(&hash) {
            verdict
        } else {
            if copied.is_none() {
                let words = |error| format!("{} cannot be written: {error}\n  help: free some disk", folder.display());
                copied = Some(copy(mutant, folder, input).map_err(|error| Some(words(error)))?);
            }
            *renders += 1;
            let verdict = render_without(subject.cell, paths, &hash, copied.as_deref(), folder, baseline, input)?;
            store.put(&hash, &verdict);
            verdict
        };
        match verdict {
            Verdict::Rendered { faults } if faults.is_empty() => untested = true,
            Verdict::Rendered { .. } | Verdict::Stopped { .. } => return Ok(Fate::Noticed),
            Verdict::Guarded { at, .. } => shadow = at,
        }
    }
    Ok(match (untested, shadow.is_empty()) {
        (true, _) => Fate::Untested,
        (false, true) => Fate::NotMutated("no cell in which it speaks can be rendered".to_owned()),
        (false, false) => Fate::NotMutated(format!("another guard of the same value speaks in its place: {shadow}")),
    })
}

/// A copy of the chart, links followed and archives unpacked, with the changed template.
fn copy(mutant: &Mutant, folder: &Path, input: &Input<'_>) -> std::io::Result<PathBuf> {
    let chart = Chart::load(&mutant.chart, input.sources);
    let root = folder.join("chart");
    for (name, file) in chart.all_files() {
        let path = root.join(&name);
        fs::create_dir_all(path.parent().unwrap_or(&root))?;
        fs::write(path, file.bytes(input.sources))?;
    }
    fs::write(root.join(&mutant.file), &mutant.text)?;
    Ok(root)
}

/// The template's text without a guard: `required "…" VALUE` becomes VALUE, `VALUE | required "…"` loses its end, `fail "…"`
/// prints nothing.
fn without(text: &str, nodes: &[Node], guard: &Guard) -> Option<String> {
    let (range, put) = find_in_nodes(text, nodes, guard)?;
    Some(format!("{}{put}{}", text.get(..range.start)?, text.get(range.end..)?))
}

fn find_in_nodes(text: &str, nodes: &[Node], guard: &Guard) -> Option<(Range<usize>, String)> {
    nodes.iter().find_map(|node| match node {
        Node::Text(_) => None,
        Node::Action { pipe, .. } => find_in_pipe(text, pipe, guard),
        Node::Call { pipe, .. } => pipe.as_ref().and_then(|pipe| find_in_pipe(text, pipe, guard)),
        Node::Define { body, .. } => find_in_nodes(text, body, guard),
        Node::Branch { pipe, body, otherwise, .. } => find_in_pipe(text, pipe, guard)
            .or_else(|| find_in_nodes(text, body, guard))
            .or_else(|| find_in_nodes(text, otherwise, guard)),
    })
}

fn find_in_pipe(text: &str, pipe: &Pipe, guard: &Guard) -> Option<(Range<usize>, String)> {
    for (at, command) in pipe.commands.iter().enumerate() {
        if command.span == (guard.start..guard.end) {
            return match (guard.kind, command.words.as_slice()) {
                (GuardKind::Fail, _) => Some((command.span.clone(), "\"\"".to_owned())),
                (GuardKind::Required, [_, _, value, ..]) => {
                    Some((command.span.clone(), text.get(value.span.clone())?.to_owned()))
                }
                (GuardKind::Required, [_, _]) if at > 0 => {
                    Some((pipe.commands[at - 1].span.end..command.span.end, String::new()))
                }
                (GuardKind::Required, _) => None,
            };
        }
        if let Some(found) = find_in_words(text, command, guard) {
            return Some(found);
        }
    }
    None
}

fn find_in_words(text: &str, command: &Command, guard: &Guard) -> Option<(Range<usize>, String)> {
    command.words.iter().find_map(|word| match &word.kind {
        ExprKind::Paren(pipe, _) => find_in_pipe(text, pipe, guard),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_guard_is_taken_out_and_nothing_else() {
        let cases = [
            ("{{ required \"set a\" .Values.a | quote }}", "required", "{{ .Values.a | quote }}"),
            ("{{- .Values.a | required \"set a\" | quote -}}", "required", "{{- .Values.a | quote -}}"),
            ("{{ $x := required (include \"m\" (list . \"a\")) .Values.a }}", "required", "{{ $x := .Values.a }}"),
            (
                "{{ if x }}{{ include \"y\" (required \"m\" $.Values.a) }}{{ end }}",
                "required",
                "{{ if x }}{{ include \"y\" ($.Values.a) }}{{ end }}",
            ),
            (
                "{{ define \"d\" }}{{ if not .Values.a }}{{ fail \"set a\" }}{{ end }}{{ end }}",
                "fail",
                "{{ define \"d\" }}{{ if not .Values.a }}{{ \"\" }}{{ end }}{{ end }}",
            ),
        ];
        for (text, word, expected) in cases {
            let nodes = checks::template::parse(text).unwrap();
            let start = text.find(word).unwrap();
            // The command ends where its last word does.
            let end = ["\" .Values.a", ".Values.a }}", "$.Values.a", "\"set a\""].iter().filter_map(|last| {
                let at = text[start..].find(last)? + start;
                Some(at + last.trim_end_matches(" }}").len())
            });
            let ends: BTreeSet<usize> = end.collect();
            let found = ends.into_iter().find_map(|end| {
                let kind = if word == "fail" { GuardKind::Fail } else { GuardKind::Required };
                let guard =
                    Guard { template: 0, start, end, kind, paths: BTreeSet::new(), define: None, conditional: false };
                without(text, &nodes, &guard)
            });
            assert_eq!(found.as_deref(), Some(expected), "{text}");
        }
    }
}
