//! A live run that is steered from another terminal, and tasks that are taken back or called off with and without one.

use std::fs;

use crate::project::{INTEGRATION, PlanText, Running, TestProject};

/// Each task waits until the test says `go-TASK`.
const WAITING: &str = "== *\nrecord seen-{task}\nwait-for go-{task}\nwrite {task}.txt x";
const WORK: &str = "== *\nwrite {task}.txt x";

#[track_caller]
fn ok(project: &TestProject, arguments: &[&str]) -> String {
    let ended = project.blueprint(arguments);
    assert_eq!(ended.code, Some(0), "{ended}");
    ended.stderr
}

/// A run of which `task` is under way.
fn under_way(project: &TestProject, arguments: &[&str], task: &str) -> Running {
    let run = project.start(&[&["run"], arguments].concat());
    project.wait_for_log(task, |log| log.starts_of(task) == 1);
    run
}

#[test]
fn a_paused_run_starts_nothing_new_until_it_is_resumed() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), WAITING);
    let run = under_way(&project, &["-j", "1"], "a");
    assert!(ok(&project, &["pause"]).contains("is paused: running agents go on, nothing new starts"));
    run.wait_for("paused  by");
    assert!(ok(&project, &["pause"]).contains("paused already"));
    assert!(ok(&project, &["status"]).contains("the live run is paused"));
    project.touch("go-a");
    run.wait_for("done    a");
    project.touch("go-b");
    assert_eq!(project.log().starts(), ["a"]);
    assert!(ok(&project, &["resume"]).contains("goes on"));
    assert!(!ok(&project, &["status"]).contains("is paused"));
    run.wait().assert(0, &["resumed by"]);
    assert_eq!(project.log().starts(), ["a", "b"]);
}

#[test]
fn a_paused_run_waits_with_nothing_to_do_and_the_next_run_is_not_paused() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), WAITING);
    let run = under_way(&project, &["-j", "1"], "a");
    ok(&project, &["pause"]);
    run.wait_for("paused  by");
    project.touch("go-a");
    run.wait_for("done    a");
    ok(&project, &["stop"]);
    assert_eq!(run.wait().code, Some(130));
    project.assert_statuses(&[("a", "completed"), ("b", "pending")]);
    project.touch("go-b");
    project.complete(&[]);
}

#[test]
fn stop_drains_a_second_one_ends_the_agents() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), "== *\nhang");
    let run = under_way(&project, &["-j", "1"], "a");
    assert!(ok(&project, &["stop"]).contains("nothing new starts, running agents finish"));
    run.wait_for("nothing new starts");
    assert!(ok(&project, &["stop", "--wait"]).contains("the run is over"));
    run.wait().assert(130, &["ending the running agents"]);
    project.assert_statuses(&[("a", "pending"), ("b", "pending")]);
    project.assert_no_process_left();
}

#[test]
fn a_ctrl_c_after_a_stop_is_the_second_one() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nhang");
    let run = under_way(&project, &[], "a");
    ok(&project, &["stop"]);
    run.wait_for("nothing new starts");
    run.signal(rustix::process::Signal::INT);
    run.wait().assert(130, &["ending the running agents"]);
    project.assert_statuses(&[("a", "pending")]);
}

#[test]
fn what_comes_while_a_run_is_ending_is_left_to_the_next_one_and_that_is_said() {
    for by_signal in [false, true] {
        let project = TestProject::new(&PlanText::of(&["a", "b"]), "== *\nwait-for go\nwrite {task}.txt x");
        let run = under_way(&project, &["-j", "1"], "a");
        if by_signal {
            run.signal(rustix::process::Signal::INT);
            run.wait_for("nothing new starts");
        } else {
            ok(&project, &["stop"]);
        }
        let said = ok(&project, &["add", "late", "--name", "Late"]);
        assert!(said.contains("the live run is ending, and leaves it to the next one"), "{said}");
        let said = ok(&project, &["retry", "b"]);
        assert!(said.contains("next    blueprint run") && !said.contains("takes that up"), "{said}");
        let status = project.blueprint(&["status"]);
        assert!(status.stdout.contains("ending: run"), "{status}");
        assert_eq!(project.status()["run"]["ending"], true);
        project.touch("go");
        assert_eq!(run.wait().code, Some(130));
        assert_eq!(project.log().starts(), ["a"]);
        project.assert_journal();
        project.complete(&[]);
    }
}

