//! Which goldens are known to be what their cells render to: earlier runs have compared them, and nothing has changed since.
//!
//! A run of some cells takes what it must know of the others from their goldens. A golden that is older than its chart or its values
//! would tell of a repository that is no more, so only one that stands here is believed; the cells of the others are rendered.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use blake3::{Hash, Hasher};
use checks::model::{Cell, Matrix};
use checks::sources::{SourceKind, Sources};

use crate::golden::write;

/// Counts as part of every hash: changed when a hash comes to mean something else.
const FORMAT: &str = "known 1";

/// Goldens that were compared, each by the hash of its own bytes and of all that its cell is rendered from.
pub struct Known {
    file: PathBuf,
    /// What each cell of the matrix is rendered from, as it is now.
    inputs: BTreeMap<String, Hash>,
    /// What was compared.
    compared: BTreeMap<String, String>,
    changed: bool,
}

impl Known {
    /// What earlier runs have left below the build folder. What cannot be read was compared by nobody.
    pub fn load(target: &Path, matrix: &Matrix, sources: &Sources, helm: &str) -> Self {
        let file = target.join("xtask").join("compared");
        let text = fs::read_to_string(&file).unwrap_or_default();
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        let inputs = inputs(matrix, sources, helm);
        let kept = lines.filter(|(_, cell)| inputs.contains_key(*cell));
        let compared = kept.map(|(hash, cell)| (cell.to_owned(), hash.to_owned())).collect();
        Self { file, inputs, compared, changed: false }
    }

    /// Whether a cell's golden is what the cell renders to.
    pub fn is_current(&self, root: &Path, cell: &Cell) -> bool {
        let now = self.hash(root, cell);
        now.is_some() && now.as_ref() == self.compared.get(&cell.name())
    }

    /// Notes that a cell was rendered and equals its golden.
    pub fn equal(&mut self, root: &Path, cell: &Cell) {
        if let Some(hash) = self.hash(root, cell) {
            self.changed |= self.compared.insert(cell.name(), hash.clone()) != Some(hash);
        }
    }

    /// Keeps it for the next run. What cannot be kept is rendered again.
    pub fn save(&self, target: &Path) {
        if !self.changed {
            return;
        }
        let lines: Vec<String> = self.compared.iter().map(|(cell, hash)| format!("{hash} {cell}\n")).collect();
        let text = lines.concat();
        let _ =
            write::own_folder(&target.join("xtask")).and_then(|()| write::through(&self.file, text.as_bytes(), target));
    }

    fn hash(&self, root: &Path, cell: &Cell) -> Option<String> {
        let golden = fs::read(root.join(&cell.golden)).ok()?;
        let mut hasher = Hasher::new();
        hasher.update(self.inputs.get(&cell.name())?.as_bytes());
        hasher.update(&golden);
        Some(hasher.finalize().to_hex().to_string())
    }
}

/// The hash of all that a cell's render depends on: Helm, what the matrix file says of the cell, its chart and its values files.
fn inputs(matrix: &Matrix, sources: &Sources, helm: &str) -> BTreeMap<String, Hash> {
    let start = |cell: &Cell| {
        let mut hasher = Hasher::new();
        let Cell { release, chart, values, set, namespace, kube, include_crds, mask, .. } = cell;
        let said = format!(
            "{FORMAT} {helm} {release} {chart} {values:?} {set:?} {namespace} {kube:?} {include_crds} {mask:?}"
        );
        hasher.update(said.as_bytes());
        hasher
    };
    let mut hashers: BTreeMap<String, Hasher> = matrix.cells.iter().map(|cell| (cell.name(), start(cell))).collect();
    for (path, source) in sources.iter().filter(|(_, source)| source.kind != SourceKind::Docs) {
        let mut file = Hasher::new();
        file.update(format!("{path} {:?} ", source.kind).as_bytes());
        file.update(&source.bytes);
        let file = file.finalize();
        for cell in &*source.cells {
            if let Some(hasher) = hashers.get_mut(cell) {
                hasher.update(file.as_bytes());
            }
        }
    }
    hashers.into_iter().map(|(cell, hasher)| (cell, hasher.finalize())).collect()
}
