//! `boundary/environment-branch`.

use std::collections::BTreeSet;

use super::template::{Action, Word, actions};
use crate::model::{Matrix, Place, Severity};
use crate::rules::{Check, Rule, SourceView};
use crate::sources::SourceKind;
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "boundary/environment-branch",
    severity: Severity::Error,
    summary: "a template that branches on the environment's name",
    check: Check::Source(check),
    doc: "\
## What it finds
A template that decides by the environment's name what it renders:

- a comparison (`eq`, `ne`, `has`, `contains`, `hasPrefix`, `hasSuffix`, `regexMatch`) of a value that holds the environment's
  name with the name of an environment, also inside `and`, `or`, `not`, `ternary`, after a pipe, through a variable, in a `with`;
- a look-up by it: `index .Values.perEnvironment .Values.environment`, `get`, `hasKey`, `dig`, `pluck`, and
  `.Files.Get (printf \"config/%s.yaml\" .Values.environment)`, `include (printf …)`.

A value holds the environment's name if its last part is `environment`, `env`, `stage`, `deploymentEnvironment` and the like,
wherever it lies (`.Values.global.env`), or if it comes from a helper that is named so (`include \"app.environment\" .`); so does
`.Release.Namespace`. Names of environments are those of the matrix and the usual ones (`prod`, `stg`, `dev`, `qa`, …), alone or
as a part between dashes (`eu-prod`).

## Why it matters
Such a chart cannot be installed into a fourth environment, and what staging tests is not what production runs.

## Example
`{{ if eq .Values.environment \"production\" }}replicas: 3{{ else }}replicas: 1{{ end }}`

## What to do instead
`replicas: {{ .Values.replicas }}`, and set `replicas` in the overlays.

## When it stays silent
For passing the name on (`ENVIRONMENT: {{ .Values.environment }}`); for testing whether it is set, or comparing it with `\"\"`;
where the branch does nothing but `fail`, which is how a chart checks the name; for comparisons with words that name no
environment; for switches (`.Values.isProduction`), which an overlay sets; in NOTES.txt and in comments.
",
};

const COMPARE: &[&str] =
    &["eq", "ne", "has", "contains", "hasPrefix", "hasSuffix", "regexMatch", "mustRegexMatch", "mustHas"];
const LOOK_UP: &[&str] = &["index", "get", "hasKey", "dig", "pluck", "pick"];
const READ_FILE: &[&str] =
    &[".Files.Get", ".Files.Glob", ".Files.Lines", "$.Files.Get", "$.Files.Glob", "include", "template"];
const HOLDERS: &[&str] = &[
    "appenv",
    "deployenv",
    "deployenvironment",
    "deploymentenvironment",
    "env",
    "environment",
    "environmentname",
    "envname",
    "runtimeenvironment",
    "stage",
    "stagename",
    "targetenv",
    "targetenvironment",
];
const USUAL_NAMES: &[&str] = &[
    "dev",
    "development",
    "preprod",
    "prd",
    "prod",
    "production",
    "qa",
    "sandbox",
    "staging",
    "stg",
    "test",
    "testing",
    "uat",
];

fn check(view: &SourceView<'_>, findings: &mut Vec<Finding>) {
    if view.source.kind != SourceKind::Template || view.path.ends_with(".txt") {
        return;
    }
    let actions = actions(view.text);
    let mut scope = Scope { variables: BTreeSet::new(), dots: Vec::new() };
    for (index, action) in actions.iter().enumerate() {
        let branch = scope.branch(view.matrix, &action.words);
        scope.enter(&action.words);
        let Some(branch) = branch.filter(|_| !only_fails(view.text, action, actions.get(index + 1))) else { continue };
        let mut finding = RULE
            .finding(format!("the template branches on the environment's name: {branch}"))
            .at(place(view.path, view.text, action))
            .label("decided by the environment's name")
            .help("render a value, and set it in each environment's overlay");
        finding.cells.clone_from(&view.source.cells);
        findings.push(finding);
    }
}

/// What is known to hold the environment's name at some point of the template.
struct Scope<'a> {
    variables: BTreeSet<&'a str>,
    /// For each open block, whether its dot holds it.
    dots: Vec<bool>,
}

