//! Runs every folder of `tests/cases/`: the files of `_base` and of the case make a repository, `cmd` is the command line, `delete`
//! names files to leave out, `expected.txt` is what a person sees. `XTASK_BLESS=1 cargo test --test cases` writes the latter;
//! read it before it is committed.

mod common;

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Repository, stderr, stdout, workspace};
use regex::Regex;

#[test]
fn every_case_prints_what_it_should() {
    let folder = workspace().join("tests/cases");
    let mut cases: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('_'))
        .collect();
    cases.sort();
    let bless = std::env::var_os("XTASK_BLESS").is_some();
    let failures = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let said = run(&folder.join(case));
                    let expected = folder.join(case).join("expected.txt");
                    let known = fs::read_to_string(&expected).unwrap_or_default();
                    if said != known {
                        if bless {
                            fs::write(&expected, &said).unwrap();
                        } else {
                            let diff = similar::TextDiff::from_lines(&known, &said).unified_diff().to_string();
                            failures.lock().unwrap().push(format!("case {case}:\n{diff}"));
                        }
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(cases.len() > 50, "the cases are gone");
}

fn run(case: &Path) -> String {
    let repository = Repository::base();
    repository.copy(case);
    let command = fs::read_to_string(case.join("cmd")).unwrap();
    for own in ["cmd", "expected.txt", "delete"] {
        let _ = fs::remove_file(repository.path(own));
    }
    for path in fs::read_to_string(case.join("delete")).unwrap_or_default().lines() {
        fs::remove_file(repository.path(path)).unwrap();
    }
    let before = repository.tree();
    let arguments: Vec<&str> = command.split_whitespace().collect();
    let output = repository.run(&arguments);
    let writes = arguments.first() == Some(&"bless");
    assert!(writes || repository.tree() == before, "{}: the working tree was written to", case.display());
    let mut said = format!("$ cargo xtask {}\n{}", command.trim(), stdout(&output));
    let errors = stderr(&output);
    if !errors.is_empty() {
        said.push_str("--- standard error\n");
        said.push_str(&errors);
    }
    said.push_str(&format!("--- exit code {}\n", output.status.code().unwrap_or(-1)));
    let root = repository.0.path().canonicalize().unwrap();
    let said = said.replace(root.to_str().unwrap(), "[ROOT]");
    // How many rules there are is no part of a case.
    let said = Regex::new(r"\b\d+ rules?\b").unwrap().replace_all(&said, "[RULES]").into_owned();
    Regex::new(r"\b\d+\.\d+ s\b").unwrap().replace_all(&said, "[TIME]").into_owned()
}
