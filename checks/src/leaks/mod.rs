//! Credentials in text: detectors as tables, decoding, the scan, the redactor.

pub mod decode;
mod harmless;
mod lexicon;
pub mod names;
mod placeholders;
mod redact;
mod secrets;
pub mod shapes;
pub mod words;

pub use redact::Redactor;
pub use secrets::secret_values;
