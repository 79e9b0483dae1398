use std::path::Path;
use std::sync::Arc;

use jiff::tz::{TimeZone, offset};

use crate::agent::Outcome;
use crate::genesis::{Genesis, Status};
use crate::plan;
use crate::run::History;
use crate::run::sample::{at, ended, genesis, history, merged, started, transition};
use crate::store::RunOwner;

use super::*;
use Status::{Blocked, Completed, Failed, InProgress, Pending};

/// In seconds.
const NOW: i64 = 3_600;

fn report(genesis: &Genesis, history: &History, run: Option<&RunOwner>) -> StatusReport {
    let plan = Arc::new(plan::load(genesis).unwrap());
    StatusReport::at(at(NOW), (Path::new("/p/genesis.xml"), genesis, &plan), history, run, |_| true)
}

/// One o'clock, where the clock is two hours ahead.
fn reader(columns: u16) -> Reader {
    Reader { columns, now: at(NOW).to_zoned(TimeZone::fixed(offset(2))) }
}

/// What stands on a terminal without colours.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn live() -> RunOwner {
    RunOwner { pid: 4711, host: "box".into(), run: "r1".into(), started: at(0) }
}

/// A plan in the middle of a run: one task for each status, with long and wide texts.
fn midway() -> (Genesis, History) {
    let tasks = [
        ("design", Completed),
        ("build-api", Completed),
        ("a-task-with-a-rather-long-name-of-its-own", InProgress),
        ("日本語の課題", Failed),
        ("ask-somebody", Blocked),
        ("ship", Pending),
    ];
    let text = genesis(&tasks).source().replacen(
        "<statusHistory>",
        "<assignedAgent>rust-backend-developer</assignedAgent><result><summary>Wrote the design down,\nwith three diagrams and a long list \
         of open questions that need more room than there is</summary></result><statusHistory>",
        1,
    );
    let running = "a-task-with-a-rather-long-name-of-its-own";
    let facts = [
        transition("design", Pending, InProgress, 0),
        started("design", 1, 1),
        ended("design", 1, Outcome::TimedOut, 2),
        started("design", 2, 3),
        ended("design", 2, Outcome::Completed, 4),
        merged("design", 2, 5),
        transition(running, Pending, InProgress, 0),
        started(running, 1, 7),
    ];
    (Genesis::parse(text.into_bytes()).unwrap(), history(facts))
}

#[test]
fn the_table_fits_a_terminal_of_eighty_columns() {
    let (genesis, history) = midway();
    insta::assert_snapshot!(plain(&status_lines(&report(&genesis, &history, Some(&live())), &reader(80))));
}

#[test]
fn a_narrow_terminal_still_shows_every_task_and_some_of_its_summary() {
    let (genesis, history) = midway();
    insta::assert_snapshot!(plain(&status_lines(&report(&genesis, &history, Some(&live())), &reader(40))));
}

#[test]
fn a_wide_terminal_shows_all_that_there_is_to_say() {
    let (genesis, history) = midway();
    insta::assert_snapshot!(plain(&status_lines(&report(&genesis, &history, Some(&live())), &reader(200))));
}

#[test]
fn what_needs_a_person_stands_first_and_of_equals_what_most_hangs_on() {
    let tasks = [
        ("a", Completed),
        ("b", Completed),
        ("c", Pending),
        ("d", Pending),
        ("e", InProgress),
        ("f", Blocked),
        ("g", Failed),
    ];
    let shown = plain(&status_lines(&report(&genesis(&tasks), &history([]), None), &reader(80)));
    let ids: Vec<_> =
        shown.lines().skip_while(|line| !line.starts_with("TASK")).skip(1).map(|line| &line[..1]).collect();
    assert_eq!(ids.concat(), "gfecdab", "{shown}");
}

#[test]
fn the_estimate_counts_what_is_left_of_what_runs_and_all_that_waits() {
    let running = [transition("a", Pending, InProgress, 0), started("a", 1, NOW - 600)];
    let tasks = [("a", InProgress), ("b", Failed), ("c", Pending)];
    let found = report(&genesis(&tasks), &history(running), None);
    // Three tasks of an hour, of which one is ten minutes old.
    assert_eq!((found.plan.remaining_ms, found.tasks[0].elapsed_ms), (10_200_000, Some(600_000)));
    let done = report(&genesis(&[("a", Completed), ("b", Completed)]), &history([]), None);
    assert_eq!((done.plan.remaining_ms, done.plan.elapsed_ms), (0, None));
}

#[test]
fn statuses_have_their_colours_and_a_colour_takes_no_room() {
    let (genesis, history) = midway();
    let report = report(&genesis, &history, None);
    let shown = status_lines(&report, &reader(80));
    for coloured in ["\u{1b}[31mfailed", "\u{1b}[33mblocked", "\u{1b}[36min-progress", "\u{1b}[32mcompleted"]
    {
        assert!(shown.contains(coloured), "{coloured:?} in {shown:?}");
    }
    let widths = shown.lines().map(|line| unicode_width::UnicodeWidthStr::width(plain(line).as_str()));
    assert!(widths.max().unwrap() <= 80, "{shown}");
}

#[test]
fn no_line_of_the_table_is_wider_than_the_terminal() {
    let (genesis, history) = midway();
    let report = report(&genesis, &history, None);
    for width in 32..200 {
        let shown = plain(&status_lines(&report, &reader(width)));
        let widest = shown.lines().map(unicode_width::UnicodeWidthStr::width).max().unwrap();
        assert!(widest <= width.into(), "{width}:\n{shown}");
    }
}

