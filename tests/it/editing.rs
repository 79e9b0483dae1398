//! People edit the plan while it is run.

use std::fs;

use crate::project::{INTEGRATION, PlanText, Running, TestProject};

const SCRIPT: &str =
    "== a\nrecord first\nwait-for go\nwrite a.txt x\n== *\nrecord seen-{task}\nwrite {task}.txt x";

/// A run of which `a` is under way, one task at a time.
fn under_way(project: &TestProject) -> Running {
    let run = project.start(&["run", "-j", "1"]);
    project.wait_for_log("a", |log| log.starts_of("a") == 1);
    run
}

/// An editor saves the plan with something else in place of `from`.
#[track_caller]
fn edit(project: &TestProject, from: &str, to: &str) {
    let plan = project.read("genesis.xml");
    assert!(plan.contains(from), "{from} is not in {plan}");
    let new = project.root.join("genesis.xml~");
    fs::write(&new, plan.replacen(from, to, 1)).unwrap();
    fs::rename(new, project.plan()).unwrap();
}

/// A task as one types it into a plan.
fn task(id: &str, more: &str) -> String {
    format!(
        "      <task id=\"{id}\"><name>New</name><description>Something more</description>{more}</task>\n"
    )
}

#[track_caller]
fn add_task(project: &TestProject, id: &str, more: &str) {
    edit(project, "    </tasks>\n", &format!("{}    </tasks>\n", task(id, more)));
}

fn prompt(project: &TestProject, task: &str) -> String {
    fs::read_to_string(project.control.join(format!("seen-{task}/stdin"))).unwrap()
}

#[test]
fn a_new_task_and_new_edges_are_taken_up_and_told() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), SCRIPT);
    let run = under_way(&project);
    add_task(&project, "new", "<dependencies>a</dependencies>");
    run.wait_for("added task new");
    let edge =
        "<dependencies><dependency><from>new</from><to>b</to></dependency></dependencies></executionDag>";
    edit(&project, "</executionDag>", edge);
    run.wait_for("b now needs new");
    project.touch("go");
    run.wait().assert(0, &[]);
    assert_eq!(project.log().starts(), ["a", "new", "b"]);
    assert!(project.files("blueprint/trial/b").contains(&"new.txt".into()), "b is built on new");
    assert_eq!(project.status()["plan"]["status"], "completed");
}

#[test]
fn later_attempts_see_the_new_words_and_the_one_under_way_the_old_ones() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), SCRIPT);
    let run = under_way(&project);
    edit(&project, "What is to be done for a", "Something else for a");
    edit(&project, "What is to be done for b", "Something else for b");
    run.wait_for("b is worded anew");
    project.touch("go");
    run.wait().assert(0, &[]);
    let first = fs::read_to_string(project.control.join("first/stdin")).unwrap();
    assert!(first.contains("What is to be done for a"), "{first}");
    assert!(prompt(&project, "b").contains("Something else for b"));
    for id in ["a", "b"] {
        assert!(
            project.section_of(id).contains(&format!("Something else for {id}")),
            "the edit is still there"
        );
    }
    assert_eq!(project.log().starts(), ["a", "b"]);
}

#[test]
fn another_agent_does_the_task_from_then_on() {
    let plan = PlanText::chain(&["a", "b"]).agent("b", "somebody");
    let project = TestProject::new(&plan, SCRIPT);
    let run = under_way(&project);
    edit(&project, "somebody", "reviewer");
    run.wait_for("agent of b is now reviewer");
    project.touch("go");
    let ended = run.wait();
    ended.assert(0, &["b            reviewer by fake"]);
    assert!(!ended.stderr.contains("no definition"), "a program of one's own may need none: {ended}");
}

