//! Running cells: processes with deadlines, the pool, and what a cell reads.

pub mod inputs;
pub mod pool;
pub mod process;
