//! How attempts end, and what that makes of their tasks.

use crate::project::{INTEGRATION, PlanText, TestProject};

#[test]
fn a_task_whose_agent_fails_is_failed_and_what_needs_it_says_why_it_is_not_run() {
    let plan = PlanText::of(&["a", "b", "c", "d"]).edge("a", "b").edge("b", "c");
    let project = TestProject::new(&plan, "== a\nstderr no such library\nexit 3\n== *\nwrite {task}.txt x");
    let ended = project.run(&[]);
    ended.assert(1, &["failed  a", "no such library", "1 of 4 tasks completed"]);
    assert!(ended.stderr.lines().any(|line| line == "not run 2 tasks, because `a` failed: b, c"), "{ended}");
    project.assert_statuses(&[("a", "failed"), ("b", "pending"), ("c", "pending"), ("d", "completed")]);
    assert_eq!(project.task("a")["outcome"], "failed");
    assert!(project.read("genesis.xml").contains("<status>failed</status>"), "the project's own status");
}

#[test]
fn a_failed_attempts_work_is_kept_but_not_merged() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite half.txt half\nexit 1");
    assert_eq!(project.run(&[]).code, Some(1));
    assert_eq!(project.show("refs/blueprint/trial/attempts/a/1", "half.txt"), "half");
    assert!(!project.refs().contains(INTEGRATION));
}

#[test]
fn after_its_time_an_attempt_is_ended_with_all_that_it_started_and_tried_again() {
    let script = "== *\nignore-term\nchild\nprint here we stay\nhang";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    let ended = project.run(&["--timeout", "2s", "--retries", "1"]);
    ended.assert(1, &["retry   a", "timed out"]);
    assert_eq!(project.log().starts_of("a"), 2);
    assert_eq!(project.log().tasks("child").len(), 2);
    project.assert_no_process_left();
    let task = project.task("a");
    assert_eq!((&task["status"], &task["outcome"]), (&"failed".into(), &"timed-out".into()), "{task}");
    assert_eq!(task["attempts"], 2);
}

#[test]
fn what_an_agent_leaves_running_is_ended() {
    let script = "== *\nchild\nwrite a.txt x\nprint goodbye";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    let ended = project.complete(&[]);
    ended.assert(0, &["its agent left a process behind, which was ended"]);
    project.assert_no_process_left();
}

#[test]
fn an_agent_that_a_signal_killed_is_tried_again_from_its_base() {
    let script = "== a #1\nwrite half.txt x\nkill-self\n== *\nwrite whole.txt x";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    project.complete(&[]).assert(0, &["retry   a"]);
    let files = project.files(INTEGRATION);
    assert!(files.contains(&"whole.txt".into()) && !files.contains(&"half.txt".into()), "{files:?}");
    assert_eq!(project.facts("attempt-ended", "a")[0]["outcome"], "killed");
}

#[test]
fn without_retries_an_agent_that_a_signal_killed_has_failed() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nkill-self");
    project.run(&["--retries", "0"]).assert(1, &["failed  a"]);
    assert_eq!(project.task("a")["outcome"], "killed");
    assert_eq!(project.log().starts(), ["a"]);
}

#[test]
fn a_runner_whose_program_is_missing_is_refused_before_anything_starts() {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    project.configure("[runners.gone]\nkind = \"command\"\ncommand = [\"no-such-program\"]");
    let (before, refs) = (project.read("genesis.xml"), project.refs());
    project.run(&["--runner", "gone"]).assert(2, &["`no-such-program`", "`gone`"]);
    assert_eq!((project.read("genesis.xml"), project.refs()), (before, refs));
}

