//! What a task prompt is made from.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::{Documents, Knowledge, Outcome};

/// All that the prompt of one attempt is made from. Texts are the plan's own and are not trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brief {
    /// The project that the task is part of.
    pub project: ProjectBrief,
    /// The task.
    pub task: TaskBrief,
    /// Tasks that had to be completed before it, in the order of the plan.
    pub prerequisites: Vec<Prerequisite>,
    /// What earlier tasks have learnt and decided that bears on it.
    pub knowledge: Vec<Knowledge>,
    /// What it may read.
    pub documents: Documents,
    /// Where to work.
    pub place: Place,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// The attempts before this one.
    pub earlier: Vec<EarlierAttempt>,
    /// What a person wants the agent to know.
    pub note: Option<String>,
    /// The task's questions that were answered, the first one first.
    pub answers: Vec<AnsweredBrief>,
    /// What it goes on with, if it does not begin afresh.
    pub going_on: Option<GoingOnBrief>,
    /// The task's work is done, and conflicts with other work: that is to be resolved.
    pub conflict: Option<ConflictBrief>,
}

/// An attempt that goes on with what an earlier one made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoingOnBrief {
    /// The number of that attempt.
    pub attempt: u32,
    /// It goes on in that one's session: its agent knows all that it was told and did there.
    pub has_session: bool,
    /// The commit that keeps what that attempt made, where there is one.
    pub commit: Option<String>,
    /// What has happened since, the first thing first.
    pub news: Vec<News>,
}

/// What an agent that goes on does not know yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Its question is answered.
    Answer(AnsweredBrief),
    /// A gate did not pass its work: what the gate says.
    Findings(String),
    /// It was stopped by something that had nothing to do with its work.
    Stopped(Outcome),
}

/// A question and its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnsweredBrief {
    /// What was asked.
    pub question: String,
    /// The answer.
    pub text: String,
    /// Whose it is.
    pub by: String,
}

/// A conflict of a task's work with what was merged before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConflictBrief {
    /// Where, relative to the root of the worktree.
    pub files: Vec<String>,
    /// What the task's own agent said that it did.
    pub summary: Option<String>,
    /// The tasks whose merged work changed the same files.
    pub others: Vec<OtherSide>,
    /// The branch that it is merged into.
    pub integration: String,
}

/// A task that has changed what another one changes, too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OtherSide {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What came of it.
    pub summary: Option<String>,
}

/// What a plan says about its project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectBrief {
    /// The project's name.
    pub name: String,
    /// The epic's name.
    pub epic: String,
    /// The problem that it solves.
    pub problem: String,
    /// Its objectives.
    pub objectives: Vec<String>,
    /// Its constraints.
    pub constraints: Vec<String>,
    /// Programming languages.
    pub languages: Vec<String>,
    /// Frameworks.
    pub frameworks: Vec<String>,
    /// Databases.
    pub databases: Vec<String>,
    /// Infrastructure.
    pub infrastructure: Vec<String>,
    /// Quality attributes.
    pub quality: Vec<QualityBrief>,
}

/// A quality attribute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QualityBrief {
    /// What it is.
    pub name: String,
    /// How much of it.
    pub target: String,
    /// How that is measured.
    pub measurement: String,
}

/// What a plan says about the task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskBrief {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What is to be done.
    pub description: String,
    /// When it is done.
    pub acceptance: Vec<String>,
    /// How long it may take, as the plan writes it.
    pub estimate: Option<String>,
}

/// A task that is completed and that this one builds on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prerequisite {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What came of it.
    pub summary: Option<String>,
    /// How it was completed.
    pub by: Completion,
}

/// How a prerequisite was completed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Completion {
    /// Without a branch, by a person.
    #[default]
    ByHand,
    /// By an agent that worked in the folder in which all work.
    InPlace,
    /// By an agent, on a task branch.
    OnBranch {
        /// The branch.
        branch: String,
        /// The commit with the result.
        commit: String,
    },
}

/// Where an agent works.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The absolute path of its folder.
    pub folder: PathBuf,
    /// The branch that is checked out there and that its work is committed on; `None` in a checkout where nothing is.
    pub branch: Option<String>,
    /// Whether other tasks are worked on in that folder at the same time. Without a branch they always are.
    pub is_shared: bool,
    /// Ports that are its own.
    pub ports: Option<RangeInclusive<u16>>,
}

/// An attempt that came before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierAttempt {
    /// Its number, from 1.
    pub number: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// Why: a message, the output of a gate, the agent's own words.
    pub note: Option<String>,
    /// The commit that keeps what it made.
    pub commit: Option<String>,
}
