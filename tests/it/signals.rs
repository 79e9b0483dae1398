//! Being asked to end: Ctrl-C as a terminal sends it, TERM, HUP.

use std::process::Stdio;

use rustix::process::Signal;
use rustix::termios::LocalModes;

use crate::project::{BLUEPRINT, PlanText, Terminal, TestProject};

const CTRL_C: u8 = 3;
const WAITING: &str = "== *\nwait-for go\nwrite {task}.txt x";
const STUBBORN: &str = "== *\nignore-term\nhang";

#[test]
fn the_first_ctrl_c_lets_running_agents_finish_and_starts_nothing_new() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), WAITING);
    let mut terminal = Terminal::run(&project, &["run"]);
    project.wait_for_starts(1);
    terminal.press(CTRL_C);
    terminal.wait_for("nothing new starts");
    project.touch("go");
    let (status, screen) = terminal.wait();
    assert_eq!(status.code(), Some(130), "{screen}");
    assert_eq!(project.log().tasks("end"), ["a"]);
    project.assert_statuses(&[("a", "completed"), ("b", "pending")]);
    project.complete(&[]);
    assert_eq!(project.log().starts(), ["a", "b"]);
}

#[test]
fn the_second_ctrl_c_ends_running_agents_and_their_tasks_are_pending() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), "== *\nchild\nhang");
    let mut terminal = Terminal::run(&project, &["run"]);
    project.wait_for_log("both", |log| log.tasks("child").len() == 2);
    terminal.press(CTRL_C);
    terminal.wait_for("nothing new starts");
    terminal.press(CTRL_C);
    let (status, screen) = terminal.wait();
    assert_eq!(status.code(), Some(130), "{screen}");
    project.assert_statuses(&[("a", "pending"), ("b", "pending")]);
    project.assert_no_process_left();
    project.script("== *\nwrite {task}.txt x");
    project.complete(&[]);
}

#[test]
fn the_terminal_is_left_as_it_was() {
    let project = TestProject::new(&PlanText::of(&["a"]), WAITING);
    let mut terminal = Terminal::run(&project, &["run"]);
    project.wait_for_starts(1);
    terminal.press(CTRL_C);
    terminal.wait_for("nothing new starts");
    project.touch("go");
    let after = terminal.modes_at_the_end();
    assert_eq!(format!("{:?}", after.local_modes), format!("{:?}", terminal.before().local_modes));
    assert!(after.local_modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG));
    // Looks for the cursor, too.
    terminal.wait();
}

#[test]
fn what_a_drained_run_completed_counts() {
    let project = TestProject::new(&PlanText::of(&["a"]), WAITING);
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    run.signal(Signal::INT);
    run.wait_for("nothing new starts");
    project.touch("go");
    run.wait().assert(0, &["completed: 1 of 1"]);
}

#[test]
fn the_third_signal_kills_without_grace() {
    let project = TestProject::new(&PlanText::of(&["a"]), STUBBORN);
    project.configure("kill-grace = \"10m\"");
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    for says in ["nothing new starts", "ending the running agents", "killing the running agents"] {
        run.signal(Signal::INT);
        run.wait_for(says);
    }
    assert_eq!(run.wait().code, Some(130));
    project.assert_no_process_left();
    project.assert_statuses(&[("a", "pending")]);
}

#[test]
fn term_ends_running_agents_at_once_whether_they_listen_or_not() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), &format!("== a\nhang\n{STUBBORN}"));
    let run = project.start(&["run"]);
    project.wait_for_starts(2);
    run.signal(Signal::TERM);
    assert_eq!(run.wait().code, Some(143));
    project.assert_no_process_left();
    project.assert_statuses(&[("a", "pending"), ("b", "pending")]);
}

#[test]
fn work_that_an_interrupted_agent_left_is_kept() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite half.txt half\ntouch written\nhang");
    let run = project.start(&["run"]);
    crate::project::wait_until("the file", || project.control.join("written").exists(), String::new);
    run.signal(Signal::TERM);
    assert_eq!(run.wait().code, Some(143));
    assert_eq!(project.show("refs/blueprint/trial/attempts/a/1", "half.txt"), "half");
}

#[test]
fn an_interrupted_wait_for_the_next_try_ends_at_once() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nkill-self");
    let run = project.start(&["run", "--retries", "9"]);
    run.wait_for("retry   a");
    run.signal(Signal::INT);
    assert_eq!(run.wait().code, Some(130));
    project.assert_statuses(&[("a", "pending")]);
}

#[test]
fn a_hangup_is_no_reason_to_end() {
    let project = TestProject::new(&PlanText::of(&["a"]), WAITING);
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    run.signal(Signal::HUP);
    project.touch("go");
    run.wait().assert(0, &["completed: 1 of 1"]);
}

#[test]
fn a_run_goes_on_when_its_terminal_is_closed() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), WAITING);
    let terminal = Terminal::unread(&project, &["run"]);
    project.wait_for_starts(1);
    let mut run = terminal.close();
    project.touch("go");
    let status = run.wait().unwrap();
    assert!(status.success(), "{status}");
    project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
}

#[test]
fn a_run_goes_on_when_nobody_reads_any_more_what_it_says() {
    for progress in ["plain", "bar"] {
        let project = TestProject::new(&PlanText::chain(&["a", "b"]), WAITING);
        let mut command = project.command(BLUEPRINT);
        command.args(["run", "-vv", "--progress", progress]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut run = command.spawn().unwrap();
        project.wait_for_starts(1);
        drop((run.stdout.take(), run.stderr.take()));
        project.touch("go");
        let status = run.wait().unwrap();
        assert!(status.success(), "{progress}: {status}");
        project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
    }
}
