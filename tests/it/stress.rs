//! Many writers at once, and writers that are killed: no change of the plan is lost, and the file is always whole.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use blueprint::genesis::{Genesis, Status};

use crate::project::{BLUEPRINT, PlanText, TestProject};
use crate::xmlstarlet::{is_installed, left_over, stand_in};

const PROCESSES: usize = 64;
/// Of each process; where `blueprint task` writes alone a few, since the test beside it has as many by it and others besides.
/// `STRESS=20` has them all in both.
const TRANSITIONS: usize = 20;
const FEW: usize = 4;
const KILLS: usize = 200;
const KILLERS: usize = 4;

#[test]
fn nothing_is_lost_however_many_write_at_once() {
    let project = with_tasks(PROCESSES);
    let transitions = if is_installed() { stress().unwrap_or(FEW) } else { TRANSITIONS };
    thread::scope(|scope| {
        for number in 0..PROCESSES {
            let project = &project;
            scope.spawn(move || {
                for step in 0..transitions {
                    must_do(&mut by_task(project, &task(number), status_of(step)));
                }
            });
        }
    });
    assert_nothing_is_lost(&project, transitions);
}

#[test]
fn nothing_is_lost_when_some_of_them_write_by_xmlstarlet() {
    if !is_installed() {
        return;
    }
    let project = with_tasks(PROCESSES);
    stand_in(&project);
    let transitions = stress().unwrap_or(TRANSITIONS);
    thread::scope(|scope| {
        for number in 0..PROCESSES {
            let project = &project;
            scope.spawn(move || {
                for step in 0..transitions {
                    let status = status_of(step);
                    // By turns, and never all by the same means at once.
                    let way = if (number + step).is_multiple_of(4) { by_xmlstarlet } else { by_task };
                    let mut command = way(project, &task(number), status);
                    must_do(&mut command);
                }
            });
        }
    });
    assert_nothing_is_lost(&project, transitions);
}

#[test]
fn a_writer_that_is_killed_at_any_moment_leaves_the_plan_whole_and_the_lock_free() {
    kill_often(KILLS, by_task);
}

#[test]
fn xmlstarlet_that_is_killed_at_any_moment_leaves_the_plan_whole_and_the_lock_free() {
    if is_installed() {
        kill_often(KILLS / 4, by_xmlstarlet);
    }
}

/// A command that gives a task that status.
type Way = fn(&TestProject, &str, Status) -> Command;

fn kill_often(kills: usize, way: Way) {
    let project = with_tasks(KILLERS);
    stand_in(&project);
    let begun = Instant::now();
    must_do(&mut way(&project, &task(0), Status::InProgress));
    // Other processes take their share of the machine.
    let duration = begun.elapsed() * u32::try_from(KILLERS).unwrap();
    thread::scope(|scope| {
        for number in 0..KILLERS {
            let project = &project;
            scope.spawn(move || {
                kill_one_after_the_other(project, &task(number), kills / KILLERS, duration, way);
            });
        }
    });
    // The lock is free, and whoever has it next clears away what is left.
    for number in 0..KILLERS {
        must_do(&mut way(&project, &task(number), Status::Completed));
    }
    assert_eq!(left_over(&project), Vec::<PathBuf>::new());
    project.blueprint(&["validate", "--strict"]).assert(0, &[]);
}

fn kill_one_after_the_other(project: &TestProject, task: &str, kills: usize, longest: Duration, way: Way) {
    for _ in 0..kills {
        let before = history(&plan(project), task);
        let is_started = before.last() == Some(&Status::InProgress);
        let status = if is_started { Status::Failed } else { Status::InProgress };
        let mut writer = way(project, task, status).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(longest.mul_f64(fastrand::f64()));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let now = history(&plan(project), task);
        let is_made = [before.as_slice(), &[status]].concat() == now;
        assert!(now == before || is_made, "{task}: {before:?}, then {status}, became {now:?}");
    }
}

/// How many transitions whoever runs the tests wants of each process.
fn stress() -> Option<usize> {
    std::env::var("STRESS").ok()?.parse().ok()
}

/// A plan whose tasks are all pending.
fn with_tasks(count: usize) -> TestProject {
    let ids: Vec<_> = (0..count).map(task).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    TestProject::new(&PlanText::of(&ids), "")
}

fn task(number: usize) -> String {
    format!("t{number}")
}

/// Taken up and failed by turns, so that every step is a change.
fn status_of(step: usize) -> Status {
    if step.is_multiple_of(2) { Status::InProgress } else { Status::Failed }
}

fn by_task(project: &TestProject, task: &str, status: Status) -> Command {
    let mut command = project.command(BLUEPRINT);
    command.args(["task", "--task", task]);
    match status {
        Status::InProgress => command.arg("start"),
        Status::Failed => command.args(["fail", "--reason", "it is a test"]),
        _ => command.args(["done", "--summary", "it is a test"]),
    };
    command
}

/// All that belongs to a change of status, in one call.
fn by_xmlstarlet(project: &TestProject, task: &str, status: Status) -> Command {
    let history = format!("//task[@id='{task}']/statusHistory");
    let event = format!("{history}/event[last()]");
    let reference = format!("//statusTracker//taskRef[@id='{task}']");
    let list = match status {
        Status::InProgress => "//statusTracker/inProgress",
        Status::Failed => "//statusTracker/failed",
        _ => "//statusTracker/completed",
    };
    let mut command = stand_in(project);
    command.args(["ed", "-L", "-s", &history, "-t", "elem", "-n", "event"]);
    command.args(["-s", &event, "-t", "elem", "-n", "timestamp", "-v", "2026-01-14T10:00:00Z"]);
    command.args(["-s", &event, "-t", "elem", "-n", "status", "-v", status.as_str()]);
    command.args(["-m", &reference, list]);
    for (counter, list) in [("inProgress", "inProgress"), ("failed", "failed"), ("completed", "completed")] {
        let counted = format!("count(//statusTracker/{list}/taskRef)");
        command.args(["-u", &format!("//progress/{counter}Tasks"), "-x", &counted]);
    }
    command.args(["-u", "//progress/percentageComplete", "-x"]);
    command.arg("round(100 * count(//statusTracker/completed/taskRef) div count(//tasks/task))");
    command.arg("genesis.xml");
    command
}

#[track_caller]
fn must_do(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {}: {said}", output.status);
}

fn plan(project: &TestProject) -> Genesis {
    let bytes = std::fs::read(project.plan()).unwrap();
    Genesis::parse(bytes).unwrap_or_else(|invalid| panic!("{:?}\n{}", invalid.diagnostics, invalid.source))
}

fn history(plan: &Genesis, task: &str) -> Vec<Status> {
    plan.details(task).history.iter().filter_map(|event| event.status).collect()
}

#[track_caller]
fn assert_nothing_is_lost(project: &TestProject, transitions: usize) {
    let plan = plan(project);
    let expected: Vec<_> = [Status::Pending].into_iter().chain((0..transitions).map(status_of)).collect();
    for number in 0..PROCESSES {
        assert_eq!(history(&plan, &task(number)), expected, "{}", task(number));
    }
    // Lists and counters agree with the events.
    project.blueprint(&["validate", "--strict"]).assert(0, &[]);
    assert!(plan.tasks().iter().all(|task| Some(task.status) == expected.last().copied()));
    assert_eq!(left_over(project), Vec::<PathBuf>::new());
}