#[test]
fn work_that_conflicts_with_merged_work_blocks_the_task_and_names_the_path() {
    let script = "== *\nwrite src/same.txt by {task}\nwait-started 2";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    project.configure("on-conflict = \"block\"");
    let ended = project.run(&[]);
    ended.assert(4, &["src/same.txt", "1 of 2 tasks completed"]);
    let (done, blocked) = if project.task("a")["status"] == "completed" { ("a", "b") } else { ("b", "a") };
    assert_eq!(project.task(blocked)["status"], "blocked");
    assert_eq!(project.task(blocked)["outcome"], "merge-conflict");
    assert_eq!(project.show(INTEGRATION, "src/same.txt"), format!("by {done}"));
    assert_eq!(project.merges().len(), 1);
}

#[test]
fn prerequisites_whose_work_conflicts_block_the_task() {
    let plan = PlanText::of(&["a", "b", "c"]).edge("a", "c").edge("b", "c");
    let plan = plan.already("a", "completed", "jane").already("b", "completed", "jane");
    let project = TestProject::new(&plan, "== *\nwrite c.txt x");
    for id in ["a", "b"] {
        project.git(&["checkout", "--quiet", "-b", &format!("blueprint/trial/{id}"), "main"]);
        project.write("same.txt", id);
        project.commit_all(id);
    }
    project.git(&["checkout", "--quiet", "main"]);
    project.run(&[]).assert(4, &["same.txt", "prerequisites"]);
    project.assert_statuses(&[("a", "completed"), ("b", "completed"), ("c", "blocked")]);
    assert_eq!(project.log().starts(), [""; 0]);
}

#[test]
fn a_command_that_changes_nothing_has_done_its_task() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nprint looked at everything");
    project.complete(&[]);
    let task = project.task("a");
    assert_eq!((&task["status"], &task["outcome"]), (&"completed".into(), &"no-changes".into()));
    assert_eq!(task["summary"], "looked at everything");
}

#[test]
fn the_last_line_of_output_is_the_summary_however_much_there_is() {
    let project =
        TestProject::new(&PlanText::of(&["a"]), "== *\nspam 12\nprint \u{1b}[32mall is well\u{1b}[0m\nprint");
    project.complete(&[]);
    assert_eq!(project.task("a")["summary"], "all is well");
    assert!(project.section_of("a").contains("<summary>all is well</summary>"));
}

#[test]
fn an_agents_own_report_is_the_result() {
    let report = "blueprint task|done|--summary|A & B are <done>|--deliverable|a.txt|--deliverable|b.txt|--notes|mind c";
    let script = format!("== *\nwrite a.txt x\n{report}\nprint not this");
    let project = TestProject::new(&PlanText::of(&["a"]), &script);
    project.complete(&[]);
    assert_eq!(project.log().all("blueprint").next().unwrap().more[0], "0", "{:?}", project.log());
    assert_eq!(project.task("a")["summary"], "A & B are <done>");
    let section = project.section_of("a");
    let result = section.split_once("<result>").unwrap().1.split_once("</result>").unwrap().0;
    for part in ["A &amp; B are &lt;done", "<deliverable>a.txt<", "<deliverable>b.txt<", "<notes>mind c<"] {
        assert!(result.contains(part), "{part} in {result}");
    }
    assert!(
        !project.files(INTEGRATION).iter().any(|file| file.starts_with(".blueprint")),
        "the report is no work"
    );
}

#[test]
fn an_agent_that_reports_failure_has_failed_whatever_its_exit_code() {
    let script = "== *\nwrite a.txt x\nblueprint task|fail|--reason|the API is gone";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    project.run(&[]).assert(1, &["the API is gone"]);
    project.assert_statuses(&[("a", "failed")]);
    assert!(!project.refs().contains(INTEGRATION));
}

#[test]
fn the_status_is_not_changed_by_a_report_before_the_work_is_merged() {
    let script = "== *\nwrite a.txt x\nblueprint task|done|--summary|done\ntouch reported\nwait-for go";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    let run = project.start(&["run"]);
    crate::project::wait_until("the report", || project.control.join("reported").exists(), String::new);
    project.assert_statuses(&[("a", "in-progress")]);
    project.touch("go");
    run.wait().assert(0, &[]);
    project.assert_statuses(&[("a", "completed")]);
}

