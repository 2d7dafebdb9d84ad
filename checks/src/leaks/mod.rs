//! Credentials in text: detectors as tables, decoding, the scan, the redactor.
pub mod names;
pub mod words;
