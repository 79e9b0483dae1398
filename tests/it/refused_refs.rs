//! A remote that refuses some of what a job pushes: everything else is saved, and what a fresh clone finds is consistent.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::project::{Fleet, INTEGRATION, PlanText};

/// As forges do that look for secrets: what brings one in is refused, with all that comes with it.
const NO_SECRETS: &str = "#!/bin/sh\n\
    while read old new name; do\n\
    [ $new = 0000000000000000000000000000000000000000 ] && continue\n\
    for commit in $(git rev-list $new --not --all); do\n\
    git grep -q AKIA $commit -- '*.txt' && { echo \"GH013: a secret in $name\"; exit 1; }\n\
    done\ndone\nexit 0\n";
/// The first attempt at `a` leaves what is refused.
const A_SECRET: &str =
    "== a #1\nwrite a.txt AKIAQ\n== b\nwait-for go\nwrite b.txt b\n== *\nwrite {task}.txt {task}";

fn install(fleet: &Fleet, hook: &str, script: &str) {
    let path = fleet.bare().join("hooks").join(hook);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
}

fn has(fleet: &Fleet, name: &str) -> bool {
    fleet.refs("refs").iter().any(|there| there == name)
}

#[test]
fn work_that_the_remote_refuses_keeps_no_other_work_from_being_saved() {
    let fleet = Fleet::new(&PlanText::of(&["a", "b", "c"]).edge("b", "c"), A_SECRET);
    install(&fleet, "pre-receive", NO_SECRETS);
    let job = fleet.clone("job");
    let run = job.start(&["run", "--ci", "--lease", "6s"]);
    run.wait_for("does not take the work of task `a`");
    // Whoever goes on now finds what is true there.
    assert!(has(&fleet, "refs/blueprint/trial/plan"));
    let meanwhile = fleet.clone("meanwhile").blueprint(&["status", "--remote"]);
    assert!(meanwhile.stdout.contains("1 blocked"), "{meanwhile}");
    job.touch("go");
    let ended = run.wait();
    ended.assert(74, &["task `a`, on branch blueprint/trial/a", "GH013", "all else is saved", "retry a"]);
    assert_eq!(ended.stderr.matches("warning remote `origin` does not take").count(), 1, "{ended}");
    assert!(!ended.stderr.contains("goes on, and saves it"), "{ended}");
    for name in ["attempts/b/1", "attempts/c/1", "bases/c/1"] {
        assert!(has(&fleet, &format!("refs/blueprint/trial/{name}")), "{name}: {:?}", fleet.refs("refs"));
    }
    assert!(!has(&fleet, "refs/blueprint/trial/lease") && !has(&fleet, "refs/blueprint/trial/attempts/a/1"));
    let files = |of: &str| fleet.git(&["ls-tree", "--name-only", of]);
    assert!(files(INTEGRATION).contains("c.txt") && !files(INTEGRATION).contains("a.txt"));
    let stand = [("a", "blocked"), ("b", "completed"), ("c", "completed")];
    job.assert_statuses(&stand);
    job.assert_journal();
    assert_eq!(job.show("blueprint/trial/a", "a.txt"), "AKIAQ");
    job.run(&["--ci"]).assert(4, &[]);

    let other = fleet.clone("other");
    other.run(&["--ci"]).assert(4, &[]);
    other.assert_statuses(&stand);
    assert_eq!(other.log().starts().len(), 3);
    other.blueprint(&["retry", "a", "--note", "no secrets", "--remote"]).assert(0, &[]);
    fleet.clone("last").run(&["--ci"]).assert(0, &[]);
    assert!(files(INTEGRATION).contains("a.txt"));
    job.run(&["--ci"]).assert(0, &[]);
    job.assert_statuses(&stand.map(|(task, _)| (task, "completed")));
}

