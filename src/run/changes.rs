//! What somebody else changed in a plan while it is run, as far as it matters to whoever watches. Pure.

use serde::{Deserialize, Serialize};

use crate::genesis::{Genesis, Status, Task};
use crate::plan::{Plan, TaskId};

/// One change of the plan that was not ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlanChange {
    /// A new task.
    Added(TaskId),
    /// A task is not in the plan any more.
    Removed(TaskId),
    /// Its name, description, acceptance criteria or estimate are others.
    Reworded(TaskId),
    /// Somebody else is to do it.
    Agent {
        /// The task.
        task: TaskId,
        /// Who; nobody in particular, if the plan does not say.
        agent: Option<String>,
    },
    /// It waits for other tasks than before.
    Needs {
        /// The task.
        task: TaskId,
        /// All that it needs now.
        needs: Vec<TaskId>,
    },
    /// Its status was changed.
    Status {
        /// The task.
        task: TaskId,
        /// To this.
        to: Status,
        /// By whom, where the plan says so.
        by: Option<String>,
    },
}

/// A document with its plan.
#[derive(Clone, Copy)]
pub(super) struct Version<'a> {
    pub(super) genesis: &'a Genesis,
    pub(super) plan: &'a Plan,
}

/// All changes that lead from one version to the next, in the order of the plan; what was taken away comes last.
pub(super) fn changes(before: Version<'_>, after: Version<'_>) -> Vec<PlanChange> {
    let mut found = Vec::new();
    for task in after.genesis.tasks() {
        match before.genesis.task(&task.id) {
            None => found.push(PlanChange::Added(TaskId::from(task.id.as_str()))),
            Some(old) => changes_of((before.genesis, old), (after.genesis, task), &mut found),
        }
        let known = before.plan.find(&task.id).is_some();
        let needs = needs(after.plan, &task.id);
        if known && needs != self::needs(before.plan, &task.id) {
            found.push(PlanChange::Needs { task: TaskId::from(task.id.as_str()), needs });
        }
    }
    let is_gone = |task: &&Task| after.genesis.task(&task.id).is_none();
    let gone = before.genesis.tasks().iter().filter(is_gone);
    found.extend(gone.map(|task| PlanChange::Removed(TaskId::from(task.id.as_str()))));
    found
}

fn changes_of(old: (&Genesis, &Task), new: (&Genesis, &Task), found: &mut Vec<PlanChange>) {
    let ((before, old), (after, new)) = (old, new);
    let task = || TaskId::from(new.id.as_str());
    let text = |reference: &Option<crate::genesis::Ref>| reference.as_ref().map(|found| found.id.clone());
    let outline = |of: &Task| (of.name.clone(), text(&of.estimate));
    if outline(old) != outline(new) || is_reworded((before, old), (after, new)) {
        found.push(PlanChange::Reworded(task()));
    }
    if text(&old.agent) != text(&new.agent) {
        found.push(PlanChange::Agent { task: task(), agent: text(&new.agent) });
    }
    if old.status != new.status {
        let by = after.details(&new.id).newest().and_then(|event| event.actor.clone());
        found.push(PlanChange::Status { task: task(), to: new.status, by });
    }
}

/// Whether it says another thing at length. One that is the same to the byte does not, and need not be read.
fn is_reworded((before, old): (&Genesis, &Task), (after, new): (&Genesis, &Task)) -> bool {
    let said = |genesis: &Genesis, task: &Task| {
        let details = genesis.details(&task.id);
        (details.description, details.acceptance)
    };
    before.source().get(old.span.clone()) != after.source().get(new.span.clone())
        && said(before, old) != said(after, new)
}

fn needs(plan: &Plan, task: &str) -> Vec<TaskId> {
    let found = plan.find(task).map(|index| plan.prerequisites(index)).unwrap_or_default();
    found.into_iter().map(|before| plan.task(before).id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::load;
    use crate::run::sample::genesis;
    use Status::{Completed, Pending};

    fn between(before: &Genesis, after: &Genesis) -> Vec<PlanChange> {
        let (old, new) = (load(before).unwrap(), load(after).unwrap());
        changes(Version { genesis: before, plan: &old }, Version { genesis: after, plan: &new })
    }

    fn edited(genesis: &Genesis, from: &str, to: &str) -> Genesis {
        assert!(genesis.source().contains(from), "{}", genesis.source());
        Genesis::parse(genesis.source().replacen(from, to, 1).into_bytes()).unwrap()
    }

    #[test]
    fn the_same_plan_laid_out_otherwise_has_not_changed() {
        let before = genesis(&[("a", Pending), ("b", Completed)]);
        assert!(between(&before, &edited(&before, "<tasks>", "<!-- now --><tasks>\n\n")).is_empty());
    }

    #[test]
    fn each_change_is_told_once() {
        let (a, b, c) = (TaskId::from("a"), TaskId::from("b"), TaskId::from("c"));
        let before = genesis(&[("a", Pending), ("b", Pending)]);
        let reworded = edited(&before, "<description>d<", "<description>e<");
        assert_eq!(between(&before, &reworded), [PlanChange::Reworded(a.clone())]);
        let free = edited(&before, "<dependencies>a</dependencies>", "");
        assert_eq!(between(&before, &free), [PlanChange::Needs { task: b, needs: Vec::new() }]);
        let longer = genesis(&[("a", Pending), ("b", Pending), ("c", Pending)]);
        assert_eq!(between(&before, &longer), [PlanChange::Added(c.clone())]);
        assert_eq!(between(&longer, &before), [PlanChange::Removed(c)]);
        let done = genesis(&[("a", Completed), ("b", Pending)]);
        assert_eq!(between(&before, &done), [PlanChange::Status { task: a, to: Completed, by: None }]);
    }
}
