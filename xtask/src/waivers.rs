//! The waivers file, and the waivers in comments of the sources.

use std::collections::BTreeSet;
use std::path::Path;

use checks::model::{Matrix, Place, Severity};
use checks::sources::Sources;
use checks::waivers::{Allowed, Glob, Scope, Waiver, inline};
use finding::Finding;
use yaml::Node;

use crate::matrix::read::{Reader, Spanned};

/// Names of what is wrong with the file begin with this.
const FAMILY: &str = "waivers";
const KEYS: &[&str] = &["rule", "where", "object", "reason", "until"];

/// All waivers of a repository.
///
/// # Errors
/// Everything that is wrong with the waivers file, sorted by line.
pub fn load(root: &Path, matrix: &Matrix, sources: &Sources) -> Result<Allowed, Vec<Finding>> {
    let mut allowed = Allowed::default();
    if let Some(file) = &matrix.waivers {
        allowed.waivers = read(root, file)?;
    }
    for (path, source) in sources {
        if matrix.waivers.as_ref() != Some(path) {
            allowed.extend(inline::read(path, &source.bytes, &source.cells));
        }
    }
    Ok(allowed)
}

fn read(root: &Path, file: &str) -> Result<Vec<Waiver>, Vec<Finding>> {
    let whole = |what: &str, message: String| {
        vec![Finding::new(&format!("{FAMILY}/{what}"), Severity::Error, message).at(Place::file(file))]
    };
    let bytes = std::fs::read(root.join(file)).map_err(|e| whole("unreadable", format!("it cannot be read: {e}")))?;
    let text = String::from_utf8(bytes).map_err(|_| whole("unreadable", "it is not UTF-8 text".to_owned()))?;
    let reader = Reader::new(file, FAMILY);
    let documents = yaml::parse(&text);
    if documents.len() > 1 {
        return Err(whole("yaml", format!("it holds {} YAML documents; one is meant", documents.len())));
    }
    let Some(document) = documents.first() else { return Ok(Vec::new()) };
    if let Some(error) = &document.error {
        let span = yaml::Span { start: error.at, end: error.at };
        reader.push(reader.at("waivers/yaml", span, format!("the waivers file is not valid YAML: {}", error.message)));
    }
    for duplicate in &document.duplicates {
        let found = reader.at("waivers/duplicate", duplicate.second, format!("`{}` stands here twice", duplicate.key));
        let first = reader.place(duplicate.first);
        reader.push(found.label("and here").related(first, "first here").help("keep one of the two"));
    }
    let items = document.root.as_ref().map(|root| reader.list(root, "the waivers file")).unwrap_or_default();
    let waivers = items.iter().filter_map(|item| waiver(&reader, item)).collect();
    if reader.is_clean() { Ok(waivers) } else { Err(reader.finish()) }
}

fn waiver(reader: &Reader, item: &Node) -> Option<Waiver> {
    reader.map(item, "a waiver", KEYS);
    if !item.is_mapping() {
        return None;
    }
    let text = |key: &str, example: &str| {
        if let Some(node) = item.get(key) {
            reader.text(node, &format!("`{key}` of a waiver"))
        } else {
            reader.missing(item.span, "a waiver", key, example);
            None
        }
    };
    let rule = text("rule", "rule: leaks/literal-credential");
    let place = text("where", "where: environments/staging/web.yaml");
    let reason = text("reason", "reason: the demo database of the tutorial");
    let until = text("until", "until: 2026-12-31");
    let object = item.get("object").and_then(|n| reader.text(n, "`object` of a waiver"));
    let glob = |text: &Spanned<String>| {
        let glob = Glob::new(&text.value);
        if glob.is_none() {
            reader.push(reader.at("waivers/wrong-type", text.span, "this pattern is too long"));
        }
        glob
    };
    let until = until.and_then(|text| {
        let date = text.value.parse().ok();
        if date.is_none() {
            let found = reader.at("waivers/wrong-type", text.span, format!("`{}` is no date", text.value));
            reader.push(found.help("write the last day on which the waiver holds, e.g. `until: 2026-12-31`"));
        }
        date
    });
    let rule = rule?;
    Some(Waiver {
        scope: Scope::Where(glob(&place?)?),
        object: match &object {
            Some(object) => Some(glob(object)?),
            None => None,
        },
        reason: reason?.value,
        until: until?,
        place: reader.place(rule.span),
        rule: rule.value,
        cells: BTreeSet::new(),
    })
}
