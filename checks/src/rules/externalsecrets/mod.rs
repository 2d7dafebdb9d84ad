//! Whether `ExternalSecret`s follow the convention that the matrix file states.

pub mod api_version;
pub mod convention;
