//! Why a task is where it is, what was tried, what would be tried next, and what a person can do about it.

mod advice;
mod afar;
mod human;
mod reasons;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

pub use self::advice::Advice;
pub(super) use self::advice::{advice, changes_protected_paths, waits_for_approval};
pub use self::afar::Distance;
pub use self::human::{elsewhere, explain_lines};
pub(super) use self::reasons::reasons;
use super::{StatusReport, TaskStatus};
use crate::agent::Outcome;
use crate::genesis::Status;
use crate::plan::{Plan, TaskIndex};
use crate::run::{Attempt, Continued, History, PERSON, Planned, PlannedGate, TaskHistory};
use crate::store::StateDir;

/// `explain --format json`; `schemas/explain.schema.json` says what each key means.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct Explanation {
    pub version: u32,
    pub id: String,
    pub name: String,
    pub status: Status,
    pub why: Vec<String>,
    pub waits_for: Vec<Awaited>,
    pub last_attempt: Option<Tried>,
    pub would_run: Option<WouldRun>,
    pub advice: Vec<Advice>,
    /// For people: it waits for an answer.
    #[serde(skip)]
    pub asks: bool,
}

/// A prerequisite that is not completed.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct Awaited {
    pub id: String,
    pub status: Status,
}

/// What the last attempt was, and how it ended.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct Tried {
    pub number: u32,
    pub runner: String,
    pub outcome: Option<Outcome>,
    pub detail: Option<String>,
    pub base: Option<String>,
    pub branch: Option<String>,
    pub host: Option<String>,
    pub here: bool,
    pub worktree: Option<PathBuf>,
    pub command: Option<String>,
    pub definition_file: Option<PathBuf>,
    pub prompt_file: Option<PathBuf>,
    pub log: Option<PathBuf>,
}

/// What a run would do with it.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct WouldRun {
    pub attempt: u32,
    pub continues: Option<Continued>,
    pub agent: String,
    pub definition: Option<PathBuf>,
    pub runner: String,
    pub base: Option<String>,
    pub branch: Option<String>,
    pub worktree: PathBuf,
    pub command: Option<String>,
    pub definition_file: PathBuf,
    pub prompt_file: PathBuf,
    pub gates: Vec<WouldPass>,
}

/// A gate that its work would have to pass.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct WouldPass {
    pub name: String,
    pub by: String,
}

impl WouldRun {
    /// What is planned, by an agent whose definition lies there, if it has one.
    pub fn new(planned: Planned, definition: Option<PathBuf>) -> Self {
        Self {
            attempt: planned.attempt,
            continues: planned.continues,
            agent: planned.agent,
            definition,
            runner: planned.runner,
            base: planned.base,
            branch: planned.branch,
            worktree: planned.worktree,
            command: planned.command,
            definition_file: planned.definition_file,
            prompt_file: planned.prompt_file,
            gates: planned.gates.into_iter().map(WouldPass::from).collect(),
        }
    }
}

impl From<PlannedGate> for WouldPass {
    fn from(PlannedGate { name, by }: PlannedGate) -> Self {
        Self { name, by }
    }
}

/// What is known beside the task's own status.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// The plan as one would type it.
    pub plan_name: &'a str,
    /// The plan.
    pub plan: &'a Arc<Plan>,
    /// What the journal says.
    pub history: &'a History,
    /// Where the attempts' files are.
    pub state: &'a StateDir,
    /// Whether something lies there, on this machine.
    pub is_there: fn(&Path) -> bool,
    /// How the plan is worked at from here, where all that is a remote's.
    pub distance: Option<&'a Distance>,
    /// Whether a run lives.
    pub is_live: bool,
    /// Whether that run has been told to start nothing.
    pub is_paused: bool,
    /// Whether it is ending: it starts nothing new any more.
    pub is_ending: bool,
}

impl Surroundings<'_> {
    /// Whether what an attempt has left beside its commits is in this clone: a state that comes from a remote has only the journal of what
    /// other machines did.
    fn has_files_of(&self, attempt: &Attempt) -> bool {
        let started = &attempt.started;
        let dir = self.state.attempt(&started.slug, started.attempt);
        (self.is_there)(dir.path()) || (started.runner == PERSON && (self.is_there)(&started.worktree))
    }
}

impl Explanation {
    /// Of the one task of a report; `would_run`: what a run would do with it, where it has something to do.
    pub fn new(
        report: StatusReport,
        index: TaskIndex,
        around: &Surroundings<'_>,
        would_run: Option<WouldRun>,
    ) -> Option<Self> {
        let task = report.tasks.into_iter().next()?;
        let waits_for = awaited(around.plan, index);
        // Of work that is to be let through there is no further attempt.
        let waits_for_a_word = task.status == Status::Blocked
            && (waits_for_approval(&task, around) || changes_protected_paths(&task, around));
        Some(Self {
            version: 1,
            why: reasons(&task, &waits_for, around),
            advice: advice(&task, &waits_for, around),
            last_attempt: tried(&task, around),
            would_run: would_run.filter(|_| is_open(task.status) && !waits_for_a_word),
            waits_for,
            asks: task.question.is_some(),
            id: task.id,
            name: task.name,
            status: task.status,
        })
    }
}

/// Whether a run, or a `retry` and then a run, would do something with it.
fn is_open(status: Status) -> bool {
    match status {
        Status::Pending | Status::Failed | Status::Blocked => true,
        Status::InProgress | Status::Completed | Status::Cancelled => false,
    }
}

fn awaited(plan: &Plan, index: TaskIndex) -> Vec<Awaited> {
    let before = plan.prerequisites(index).into_iter().map(|before| plan.task(before));
    let open = before.filter(|task| task.status != Status::Completed);
    open.map(|task| Awaited { id: task.id.to_string(), status: task.status }).collect()
}

fn tried(task: &TaskStatus, around: &Surroundings<'_>) -> Option<Tried> {
    let last = around.history.task(&task.id).and_then(TaskHistory::last_attempt)?;
    let started = &last.started;
    let dir = around.state.attempt(&started.slug, started.attempt);
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let here = around.has_files_of(last);
    // A person is given none of these files.
    let written = |file: PathBuf| Some(file).filter(|_| here && started.runner != PERSON);
    let ended = last.ended.as_ref().map(|(ended, _)| ended);
    Some(Tried {
        number: started.attempt,
        runner: started.runner.clone(),
        outcome: ended.map(|ended| ended.outcome),
        detail: ended.and_then(|ended| ended.detail.clone()),
        base: given(&started.base),
        branch: given(&started.branch),
        host: around.history.host_of(last).map(str::to_owned),
        here,
        worktree: Some(started.worktree.clone()).filter(|place| here && (around.is_there)(place)),
        command: given(&started.command),
        definition_file: written(dir.definition()),
        prompt_file: written(dir.prompt()),
        log: written(dir.stdout()),
    })
}

#[cfg(test)]
mod tests;
