//! The values that a cell's templates see, as Helm merges them, and which file set each.

/// The effective values of one cell.
#[derive(Debug, Clone, Default)]
pub struct Effective {}

impl Effective {
    /// Merges the chart's defaults and the values chain of a cell as Helm does.
    pub fn of(cell: &crate::model::Cell, sources: &crate::sources::Sources) -> Self {
        let _ = (cell, sources);
        Self {}
    }
}