#[test]
fn a_short_summary_is_shown_in_full() {
    let text = genesis(&[("a", Completed)])
        .source()
        .replace("<statusHistory>", "<result><summary>ok</summary></result><statusHistory>");
    let report = report(&Genesis::parse(text.into_bytes()).unwrap(), &history([]), None);
    let shown = plain(&status_lines(&report, &reader(80)));
    assert!(shown.ends_with("TASK  STATUS     SUMMARY\na     completed  ok\n"), "{shown}");
}

#[test]
fn a_tasks_story_says_all_that_is_known_of_it() {
    let (genesis, history) = midway();
    let stories: Vec<_> = report(&genesis, &history, Some(&live()))
        .tasks
        .iter()
        .map(|task| task_lines(task, &reader(80)))
        .collect();
    insta::assert_snapshot!(plain(&stories.join("\n")));
}

#[test]
fn cost_tokens_and_tries_are_those_of_all_attempts() {
    let (genesis, history) = midway();
    let report = report(&genesis, &history, None);
    let design = &report.tasks[0];
    let tokens = design.tokens.unwrap();
    assert_eq!((design.attempts, design.cost_usd, tokens.input, tokens.output), (2, Some(0.5), 200, 20));
    assert_eq!((design.outcome, design.duration_ms), (Some(Outcome::Completed), Some(61_000)));
    assert_eq!((design.started, design.ended), (Some(at(3)), Some(at(4))));
    assert_eq!(report.counts.total, 6);
    assert_eq!((report.counts.completed, report.counts.in_progress, report.counts.pending), (2, 1, 1));
}

#[test]
fn the_owner_is_the_live_run_the_run_that_is_gone_or_a_person() {
    let owner = |run: Option<&RunOwner>, journal: &[(i64, crate::run::Fact)]| {
        let by_hand =
            genesis(&[("a", InProgress)]).source().replace("</status>", "</status><actor>ada</actor>");
        let genesis = Genesis::parse(by_hand.into_bytes()).unwrap();
        let report = report(&genesis, &history(journal.to_vec()), run);
        serde_json::to_string(&report.tasks[0].owner).unwrap()
    };
    let ours = [transition("a", Pending, InProgress, 0)];
    assert_eq!(owner(Some(&live()), &ours), r#"{"pid":4711,"host":"box","alive":true}"#);
    assert_eq!(owner(None, &ours), r#"{"pid":null,"host":null,"alive":false}"#);
    assert_eq!(owner(Some(&live()), &[]), "\"ada\"");
}

#[test]
fn what_an_agent_says_can_not_drive_the_terminal() {
    let text = genesis(&[("a", Completed)]).source().replace(
        "<statusHistory>",
        "<result><summary>\u{202e}gnp.exe\u{9b}31m  &#10; second line</summary></result><statusHistory>",
    );
    let report = report(&Genesis::parse(text.into_bytes()).unwrap(), &history([]), None);
    for shown in [status_lines(&report, &reader(80)), task_lines(&report.tasks[0], &reader(80))] {
        let shown = plain(&shown);
        assert!(!shown.contains(['\u{202e}', '\u{9b}', '\u{1b}']), "{shown:?}");
        assert!(shown.contains("gnp.exe 31m"), "{shown:?}");
    }
}

/// A chain of three, of which the first one failed, and whose last attempt ended so.
fn failed_chain(facts: impl IntoIterator<Item = (i64, crate::run::Fact)>) -> StatusReport {
    report(&genesis(&[("a", Failed), ("b", Pending), ("c", Pending)]), &history(facts), None)
}

#[test]
fn what_is_not_run_names_the_root_cause_and_its_outcome() {
    let found = failed_chain([
        transition("a", Pending, InProgress, 0),
        started("a", 1, 1),
        ended("a", 1, Outcome::TimedOut, 2),
        transition("a", InProgress, Failed, 3),
    ]);
    let shown = plain(&status_lines(&found, &reader(120)));
    assert!(shown.contains("\n2 tasks not run because `a` timed out\n"), "{shown}");
    assert!(
        shown.lines().any(|line| line.starts_with("c ") && line.contains("because `a` timed out")),
        "{shown}"
    );
    let because = serde_json::to_value(&found.tasks[2].not_run_because).unwrap();
    assert_eq!(because, serde_json::json!({"task": "a", "status": "failed", "outcome": "timed-out"}));
}

#[test]
fn what_a_person_has_decided_since_is_no_outcome() {
    let found = failed_chain([
        transition("a", Pending, InProgress, 0),
        started("a", 1, 1),
        ended("a", 1, Outcome::TimedOut, 2),
        transition("a", InProgress, Pending, 3),
        transition("a", Pending, Failed, 4),
    ]);
    assert!(plain(&status_lines(&found, &reader(120))).contains("2 tasks not run because `a` failed"));
}

#[test]
fn a_task_that_waits_for_a_limit_says_until_when() {
    let until = "2999-01-01T12:00:00Z".parse().unwrap();
    let parked = |status| {
        let mut facts = vec![
            transition("a", Pending, InProgress, 0),
            started("a", 1, 1),
            ended("a", 1, Outcome::RateLimited, 2),
        ];
        if let (_, crate::run::Fact::AttemptEnded(ended)) = &mut facts[2] {
            ended.retry_at = Some(until);
        }
        facts.push(transition("a", InProgress, Pending, 3));
        report(&genesis(&[("a", status)]), &history(facts), None)
    };
    assert_eq!(parked(Pending).tasks[0].waits_until, Some(until));
    let shown = plain(&status_lines(&parked(Pending), &reader(120)));
    assert!(shown.contains("waits until Jan 1, ") && shown.contains(" for a limit to end"), "{shown}");
    assert_eq!(parked(Failed).tasks[0].waits_until, None);
}
