use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::agent::{Outcome, Tokens};
use crate::genesis::Status;
use crate::run::{BudgetEnd, Root, Summary, Used, Verdict};

/// An event's lines as they stand in a log, without colours.
fn told(lines: &Lines, events: &[RunEvent]) -> String {
    let lines = events.iter().flat_map(|event| lines.of(event));
    lines.map(|line| anstream::adapter::strip_str(&line).to_string() + "\n").collect::<Vec<_>>().concat()
}

fn id(id: &str) -> TaskId {
    TaskId::from(id)
}

fn started(selected: usize) -> RunEvent {
    RunEvent::Started(Started {
        epic: "shop".into(),
        total: 12,
        selected,
        jobs: 4,
        start: "0123456789abcdef0123456789abcdef01234567".into(),
        estimate: Duration::from_hours(7),
        unestimated: 2,
        id_width: 14,
    })
}

fn attempt(attempt: u32, resumed: bool) -> RunEvent {
    RunEvent::AttemptStarted {
        task: id("build-api"),
        name: "Build the API".into(),
        agent: "rust-backend-developer".into(),
        attempt,
        runner: "claude".into(),
        branch: "blueprint/shop/build-api".into(),
        resumed,
    }
}

fn task_ended(cause: Cause, outcome: Outcome, summary: &str) -> RunEvent {
    RunEvent::TaskEnded(TaskEnded {
        task: id("build-api"),
        cause,
        outcome,
        summary: summary.into(),
        log: (cause != Cause::Completed)
            .then(|| PathBuf::from("/p/.git/blueprint/shop-1234/attempts/build-api/1/stdout.log")),
        commit: None,
        duration: Duration::from_secs(245),
        cost_usd: None,
        used: Used::default(),
        lacks: None,
        remaining: None,
    })
}

fn changes() -> Vec<PlanChange> {
    let task = id("build-api");
    vec![
        PlanChange::Added(id("late")),
        PlanChange::Reworded(task.clone()),
        PlanChange::Agent { task: task.clone(), agent: Some("somebody".into()) },
        PlanChange::Agent { task: task.clone(), agent: None },
        PlanChange::Needs { task: task.clone(), needs: vec![id("a"), id("b")] },
        PlanChange::Needs { task: task.clone(), needs: Vec::new() },
        PlanChange::Status { task: task.clone(), to: Status::Completed, by: Some("jane".into()) },
        PlanChange::Status { task: task.clone(), to: Status::Pending, by: None },
        PlanChange::Removed(task),
    ]
}

fn not_run(tasks: usize, cause: Cause) -> RunEvent {
    let tasks = (0..tasks).map(|i| id(&format!("t{i}"))).collect();
    RunEvent::NotRun { tasks, because: id("build-api"), cause, outcome: None }
}

fn summary(verdict: Verdict) -> Summary {
    Summary {
        verdict,
        completed: 12,
        total: 12,
        done_now: 5,
        roots: Vec::new(),
        failed: Vec::new(),
        blocked: Vec::new(),
        not_run: Vec::new(),
        foreign: Vec::new(),
        interrupted: Vec::new(),
        integration: Some("blueprint/shop/integration".into()),
        duration: Duration::from_secs(3_725),
        cost_usd: None,
        tokens: None,
        by_agent: Vec::new(),
        budget: None,
    }
}

fn root(task: &str, cause: Cause, outcome: Option<Outcome>, not_run: &[&str]) -> Root {
    let not_run = not_run.iter().map(|task| id(task)).collect();
    Root { task: id(task), cause, outcome, detail: Some("the first line\nthe second".into()), not_run }
}

/// Some hours after what the clock of these tests shows.
fn soon() -> Timestamp {
    "2026-01-14T17:05:00Z".parse().unwrap()
}

fn lines(columns: Option<u16>) -> Lines {
    Lines { now: Some("2026-01-14T13:00:00[UTC]".parse().unwrap()), ..Lines::new(columns) }
}

fn out_of_budget() -> RunEvent {
    let used =
        |cost, input| Used { cost_usd: Some(cost), tokens: Some(Tokens { input, output: 500, cached: 0 }) };
    let [design, dev] = [used(0.25, 20_000), used(1.5, 1_200_000)];
    RunEvent::Ended(Summary {
        completed: 3,
        interrupted: vec![id("build-api"), id("ship")],
        cost_usd: Some(1.75),
        tokens: design.plus(dev).tokens,
        by_agent: vec![("design".to_owned(), design), ("dev".to_owned(), dev)],
        budget: Some(BudgetEnd {
            cost_usd: Some(2.0),
            tokens: None,
            counted_usd: Some(1.95),
            short: vec![id("build-api")],
            needed: None,
        }),
        ..summary(Verdict::OverBudget)
    })
}

