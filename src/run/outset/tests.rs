use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::agent::Outcome;
use crate::agent::{BaseEnv, EnvPolicy};
use crate::plan::{self, TaskId};
use crate::run::record::Fact;
use crate::run::sample::{at, ended, genesis, history, started, transition};
use Status::{Blocked, Cancelled, Completed, Failed, InProgress, Pending};

fn asked_for(only: &[&str], rerun_failed: bool) -> Settings {
    Settings {
        unattended: false,
        alone: false,
        jobs: NonZeroUsize::MIN,
        secrets: crate::agent::Secrets::default(),
        budget: crate::run::Caps::default(),
        prices: crate::run::Prices::default(),
        retries: 0,
        retry_outcomes: None,
        kill_grace: Duration::ZERO,
        stall_timeout: Duration::ZERO,
        fail_fast: false,
        rerun_failed,
        only: only.iter().map(|id| TaskId::from(*id)).collect(),
        allow_no_changes: Vec::new(),
        require_definitions: false,
        worktree_dir: String::new(),
        branch: String::new(),
        base: None,
        strategy: crate::git::Strategy::default(),
        ask: None,
        on_conflict: crate::run::OnConflict::default(),
        gates: crate::run::Gates::default(),
        verify: None,
        agent_folders: Vec::new(),
        env: BaseEnv::new(Vec::<(String, String)>::new()),
        env_policy: EnvPolicy::default(),
        confinement: crate::run::Confinement::default(),
        protected: crate::run::Protected::default(),
        offer: crate::agent::Offer::default(),
        config_dir: PathBuf::new(),
        program: PathBuf::new(),
        casting: HashMap::new(),
        caster: Box::new(|_| Ok(HashMap::new())),
        keep: crate::run::Keep::default(),
        max_worktrees: None,
        provisioning: crate::run::Provisioning::default(),
        sharing: crate::run::Sharing::default(),
        output_every: None,
        asides: crate::run::Asides::default(),
    }
}

fn outset(
    tasks: &[(&str, Status)],
    journal: impl IntoIterator<Item = (i64, Fact)>,
    settings: &Settings,
) -> Outset {
    let genesis = genesis(tasks);
    Outset::new(&plan::load(&genesis).unwrap(), &genesis, &history(journal), settings)
}

fn place_of(status: Status, settings: &Settings) -> Place {
    outset(&[("a", status)], [], settings).places[0]
}

#[test]
fn each_status_has_its_place() {
    let plain = asked_for(&[], false);
    let found = Status::ALL.map(|status| (status, place_of(status, &plain)));
    let expected = [
        (Pending, Place::ToDo),
        (InProgress, Place::Foreign),
        (Completed, Place::Completed),
        (Failed, Place::Failed),
        (Blocked, Place::Blocked),
        (Cancelled, Place::Cancelled),
    ];
    for pair in expected {
        assert!(found.contains(&pair), "{pair:?} is not in {found:?}");
    }
}

/// The document says since second 0 that the task is in progress.
#[test]
fn a_task_in_progress_is_taken_up_only_if_it_is_our_run_that_put_it_there() {
    let plain = asked_for(&[], false);
    let tasks = [("a", InProgress)];
    assert_eq!(outset(&tasks, [transition("a", Pending, InProgress, 0)], &plain).places, [Place::Orphaned]);
    let earlier = [transition("a", Pending, InProgress, -9)];
    assert_eq!(outset(&tasks, earlier, &plain).places, [Place::Foreign], "a person's event came after ours");
    let given_back = [transition("a", Pending, InProgress, -9), transition("a", InProgress, Failed, -8)];
    assert_eq!(outset(&tasks, given_back, &plain).places, [Place::Foreign]);
}

#[test]
fn a_failed_task_runs_again_when_it_is_named_or_all_failed_are_asked_for() {
    assert_eq!(place_of(Failed, &asked_for(&["a"], false)), Place::Again);
    assert_eq!(place_of(Failed, &asked_for(&[], true)), Place::Again);
}

#[test]
fn a_blocked_task_runs_again_only_when_it_is_named() {
    assert_eq!(place_of(Blocked, &asked_for(&["a"], false)), Place::Again);
    assert_eq!(place_of(Blocked, &asked_for(&[], true)), Place::Blocked);
}

#[test]
fn what_is_over_for_good_is_not_run_again_for_being_named() {
    assert_eq!(place_of(Completed, &asked_for(&["a"], true)), Place::Completed);
    assert_eq!(place_of(Cancelled, &asked_for(&["a"], true)), Place::Cancelled);
}

#[test]
fn with_tasks_named_only_those_and_what_they_need_are_taken_up() {
    // Each waits for the one before it.
    let tasks = [("a", Completed), ("b", Failed), ("c", Pending), ("d", Pending), ("e", InProgress)];
    let found = outset(&tasks, [], &asked_for(&["c"], false));
    let expected = [Place::Completed, Place::Again, Place::ToDo, Place::LeftOut, Place::LeftOut];
    assert_eq!(found.places, expected);
    assert_eq!(found.to_do(), 2);
}

#[test]
fn the_schedule_starts_as_the_places_say() {
    let tasks = [
        ("a", Completed),
        ("b", Pending),
        ("c", Failed),
        ("d", Blocked),
        ("e", Cancelled),
        ("f", InProgress),
    ];
    let found = outset(&tasks, [], &asked_for(&[], false));
    let states: Vec<_> = (0..tasks.len()).map(|i| found.state(TaskIndex(i))).collect();
    let over = [Ending::Failed, Ending::Blocked, Ending::Cancelled, Ending::Foreign].map(State::Ended);
    assert_eq!(states[..2], [State::Ended(Ending::Completed), State::Ready]);
    assert_eq!(states[2..], over);
    let found = outset(&tasks, [], &asked_for(&["b"], false));
    assert_eq!(found.state(TaskIndex(5)), State::LeftOut);
}

/// Its last attempt ran into a limit that ends at second 900.
fn limited(after: impl IntoIterator<Item = (i64, Fact)>) -> Vec<(i64, Fact)> {
    let mut end = ended("a", 1, Outcome::RateLimited, 2);
    if let (_, Fact::AttemptEnded(ended)) = &mut end {
        ended.retry_at = Some(at(900));
    }
    let before = [transition("a", Pending, InProgress, 0), started("a", 1, 1), end];
    before.into_iter().chain(after).collect()
}

#[test]
fn a_task_that_ran_into_a_limit_rests_until_its_end_unless_it_is_named_or_a_person_decided() {
    let state = |journal: Vec<(i64, Fact)>, only: &[&str]| {
        outset(&[("a", Pending)], journal, &asked_for(only, false)).state(TaskIndex(0))
    };
    let resting = State::Resting { until: at(900) };
    let parked = || limited([transition("a", InProgress, Pending, 3)]);
    assert_eq!(state(parked(), &[]), resting);
    assert_eq!(state(parked(), &["a"]), State::Ready);
    let by_hand = limited([transition("a", InProgress, Failed, 3), transition("a", Failed, Pending, 4)]);
    assert_eq!(state(by_hand, &[]), State::Ready);
}
