//! The `blueprint` program.
fn main() {}