#[test]
fn an_agent_whom_nobody_can_play_is_refused_until_that_is_mended() {
    let plan = PlanText::chain(&["a", "b"]).agent("b", "somebody");
    let project = TestProject::new(&plan, SCRIPT);
    project.configure("[runners.gone]\nkind = \"command\"\ncommand = [\"/there/is/none\"]\n[agents.stranger]\nrunner = \"gone\"");
    let run = under_way(&project);
    edit(&project, "somebody", "stranger");
    run.wait_for("the last valid one counts until that is mended");
    project.touch("go");
    run.wait().assert(0, &["/there/is/none", "b            somebody by fake"]);
    assert!(project.read("genesis.xml").contains("stranger"), "the edit is still there");
}

#[test]
fn an_invalid_edit_is_refused_once_kept_and_taken_when_it_is_mended() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), SCRIPT);
    let run = under_way(&project);
    add_task(&project, "new", "<dependencies>nobody</dependencies>");
    run.wait_for("task `new` waits for `nobody`, which is not in the plan");
    // Another edit that mends nothing.
    edit(&project, "What is to be done for b", "Something else for b");
    let plan = project.read("genesis.xml");
    std::thread::sleep(std::time::Duration::from_millis(900));
    assert_eq!(project.read("genesis.xml"), plan, "nobody changes what is refused");
    edit(&project, "<dependencies>nobody</dependencies>", "<dependencies>b</dependencies>");
    run.wait_for("added task new");
    project.touch("go");
    let ended = run.wait();
    ended.assert(0, &["b is worded anew"]);
    assert_eq!(ended.stderr.matches("the last valid one counts").count(), 1, "{ended}");
    assert_eq!(project.log().starts(), ["a", "b", "new"]);
}

#[test]
fn a_run_goes_on_and_writes_into_a_plan_that_stays_invalid() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), SCRIPT);
    let run = under_way(&project);
    add_task(&project, "new", "<dependencies>nobody</dependencies>");
    run.wait_for("which is not in the plan");
    project.touch("go");
    run.wait().assert(0, &["the plan file still can't be run as it is: line"]);
    assert_eq!(project.log().starts(), ["a", "b"]);
    let plan = project.read("genesis.xml");
    assert!(plan.contains("<dependencies>nobody</dependencies>"), "the edit is still there");
    for id in ["a", "b"] {
        assert_eq!(project.events_in_plan(id, "completed"), 1);
    }
}

#[test]
fn a_task_that_is_taken_out_is_not_run_and_one_under_way_is_finished_for_the_journal() {
    let project = TestProject::new(&PlanText::of(&["a", "b", "c"]), SCRIPT);
    let run = under_way(&project);
    for id in ["a", "b"] {
        let section = project.section_of(id);
        edit(&project, &format!("      <task id=\"{id}\">{section}</task>\n"), "");
    }
    run.wait_for("b is not in it any more");
    project.touch("go");
    // References to what is gone make no invalid plan of it: only its lists and levels name it still.
    run.wait().assert(0, &["that it is completed stands in the journal alone"]);
    assert_eq!(project.log().starts(), ["a", "c"]);
    assert_eq!(project.transitions("a", "completed"), 1);
    assert!(project.files(INTEGRATION).contains(&"a.txt".into()));
}

#[test]
fn branches_of_old_tasks_keep_their_names_when_new_ones_want_them() {
    let script = "== auth #1\nwait-for go\nexit 1\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::of(&["auth"]), script);
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    edit(&project, "    <tasks>\n", &format!("    <tasks>\n{}", task("Auth", "")));
    run.wait_for("added task Auth");
    project.touch("go");
    assert_eq!(run.wait().code, Some(1));
    project.complete(&["--rerun-failed"]);
    assert_eq!(project.task("auth")["branch"], "blueprint/trial/auth");
    let other = project.task("Auth")["branch"].as_str().unwrap().to_owned();
    assert!(other.starts_with("blueprint/trial/Auth-"), "{other}");
}

/// The last event of a task's history, as one types it.
#[track_caller]
fn decide(project: &TestProject, task: &str, status: &str) {
    let section = project.section_of(task);
    let event = format!(
        "  <event><timestamp>2026-01-20T10:00:00Z</timestamp><status>{status}</status><actor>jane</actor></event>\n        "
    );
    edit(project, &section, &section.replace("</statusHistory>", &format!("{event}</statusHistory>")));
}

