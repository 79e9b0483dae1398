use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::genesis::Genesis;
use crate::plan;
use crate::run::Fact;
use crate::run::sample::{ended, genesis, history, started, transition};
use Status::{Blocked, Cancelled, Completed, Failed, InProgress, Pending};

/// What is said of the task, on a terminal without colours.
fn explained(genesis: &Genesis, facts: Vec<(i64, Fact)>, task: &str, run: Run) -> String {
    let plan = Arc::new(plan::load(genesis).unwrap());
    let history = history(facts);
    let index = plan.find(task).unwrap();
    let path = Path::new("/p/genesis.xml");
    let report = StatusReport::new(path, genesis, &plan, &history, None, |other| other == index);
    let around = Surroundings {
        plan_name: "genesis.xml",
        plan: &plan,
        history: &history,
        state: &StateDir::locate(Path::new("/s"), "e", path),
        is_there: |_| true,
        distance: None,
        is_live: run != Run::None,
        is_paused: run == Run::Paused,
        is_ending: false,
    };
    let explanation = Explanation::new(report, index, &around, Some(would_run())).unwrap();
    let text = anstream::adapter::strip_str(&explain_lines(&explanation, 80)).to_string();
    let state = around.state.path().to_string_lossy().into_owned();
    text.replace(&state, "STATE")
}

#[derive(Clone, Copy, PartialEq)]
enum Run {
    None,
    Live,
    Paused,
}

fn would_run() -> WouldRun {
    WouldRun {
        attempt: 2,
        continues: Some(Continued { attempt: 1, session: None }),
        agent: "dev".into(),
        definition: None,
        runner: "local".into(),
        base: Some("0123456789 with the work of a".into()),
        branch: Some("blueprint/e/b".into()),
        worktree: "/w/b".into(),
        command: Some("sh agent.sh".into()),
        definition_file: "/s/definition.md".into(),
        prompt_file: "/s/prompt.md".into(),
        gates: [("tests", "cargo test"), ("look", "approval")]
            .map(|(name, by)| WouldPass { name: name.into(), by: by.into() })
            .into(),
    }
}

#[test]
fn a_task_that_failed_says_how_where_and_what_to_do() {
    let facts = vec![
        transition("b", Pending, InProgress, 0),
        started("b", 1, 1),
        ended("b", 1, Outcome::TimedOut, 2),
    ];
    let plan = genesis(&[("a", Completed), ("b", Failed)]);
    insta::assert_snapshot!(explained(&plan, facts, "b", Run::None));
}

#[test]
fn a_task_that_waits_says_for_what_and_one_behind_a_failure_for_its_cause() {
    let plan = genesis(&[("a", InProgress), ("b", Pending), ("c", Pending)]);
    insta::assert_snapshot!(explained(&plan, Vec::new(), "b", Run::Live));
    let plan = genesis(&[("a", Failed), ("b", Pending), ("c", Pending)]);
    let text = explained(&plan, Vec::new(), "c", Run::None);
    assert!(text.contains("it can't be run because `a` failed"), "{text}");
    assert!(text.contains("it waits for `b` (pending)"), "{text}");
    assert!(text.contains("blueprint explain genesis.xml a\n"), "{text}");
}

#[test]
fn a_ready_task_says_what_is_to_start_it() {
    let plan = genesis(&[("a", Pending)]);
    let text = |run| explained(&plan, Vec::new(), "a", run);
    assert!(text(Run::None).contains("no run is live"));
    assert!(text(Run::None).contains("blueprint run genesis.xml a\n"));
    assert!(text(Run::Live).contains("the live run starts it as soon as"));
    assert!(text(Run::Paused).contains("blueprint resume genesis.xml\n"));
}

#[test]
fn every_status_has_a_reason_and_a_way_on() {
    for status in [Pending, InProgress, Completed, Failed, Blocked, Cancelled] {
        let text = explained(&genesis(&[("a", status)]), Vec::new(), "a", Run::None);
        assert!(text.contains("  why         it ") || text.contains("  why         somebody "), "{text}");
        assert!(text.contains("What you can do\n  blueprint "), "{text}");
    }
}

/// What is advised for `b`, whose attempt ended so.
fn advised(outcome: Outcome, more: impl FnOnce(&mut crate::run::AttemptEnded)) -> String {
    let (second, mut end) = ended("b", 1, outcome, 2);
    if let Fact::AttemptEnded(ended) = &mut end {
        more(ended);
    }
    let facts = vec![transition("b", Pending, InProgress, 0), started("b", 1, 1), (second, end)];
    let facts = facts.into_iter().chain([transition("b", InProgress, Blocked, 3)]).collect();
    explained(&genesis(&[("a", Completed), ("b", Blocked)]), facts, "b", Run::None)
}

#[test]
fn work_that_needs_a_persons_hand_says_which_verbs_finish_it() {
    for outcome in [Outcome::MergeConflict, Outcome::GateFailed] {
        let text = advised(outcome, |_| {});
        assert!(text.contains("blueprint take genesis.xml b\n"), "{text}");
        assert!(text.contains("blueprint give genesis.xml b\n"), "{text}");
        assert!(text.contains("After a `retry`, a run would make attempt 2"), "{text}");
    }
}

#[test]
fn work_that_waits_for_a_persons_word_says_how_it_is_given_and_of_no_further_attempt() {
    let text = advised(Outcome::Blocked, |ended| ended.protected = vec!["ci.yml".into()]);
    assert!(text.contains("blueprint diff genesis.xml b\n"), "{text}");
    assert!(text.contains("blueprint approve genesis.xml b\n"), "{text}");
    assert!(!text.contains("run would make"), "{text}");
    let text = advised(Outcome::NeedsAnswer, |ended| {
        (ended.approval, ended.question) = (Some("release".into()), Some("is it approved?".into()));
    });
    assert!(text.contains("blueprint diff genesis.xml b\n"), "{text}");
    assert!(text.contains("blueprint answer genesis.xml b approve\n"), "{text}");
    assert!(!text.contains("run would make"), "{text}");
}
