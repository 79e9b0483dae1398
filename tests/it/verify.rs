//! `verify-integration`: what is merged has to work together, and a merge with which it does not is taken out again.

use std::fs;

use crate::project::{INTEGRATION, PlanText, TestProject, wait_until};

/// Fails as soon as there is a file `bad.txt`.
const STEP: &str = "verify-integration = { run = \"echo looking; test ! -e bad.txt\", every = EVERY }";

fn project(plan: &PlanText, script: &str, every: usize) -> TestProject {
    let project = TestProject::new(plan, script);
    project.configure(&STEP.replace("EVERY", &every.to_string()));
    project
}

fn verified(project: &TestProject) -> Vec<bool> {
    let facts = project.journal().into_iter().filter(|fact| fact["fact"] == "verified");
    facts.map(|fact| fact["passed"].as_bool().unwrap()).collect()
}

fn texts(project: &TestProject) -> Vec<String> {
    project.files(INTEGRATION).into_iter().filter(|file| file.contains(".txt")).collect()
}

#[test]
fn it_runs_after_each_merge_and_says_so() {
    let project = project(&PlanText::of(&["a", "b"]), "== *\nwrite {task}.txt x", 1);
    let ended = project.complete(&["-j", "1"]);
    ended.assert(0, &["verifying blueprint/trial/integration", "is verified"]);
    assert!(!verified(&project).is_empty() && verified(&project).iter().all(|passed| *passed));
    let tip = project.git(&["rev-parse", INTEGRATION]);
    assert!(
        project.journal().iter().any(|fact| fact["fact"] == "verified" && fact["commit"] == tip.as_str())
    );
    let count = verified(&project).len();
    project.complete(&[]);
    assert_eq!(verified(&project).len(), count, "what is known to hold is not tried again");
    assert!(project.refs().lines().all(|line| !line.contains("verify")), "{}", project.refs());
}

#[test]
fn with_every_it_runs_after_so_many_and_at_the_end() {
    let project = project(&PlanText::of(&["a", "b", "c"]), "== *\nwrite {task}.txt x", 9);
    project.complete(&["-j", "1"]);
    assert_eq!(verified(&project), [true]);
}

#[test]
fn the_culprit_among_three_merges_is_taken_out_and_the_others_stay() {
    let script = "== b\nwrite bad.txt x\n== *\nwrite {task}.txt x";
    let plan = PlanText::of(&["a", "b", "c", "d", "e"]).edge("b", "d").edge("d", "e");
    let project = project(&plan, script, 9);
    let ended = project.run(&["-j", "1"]);
    ended.assert(
        4,
        &[
            "2 of 5 tasks completed",
            "does not hold since its merge",
            "looking",
            "taken out",
            "to be done again, as b is: d, e",
        ],
    );
    let statuses =
        [("a", "completed"), ("b", "blocked"), ("c", "completed"), ("d", "pending"), ("e", "pending")];
    project.assert_statuses(&statuses);
    assert_eq!(texts(&project), ["a.txt", "c.txt"]);
    assert_eq!(project.task("b")["outcome"], "gate-failed");
    assert_eq!(project.log().starts().len(), 5);
    let out = &project.facts("taken-out", "b")[0];
    let told = project.blueprint(&["status", "--field", "plan.status"]);
    assert_eq!(told.stdout.trim(), "in-progress", "not all is completed any more");
    let log = fs::read_to_string(out["log"].as_str().unwrap()).unwrap();
    assert_eq!(log, "looking\n");
    assert_eq!(verified(&project).last(), Some(&true), "what is left holds");
    project.assert_journal();
    // The journal knows the merges as they are now.
    let tip = project.git(&["rev-parse", INTEGRATION]);
    assert_eq!(project.facts("merged", "c").last().unwrap()["merge"], tip.as_str());
    assert_eq!(project.blueprint(&["validate", "--strict"]).code, Some(0));
}

#[test]
fn a_culprit_that_is_set_back_is_done_again_with_what_depends_on_it() {
    let script = "== b #1\nwrite bad.txt x\n== *\nwrite {task}.txt x\nrecord seen-{task}";
    let project = project(&PlanText::of(&["a", "b", "c"]).edge("b", "c"), script, 1);
    project.run(&["-j", "1"]).assert(4, &[]);
    project.blueprint(&["retry", "b"]).assert(0, &["b is to be done again"]);
    project.complete(&["-j", "1"]);
    assert_eq!(texts(&project), ["a.txt", "b.txt", "c.txt"]);
    let prompt = fs::read_to_string(project.control.join("seen-b/stdin")).unwrap();
    assert!(prompt.contains("looking") && prompt.contains("did not pass a gate"), "{prompt}");
}

#[test]
fn whatever_the_strategy_the_culprit_is_found() {
    for strategy in ["squash", "rebase"] {
        let script = "== b\nwrite b.txt x\ncommit first\nwrite bad.txt x\n== *\nwrite {task}.txt x\ncommit one\nappend {task}.txt y";
        let project = TestProject::new(&PlanText::of(&["a", "b", "c"]), script);
        project.configure(&format!("strategy = \"{strategy}\"\n{}", STEP.replace("EVERY", "9")));
        project.run(&["-j", "1"]).assert(4, &["2 of 3 tasks completed", "taken out"]);
        assert_eq!(texts(&project), ["a.txt", "c.txt"], "{strategy}");
        project.assert_statuses(&[("a", "completed"), ("b", "blocked"), ("c", "completed")]);
    }
}