#[test]
fn stop_now_ends_the_agents_at_once() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nhang");
    let run = under_way(&project, &[], "a");
    ok(&project, &["stop", "--now"]);
    assert_eq!(run.wait().code, Some(130));
    project.assert_statuses(&[("a", "pending")]);
    project.assert_no_process_left();
}

#[test]
fn without_a_live_run_there_is_nothing_to_steer() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    for verb in ["pause", "resume", "stop"] {
        project.blueprint(&[verb]).assert(2, &["no run of this plan is live", "`blueprint run` starts one"]);
    }
}

#[test]
fn agents_steer_nothing() {
    let script = "== *\nblueprint pause\nblueprint stop\nblueprint retry|a\nblueprint cancel|b\nblueprint attach\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    project.complete(&[]);
    let codes: Vec<_> = project.log().all("blueprint").map(|event| event.more[0].clone()).collect();
    assert_eq!(codes, ["77"; 10]);
}

#[test]
fn a_cancelled_task_is_ended_and_what_needs_it_is_not_run() {
    let plan = PlanText::of(&["a", "b", "c"]).edge("a", "c");
    let project = TestProject::new(&plan, "== a\nchild\nhang\n== *\nwrite {task}.txt x");
    let run = project.start(&["run", "-j", "2"]);
    project.wait_for_log("a's child", |log| log.tasks("child").len() == 1);
    let said = ok(&project, &["cancel", "a", "--reason", "not wanted"]);
    assert!(said.contains("task a is cancelled; the live run ends its agent"), "{said}");
    run.wait().assert(1, &["not run 1 task, because `a` was cancelled: c", "  `a` was cancelled"]);
    project.assert_statuses(&[("a", "cancelled"), ("b", "completed"), ("c", "pending")]);
    assert_eq!(project.task("a")["outcome"], "cancelled");
    assert!(project.section_of("a").contains("not wanted"));
    assert_eq!(project.transitions("a", "cancelled"), 1);
    project.assert_no_process_left();
    project.run(&[]).assert(1, &["not run 1 task, because `a` was cancelled: c"]);
}

#[test]
fn without_a_run_a_task_is_cancelled_in_the_plan_and_retry_takes_that_back() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), WORK);
    assert!(ok(&project, &["cancel", "a", "b"]).contains("task b is cancelled"));
    assert!(ok(&project, &["cancel", "a"]).contains("was already cancelled"));
    assert_eq!(project.run(&[]).code, Some(1));
    ok(&project, &["retry", "a", "b"]);
    project.complete(&[]);
    project
        .blueprint(&["cancel", "a"])
        .assert(2, &["a completed task can't become cancelled", "`blueprint retry a`"]);
    project.blueprint(&["cancel", "x"]).assert(2, &["there is no task `x`"]);
}

