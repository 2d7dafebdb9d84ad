//! Names that must not come back.

pub mod name;