#[test]
fn what_a_person_completes_by_hand_releases_what_waits_for_it() {
    let plan = PlanText::of(&["a", "b", "c"]).edge("a", "c").edge("b", "c");
    let project = TestProject::new(&plan, SCRIPT);
    let run = under_way(&project);
    decide(&project, "b", "completed");
    run.wait_for("b is completed now, by jane");
    project.touch("go");
    run.wait().assert(0, &[]);
    assert_eq!(project.log().starts(), ["a", "c"]);
}

#[test]
fn what_a_person_cancels_is_not_run_nor_what_needs_it() {
    let plan = PlanText::of(&["a", "b", "c"]).edge("a", "c").edge("b", "c");
    let project = TestProject::new(&plan, SCRIPT);
    let run = under_way(&project);
    decide(&project, "b", "cancelled");
    run.wait_for("b is cancelled now, by jane");
    project.touch("go");
    run.wait().assert(1, &["not run 1 task, because `b` was cancelled: c"]);
    project.assert_statuses(&[("a", "completed"), ("b", "cancelled"), ("c", "pending")]);
}

#[test]
fn what_failed_and_is_set_back_by_hand_is_done_again_in_the_same_run() {
    let script = "== b #1\nexit 1\n== a\nwait-for go\nwrite a.txt x\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::of(&["a", "b", "c"]).edge("b", "c"), script);
    let run = project.start(&["run", "-j", "2"]);
    run.wait_for("not run 1 task, because `b` failed: c");
    decide(&project, "b", "pending");
    run.wait_for("b is pending now, by jane");
    project.wait_for_log("c", |log| log.starts_of("c") == 1);
    project.touch("go");
    run.wait().assert(0, &[]);
    project.assert_statuses(&[("a", "completed"), ("b", "completed"), ("c", "completed")]);
    assert_eq!(project.log().starts_of("b"), 2);
}

#[test]
fn an_attempt_is_ended_when_a_person_cancels_its_task() {
    let project =
        TestProject::new(&PlanText::of(&["a", "b"]), "== a\nwait-for never\n== *\nwrite {task}.txt x");
    let run = under_way(&project);
    decide(&project, "a", "cancelled");
    run.wait().assert(1, &["a is cancelled now, by jane", "a: its attempt is ended", "`a` was cancelled"]);
    project.assert_statuses(&[("a", "cancelled"), ("b", "completed")]);
    assert_eq!(project.transitions("a", "cancelled") + project.transitions("a", "failed"), 0);
    project.assert_no_process_left();
}

#[test]
fn an_attempt_is_ended_and_another_follows_when_a_person_sets_its_task_back() {
    let script = "== a #1\nwait-for never\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    let run = under_way(&project);
    decide(&project, "a", "pending");
    run.wait().assert(0, &["a: its attempt is ended"]);
    assert_eq!(project.log().starts(), ["a", "a"]);
    project.assert_statuses(&[("a", "completed")]);
    let section = project.section_of("a");
    assert!(section.contains("<actor>jane</actor>"), "{section}");
}

#[test]
fn a_project_with_a_task_added_while_the_last_one_ran_is_completed_with_it() {
    let project = TestProject::new(&PlanText::of(&["a"]), SCRIPT);
    let run = under_way(&project);
    add_task(&project, "late", "");
    project.touch("go");
    run.wait().assert(0, &[]);
    assert_eq!(project.log().starts(), ["a", "late"]);
    assert_eq!(project.status()["plan"]["status"], "completed");
}

/// `blueprint` that has to work.
#[track_caller]
fn ok(project: &TestProject, arguments: &[&str]) -> String {
    let ended = project.blueprint(arguments);
    assert_eq!(ended.code, Some(0), "{ended}");
    ended.stderr
}

