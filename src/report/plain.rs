use std::io::Write;

use super::lines::lines;
use crate::run::RunEvent;

/// A run as plain lines on standard error: for logs, pipes and CI.
#[derive(Debug, Default)]
pub struct Plain;

impl Plain {
    /// Shows what happened. That nobody reads it any more is no reason to end a run.
    pub fn show(&self, event: &RunEvent) {
        let mut out = anstream::stderr().lock();
        for line in lines(event) {
            let _ = writeln!(out, "{line}");
        }
    }
}
