//! `status --watch`: drawn anew on every change, until the run is over.

use crate::project::{BLUEPRINT, PlanText, Terminal, TestProject, wait_until};

const CTRL_C: u8 = 3;
const CTRL_Z: u8 = 26;
const BROKEN: &str = "<projectGenesis>";
const STEPS: &str =
    "== a\nwait-for go-a\nwrite a.txt x\nprint a is there\n== b\nwait-for go-b\nwrite b.txt x\n== *\nexit 3";
/// Takes the other screen, hides the cursor and cuts lines; and gives all that back.
const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l";
const LEAVE: &str = "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l";

fn under_way() -> (TestProject, crate::project::Running) {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), STEPS);
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    (project, run)
}

#[test]
fn a_terminal_shows_each_change_and_has_the_end_when_the_run_is_over() {
    let (project, run) = under_way();
    let terminal = Terminal::sized(&project, (20, 80), &[], &["status", "--watch"]);
    terminal.wait_for("0%");
    project.touch("go-a");
    terminal.wait_for("50%");
    project.wait_for_starts(2);
    project.touch("go-b");
    terminal.wait_for("100%");
    let (status, screen) = terminal.wait();
    assert_eq!(status.code(), Some(0), "{screen:?}");
    run.wait().assert(0, &[]);
    assert!(screen.starts_with(ENTER), "{screen:?}");
    let (drawn, end) = screen.rsplit_once(LEAVE).unwrap();
    assert!(drawn.contains("Ctrl-C ends watching"), "{drawn:?}");
    assert!(end.contains("100%") && end.contains("a is there") && !end.contains("\u{1b}[?"), "{end:?}");
}

#[test]
fn ctrl_c_gives_the_terminal_back_and_the_run_goes_on() {
    let (project, run) = under_way();
    let mut terminal = Terminal::sized(&project, (20, 80), &[], &["status", "--watch"]);
    terminal.wait_for("Ctrl-C ends watching");
    terminal.press(CTRL_C);
    let (status, screen) = terminal.wait();
    assert_eq!(status.code(), Some(130), "{screen:?}");
    assert_eq!(screen.matches(ENTER).count(), screen.matches(LEAVE).count(), "{screen:?}");
    for go in ["go-a", "go-b"] {
        project.touch(go);
    }
    run.wait().assert(0, &["2 of 2 tasks completed"]);
}

#[test]
fn ctrl_z_gives_the_terminal_back_until_it_goes_on() {
    let (project, run) = under_way();
    let mut terminal = Terminal::shell(&project);
    terminal.enter(&format!("{BLUEPRINT} status --watch"));
    terminal.wait_for("Ctrl-C ends watching");
    terminal.press(CTRL_Z);
    terminal.wait_for(LEAVE);
    terminal.wait_for("topped");
    terminal.enter("fg");
    for go in ["go-a", "go-b"] {
        project.touch(go);
    }
    terminal.wait_for("100%");
    terminal.enter("echo code=$?; exit");
    let (_, screen) = terminal.wait();
    assert!(screen.contains("code=0"), "{screen:?}");
    assert_eq!((screen.matches(ENTER).count(), screen.matches(LEAVE).count()), (2, 2), "{screen:?}");
    run.wait().assert(0, &[]);
}

#[test]
fn a_pipe_gets_the_whole_first_then_a_line_for_each_change_and_no_word_for_terminals() {
    let (project, run) = under_way();
    let watching = project.start(&["status", "--watch"]);
    watching.wait_for_output("TASK");
    project.touch("go-a");
    watching.wait_for_output("a is there");
    project.wait_for_starts(2);
    project.touch("go-b");
    run.wait().assert(0, &[]);
    let ended = watching.wait();
    ended.assert(0, &[]);
    let told = &ended.stdout;
    assert!(!told.contains('\u{1b}'), "{told:?}");
    assert_eq!(told.matches("TASK").count(), 1, "{told}");
    let line = told.lines().find(|line| line.contains("  a  completed")).unwrap();
    assert!(line.as_bytes()[2] == b':' && line.ends_with("a is there"), "{line}");
    assert!(told.lines().any(|line| line.ends_with("  b  in-progress")), "{told}");
    let (_, last) = told.rsplit_once("\n\n").unwrap();
    assert!(last.contains("2 tasks: 2 completed"), "{told}");
}

#[test]
fn a_run_that_is_killed_ends_the_watching_too() {
    let (project, run) = under_way();
    let watching = project.start(&["status", "--watch", "a"]);
    watching.wait_for_output("running   for");
    run.kill();
    let ended = watching.wait();
    ended.assert(0, &[]);
    assert!(ended.stdout.contains("a  in-progress"), "{ended}");
    project.touch("go-a");
    project.touch("go-b");
    project.complete(&[]);
}

#[test]
fn without_a_live_run_it_is_shown_once() {
    let project = TestProject::new(&PlanText::of(&["a"]), STEPS);
    let ended = project.blueprint(&["status", "--watch"]);
    ended.assert(0, &["no run of this plan is live"]);
    assert!(ended.stdout.contains("a     pending"), "{ended}");
    project.blueprint(&["status", "--watch", "--format", "json"]).assert(2, &["cannot be used with"]);
}

#[test]
fn a_plan_that_somebody_is_just_writing_does_not_end_it() {
    let (project, run) = under_way();
    let watching = project.start(&["status", "--watch"]);
    watching.wait_for_output("TASK");
    let plan = project.read("genesis.xml");
    project.write("genesis.xml", BROKEN);
    // The run mends it, so it may be whole before it is looked at.
    let is_mended = || project.read("genesis.xml") != BROKEN;
    wait_until("it is told", || is_mended() || watching.says("can't be read"), String::new);
    project.write("genesis.xml", &plan);
    for go in ["go-a", "go-b"] {
        project.touch(go);
    }
    run.wait().assert(0, &[]);
    watching.wait().assert(0, &[]);
}
