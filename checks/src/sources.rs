//! The files that a repository's cells are made of: charts with their templates, values files, pages, the matrix file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a source file is to the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKind {
    /// `templates/**` of a chart, NOTES.txt and partials included.
    Template,
    /// `values.yaml` of a chart or of a vendored subchart.
    ChartValues,
    /// A values file that all environments share.
    SharedValues,
    /// A values file of one environment.
    Overlay,
    /// `Chart.yaml`.
    Chart,
    /// A release's page of documentation.
    Docs,
    /// The matrix file, the waivers, the fixtures.
    Matrix,
    /// A symbolic link to a folder or file; its bytes are the path it leads to, relative to the root, links in it followed.
    Link,
    /// Anything else under a chart or beside the values.
    Other,
}

/// One source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What it is.
    pub kind: SourceKind,
    /// `env/release` of the cells that read it. The files of a chart share them.
    pub cells: Arc<BTreeSet<String>>,
}

impl Source {
    /// Its text, if it is UTF-8.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }
}

/// Every source by its path relative to the root. A file that several paths reach through links stands under its real path.
pub type Sources = BTreeMap<String, Source>;
