//! Helm's words: its standard error becomes a finding that points into the chart. The wordings are those of Helm 3 and 4; what is
//! not recognised is shown as it is.

use std::path::Path;
use std::sync::LazyLock;

use checks::model::{Cell, Place};
use checks::places;
use checks::rules::{self, Rule};
use finding::Finding;
use leaks::Redactor;
use regex::Regex;
use yaml::{Node, Span};

use super::render::{Render, Renderer};

/// `required` and `fail`: the message is the chart author's.
static EXECUTION: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?s)^execution error at \(([^\n]+?):(\d+):(\d+)\): (.*)$"));
static PARSE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?s)^parse error at \(([^\n]+?):(\d+)\): (.*)$"));
static BROKEN_YAML: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?s)YAML parse error on ([^\n]+?): error converting YAML to JSON: yaml: (?:line (\d+): )?(.*)$")
});
/// One step of a template's call chain: Helm 4 gives it a line, Helm 3 the word `template: `. Elsewhere a name ends at a blank.
static STEP: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?xm) (?:template:\ |^) (?<file>[^\n:\x22]+/templates/[^\n:\x22]+) :(?<line>\d+) :(?<column>\d+) (?:$|:\ executing)
        | (?<word>[^\s:()\x22]+/templates/[^\s:()\x22]+) :(?<word_line>\d+) :(?<word_column>\d+)",
    )
});
static VALUES: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?s)^failed to parse ([^\n]+?): (?:.*?yaml: )(?:line (\d+): )?(.*)$"));
static FILE: LazyLock<Regex> = LazyLock::new(|| regex(r"^(?:open|read) ([^:]+): (.*)$"));
/// A subchart that is no chart, below the charts that hold it: Helm 4, then Helm 3.
static UNPACKING: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?s)error unpacking (?:subchart )?([^\n]+?) in [^\n:]+: (.*)$"));
static SCHEMA: LazyLock<Regex> = LazyLock::new(|| regex(r"^\s*- at '([^']*)': (.*)$|^\s*- ([^:\s]+): (.*)$"));
/// A key that a schema does not know, in the words of Helm 4 and of Helm 3.
static UNKNOWN: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^additional properties '([^']+)'|^Additional property (\S+) is not allowed"));
/// How a lint lists missing values: Helm 4 (in the plural for an empty text), then Helm 3.
static MISSING: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"msg="missing required values?" message=(.*)$|\[INFO\] Missing required value: (.*)$"#));

/// Rendered lines shown before and after the broken one.
const AROUND: usize = 4;

/// All patterns are constants, and the tests run through them.
fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

/// What a refused render means, with all that Helm repeats of values masked.
pub fn explain(renderer: &Renderer<'_>, cell: &Cell, render: &Render, redactor: &Redactor) -> Finding {
    let scrub = |text: &str| redactor.scrub(text).into_owned();
    told(renderer, cell, render, &scrub).redacted(&scrub)
}

fn told(renderer: &Renderer<'_>, cell: &Cell, render: &Render, scrub: &dyn Fn(&str) -> String) -> Finding {
    let words = error_of(&render.stderr);
    let files = Files { root: renderer.root, cell };
    let finding = if let Some(c) = EXECUTION.captures(&words) {
        let place = files.template(&c[1], number(&c[2]), number(&c[3]) + 1);
        let listed = missing(&renderer.lint(cell).stderr);
        let message = c[4].trim();
        if listed.iter().any(|m| m == message) {
            let finding = required(cell, message, &listed);
            match files.asking(&place, message) {
                Some(asking) => finding.at(asking).related(place, "included from here"),
                None => finding.at(place),
            }
        } else {
            failed(first_line(message), message).at(place)
        }
    } else if let Some(c) = PARSE.captures(&words) {
        failed(&format!("a template cannot be read: {}", first_line(&c[3])), "").at(files.template(
            &c[1],
            number(&c[2]),
            0,
        ))
    } else if let Some(c) = BROKEN_YAML.captures(&words) {
        broken_yaml(renderer, &files, &c[1], c.get(2).map(|m| number(m.as_str())), first_line(&c[3]), scrub)
    } else if words.starts_with("values don't meet the specifications of the schema") {
        schema(&files, &words)
    } else if let Some(c) = VALUES.captures(&words) {
        let line = c.get(2).map_or(0, |m| number(m.as_str()));
        let place = if line > 0 { Place::line(&c[1], line) } else { Place::file(&c[1]) };
        failed(&format!("a values file is not valid YAML: {}", first_line(&c[3])), "").at(place)
    } else if let Some(c) = FILE.captures(&words).filter(|c| cell.values.iter().any(|v| v.path == c[1])) {
        failed(&format!("a values file cannot be read: {}", &c[2]), "").at(Place::file(&c[1]))
    } else if let Some(names) = words.split("missing in charts/ directory: ").nth(1) {
        let place = Place::file(format!("{}/Chart.yaml", cell.chart));
        failed(&format!("dependencies of the chart are not vendored: {}", first_line(names)), "")
            .at(place)
            .help(format!("run `helm dependency build {}` and commit its charts/ folder", cell.chart))
    } else if let Some(finding) = unpacking(cell, &words) {
        finding
    } else if let Some(finding) = execution(&files, &words) {
        finding
    } else {
        let place =
            if cell.values.is_empty() { cell.place.clone() } else { Place::file(format!("{}/Chart.yaml", cell.chart)) };
        failed(&format!("Helm refused to render: {}", first_line(&words)), &words).at(place)
    };
    let finding = if finding.help.is_empty() {
        finding.help(format!("repeat this one render with `cargo xtask render {}`", cell.name()))
    } else {
        finding
    };
    finding.cell(cell.name())
}

