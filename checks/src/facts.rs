//! What a cell produces and consumes, and when: keys, never values.

use serde::{Deserialize, Serialize};

/// The facts of one cell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// `env/release`.
    pub cell: String,
}

impl Facts {
    /// Reads them from the objects of a render or of a golden.
    pub fn of(cell: &crate::model::Cell, objects: &[crate::object::Object]) -> Self {
        let _ = objects;
        Self { cell: cell.name() }
    }
}
