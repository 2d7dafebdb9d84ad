//! Credentials in text: what masks them.

mod redact;
mod secrets;

pub use redact::Redactor;
pub use secrets::secret_values;