fn failed(message: &str, all: &str) -> Finding {
    let finding = rule("render/failed").finding(message);
    // A message of several lines is shown whole below the first.
    if all.trim().lines().count() > 1 { finding.excerpt(all.trim().to_owned()) } else { finding }
}

fn rule(id: &str) -> &'static Rule {
    rules::find(id).unwrap_or_else(|| unreachable!("{id} is in the registry"))
}

fn required(cell: &Cell, first: &str, listed: &[String]) -> Finding {
    let overlay = cell.values.last().map_or("its values", |v| v.path.as_str());
    if listed.len() == 1 {
        return rule("render/missing-required")
            .finding(format!("a required value is missing: {}", first_line(first)))
            .help(format!("set it for each cell named here, e.g. in {overlay}"));
    }
    let mut finding = rule("render/missing-required")
        .finding(format!("at least {} required values are missing", listed.len()))
        .identity(listed.join("\n"))
        .label("Helm stopped here; the others were listed by a lint of the same values")
        .help(format!("set them for each cell named here, e.g. in {overlay}"));
    for message in listed {
        finding = finding.note(first_line(message));
    }
    finding
}

/// The required values that a lint lists, in its order.
fn missing(stderr: &str) -> Vec<String> {
    let mut listed: Vec<String> = Vec::new();
    for line in stderr.lines() {
        let Some(c) = MISSING.captures(line) else { continue };
        let text = c.get(1).or_else(|| c.get(2)).map_or("", |m| m.as_str()).trim();
        // Helm 4 writes a Go string literal, which for such texts is a JSON string.
        let text = if text.starts_with('"') {
            serde_json::from_str(text).unwrap_or_else(|_| text.to_owned())
        } else {
            text.to_owned()
        };
        let text = text.trim().to_owned();
        if !listed.contains(&text) {
            listed.push(text);
        }
    }
    listed
}

/// A subchart that Helm cannot read: the entry of `charts/`, and why.
fn unpacking(cell: &Cell, words: &str) -> Option<Finding> {
    let (mut file, mut rest) = (cell.chart.clone(), words);
    while let Some(c) = UNPACKING.captures(rest) {
        file = format!("{file}/charts/{}", &c[1]);
        rest = c.get(2).map_or("", |m| m.as_str());
    }
    if file == cell.chart {
        return None;
    }
    let what = if file.ends_with(".tgz") { "packed chart" } else { "chart" };
    let finding = failed(&format!("a subchart cannot be read as a {what}: {}", first_line(rest)), "");
    Some(finding.at(Place::file(file)).help(format!(
        "Helm renders nothing with it: get it anew with `helm dependency update {}` and commit the charts/ folder, or delete it",
        cell.chart
    )))
}

