//! The rules: one file a rule, one folder a family, one registry. A rule never imports another rule.
//!
//! A rule declares its scope and sees only that scope's view. Words that a person reads stand in the rule's file; its page of
//! documentation is the text of [`Rule::doc`], under the same headings in every rule: what it finds, why it matters, an
//! example, what to do instead, when it stays silent.

mod golden;
mod render;

use std::collections::BTreeMap;

use crate::finding::Finding;
use crate::model::{Cell, Environment, Matrix, Severity};
use crate::object::Object;
use crate::yaml::Document;

/// One rule.
pub struct Rule {
    /// `family/rule`; stable, since it stands in waivers and in other people's pipelines.
    pub id: &'static str,
    /// Its weight unless the matrix file says otherwise.
    pub severity: Severity,
    /// One line for lists.
    pub summary: &'static str,
    /// The page, in Markdown, without its title.
    pub doc: &'static str,
    /// What it looks at, and how.
    pub check: Check,
}

impl Rule {
    /// A finding of this rule.
    pub fn finding(&self, message: impl Into<String>) -> Finding {
        Finding::new(self.id, self.severity, message)
    }
}

/// The scope of a rule with its function.
pub enum Check {
    /// Sees one source file.
    Source(fn(&SourceView<'_>, &mut Vec<Finding>)),
    /// Sees one cell's objects and values.
    Cell(fn(&CellView<'_>, &mut Vec<Finding>)),
    /// Sees the facts of every cell of one environment.
    Environment(fn(&EnvironmentView<'_>, &mut Vec<Finding>)),
    /// Sees all environments and sources.
    Matrix(fn(&MatrixView<'_>, &mut Vec<Finding>)),
    /// Found by the program itself while it renders and compares; the registry holds its name and page.
    Program,
}

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
    /// Anything else under a chart or beside the values.
    Other,
}

/// One source file.
pub struct SourceView<'a> {
    /// The matrix.
    pub matrix: &'a Matrix,
    /// Path relative to the root.
    pub path: &'a str,
    /// Its text.
    pub text: &'a str,
    /// What it is.
    pub kind: SourceKind,
    /// Its documents; empty unless it is YAML that is no template.
    pub documents: &'a [Document],
    /// Cells that read it.
    pub cells: &'a [&'a Cell],
}

/// One cell.
pub struct CellView<'a> {
    /// The matrix.
    pub matrix: &'a Matrix,
    /// The cell.
    pub cell: &'a Cell,
    /// Its objects in the order of the render.
    pub objects: &'a [Object],
    /// The render itself.
    pub render: &'a str,
    /// Text of every source by path: the chart's files and the values chain.
    pub sources: &'a BTreeMap<String, String>,
}

/// One environment.
pub struct EnvironmentView<'a> {
    /// The matrix.
    pub matrix: &'a Matrix,
    /// The environment.
    pub environment: &'a Environment,
}

/// Everything.
pub struct MatrixView<'a> {
    /// The matrix.
    pub matrix: &'a Matrix,
    /// Text of every source by path.
    pub sources: &'a BTreeMap<String, String>,
}

static REGISTRY: &[&Rule] = &[
    &golden::differs::RULE,
    &golden::missing::RULE,
    &golden::orphaned::RULE,
    &render::failed::RULE,
    &render::missing_required::RULE,
    &render::too_large::RULE,
];

/// All rules, in the order of their identifiers.
pub fn registry() -> &'static [&'static Rule] {
    REGISTRY
}

/// The rule of an identifier.
pub fn find(id: &str) -> Option<&'static Rule> {
    registry().iter().copied().find(|rule| rule.id == id)
}
