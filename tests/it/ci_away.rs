//! Jobs whose remote is away, or hangs, while they work.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::project::{BLUEPRINT, Fleet, PlanText, Running, TestProject, wait_until};

/// A job whose remote is reached by way of ssh: as long as the file is there, this does something else, and counts how often.
struct Gate {
    shut: PathBuf,
    tried: PathBuf,
}

impl Gate {
    fn new(fleet: &Fleet, job: &TestProject, when_shut: &str) -> Self {
        let [shut, tried, ssh] = ["shut", "tried", "ssh"].map(|name| fleet.bare().with_extension(name));
        let script = format!(
            "#!/bin/sh\nif [ -e '{}' ]; then echo >> '{}'; {when_shut}; fi\n\
             for command; do :; done; exec sh -c \"$command\"\n",
            shut.display(),
            tried.display()
        );
        fs::write(&ssh, script).unwrap();
        fs::set_permissions(&ssh, PermissionsExt::from_mode(0o755)).unwrap();
        job.git(&["config", "core.sshCommand", &format!("'{}'", ssh.display())]);
        job.git(&["config", "ssh.variant", "simple"]);
        job.git(&["config", "remote.origin.url", &format!("host:{}", fleet.bare().display())]);
        Self { shut, tried }
    }

    fn shut(&self) {
        fs::write(&self.shut, "").unwrap();
    }

    fn open(&self) {
        fs::remove_file(&self.shut).unwrap();
    }

    fn wait_for_tries(&self, more_than: usize) {
        let count = || fs::read_to_string(&self.tried).map_or(0, |tries| tries.lines().count());
        wait_until("many tries", || count() > more_than, String::new);
    }
}

#[track_caller]
fn assert_waits_for_a_remote_that_is_away(arguments: &[&str]) {
    let fleet = Fleet::new(&PlanText::of(&["a"]), "== *\nwait-for go\nwrite {task}.txt a");
    let job = fleet.clone("job");
    let gate = Gate::new(&fleet, &job, "echo 'Connection reset by peer' >&2; exit 255");
    let run = job.start(arguments);
    job.wait_for_starts(1);
    gate.shut();
    job.touch("go");
    // More often than it is tried for while there will be a next time.
    gate.wait_for_tries(18);
    gate.open();
    run.wait().assert(0, &[]);
    assert!(fleet.refs("refs").contains(&"refs/heads/blueprint/trial/a".to_owned()));
}

#[test]
fn a_remote_that_is_away_at_the_end_of_a_plan_is_waited_for() {
    assert_waits_for_a_remote_that_is_away(&["run", "--ci"]);
}

#[test]
fn a_remote_that_is_away_at_the_end_of_a_single_task_is_waited_for() {
    assert_waits_for_a_remote_that_is_away(&["run", "a", "--ci"]);
}

#[test]
fn a_remote_that_hangs_holds_up_nobody_who_was_told_to_end() {
    for arguments in [["run", "--ci"].as_slice(), &["run", "a", "--ci"]] {
        let fleet = Fleet::new(&PlanText::of(&["a"]), "== *\nwait-for go\nwrite {task}.txt a");
        let job = fleet.clone("job");
        let gate = Gate::new(&fleet, &job, "exec sleep 3600");
        let run = job.start(arguments);
        job.wait_for_starts(1);
        gate.shut();
        job.touch("go");
        // What hangs may be the save of its beginning.
        run.wait_for("done    a");
        gate.wait_for_tries(0);
        run.signal(Signal::TERM);
        run.wait().assert(74, &["is in this clone", "in the remote"]);
        job.assert_no_process_left();
        gate.open();
        job.run(&arguments[1..]).assert(0, &[]);
        assert!(fleet.refs("refs").contains(&"refs/heads/blueprint/trial/a".to_owned()));
        assert_eq!(job.log().starts(), ["a"]);
    }
}

/// `news`: what brings about a save while the remote is away; nothing, if the claim is renewed anyway.
#[track_caller]
fn assert_tells_of_trouble(arguments: &[&str], news: Option<&str>, then: &str) {
    let script = "== a\nwait-for go-a\nwrite a.txt x\n== b\nwait-for go-b\nwrite b.txt x";
    let fleet = Fleet::new(&PlanText::chain(&["a", "b"]), script);
    let job = fleet.clone("job");
    job.configure("env-pass = ['FAKE_AGENT_*', 'GIT_CONFIG_*', 'A_TOKEN']");
    let gate = Gate::new(&fleet, &job, "echo 'Connection reset by peer: Zx81-qwerty-0042' >&2; exit 255");
    let events = job.base().join("events.jsonl");
    let mut command = job.command(BLUEPRINT);
    command.args(arguments).arg("--events").arg(&events).env("A_TOKEN", "Zx81-qwerty-0042");
    let run = Running::start(&mut command);
    job.wait_for_starts(1);
    gate.shut();
    if let Some(name) = news {
        job.touch(name);
    }
    run.wait_for("can't save");
    // More than twice.
    gate.wait_for_tries(8);
    gate.open();
    run.wait_for("saving works again");
    job.touch("go-a");
    job.touch("go-b");
    let ended = run.wait();
    ended.assert(0, &["warning can't save", "can't reach remote `origin`", "reset by peer: ***", then]);
    assert_eq!(ended.stderr.matches("can't save").count(), 1, "{ended}");
    assert!(["WARN", "ERROR", "Zx81"].iter().all(|wrong| !ended.stderr.contains(wrong)), "{ended}");
    let events = fs::read_to_string(events).unwrap();
    let of = |kind: &str, text: &str| {
        let kind = format!("\"event\":\"{kind}\"");
        events.lines().filter(|line| line.contains(&kind) && line.contains(text)).count()
    };
    assert_eq!((of("warning", "can't save"), of("note", "saving works again")), (1, 1), "{events}");
    assert!(!events.contains("Zx81"), "{events}");
}

#[test]
fn that_a_plan_can_not_be_saved_is_told_once_and_that_it_can_again() {
    assert_tells_of_trouble(
        &["run", "--ci"],
        Some("go-a"),
        "when the lease on the plan is over, the run is ended",
    );
}

#[test]
fn that_a_task_can_not_be_saved_is_told_once_and_that_it_can_again() {
    let arguments = ["run", "a", "--ci", "--lease", "6s"];
    assert_tells_of_trouble(&arguments, None, "another job may take the task from");
}
