//! What a person can do from here about a plan whose state is in a git remote: by verbs that work there, and no others.

use super::advice::{changes_protected_paths, remedy, told};
use super::{Advice, Awaited, Surroundings};
use crate::genesis::Status;
use crate::report::status::Owner;
use crate::report::text::clean;
use crate::report::{TaskStatus, shell_word};
use crate::run::call;

/// How a remote's state is worked at from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distance {
    /// The flag of verbs that work there.
    pub flag: String,
    /// The same for a job, `--ci` included; nothing, where this checkout does not have the plan, so that no job can begin here.
    pub job: Option<String>,
}

/// What leads on from here, the nearest first.
pub(super) fn advice(
    distance: &Distance,
    task: &TaskStatus,
    waits_for: &[Awaited],
    around: &Surroundings<'_>,
) -> Vec<Advice> {
    let there = |verb: &str, id: &str, rest: &str, why: &str| Advice {
        command: Some(call(
            verb,
            &shell_word(around.plan_name),
            &clean(id),
            &format!("{rest} {}", distance.flag),
        )),
        why: why.to_owned(),
    };
    let own = |verb: &str, rest: &str, why: &str| there(verb, &task.id, rest, why);
    let retry = |why: &str| own("retry", "--note TEXT", why);
    let watch = || Advice {
        command: Some(format!("blueprint status {} {} --watch", shell_word(around.plan_name), distance.flag)),
        why: "shows what is done there".to_owned(),
    };
    match task.status {
        Status::Pending if around.is_live => vec![watch()],
        Status::Pending => match (&task.not_run_because, waits_for.first()) {
            (Some(cause), _) => vec![there("explain", &cause.task, "", "what keeps it from being run")],
            (None, _) => vec![job(distance, around, "takes it up")],
        },
        Status::InProgress => match &task.owner {
            Some(Owner::Run { alive: true, .. } | Owner::Job { .. }) => vec![watch()],
            Some(Owner::Run { alive: false, .. }) => {
                vec![job(distance, around, "takes it up again"), retry("has it begun again")]
            }
            Some(Owner::Person(_)) | None => vec![retry("sets it back, for an agent to do it")],
        },
        Status::Completed => vec![retry("has it done again, with all that depends on it")],
        Status::Cancelled => vec![own("retry", "", "takes that back")],
        Status::Blocked if super::advice::waits_for_approval(task, around) => vec![
            own("answer", "approve", "approves of its work: it goes on to be merged"),
            own("answer", "TEXT", "says what is amiss: that goes back to its agent"),
        ],
        Status::Blocked if task.question.is_some() => vec![
            own("answer", "TEXT", "answers it: its agent goes on where it stopped"),
            retry("has it begun again, with a word to its agent"),
        ],
        Status::Blocked if changes_protected_paths(task, around) => vec![
            told("`blueprint diff` and `approve` work in a clone that has run the plan with `--ci`"),
            retry("has it begun again, with a word to its agent"),
        ],
        Status::Failed | Status::Blocked => {
            let first = task.outcome.and_then(remedy).map(told);
            first.into_iter().chain([retry("has it tried again, with a word to its agent")]).collect()
        }
    }
}

/// The next job, here.
fn job(distance: &Distance, around: &Surroundings<'_>, does: &str) -> Advice {
    match &distance.job {
        Some(flags) => Advice {
            command: Some(format!("blueprint run {} {flags}", shell_word(around.plan_name))),
            why: format!("{does}, here; as does the next job, wherever that is"),
        },
        None => told(&format!("the next `blueprint run --ci`, in a clone that has the plan, {does}")),
    }
}
