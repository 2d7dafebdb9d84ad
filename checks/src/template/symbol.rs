//! What an expression of a template stands for, as far as it can be known without running it.

use std::collections::BTreeMap;

/// The value of an expression.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Symbol {
    /// A template's whole context, of the chart under these names.
    Root(Vec<String>),
    /// `.Subcharts` of a context.
    Subcharts(Vec<String>),
    /// The value at a path from the root of the cell's values.
    Values(Vec<String>),
    /// `dict …`
    Dict(BTreeMap<String, Symbol>),
    /// `list …`
    List(Vec<Symbol>),
    /// A string.
    Text(String),
    /// A string of which only the end is known.
    Tail(String),
    /// A string of which only is known that there is something in it.
    Filled,
    /// An integer.
    Number(i64),
    /// A boolean.
    Flag(bool),
    /// Nothing.
    Nil,
    /// One of these.
    Any(Vec<Symbol>),
    /// Anything.
    Unknown,
}

/// Alternatives beyond which nothing is known.
const MOST_ALTERNATIVES: usize = 24;

impl Symbol {
    /// One of two.
    pub(super) fn or(self, other: Symbol) -> Symbol {
        if self == other {
            return self;
        }
        let mut all = match self {
            Symbol::Any(all) => all,
            one => vec![one],
        };
        match other {
            Symbol::Any(more) => all.extend(more),
            one => all.push(one),
        }
        all.sort();
        all.dedup();
        match all.len() {
            1 => all.swap_remove(0),
            2..=MOST_ALTERNATIVES => Symbol::Any(all),
            _ => Symbol::Unknown,
        }
    }

    /// A field of it.
    pub(super) fn field(&self, name: &str) -> Symbol {
        match self {
            Symbol::Root(scope) => match name {
                "Values" => Symbol::Values(scope.clone()),
                "Subcharts" => Symbol::Subcharts(scope.clone()),
                _ => Symbol::Unknown,
            },
            Symbol::Subcharts(scope) => Symbol::Root(with(scope, name)),
            Symbol::Values(path) => Symbol::Values(with(path, name)),
            Symbol::Dict(map) => map.get(name).cloned().unwrap_or(Symbol::Nil),
            Symbol::Any(all) => all.iter().map(|one| one.field(name)).reduce(Symbol::or).unwrap_or(Symbol::Unknown),
            _ => Symbol::Unknown,
        }
    }

    /// A chain of fields.
    pub(super) fn fields(&self, names: &[String]) -> Symbol {
        names.iter().fold(self.clone(), |symbol, name| symbol.field(name))
    }

    /// The paths of values that it may stand for.
    pub(super) fn paths(&self) -> Vec<Vec<String>> {
        match self {
            Symbol::Values(path) => vec![path.clone()],
            Symbol::Any(all) => all.iter().flat_map(Symbol::paths).collect(),
            _ => Vec::new(),
        }
    }
}

fn with(path: &[String], name: &str) -> Vec<String> {
    path.iter().map(String::as_str).chain([name]).map(str::to_owned).collect()
}
