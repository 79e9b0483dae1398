//! Any bytes: reading them ends with a plan or with reasons. What is a plan can be edited and repaired, and an edit does what it says
//! and nothing else. `tests/check/corpus.rs` has the same property for everybody's `cargo test`.
//!
//! ```text
//! fuzz/run 60        # seconds
//! ```

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/check/property.rs"]
mod property;

fuzz_target!(|bytes: &[u8]| property::check(bytes));
