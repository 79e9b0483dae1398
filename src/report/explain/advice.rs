use serde::Serialize;

use super::{Awaited, Surroundings, afar};
use crate::agent::Outcome;
use crate::genesis::Status;
use crate::report::status::Owner;
use crate::report::text::clean;
use crate::report::{TaskStatus, shell_word};
use crate::run::{AttemptEnded, Lacks, TaskHistory, call};

/// Something that a person can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// None where it is nothing that a command does.
    pub command: Option<String>,
    /// What it is good for.
    pub why: String,
}

/// What leads on from here, the nearest first.
pub(in crate::report) fn advice(
    task: &TaskStatus,
    waits_for: &[Awaited],
    around: &Surroundings<'_>,
) -> Vec<Advice> {
    if let Some(distance) = around.distance {
        return afar::advice(distance, task, waits_for, around);
    }
    let of = |verb: &str, id: &str, rest: &str, why: &str| Advice {
        command: Some(call(verb, &shell_word(around.plan_name), &clean(id), rest)),
        why: why.to_owned(),
    };
    let own = |verb: &str, rest: &str, why: &str| of(verb, &task.id, rest, why);
    let whole = |verb: &str, why: &str| Advice {
        command: Some(format!("blueprint {verb} {}", shell_word(around.plan_name))),
        why: why.to_owned(),
    };
    let log = || own("logs", "", "what its agent printed");
    let retry = |why: &str| own("retry", " --note TEXT", why);
    // Where nothing was ever tried there is no log, nor of what another machine has tried.
    let log = || has_log(task, around).then(log);
    match task.status {
        Status::Pending if around.is_ending => vec![whole("run", "takes it up when the live run has ended")],
        Status::Pending if around.is_paused => vec![whole("resume", "has the paused run go on")],
        Status::Pending if around.is_live => vec![whole("attach", "shows what the run does")],
        Status::Pending => match (&task.not_run_because, waits_for.first()) {
            (Some(cause), _) => vec![of("explain", &cause.task, "", "what keeps it from being run")],
            (None, Some(_)) => vec![own("run", "", "runs it, and first what it needs")],
            (None, None) => vec![own("run", "", "runs it")],
        },
        Status::InProgress => in_progress(task, around, own),
        Status::Completed => {
            log().into_iter().chain([retry("has it done again, with all that depends on it")]).collect()
        }
        Status::Cancelled => vec![own("retry", "", "takes that back")],
        Status::Blocked if waits_for_approval(task, around) => [
            own("diff", "", "shows its work"),
            own("answer", " approve", "approves of it: it goes on to be merged"),
            own("answer", " TEXT", "says what is amiss: that goes back to its agent"),
        ]
        .into_iter()
        .chain(log())
        .collect(),
        Status::Blocked if task.question.is_some() => {
            [own("answer", " TEXT", "answers it: its agent goes on where it stopped")]
                .into_iter()
                .chain(log())
                .chain([retry("has it begun again, with a word to its agent")])
                .collect()
        }
        Status::Blocked if changes_protected_paths(task, around) => {
            [own("diff", "", "shows its work"), own("approve", "", "merges it as it is")]
                .into_iter()
                .chain(log())
                .chain([retry("has it begun again, with a word to its agent")])
                .collect()
        }
        Status::Failed | Status::Blocked if can_be_finished_by_hand(task) => {
            let (take, give) = by_hand(task);
            [own("take", "", take), own("give", "", give)]
                .into_iter()
                .chain(log())
                .chain([retry("tries again, with a word to its agent")])
                .collect()
        }
        Status::Failed | Status::Blocked => {
            let first = task.outcome.and_then(remedy).map(told);
            let story = around.history.task(&task.id);
            let gates = matches!(story.and_then(TaskHistory::lacks), Some(Lacks::Run(_) | Lacks::Rest))
                .then(|| own("run", "", "goes on with its gates, once what they need is there"));
            first
                .into_iter()
                .chain(gates)
                .chain(log())
                .chain([retry("tries again, with a word to its agent")])
                .chain(without_its_agent(own))
                .collect()
        }
    }
}

/// What leads on without one more try of its agent.
fn without_its_agent(own: impl Fn(&str, &str, &str) -> Advice) -> [Advice; 2] {
    [
        own("take", "", "gives you its worktree, to do it yourself; `give` hands it in"),
        own("skip", "", "lets it count as done without work: what needs it is run"),
    ]
}

