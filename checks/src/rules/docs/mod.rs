//! Whether a release's page says what a person on call must know, and nothing that is no longer so; whether the pages that the
//! program writes are what the repository says.

mod markdown;
pub mod missing;
pub mod stale;
pub mod stale_name;
