//! A problem with a document: what, where, and what to do about it.

use std::ops::Range;

use super::{Code, MAX_BYTES, Severity};

/// One problem with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of problem.
    pub code: Code,
    /// What is wrong, in lower case, naming the task where there is one.
    pub message: String,
    /// The bytes of the source that are wrong.
    pub span: Range<usize>,
    /// A few words to stand beside the marked place.
    pub label: Option<String>,
    /// Other places that belong to it, each with a few words.
    pub related: Vec<(Range<usize>, String)>,
    /// What to do about it.
    pub help: Option<String>,
}

/// A document that cannot be read as a plan at all, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The text that the spans of the diagnostics point into. What was not UTF-8 is replaced.
    pub source: String,
    /// All problems found, in the order of the text; never empty.
    pub diagnostics: Vec<Diagnostic>,
}

const MIB: u64 = 1024 * 1024;

impl Invalid {
    /// A document of that many bytes, which is more than are read.
    pub fn too_large(bytes: u64) -> Invalid {
        let (has, most) = (bytes.div_ceil(MIB), MAX_BYTES as u64 / MIB);
        let message = format!("the file has {has} MiB; at most {most} MiB are read");
        let problem = Diagnostic::new(Code::TooLarge, 0..0, message);
        Invalid { source: String::new(), diagnostics: vec![problem] }
    }
}

impl Diagnostic {
    /// A problem of kind `code` at the bytes `span`.
    pub fn new(code: Code, span: Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            message: message.into(),
            span,
            label: None,
            related: Vec::new(),
            help: code.way_out().map(str::to_owned),
        }
    }

    /// The same with words to stand beside the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = Some(label.into());
        self
    }

    /// The same with one more place.
    #[must_use]
    pub fn related(mut self, span: Range<usize>, label: impl Into<String>) -> Diagnostic {
        self.related.push((span, label.into()));
        self
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Whether it keeps the plan from being run.
    pub fn is_error(&self) -> bool {
        self.code.severity() == Severity::Error
    }
}
