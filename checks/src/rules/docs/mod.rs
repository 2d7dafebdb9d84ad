//! Whether a release's page says what a person on call must know, and nothing that is no longer so.

mod markdown;
pub mod missing;
pub mod stale_name;
