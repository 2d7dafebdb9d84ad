//! `render/nondeterministic`.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::chart::Chart;
use crate::model::{Cell, Place, Severity};
use crate::object::{self, Object};
use crate::rules::{Check, MatrixView, Rule};
use crate::sources::Sources;
use crate::template::{self, Call, Program, Scan};
use crate::values::Effective;
use finding::{Finding, RenderPlace};
use yaml::{Node, Value};

/// The rule.
pub static RULE: Rule = Rule {
    id: "render/nondeterministic",
    severity: Severity::Error,
    summary: "a template renders differently each time",
    check: Check::Matrix(check),
    doc: "\
## What it finds
Functions whose result differs from one render to the next, reached by a cell: `randAlphaNum` and its kin, `genCA`, `genSignedCert`,
`genPrivateKey`, `uuidv4`, `htpasswd`, `bcrypt`, `encryptAES`, `shuffle`, `now`, and `date` of something that is no date. `lookup` and
`getHostByName` are warned of: they ask the cluster or the network, which no golden can show.

## Why it matters
A golden of such a render never equals the next one, and each upgrade changes what runs: a new password that the database does not
know, a new certificate, a restart for nothing.

## Example
```yaml
password: {{ randAlphaNum 16 | b64enc }}
checksum/time: {{ now | date \"20060102150405\" }}
```

## What to do instead
Let credentials come from Vault through an ExternalSecret, certificates from cert-manager; take a hash of what is rendered for a
checksum. For a chart of somebody else's, set the value that makes it use an existing Secret, or give the release a `mask` with a reason.

## When it stays silent
Where the cell's values decide that the function is not reached: behind `if`, `default`, `or`, `ternary`, an `include` that prints
nothing, in a subchart that is off. Where the values do not decide it, both ways are taken, and the cell is rendered twice: what the
two renders print alike is no finding, unless it is the time, which may stay the same for a moment. A cell whose values cannot be read
is not judged. A release with a `mask` has said what differs, and why.
",
};

/// Functions with another result at each call.
const RANDOM: &[&str] = &[
    "randAlphaNum",
    "randAlpha",
    "randNumeric",
    "randAscii",
    "randBytes",
    "randInt",
    "genPrivateKey",
    "genCA",
    "genCAWithKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "uuidv4",
    "htpasswd",
    "bcrypt",
    "encryptAES",
    "shuffle",
];

/// Those of them whose result may be the same twice.
const FEW: &[&str] = &["randInt", "randNumeric", "shuffle"];

/// Functions that tell the time of the render.
const TIME: &[&str] = &["now", "ago", "date", "dateInZone", "date_in_zone", "htmlDate", "htmlDateInZone"];

/// Functions that ask something outside.
const OUTSIDE: &[&str] = &["lookup", "getHostByName"];

fn check(view: &MatrixView<'_>, findings: &mut Vec<Finding>) {
    let functions: Vec<&str> = RANDOM.iter().chain(TIME).chain(OUTSIDE).copied().collect();
    let mut suspects: Vec<(&str, bool)> = Vec::new();
    for cell in view.matrix.cells.iter().filter(|cell| cell.mask.is_empty()) {
        let known = suspects.iter().find(|(chart, _)| *chart == cell.chart);
        let suspect = known.map_or_else(
            || names_one(&Chart::load(&cell.chart, view.sources), view.sources, &functions),
            |(_, suspect)| *suspect,
        );
        if known.is_none() {
            suspects.push((&cell.chart, suspect));
        }
        // The values can be templates too, but then a template calls `tpl`.
        if suspect {
            judge(view, cell, &functions, findings);
        }
    }
}

/// Whether the text of any template names one of the functions, or runs texts as templates.
fn names_one(chart: &Chart, sources: &Sources, functions: &[&str]) -> bool {
    chart.walk().into_iter().any(|(_, chart)| {
        chart.templates.iter().any(|file| {
            let text = file.text(sources);
            names(text, "tpl") || functions.iter().any(|function| names(text, function))
        })
    })
}

