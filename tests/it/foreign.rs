//! Writers that go round the lock while a run is live: git, line tools, accidents.

use std::fs;
use std::process::Command;

use crate::project::{PlanText, Running, TestProject, wait_until};

/// `a` is done at once, `b` after it when the test says so.
const SCRIPT: &str =
    "== b\nwait-for go\nwrite b.txt x\nprint b is well\n== *\nwrite {task}.txt x\nprint {task} is well";

/// A run of which `a` is done and `b` is under way.
fn under_way(project: &TestProject) -> Running {
    let run = project.start(&["run"]);
    project.wait_for_log("b", |log| log.starts_of("b") == 1);
    run
}

/// Everything is done, once, and says so in the plan.
#[track_caller]
fn assert_whole(project: &TestProject, ids: &[&str]) {
    project.assert_statuses(&ids.iter().map(|id| (*id, "completed")).collect::<Vec<_>>());
    for id in ids {
        let section = project.section_of(id);
        assert!(section.contains(&format!("<summary>{id} is well</summary>")), "{section}");
        assert_eq!(project.events_in_plan(id, "completed"), 1, "{section}");
        assert_eq!(project.events_in_plan(id, "in-progress"), 1, "{section}");
        assert_eq!(project.transitions(id, "completed"), 1, "{id}");
        assert_eq!(project.log().starts_of(id), 1, "{:?}", project.log());
    }
    assert_eq!(project.blueprint(&["validate"]).code, Some(0));
}

/// The files that were set aside, in the order of their names, with what is in them.
fn set_aside(project: &TestProject) -> Vec<String> {
    let entries = fs::read_dir(&project.root).unwrap().map(|entry| entry.unwrap().path());
    let is_broken = |path: &std::path::PathBuf| path.to_string_lossy().contains("genesis.xml.broken-");
    let mut paths: Vec<_> = entries.filter(is_broken).collect();
    paths.sort();
    paths.iter().map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()).collect()
}

/// git does something to the plan in the middle of a run.
fn survives_git(prepare: &[&[&str]], act: &[&[&str]]) {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), SCRIPT);
    for arguments in prepare {
        project.git(arguments);
    }
    let run = under_way(&project);
    for arguments in act {
        project.git(arguments);
    }
    run.wait_for("had missed that it is completed");
    run.wait_for("had missed that it is in-progress");
    project.touch("go");
    run.wait().assert(0, &[]);
    assert_whole(&project, &["a", "b"]);
    assert!(set_aside(&project).is_empty());
}

#[test]
fn a_checkout_of_the_file_during_a_run_loses_nothing() {
    survives_git(&[], &[&["checkout", "--quiet", "--", "genesis.xml"]]);
}

#[test]
fn a_checkout_of_a_plan_whose_tasks_had_no_history_yet_loses_nothing() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), SCRIPT);
    let plan = project.read("genesis.xml");
    let mut parts = plan.split("<statusHistory>");
    let mut without = parts.next().unwrap().trim_end().to_owned();
    for part in parts {
        without.push_str(part.split_once("</statusHistory>").unwrap().1);
    }
    project.write("genesis.xml", &without);
    project.git(&["commit", "--quiet", "-am", "no histories"]);
    let run = under_way(&project);
    project.git(&["checkout", "--quiet", "--", "genesis.xml"]);
    run.wait_for("had missed that it is completed");
    run.wait_for("had missed that it is in-progress");
    project.touch("go");
    run.wait().assert(0, &[]);
    assert_whole(&project, &["a", "b"]);
    project.git(&["checkout", "--quiet", "--", "genesis.xml"]);
    project.run(&[]).assert(0, &["had missed that it is completed"]);
    assert_whole(&project, &["a", "b"]);
}

#[test]
fn a_stash_during_a_run_loses_nothing() {
    survives_git(&[], &[&["stash", "push", "--quiet"]]);
}

#[test]
fn a_switch_to_an_older_branch_during_a_run_loses_nothing() {
    survives_git(&[&["branch", "older"]], &[&["switch", "--quiet", "--force", "older"]]);
}

