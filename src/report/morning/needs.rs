//! What needs a person: why, what it cost so far, and what to do about it.

use super::Morning;
use crate::agent::{Outcome, in_short};
use crate::genesis::Status;
use crate::report::TaskStatus;
use crate::report::explain::{advice, changes_protected_paths, reasons, waits_for_approval};
use crate::run::Used;

/// One task that does not go on without a person.
pub(super) struct Need<'a> {
    pub(super) task: &'a TaskStatus,
    /// In a word: `failed`, `question`, `approval`, `conflict`, `blocked`, `cancelled`.
    pub(super) word: &'static str,
    pub(super) cause: String,
    pub(super) used: Used,
    /// What is to be done outside of blueprint first.
    pub(super) first: Option<String>,
    /// The command that leads on.
    pub(super) next: Option<String>,
    /// The one that shows what there is to know before.
    pub(super) see: Option<String>,
}

/// Verbs that only show something.
const LOOKS: [&str; 3] = ["logs", "diff", "explain"];

impl<'a> Need<'a> {
    /// What needs a person, the most urgent first of those that failed, then of the others.
    pub(super) fn all(morning: &Morning<'a>) -> Vec<Self> {
        let tasks = morning.report.tasks.iter();
        let mut needs: Vec<_> = tasks.filter_map(|task| Self::of(task, morning)).collect();
        needs.sort_by_key(|need| (need.task.status != Status::Failed, std::cmp::Reverse(need.task.urgency)));
        needs
    }

    fn of(task: &'a TaskStatus, morning: &Morning<'a>) -> Option<Self> {
        let word = word(task, morning)?;
        let advice = advice(task, &[], morning.around);
        let is_look = |command: &&String| {
            let verb = command.split_whitespace().nth(1).unwrap_or_default();
            LOOKS.contains(&verb)
        };
        let commands = || advice.iter().filter_map(|advice| advice.command.as_ref());
        let first = advice.iter().find(|advice| advice.command.is_none()).map(|advice| advice.why.clone());
        Some(Self {
            task,
            word,
            cause: cause(task, morning),
            used: Used { cost_usd: task.cost_usd, tokens: task.tokens },
            first,
            next: commands().find(|command| !is_look(command)).cloned(),
            see: commands().find(is_look).cloned(),
        })
    }
}

/// None where it goes on by itself.
fn word(task: &TaskStatus, morning: &Morning<'_>) -> Option<&'static str> {
    let around = morning.around;
    match task.status {
        Status::Failed => Some("failed"),
        Status::Blocked if waits_for_approval(task, around) => Some("approval"),
        // A run that was killed may not have had the time to block it.
        Status::Blocked | Status::InProgress if task.question.is_some() => Some("question"),
        Status::Blocked if changes_protected_paths(task, around) => Some("approval"),
        Status::Blocked if task.outcome == Some(Outcome::MergeConflict) => Some("conflict"),
        Status::Blocked => Some("blocked"),
        Status::Cancelled if holds_up(task, morning) => Some("cancelled"),
        Status::InProgress | Status::Pending | Status::Completed | Status::Cancelled => None,
    }
}

/// Whether others are not run because of it.
fn holds_up(task: &TaskStatus, morning: &Morning<'_>) -> bool {
    let causes = morning.report.tasks.iter().filter_map(|other| other.not_run_because.as_ref());
    causes.into_iter().any(|cause| cause.task == task.id)
}

/// What is asked; else why it came to this; else what stands of it in the plan.
fn cause(task: &TaskStatus, morning: &Morning<'_>) -> String {
    let why = || {
        let why = reasons(task, &[], morning.around).into_iter().next()?;
        // A status alone is said already.
        let is_said = format!("it is {}: ", task.status);
        let news = [is_said.as_str(), "its last attempt ", "it was "]
            .into_iter()
            .find_map(|said| why.strip_prefix(said));
        why.contains([':', '`']).then(|| news.unwrap_or(&why).to_owned())
    };
    let sentence = || task.outcome.filter(|outcome| *outcome != Outcome::Completed).map(Outcome::sentence);
    let in_plan = || task.history.last()?.description.clone();
    let known = task.question.clone().or_else(why).or_else(|| task.summary.clone());
    let known = known.or_else(|| sentence().map(str::to_owned)).or_else(in_plan);
    in_short(&known.unwrap_or_default())
}
