use super::*;
use crate::genesis::Status::{Blocked, Completed, Failed, InProgress, Pending};
use crate::plan::TaskId;
use crate::run::History;
use crate::run::record::{Fact, SetBack};
use crate::run::sample::{ended, history, started, transition};

/// The program that plays attempts of the sample.
const RUNNER: &str = "local";

type Told = (i64, Fact);

fn in_session((second, fact): Told) -> Told {
    let Fact::AttemptEnded(mut ended) = fact else { panic!("{fact:?}") };
    ended.session = Some("s".into());
    (second, Fact::AttemptEnded(ended))
}

fn asking(attempt: u32, second: i64) -> Told {
    let (second, Fact::AttemptEnded(mut ended)) = ended("a", attempt, Outcome::NeedsAnswer, second) else {
        panic!()
    };
    ended.question = Some("Which?".into());
    (second, Fact::AttemptEnded(ended))
}

fn lost((second, fact): Told) -> Told {
    let Fact::AttemptEnded(mut ended) = fact else { panic!("{fact:?}") };
    ended.lost_session = true;
    (second, Fact::AttemptEnded(ended))
}

fn continuing((second, fact): Told, attempt: u32, session: Option<&str>, because: Because) -> Told {
    let Fact::AttemptStarted(mut started) = fact else { panic!("{fact:?}") };
    started.continues = Some(Continues { attempt, session: session.map(str::to_owned), because });
    (second, Fact::AttemptStarted(started))
}

fn answered(attempt: u32, text: &str, second: i64) -> Told {
    let (_, Fact::Transition(mut transition)) = transition("a", Blocked, Pending, second) else { panic!() };
    transition.actor = "jane".into();
    let (task, text) = (TaskId::from("a"), text.to_owned());
    let (question, by) = ("Which?".to_owned(), "jane".to_owned());
    (
        second,
        Fact::Answered(Answered {
            task,
            attempt: Some(attempt),
            question,
            text,
            by,
            transitions: vec![transition],
        }),
    )
}

fn told_of(facts: impl IntoIterator<Item = Told>) -> History {
    history([transition("a", Pending, InProgress, 1), started("a", 1, 2)].into_iter().chain(facts))
}

/// The attempt that is gone on with, why, and its session.
fn going_on(history: &History) -> Option<(u32, Because, Option<&str>)> {
    let going_on = history.task("a").unwrap().going_on(Some(RUNNER))?;
    Some((going_on.with.started.attempt, going_on.because, going_on.session))
}

fn news(history: &History) -> Vec<News> {
    let story = history.task("a").unwrap();
    story.news(&story.going_on(Some(RUNNER)).unwrap())
}

fn sqlite() -> News {
    let (question, text, by) = ("Which?".into(), "SQLite".into(), "jane".into());
    News::Answer(AnsweredBrief { question, text, by })
}

#[test]
fn who_was_merely_stopped_goes_on_in_its_session_or_not_at_all() {
    for outcome in [Outcome::Killed, Outcome::TimedOut, Outcome::Interrupted, Outcome::RateLimited] {
        let end = in_session(ended("a", 1, outcome, 3));
        let history = told_of([end.clone(), transition("a", InProgress, Pending, 4)]);
        assert_eq!(going_on(&history), Some((1, Because::Retry, Some("s"))), "{outcome}");
        assert_eq!(news(&history), [News::Stopped(outcome)]);
        assert!(history.task("a").unwrap().going_on(Some("another")).is_none());
        assert!(history.task("a").unwrap().going_on(None).is_none());
        assert_eq!(going_on(&told_of([ended("a", 1, outcome, 3)])), None, "{outcome}");
    }
}

#[test]
fn what_ended_by_its_own_fault_begins_afresh() {
    for outcome in
        [Outcome::Completed, Outcome::Failed, Outcome::AgentError, Outcome::Escaped, Outcome::Blocked]
    {
        assert_eq!(going_on(&told_of([in_session(ended("a", 1, outcome, 3))])), None, "{outcome}");
    }
}

#[test]
fn a_decision_about_the_task_since_has_it_begin_afresh() {
    let end = || in_session(ended("a", 1, Outcome::Killed, 3));
    assert_eq!(going_on(&told_of([end(), transition("a", InProgress, Failed, 4)])), None);
    let set_back =
        SetBack { by: "jane".into(), tasks: vec![TaskId::from("a")], note: None, transitions: Vec::new() };
    let pending = transition("a", InProgress, Pending, 4);
    assert_eq!(going_on(&told_of([end(), pending.clone(), (5, Fact::SetBack(set_back))])), None);
    let crashed = [pending.clone(), transition("a", Pending, InProgress, 5), pending];
    assert!(
        going_on(&told_of([end()].into_iter().chain(crashed))).is_some(),
        "a run that was killed decides nothing"
    );
}

