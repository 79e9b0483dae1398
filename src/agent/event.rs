//! What agent programs tell while they work, in one language for all of them.

use super::log_text::first_line;
use super::{Fault, Tokens};

/// The fields of a tool's input that say best what it is used for, the best one first.
pub(super) const TELLING: &[&str] = &[
    "command",
    "file_path",
    "filePath",
    "notebook_path",
    "path",
    "pattern",
    "query",
    "url",
    "description",
    "skill",
    "prompt",
];

/// Something that a line of an agent program's output tells of.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// It has begun.
    Started {
        /// The session, by which it can be resumed.
        session: Option<String>,
        /// The model that it talks to.
        model: Option<String>,
    },
    /// The agent says something.
    Said(String),
    /// The agent goes on saying what it said last.
    SaidMore(String),
    /// The agent uses a tool.
    Tool {
        /// The tool, as the program calls it.
        name: String,
        /// What it is used for: a command, a path, a question to a search engine.
        on: Option<String>,
    },
    /// A tool that the agent used failed: what it said of that. The agent goes on, and may well know why.
    ToolFailed(String),
    /// A file was changed, or is about to be, where the program tells of it beforehand only.
    Changed(String),
    /// What was used up since it was told the last time: the sum over all lines is the whole.
    Spent {
        /// Tokens, where the program tells them.
        tokens: Option<Tokens>,
        /// US dollars, where the program tells them.
        cost_usd: Option<f64>,
    },
    /// What the model used for one of its answers, told before the program knows the whole: what is [spent](Event::Spent) at last holds in
    /// place of all of it.
    Using {
        /// Which answer: told of again, it holds in place of what was told before.
        answer: String,
        /// Tokens, as far as they are known by then.
        tokens: Tokens,
    },
    /// The service refused or failed, and the program tries again: why.
    Retried(String),
    /// The service accepts no more for now.
    Limited {
        /// When that ends, in seconds since 1970.
        ends: Option<i64>,
    },
    /// The program tells of something that went wrong, which need not be its end.
    Complained(String),
    /// The agent was denied a tool: which, and what it was wanted for.
    Denied(String),
    /// The program's work is over: its last words, where it repeats them, or what went wrong.
    Ended(Result<Option<String>, Fault>),
}

impl Event {
    /// A short line for a person who looks on; `None` where there is nothing to tell.
    pub fn line(&self) -> Option<String> {
        match self {
            Event::Started { model, .. } => first_line(&format!("started with {}", model.as_ref()?)),
            Event::Said(text) | Event::SaidMore(text) => first_line(text),
            Event::Tool { name, on } => match on.as_deref().and_then(first_line) {
                Some(on) => first_line(&format!("{name}: {on}")),
                None => first_line(name),
            },
            Event::ToolFailed(what) => first_line(&format!("failed: {}", what.trim())),
            Event::Changed(path) => first_line(&format!("changed {path}")),
            Event::Spent { .. } | Event::Using { .. } => None,
            Event::Retried(why) => first_line(&format!("the service refused; trying again{why}")),
            Event::Limited { .. } => Some("the service accepts no more for now".to_owned()),
            Event::Complained(what) => first_line(what),
            Event::Denied(what) => first_line(&format!("was denied {what}")),
            Event::Ended(Ok(says)) => first_line(says.as_ref()?),
            Event::Ended(Err(fault)) => first_line(&fault.message),
        }
    }
}