/// A template that stopped while it ran: the last step of the chain is where, the others how it got there.
fn execution(files: &Files<'_>, words: &str) -> Option<Finding> {
    let mut steps: Vec<Place> = Vec::new();
    for c in STEP.captures_iter(words) {
        let part = |name: &str, other: &str| c.name(name).or_else(|| c.name(other)).map_or("", |m| m.as_str());
        let (line, column) = (number(part("line", "word_line")), number(part("column", "word_column")));
        let place = files.template(part("file", "word"), line, column + 1);
        if !steps.contains(&place) {
            steps.push(place);
        }
    }
    let at = steps.pop()?;
    let flat = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let message = flat.rsplit_once(">: ").map_or(flat.as_str(), |(_, message)| message);
    let message = message.strip_prefix("error calling include: ").unwrap_or(message);
    let expression = flat.rsplit_once(" at <").and_then(|(_, rest)| rest.rsplit_once(">: ")).map(|(e, _)| e.to_owned());
    let mut finding = failed(&format!("a template stopped: {message}"), "").at(at);
    if let Some(expression) = expression {
        finding = finding.label(format!("while it evaluated `{expression}`"));
    }
    for step in steps {
        finding = finding.related(step, "called from here");
    }
    if message.contains("nil pointer") {
        finding = finding
            .help("a map on the way to this value is absent: set it in a values file, or guard it in the template");
    }
    Some(finding)
}

/// The YAML that a template made cannot be read: shown as rendered, since the template alone does not show it.
fn broken_yaml(
    renderer: &Renderer<'_>,
    files: &Files<'_>,
    template: &str,
    line: Option<usize>,
    why: &str,
    scrub: &dyn Fn(&str) -> String,
) -> Finding {
    let debug = renderer.debug(files.cell);
    let text = String::from_utf8_lossy(&debug.stdout);
    let source = format!("# Source: {template}");
    let documents = yaml::parse(&text);
    let ours = documents.iter().find_map(|d| {
        let line = d.error.as_ref()?.at.line;
        // One line tells the template, also of the documents after its first.
        let told = text.lines().take(line).filter(|l| l.starts_with("# Source: ")).last();
        (told == Some(source.as_str())).then_some(line)
    });
    // Helm counts lines inside the document, below its `# Source:` line.
    let told = line.and_then(|n| text.lines().position(|l| l == source).map(|at| at + 1 + n));
    let mut finding = failed(&format!("a template renders to YAML that cannot be read: {why}"), "");
    let mut place = files.template(template, 0, 0);
    if let Some(bad) = ours.or(told) {
        // Masked before lines are cut: half a secret is known to nobody.
        let shown = scrub(&text);
        let (lines, shown): (Vec<&str>, Vec<&str>) = (text.lines().collect(), shown.lines().collect());
        // Helm prints the templates of a broken render in no order: of the neighbours nothing is shown.
        let is_source = |line: &&str| line.starts_with("# Source: ");
        let top = lines.iter().take(bad).rposition(is_source).unwrap_or_default();
        let next = lines.iter().skip(bad).position(is_source).map(|at| bad + at - 1);
        let end = next.unwrap_or(shown.len()).min(bad + 2);
        let first = bad.saturating_sub(AROUND).max(top + 1);
        let mut excerpt = String::from("rendered:\n");
        for (index, content) in shown.iter().enumerate().take(end).skip(first - 1) {
            let mark = if index + 1 == bad { '>' } else { ' ' };
            excerpt.push_str(&format!("{mark} {}\n", cut(content)));
        }
        finding = finding.excerpt(excerpt.trim_end().to_owned());
        if let Some(line) = lines.get(bad - 1).and_then(|l| files.only_line(&place.file, l.trim())) {
            place = Place::line(place.file, line);
        }
    }
    finding.at(place)
}

/// Values against the chart's schema: each complaint, and the values file that set the first one.
fn schema(files: &Files<'_>, words: &str) -> Finding {
    let mut finding = rule("render/failed").finding("values break the chart's schema");
    let mut place = None;
    let mut told = Vec::new();
    let mut chart = "";
    for line in words.lines().skip(1) {
        let Some(c) = SCHEMA.captures(line) else {
            chart = line.trim().trim_end_matches(':');
            continue;
        };
        let (path, complaint) = match (c.get(1), c.get(2), c.get(3), c.get(4)) {
            (Some(pointer), Some(what), ..) => (pointer.as_str().trim_matches('/').replace('/', "."), what.as_str()),
            (_, _, Some(path), Some(what)) => (path.as_str().replace("(root)", ""), what.as_str()),
            _ => continue,
        };
        // A key that nobody knows is the place, rather than all that stands beside it.
        let unknown = UNKNOWN.captures(complaint).and_then(|c| c.get(1).or_else(|| c.get(2)));
        // A subchart's complaints come below its name, and its values stand below it, too.
        let below = format!("{chart}.{path}");
        for path in [path.as_str(), below.trim_end_matches('.')] {
            place = place.or_else(|| files.key(path, unknown?.as_str())).or_else(|| files.value(path));
        }
        let path = if path.is_empty() { "the values".to_owned() } else { format!("`{path}`") };
        told.push(format!("{path}: {complaint}"));
    }
    let identity = told.join("\n");
    for note in told {
        finding = finding.note(note);
    }
    let schema = format!("{}/values.schema.json", files.cell.chart);
    finding
        .identity(&identity)
        .at(place.unwrap_or_else(|| Place::file(schema.clone())))
        .help(format!("{schema} says what each value may be"))
}