#[test]
fn a_task_that_is_added_during_a_run_is_run_where_it_belongs() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), SCRIPT);
    let run = under_way(&project);
    let said = ok(&project, &["add", "new", "--name", "A new one", "--after", "a", "--before", "b"]);
    assert!(said.contains("task new is added for worker; the live run takes it up"), "{said}");
    run.wait_for("b now needs a, new; added task new");
    project.touch("go");
    run.wait().assert(0, &[]);
    assert_eq!(project.log().starts(), ["a", "new", "b"]);
    assert!(prompt(&project, "new").contains("A new one"));
    assert!(project.files("blueprint/trial/b").contains(&"new.txt".into()));
    let plan = project.read("genesis.xml");
    for part in
        ["<totalTasks>3</totalTasks>", "<type>task_added</type>", "<completedTasks>3</completedTasks>"]
    {
        assert!(plan.contains(part), "{part} in {plan}");
    }
    let valid = project.blueprint(&["validate", "--strict"]);
    assert!(!valid.stdout.contains("new"), "{valid}");
}

#[test]
fn what_can_not_be_added_is_refused_and_nothing_is_changed() {
    let plan = PlanText::chain(&["a", "b", "c"]).already("a", "completed", "jane");
    let project = TestProject::new(&plan, SCRIPT);
    let before = project.read("genesis.xml");
    let refused: [(&[&str], &str); 7] = [
        (&["add", "b", "--name", "n"], "there is a task `b` in the plan already"),
        (&["add", "x", "--name", "n", "--after", "d"], "there is no task `d` in the plan"),
        (
            &["add", "x", "--name", "n", "--before", "a"],
            "task `a` can't wait for the new one: it is completed",
        ),
        (&["add", "x", "--name", "n", "--after", "c", "--before", "b"], "wait for each other"),
        (&["add", "x", "--name", ""], "--name"),
        (&["add", "x"], "--name"),
        (&["add", "x", "--name", "n", "--estimate", "soon"], "--estimate"),
    ];
    for (arguments, says) in refused {
        project.blueprint(arguments).assert(2, &[says]);
        assert_eq!(project.read("genesis.xml"), before, "{arguments:?}");
    }
}

#[test]
fn a_skipped_task_releases_what_waits_for_it_and_adds_nothing() {
    let plan = PlanText::of(&["a", "b", "c"]).edge("a", "c").edge("b", "c");
    let project = TestProject::new(&plan, SCRIPT);
    let run = under_way(&project);
    ok(&project, &["skip", "b", "--reason", "not worth it"]);
    run.wait_for("b is completed now, by");
    project.blueprint(&["skip", "a"]).assert(77, &["task `a` is being worked on by a live run"]);
    project.touch("go");
    run.wait().assert(0, &["b is skipped: it adds nothing to a base but what it needs"]);
    assert_eq!(project.log().starts(), ["a", "c"]);
    let section = project.section_of("b");
    assert!(section.contains("not worth it</summary>"), "{section}");
    let again = ok(&project, &["skip", "b"]);
    assert!(again.contains("task b was already completed"), "{again}");
    project.complete(&[]);
    assert_eq!(project.log().starts(), ["a", "c"]);
}

#[test]
fn a_skipped_task_stands_for_what_it_needs_itself() {
    let edges = [("a", "b"), ("b", "c"), ("c", "d"), ("a", "e"), ("e", "f")];
    let plan = PlanText::of(&["a", "b", "c", "d", "e", "f"]);
    let plan = edges.into_iter().fold(plan, |plan, (from, to)| plan.edge(from, to));
    let project = TestProject::new(&plan, "== *\nwrite {task}.txt of {task}");
    project.run(&["a"]).assert(0, &[]);
    for id in ["b", "c", "e"] {
        ok(&project, &["skip", id]);
    }
    let dry = project.run(&["--dry-run"]).stdout;
    assert!(dry.contains("with the work of a") && !dry.contains("with the work of c"), "{dry}");
    project.complete(&[]);
    let bases = ["d", "f"].map(|id| project.task(id)["base"].as_str().unwrap().to_owned());
    assert_eq!(bases[0], bases[1], "both are built on a's work alone");
    assert_eq!(project.show(&bases[0], "a.txt"), "of a");
    assert_eq!(project.task("a")["commit"].as_str(), Some(&*bases[0]));
}

