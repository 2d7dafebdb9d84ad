//! Renders against their goldens.

pub mod differs;
pub mod missing;
pub mod orphaned;
