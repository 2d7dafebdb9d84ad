//! Where secrets come from and where they go: the inventory of values and Secrets, what a change in the store reaches, and
//! the runbook of a rotation. Names, keys and places; never a value.

mod chain;
mod classify;
mod inventory;
mod rotation;
mod runbook;

pub use chain::{Effect, Maker, Remote, Secret, Use, Way, of_environment};
pub use classify::Class;
pub use inventory::{Inventory, ReleaseValues, SecretEntry, Setter, UseEntry, Value};
pub use rotation::{RemoteKey, Rotation, Row};
pub use runbook::{Runbook, Step};

/// The page of the inventory.
pub const INVENTORY_PAGE: &str = "docs/secrets-inventory.md";
/// The command that writes it.
pub const INVENTORY_COMMAND: &str = "secrets inventory --write";
/// The page of rotations.
pub const ROTATION_PAGE: &str = "docs/secrets-rotation.md";
/// The command that writes it.
pub const ROTATION_COMMAND: &str = "secrets rotation --write";

/// Names of environments as a column tells them: `all`, or each by name.
fn told_environments(known: usize, environments: &[String]) -> String {
    if environments.len() == known && known > 1 { "all".to_owned() } else { environments.join(", ") }
}

#[cfg(test)]
mod tests;
