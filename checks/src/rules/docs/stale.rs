//! `docs/stale`.

use std::collections::BTreeSet;

use crate::document::{Document, mark};
use crate::model::{Place, Severity};
use crate::rules::{Check, MatrixView, Rule};
use crate::secrets::{INVENTORY_COMMAND, INVENTORY_PAGE, Inventory, ROTATION_COMMAND, ROTATION_PAGE, Rotation};
use finding::Finding;

/// The rule.
pub static RULE: Rule = Rule {
    id: "docs/stale",
    severity: Severity::Error,
    summary: "a page that the program writes is not what the repository says",
    check: Check::Matrix(check),
    doc: "\
## What it finds
`docs/secrets-inventory.md` or `docs/secrets-rotation.md` differs from what `cargo xtask secrets inventory --write` and
`cargo xtask secrets rotation --write` would write.

## Why it matters
These pages are opened when a credential has leaked or must be replaced: one who is missing in them is forgotten then.

## Example
A chart takes a second Secret by `envFrom`, and the page of rotations does not name it.

## What to do instead
Write the page anew with the command in the finding, and commit it with the change that made it stale.

## When it stays silent
There is no such page, or its first line does not say that the program writes it: then it is a page of your own. A cell that
neither renders nor has a golden could be anything, so nothing is said while there is one. While a values file or a chart cannot be
read nothing is said of the inventory, which is made of them: mend the file first. The pages name files and no lines: a comment
added to a values file does not make them stale.
",
};

fn check(view: &MatrixView<'_>, found: &mut Vec<Finding>) {
    let environments = view.matrix.environment_names();
    let namespace = &view.matrix.helm.namespace;
    let inventory = || Inventory::of(view.matrix, &environments, view.facts, view.effective).document(namespace, false);
    let rotation = || Rotation::of(view.matrix, &environments, view.facts).document();
    let pages: [(&str, &str, &dyn Fn() -> Document); 2] =
        [(INVENTORY_PAGE, INVENTORY_COMMAND, &inventory), (ROTATION_PAGE, ROTATION_COMMAND, &rotation)];
    let known: BTreeSet<&str> = view.facts.keys().map(String::as_str).collect();
    if view.matrix.cells.iter().any(|c| !known.contains(c.name().as_str())) {
        return;
    }
    for (path, command, document) in pages {
        let Some(text) = view.sources.get(path).and_then(|s| s.text()) else { continue };
        let text = text.replace("\r\n", "\n");
        if text.lines().next() != Some(mark(command).as_str()) {
            continue;
        }
        // Written now, the page would lose what an unreadable file says, and have to be written again.
        if path == INVENTORY_PAGE && view.matrix.cells.iter().any(|c| (view.effective)(c).problem.is_some()) {
            continue;
        }
        let written = document().to_markdown();
        if text == written {
            continue;
        }
        let line = 1 + text.lines().zip(written.lines()).take_while(|(a, b)| a == b).count();
        let line = line.min(text.lines().count());
        found.push(
            RULE.finding(format!("{path} is not what the repository says"))
                .at(Place::line(path, line))
                .label("the first line that differs")
                .help(format!("cargo xtask {command}"))
                .identity(path),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::facts::Facts;
    use crate::model::{Cell, Environment, Matrix};
    use crate::object::objects;
    use crate::sources::{Source, SourceKind, Sources};
    use crate::values::Effective;

    /// What the rule says when `page` is the page of rotations.
    fn found(page: Option<&str>, is_known: bool) -> Vec<Finding> {
        found_in(ROTATION_PAGE, page, is_known, None)
    }

    /// What it says of a page, with a reason why the cell's files cannot be read.
    fn found_in(path: &str, page: Option<&str>, is_known: bool, problem: Option<&str>) -> Vec<Finding> {
        let cell = Cell {
            env: "local".to_owned(),
            release: "web".to_owned(),
            namespace: "demo".to_owned(),
            ..Cell::default()
        };
        let matrix = Matrix {
            environments: vec![Environment { name: "local".to_owned(), ..Environment::default() }],
            cells: vec![cell],
            ..Matrix::default()
        };
        let text = page.map(str::to_owned);
        let source = |text: String| Source {
            bytes: text.into_bytes(),
            kind: SourceKind::Other,
            cells: std::sync::Arc::default(),
        };
        let sources: Sources = text.map(|text| (path.to_owned(), source(text))).into_iter().collect();
        let facts = if is_known { facts(&matrix) } else { BTreeMap::new() };
        let problem = problem.map(str::to_owned);
        let effective = |_: &Cell| {
            let mut effective = Effective::default();
            effective.problem.clone_from(&problem);
            std::sync::Arc::new(effective)
        };
        let view = MatrixView { matrix: &matrix, sources: &sources, facts: &facts, effective: &effective };
        let mut found = Vec::new();
        check(&view, &mut found);
        found
    }

    fn facts(matrix: &Matrix) -> BTreeMap<String, Facts> {
        let pod = "kind: Pod\napiVersion: v1\nmetadata: {name: a}\nspec: {containers: [{name: c, envFrom: [{secretRef: {name: s}}]}]}\n";
        let cell = &matrix.cells[0];
        BTreeMap::from([(cell.name(), Facts::of(cell, &objects(pod, "demo").0))])
    }

    fn written() -> String {
        let cell = Cell {
            env: "local".to_owned(),
            release: "web".to_owned(),
            namespace: "demo".to_owned(),
            ..Cell::default()
        };
        let environment = Environment { name: "local".to_owned(), ..Environment::default() };
        let matrix = Matrix { environments: vec![environment], cells: vec![cell], ..Matrix::default() };
        Rotation::of(&matrix, &["local"], &facts(&matrix)).document().to_markdown()
    }

    #[test]
    fn a_page_that_lacks_a_user_is_stale() {
        let page: String =
            written().lines().filter(|l| !l.contains("Pod/a")).fold(String::new(), |page, l| page + l + "\n");
        let found = found(Some(&page), true);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].place.as_ref().unwrap().file, ROTATION_PAGE);
        assert_eq!(found[0].help, "cargo xtask secrets rotation --write");
    }

    #[test]
    fn a_values_file_that_cannot_be_read_makes_no_page_stale() {
        let of = |page, mark: String, problem| found_in(page, Some(&(mark + "\n")), true, problem).len();
        assert_eq!(of(INVENTORY_PAGE, mark(INVENTORY_COMMAND), Some("web.yaml is not valid YAML")), 0);
        // The page of rotations is made of renders alone.
        assert_eq!(of(ROTATION_PAGE, mark(ROTATION_COMMAND), Some("web.yaml is not valid YAML")), 1);
    }

    #[test]
    fn silent_cases() {
        assert!(found(Some(&written()), true).is_empty());
        assert!(found(Some(&written().replace('\n', "\r\n")), true).is_empty());
        assert!(found(None, true).is_empty());
        assert!(found(Some("# Our rotations\n"), true).is_empty(), "a page of one's own");
        assert!(found(Some(&(mark(ROTATION_COMMAND) + "\n")), false).is_empty(), "a cell of which nothing is known");
    }
}