#[test]
fn two_culprits_are_taken_out_one_after_the_other() {
    let script = "== a\nwrite bad.txt x\nwrite a.txt x\n== c\nwrite bad.txt x\nwrite c.txt x\n== *\nwrite {task}.txt x";
    let project = project(&PlanText::of(&["a", "b", "c", "d"]), script, 9);
    project.run(&["-j", "1"]).assert(4, &["2 of 4 tasks completed"]);
    assert_eq!(texts(&project), ["b.txt", "d.txt"]);
}

#[test]
fn a_plan_whose_start_fails_already_loses_nothing() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite {task}.txt x");
    project.configure("verify-integration = \"false\"");
    project
        .run(&[])
        .assert(0, &["it fails on the commit that the plan started from already", "1 of 1 tasks completed"]);
    assert_eq!(texts(&project), ["a.txt"]);
}

#[test]
fn a_command_that_is_not_there_is_said_and_blocks_nothing() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite {task}.txt x");
    project.configure("verify-integration = [\"no-such-program\"]");
    project.run(&[]).assert(0, &["what is merged is not verified any more in this run", "no-such-program"]);
}

#[test]
fn a_dependent_that_is_at_work_is_ended_when_what_it_builds_on_is_taken_out() {
    let script = "== a\nwrite bad.txt x\n== b\ntouch b-began\nwait-for never";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    let control = project.control.display();
    let wait = format!("until test -e '{control}/b-began'; do sleep 0.01; done; test ! -e bad.txt");
    project.configure(&format!("verify-integration = \"{wait}\""));
    project.run(&[]).assert(4, &["0 of 2 tasks completed", "its attempt is ended"]);
    project.assert_statuses(&[("a", "blocked"), ("b", "pending")]);
    project.assert_no_process_left();
}

/// A run that is killed in the middle of the command, which the next one begins anew.
#[test]
fn a_run_that_is_killed_meanwhile_goes_on_with_the_search() {
    let script = "== b\nwrite bad.txt x\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::of(&["a", "b", "c"]), script);
    let control = project.control.display();
    let step = format!(
        "echo x >> '{control}/tries'; until test -e '{control}/go'; do sleep 0.01; done; test ! -e bad.txt"
    );
    project.configure(&format!("verify-integration = {{ run = \"{step}\", every = 3 }}"));
    for _ in 0..2 {
        let tries = || fs::read_to_string(project.control.join("tries")).unwrap_or_default().lines().count();
        let before = tries();
        let run = project.start(&["run", "-j", "1"]);
        wait_until("another try", || tries() > before, String::new);
        run.kill();
    }
    project.touch("go");
    project.run(&["-j", "1"]).assert(4, &["2 of 3 tasks completed"]);
    project.assert_no_process_left();
    assert_eq!(texts(&project), ["a.txt", "c.txt"]);
    assert_eq!(project.log().starts(), ["a", "b", "c"]);
    project.assert_statuses(&[("a", "completed"), ("b", "blocked"), ("c", "completed")]);
}

#[test]
fn what_was_journaled_as_taken_out_leaves_the_branch_though_the_run_was_killed_before() {
    let script = "== b\nwrite bad.txt x\n== *\nwrite {task}.txt x";
    let project = project(&PlanText::of(&["a", "b", "c"]), script, 9);
    project.run(&["-j", "1"]).assert(4, &["taken out"]);
    // As if the run had been killed right after the journal: the branch as it was before.
    let before = project.git(&["rev-parse", "refs/blueprint/trial/replaced/1"]);
    project.git(&["update-ref", &format!("refs/heads/{INTEGRATION}"), &before]);
    project.run(&["-j", "1"]).assert(4, &["2 of 3 tasks completed"]);
    assert_eq!(texts(&project), ["a.txt", "c.txt"]);
    assert_eq!(project.log().starts(), ["a", "b", "c"]);
}

#[test]
fn the_worktree_in_which_it_runs_is_made_ready_as_those_of_attempts_are() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), "== *\nwrite {task}.txt x");
    project.write(".gitignore", ".env\nsetup.log\n");
    project.commit_all("Ignore");
    project.write(".env", "SECRET=1");
    project.configure(
        "bring = ['.env']\nbuild-cache = ['CACHE']\nsetup = ['ls *.txt > setup.log || true']\n\
         verify-integration = 'test -s .env && test -d \"$CACHE\" && test $BLUEPRINT_PORT_BASE -gt 0 && ls *.txt | cmp - setup.log'",
    );
    project.complete(&["-j", "1"]);
    assert!(!verified(&project).is_empty() && verified(&project).iter().all(|passed| *passed));
}

#[test]
fn setup_that_fails_there_is_no_tasks_fault() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite {task}.txt x");
    project.configure("setup = [\"test -n \\\"$TASK_ID\\\"\"]\nverify-integration = \"true\"");
    let ended = project.complete(&[]);
    ended.assert(0, &["what is merged is not verified any more in this run: setup step"]);
    assert!(verified(&project).is_empty());
}