/// What ends it: an agent is cancelled, but a person says what has come of it.
fn in_progress(
    task: &TaskStatus,
    around: &Surroundings<'_>,
    own: impl Fn(&str, &str, &str) -> Advice,
) -> Vec<Advice> {
    match &task.owner {
        Some(Owner::Run { pid: Some(_), .. }) => vec![
            own("logs", " --follow", "what its agent prints"),
            own("cancel", "", "ends its agent, and what depends on it is not run"),
        ],
        Some(Owner::Run { pid: None, .. }) => {
            let log = has_log(task, around).then(|| own("logs", "", "what its agent printed"));
            [own("run", "", "takes it up again")].into_iter().chain(log).collect()
        }
        Some(Owner::Job { .. }) => {
            vec![own("status", " --remote", "asks the remote what has become of the job")]
        }
        Some(Owner::Person(_)) | None if is_taken(task, around) => {
            vec![own("give", "", "hands it in"), own("give", " --back", "returns it to the agents")]
        }
        Some(Owner::Person(_)) | None => vec![
            done_by_hand(task, around),
            own("take", "", "has a worktree made for it, to hand it in by `give`"),
            own("retry", "", "sets it back, for an agent to do it"),
        ],
    }
}

/// Something to be done that no one command does.
pub(super) fn told(why: &str) -> Advice {
    Advice { command: None, why: why.to_owned() }
}

/// Whether what its last agent printed is in this clone.
fn has_log(task: &TaskStatus, around: &Surroundings<'_>) -> bool {
    let last = around.history.task(&task.id).and_then(TaskHistory::last_attempt);
    last.is_some_and(|last| around.has_files_of(last))
}

/// That verb names its plan by a flag.
fn done_by_hand(task: &TaskStatus, around: &Surroundings<'_>) -> Advice {
    let flags = format!("--genesis {} --summary TEXT", shell_word(around.plan_name));
    Advice {
        command: Some(call("task done", "", &clean(&task.id), &flags)),
        why: "says that it is done".to_owned(),
    }
}

fn is_taken(task: &TaskStatus, around: &Surroundings<'_>) -> bool {
    around.history.task(&task.id).is_some_and(|story| story.taken_by().is_some())
}

/// Whether its work waits at a gate for a person's approval.
pub(in crate::report) fn waits_for_approval(task: &TaskStatus, around: &Surroundings<'_>) -> bool {
    task.question.is_some() && last_end(task, around).is_some_and(|ended| ended.approval.is_some())
}

/// Whether its work waits to be let through because of what it changes.
pub(in crate::report) fn changes_protected_paths(task: &TaskStatus, around: &Surroundings<'_>) -> bool {
    last_end(task, around)
        .is_some_and(|ended| ended.outcome == Outcome::Blocked && !ended.protected.is_empty())
}

fn last_end<'a>(task: &TaskStatus, around: &'a Surroundings<'_>) -> Option<&'a AttemptEnded> {
    let last = around.history.task(&task.id)?.last_attempt()?;
    last.ended.as_ref().map(|(ended, _)| ended)
}

/// The work is there, and needs only what a person can do to it.
fn can_be_finished_by_hand(task: &TaskStatus) -> bool {
    matches!(task.outcome, Some(Outcome::MergeConflict | Outcome::GateFailed))
}

/// What `take` and `give` are good for then.
fn by_hand(task: &TaskStatus) -> (&'static str, &'static str) {
    if task.outcome == Some(Outcome::MergeConflict) {
        (
            "gives you its worktree: merge the integration branch there, resolve, `git add`",
            "merges what you have resolved",
        )
    } else {
        ("gives you its worktree, to mend it there", "has it go through its gates, and merges it")
    }
}

/// What is to be done outside of blueprint first.
pub(super) fn remedy(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Authentication => Some("log in with the agent's program first, or mend its key"),
        Outcome::OutOfCredit => Some("the account of the agent's program needs credit first"),
        Outcome::CouldNotStart => Some("what could not be started has to be mended first"),
        Outcome::PermissionDenied => {
            Some("the runner's `args`, or the agent's `tools`, decide what it may use")
        }
        Outcome::TimedOut => Some("`timeout` and `stall-timeout` in blueprint.toml say how long it may take"),
        Outcome::Completed
        | Outcome::NoChanges
        | Outcome::Failed
        | Outcome::AgentError
        | Outcome::Killed
        | Outcome::Cancelled
        | Outcome::Interrupted
        | Outcome::RateLimited
        | Outcome::Unavailable
        | Outcome::OutOfTurns
        | Outcome::OutOfBudget
        | Outcome::Blocked
        | Outcome::NeedsAnswer
        | Outcome::GateFailed
        | Outcome::MergeConflict
        | Outcome::Escaped => None,
    }
}