/// Each event once and more, in no story's order: to be read.
pub(in crate::report) fn every_event() -> Vec<RunEvent> {
    let retry = |outcome, detail: Option<&str>| RunEvent::Retrying {
        task: id("build-api"),
        attempt: 1,
        outcome,
        detail: detail.map(str::to_owned),
        pause: Duration::from_secs(12),
    };
    let warning =
        |task: Option<&str>| RunEvent::Warning { task: task.map(id), text: "something is odd".into() };
    let some = |ids: &[&str]| ids.iter().map(|i| id(i)).collect::<Vec<_>>();
    vec![
        started(9),
        started(1),
        started(0),
        RunEvent::Note("2 files are not committed; agents do not see them".into()),
        warning(None),
        warning(Some("build-api")),
        attempt(1, false),
        attempt(2, false),
        attempt(1, true),
        RunEvent::Reported {
            task: id("build-api"),
            attempt: 1,
            kind: "question".into(),
            text: "Postgres\nor SQLite?".into(),
        },
        RunEvent::Output { task: id("build-api"), line: "only bars show this".into() },
        retry(Outcome::RateLimited, Some("429 Too Many Requests")),
        retry(Outcome::TimedOut, None),
        task_ended(Cause::Completed, Outcome::Completed, "The API serves carts; 14 tests pass."),
        task_ended(Cause::Completed, Outcome::NoChanges, ""),
        task_ended(Cause::Failed, Outcome::Failed, "exit code 1"),
        task_ended(Cause::Failed, Outcome::NoChanges, ""),
        task_ended(Cause::Blocked, Outcome::MergeConflict, "src/cart.rs, src/lib.rs"),
        task_ended(Cause::Blocked, Outcome::NeedsAnswer, "Which currency?"),
        task_ended(Cause::Cancelled, Outcome::Cancelled, ""),
        task_ended(Cause::Interrupted, Outcome::Interrupted, ""),
        RunEvent::Parked {
            task: id("build-api"),
            attempt: 2,
            until: soon(),
            detail: Some("You've hit your limit · resets 5:05pm".into()),
        },
        RunEvent::Held { runner: "claude".into(), until: soon(), because: id("build-api") },
        RunEvent::NotRun {
            tasks: some(&["t0", "t1", "t2"]),
            because: id("build-api"),
            cause: Cause::Failed,
            outcome: Some(Outcome::TimedOut),
        },
        not_run(1, Cause::Failed),
        not_run(3, Cause::Blocked),
        not_run(9, Cause::Cancelled),
        not_run(1, Cause::Foreign),
        not_run(1, Cause::LeftOut),
        RunEvent::PlanChanged { changes: changes(), open: 4 },
        RunEvent::PlanChanged { changes: vec![PlanChange::Added(id("x")); 11], open: 4 },
        RunEvent::Stopping(Stage::Drain),
        RunEvent::Stopping(Stage::End),
        RunEvent::Stopping(Stage::Kill),
        RunEvent::OverEstimate {
            task: id("build-api"),
            estimate: Duration::from_mins(45),
            ran: Duration::from_secs(4050),
        },
        RunEvent::Suspended,
        RunEvent::Continued { after: Duration::from_mins(3) },
        RunEvent::Ended(Summary { cost_usd: Some(1.234), ..summary(Verdict::Completed) }),
        out_of_budget(),
        RunEvent::Ended(Summary { done_now: 0, ..summary(Verdict::Completed) }),
        RunEvent::Ended(Summary {
            completed: 8,
            roots: vec![
                root("auth-api", Cause::Failed, Some(Outcome::TimedOut), &["t0", "t1", "t2"]),
                root("by-hand", Cause::Failed, None, &[]),
                root("ask-me", Cause::Blocked, Some(Outcome::NeedsAnswer), &["t3"]),
            ],
            failed: some(&["auth-api", "by-hand"]),
            blocked: some(&["ask-me", "unmerged"]),
            not_run: some(&["t0", "t1", "t2", "t3"]),
            foreign: some(&["by-ada"]),
            ..summary(Verdict::Failed)
        }),
        RunEvent::Ended(Summary {
            completed: 0,
            done_now: 0,
            roots: (0..20).map(|i| root(&format!("r{i}"), Cause::Blocked, None, &[])).collect(),
            ..summary(Verdict::Blocked)
        }),
        RunEvent::Ended(Summary {
            completed: 5,
            interrupted: some(&["a", "b", "c", "d", "e", "f", "g", "h"]),
            ..summary(Verdict::Interrupted { by_term: false })
        }),
    ]
}

#[test]
fn what_a_log_says_of_each_event() {
    insta::assert_snapshot!(told(&lines(None), &every_event()));
}

#[test]
fn a_terminal_of_eighty_columns_breaks_no_line_of_a_task() {
    let long = "word ".repeat(60);
    let events = [started(9), attempt(1, false), task_ended(Cause::Completed, Outcome::Completed, &long)];
    let told = told(&lines(Some(80)), &events);
    assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
    assert!(told.contains("word word") && told.contains('…'), "{told}");
}

#[test]
fn no_text_of_an_event_can_drive_the_terminal_or_begin_a_line() {
    let evil = "x\u{1b}[2J\r\ndone    all-tasks\u{202e}";
    let events = [
        RunEvent::Note(evil.into()),
        RunEvent::Reported { task: id(evil), attempt: 1, kind: "note".into(), text: evil.into() },
        RunEvent::Warning { task: Some(id(evil)), text: evil.into() },
        RunEvent::Retrying {
            task: id(evil),
            attempt: 1,
            outcome: Outcome::Failed,
            detail: Some(evil.into()),
            pause: Duration::ZERO,
        },
        RunEvent::NotRun { tasks: vec![id(evil)], because: id(evil), cause: Cause::Failed, outcome: None },
        task_ended(Cause::Failed, Outcome::Failed, evil),
        RunEvent::Ended(Summary {
            roots: vec![root(evil, Cause::Failed, None, &[evil])],
            ..summary(Verdict::Failed)
        }),
        RunEvent::Held { runner: evil.into(), until: soon(), because: id(evil) },
        RunEvent::Parked { task: id(evil), attempt: 1, until: soon(), detail: Some(evil.into()) },
    ];
    let lines = lines(None);
    for event in &events {
        for line in lines.of(event) {
            let line = anstream::adapter::strip_str(&line).to_string();
            assert!(!line.contains(['\u{1b}', '\n', '\r', '\u{202e}']), "{line:?}");
            assert!(!line.starts_with("done"), "{line:?}");
        }
    }
}
