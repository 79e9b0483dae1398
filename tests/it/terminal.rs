//! A run on a terminal of its own: keys that are signals, being stopped and let go on, being left.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;

use crate::project::{BLUEPRINT, PlanText, Terminal, TestProject, wait_until};
use crate::supervisor::state;

const CTRL_C: u8 = 3;
const CTRL_Z: u8 = 26;
const WAITING: &str = "== *\nwait-for go\nwrite {task}.txt x";
const STUBBORN: &str = "== *\nignore-term\nchild\ntouch settled\nhang";

#[test]
fn ctrl_z_stops_run_and_agents_and_no_time_passes_until_they_go_on() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), WAITING);
    let mut terminal = Terminal::shell(&project);
    terminal.enter(&format!("{BLUEPRINT} run --timeout 8s --retries 0"));
    let (run, agent) = run_and_agent(&project);
    terminal.press(CTRL_Z);
    wait_for_state(run, |state| state == 'T');
    wait_for_state(agent, |state| state == 'T');
    assert_eq!(format!("{:?}", terminal.modes().local_modes), format!("{:?}", terminal.before().local_modes));
    // Longer than the agent has.
    sleep(Duration::from_secs(11));
    terminal.enter("fg");
    wait_for_state(agent, |state| state != 'T');
    project.touch("go");
    terminal.wait_for("completed");
    terminal.enter("echo code=$?; exit");
    let (_, screen) = terminal.wait();
    assert!(screen.contains("code=0") && screen.contains("goes on after"), "{screen}");
    assert_eq!(project.log().starts(), ["a", "b"]);
    project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
    project.assert_no_process_left();
}

#[test]
fn agents_without_a_supervisor_are_stopped_too() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nchild\nwait-for go");
    let mut terminal = Terminal::shell(&project);
    terminal.enter(&format!("{BLUEPRINT} run --isolation none"));
    project.wait_for_log("the child", |log| log.tasks("child").len() == 1);
    let (_, agent) = run_and_agent(&project);
    let everybody = project.processes();
    terminal.press(CTRL_Z);
    for pid in everybody.into_iter().filter(|pid| *pid != terminal.pid()) {
        wait_for_state(pid, |state| state == 'T');
    }
    terminal.enter("fg");
    wait_for_state(agent, |state| state != 'T');
    project.touch("go");
    terminal.wait_for("1 of 1 tasks completed");
    terminal.enter("exit");
    terminal.wait();
}

#[test]
fn where_no_shell_could_let_it_go_on_ctrl_z_does_nothing() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), WAITING);
    let mut terminal = Terminal::run(&project, &["run"]);
    project.wait_for_starts(1);
    terminal.press(CTRL_Z);
    terminal.press(CTRL_C);
    terminal.wait_for("nothing new starts");
    project.touch("go");
    let (status, screen) = terminal.wait();
    assert_eq!(status.code(), Some(130), "{screen}");
}

#[test]
fn a_stopped_run_goes_on_when_its_terminal_is_closed() {
    let project = TestProject::new(&PlanText::of(&["a"]), WAITING);
    let mut terminal = Terminal::unread_shell(&project);
    terminal.enter(&format!("{BLUEPRINT} run"));
    let (run, _) = run_and_agent(&project);
    terminal.press(CTRL_Z);
    wait_for_state(run, |state| state == 'T');
    let mut shell = terminal.close();
    shell.wait().unwrap();
    project.touch("go");
    project.assert_no_process_left();
    project.assert_statuses(&[("a", "completed")]);
}

#[test]
fn the_third_ctrl_c_kills_at_once() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), STUBBORN);
    project.configure("kill-grace = \"10m\"");
    let mut terminal = Terminal::run(&project, &["run", "-j", "1"]);
    wait_until("the agent", || project.control.join("settled").exists(), String::new);
    for says in ["nothing new starts", "ending the running agents", "killing the running agents"] {
        terminal.press(CTRL_C);
        terminal.wait_for(says);
    }
    let (status, screen) = terminal.wait();
    assert_eq!(status.code(), Some(130), "{screen}");
    project.assert_statuses(&[("a", "pending"), ("b", "pending")]);
    project.assert_no_process_left();
}

#[test]
fn term_on_a_terminal_ends_the_agents_and_leaves_the_cursor() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), STUBBORN);
    let terminal = Terminal::run(&project, &["run"]);
    wait_until("the agents", || project.log().tasks("child").len() == 2, String::new);
    terminal.signal(Signal::TERM);
    let (status, screen) = terminal.wait();
    assert_eq!(status.code(), Some(143), "{screen}");
    project.assert_statuses(&[("a", "pending"), ("b", "pending")]);
    project.assert_no_process_left();
}

#[test]
fn a_run_in_the_background_goes_on() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), WAITING);
    let mut terminal = Terminal::shell(&project);
    terminal.enter(&format!("{BLUEPRINT} run &"));
    run_and_agent(&project);
    project.touch("go");
    terminal.wait_for("2 of 2 tasks completed");
    terminal.enter("wait; exit");
    terminal.wait();
    project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
}

/// The process ids of the run and of its first agent, once there are any.
fn run_and_agent(project: &TestProject) -> (u32, u32) {
    project.wait_for_starts(1);
    let is_run = |pid: &u32| {
        let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        arguments.split(|byte| *byte == 0).nth(1) == Some(b"run".as_slice())
    };
    let run = project.processes().into_iter().find(is_run).unwrap();
    let log = fs::read_to_string(project.control.join("log")).unwrap();
    let start = log.lines().find(|line| line.starts_with("start\t")).unwrap();
    (run, start.rsplit('\t').next().unwrap().parse().unwrap())
}

#[track_caller]
fn wait_for_state(pid: u32, is_so: impl Fn(char) -> bool) {
    wait_until("a state", || state(pid).is_some_and(&is_so), || format!("{:?}", state(pid)));
}
