//! Goldens: the comparison, and the one place that writes them.

pub mod compare;
pub mod write;