#[test]
fn what_is_taken_by_hand_is_built_on_what_a_skipped_task_stands_for() {
    let project = TestProject::new(&PlanText::chain(&["a", "b", "c"]), "== *\nwrite {task}.txt of {task}");
    ok(&project, &["skip", "b"]);
    project.run(&["a"]).assert(0, &[]);
    let folder = project.blueprint(&["take", "c"]).stdout;
    assert!(std::path::Path::new(folder.trim_end()).join("a.txt").exists(), "{folder}");
}

#[test]
fn what_needs_a_skipped_task_waits_for_what_that_one_needs() {
    let script = "== a\nwait-for go\nwrite a.txt of a\n== *\nwrite {task}.txt of {task}";
    let plan = PlanText::chain(&["a", "b", "c"]);
    let before = TestProject::new(&plan, script);
    ok(&before, &["skip", "b"]);
    assert!(ok(&before, &["next"]).lines().all(|line| !line.starts_with("c ")));
    let live = TestProject::new(&plan, script);
    for (project, skips_now) in [(&before, false), (&live, true)] {
        let run = project.start(&["run"]);
        project.wait_for_starts(1);
        if skips_now {
            ok(project, &["skip", "b"]);
            run.wait_for("b is completed now");
        }
        project.touch("go");
        run.wait().assert(0, &[]);
        assert_eq!(project.log().starts(), ["a", "c"]);
        assert_eq!(project.task("a")["commit"], project.task("c")["base"]);
    }
}

#[test]
fn what_a_failed_attempt_left_does_not_count_when_its_task_is_skipped() {
    let script = "== a\nwrite half.txt half\nexit 1\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    assert_eq!(project.run(&[]).code, Some(1));
    ok(&project, &["skip", "a"]);
    project.complete(&[]);
    let files = project.files(INTEGRATION);
    assert!(files.contains(&"b.txt".into()) && !files.contains(&"half.txt".into()), "{files:?}");
}

#[test]
fn what_only_the_journal_knows_to_be_done_is_not_skipped() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite a.txt x\nprint a is well");
    let before = project.read("genesis.xml");
    project.complete(&[]);
    project.write("genesis.xml", &before);
    assert!(ok(&project, &["skip", "a"]).contains("task a was already completed"));
    project.run(&[]).assert(0, &[]);
    assert!(project.section_of("a").contains("<summary>a is well</summary>"), "{}", project.section_of("a"));
}

#[test]
fn what_is_skipped_while_a_run_begins_tasks_is_not_begun() {
    let ids: Vec<String> = (1..=12).map(|number| format!("t{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let project = TestProject::new(&PlanText::of(&ids), "== *\nwrite {task}.txt x");
    let run = project.start(&["run", "-j", "2"]);
    let skipped = |id: &&&str| project.blueprint(&["skip", id]).stderr.contains("is skipped");
    let skipped: Vec<_> = ids.iter().rev().filter(skipped).collect();
    run.wait().assert(0, &[]);
    for id in skipped {
        assert_eq!(project.log().starts_of(id), 0, "{id}");
    }
}

#[test]
fn agents_neither_add_nor_skip() {
    let script = "== *\nblueprint add|x|--name|n\nblueprint skip|b\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    project.complete(&["a"]);
    let log = project.log();
    let codes: Vec<_> = log.all("blueprint").map(|event| event.more[0].clone()).collect();
    assert_eq!(codes, ["77", "77"], "{log:?}");
    project.assert_statuses(&[("a", "completed"), ("b", "pending")]);
}

#[test]
fn an_estimate_that_nobody_has_given_is_not_written() {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    let estimates = || project.read("genesis.xml").matches("<estimatedDuration>").count();
    let before = estimates();
    project.blueprint(&["add", "b", "--name", "B"]).assert(0, &[]);
    assert_eq!(estimates(), before);
    project.blueprint(&["add", "c", "--name", "C", "--estimate", "2h"]).assert(0, &[]);
    assert_eq!(estimates(), before + 1);
}
