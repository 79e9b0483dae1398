//! What a run tells, as lines of JSON for other programs; `schemas/events.schema.json` says what each key means.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::run::{PlanChange, Root, RunEvent, Started, Summary, TaskEnded};

/// The line of an event, without its line end; nothing for what agents print, which stands in their logs.
pub fn event_line(event: &RunEvent, time: Timestamp) -> Option<String> {
    let (name, body) = event_body(event)?;
    let mut line = Map::new();
    line.insert("event".to_owned(), name.into());
    line.insert("time".to_owned(), time.to_string().into());
    if let Value::Object(body) = body {
        line.extend(body);
    }
    Some(Value::Object(line).to_string())
}

fn event_body(event: &RunEvent) -> Option<(&'static str, Value)> {
    Some(match event {
        RunEvent::Output { .. } => return None,
        RunEvent::Started(started) => ("run-started", run_started(started)),
        RunEvent::Note(text) => ("note", json!({"text": text})),
        RunEvent::Warning { task, text } => ("warning", json!({"task": task, "text": text})),
        RunEvent::AttemptStarted { task, name, agent, attempt, runner, branch, resumed } => (
            "attempt-started",
            json!({
                "task": task, "name": name, "agent": agent, "attempt": attempt, "runner": runner,
                "branch": given(branch), "resumed": resumed,
            }),
        ),
        RunEvent::OverEstimate { task, estimate, ran } => {
            ("over-estimate", json!({"task": task, "estimate_ms": ms(*estimate), "ran_ms": ms(*ran)}))
        }
        RunEvent::Reported { task, attempt, kind, text } => {
            ("reported", json!({"task": task, "attempt": attempt, "kind": kind, "text": text}))
        }
        RunEvent::Retrying { task, attempt, outcome, detail, pause } => (
            "retrying",
            json!({
                "task": task, "attempt": attempt, "outcome": outcome, "detail": detail, "pause_ms": ms(*pause),
            }),
        ),
        RunEvent::Parked { task, attempt, until, detail } => {
            ("parked", json!({"task": task, "attempt": attempt, "until": until, "detail": detail}))
        }
        RunEvent::Held { runner, until, because } => {
            ("held", json!({"runner": runner, "until": until, "because": because}))
        }
        RunEvent::TaskEnded(ended) => ("task-ended", task_ended(ended)),
        RunEvent::NotRun { tasks, because, cause, outcome } => (
            "not-run",
            json!({"tasks": tasks, "because": because, "result": cause.as_str(), "outcome": outcome}),
        ),
        RunEvent::PlanChanged { changes, open } => {
            let changes: Vec<_> = changes.iter().map(change).collect();
            ("plan-changed", json!({"changes": changes, "open": open}))
        }
        RunEvent::Paused { by } => ("paused", json!({"by": by})),
        RunEvent::Resumed { by } => ("resumed", json!({"by": by})),
        RunEvent::Stopping(stage) => ("stopping", json!({"stage": stage.as_str()})),
        RunEvent::Suspended => ("suspended", json!({})),
        RunEvent::Continued { after } => ("continued", json!({"after_ms": ms(*after)})),
        RunEvent::Ended(summary) => ("run-ended", run_ended(summary)),
    })
}

fn run_started(started: &Started) -> Value {
    json!({
        "epic": started.epic,
        "total": started.total,
        "selected": started.selected,
        "jobs": started.jobs,
        "start": started.start,
        "estimate_ms": ms(started.estimate),
    })
}

fn task_ended(ended: &TaskEnded) -> Value {
    json!({
        "task": ended.task,
        "result": ended.cause.as_str(),
        "outcome": ended.outcome,
        "summary": given(&ended.summary),
        "log": ended.log.as_ref().map(|log| log.to_string_lossy()),
        "commit": ended.commit,
        "duration_ms": ms(ended.duration),
        "cost_usd": ended.used.cost_usd,
        "tokens": ended.used.tokens,
        "run_cost_usd": ended.cost_usd,
        "remaining_ms": ended.remaining.map(ms),
    })
}

fn run_ended(summary: &Summary) -> Value {
    json!({
        "result": summary.verdict.as_str(),
        "exit_code": summary.verdict.exit_code(),
        "completed": summary.completed,
        "total": summary.total,
        "done_now": summary.done_now,
        "failed": summary.failed,
        "blocked": summary.blocked,
        "not_run": summary.not_run,
        "foreign": summary.foreign,
        "interrupted": summary.interrupted,
        "roots": summary.roots.iter().map(root).collect::<Vec<_>>(),
        "integration": summary.integration,
        "duration_ms": ms(summary.duration),
        "cost_usd": summary.cost_usd,
        "tokens": summary.tokens,
    })
}

fn root(root: &Root) -> Value {
    let Root { task, cause, outcome, detail, not_run } = root;
    json!({
        "task": task, "result": cause.as_str(), "outcome": outcome, "detail": detail, "not_run": not_run,
    })
}

fn change(change: &PlanChange) -> Value {
    match change {
        PlanChange::Added(task) => json!({"change": "added", "task": task}),
        PlanChange::Removed(task) => json!({"change": "removed", "task": task}),
        PlanChange::Reworded(task) => json!({"change": "reworded", "task": task}),
        PlanChange::Agent { task, agent } => json!({"change": "agent", "task": task, "agent": agent}),
        PlanChange::Needs { task, needs } => json!({"change": "needs", "task": task, "needs": needs}),
        PlanChange::Status { task, to, by } => {
            json!({"change": "status", "task": task, "status": to, "by": by})
        }
    }
}

/// In whole milliseconds.
fn ms(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What is not known is `null`.
fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use boon::{Compiler, Draft, Schemas};

    use super::*;
    use crate::report::lines::tests::every_event;

    fn schema() -> Value {
        serde_json::from_str(include_str!("../../schemas/events.schema.json")).unwrap()
    }

    #[test]
    fn every_event_is_a_line_as_the_schema_says_with_all_its_keys() {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.set_default_draft(Draft::V2020_12);
        compiler.enable_format_assertions();
        compiler.add_resource("events.json", schema()).unwrap();
        let index = compiler.compile("events.json", &mut schemas).unwrap();
        let mut told = BTreeSet::new();
        let by = || "ada".to_owned();
        let steered = [RunEvent::Paused { by: by() }, RunEvent::Resumed { by: by() }];
        for event in every_event().into_iter().chain(steered) {
            let Some(line) = event_line(&event, Timestamp::UNIX_EPOCH) else { continue };
            assert!(!line.contains('\n'), "{line}");
            let line: Value = serde_json::from_str(&line).unwrap();
            let found = schemas.validate(&line, index);
            assert!(found.is_ok(), "{:#}\n{line:#}", found.unwrap_err());
            for key in line.as_object().unwrap().keys() {
                let mut missing = line.clone();
                missing.as_object_mut().unwrap().remove(key);
                assert!(schemas.validate(&missing, index).is_err(), "{line} without {key}");
            }
            told.insert(line["event"].as_str().unwrap().to_owned());
        }
        let of_schema = schema()["oneOf"].as_array().unwrap().clone();
        let known = of_schema.iter().map(|event| event["title"].as_str().unwrap().to_owned()).collect();
        assert_eq!(told, known, "each event that the schema knows is among them");
    }
}
