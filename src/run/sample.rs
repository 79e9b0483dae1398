//! Plans and journals for tests.

use std::path::PathBuf;

use jiff::Timestamp;

use super::History;
use super::outbox::Says;
use super::record::{AttemptEnded, AttemptStarted, Fact, Record, Reported, TransitionRecord};
use crate::agent::{Outcome, Tokens};
use crate::genesis::{Genesis, Status};
use crate::plan::TaskId;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A document with those tasks, each with that status from second 0 on, each waiting for the one before it.
pub(crate) fn genesis(tasks: &[(&str, Status)]) -> Genesis {
    let mut before = "";
    let tasks = tasks.iter().map(|(id, status)| {
        let event = format!("<event><timestamp>{}</timestamp><status>{status}</status></event>", at(0));
        let needs = format!("<dependencies>{before}</dependencies>");
        before = id;
        format!("<task id=\"{id}\"><name>{id}</name><description>d</description>{needs}<statusHistory>\n{event}\n</statusHistory></task>\n")
    });
    parsed(&format!("<tasks>\n{}</tasks>", tasks.collect::<Vec<_>>().concat()))
}

/// A document with that inside `executionPlan`.
pub(crate) fn parsed(inside: &str) -> Genesis {
    let text = format!(
        "<projectGenesis version=\"1.0\"><metadata><projectName>p</projectName><epicName>e</epicName></metadata>\n\
         <executionPlan><executionDag/>{inside}</executionPlan></projectGenesis>"
    );
    Genesis::parse(text.into_bytes()).unwrap()
}

pub(crate) fn history(facts: impl IntoIterator<Item = (i64, Fact)>) -> History {
    History::from_records(facts.into_iter().map(|(second, fact)| Record { time: at(second), fact }))
}

pub(crate) fn transition(task: &str, from: Status, to: Status, second: i64) -> (i64, Fact) {
    let record = TransitionRecord {
        task: TaskId::from(task),
        from,
        to,
        at: at(second),
        actor: "blueprint".into(),
        description: format!("{from} to {to}"),
        changes: None,
        result: None,
    };
    (second, Fact::Transition(record))
}

pub(crate) fn started(task: &str, attempt: u32, second: i64) -> (i64, Fact) {
    let started = AttemptStarted {
        task: TaskId::from(task),
        attempt,
        run: "r1".into(),
        slug: task.into(),
        branch: format!("blueprint/e/{task}"),
        worktree: PathBuf::from("/w").join(task),
        base: "b".repeat(40),
        runner: "local".into(),
        agent: Some("dev".into()),
        command: "sh x".into(),
        prompt: "p".into(),
        token_hash: "t".into(),
        isolation: crate::run::Isolation::Worktree,
        sandbox: None,
        port_base: None,
        brought: Vec::new(),
        on_integration: false,
        resolves: None,
        continues: None,
    };
    (second, Fact::AttemptStarted(started))
}

pub(crate) fn ended(task: &str, attempt: u32, outcome: Outcome, second: i64) -> (i64, Fact) {
    let ended = AttemptEnded {
        task: TaskId::from(task),
        attempt,
        outcome,
        summary: Some("the summary".into()),
        deliverables: Vec::new(),
        notes: None,
        detail: Some("exit code 1".into()),
        question: None,
        retry_at: None,
        protected: Vec::new(),
        approval: None,
        unrun_gate: None,
        commit: Some("c".repeat(40)),
        session: None,
        lost_session: false,
        resolution: None,
        cost_usd: Some(0.25),
        tokens: Some(Tokens { input: 100, output: 10, cached: 0 }),
        duration_ms: 61_000,
    };
    (second, Fact::AttemptEnded(ended))
}

pub(crate) fn reported(task: &str, attempt: u32, says: Says, second: i64) -> (i64, Fact) {
    let request = format!("{second}.json");
    let reported = Reported { task: TaskId::from(task), attempt, request, actor: "dev".into(), says };
    (second, Fact::Reported(reported))
}

pub(crate) fn merged(task: &str, attempt: u32, second: i64) -> (i64, Fact) {
    let task = TaskId::from(task);
    (second, Fact::Merged { task, attempt, commit: "c".repeat(40), merge: "d".repeat(40) })
}
