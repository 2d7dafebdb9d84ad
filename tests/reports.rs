//! The reports for machines fit their schemas, whatever the verdict.

mod common;

use std::fs;

use boon::{Compiler, SchemaIndex, Schemas};
use common::{Repository, stderr, stdout, workspace};
use serde_json::Value;

struct Checker {
    schemas: Schemas,
    ours: SchemaIndex,
    sarif: SchemaIndex,
}

impl Checker {
    fn new() -> Self {
        let mut schemas = Schemas::new();
        let mut compiler = Compiler::new();
        let mut add = |url: &str, path: &str| {
            let text = fs::read_to_string(workspace().join(path)).unwrap();
            compiler.add_resource(url, serde_json::from_str(&text).unwrap()).unwrap();
            compiler.compile(url, &mut schemas).unwrap()
        };
        let ours = add("mem:///report.json", "docs/report.schema.json");
        let sarif = add("mem:///sarif.json", "tests/schemas/sarif-2.1.0.json");
        Self { schemas, ours, sarif }
    }

    /// Runs a command with both reports and returns them, once they fit.
    fn reports(&self, repository: &Repository, arguments: &[&str]) -> (Value, Value) {
        let mut all = arguments.to_vec();
        all.extend(["--report", "json=out.json", "--report", "sarif=out.sarif"]);
        let output = repository.run(&all);
        assert!(output.status.code() != Some(2), "{}", stderr(&output));
        let read = |file: &str, schema: SchemaIndex| {
            let value: Value = serde_json::from_str(&repository.read(file)).unwrap();
            if let Err(error) = self.schemas.validate(&value, schema) {
                panic!("{arguments:?}, {file}: {error:#}");
            }
            value
        };
        let reports = (read("out.json", self.ours), read("out.sarif", self.sarif));
        for file in ["out.json", "out.sarif"] {
            fs::remove_file(repository.path(file)).unwrap();
        }
        reports
    }
}

#[test]
fn a_report_that_could_not_be_read_is_refused() {
    let repository = Repository::base();
    let before = repository.tree();
    for (arguments, words) in [
        (&["validate", "--report", "json", "--report", "sarif"][..], "two reports would be written to standard output"),
        (&["validate", "--report", "json=-", "--report", "sarif=-"], "two reports would be written to standard output"),
        (&["leaks", "--report", "json", "--report", "human"], "two reports would be written to standard output"),
        (&["validate", "--report", "json=r", "--report", "sarif=r"], "two reports would be written to r"),
        (&["bless", "--report", "json=r"], "this command writes no report"),
        (&["list", "--report", "json"], "this command writes no report"),
    ] {
        let output = repository.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(words) && stderr(&output).contains("help: "), "{}", stderr(&output));
        assert!(output.stdout.is_empty() && repository.tree() == before, "{arguments:?}");
    }
    let output = repository.run(&["validate", "--report", "json=-"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["version"], 1);
    assert!(report["notes"][0].as_str().unwrap().starts_with("guards were not tried"), "{report}");
}

#[test]
fn a_scan_of_no_file_is_no_clean_one() {
    let repository = Repository::empty();
    fs::create_dir(repository.path("empty")).unwrap();
    let output = repository.run(&["leaks", "empty", "--report", "json=r.json", "--report", "human"]);
    assert_eq!(output.status.code(), Some(2));
    let said = common::stdout(&output);
    assert!(
        said.contains("no file to scan in empty") && said.contains("failed  nothing was scanned · 0 files"),
        "{said}"
    );
    let report: Value = serde_json::from_str(&repository.read("r.json")).unwrap();
    assert!(report["troubles"][0].as_str().unwrap().starts_with("no file to scan"));
    repository.write("empty/a.txt", "");
    assert_eq!(repository.run(&["leaks", "empty"]).status.code(), Some(0));
}

#[test]
fn the_reports_of_every_case_fit_their_schemas() {
    let checker = Checker::new();
    let cases = workspace().join("tests/cases");
    for case in [
        "clean",
        "bless-updates",
        "change-in-two-environments",
        "dependency-archive-broken",
        "dependency-missing",
        "golden-missing",
        "golden-orphaned",
        "required-missing",
        "schema-refuses",
        "severity-off",
        "template-name-with-blanks-unreadable",
        "template-renders-broken-yaml",
        "waiver-of-a-cell",
        "waiver-in-a-template",
        "waiver-unknown-rule",
    ] {
        let repository = Repository::base();
        repository.copy(&cases.join(case));
        for path in fs::read_to_string(cases.join(case).join("delete")).unwrap_or_default().lines() {
            fs::remove_file(repository.path(path)).unwrap();
        }
        let (ours, sarif) = checker.reports(&repository, &["validate"]);
        let findings = ours["findings"].as_array().unwrap().len() + ours["excused"].as_array().unwrap().len();
        assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), findings, "{case}");
    }
}

