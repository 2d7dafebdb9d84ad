//! Credentials in text: what masks them.

mod redact;

pub use redact::Redactor;
