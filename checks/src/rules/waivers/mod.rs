//! Waivers that no longer do what they say.

pub mod expired;
pub mod malformed;
pub mod stale;
pub mod unknown_rule;
