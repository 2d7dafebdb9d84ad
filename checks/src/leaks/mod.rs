//! Credentials in text: detectors as tables, decoding, the scan, the redactor.

pub mod decode;
mod harmless;
mod lexicon;
pub mod names;
mod placeholders;
pub mod shapes;
pub mod words;