#[test]
fn the_leak_scan_has_the_same_formats() {
    let repository = Repository::empty();
    let value = ["k9", "Qv2x", "Lm8Zr4"].concat();
    repository.write("a b/values.yaml", format!("db:\n  password: {value}\n"));
    let (ours, sarif) = Checker::new().reports(&repository, &["leaks", "a b"]);
    assert_eq!(ours["findings"][0]["rule"], "leaks/literal-credential");
    let result = &sarif["runs"][0]["results"][0];
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b/values.yaml");
    assert_eq!(place["region"]["startLine"], 2);
    assert!(!sarif.to_string().contains(&value) && !ours.to_string().contains(&value));
}

#[test]
fn colours_are_for_terminals() {
    let repository = Repository::empty();
    for count in [1, 60] {
        let lines = (0..count).map(|n| format!("p{n}: {{password: {}{n}}}\n", ["k9", "Qv2x", "Lm8Zr4"].concat()));
        repository.write("values.yaml", lines.collect::<String>());
        for color in ["always", "auto"] {
            let output = repository.run(&["leaks", "--color", color, "--report", "human=found.txt", "values.yaml"]);
            let (shown, file) = (stdout(&output), repository.read("found.txt"));
            assert_eq!(shown.contains('\u{1b}'), color == "always", "{shown}");
            assert!(
                !file.contains('\u{1b}') && file.contains("literal-credential") && file.contains("failed"),
                "{file}"
            );
        }
    }
}

#[test]
fn a_result_names_its_rule_its_place_and_who_excused_it() {
    let repository = Repository::base();
    repository.copy(&workspace().join("tests/cases/waiver-of-a-cell"));
    let (ours, sarif) = Checker::new().reports(&repository, &["validate"]);
    let run = &sarif["runs"][0];
    let (results, rules) = (run["results"].as_array().unwrap(), run["tool"]["driver"]["rules"].as_array().unwrap());
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(rules[index]["help"]["markdown"].as_str().unwrap().contains("How to waive it"));
        let print = result["partialFingerprints"]["xtask/v1"].as_str().unwrap();
        assert_eq!(print.len(), 16);
    }
    let suppressed: Vec<&Value> = results.iter().filter(|r| r.get("suppressions").is_some()).collect();
    assert_eq!(suppressed.len(), 1);
    assert_eq!(suppressed[0]["suppressions"][0]["justification"], "tried out in staging");
    assert_eq!(suppressed[0]["properties"]["cells"][0], "staging/web");
    assert_eq!(ours["counts"]["waived"], 1);
    assert_eq!(ours["excused"][0]["by"]["waiver"]["line"], 1);
}

/// Lines that move change no fingerprint, so that a code host knows a finding again.
#[test]
fn fingerprints_are_stable() {
    let repository = Repository::base();
    repository.write("charts/web/templates/guard.yaml", "{{- fail \"no\" }}\n");
    let checker = Checker::new();
    let print = |report: (Value, Value)| report.1["runs"][0]["results"][0]["partialFingerprints"].clone();
    let first = print(checker.reports(&repository, &["validate"]));
    repository.write("charts/web/templates/guard.yaml", "\n\n{{- fail \"no\" }}\n");
    assert_eq!(print(checker.reports(&repository, &["validate"])), first);
}

#[test]
fn what_many_cells_and_templates_lack_is_one_block_each() {
    let repository = Repository::base();
    let matrix = repository.read("environments/matrix.yaml");
    let releases =
        (0..11).map(|at| format!("    web{at}: {{chart: web, namespace: web{at}}}\n")).collect::<Vec<_>>().concat();
    let paths = matrix
        .replace("environments/{env}/{release}.yaml", "environments/{env}/web.yaml")
        .replace("values/{release}", "values/web");
    repository.write("environments/matrix.yaml", format!("{paths}{releases}"));
    for at in 0..8 {
        let template = format!("{{{{ if .Values.off }}}}\nkind: ConfigMap\nmetadata: {{name: a{at}}}\n{{{{ end }}}}\n");
        repository.write(&format!("charts/web/templates/off{at}.yaml"), template);
    }
    let output = repository.run(&["validate", "--report", "human", "--report", "json=report.json"]);
    let said = common::stdout(&output);
    assert_eq!(
        said.matches("golden/missing").count(),
        2 + usize::from(said.contains("explain golden/missing")),
        "{said}"
    );
    assert!(said.contains("11 cells of staging have no golden") && said.contains("`cargo xtask bless`"), "{said}");
    assert_eq!(
        said.matches("sources/dead-template").count() - usize::from(said.contains("explain sources/dead")),
        1,
        "{said}"
    );
    assert!(
        said.contains("8 templates of charts/web render nothing in any cell") && said.contains("and 2 more"),
        "{said}"
    );
    assert!(said.contains("22 errors"), "{said}");
    let report: serde_json::Value = serde_json::from_str(&repository.read("report.json")).unwrap();
    assert_eq!(report["findings"].as_array().unwrap().len(), 22 + 8);
}
