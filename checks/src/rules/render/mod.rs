//! What Helm says while it renders.

pub mod failed;
pub mod missing_required;
pub mod nondeterministic;
pub mod too_large;
pub mod unknown_hook;
