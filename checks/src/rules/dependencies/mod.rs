//! What a chart takes in.

pub mod stale;
