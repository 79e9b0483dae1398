//! run
pub mod supervisor;
