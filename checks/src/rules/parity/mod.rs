//! Environments that differ where they should not.

pub mod object;
pub mod overlay_key;
pub mod overlay_missing;
pub mod shared_knob;
