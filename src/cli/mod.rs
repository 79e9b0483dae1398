//! (room)
pub mod config;
