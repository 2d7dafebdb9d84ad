//! The rules: one file a rule, one folder a family, one registry. A rule never imports another rule.
//!
//! A rule declares its scope and sees only that scope's view. Words that a person reads stand in the rule's file; its page of
//! documentation is the text of [`Rule::doc`], under the same headings in every rule: what it finds, why it matters, an
//! example, what to do instead, when it stays silent.

mod boundary;
mod dependencies;
mod docs;
mod externalsecrets;
mod fixtures;
mod golden;
pub mod guards;
pub mod leaks;
mod order;
pub mod page;
mod parity;
pub mod render;
mod retired;
mod sources;
mod values;
mod waivers;
mod wiring;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::facts::Facts;
use crate::model::{Cell, Environment, Matrix, Severity};
use crate::object::Object;
use crate::sources::{Source, Sources};
use crate::values::Effective;
use ::leaks::Leak;
use finding::Finding;
use yaml::Document;

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

/// One source file.
pub struct SourceView<'a> {
    /// The matrix.
    pub matrix: &'a Matrix,
    /// Path relative to the root.
    pub path: &'a str,
    /// The file.
    pub source: &'a Source,
    /// Its text; empty for what is no UTF-8.
    pub text: &'a str,
    /// Its documents; empty unless it is YAML that is no template.
    pub documents: &'a [Document],
    /// What the leak scan found in it.
    pub leaks: &'a [Leak],
    /// Every source: whose chart the file belongs to.
    pub sources: &'a Sources,
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
    /// Every source by path: charts and values files.
    pub sources: &'a Sources,
}

/// One environment.
pub struct EnvironmentView<'a> {
    /// The matrix.
    pub matrix: &'a Matrix,
    /// The environment.
    pub environment: &'a Environment,
    /// What is known of its installed cells, selected or not, in the matrix's order.
    pub facts: &'a [&'a Facts],
    /// Every source by path: pages, values files and templates are where a finding points.
    pub sources: &'a Sources,
    /// Cells of which nothing is known: they failed to render and have no golden. A rule that would complain about something
    /// absent stays silent while there is one, since it could be there.
    pub unknown: &'a [&'a Cell],
}

/// Everything.
pub struct MatrixView<'a> {
    /// The matrix.
    pub matrix: &'a Matrix,
    /// Every source by path.
    pub sources: &'a Sources,
    /// What is known of every installed cell, by `env/release`.
    pub facts: &'a BTreeMap<String, Facts>,
    /// The effective values of a cell.
    pub effective: &'a (dyn Fn(&Cell) -> Arc<Effective> + Sync),
}

static REGISTRY: &[&Rule] = &[
    &boundary::config_in_secret::RULE,
    &boundary::credential_not_from_secret::RULE,
    &boundary::environment_branch::RULE,
    &boundary::environment_in_defaults::RULE,
    &boundary::foreign_environment::RULE,
    &boundary::unclassified::RULE,
    &dependencies::stale::RULE,
    &docs::missing::RULE,
    &docs::stale::RULE,
    &docs::stale_name::RULE,
    &externalsecrets::api_version::RULE,
    &externalsecrets::convention::RULE,
    &fixtures::missing::RULE,
    &golden::differs::RULE,
    &golden::missing::RULE,
    &golden::orphaned::RULE,
    &guards::missing::RULE,
    &guards::untested::RULE,
    &guards::weak::RULE,
    &leaks::credential_in_args::RULE,
    &leaks::inline_secret::RULE,
    &leaks::jwt::RULE,
    &leaks::literal_credential::RULE,
    &leaks::password_in_url::RULE,
    &leaks::placeholder::RULE,
    &leaks::private_key::RULE,
    &leaks::provider_token::RULE,
    &order::produced_too_late::RULE,
    &order::producer_optional::RULE,
    &parity::object::RULE,
    &parity::overlay_key::RULE,
    &parity::overlay_missing::RULE,
    &parity::shared_knob::RULE,
    &render::failed::RULE,
    &render::missing_required::RULE,
    &render::nondeterministic::RULE,
    &render::too_large::RULE,
    &render::unknown_hook::RULE,
    &retired::name::RULE,
    &sources::dead_template::RULE,
    &sources::duplicate_key::RULE,
    &sources::invalid_yaml::RULE,
    &sources::secret_template::RULE,
    &values::type_conflict::RULE,
    &values::unread::RULE,
    &waivers::expired::RULE,
    &waivers::malformed::RULE,
    &waivers::stale::RULE,
    &waivers::unknown_rule::RULE,
    &wiring::account_unresolved::RULE,
    &wiring::claim_unresolved::RULE,
    &wiring::configmap_unresolved::RULE,
    &wiring::env_shadowed::RULE,
    &wiring::key_unresolved::RULE,
    &wiring::mount_unresolved::RULE,
    &wiring::port_unresolved::RULE,
    &wiring::produced_twice::RULE,
    &wiring::secret_unresolved::RULE,
    &wiring::store_unresolved::RULE,
    &wiring::unused::RULE,
];

/// All rules, in the order of their identifiers.
pub fn registry() -> &'static [&'static Rule] {
    REGISTRY
}

/// The rule of an identifier.
pub fn find(id: &str) -> Option<&'static Rule> {
    registry().iter().copied().find(|rule| rule.id == id)
}
