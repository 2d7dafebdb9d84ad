//! What can be said of the source files themselves.

pub mod dead_template;
pub mod duplicate_key;
pub mod invalid_yaml;
pub mod secret_template;
