use std::path::Path;
use std::sync::Arc;

use jiff::tz::{TimeZone, offset};

use super::*;
use crate::agent::Outcome;
use crate::genesis::Status::{self, Blocked, Completed, Failed, InProgress, Pending};
use crate::plan;
use crate::report::Reader;
use crate::run::sample::{at, ended, genesis, history, merged, started, transition};
use crate::run::{Fact, History};
use crate::store::StateDir;

/// In seconds.
const NOW: i64 = 3_600;

/// The view of a plan, without colours, with the work of `open` to be reviewed.
fn morning(tasks: &[(&str, Status)], history: &History, open: &[&str], columns: u16) -> String {
    let genesis = genesis(tasks);
    let plan = Arc::new(plan::load(&genesis).unwrap());
    let path = Path::new("/p/genesis.xml");
    let report = StatusReport::at(at(NOW), (path, &genesis, &plan), history, None, |_| true);
    let state = StateDir::locate(Path::new("/p/.blueprint"), "e", path);
    let around = Surroundings {
        plan_name: "genesis.xml",
        plan: &plan,
        history,
        state: &state,
        is_there: |_| true,
        distance: None,
        is_live: false,
        is_paused: false,
        is_ending: false,
    };
    let size = Some(Size { files: 3, insertions: 120, deletions: 8 });
    let finished = |task: &&str| Finished { task: (*task).to_owned(), size };
    let review = Review { into: Some("main".into()), open: open.iter().map(finished).collect(), landed: 0 };
    let reader = Reader { columns, now: at(NOW).to_zoned(TimeZone::fixed(offset(2))) };
    let shown = morning_lines(&Morning { report: &report, around: &around, review }, &reader);
    anstream::adapter::strip_str(&shown).to_string()
}

fn asked(task: &str, second: i64) -> (i64, Fact) {
    let (second, mut fact) = ended(task, 1, Outcome::NeedsAnswer, second);
    if let Fact::AttemptEnded(ended) = &mut fact {
        ended.question = Some("Postgres or SQLite? Both are there, and the plan says nothing of it.".into());
    }
    (second, fact)
}

const NIGHT: [(&str, Status); 8] = [
    ("design", Completed),
    ("a-task-with-a-rather-long-name-of-its-own", Completed),
    ("storage", Blocked),
    ("日本語の課題", Failed),
    ("merge-it", Blocked),
    ("api", InProgress),
    ("docs", Pending),
    ("ship", Pending),
];

/// What was left of a run in the evening.
fn night() -> History {
    let begun = |task| [transition(task, Pending, InProgress, 0), started(task, 1, 1)];
    let over = |task, outcome, to| [ended(task, 1, outcome, 2), transition(task, InProgress, to, 3)];
    let facts = [
        begun("design").to_vec(),
        vec![ended("design", 1, Outcome::Completed, 2), merged("design", 1, 3)],
        begun("storage").to_vec(),
        vec![asked("storage", 2), transition("storage", InProgress, Blocked, 3)],
        begun("日本語の課題").to_vec(),
        over("日本語の課題", Outcome::Failed, Failed).to_vec(),
        begun("merge-it").to_vec(),
        over("merge-it", Outcome::MergeConflict, Blocked).to_vec(),
        begun("api").to_vec(),
    ];
    history(facts.concat())
}

const OPEN: [&str; 2] = ["design", "a-task-with-a-rather-long-name-of-its-own"];

#[test]
fn what_needs_a_person_comes_first_with_the_command_that_leads_on() {
    insta::assert_snapshot!(morning(&NIGHT, &night(), &OPEN, 80));
}

#[test]
fn a_narrow_terminal_shows_the_same() {
    insta::assert_snapshot!(morning(&NIGHT, &night(), &OPEN, 40));
}

#[test]
fn a_wide_terminal_shows_the_same_on_fewer_lines() {
    insta::assert_snapshot!(morning(&NIGHT, &night(), &OPEN, 200));
}

#[test]
fn a_plan_that_is_done_needs_nobody() {
    let done = [("a", Completed), ("b", Completed)];
    let shown = morning(&done, &history([]), &[], 80);
    assert!(shown.ends_with("\nall is completed: nothing needs you\n"), "{shown}");
    assert!(!shown.contains("Needs you"), "{shown}");
}

#[test]
fn only_commands_and_names_that_nothing_can_break_are_wider_than_the_terminal() {
    for columns in 30..120 {
        let shown = morning(&NIGHT, &night(), &OPEN, columns);
        let words = shown.lines().filter(|line| !line.contains("blueprint "));
        let widest = words.map(unicode_width::UnicodeWidthStr::width).max().unwrap();
        assert!(widest <= columns.into(), "{columns}:\n{shown}");
    }
}

#[test]
fn of_many_that_wait_some_are_shown_and_the_others_counted() {
    let ids: Vec<_> = (0..30).map(|number| format!("t{number}")).collect();
    let tasks: Vec<_> = ids.iter().map(|id| (id.as_str(), Pending)).collect();
    let shown = morning(&tasks, &history([]), &[], 80);
    assert!(shown.contains("Waiting (30)") && shown.contains("and 18 more"), "{shown}");
    assert!(
        shown.contains("  t0   ready\n") && shown.contains("next    blueprint run genesis.xml"),
        "{shown}"
    );
}