/// Where things stand in the repository.
struct Files<'a> {
    root: &'a Path,
    cell: &'a Cell,
}

impl Files<'_> {
    /// A place in a template, which Helm names as `chart/templates/x.yaml`; `column` 0 means the whole line.
    fn template(&self, named: &str, line: usize, column: usize) -> Place {
        let inside = named.split_once('/').map_or(named, |(_, rest)| rest);
        let path = self.root.join(&self.cell.chart).join(inside);
        let real = path.canonicalize().ok();
        let root = self.root.canonicalize().ok();
        let relative = real.as_deref().zip(root.as_deref()).and_then(|(path, root)| path.strip_prefix(root).ok());
        let file =
            relative.map_or_else(|| format!("{}/{inside}", self.cell.chart), |p| p.to_string_lossy().into_owned());
        if line == 0 {
            Place::file(file)
        } else if column == 0 {
            Place::line(file, line)
        } else {
            Place { file, line, column, end_line: line, end_column: column + 1 }
        }
    }

    /// The number of the one line of a file with this content.
    fn only_line(&self, file: &str, content: &str) -> Option<usize> {
        let text = std::fs::read_to_string(self.root.join(file)).ok()?;
        let mut hits = text.lines().enumerate().filter(|(_, l)| !content.is_empty() && l.trim() == content);
        let (index, _) = hits.next()?;
        hits.next().is_none().then_some(index + 1)
    }

    /// The line that asks for a value which a message names, where Helm tells only of the template that includes it.
    fn asking(&self, told: &Place, message: &str) -> Option<Place> {
        let line = self.line(told)?;
        if line.contains("required") {
            return None;
        }
        let asks = |text: &str| {
            let values = text.split(".Values.").skip(1).map(|rest| {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_'))).unwrap_or(rest.len());
                rest[..end].trim_end_matches('.')
            });
            text.contains("required ") && values.into_iter().any(|path| places::holds(message, path))
        };
        let templates = ignore::WalkBuilder::new(self.root.join(&self.cell.chart))
            .standard_filters(false)
            .follow_links(true)
            .build();
        let mut found = Vec::new();
        for entry in templates.flatten().filter(|e| e.path().components().any(|part| part.as_os_str() == "templates")) {
            let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
            let Some(real) = entry.path().canonicalize().ok() else { continue };
            let Some(file) = real.strip_prefix(self.root.canonicalize().ok()?).ok() else { continue };
            let lines = text.lines().enumerate().filter(|(_, line)| asks(line));
            found.extend(lines.map(|(index, _)| Place::line(file.to_string_lossy(), index + 1)));
        }
        // Of several the one in the file that the including line names.
        let named = |place: &&Place| place.file.rsplit('/').next().is_some_and(|name| line.contains(name));
        match found.as_slice() {
            [one] => Some(one.clone()),
            several => several.iter().find(named).cloned(),
        }
    }

    /// The text of the line at a place.
    fn line(&self, place: &Place) -> Option<String> {
        let text = std::fs::read_to_string(self.root.join(&place.file)).ok()?;
        text.lines().nth(place.line.checked_sub(1)?).map(str::to_owned)
    }

    /// The last values file that sets a dotted path.
    fn value(&self, path: &str) -> Option<Place> {
        let steps: Vec<&str> = path.split('.').filter(|s| !s.is_empty()).collect();
        if steps.is_empty() { None } else { self.last(|root| Some(root.at(&steps)?.span)) }
    }

    /// The last values file with a key below a dotted path.
    fn key(&self, path: &str, key: &str) -> Option<Place> {
        let steps: Vec<&str> = path.split('.').filter(|s| !s.is_empty()).collect();
        self.last(|root| {
            let map = if steps.is_empty() { root } else { root.at(&steps)? };
            Some(map.entries().iter().find(|entry| entry.key.text() == Some(key))?.key.span)
        })
    }

    /// What the last values file holds in which something is found.
    fn last(&self, find: impl Fn(&Node) -> Option<Span>) -> Option<Place> {
        let defaults = format!("{}/values.yaml", self.cell.chart);
        let files = std::iter::once(defaults.as_str()).chain(self.cell.values.iter().map(|v| v.path.as_str()));
        let files: Vec<&str> = files.collect();
        files.into_iter().rev().find_map(|file| {
            let text = std::fs::read_to_string(self.root.join(file)).ok()?;
            let documents = yaml::parse(&text);
            Some(Place::new(file, find(documents.first()?.root.as_ref()?)?))
        })
    }
}