/// Whether a word stands in a text by itself.
fn names(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$');
    text.match_indices(word).any(|(at, _)| !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part))
}

fn judge(view: &MatrixView<'_>, cell: &Cell, functions: &[&str], findings: &mut Vec<Finding>) {
    let values = (view.effective)(cell);
    if values.problem.is_some() {
        return;
    }
    let program = Program::new(&values.chart, view.sources);
    let scan = Scan::run(&program, Some(&values), functions);
    let mut told = BTreeSet::new();
    for call in &scan.calls {
        let same = |other: &Call| {
            (&other.function, other.template, other.start, &other.text)
                == (&call.function, call.template, call.start, &call.text)
        };
        if !told.insert((call.function.as_str(), call.template, call.start, &call.text)) {
            continue;
        }
        let template = &program.templates[call.template];
        let outside = OUTSIDE.contains(&call.function.as_str());
        let (message, help) = if outside {
            let help = "name what is needed in the values, or keep the cell from reaching it with a value";
            ("asks something outside, which no golden can show", help)
        } else if TIME.contains(&call.function.as_str()) {
            let help = "where pods must restart with their configuration, take the checksum of what is rendered";
            ("tells the time of the render", help)
        } else {
            let help = "let a Secret's value come from Vault and a certificate from cert-manager, or set the value that keeps the cell \
                 from reaching it";
            ("gives another result at each render", help)
        };
        let from: BTreeSet<&str> = scan
            .calls
            .iter()
            .filter(|other| same(other))
            .map(|other| program.templates[other.from].name.as_str())
            .collect();
        let run_here = template.place(&(call.start..call.end));
        let inside =
            call.text.as_ref().and_then(|(text, start, end)| text_place(&values, text, *start..*end, view.sources));
        let mut finding = RULE.finding(format!("`{}` {message}", call.function)).cell(cell.name());
        finding = match inside {
            Some(place) => finding.at(place).related(run_here, "`tpl` runs it here"),
            None => finding.at(run_here),
        };
        // The same in all cells, whatever a second render tells of each.
        let file = finding.place.as_ref().map(|place| place.file.clone()).unwrap_or_default();
        finding = finding.identity(format!("{file} {}", call.function));
        if outside {
            finding.severity = Severity::Warning;
        }
        for from in from {
            let cell = cell.name();
            finding = finding.shown(RenderPlace { cell, template: Some(from.to_owned()), ..RenderPlace::default() });
        }
        findings.push(finding.help(help));
    }
}

/// Where a part of a text that `tpl` runs stands: in a values file, or in another file of a chart.
fn text_place(values: &Effective, text: &str, part: Range<usize>, sources: &Sources) -> Option<Place> {
    let span = template::span(text, &part);
    values.place_in_text(text, span, sources).or_else(|| {
        let files = values.chart.walk().into_iter().flat_map(|(_, chart)| chart.files.iter());
        files.into_iter().find(|file| file.text(sources) == text).map(|file| file.place(span))
    })
}

/// What two renders of one cell say of the findings that the scan made of it. A function whose results are many is acquitted where
/// nothing that its templates print differs: what it made went nowhere. Of one with few results that is only likely, so it stays as a
/// warning; the time and what lies outside are not judged by two renders that follow each other.
pub fn confirmed(findings: &mut Vec<Finding>, cell: &str, differences: &[RenderPlace]) {
    let mut left: Vec<RenderPlace> = differences.to_vec();
    findings.retain_mut(|finding| {
        if finding.rule != RULE.id || !finding.cells.contains(cell) {
            return true;
        }
        let here = |place: &RenderPlace| place.cell == cell && place.object.is_empty();
        let from: BTreeSet<String> =
            finding.render.iter().filter(|place| here(place)).filter_map(|place| place.template.clone()).collect();
        let comes_from_here =
            |place: &RenderPlace| place.template.as_ref().is_none_or(|template| from.contains(template));
        let random = RANDOM.iter().any(|function| finding.message.starts_with(&format!("`{function}`")));
        let shown: Vec<RenderPlace> = differences.iter().filter(|place| comes_from_here(place)).cloned().collect();
        if random && shown.is_empty() {
            if FEW.iter().any(|function| finding.message.starts_with(&format!("`{function}`"))) {
                finding.severity = Severity::Warning;
                return true;
            }
            finding.render.retain(|place| place.cell != cell);
            finding.cells.remove(cell);
            return !finding.cells.is_empty();
        }
        if !shown.is_empty() && finding.severity == Severity::Error {
            left.retain(|place| !shown.contains(place));
            finding.render.retain(|place| !here(place));
            finding.render.extend(shown);
        }
        true
    });
    findings.extend(proven(left));
}