#[test]
fn a_retried_task_leaves_the_integration_branch_with_all_that_depends_on_it() {
    let plan = PlanText::of(&["a", "b", "other"]).edge("a", "b");
    let project = TestProject::new(&plan, "== *\nrecord seen-{task}\nwrite {task}.txt old");
    project.complete(&["-j", "1"]);
    let old = project.git(&["rev-parse", INTEGRATION]);
    let said = ok(&project, &["retry", "a", "--note", "use the other parser"]);
    assert!(said.contains("a is to be done again, and with it what depends on it: b"), "{said}");
    project.assert_statuses(&[("a", "pending"), ("b", "pending"), ("other", "completed")]);
    let files = project.files(INTEGRATION);
    assert!(files.contains(&"other.txt".into()) && !files.contains(&"a.txt".into()), "{files:?}");
    assert_eq!(project.git(&["rev-parse", "refs/blueprint/trial/replaced/1"]), old);
    assert_eq!(project.show("refs/blueprint/trial/attempts/a/1", "a.txt"), "old");
    assert!(project.blueprint(&["validate", "--strict"]).code == Some(0));
    project.script("== *\nrecord again-{task}\nwrite {task}.txt new");
    project.complete(&[]);
    assert_eq!(project.log().starts_of("other"), 1);
    assert_eq!(
        (project.show(INTEGRATION, "a.txt"), project.show(INTEGRATION, "b.txt")),
        ("new".into(), "new".into())
    );
    let prompt =
        |task: &str| fs::read_to_string(project.control.join(format!("again-{task}/stdin"))).unwrap();
    assert!(prompt("a").contains("> use the other parser"), "{}", prompt("a"));
    assert!(!prompt("b").contains("use the other parser"));
    assert_eq!(project.merges().values().sum::<usize>(), 3, "each task once");
}

#[test]
fn with_only_what_depends_on_it_stays_as_it_is() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), WORK);
    project.complete(&[]);
    ok(&project, &["retry", "a", "--only"]);
    project.assert_statuses(&[("a", "pending"), ("b", "completed")]);
    assert!(project.files(INTEGRATION).contains(&"b.txt".into()));
    project.complete(&[]);
    assert_eq!(project.log().starts(), ["a", "b", "a"]);
}

#[test]
fn what_a_person_committed_on_the_integration_branch_is_kept_or_the_retry_refused() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), WORK);
    project.complete(&["-j", "1"]);
    let place = project.base().join("by-hand").to_string_lossy().into_owned();
    project.git(&["worktree", "add", "--quiet", &place, INTEGRATION]);
    project.commit_in(&place, "jane.txt", "by jane", &[]);
    project.blueprint(&["retry", "a"]).assert(2, &["is checked out in"]);
    project.git(&["worktree", "remove", &place]);
    ok(&project, &["retry", "a"]);
    let files = project.files(INTEGRATION);
    assert!(files.contains(&"jane.txt".into()) && !files.contains(&"a.txt".into()), "{files:?}");
    project.complete(&[]);
    project.git(&["worktree", "add", "--quiet", &place, INTEGRATION]);
    project.commit_in(&place, "a.txt", "mended by jane", &[]);
    project.git(&["worktree", "remove", &place]);
    let (plan, refs) = (project.read("genesis.xml"), project.refs());
    project
        .blueprint(&["retry", "a"])
        .assert(2, &["does not hold without it, in a.txt; nothing was changed"]);
    assert_eq!((project.read("genesis.xml"), project.refs()), (plan, refs));
}

#[test]
fn a_live_run_ends_what_builds_on_a_retried_task_and_does_both_again() {
    let script = "== b #1\nwait-for never\n== *\nrecord seen-{task}\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    let run = under_way(&project, &[], "b");
    ok(&project, &["retry", "a", "--note", "once more"]);
    run.wait().assert(0, &["b: its attempt is ended"]);
    assert_eq!(project.log().starts(), ["a", "b", "a", "b"]);
    project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
    let prompt = fs::read_to_string(project.control.join("seen-a/stdin")).unwrap();
    assert!(prompt.contains("> once more"), "{prompt}");
    assert_eq!(project.merges().values().sum::<usize>(), 2);
}

#[test]
fn a_retried_task_may_be_done_again_before_what_builds_on_it_has_ended() {
    let script = "== b #1\nignore-term\nwait-for never\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    project.configure("kill-grace = \"2s\"");
    let run = under_way(&project, &[], "b");
    ok(&project, &["retry", "a"]);
    run.wait().assert(0, &["b: its attempt is ended"]);
    assert_eq!(project.log().starts(), ["a", "b", "a", "b"]);
    project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
}

