//! What a job is to do about its task. Pure.

use super::JobClaim;
use crate::genesis::{Genesis, Status};
use crate::plan::{Plan, TaskId, TaskIndex};

/// What a job is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Course {
    /// The task; the claim of a job that died may stand in the way.
    Do,
    /// Nothing: it is completed.
    Nothing,
    /// Nothing: another job is at it.
    LeaveTo(JobClaim),
    /// Nothing yet: these prerequisites are not completed. In document order, each with its status.
    Wait(Vec<(TaskId, Status)>),
}

/// Decides by the document with all that is known of the task and its prerequisites. `live` is the claim of a job that
/// lives and has the task.
pub(super) fn course(plan: &Plan, genesis: &Genesis, task: TaskIndex, live: Option<&JobClaim>) -> Course {
    let status = |index: TaskIndex| {
        let known = genesis.task(plan.task(index).id.as_str());
        known.map_or(Status::Pending, |task| task.status)
    };
    if let Some(claim) = live {
        return Course::LeaveTo(claim.clone());
    }
    if status(task) == Status::Completed {
        return Course::Nothing;
    }
    let before = plan.prerequisites(task).into_iter();
    let open = before.filter(|index| status(*index) != Status::Completed);
    let open: Vec<_> = open.map(|index| (plan.task(index).id.clone(), status(index))).collect();
    if open.is_empty() { Course::Do } else { Course::Wait(open) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan;
    use crate::run::sample::{at, genesis};
    use Status::{Completed, Failed, Pending};

    fn claim() -> JobClaim {
        let (owner, run, host) = ("ada".into(), "r".into(), "h".into());
        JobClaim { owner, run, host, expires: at(40), vitals: None }
    }

    fn decided(statuses: [Status; 3], live: Option<&JobClaim>) -> Course {
        let tasks = ["a", "b", "c"].into_iter().zip(statuses).collect::<Vec<_>>();
        let genesis = genesis(&tasks);
        let plan = plan::load(&genesis).unwrap();
        course(&plan, &genesis, plan.find("c").unwrap(), live)
    }

    #[test]
    fn a_task_is_done_once_its_prerequisites_are_completed() {
        assert_eq!(decided([Completed, Completed, Pending], None), Course::Do);
        assert_eq!(decided([Completed, Completed, Failed], None), Course::Do);
        let open = vec![(TaskId::from("b"), Failed)];
        assert_eq!(decided([Completed, Failed, Pending], None), Course::Wait(open));
    }

    #[test]
    fn what_is_completed_is_not_done_again_whatever_has_become_of_its_prerequisites() {
        assert_eq!(decided([Completed, Completed, Completed], None), Course::Nothing);
        assert_eq!(decided([Completed, Pending, Completed], None), Course::Nothing);
    }

    #[test]
    fn a_live_job_keeps_its_task_and_a_dead_one_does_not() {
        let live = claim();
        assert_eq!(decided([Completed, Completed, Pending], Some(&live)), Course::LeaveTo(live.clone()));
        assert_eq!(decided([Completed, Completed, Pending], None), Course::Do);
    }
}
