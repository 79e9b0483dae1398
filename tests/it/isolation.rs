//! Attempts in the checkout itself: no worktree, no branch, no commit, no supervisor.

use std::fs;
use std::io::Write;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use rustix::process::Signal;

use crate::project::{PlanText, TestProject, kill, wait_until};

const NONE: &[&str] = &["--isolation", "none"];

fn none_and<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [NONE, more].concat()
}

#[test]
fn agents_work_in_the_checkout_and_leave_git_as_it_was() {
    let script = "== *\nwrite {task}.txt by {task}\nprint {task} is done";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    let head = project.git(&["rev-parse", "HEAD"]);
    project.complete(NONE);
    assert_eq!((project.read("a.txt"), project.read("b.txt")), ("by a\n".to_owned(), "by b\n".to_owned()));
    assert_eq!(project.git(&["rev-parse", "HEAD"]), head);
    assert_eq!(project.git(&["worktree", "list", "--porcelain"]).matches("worktree ").count(), 1);
    let refs = project.refs();
    assert!(!refs.contains("refs/heads/blueprint") && !refs.contains("attempts"), "{refs}");
    let task = project.task("b");
    let none = serde_json::Value::Null;
    assert_eq!((&task["status"], &task["summary"]), (&"completed".into(), &"b is done".into()), "{task}");
    assert_eq!((&task["branch"], &task["base"], &task["commit"]), (&none, &none, &none), "{task}");
    assert_eq!(task["worktree"], project.root.to_str().unwrap());
}

#[test]
fn a_task_that_changes_nothing_is_completed() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nprint looked at everything");
    project.complete(NONE);
    assert_eq!(project.task("a")["outcome"], "completed");
}

#[test]
fn an_agent_finds_where_it_is_and_what_it_is_to_do() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nrecord seen");
    project.complete(NONE);
    let seen = |name: &str| fs::read_to_string(project.control.join("seen").join(name)).unwrap();
    let env = seen("env");
    let root = project.root.display();
    assert!(env.contains(&format!("WORKTREE_PATH={root}")), "{env}");
    let of = |name: &str| {
        let line = env.split(['\n', '\0']).find_map(|line| line.strip_prefix(&format!("{name}=")));
        fs::read_to_string(line.unwrap()).unwrap()
    };
    let given = seen("stdin");
    let (definition, prompt) = (of("BLUEPRINT_DEFINITION_FILE"), of("BLUEPRINT_PROMPT_FILE"));
    assert!(given.starts_with(definition.trim_end()) && given.ends_with(&prompt), "{given}");
    assert!(prompt.contains(&format!("Your folder is `{root}`.")), "{prompt}");
    assert!(!prompt.contains("blueprint commits") && !prompt.contains("git worktree"), "{prompt}");
}

#[test]
fn failures_signals_and_missing_programs_have_their_names() {
    let script = "== a\nstderr no such library\nexit 3\n== b\nkill-self";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    let ended = project.run(&none_and(&["--retries", "0"]));
    ended.assert(1, &["failed  a", "no such library", "failed  b"]);
    assert_eq!(project.task("a")["outcome"], "failed");
    assert_eq!(project.task("b")["outcome"], "killed");
}

#[test]
fn after_its_time_an_agent_is_ended_with_all_that_it_started() {
    let script = "== *\nignore-term\nchild\nprint here we stay\nhang";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    let ended = project.run(&none_and(&["--timeout", "1s", "--retries", "0"]));
    ended.assert(1, &["timed out"]);
    project.assert_no_process_left();
    assert_eq!(project.task("a")["outcome"], "timed-out");
}

#[test]
fn the_second_signal_ends_agents_and_their_tasks_are_pending_again() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), "== *\nchild\nhang");
    let run = project.start(&[&["run"], NONE].concat());
    project.wait_for_log("both", |log| log.tasks("child").len() == 2);
    run.signal(Signal::INT);
    run.wait_for("nothing new starts");
    run.signal(Signal::INT);
    assert_eq!(run.wait().code, Some(130));
    project.assert_statuses(&[("a", "pending"), ("b", "pending")]);
    project.assert_no_process_left();
    project.script("== *\nprint now it ends");
    project.complete(NONE);
}