#[test]
fn a_retried_task_has_all_its_retries_again_and_waits_for_none() {
    let project = TestProject::new(
        &PlanText::of(&["a", "b"]),
        "== a #1\nkill-self\n== a #2\nkill-self\n== b\nwait-for go\nwrite b.txt x\n== *\nwrite {task}.txt x",
    );
    let run = project.start(&["run", "--retries", "1", "-j", "2"]);
    run.wait_for("failed  a");
    ok(&project, &["retry", "a"]);
    run.wait_for("done    a");
    project.touch("go");
    run.wait().assert(0, &[]);
    assert_eq!(project.log().starts_of("a"), 3);
}

#[test]
fn retry_frees_a_task_that_somebody_else_has_in_progress() {
    let plan = PlanText::of(&["a"]).already("a", "in-progress", "jane");
    let project = TestProject::new(&plan, WORK);
    assert_eq!(project.run(&[]).code, Some(4));
    ok(&project, &["retry", "a"]);
    project.complete(&[]);
}

#[test]
fn a_detached_run_goes_on_by_itself_and_can_be_stopped() {
    let project = TestProject::new(&PlanText::of(&["a"]), WAITING);
    let said = ok(&project, &["run", "--detach"]);
    assert!(said.contains("the run goes on in the background (process"), "{said}");
    assert!(said.contains("run.log") && said.contains("`blueprint stop` ends it"), "{said}");
    project.wait_for_starts(1);
    project.blueprint(&["run", "--detach"]).assert(5, &["another run holds this plan"]);
    project.touch("go-a");
    let log = said.lines().find_map(|line| line.trim().strip_prefix("its output: ")).unwrap();
    let text = || fs::read_to_string(log).unwrap();
    crate::project::wait_until("its end", || text().contains("completed: 1 of 1"), text);
    project.assert_statuses(&[("a", "completed")]);
    assert!(text().contains("start   a"), "the second one has not spoilt it: {}", text());
    project.assert_no_process_left();
}

#[test]
fn a_run_that_can_not_begin_in_the_background_says_why_with_its_own_exit_code() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    project.blueprint(&["run", "--detach", "nobody"]).assert(2, &["there is no task `nobody`"]);
    project.write("genesis.xml", "<projectGenesis");
    project.blueprint(&["run", "--detach"]).assert(3, &["the plan is invalid"]);
}

#[test]
fn attach_shows_what_the_run_tells_and_ends_with_its_exit_code() {
    let project =
        TestProject::new(&PlanText::of(&["a", "b"]), "== a\nwrite a.txt x\n== b\nwait-for go\nexit 1");
    let run = under_way(&project, &["-j", "1"], "b");
    let attached = project.start(&["attach"]);
    attached.wait_for("start   b");
    let gone = project.start(&["attach", "--progress", "plain"]);
    gone.wait_for("start   b");
    gone.signal(rustix::process::Signal::INT);
    gone.wait();
    project.touch("go");
    let (run, attached) = (run.wait(), attached.wait());
    attached.assert(
        1,
        &["plan trial: 2 of 2 tasks to do", "done    a", "failed  b", "failed: 1 of 2 tasks completed"],
    );
    assert_eq!(run.code, Some(1));
    for line in attached.stderr.lines() {
        assert!(run.stderr.contains(line), "{line} is not what the run said: {run}");
    }
}

#[test]
fn attach_notices_that_the_run_is_killed() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nhang");
    let run = under_way(&project, &[], "a");
    let attached = project.start(&["attach"]);
    attached.wait_for("start   a");
    run.kill();
    attached.wait().assert(74, &["the run ended without a word"]);
    project.blueprint(&["attach"]).assert(2, &["no run of this plan is live"]);
}
