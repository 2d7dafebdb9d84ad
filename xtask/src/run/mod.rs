//! Running cells: processes with deadlines, and the pool.

pub mod pool;
pub mod process;
