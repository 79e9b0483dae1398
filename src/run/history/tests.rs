use super::*;
use crate::genesis::Status::{Completed, InProgress, Pending};
use crate::genesis::{Entry, Note};
use crate::run::outbox::{Claim, Remark};
use crate::run::sample::{at, ended, history, merged, reported, started, transition};

#[test]
fn a_story_has_its_attempts_in_order_with_how_each_ended() {
    let history = history([
        transition("a", Pending, InProgress, 1),
        started("a", 1, 2),
        ended("a", 1, Outcome::TimedOut, 3),
        started("a", 2, 4),
        started("b", 1, 5),
        ended("a", 2, Outcome::Completed, 6),
        merged("a", 2, 7),
        transition("a", InProgress, Completed, 8),
    ]);
    let story = history.task("a").unwrap();
    let told: Vec<_> = story
        .attempts
        .iter()
        .map(|attempt| {
            let (ended, when) = attempt.ended.as_ref().unwrap();
            (attempt.started.attempt, attempt.at, ended.outcome, *when, attempt.succeeded())
        })
        .collect();
    assert_eq!(
        told,
        [(1, at(2), Outcome::TimedOut, at(3), false), (2, at(4), Outcome::Completed, at(6), true)]
    );
    assert_eq!(story.transitions.len(), 2);
    assert_eq!(story.next_attempt(), 3);
    assert_eq!(story.last_attempt().unwrap().commit().unwrap().to_string(), "c".repeat(40));
    assert_eq!(history.tasks().count(), 2);
    assert!(history.task("nobody").is_none());
}

#[test]
fn only_what_is_merged_counts_as_done() {
    let history = history([started("a", 1, 1), ended("a", 1, Outcome::Completed, 2)]);
    assert!(!history.task("a").unwrap().attempts[0].succeeded());
    let history = history_of_merge(Outcome::Failed);
    assert!(!history.task("a").unwrap().attempts[0].succeeded());
    let history = history_of_merge(Outcome::NoChanges);
    assert!(history.task("a").unwrap().attempts[0].succeeded());
}

fn history_of_merge(outcome: Outcome) -> History {
    history([started("a", 1, 1), ended("a", 1, outcome, 2), merged("a", 1, 3)])
}

#[test]
fn an_attempt_is_open_until_its_task_changes_its_status() {
    let mut history = history([transition("a", Pending, InProgress, 1), started("a", 1, 2)]);
    let open = |history: &History| history.task("a").unwrap().open_attempt().map(|a| a.started.attempt);
    assert_eq!(open(&history), Some(1));
    let add = |history: &mut History, (second, fact)| history.add(Record { time: at(second), fact });
    add(&mut history, ended("a", 1, Outcome::Completed, 3));
    assert_eq!(open(&history), Some(1), "ended, but nobody has decided what follows");
    add(&mut history, transition("a", InProgress, Completed, 4));
    assert_eq!(open(&history), None);
    add(&mut history, started("a", 2, 5));
    assert_eq!(open(&history), Some(2));
}

#[test]
fn of_two_attempts_of_one_number_the_newest_is_meant() {
    let history = history([started("a", 1, 1), started("a", 1, 2), ended("a", 1, Outcome::Failed, 3)]);
    let attempts = &history.task("a").unwrap().attempts;
    assert!(attempts[0].ended.is_none() && attempts[1].ended.is_some());
    assert_eq!(history.task("a").unwrap().next_attempt(), 2);
}

#[test]
fn ends_and_merges_of_attempts_that_nobody_started_are_passed_over() {
    let history = history([ended("a", 1, Outcome::Failed, 1), merged("b", 2, 2)]);
    assert!(history.task("a").is_none() && history.task("b").is_none());
}

#[test]
fn a_commit_that_is_none_is_none() {
    let (second, Fact::AttemptEnded(mut end)) = ended("a", 1, Outcome::Completed, 2) else { panic!() };
    end.commit = Some("../../x".into());
    let history = history([started("a", 1, 1), (second, Fact::AttemptEnded(end))]);
    assert!(history.task("a").unwrap().attempts[0].commit().is_none());
}

