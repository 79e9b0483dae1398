//! The lease on a plan, and the claim on a task: what a trouble of the remote's or of a clock does to them, and what it does not.

use jiff::Timestamp;

use crate::gate::Gate;
use crate::project::{Fleet, PlanText, wait_until};

const LEASE: &str = "refs/blueprint/trial/lease";
const ON_DEMAND: &str = "== *\nwait-for go-{task}\nwrite {task}.txt what {task} made";

/// When the lease is over that the remote has, by what stands in it.
fn is_over(fleet: &Fleet) -> bool {
    let lease: serde_json::Value =
        serde_json::from_str(&fleet.git(&["show", &format!("{LEASE}:lease.json")])).unwrap();
    let expires: Timestamp = lease["expires"].as_str().unwrap().parse().unwrap();
    Timestamp::now() > expires
}

/// A run whose remote is away, or hangs, until its lease is over, goes on, and saves what it does when the remote is back.
#[track_caller]
fn assert_outlives(when_shut: &str) {
    let fleet = Fleet::new(&PlanText::chain(&["a", "b", "c"]), ON_DEMAND);
    let job = fleet.clone("job");
    let gate = Gate::new(&fleet, &job, when_shut);
    let run = job.start(&["run", "--ci", "--lease", "2s"]);
    job.wait_for_starts(1);
    wait_until("a lease", || fleet.refs(LEASE).len() == 1, String::new);
    gate.shut();
    gate.wait_for_tries(0);
    job.touch("go-a");
    job.wait_for_starts(2);
    wait_until("the end of the lease", || is_over(&fleet), String::new);
    run.wait_for("can't save");
    gate.open();
    let branch = "refs/heads/blueprint/trial/a";
    wait_until("the work in the remote", || fleet.refs(branch).len() == 1, String::new);
    job.touch("go-b");
    job.touch("go-c");
    let ended = run.wait();
    ended.assert(0, &["saving works again"]);
    assert!(!ended.stderr.contains("ending the running agents"), "{ended}");
    assert_eq!(job.log().starts(), ["a", "b", "c"]);
    assert!(!fleet.refs("refs").contains(&LEASE.to_owned()));
    let other = fleet.clone("other");
    other.run(&["--ci"]).assert(0, &["nothing to run"]);
    other.assert_statuses(&["a", "b", "c"].map(|task| (task, "completed")));
}

#[test]
fn a_run_outlives_a_remote_that_is_away_for_longer_than_its_lease() {
    assert_outlives("echo 'Connection reset by peer' >&2; exit 255");
}

#[test]
fn a_run_outlives_a_connection_that_hangs_for_ever() {
    assert_outlives("exec sleep 3600");
}
