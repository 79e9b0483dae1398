use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::genesis::{Decision, Entry, Learning, Note};

/// How the plan's history begins to tell of a question that was asked outside of an attempt.
pub const ASKED: &str = "waits for an answer: ";

/// What an agent asks of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Proves which attempt it is from.
    pub token: String,
    /// What it says.
    pub says: Says,
}

/// What can be said of a task, by its agent or by a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Says {
    /// How it ended: of several claims of one attempt the last one counts.
    Claim(Claim),
    /// Something to be kept: each of them is.
    Remark(Remark),
}

/// How a task ended, as somebody says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// It is done.
    Done {
        /// In a sentence.
        summary: String,
        /// What was made.
        deliverables: Vec<String>,
        /// What else is to be known.
        notes: Option<String>,
    },
    /// It can't be done.
    Failed {
        /// Why.
        reason: String,
    },
    /// Something keeps it from being done.
    Blocked {
        /// What.
        reason: String,
    },
    /// It can't go on without an answer.
    Asks {
        /// To what.
        question: String,
    },
}

/// Something that the plan keeps beside the task's status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remark {
    /// Something to know about the task.
    Note {
        /// What.
        text: String,
    },
    /// Something that wasn't known when the plan was written.
    Learning {
        /// In a few words.
        title: String,
        /// In more words; may be empty.
        description: String,
        /// What it is about.
        category: String,
    },
    /// A choice.
    Decision {
        /// In a few words.
        title: String,
        /// What made it necessary.
        context: String,
        /// What was chosen.
        decision: String,
        /// Why.
        rationale: String,
    },
}

impl Says {
    /// The word for it in events and messages.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Claim(Claim::Done { .. }) => "done",
            Self::Claim(Claim::Failed { .. }) => "failed",
            Self::Claim(Claim::Blocked { .. }) => "blocked",
            Self::Claim(Claim::Asks { .. }) => "question",
            Self::Remark(Remark::Note { .. }) => "note",
            Self::Remark(Remark::Learning { .. }) => "learning",
            Self::Remark(Remark::Decision { .. }) => "decision",
        }
    }

    /// The one text that tells most.
    pub fn text(&self) -> &str {
        match self {
            Self::Claim(
                Claim::Done { summary: text, .. }
                | Claim::Failed { reason: text }
                | Claim::Blocked { reason: text }
                | Claim::Asks { question: text },
            )
            | Self::Remark(
                Remark::Note { text }
                | Remark::Learning { title: text, .. }
                | Remark::Decision { title: text, .. },
            ) => text,
        }
    }

    /// All texts that it consists of.
    pub(crate) fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Claim(Claim::Done { summary, deliverables, notes }) => {
                [summary].into_iter().chain(deliverables).chain(notes).collect()
            }
            Self::Claim(
                Claim::Failed { reason: text }
                | Claim::Blocked { reason: text }
                | Claim::Asks { question: text },
            )
            | Self::Remark(Remark::Note { text }) => vec![text],
            Self::Remark(Remark::Learning { title, description, category }) => {
                vec![title, description, category]
            }
            Self::Remark(Remark::Decision { title, context, decision, rationale }) => {
                vec![title, context, decision, rationale]
            }
        }
    }

    /// The claim that it is, if it is one.
    pub fn claim(&self) -> Option<&Claim> {
        match self {
            Self::Claim(claim) => Some(claim),
            Self::Remark(_) => None,
        }
    }
}

impl Remark {
    /// What the plan keeps of it.
    pub fn entry(self, task: &str, actor: &str, at: Timestamp) -> Entry {
        match self {
            Self::Note { text } => {
                Entry::Note(Note { task: task.to_owned(), text, actor: actor.to_owned(), at })
            }
            Self::Learning { title, description, category } => {
                Entry::Learning(Learning { title, description, category, at })
            }
            Self::Decision { title, context, decision, rationale } => {
                Entry::Decision(Decision { title, context, decision, rationale, at })
            }
        }
    }
}

/// What the run says to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// It is in the journal.
    Accepted {
        /// What becomes of it.
        text: String,
    },
    /// It is no request, or one too many.
    Refused {
        /// Why.
        text: String,
    },
    /// It is not from the attempt under way.
    Forbidden {
        /// Why.
        text: String,
    },
}