#[test]
fn an_agent_reports_by_the_door_though_all_share_a_folder() {
    let script = "== *\nblueprint task|done|--summary|{task} says so\nprint last words";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    project.complete(&none_and(&["-j", "2"]));
    for task in ["a", "b"] {
        assert_eq!(project.task(task)["summary"], format!("{task} says so"));
    }
    assert!(!project.root.join(".blueprint").exists());
}

#[test]
fn one_task_may_be_isolated_otherwise_than_the_others() {
    let project = TestProject::new(&PlanText::chain(&["a", "b", "c"]), "== *\nwrite {task}.txt x");
    project.configure("[tasks.b]\nisolation = \"none\"");
    project.complete(&[]);
    assert_eq!(project.merges().keys().collect::<Vec<_>>(), ["a", "c"]);
    assert!(project.root.join("b.txt").exists() && !project.root.join("a.txt").exists());
}

#[test]
fn an_agent_that_outlived_a_killed_run_is_awaited_and_its_task_done_again() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== a #1\nwait-for go\n== *\nprint again");
    let run = project.start(&[&["run"], NONE].concat());
    project.wait_for_starts(1);
    // The journal is written just after the start.
    wait_until("the process", || !project.facts("agent-started", "a").is_empty(), String::new);
    run.kill();
    let run = project.start(&[&["run"], NONE].concat());
    run.wait_for("resume  a");
    assert_eq!(project.log().starts_of("a"), 1);
    project.touch("go");
    run.wait().assert(0, &["1 of 1 tasks completed"]);
    assert_eq!(project.log().starts_of("a"), 2);
    assert_eq!(project.facts("attempt-ended", "a")[0]["outcome"], "interrupted");
}

#[test]
fn an_agent_that_ended_while_no_run_lived_is_interrupted_and_done_again() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== a #1\nhang\n== *\nprint again");
    let run = project.start(&[&["run"], NONE].concat());
    project.wait_for_starts(1);
    run.kill();
    project.processes().into_iter().for_each(kill);
    project.assert_no_process_left();
    project.complete(NONE);
    assert_eq!(project.log().starts_of("a"), 2);
    assert_eq!(project.facts("attempt-ended", "a")[0]["outcome"], "interrupted");
    assert_eq!(project.transitions("a", "completed"), 1);
}

#[test]
fn who_is_left_of_an_agent_that_died_with_its_run_is_ended_before_another_one_starts() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== a #1\nchild\nhang\n== *\nprint again");
    let run = project.start(&[&["run"], NONE].concat());
    project.wait_for_log("its child", |log| log.tasks("child").len() == 1);
    wait_until("the process", || !project.facts("agent-started", "a").is_empty(), String::new);
    run.kill();
    kill(u32::try_from(project.facts("agent-started", "a")[0]["pid"].as_u64().unwrap()).unwrap());
    assert!(!project.processes().is_empty(), "its child lives");
    project.complete(NONE);
    assert_eq!(project.processes(), [0; 0]);
}

#[test]
fn an_agent_that_no_journal_knows_yet_is_ended_before_another_one_starts() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== a #1\nhang\n== *\nprint again");
    let run = project.start(&[&["run"], NONE].concat());
    project.wait_for_starts(1);
    wait_until("the process", || !project.facts("agent-started", "a").is_empty(), String::new);
    run.kill();
    let path = project.state_dir().join("journal.jsonl");
    let journal = fs::read_to_string(&path).unwrap();
    let is_kept = |line: &&str| !line.contains("\"agent-started\"");
    fs::write(path, journal.split_inclusive('\n').filter(is_kept).collect::<String>()).unwrap();
    project.complete(NONE);
    assert_eq!(project.processes(), [0; 0]);
    assert_eq!(project.log().starts_of("a"), 2);
}

