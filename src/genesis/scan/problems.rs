//! The problems found so far: not more than anybody would read.

use std::ops::Range;

use crate::genesis::{Code, Diagnostic};

const MOST: usize = 100;

/// A bounded list of problems.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<Diagnostic>,
}

impl Problems {
    /// Notes one more, unless there are too many already.
    pub(super) fn push(&mut self, problem: Diagnostic) {
        if !self.is_full() {
            self.found.push(problem);
        }
    }

    /// Notes a problem that needs no more than a message.
    pub(super) fn note(&mut self, code: Code, span: Range<usize>, message: impl Into<String>) {
        self.push(Diagnostic::new(code, span, message));
    }

    /// Whether there are none yet.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether it is not worth while to look for more.
    pub(super) fn is_full(&self) -> bool {
        self.found.len() >= MOST
    }

    /// All of them in the order of the text.
    pub(super) fn into_sorted(mut self) -> Vec<Diagnostic> {
        let full = self.is_full();
        self.found.sort_by_key(|problem| problem.span.start);
        if let Some(last) = self.found.last_mut().filter(|_| full) {
            last.help = Some("there are more problems than these; the rest was not looked at".into());
        }
        self.found
    }
}
