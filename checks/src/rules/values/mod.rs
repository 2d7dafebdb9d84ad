//! What the values of a cell say, and who listens.

pub mod type_conflict;
pub mod unread;