#[test]
fn a_stash_that_comes_back_later_is_only_newer() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), SCRIPT);
    let run = under_way(&project);
    project.git(&["stash", "push", "--quiet"]);
    run.wait_for("had missed that it is in-progress");
    // The run mends the file as soon as it is older: git has to be faster once.
    let pop = "until git checkout --quiet -- genesis.xml && git stash pop --quiet 2>/dev/null; do :; done";
    assert!(project.command("sh").args(["-c", pop]).status().unwrap().success());
    project.touch("go");
    run.wait().assert(0, &[]);
    assert_whole(&project, &["a", "b"]);
}

#[test]
fn a_file_from_between_an_agents_own_edit_and_the_runs_loses_neither_result_nor_notes() {
    let script = "== a\nblueprint task|note|--learning|Rows are wide|4 kB\nwait-for go-a\nwrite a.txt x\nprint a is well\n\
                  == b\nwait-for go\nwrite b.txt x\nprint b is well";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    let run = project.start(&["run"]);
    project.wait_for_log("a", |log| log.starts_of("a") == 1);
    let before = project.read("genesis.xml");
    let event = "<event><timestamp>2030-01-01T00:00:00Z</timestamp><status>completed</status></event>";
    let half = before.replacen("</statusHistory>", &format!("{event}</statusHistory>"), 1);
    project.touch("go-a");
    project.wait_for_log("b", |log| log.starts_of("b") == 1);
    project.write("genesis.xml", &half);
    run.wait_for("a: the plan file had missed that it is completed");
    project.touch("go");
    run.wait().assert(0, &[]);
    project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
    assert!(project.section_of("a").contains("<summary>a is well</summary>"), "{}", project.section_of("a"));
    assert_eq!(project.read("genesis.xml").matches("Rows are wide").count(), 1);
    assert!(!project.blueprint(&["validate"]).stderr.contains("warning"));
}

/// What somebody leaves in place of the plan, and what it is called.
fn is_set_aside(rubbish: &str, says: &str) {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), SCRIPT);
    let run = under_way(&project);
    project.write("genesis.xml", rubbish);
    run.wait_for(says);
    project.touch("go");
    run.wait().assert(0, &["set aside as", "genesis.xml.broken-"]);
    assert_eq!(set_aside(&project), [rubbish]);
    assert_whole(&project, &["a", "b"]);
    assert!(project.read("genesis.xml").contains("<type>plan_restored</type>"));
}

#[test]
fn a_truncated_plan_is_set_aside_and_the_run_goes_on() {
    let whole = PlanText::chain(&["a", "b"]).to_xml();
    is_set_aside(&whole[..whole.len() / 2], "the plan file was broken (line");
}

#[test]
fn an_empty_plan_is_set_aside_and_the_run_goes_on() {
    is_set_aside("", "the plan file was broken");
}

#[test]
fn rubbish_is_set_aside_and_the_run_goes_on() {
    is_set_aside("#!/bin/sh\nexit 1\n", "the plan file was broken");
}

#[test]
fn another_document_is_set_aside_and_the_run_goes_on() {
    is_set_aside("<project><target name=\"build\"/></project>", "the plan file was broken");
}

#[test]
fn another_plan_is_set_aside_and_the_run_goes_on() {
    let other = PlanText::of(&["x", "y"]).epic("elsewhere").to_xml();
    is_set_aside(&other, "the plan file was another plan's (elsewhere)");
}

#[test]
fn a_deleted_plan_comes_back() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), SCRIPT);
    let run = under_way(&project);
    fs::remove_file(project.plan()).unwrap();
    run.wait_for("the plan file was gone");
    project.touch("go");
    run.wait().assert(0, &[]);
    assert_whole(&project, &["a", "b"]);
    assert!(set_aside(&project).is_empty());
}