/// What stands behind the last `Error: `, without Helm's own advice.
fn error_of(stderr: &str) -> String {
    let start = if stderr.starts_with("Error: ") { Some(0) } else { stderr.find("\nError: ").map(|i| i + 1) };
    let text = start.map_or(stderr, |i| &stderr[i + "Error: ".len()..]);
    let kept: Vec<&str> = text.lines().filter(|l| !l.starts_with("Use --debug flag")).collect();
    kept.join("\n").trim().to_owned()
}

fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or_default().trim_end()
}

fn number(text: &str) -> usize {
    text.parse().unwrap_or_default()
}

/// A line of a render, short enough for a screen.
fn cut(line: &str) -> String {
    if line.chars().count() > 160 { line.chars().take(160).chain(['…']).collect() } else { line.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_both_versions_are_known() {
        let four = "level=WARN msg=\"missing required value\" message=\"set `x.y` here\"\nlevel=WARN msg=\"missing required values\" message=bare\n";
        let three = "engine.go:206: [INFO] Missing required value: set `x.y` here\nengine.go:206: [INFO] Missing required value: bare\n";
        for stderr in [four, three] {
            assert_eq!(missing(stderr), ["set `x.y` here", "bare"]);
        }
        let noisy = "level=INFO msg=\"found symbolic link\"\nError: execution error at (c/templates/a.yaml:1:6): no\nUse --debug flag to render out invalid YAML\n";
        assert!(EXECUTION.is_match(&error_of(noisy)));
        assert!(
            BROKEN_YAML
                .is_match("YAML parse error on c/templates/a.yaml: error converting YAML to JSON: yaml: line 4: x")
        );
        assert!(VALUES.is_match(
            "failed to parse v.yaml: cannot unmarshal yaml document: error converting YAML to JSON: yaml: line 2: x"
        ));
        assert!(PARSE.is_match("parse error at (c/templates/a.yaml:2): unclosed action"));
        assert!(SCHEMA.is_match("- at '/n': got string") && SCHEMA.is_match("- n: Invalid type"));
        assert!(FILE.is_match("read dir.yaml: is a directory"));
        assert_eq!(STEP.captures_iter("c/templates/a.yaml:1:13\n  executing").count(), 1);
    }

    #[test]
    fn a_name_may_hold_blanks_and_parentheses() {
        let name = "c/templates/a (b) c.yaml";
        let named = |pattern: &Regex, words: &str| pattern.captures(words).map(|c| c[1].to_owned());
        for (pattern, words) in [
            (&EXECUTION, format!("execution error at ({name}:1:6): no (really): not")),
            (&PARSE, format!("parse error at ({name}:2): unclosed action")),
            (&BROKEN_YAML, format!("YAML parse error on {name}: error converting YAML to JSON: yaml: line 4: x")),
            (&VALUES, format!("failed to parse {name}: error converting YAML to JSON: yaml: line 2: x")),
        ] {
            assert_eq!(named(pattern, &words).as_deref(), Some(name), "{words}");
        }
        let four = format!(
            "{name}:1:6\n  executing \"{name}\" at <include \"h\" .>:\n    error calling include:\n{name}:1:26\n  executing"
        );
        let three = format!(
            "template: {name}:1:6: executing \"{name}\" at <include \"h\" .>: error calling include: template: {name}:1:26: \
             executing \"h\" at <.Values>: nil pointer"
        );
        for words in [four, three] {
            let steps: Vec<String> =
                STEP.captures_iter(&words).map(|c| format!("{} {}", &c["file"], &c["column"])).collect();
            assert_eq!(steps, [format!("{name} 6"), format!("{name} 26")], "{words}");
        }
    }
}