#[test]
fn a_report_with_a_wrong_token_is_refused_and_changes_nothing() {
    let script = "== *\nwrite a.txt x\nset BLUEPRINT_TASK_TOKEN guessed\nblueprint task|fail|--reason|sabotage\nprint fine";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    project.complete(&[]);
    assert_eq!(project.log().all("blueprint").next().unwrap().more[0], "77", "{:?}", project.log());
    assert_eq!(project.task("a")["summary"], "fine");
}

#[test]
fn a_report_about_another_task_is_refused_and_changes_nothing() {
    let script =
        "== a\nwrite a.txt x\nblueprint task|done|--task|b|--summary|not mine\n== *\nprint from b itself";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    project.complete(&[]);
    assert_eq!(project.log().all("blueprint").next().unwrap().more[0], "77", "{:?}", project.log());
    assert_eq!(project.task("b")["summary"], "from b itself");
}

#[test]
fn nobody_without_the_token_reports_on_a_task_that_a_live_run_works_on() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwait-for go\nprint by its agent");
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    project.blueprint(&["task", "done", "--task", "a", "--summary", "by hand"]).assert(77, &["live run"]);
    project.touch("go");
    run.wait().assert(0, &[]);
    assert_eq!(project.task("a")["summary"], "by its agent");
}

#[test]
fn an_agent_may_not_run_the_plan() {
    let script = "== *\nblueprint run\nblueprint run|--dry-run";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    project.complete(&[]);
    let codes: Vec<_> = project.log().all("blueprint").map(|event| event.more[0].clone()).collect();
    assert_eq!(codes, ["77", "77"]);
}

#[test]
fn a_person_can_do_a_task_by_hand_when_no_run_lives() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), "== *\nwrite b.txt x");
    project.blueprint(&["task", "start", "--task", "a"]).assert(0, &[]);
    project.assert_statuses(&[("a", "in-progress"), ("b", "pending")]);
    project.blueprint(&["task", "done", "--task", "a", "--summary", "did it myself"]).assert(0, &[]);
    let ended = project.complete(&[]);
    ended.assert(0, &["a was completed by hand"]);
    assert_eq!(project.log().starts(), ["b"]);
    assert_eq!(project.task("a")["summary"], "did it myself");
}

#[test]
fn an_agent_program_that_changes_nothing_fails_unless_its_task_may() {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    let says = r#"{"type":"result","subtype":"success","is_error":false,"result":"Completed: all fine","session_id":"s","total_cost_usd":0.25}"#;
    project.write("claude.sh", &format!("#!/bin/sh\ncat >/dev/null\necho '{says}'\n"));
    let claude = "[runners.claude]\ncommand = [\"/bin/sh\", \"claude.sh\"]";
    let claude = claude.replace("claude.sh", &project.root.join("claude.sh").display().to_string());
    project.configure(&claude);
    project.run(&["--runner", "claude"]).assert(1, &["without any change"]);
    assert_eq!(project.task("a")["outcome"], "no-changes");
    project.configure(&format!("allow-no-changes = [\"a\"]\n{claude}"));
    project.run(&["--runner", "claude", "a"]).assert(0, &[]);
    let task = project.task("a");
    assert_eq!((&task["status"], &task["cost_usd"]), (&"completed".into(), &0.5.into()), "{task}");
}

#[test]
fn our_own_program_may_be_replaced_while_a_run_goes_on() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), "== a\nwait-for go\n== b\nwrite b.txt x");
    let copy = project.base().join("blueprint copy");
    crate::project::copy_of_blueprint(&copy);
    let mut command = project.command(copy.to_str().unwrap());
    let run = crate::project::Running::start(command.arg("run"));
    project.wait_for_starts(1);
    std::fs::remove_file(&copy).unwrap();
    project.touch("go");
    run.wait().assert(0, &[]);
    project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
}