impl<'a> Scope<'a> {
    /// Follows blocks and assignments.
    fn enter(&mut self, words: &[Word<'a>]) {
        match words {
            [Word::Name("end"), ..] => {
                self.dots.pop();
            }
            [Word::Name("with"), rest @ ..] => {
                let holds = rest.iter().any(|w| self.holds(w));
                self.dots.push(holds);
            }
            [Word::Name("range" | "define" | "block"), ..] => self.dots.push(false),
            [Word::Name("if"), ..] => {
                let same = self.dots.last().copied().unwrap_or(false);
                self.dots.push(same);
            }
            [Word::Name(name), Word::Assign, rest @ ..] if name.starts_with('$') => {
                let compares = rest.first().is_some_and(|w| is_one_of(w, COMPARE) || is_one_of(w, LOOK_UP));
                if !compares && rest.iter().any(|w| self.holds(w)) {
                    self.variables.insert(name);
                } else {
                    self.variables.remove(name);
                }
            }
            _ => {}
        }
    }

    /// Whether a word (or something inside its parentheses) holds the environment's name.
    fn holds(&self, word: &Word<'_>) -> bool {
        match word {
            Word::Name(".") => self.dots.last().copied().unwrap_or(false),
            Word::Name(name) if name.starts_with('$') && !name.contains('.') => self.variables.contains(name),
            Word::Name(name) if name.starts_with(['.', '$']) => is_holder(name),
            Word::Group(words) => {
                let helper = words.windows(2).any(|pair| match pair {
                    [Word::Name("include"), Word::Text(helper)] => is_holder(helper),
                    _ => false,
                });
                let compares = words.iter().any(|w| is_one_of(w, COMPARE) || is_one_of(w, LOOK_UP));
                helper || (!compares && words.iter().any(|w| self.holds(w)))
            }
            Word::Name(_) | Word::Text(_) | Word::Pipe | Word::Assign => false,
        }
    }

    /// The branch in an action or in parentheses, told in a few words.
    fn branch(&self, matrix: &Matrix, words: &[Word<'_>]) -> Option<String> {
        let helper = words
            .windows(2)
            .any(|pair| matches!(pair, [Word::Name("include"), Word::Text(helper)] if is_holder(helper)));
        let holds = helper || words.iter().any(|w| self.holds(w));
        let function = words.iter().find(|w| is_one_of(w, COMPARE));
        if let (true, Some(Word::Name(function))) = (holds, function) {
            let named = texts(words).into_iter().find(|text| names_environment(matrix, text));
            if let Some(named) = named {
                return Some(format!("{function} … \"{named}\""));
            }
        }
        let look_up = words.iter().position(|w| is_one_of(w, LOOK_UP));
        if let Some((at, Word::Name(function))) = look_up.map(|at| (at, &words[at])) {
            let stage: Vec<&Word<'_>> = words[at + 1..].iter().take_while(|w| **w != Word::Pipe).collect();
            // The first one is the map (`dig` has it last); what is piped in comes last.
            let by_argument = match *function {
                "dig" => stage.iter().rev().skip(1).any(|w| self.holds(w)),
                _ => stage.iter().skip(1).any(|w| self.holds(w)),
            };
            let by_pipe = words[..at].last() == Some(&Word::Pipe) && words[..at].iter().any(|w| self.holds(w));
            if by_argument || (by_pipe && *function != "dig") {
                return Some(format!("{function} by the environment's name"));
            }
        }
        let reads = words.iter().find(|w| is_one_of(w, READ_FILE));
        if let Some(Word::Name(function)) = reads {
            let built = words.iter().any(|w| match w {
                Word::Group(inner) => {
                    inner.first() == Some(&Word::Name("printf")) && inner.iter().any(|w| self.holds(w))
                }
                _ => false,
            });
            if built {
                return Some(format!("{function} by the environment's name"));
            }
        }
        words.iter().find_map(|w| match w {
            Word::Group(inner) => self.branch(matrix, inner),
            _ => None,
        })
    }
}

fn is_one_of(word: &Word<'_>, names: &[&str]) -> bool {
    matches!(word, Word::Name(name) if names.contains(name))
}

/// Whether a field path or the name of a helper ends in a word for the environment.
fn is_holder(path: &str) -> bool {
    if matches!(path, ".Release.Namespace" | "$.Release.Namespace") {
        return true;
    }
    let last = path.rsplit(['.', '-', '_', '/']).next().unwrap_or_default().to_ascii_lowercase();
    HOLDERS.contains(&last.as_str())
}

/// All strings of an action, those in parentheses as well.
fn texts<'a>(words: &[Word<'a>]) -> Vec<&'a str> {
    let mut found = Vec::new();
    for word in words {
        match word {
            Word::Text(text) => found.push(*text),
            Word::Group(inner) => found.extend(texts(inner)),
            _ => {}
        }
    }
    found
}

fn names_environment(matrix: &Matrix, text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let is_one = |part: &str| USUAL_NAMES.contains(&part) || matrix.environments.iter().any(|e| e.name == part);
    is_one(&text) || text.split(|c: char| !c.is_ascii_alphanumeric()).any(is_one)
}

/// Whether an `if` does nothing but `fail`.
fn only_fails(text: &str, action: &Action<'_>, next: Option<&Action<'_>>) -> bool {
    let Some(next) = next else { return false };
    let opens = matches!(action.words.first(), Some(Word::Name("if" | "else")));
    let blank = text[action.end..next.start].trim().is_empty();
    opens && blank && matches!(next.words.first(), Some(Word::Name("fail")))
}

fn place(path: &str, text: &str, action: &Action<'_>) -> Place {
    let before = &text[..action.start];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let inside = &text[action.start..action.end];
    let end_line = line + inside.matches('\n').count();
    let last = inside.rsplit('\n').next().unwrap_or_default().chars().count();
    let end_column = if end_line == line { column + last } else { last + 1 };
    Place { file: path.to_owned(), line, column, end_line, end_column }
}
