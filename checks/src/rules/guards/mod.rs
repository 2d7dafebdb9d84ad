//! What a chart does when a value that it needs is taken away.

pub mod missing;
pub mod untested;
pub mod weak;
