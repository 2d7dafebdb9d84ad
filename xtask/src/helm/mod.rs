//! Helm as a program: where it comes from and what its words mean. No other part of the tool knows Helm's arguments, its
//! download addresses or the wording of its errors; nothing here judges a render.

mod archive;
mod command;
mod error;
mod fetch;
mod locate;
pub mod pins;
pub mod render;
pub mod words;

use std::path::PathBuf;

pub use error::{Attempt, HelmError};
pub use locate::{Setup, locate, verify};

/// A Helm that is ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Helm {
    /// The binary, as an absolute path.
    pub path: PathBuf,
    /// Its version without a leading `v`; the pinned one, unless `XTASK_HELM` named another binary.
    pub version: String,
    /// Where it was found.
    pub from: Source,
}

/// Where a Helm was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// On `PATH`, with exactly the pinned version.
    Path,
    /// Named by `XTASK_HELM`, with whatever version it has.
    Variable,
    /// In the folder for tools, fetched and checked by this program.
    Fetched,
}