#[test]
fn a_plan_whose_whole_folder_git_takes_away_comes_back() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), SCRIPT);
    let plan = ".claude/epics/trial/genesis.xml";
    project.git(&["branch", "without"]);
    project.write(plan, &project.read("genesis.xml"));
    project.git(&["rm", "--quiet", "genesis.xml"]);
    project.commit_all("The plan, elsewhere");
    let run = project.start(&["run", plan]);
    project.wait_for_log("b", |log| log.starts_of("b") == 1);
    project.git(&["switch", "--quiet", "--force", "without"]);
    run.wait_for("the plan file was gone");
    project.touch("go");
    run.wait().assert(0, &[]);
    assert_eq!(project.read(plan).matches("<status>completed</status>").count(), 2 + 1);
}

#[test]
fn an_agent_that_breaks_the_plan_file_does_not_end_the_run() {
    let script = "== a\nwrite a.txt x\nchange-plan </tasks>|</task>\nprint a is well\n== *\nwrite b.txt x\nprint b is well";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    project.run(&[]).assert(0, &["set aside as"]);
    assert_whole(&project, &["a", "b"]);
    assert!(set_aside(&project).concat().contains("    </task>\n    <statusTracker>"));
}

#[test]
fn an_agent_that_puts_a_trap_in_the_plans_place_does_not_end_the_run() {
    for trap in ["mkfifo {plan}", "ln -s /dev/zero {plan}", "mkdir {plan}"] {
        let script = format!(
            "== a\nwrite a.txt x\ncall rm|{{plan}}\ncall {}\nprint a is well\n== *\nwrite b.txt x\nprint b is well",
            trap.replace(' ', "|")
        );
        let project = TestProject::new(&PlanText::chain(&["a", "b"]), &script);
        project.run(&[]).assert(0, &["the plan file was no regular file", "set aside as"]);
        assert_whole(&project, &["a", "b"]);
    }
}

#[test]
fn a_run_can_be_ended_while_the_plan_is_broken() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwait-for never");
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    project.write("genesis.xml", "<");
    run.signal(rustix::process::Signal::TERM);
    assert_eq!(run.wait().code, Some(143));
    project.assert_statuses(&[("a", "pending")]);
    project.assert_no_process_left();
}

#[test]
fn by_hand_a_broken_plan_is_refused_and_stays_as_it_is() {
    let project = TestProject::new(&PlanText::of(&["a"]), SCRIPT);
    project.write("genesis.xml", "<projectGenesis");
    let ended = project.blueprint(&["task", "done", "--task", "a", "--summary", "x"]);
    ended.assert(3, &["the plan is invalid", "genesis.xml:1:"]);
    assert_eq!(project.read("genesis.xml"), "<projectGenesis");
    assert!(set_aside(&project).is_empty());
}

/// The real program, where there is one, writes in place as often as it can.
#[test]
fn a_line_tool_that_writes_in_place_in_a_loop_loses_none_of_ours() {
    let has_one =
        Command::new("xmlstarlet").arg("--version").output().is_ok_and(|output| output.status.success());
    if !has_one {
        eprintln!("no xmlstarlet here: nothing is tested");
        return;
    }
    let ids = ["a", "b", "c", "d", "e", "f"];
    let project =
        TestProject::new(&PlanText::of(&ids), "== *\nwrite {task}.txt x\nsleep 20\nprint {task} is well");
    let mut run = project.start(&["run", "-j", "3"]);
    let mut rounds = 0;
    while !run.is_over() {
        rounds += 1;
        let owner = format!("round {rounds}");
        let edit = ["ed", "-L", "-u", "/projectGenesis/vision/problemStatement", "-v", &owner, "genesis.xml"];
        // It may find the file in the middle of nothing; that is its own fault.
        let _ = project.command("xmlstarlet").args(edit).output().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    run.wait().assert(0, &[]);
    assert!(project.read("genesis.xml").contains("round "), "what it wrote is there");
    project.assert_statuses(&ids.map(|id| (id, "completed")));
    for id in ids {
        assert_eq!(project.transitions(id, "completed"), 1, "{id}");
        assert_eq!(project.log().starts_of(id), 1, "{id}");
    }
    wait_until("a plan", || project.blueprint(&["validate"]).code == Some(0), || project.read("genesis.xml"));
}
