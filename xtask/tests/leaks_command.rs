//! `cargo xtask leaks`: what it reads, what it prints, how it ends.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn secret() -> String {
    ["kX82hQz91", "vT7bLm4Rw"].concat()
}

fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("leaks")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_clean_folder_is_0_a_leak_1_a_missing_path_2() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("values.yaml"), "auth:\n  existingSecret: db\n").expect("a file");
    let clean = run(folder.path(), &[], "");
    assert_eq!(clean.status.code(), Some(0));
    assert!(words(&clean).contains("no credentials found · 1 file"));
    fs::write(folder.path().join("values.yaml"), format!("auth:\n  password: {}\n", secret())).expect("a file");
    let leaking = run(folder.path(), &[], "");
    assert_eq!(leaking.status.code(), Some(1));
    assert!(words(&leaking).contains("values.yaml:2:13"));
    assert_eq!(run(folder.path(), &["nowhere"], "").status.code(), Some(2));
}

#[test]
fn no_format_prints_a_value_not_even_of_a_files_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("a:\n  password: {0} # token: {0}\n  x: \"{0}\"\n", secret());
    fs::write(folder.path().join(format!("{}.yaml", secret())), &text).expect("a file");
    for arguments in [&[][..], &["-v"], &["--report", "json"], &["--color", "always"]] {
        let output = run(folder.path(), arguments, "");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let words = words(&output);
        // The third line is no leak, and is not shown.
        assert!(!words.contains(&secret()), "{arguments:?}: {words}");
    }
}

#[test]
fn standard_input_hidden_files_ignored_files_and_binaries() {
    let folder = tempfile::tempdir().expect("a folder");
    let leak = format!("DB_PASSWORD={}\n", secret());
    let found = run(folder.path(), &["-"], &leak);
    assert_eq!(found.status.code(), Some(1));
    assert!(words(&found).contains("<stdin>:1:13"));
    fs::write(folder.path().join(".gitignore"), "ignored.env\n").expect("a file");
    fs::write(folder.path().join("ignored.env"), &leak).expect("a file");
    fs::write(folder.path().join("logo.png"), b"\x89PNG\0\0").expect("a file");
    let clean = run(folder.path(), &[], "");
    assert_eq!(clean.status.code(), Some(0), "{}", words(&clean));
    assert!(words(&clean).contains("1 binary file skipped"));
    assert_eq!(run(folder.path(), &["ignored.env"], "").status.code(), Some(1));
    fs::write(folder.path().join(".env"), &leak).expect("a file");
    assert_eq!(run(folder.path(), &[], "").status.code(), Some(1));
}

#[test]
fn the_json_report_has_places_and_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.yaml"), format!("b:\n  token: {}\n", secret())).expect("a file");
    let output = run(folder.path(), &["--report", "json"], "");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["counts"]["errors"], 1);
    assert_eq!(report["findings"][0]["rule"], "leaks/literal-credential");
    assert_eq!(report["findings"][0]["location"]["line"], 2);
    assert_eq!(report["findings"][0]["location"]["column"], 10);
}
