//! `docs/rules/` says what the rules say. `XTASK_BLESS=1 cargo test --test rule_pages` writes it.

mod common;

use std::collections::BTreeMap;
use std::fs;

use checks::rules::{page, registry};
use common::workspace;

#[test]
fn the_pages_of_the_rules_are_generated_from_them() {
    let folder = workspace().join("docs/rules");
    let mut expected: BTreeMap<String, String> =
        registry().iter().map(|rule| (page::file(rule), page::page(rule))).collect();
    expected.insert("README.md".to_owned(), page::index(registry()));
    let there: BTreeMap<String, String> = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap())
        .map(|e| (e.file_name().into_string().unwrap(), fs::read_to_string(e.path()).unwrap()))
        .collect();
    if there == expected {
        return;
    }
    if std::env::var_os("XTASK_BLESS").is_none() {
        let names = |pages: &BTreeMap<String, String>, others: &BTreeMap<String, String>| {
            pages
                .iter()
                .filter(|(name, text)| others.get(*name) != Some(text))
                .map(|(n, _)| n.clone())
                .collect::<Vec<_>>()
        };
        panic!(
            "docs/rules is not what the rules say: write {:?}, delete or write anew {:?}; XTASK_BLESS=1 does both",
            names(&expected, &there),
            names(&there, &expected)
        );
    }
    fs::create_dir_all(&folder).unwrap();
    for name in there.keys().filter(|name| !expected.contains_key(*name)) {
        fs::remove_file(folder.join(name)).unwrap();
    }
    for (name, text) in expected {
        fs::write(folder.join(name), text).unwrap();
    }
}
