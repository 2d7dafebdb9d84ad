//! Whether what something needs is there before it.

pub mod produced_too_late;
pub mod producer_optional;