#[test]
fn a_journal_that_was_written_and_read_tells_the_same_story() {
    let facts = [
        transition("a", Pending, InProgress, 1),
        started("a", 1, 2),
        ended("a", 1, Outcome::Completed, 3),
        merged("a", 1, 4),
        (
            5,
            Fact::RunStarted {
                run: "r".into(),
                pid: 1,
                host: "h".into(),
                version: "0".into(),
                start: "s".into(),
                branch: None,
                process_start: Some(7),
                boot: Some("b".into()),
            },
        ),
        (6, Fact::RunEnded { run: "r".into(), exit: 0, budget: None, needed: None }),
        (7, Fact::JournalBegun { version: 1 }),
        (8, Fact::AgentSpoke { task: TaskId::from("a"), attempt: 1 }),
    ];
    for (second, fact) in facts {
        let record = Record { time: at(second), fact };
        let line = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&line).unwrap(), record, "{line}");
    }
}

#[test]
fn what_only_a_later_version_knows_is_passed_over() {
    let lines = [
        r#"{"time":"2026-11-21T12:00:00Z","fact":"dreamt","task":"a","of":{"sheep":["electric"]}}"#,
        r#"{"time":"2026-11-21T12:00:01Z","fact":"run-ended","run":"r","exit":0,"mood":"fine"}"#,
        r#"{"time":"2026-11-21T12:00:02Z","fact":"run-started","run":"r","pid":1,"host":"h","version":"0","start":"s"}"#,
    ];
    let records: Vec<Record> = lines.map(|line| serde_json::from_str(line).unwrap()).into();
    assert_eq!(records[0].fact, Fact::OfLaterVersion);
    assert_eq!(records[1].fact, Fact::RunEnded { run: "r".into(), exit: 0, budget: None, needed: None });
    let history = History::from_records(records);
    assert_eq!((history.tasks().count(), history.boot), (0, None));
}

#[test]
fn what_was_said_is_kept_until_it_is_in_the_plan() {
    let note = |text: &str| Says::Remark(Remark::Note { text: text.into() });
    let claim = Says::Claim(Claim::Failed { reason: "no".into() });
    let said = [
        started("a", 1, 1),
        reported("a", 1, note("one"), 2),
        reported("a", 1, claim, 3),
        reported("a", 1, note("two"), 4),
    ];
    let entry = |text: &str, second| {
        let (text, actor) = (text.into(), "dev".into());
        Entry::Note(Note { task: "a".into(), text, actor, at: at(second) })
    };
    let to_keep = |history: &History| history.task("a").unwrap().attempts[0].to_keep();
    assert_eq!(to_keep(&history(said.clone())), [entry("one", 2), entry("two", 4)]);
    let kept = |reports| (5, Fact::Kept { task: TaskId::from("a"), attempt: 1, reports });
    let some = said.clone().into_iter().chain([kept(1)]);
    assert_eq!(to_keep(&history(some)), [entry("two", 4)]);
    let all = said.into_iter().chain([kept(3), kept(1)]);
    assert!(to_keep(&history(all)).is_empty());
}

#[test]
fn reports_survive_their_json() {
    let says = [
        Says::Claim(Claim::Done { summary: "s".into(), deliverables: vec!["d".into()], notes: None }),
        Says::Claim(Claim::Asks { question: "q".into() }),
        Says::Remark(Remark::Learning {
            title: "t".into(),
            description: String::new(),
            category: "c".into(),
        }),
    ];
    for says in says {
        let record = Record { time: at(1), fact: reported("a", 1, says, 1).1 };
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record, "{json}");
    }
}

fn undone(task: &str) -> TransitionRecord {
    let (_, fact) = transition(task, Completed, Pending, 4);
    let Fact::Transition(record) = fact else { panic!("{fact:?}") };
    record
}

#[test]
fn a_task_is_set_back_until_its_next_attempt_and_only_the_named_ones_get_the_note() {
    let set_back = Fact::SetBack(SetBack {
        by: "jane".to_owned(),
        tasks: vec![TaskId::from("a")],
        note: Some("use the other parser".to_owned()),
        transitions: ["a", "b"].map(undone).into(),
    });
    let mut history = history([
        started("a", 1, 1),
        ended("a", 1, Outcome::Completed, 2),
        merged("a", 1, 3),
        started("b", 1, 1),
        (4, set_back),
    ]);
    let note = |history: &History, task: &str| {
        let story = history.task(task).unwrap();
        (story.is_set_back(), story.again.as_ref().and_then(|again| again.note.clone()))
    };
    assert_eq!(note(&history, "a"), (true, Some("use the other parser".to_owned())));
    assert_eq!(note(&history, "b"), (true, None));
    assert!(history.task("b").unwrap().open_attempt().is_none(), "it counts no more");
    let (time, fact) = started("a", 2, 5);
    history.add(Record { time: at(time), fact });
    assert_eq!(note(&history, "a"), (false, Some("use the other parser".to_owned())));
    assert_eq!(history.task("a").unwrap().transitions.len(), 1);
}
