//! The supervisor by itself, as a run starts it: whoever its agent is, nobody is left, and its end is named.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::project::{BLUEPRINT, Running, TestProject, wait_until};

/// Each subshell starts the next one and ends: nobody lives long enough to be listed and killed. (A storm dies with its folder.)
const STORM: &str = "trap '' TERM HUP
    hop() { echo x >> hops || exit; hop & exit; }
    n=0; while [ $n -lt 12 ]; do n=$((n + 1)); hop & done
    sleep 600";
/// The same, and each in a session of its own.
const DETACHED_STORM: &str =
    "echo \"trap '' TERM HUP; echo x >> hops || exit; setsid sh hop.sh & exit\" > hop.sh
    trap '' TERM HUP
    n=0; while [ $n -lt 6 ]; do n=$((n + 1)); setsid sh hop.sh & done
    sleep 600";
/// They become more and more, and nobody ends.
const CROWD: &str = "trap '' TERM HUP
    grow() {
        echo x >> hops
        n=0; while [ $n -lt 3 ]; do n=$((n + 1)); [ $1 -lt 5 ] && grow $(($1 + 1)) & done
        while [ -e hops ]; do sleep 60 & wait; done
    }
    grow 0";

#[test]
fn whoever_forks_as_fast_as_it_can_is_caught() {
    for storm in [STORM, DETACHED_STORM, CROWD] {
        for options in [&["--without-cgroup"][..], &[]] {
            let attempt = Attempt::new();
            let supervisor = attempt.supervise(options, storm);
            wait_until("a storm", || attempt.hops() > 100, || attempt.hops().to_string());
            supervisor.signal(Signal::TERM);
            assert_eq!(supervisor.wait().code, Some(0));
            assert_eq!(attempt.end()["asked"], true);
            let hops = attempt.hops();
            sleep(Duration::from_millis(200));
            assert_eq!(attempt.hops(), hops, "somebody goes on, {options:?}: {storm}");
            attempt.project.assert_no_process_left();
        }
    }
}

#[test]
fn what_an_agent_left_behind_is_ended_and_counted() {
    for options in [&["--without-cgroup"][..], &[]] {
        let attempt = Attempt::new();
        let left = "trap '' TERM; (env -i setsid sh -c 'echo $$ > left; exec sleep 600' &); until [ -s left ]; do :; done";
        assert_eq!(attempt.supervise(options, left).wait().code, Some(0));
        let pid = fs::read_to_string(attempt.project.root.join("left")).unwrap();
        assert!(!fs::exists(format!("/proc/{}", pid.trim())).unwrap(), "{pid}");
        assert_eq!((&attempt.end()["exit"]["code"], &attempt.end()["left_behind"]), (&0.into(), &1.into()));
    }
}

#[test]
fn output_without_end_is_ended() {
    let attempt = Attempt::new();
    assert_eq!(attempt.supervise(&["--most-output", "1000000"], "yes").wait().code, Some(0));
    assert_eq!(attempt.end()["reason"], "too-much-output");
    attempt.project.assert_no_process_left();
}

#[test]
fn time_does_not_pass_while_an_agent_is_stopped() {
    let attempt = Attempt::new();
    let agent = "echo x >> hops; until [ -e go ]; do sleep 0.1; done";
    let supervisor = attempt.supervise(&["--deadline-ms", "15000", "--patience-ms", "15000"], agent);
    wait_until("the agent", || attempt.hops() > 0 && attempt.agent().is_some(), String::new);
    supervisor.signal(Signal::TSTP);
    let agent = attempt.agent().unwrap();
    wait_until("it to be stopped", || state(agent) == Some('T'), || format!("{:?}", state(agent)));
    sleep(Duration::from_secs(16));
    supervisor.signal(Signal::CONT);
    wait_until("it to go on", || state(agent) != Some('T'), || format!("{:?}", state(agent)));
    fs::write(attempt.project.root.join("go"), "").unwrap();
    assert_eq!(supervisor.wait().code, Some(0));
    let end = attempt.end();
    assert_eq!((&end["exit"]["code"], &end["reason"]), (&0.into(), &Value::Null), "{end}");
    assert!(end["ran_ms"].as_u64().unwrap() < 15_000, "{end}");
}

#[test]
fn a_stopped_agent_can_be_ended() {
    let attempt = Attempt::new();
    let supervisor = attempt.supervise(&[], "echo x >> hops; sleep 600");
    wait_until("the agent", || attempt.hops() > 0 && attempt.agent().is_some(), String::new);
    supervisor.signal(Signal::TSTP);
    supervisor.signal(Signal::TERM);
    assert_eq!(supervisor.wait().code, Some(0));
    assert_eq!(attempt.end()["asked"], true);
    attempt.project.assert_no_process_left();
}

/// The state of a process as the kernel has it, such as `T` for a stopped one.
pub(crate) fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// The folder of an attempt, and a project around it for its environment.
struct Attempt {
    project: TestProject,
    dir: PathBuf,
}

impl Attempt {
    fn new() -> Self {
        let project = TestProject::without_git();
        let dir = project.base().join("attempt");
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("stdin"), "").unwrap();
        Self { project, dir }
    }

    /// With a shell's script for an agent, which works in the project's root.
    fn supervise(&self, options: &[&str], script: &str) -> Running {
        let mut command = self.project.command(BLUEPRINT);
        command.args(["__supervise", "--grace-ms", "200"]);
        for (option, default) in [("--deadline-ms", "600000"), ("--patience-ms", "600000")] {
            if !options.contains(&option) {
                command.args([option, default]);
            }
        }
        command.args(options).arg(&self.dir).args(["--", "sh", "-c", script]);
        Running::start(&mut command)
    }

    fn hops(&self) -> u64 {
        fs::metadata(self.project.root.join("hops")).map_or(0, |hops| hops.len() / 2)
    }

    fn agent(&self) -> Option<u32> {
        let noted: Value = serde_json::from_slice(&fs::read(self.dir.join("processes.json")).ok()?).unwrap();
        noted["agent"]["pid"].as_u64()?.try_into().ok()
    }

    fn end(&self) -> Value {
        serde_json::from_slice(&fs::read(self.dir.join("end.json")).unwrap()).unwrap()
    }
}
