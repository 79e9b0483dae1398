//! The lease on a plan, and the claim on a task: what a trouble of the remote's or of a clock does to them, and what it does not.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

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

const A_RECORD: &str = "refs/blueprint/trial/records/a";

/// Has a ref of the remote hold a commit with that one file.
fn put(fleet: &Fleet, name: &str, file: &str, value: &Value) {
    let path = fleet.home.base().join(file);
    fs::write(&path, value.to_string()).unwrap();
    let blob = fleet.git(&["hash-object", "-w", &path.to_string_lossy()]);
    let listed = fleet.home.base().join("tree");
    fs::write(&listed, format!("100644 blob {blob}\t{file}\n")).unwrap();
    let script = format!("git --git-dir '{}' mktree <'{}'", fleet.bare().display(), listed.display());
    let tree = fleet.home.command("sh").args(["-c", &script]).output().unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    let commit = fleet.git(&["commit-tree", "-m", "x", tree.trim()]);
    fleet.git(&["update-ref", name, &commit]);
}

/// As somebody on another machine has it whose clock is `hours` off; each is a renewed one.
fn held(hours: i64, renewal: u32) -> Value {
    let expires = Timestamp::now() + jiff::SignedDuration::from_hours(hours);
    let process = json!({"pid": 1, "start": 1, "boot": "another"});
    json!({
        "owner": format!("ada {renewal}"), "run": "theirs", "host": "elsewhere", "expires": expires,
        "vitals": {"lasts_ms": 3000, "process": process, "namespace": "pid:[1]"},
    })
}

fn put_lease(fleet: &Fleet, hours: i64, renewal: u32) {
    let mut lease = held(hours, renewal);
    (lease["version"], lease["pid"], lease["taken"]) = (1.into(), 1.into(), lease["expires"].clone());
    put(fleet, LEASE, "lease.json", &lease);
}

fn put_claim(fleet: &Fleet, hours: i64, renewal: u32) {
    let record = json!({
        "version": 1, "epic": "trial", "task": "a", "status": "in-progress", "claim": held(hours, renewal), "facts": []
    });
    put(fleet, A_RECORD, "record.json", &record);
}

/// What jobs of both kinds do about what `put_it` puts there, that often renewed.
fn assert_tells(put_it: impl Fn(&Fleet, u32) + Sync, name: &str, is_alive: bool) {
    for arguments in [["run", "--ci"].as_slice(), &["run", "a", "--ci"]] {
        let fleet = Fleet::new(&PlanText::of(&["a"]), "== *\nwrite {task}.txt a");
        let job = fleet.clone("job");
        put_it(&fleet, 0);
        let is_over = AtomicBool::new(false);
        let ended = std::thread::scope(|scope| {
            scope.spawn(|| {
                for renewal in 1.. {
                    std::thread::sleep(Duration::from_millis(300));
                    if is_over.load(Ordering::SeqCst) || !is_alive {
                        break;
                    }
                    put_it(&fleet, renewal);
                }
            });
            let ended = job.blueprint(arguments);
            is_over.store(true, Ordering::SeqCst);
            ended
        });
        if is_alive {
            ended.assert(5, &["looked at for 3 s"]);
            assert!(fleet.home.log().starts().is_empty(), "{ended}");
            assert!(fleet.git(&["log", "-p", "-1", name]).contains("theirs"), "{ended}");
        } else {
            ended.assert(0, &["looked at for 3 s"]);
        }
    }
}

#[test]
fn a_plan_or_a_task_is_somebodys_who_renews_it_whatever_the_clocks_say() {
    for hours in [-1, 1] {
        assert_tells(|fleet, renewal| put_lease(fleet, hours, renewal), LEASE, true);
        assert_tells(|fleet, renewal| put_claim(fleet, hours, renewal), A_RECORD, true);
    }
}

#[test]
fn a_plan_or_a_task_is_nobodys_that_is_not_renewed_whatever_the_clocks_say() {
    for hours in [-1, 1] {
        assert_tells(|fleet, _| put_lease(fleet, hours, 0), LEASE, false);
        assert_tells(|fleet, _| put_claim(fleet, hours, 0), A_RECORD, false);
    }
}

#[test]
fn a_copy_of_a_clone_takes_nothing_from_the_living() {
    for (arguments, token) in [(["--ci"].as_slice(), "lease.json"), (&["a", "--ci"], "claim.json")] {
        let fleet = Fleet::new(&PlanText::of(&["a"]), "== a #1\nhang\n== *\nwrite {task}.txt a");
        let (first, copy) = (fleet.clone("first"), fleet.clone("copy"));
        let run = first.start(&[&["run"], arguments].concat());
        first.wait_for_starts(1);
        copy.run(arguments).assert(5, &[]);
        // All by which the first one knows its own.
        fs::create_dir_all(copy.state_dir()).unwrap();
        fs::copy(first.state_dir().join(token), copy.state_dir().join(token)).unwrap();
        copy.run(arguments).assert(5, &[]);
        run.kill();
        first.processes().into_iter().for_each(crate::project::kill);
        fs::copy(first.state_dir().join(token), copy.state_dir().join(token)).unwrap();
        copy.run(arguments).assert(0, &[]);
        assert_eq!(copy.log().starts(), ["a", "a"]);
    }
}
