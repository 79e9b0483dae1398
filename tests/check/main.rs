//! `validate` and `repair`, as their users meet them: the real program in folders of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can not go on has failed"
)]

mod corpus;
mod disk;
mod explained;
mod hostile;
mod property;
mod repair;
mod sarif;
mod scene;
mod schema_option;
mod surroundings;
