//! Rules over charts, values and renders: values in, findings out. No process, no clock, no environment variable, no
//! terminal, no path it was not given.
//!
//! The scan for credentials is a crate of its own, [`leaks`]: it knows bytes alone.

pub mod baseline;
pub mod chart;
pub mod document;
pub mod facts;
pub mod hidden;
pub mod model;
pub mod nearest;
pub mod object;
pub mod owned;
pub mod part;
pub mod places;
pub mod rules;
pub mod secrets;
pub mod sources;
pub mod template;
pub mod tracker;
pub mod values;
pub mod waivers;
