//! Credentials in text: detectors as tables, decoding, the scan, the redactor.
//!
//! [`scan`] takes a file's path and bytes and returns its [`Leak`]s. One automaton finds what tells itself (issuers' tokens,
//! keys, URLs with passwords); one walk, by lines or over flow maps, finds names with values and judges both together.

mod actions;
pub mod decode;
mod entry;
pub mod evident;
mod flow;
mod forms;
mod harmless;
mod issuers;
mod leak;
mod level;
mod lexicon;
mod lines;
mod memory;
pub mod names;
mod needles;
mod nested;
mod placeholders;
mod programs;
pub mod redact;
mod scan;
pub mod shapes;
mod sink;
pub mod telling;
mod tokens;
mod traces;
mod verdict;
pub mod words;
mod yaml;

pub use leak::{Hidden, Leak, LeakRule, MaskKey, Masked, Where};
pub use redact::Redactor;
pub use scan::{Limit, ScanFile, Scanned, holds_token, is_binary, scan};
pub use traces::Traces;