#[test]
fn what_a_killed_run_had_journaled_is_shown_at_once_and_in_the_plan_file_after_the_next_run() {
    let ids: Vec<_> = (0..120).map(|number| format!("t{number}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let project = TestProject::new(&PlanText::of(&ids), "== *\nprint done");
    let run = project.start(&[&["run"], NONE, &["-j", "8"]].concat());
    project.wait_for_log("some ends", |log| log.tasks("end").len() > 30);
    run.kill();
    let journaled = ids.iter().filter(|id| project.transitions(id, "completed") == 1).count();
    assert_eq!(project.status()["counts"]["completed"], journaled);
    project.complete(&none_and(&["-j", "8"]));
    for id in &ids {
        let (journal, plan) = (project.transitions(id, "completed"), project.events_in_plan(id, "completed"));
        assert_eq!((journal, plan), (1, 1), "{id}");
    }
    assert_eq!(project.blueprint(&["validate", "--strict"]).code, Some(0));
}

#[test]
fn a_status_that_somebody_else_writes_meanwhile_is_neither_lost_nor_does_it_take_ours_back() {
    let ids: Vec<_> = (0..60).map(|number| format!("t{number}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let plan = PlanText::of(&ids).already("t59", "blocked", "somebody");
    let script = "== t20\nchange-plan A trial|Another trial\n== *\nprint done";
    let project = TestProject::new(&plan, script);
    let ended = project.run(&none_and(&["-j", "4"]));
    assert_eq!(ended.code, Some(4), "{ended}");
    assert!(project.read("genesis.xml").contains("Another trial"));
    for id in ids.iter().filter(|id| **id != "t59") {
        assert_eq!(project.events_in_plan(id, "completed"), 1, "{id}");
    }
    assert_eq!(project.blueprint(&["validate", "--strict"]).code, Some(0));
}

/// A person's `cancel` that was killed between journal and plan file.
fn journal_a_cancel(project: &TestProject, task: &str) {
    let line = format!(
        "{{\"time\":\"2026-02-01T10:00:00Z\",\"fact\":\"transition\",\"task\":\"{task}\",\"from\":\"pending\",\"to\":\"cancelled\",\
         \"at\":\"2026-02-01T10:00:00Z\",\"actor\":\"somebody\",\"description\":\"not wanted\",\"changes\":null,\"result\":null}}\n"
    );
    let path = project.state_dir().join("journal.jsonl");
    fs::OpenOptions::new().append(true).open(path).unwrap().write_all(line.as_bytes()).unwrap();
}

#[test]
fn what_a_killed_cancel_left_to_the_run_to_write_spoils_none_of_its_saves() {
    let script = "== b\nwait-for go-b\n== c\nwait-for go-c\n== *\nprint done";
    let project = TestProject::new(&PlanText::of(&["a", "b", "c", "d", "x"]), script);
    let run = project.start(&[&["run"], NONE, &["-j", "1"]].concat());
    let is_saved = |task: &str, status: &str| project.events_in_plan(task, status) == 1;
    wait_until("b in the plan", || is_saved("b", "in-progress"), || project.read("genesis.xml"));
    journal_a_cancel(&project, "x");
    wait_until("x in the plan", || is_saved("x", "cancelled"), || project.read("genesis.xml"));
    project.touch("go-b");
    wait_until("c in the plan", || is_saved("c", "in-progress"), || project.read("genesis.xml"));
    assert_eq!(project.blueprint(&["validate", "--strict"]).code, Some(0), "{}", project.read("genesis.xml"));
    project.touch("go-c");
    let ended = run.wait();
    ended.assert(1, &["`x` was cancelled"]);
    assert!(!ended.stderr.contains("broken") && !ended.stderr.contains("that it is completed"), "{ended}");
    let completed = ["a", "b", "c", "d"].map(|id| (id, "completed"));
    project.assert_statuses(&[&completed[..], &[("x", "cancelled")]].concat());
    assert_eq!(project.blueprint(&["validate", "--strict"]).code, Some(0));
}

#[test]
fn a_plan_that_has_no_place_for_the_log_yet_gets_a_change_as_soon_as_others_and_misses_none() {
    let xml = PlanText::of(&["a", "b"]).to_xml();
    let (before, after) = xml.split_once("  <auditLog>").unwrap();
    let xml = format!("{before}{}", after.split_once("</auditLog>\n").unwrap().1);
    let project = TestProject::of_text(&xml, "== *\nwait-for go");
    let run = project.start(&[&["run"], NONE].concat());
    run.wait_for("start   b");
    let is_saved = || ["a", "b"].iter().all(|task| project.events_in_plan(task, "in-progress") == 1);
    wait_until("both in the plan", is_saved, || project.read("genesis.xml"));
    project.touch("go");
    let ended = run.wait();
    ended.assert(0, &["2 of 2 tasks completed"]);
    assert!(!ended.stderr.contains("missed"), "{ended}");
}

#[test]
fn a_dry_run_shows_the_checkout_and_no_branch() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite {task}.txt x");
    let shown = project.run(&none_and(&["--dry-run"])).stdout;
    let folder = format!("   folder    {} (nothing is committed)", project.root.display());
    assert!(shown.contains(&folder), "{shown}");
    assert!(!["branch ", "base ", "worktree "].iter().any(|word| shown.contains(word)), "{shown}");
}

#[test]
fn what_the_run_itself_is_about_to_save_is_not_told_as_missed() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), "== *\nwrite {task}.txt x");
    // Changed so late that its times can't tell of the next change: such a file is not saved beside the run.
    let later = SystemTime::now() + Duration::from_hours(1);
    fs::File::open(project.plan()).unwrap().set_modified(later).unwrap();
    let ended = project.complete(NONE);
    assert!(!ended.stderr.contains("had missed"), "{ended}");
}

