//! Verdicts of earlier runs, by the hash of all that a render depends on: what did not change is not rendered again.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use checks::chart::Chart;
use checks::model::Cell;
use checks::sources::Sources;

use super::judge::Verdict;
use crate::golden::write;

/// Counts as part of every hash: changed when verdicts come to mean something else.
const FORMAT: &str = "guards 1";

/// The folder of verdicts.
pub struct Store {
    folder: PathBuf,
    target: PathBuf,
    used: Mutex<BTreeSet<String>>,
}

impl Store {
    /// Verdicts below the build folder.
    pub fn new(target: &Path) -> Self {
        let folder = target.join("xtask").join("guards");
        Self { folder, target: target.to_owned(), used: Mutex::default() }
    }

    /// The verdict of a hash, if one is kept.
    pub fn get(&self, hash: &str) -> Option<Verdict> {
        self.used.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(hash.to_owned());
        serde_json::from_slice(&fs::read(self.folder.join(hash)).ok()?).ok()
    }

    /// Keeps a verdict. What cannot be kept is tried again.
    pub fn put(&self, hash: &str, verdict: &Verdict) {
        let bytes = serde_json::to_vec(verdict).unwrap_or_default();
        let file = self.folder.join(hash);
        let _ = write::own_folder(&self.folder).and_then(|()| write::through(&file, &bytes, &self.target));
    }

    /// Drops what nobody asked for: after a run over everything, that is what has changed since.
    pub fn prune(&self) {
        let used = self.used.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.len() == 64 && !used.contains(&name) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// The hash of what all renders of a cell depend on.
pub fn cell_hash(cell: &Cell, chart: &Chart, sources: &Sources, helm: &str) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    let mut add = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    add(FORMAT.as_bytes());
    add(helm.as_bytes());
    for (name, file) in chart.all_files() {
        add(name.as_bytes());
        add(file.bytes(sources));
    }
    for file in &cell.values {
        add(file.path.as_bytes());
        add(sources.get(&checks::chart::real(&file.path, sources)).map_or(&[][..], |source| &source.bytes));
        add(format!("{:?}", file.part).as_bytes());
    }
    for set in &cell.set {
        add(format!("{set:?}").as_bytes());
    }
    add(cell.release.as_bytes());
    add(cell.namespace.as_bytes());
    add(format!("{:?} {}", cell.kube, cell.include_crds).as_bytes());
    hasher.finalize()
}

/// The hash of one render of a cell: without these values, with this text instead of a template's.
pub fn try_hash(cell: &blake3::Hash, paths: &[Vec<String>], mutated: Option<(&str, &str)>) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(cell.as_bytes());
    hasher.update(format!("{paths:?}").as_bytes());
    if let Some((name, text)) = mutated {
        hasher.update(name.as_bytes());
        hasher.update(&[0]);
        hasher.update(text.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