#[test]
fn what_goes_on_from_work_that_the_remote_refuses_is_left_out_with_it() {
    let fleet =
        Fleet::new(&PlanText::of(&["a", "b", "c"]).edge("a", "b"), &A_SECRET.replace("wait-for go\n", ""));
    install(&fleet, "pre-receive", NO_SECRETS);
    let job = fleet.clone("job");
    job.run(&["--ci"]).assert(74, &["task `a`", "task `b`", "all else is saved"]);
    let stand = [("a", "blocked"), ("b", "blocked"), ("c", "completed")];
    job.assert_statuses(&stand);
    let other = fleet.clone("other");
    other.run(&["--ci"]).assert(4, &[]);
    other.assert_statuses(&stand);
    other.blueprint(&["retry", "a", "--remote"]).assert(0, &[]);
    fleet.clone("last").run(&["--ci"]).assert(0, &[]);
    let files = fleet.git(&["ls-tree", "--name-only", INTEGRATION]);
    assert!(["a.txt", "b.txt", "c.txt"].iter().all(|file| files.contains(file)), "{files}");
}

#[test]
fn the_refused_work_of_a_single_task_is_said_in_its_record() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), A_SECRET);
    install(&fleet, "pre-receive", NO_SECRETS);
    let job = fleet.clone("job");
    job.run(&["a", "--ci"]).assert(74, &["task `a`, on branch blueprint/trial/a", "GH013", "retry a"]);
    let record = fleet.record("a").unwrap();
    assert_eq!((&record["status"], &record["claim"]), (&"blocked".into(), &serde_json::Value::Null));
    crate::wide::assert_record(&record);
    fleet.clone("sync").blueprint(&["sync"]).assert(4, &["0 of 1"]);
    fleet.clone("again").run(&["a", "--ci"]).assert(0, &[]);
    assert_eq!(fleet.git(&["show", "blueprint/trial/a:a.txt"]), "a");
    fleet.clone("last").blueprint(&["sync"]).assert(0, &["1 of 1"]);
}

#[test]
fn a_branch_that_the_remote_does_not_take_is_no_loss_of_its_work() {
    let fleet = Fleet::new(&PlanText::chain(&["a", "b"]), "== *\nwrite {task}.txt {task}");
    install(
        &fleet,
        "update",
        "#!/bin/sh\ncase $1 in refs/heads/blueprint/trial/a) echo a rule; exit 1;; esac\nexit 0\n",
    );
    let ended = fleet.clone("job").run(&["--ci"]);
    ended.assert(0, &["does not take refs/heads/blueprint/trial/a: a rule"]);
    assert_eq!(ended.stderr.matches("does not take").count(), 1, "{ended}");
    let other = fleet.clone("other");
    other.run(&["--ci"]).assert(0, &["nothing to run"]);
    other.assert_statuses(&[("a", "completed"), ("b", "completed")]);
    assert_eq!(other.log().starts(), ["a", "b"]);
}

/// The first attempt leaves a commit that the second does not contain.
const TWICE: &str = "== a #1\nwrite a.txt first\ngit add a.txt\ngit commit --quiet -m First\nexit 1\n== *\nwrite {task}.txt {task}";

#[test]
fn a_remote_in_which_branches_only_go_forward_has_the_work_of_later_attempts_too() {
    for wide in [false, true] {
        let fleet = Fleet::new(&PlanText::chain(&["a", "b"]), TWICE);
        fleet.git(&["config", "receive.denyNonFastForwards", "true"]);
        let job = |name: &str, task: &str| {
            let arguments = if wide { vec![task, "--ci"] } else { vec!["--ci", "--rerun-failed"] };
            fleet.clone(name).run(&[&arguments[..], &["--retries", "0"]].concat())
        };
        job("first", "a").assert(1, &[]);
        let second = job("second", "a");
        second.assert(0, &["does not take refs/heads/blueprint/trial/a"]);
        assert_eq!(second.stderr.matches("does not take").count(), 1, "{second}");
        if wide {
            job("b", "b").assert(0, &[]);
            fleet.clone("sync").blueprint(&["sync"]).assert(0, &["2 of 2"]);
        }
        let other = fleet.clone("other");
        other.run(&["--ci"]).assert(0, &["nothing to run"]);
        other.assert_statuses(&[("a", "completed"), ("b", "completed")]);
        assert_eq!(other.log().starts(), ["a", "a", "b"]);
        let attempt = fleet.git(&["rev-parse", "refs/blueprint/trial/attempts/a/2"]);
        assert_eq!(other.git(&["rev-parse", "blueprint/trial/a"]), attempt);
        assert_eq!(other.show(INTEGRATION, "a.txt"), "a");
    }
}
