//! What is installed before what: layers and `after` between releases, hooks and their weights inside one.

use std::collections::{BTreeMap, BTreeSet};

use super::hooks::{Event, Hook, kind_order};
use super::{Facts, ObjectFact, Produced};
use crate::model::Matrix;

/// Which releases are sure to be installed before which.
pub struct Order<'a> {
    layers: BTreeMap<&'a str, u32>,
    /// Everything that a release comes after, at any distance.
    after: BTreeMap<&'a str, BTreeSet<&'a str>>,
    stated: bool,
}

/// Whether a producer comes before its consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timing {
    /// It is there when it is needed.
    InTime,
    /// The same release makes it, but only after the hook that needs it has run.
    LaterInRelease,
    /// Another release makes it, in the same layer and in no stated order.
    Unordered,
    /// Another release makes it, later.
    LaterRelease,
}

impl<'a> Order<'a> {
    /// Reads layers and `after`.
    pub fn of(matrix: &'a Matrix) -> Self {
        let layers: BTreeMap<&str, u32> = matrix.releases.iter().map(|r| (r.name.as_str(), r.layer)).collect();
        let direct: BTreeMap<&str, &[String]> =
            matrix.releases.iter().map(|r| (r.name.as_str(), r.after.as_slice())).collect();
        let mut after = BTreeMap::new();
        for release in &matrix.releases {
            let mut seen: BTreeSet<&str> = BTreeSet::new();
            let mut open: Vec<&str> = release.after.iter().map(String::as_str).collect();
            while let Some(next) = open.pop() {
                if seen.insert(next) {
                    open.extend(direct.get(next).into_iter().flat_map(|l| l.iter()).map(String::as_str));
                }
            }
            after.insert(release.name.as_str(), seen);
        }
        let numbers: BTreeSet<u32> = layers.values().copied().collect();
        let stated = numbers.len() > 1 || after.values().any(|a| !a.is_empty());
        Self { layers, after, stated }
    }

    /// Whether the matrix says anything about the order of releases.
    pub fn is_stated(&self) -> bool {
        self.stated
    }

    /// The layer of a release.
    pub fn layer(&self, release: &str) -> u32 {
        self.layers.get(release).copied().unwrap_or_default()
    }

    /// Whether one release is sure to be installed before another.
    pub fn before(&self, first: &str, second: &str) -> bool {
        if self.layer(first) < self.layer(second) {
            return true;
        }
        let Some(after) = self.after.get(second) else { return false };
        // A release of an earlier layer than one that it comes after is covered by the layers.
        after.contains(first)
    }

    /// Whether what one object makes is there when another object needs it.
    pub fn timing(&self, producer: (&Facts, &Produced), consumer: (&Facts, &ObjectFact)) -> Timing {
        let (made_in, made) = producer;
        let (used_in, user) = consumer;
        let (first, second) = (made_in.release(), used_in.release());
        if first == second {
            let maker = made_in.object(made.object);
            return if inside(maker, user) { Timing::InTime } else { Timing::LaterInRelease };
        }
        if !self.stated || self.before(first, second) {
            Timing::InTime
        } else if self.before(second, first) {
            Timing::LaterRelease
        } else {
            Timing::Unordered
        }
    }
}

/// Whether Helm runs an object at a first installation or an upgrade, so that what it needs must be there.
pub fn is_installed(object: &ObjectFact) -> bool {
    object.hook.as_ref().is_none_or(|hook| {
        hook.at(Event::PreInstall)
            || hook.at(Event::PostInstall)
            || hook.at(Event::PreUpgrade)
            || hook.at(Event::PostUpgrade)
    })
}

/// Whether, inside one release, an object is made before another needs it. Only hooks that run before an installation cannot
/// use what their release makes: a pod waits for its Secret, and an upgrade finds what the installation made.
fn inside(maker: &ObjectFact, user: &ObjectFact) -> bool {
    let Some(hook) = user.hook.as_deref().filter(|h| h.at(Event::PreInstall)) else { return true };
    maker.kind == "CustomResourceDefinition"
        || maker
            .hook
            .as_deref()
            .is_some_and(|earlier| earlier.at(Event::PreInstall) && runs_before((earlier, maker), (hook, user)))
}

/// Hooks run by weight. For equal weights Helm's documentation says kind, then name, and its code does name, then kind: what
/// is sure to be earlier is so by both.
fn runs_before(first: (&Hook, &ObjectFact), second: (&Hook, &ObjectFact)) -> bool {
    if first.0.weight != second.0.weight {
        return first.0.weight < second.0.weight;
    }
    let (a, b) = ((kind_order(&first.1.kind), &first.1.name), (kind_order(&second.1.kind), &second.1.name));
    a < b && (a.1, a.0) < (b.1, b.0)
}