/// What differs between two renders of one cell: objects and paths in them, sorted; never values.
pub fn differences(first: &str, second: &str, cell: &Cell) -> Vec<RenderPlace> {
    let (a, b) = (object::objects(first, &cell.namespace).0, object::objects(second, &cell.namespace).0);
    let place = |object: &Object, path: String, line: usize| RenderPlace {
        cell: cell.name(),
        object: object.id.to_string(),
        path,
        line,
        template: object.template.clone(),
    };
    let mut found = Vec::new();
    for object in &a {
        match b.iter().find(|other| other.id == object.id) {
            Some(other) => unequal(&object.root, &other.root, &mut Vec::new(), &mut |path, line| {
                found.push(place(object, path, line));
            }),
            None => found.push(place(object, String::new(), object.span.start.line)),
        }
    }
    for object in b.iter().filter(|object| !a.iter().any(|other| other.id == object.id)) {
        found.push(place(object, String::new(), object.span.start.line));
    }
    found.sort();
    found.dedup();
    found
}

/// The finding that two renders prove by themselves, when no scan foretold it.
fn proven(differences: Vec<RenderPlace>) -> Option<Finding> {
    let first = differences.first()?;
    let path = if first.path.is_empty() { String::new() } else { format!(" at {}", first.path) };
    let message = format!("two renders differ: {}{path}", first.object);
    Some(differences.into_iter().fold(RULE.finding(message), Finding::shown))
}

fn unequal(a: &Node, b: &Node, path: &mut Vec<String>, visit: &mut dyn FnMut(String, usize)) {
    match (&a.value, &b.value) {
        (Value::Scalar(x, _), Value::Scalar(y, _)) if x == y => {}
        (Value::Mapping(x), Value::Mapping(y)) if keys(x) == keys(y) => {
            for (x, y) in x.iter().zip(y) {
                path.push(x.key.text().unwrap_or("?").to_owned());
                unequal(&x.value, &y.value, path, visit);
                path.pop();
            }
        }
        (Value::Sequence(x), Value::Sequence(y)) if x.len() == y.len() => {
            for (at, (x, y)) in x.iter().zip(y).enumerate() {
                path.push(format!("[{at}]"));
                unequal(x, y, path, visit);
                path.pop();
            }
        }
        _ => visit(path.join(".").replace(".[", "["), a.span.start.line),
    }
}

fn keys(entries: &[yaml::Entry]) -> Vec<Option<&str>> {
    entries.iter().map(|entry| entry.key.text()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_renders_tell_the_path_that_differs() {
        let render = |password: &str, items: &str| {
            format!(
                "---\n# Source: c/templates/s.yaml\napiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\ndata:\n  a: 1\n  b: {password}\nl: {items}\n"
            )
        };
        let cell = Cell { namespace: "n".into(), ..Cell::default() };
        let found = differences(&render("x", "[{c: 1}]"), &render("y", "[{c: 2}]"), &cell);
        let found: Vec<(&str, &str, usize)> =
            found.iter().map(|f| (f.object.as_str(), f.path.as_str(), f.line)).collect();
        assert_eq!(found, [("Secret n/s", "data.b", 8), ("Secret n/s", "l[0].c", 9)]);
        assert!(differences(&render("x", "[]"), &render("x", "[]"), &cell).is_empty());
    }
}