/// As somebody does who has the plan's lock.
fn add_by_hand(project: &TestProject, task: &str) {
    let new = format!(
        "<task id=\"{task}\"><name>Late</name><description>Late</description><assignedAgent>worker</assignedAgent></task>\n    </tasks>"
    );
    let plan = project.root.join("genesis.new");
    fs::write(&plan, project.read("genesis.xml").replace("</tasks>", &new)).unwrap();
    fs::rename(plan, project.plan()).unwrap();
}

#[test]
fn what_somebody_decides_while_the_last_of_a_run_is_saved_is_still_done_by_it() {
    // A save of many takes a while, and the next one is put off for longer.
    let many: Vec<_> = (0..400).map(|number| format!("t{number}")).collect();
    let ids: Vec<_> = many.iter().map(String::as_str).chain(["a", "b"]).collect();
    let plan = many.iter().fold(PlanText::of(&ids), |plan, id| plan.already(id, "completed", "somebody"));
    for _ in 0..3 {
        let script = "== a\nwait-for go-a\n== b\nwait-for go-b\n== *\nprint done";
        let project = TestProject::new(&plan, script);
        let run = project.start(&[&["run"], NONE].concat());
        let is_saved = || ["a", "b"].iter().all(|task| project.events_in_plan(task, "in-progress") == 1);
        wait_until("both in the plan", is_saved, || project.read("genesis.xml"));
        project.touch("go-a");
        wait_until("a in the journal", || project.transitions("a", "completed") == 1, String::new);
        // Its save may be under way, or not.
        let lock = fs::File::open(project.state_dir().join("plan.lock")).unwrap();
        lock.lock().unwrap();
        project.touch("go-b");
        project.wait_for_log("b's end", |log| log.tasks("end").len() == 2);
        // Nothing shall be decided meanwhile; if it is, that is soon.
        let mut looks = 0..20;
        while project.transitions("b", "completed") == 0 && looks.next().is_some() {
            sleep(Duration::from_millis(10));
        }
        add_by_hand(&project, "late");
        drop(lock);
        run.wait().assert(0, &["403 of 403 tasks completed"]);
    }
}
