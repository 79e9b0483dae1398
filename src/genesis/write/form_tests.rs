//! What a reader of a diff sees, in each form.

use std::fmt::Write as _;

use super::golden_tests::{changed_lines, in_lines};
use super::tests::{at, started};
use crate::genesis::{Genesis, Status, TaskResult, Transition};

fn parsed(source: &str) -> Genesis {
    Genesis::parse(source.as_bytes().to_vec()).unwrap()
}

fn result(summary: &str) -> TaskResult {
    let deliverables = vec!["src/a.rs".into(), "docs/a & b.md".into()];
    TaskResult { summary: summary.into(), deliverables, notes: Some("see <there>".into()) }
}

/// Of the tasks that are not done yet, the first is started and done, the second fails, is tried
/// again and given up, the third waits.
fn story(source: &str) -> String {
    let mut genesis = parsed(source);
    let open = genesis.tasks().iter().filter(|task| task.status != Status::Completed);
    let ids: Vec<String> = open.map(|task| task.id.clone()).collect();
    let (first, second) = (ids[0].as_str(), ids[1].as_str());
    let begun = started(first);
    let done = Transition {
        to: Status::Completed,
        at: at(60),
        description: "attempt 1 completed",
        changes: Some("2 files"),
        result: Some(result("did <this> & \"that\"")),
        ..started(first)
    };
    let failed = Transition {
        to: Status::Failed,
        at: at(90),
        description: "attempt 1 failed",
        result: Some(result("exit 3: \"no\" & why")),
        ..started(second)
    };
    let again = Transition { at: at(120), description: "again", ..started(second) };
    let given_up =
        Transition { to: Status::Cancelled, at: at(150), description: "given up", ..started(second) };
    let mut steps = vec![begun, done, failed, again, given_up];
    steps.extend(ids.get(2).map(|third| Transition { to: Status::Blocked, at: at(180), ..started(third) }));
    let mut text = String::new();
    for step in steps {
        let edit = genesis.transition(&step).unwrap();
        let next = genesis.apply(&edit).unwrap();
        writeln!(text, "{} -> {}", step.task, step.to).unwrap();
        text.push_str(&changed_lines(&in_lines(genesis.source()), &in_lines(next.source())));
        assert_eq!(next.form(), genesis.form(), "an edit leaves the form as it is");
        assert_eq!(next.task(step.task).unwrap().status, step.to);
        assert!(next.transition(&step).unwrap().is_empty(), "twice is once");
        genesis = next;
    }
    text
}

#[test]
fn a_guide_plan_stays_one() {
    insta::assert_snapshot!(story(include_str!("../../../tests/forms/guide.xml")));
}

#[test]
fn a_guide_plan_of_nodes_gets_the_lists_that_hold_its_statuses() {
    insta::assert_snapshot!(story(include_str!("../../../tests/forms/guide-nodes-one-line.xml")));
}

#[test]
fn a_daemon_plan_stays_one() {
    insta::assert_snapshot!(story(include_str!("../../../tests/forms/daemon-crlf-tabs.xml")));
}

#[test]
fn a_workflow_plan_stays_one() {
    insta::assert_snapshot!(story(include_str!("../../../tests/forms/workflow-bom.xml")));
}

#[test]
fn an_epic_stays_one() {
    insta::assert_snapshot!(story(include_str!("../../../tests/forms/epic.xml")));
}

#[test]
fn an_epic_of_one_line_stays_one() {
    insta::assert_snapshot!(story(include_str!("../../../tests/forms/epic-attributes-one-line.xml")));
}

#[test]
fn a_bare_plan_with_a_log_stays_one() {
    insta::assert_snapshot!(story(include_str!("../../../tests/forms/bare.xml")));
}

#[test]
fn a_canonical_plan_with_foreign_namespaces_keeps_them() {
    insta::assert_snapshot!(story(include_str!("../../../tests/forms/canonical-namespaces.xml")));
}
