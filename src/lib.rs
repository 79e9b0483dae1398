//! `blueprint` runs a plan.
pub mod agent;
pub mod cli;
pub mod genesis;
pub mod git;
pub mod plan;
pub mod report;
pub mod run;
pub mod store;
