//! What can be said of the source files themselves.

pub mod secret_template;
