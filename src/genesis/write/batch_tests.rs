//! A batch makes of a document what its transitions make of it one after the other.

use proptest::prelude::*;

use super::property_tests::statuses;
use super::random_plan::{recipe, status};
use super::tests::at;
use crate::genesis::{Genesis, Status, Task, TaskResult, Transition};

fn transition(task: &str, to: Status, number: usize) -> Transition<'_> {
    let result = TaskResult { summary: format!("result {number}"), deliverables: Vec::new(), notes: None };
    Transition {
        task,
        to,
        at: at(0),
        actor: "blueprint",
        description: "in a batch",
        changes: None,
        result: Some(result),
    }
}

/// What a task says, without where it stands.
#[derive(Debug, PartialEq)]
struct Said {
    id: String,
    status: Status,
    events: Vec<(Option<String>, String, Option<String>)>,
    result: Option<TaskResult>,
}

fn said(genesis: &Genesis, task: &Task) -> Said {
    let details = genesis.details(&task.id);
    let events = details.history.into_iter();
    let events = events.map(|event| (event.timestamp, event.word, event.description)).collect();
    Said { id: task.id.clone(), status: task.status, events, result: details.result }
}

fn all_said(genesis: &Genesis) -> Vec<Said> {
    genesis.tasks().iter().map(|task| said(genesis, task)).collect()
}

proptest! {
    #[test]
    fn a_batch_leaves_what_its_transitions_leave_one_by_one(
        recipe in recipe(),
        steps in prop::collection::vec((any::<prop::sample::Index>(), status()), 1..12),
    ) {
        let before = Genesis::parse(recipe.document().into_bytes()).unwrap();
        let ids: Vec<_> = before.tasks().iter().map(|task| task.id.clone()).collect();
        prop_assume!(!ids.is_empty());
        let Some(mut batch) = before.batch() else { return Ok(()) };
        let mut one_by_one = before.clone();
        for (number, (task, to)) in steps.iter().enumerate() {
            let step = transition(task.get::<String>(&ids), *to, number);
            // Nothing follows what is completed, nor is a list made that is missing: the step is not made, then.
            if !batch.add(&before, &step).unwrap() {
                continue;
            }
            one_by_one = one_by_one.apply(&one_by_one.transition(&step).unwrap()).unwrap();
        }
        let Some(edit) = batch.edit(&before) else { return Ok(()) };
        let together = before.apply(&edit).unwrap();
        prop_assert_eq!(statuses(&together), statuses(&one_by_one), "{}", together.source());
        prop_assert_eq!(all_said(&together), all_said(&one_by_one));
        prop_assert_eq!(together.diagnostics().len(), one_by_one.diagnostics().len(), "{}", together.source());
        let mut written = Vec::new();
        prop_assert!(batch.write(&before, &mut written).unwrap());
        prop_assert_eq!(String::from_utf8(written).unwrap(), together.source());
    }
}

/// Nobody makes a log, or a list, in a batch: the first transition makes them.
fn with_a_log(text: &str) -> Genesis {
    let plan = Genesis::parse(text.as_bytes().to_vec()).unwrap();
    assert!(plan.batch().is_none());
    plan.apply(&plan.transition(&transition("a", Status::Blocked, 0)).unwrap()).unwrap()
}

#[test]
fn in_a_plan_with_lists_and_a_log_many_tasks_go_through_a_list_that_was_empty_and_one_that_loses_its_last_entry()
 {
    let before = with_a_log(super::golden_tests::PLAN);
    let mut batch = before.batch().unwrap();
    let mut one_by_one = before.clone();
    for to in [Status::InProgress, Status::Blocked, Status::Pending, Status::InProgress, Status::Completed] {
        for (number, task) in before.tasks().iter().enumerate() {
            let step = transition(&task.id, to, number);
            assert!(batch.add(&before, &step).unwrap());
            one_by_one = one_by_one.apply(&one_by_one.transition(&step).unwrap()).unwrap();
            let together = before.apply(&batch.edit(&before).unwrap()).unwrap();
            assert_eq!(all_said(&together), all_said(&one_by_one));
            assert!(
                !together.source().contains("\n\n") || before.source().contains("\n\n"),
                "{}",
                together.source()
            );
        }
    }
}

#[test]
fn lists_that_lose_all_entries_and_gain_others_stay_well_laid_out() {
    let text = super::golden_tests::PLAN
        .replace("<inProgress/>", "<inProgress>\n        <taskRef id=\"b\"/>\n      </inProgress>");
    let text = text.replace("        <taskRef id=\"b\"/>\n      </pending>", "      </pending>");
    let before = with_a_log(&text);
    assert_eq!(before.task("b").unwrap().status, Status::InProgress);
    let mut batch = before.batch().unwrap();
    assert!(batch.add(&before, &transition("b", Status::Completed, 1)).unwrap());
    assert!(batch.add(&before, &transition("a", Status::InProgress, 2)).unwrap());
    let after = before.apply(&batch.edit(&before).unwrap()).unwrap();
    let (_, lists) = after.source().split_once("<statusTracker>").unwrap();
    let (lists, _) = lists.split_once("</statusTracker>").unwrap();
    let in_progress = "      <inProgress>\n        <taskRef   id='a' ext=\"kept\"/>\n      </inProgress>\n";
    assert!(lists.starts_with(&format!("\n      <pending>\n      </pending>\n{in_progress}")), "{lists}");
}

#[test]
fn a_list_that_is_not_there_is_not_made_by_a_batch() {
    let before = with_a_log(super::golden_tests::PLAN);
    let mut batch = before.batch().unwrap();
    assert!(!batch.add(&before, &transition("a", Status::Failed, 1)).unwrap());
    assert!(batch.is_empty());
}

#[test]
fn of_a_completed_task_a_batch_keeps_no_more_than_what_it_writes() {
    let before = with_a_log(super::golden_tests::PLAN);
    let mut batch = before.batch().unwrap();
    for (number, to) in [Status::InProgress, Status::Pending, Status::InProgress].into_iter().enumerate() {
        assert!(batch.add(&before, &transition("b", to, number)).unwrap());
        assert_eq!(batch.steps(), number + 1);
    }
    assert!(batch.add(&before, &transition("b", Status::Completed, 3)).unwrap());
    assert_eq!((batch.steps(), batch.len()), (0, 4));
    assert!(!batch.add(&before, &transition("b", Status::Pending, 4)).unwrap());
    assert_eq!(batch.status(&before, "b"), Some(Status::Completed));
    let after = before.apply(&batch.edit(&before).unwrap()).unwrap();
    assert_eq!(after.details("b").history.len(), before.details("b").history.len() + 4);
}

#[test]
fn a_log_that_grows_is_not_copied_again_with_each_entry() {
    let before = with_a_log(super::golden_tests::PLAN);
    let mut batch = before.batch().unwrap();
    for number in 0..400 {
        let to = if number % 2 == 0 { Status::InProgress } else { Status::Pending };
        assert!(batch.add(&before, &transition("b", to, number)).unwrap());
    }
    assert!(batch.longest_text() <= 64 * 1024 + 1_000);
}
