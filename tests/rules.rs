//! The rules that look at sources, values and whole matrices, against their fixtures: each fixture is laid over a small
//! repository. A bad one says in `expected.txt` what is found, a good one has nothing to say. `BLESS=1` writes what is expected.

mod common;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use checks::model::Place;
use checks::rules;
use common::{Repository, workspace};
use finding::Finding;
use leaks::MaskKey;
use xtask::engine::Engine;

/// The families whose fixtures are repositories.
const FAMILIES: &[&str] = &["dependencies", "parity", "render", "sources", "values"];

/// What one rule finds in a repository. The goldens stand in for renders.
fn findings(rule: &str, root: &Path) -> Vec<Finding> {
    let rule = rules::find(rule).unwrap_or_else(|| panic!("no rule {rule}"));
    let root = root.canonicalize().unwrap();
    let matrix = xtask::matrix::load(&root).unwrap_or_else(|errors| panic!("{}: {errors:#?}", root.display()));
    let sources = xtask::sources::read(&root, &matrix);
    let rules = [rule];
    let key = MaskKey::new([0; 32]);
    let engine = Engine { root: &root, matrix: &matrix, sources: &sources, rules: &rules, key: &key };
    let mut found: Vec<Finding> = sources.iter().flat_map(|(path, source)| engine.source(path, source).0).collect();
    found.extend(engine.whole(&mut BTreeMap::new(), 1));
    finding::merge(found)
}

fn shown(findings: &[Finding]) -> String {
    let at = |place: &Place| format!("{}:{}:{}", place.file, place.line, place.column);
    let mut text = String::new();
    for finding in findings {
        let place = finding.place.as_ref().map(at).unwrap_or_default();
        writeln!(text, "{:?} {place}  {}", finding.severity, finding.message).unwrap();
        if !finding.label.is_empty() {
            writeln!(text, "  here: {}", finding.label).unwrap();
        }
        for (place, label) in &finding.related {
            writeln!(text, "  {}  {label}", at(place)).unwrap();
        }
        for place in &finding.render {
            match &place.template {
                Some(template) if place.object.is_empty() => {
                    writeln!(text, "  reached in {} from {template}", place.cell)
                }
                _ => writeln!(text, "  shown in {} {} line {}", place.cell, place.object, place.line),
            }
            .unwrap();
        }
        for note in &finding.notes {
            writeln!(text, "  = {note}").unwrap();
        }
        writeln!(text, "  help: {}", finding.help).unwrap();
        writeln!(text, "  cells: {}", finding.cells.iter().cloned().collect::<Vec<_>>().join(" ")).unwrap();
    }
    text
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(of).into_iter().flatten().flatten().map(|e| e.path()).collect();
    found.sort();
    found
}

/// The small repository with a fixture laid over it.
fn laid_over(fixture: &Path) -> Repository {
    let repository = Repository::base();
    repository.copy(fixture);
    if let Ok(list) = fs::read_to_string(fixture.join("delete")) {
        for path in list.lines() {
            let path = repository.path(path);
            if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
        }
    }
    repository
}

#[test]
fn bad_fixtures_are_found_and_good_ones_are_not() {
    let fixtures = workspace().join("checks/fixtures");
    let mut wrong = String::new();
    let mut seen = 0;
    for rule in FAMILIES.iter().flat_map(|family| folders(&fixtures.join(family))) {
        let id = rule.strip_prefix(&fixtures).unwrap().to_string_lossy().into_owned();
        let (mut bad, mut good) = (0, 0);
        for fixture in folders(&rule) {
            let name = fixture.file_name().unwrap().to_string_lossy().into_owned();
            let found = shown(&findings(&id, laid_over(&fixture).0.path()));
            seen += 1;
            if name.starts_with("good") {
                good += 1;
                if !found.is_empty() {
                    write!(wrong, "{id}/{name} must be silent:\n{found}\n").unwrap();
                }
                continue;
            }
            bad += 1;
            let expected = fixture.join("expected.txt");
            if std::env::var_os("BLESS").is_some() {
                fs::write(&expected, &found).unwrap();
            }
            if found.is_empty() {
                writeln!(wrong, "{id}/{name} finds nothing").unwrap();
            } else if fs::read_to_string(&expected).unwrap_or_default() != found {
                write!(wrong, "{id}/{name} finds something else (BLESS=1 takes it over):\n{found}\n").unwrap();
            }
        }
        assert!(bad > 0 && good > 0, "{id} needs bad and good fixtures");
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(seen >= 35, "only {seen} fixtures");
}

#[test]
fn every_rule_of_these_families_has_fixtures() {
    let fixtures = workspace().join("checks/fixtures");
    for rule in rules::registry() {
        let (family, _) = rule.id.split_once('/').unwrap();
        let program = matches!(rule.check, rules::Check::Program);
        if FAMILIES.contains(&family) && !program {
            assert!(fixtures.join(rule.id).is_dir(), "{} has no fixtures", rule.id);
        }
    }
}

#[test]
fn a_packed_copy_is_compared_file_by_file() {
    let repository = laid_over(&workspace().join("checks/fixtures/dependencies/stale/good-copy"));
    let pack = |repository: &Repository| {
        let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        archive.append_dir_all("lib", repository.path("charts/web/charts/lib")).unwrap();
        repository.write("charts/web/charts/lib-1.2.0.tgz", archive.into_inner().unwrap().finish().unwrap());
        fs::remove_dir_all(repository.path("charts/web/charts/lib")).unwrap();
    };
    pack(&repository);
    assert_eq!(findings("dependencies/stale", repository.0.path()), []);
    repository.write("charts/lib/templates/_l.tpl", "{{ define \"l\" }}newer{{ end }}\n");
    let found = findings("dependencies/stale", repository.0.path());
    assert_eq!(found.len(), 1);
    assert!(found[0].message.contains("templates/_l.tpl"), "{}", found[0].message);
}
