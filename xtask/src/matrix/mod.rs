//! The matrix file: found, read, checked against the disk, expanded into cells. What is wrong with it is told all at once, each
//! with its line and the nearest right name.

mod expand;
mod file;
mod forms;
pub mod pattern;
pub mod read;

use std::path::{Path, PathBuf};

use checks::model::{Matrix, Place, Severity};
use finding::Finding;

use read::Reader;

/// Where the matrix file stands in every repository.
pub const FILE: &str = "environments/matrix.yaml";

/// The repository's root: the folder named, or the nearest one upwards that holds a matrix file.
///
/// # Errors
/// With words for a person, when there is none.
pub fn find_root(named: Option<&Path>) -> Result<PathBuf, String> {
    if let Some(named) = named {
        let root = named.canonicalize().map_err(|e| format!("--root {}: {e}", named.display()))?;
        return if root.join(FILE).is_file() {
            Ok(root)
        } else {
            Err(format!(
                "{} holds no {FILE}\n  help: name the folder that does, or write one: it says which charts are rendered where",
                named.display()
            ))
        };
    }
    let here = std::env::current_dir().map_err(|e| format!("the current folder cannot be read: {e}"))?;
    let found = here.ancestors().find(|folder| folder.join(FILE).is_file());
    found.map(Path::to_path_buf).ok_or_else(|| {
        format!(
            "neither this folder nor one above it holds {FILE}\n  help: name the repository with --root DIR, or write that \
             file: it says which charts are rendered where"
        )
    })
}

/// Reads the matrix file below `root`.
///
/// # Errors
/// Everything that is wrong with it, sorted by line.
pub fn load(root: &Path) -> Result<Matrix, Vec<Finding>> {
    let reader = Reader::new(FILE, "matrix");
    let whole = |rule: &str, message: String| vec![Finding::new(rule, Severity::Error, message).at(Place::file(FILE))];
    let bytes = std::fs::read(root.join(FILE))
        .map_err(|e| whole("matrix/unreadable", format!("the matrix file cannot be read: {e}")))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| whole("matrix/unreadable", "the matrix file is not UTF-8 text".to_owned()))?;
    let documents = yaml::parse(&text);
    let [document] = documents.as_slice() else {
        return Err(whole(
            "matrix/yaml",
            format!("the matrix file holds {} YAML documents; one is meant", documents.len()),
        ));
    };
    if let Some(error) = &document.error {
        let span = yaml::Span { start: error.at, end: error.at };
        reader.push(reader.at("matrix/yaml", span, format!("the matrix file is not valid YAML: {}", error.message)));
        return Err(reader.finish());
    }
    for duplicate in &document.duplicates {
        let found = reader.at("matrix/duplicate", duplicate.second, format!("`{}` stands here twice", duplicate.key));
        let first = Place::new(FILE, duplicate.first);
        reader.push(found.label("and here").related(first, "first here").help("keep one of the two"));
    }
    for alias in &document.aliases {
        let found = reader.at("matrix/alias", *alias, "YAML aliases are not used in a matrix file");
        reader.push(found.help("settings nest in four steps: file, environment, release, release in an environment"));
    }
    let Some(root_node) = &document.root else {
        return Err(whole("matrix/yaml", "the matrix file is empty".to_owned()));
    };
    let file = file::read(&reader, root_node);
    // What cannot be read cannot be expanded: follow-up errors would hide the first one.
    let Some(file) = file.filter(|_| reader.is_clean()) else { return Err(reader.finish()) };
    let matrix = expand::expand(root, &reader, file);
    if reader.is_clean() { Ok(matrix) } else { Err(finding::merge(reader.finish())) }
}
