use std::io::Write;

use super::lines::Lines;
use crate::run::RunEvent;

/// A run as plain lines on standard error: for logs, pipes and CI.
#[derive(Debug)]
pub struct Plain {
    lines: Lines,
}

impl Plain {
    /// Lines are cut to that many columns, if a terminal would break them.
    pub fn new(columns: Option<u16>) -> Self {
        Self { lines: Lines::new(columns) }
    }

    /// Shows what happened. That nobody reads it any more is no reason to end a run.
    pub fn show(&self, event: &RunEvent) {
        let mut out = anstream::stderr().lock();
        for line in self.lines.of(event) {
            let _ = writeln!(out, "{line}");
        }
    }
}