#[test]
fn a_question_is_gone_on_with_when_it_is_answered_with_or_without_a_session() {
    let blocked = transition("a", InProgress, Blocked, 4);
    assert_eq!(going_on(&told_of([asking(1, 3), blocked.clone()])), None);
    let history = told_of([asking(1, 3), blocked.clone(), answered(1, "SQLite", 5)]);
    assert_eq!(going_on(&history), Some((1, Because::Answer, None)));
    assert_eq!(news(&history), [sqlite()]);
    let history =
        told_of([in_session(asking(1, 3)), blocked, answered(1, "Postgres", 5), answered(1, "SQLite", 6)]);
    assert_eq!(going_on(&history), Some((1, Because::Answer, Some("s"))));
    assert_eq!(news(&history), [sqlite()], "the last answer counts");
}

#[test]
fn an_answer_is_there_to_be_taken_up_until_an_attempt_begins() {
    let until_answered = || [asking(1, 3), transition("a", InProgress, Blocked, 4), answered(1, "SQLite", 5)];
    let untaken = |history: &History| history.task("a").unwrap().untaken_answer().is_some();
    assert!(untaken(&told_of(until_answered())));
    let begun = told_of(
        until_answered().into_iter().chain([transition("a", Pending, InProgress, 6), started("a", 2, 7)]),
    );
    assert!(!untaken(&begun));
    let done = told_of(until_answered().into_iter().chain([transition("a", Pending, Completed, 6)]));
    assert!(!untaken(&done));
}

#[test]
fn findings_of_a_gate_are_gone_on_with() {
    let history = told_of([ended("a", 1, Outcome::GateFailed, 3)]);
    assert_eq!(going_on(&history), Some((1, Because::Findings, None)));
    assert_eq!(news(&history), [News::Findings("exit code 1".into())]);
}

#[test]
fn an_attempt_that_was_stopped_while_it_went_on_is_told_all_again() {
    let second = [
        asking(1, 3),
        transition("a", InProgress, Blocked, 4),
        answered(1, "SQLite", 5),
        transition("a", Pending, InProgress, 6),
    ];
    let with_session = continuing(started("a", 2, 7), 1, Some("s"), Because::Answer);
    let history =
        told_of(second.clone().into_iter().chain([with_session, ended("a", 2, Outcome::Killed, 8)]));
    assert_eq!(going_on(&history), Some((2, Because::Retry, Some("s"))));
    assert_eq!(news(&history), [sqlite(), News::Stopped(Outcome::Killed)]);
    let without = continuing(started("a", 2, 7), 1, None, Because::Answer);
    let history = told_of(second.into_iter().chain([without, ended("a", 2, Outcome::Killed, 8)]));
    assert_eq!(going_on(&history), Some((1, Because::Answer, None)), "from where that one had begun");
    let story = history.task("a").unwrap();
    assert!(!story.is_latest(story.going_on(None).unwrap().with), "somebody has worked there since");
}

#[test]
fn a_session_that_is_gone_is_not_sought_again() {
    let second = [
        in_session(ended("a", 1, Outcome::Killed, 3)),
        transition("a", InProgress, Pending, 4),
        transition("a", Pending, InProgress, 5),
        continuing(started("a", 2, 6), 1, Some("s"), Because::Retry),
        lost(ended("a", 2, Outcome::Failed, 7)),
    ];
    let history = told_of(second);
    assert_eq!(going_on(&history), Some((1, Because::Retry, None)));
    let story = history.task("a").unwrap();
    assert!(story.is_latest(story.going_on(Some(RUNNER)).unwrap().with));
}

#[test]
fn a_journal_in_which_attempts_go_on_with_themselves_is_read_to_its_end() {
    let own = continuing(started("a", 2, 3), 2, Some("s"), Because::Retry);
    let history = told_of([own, ended("a", 2, Outcome::Killed, 4)]);
    assert_eq!(news(&history), [News::Stopped(Outcome::Killed)]);
    let nobody = continuing(started("a", 2, 3), 9, None, Because::Answer);
    assert_eq!(going_on(&told_of([nobody, ended("a", 2, Outcome::Killed, 4)])), None);
}
