//! Checkouts of other commits than the one that the saved state is of: shallow ones, older ones, and such in which a task is gone on purpose.

use crate::project::{Fleet, PlanText, TestProject};

const PLAN: &str = "refs/blueprint/trial/plan";
const WRITES: &str = "== *\nwrite {task}.txt what {task} made";

fn saved_plan(fleet: &Fleet) -> String {
    fleet.git(&["show", &format!("{PLAN}:genesis.xml")])
}

fn commit(fleet: &Fleet, plan: &PlanText, message: &str) {
    fleet.home.write("genesis.xml", &plan.to_xml());
    fleet.home.commit_all(message);
    fleet.home.git(&["push", "--quiet", "origin", "main"]);
}

#[test]
fn an_older_checkout_drops_no_task_that_waits_however_little_its_clone_and_the_savers_know_of_the_history() {
    for is_shallow in [true, false] {
        for verb in [["run", "--ci"].as_slice(), &["sync"]] {
            let fleet = Fleet::new(&PlanText::of(&["a", "b"]), "== a\nexit 1\n== *\nwrite {task}.txt x");
            let clone = |name: &str| -> TestProject {
                if is_shallow { fleet.shallow_clone(name) } else { fleet.clone(name) }
            };
            let old = clone("old");
            commit(&fleet, &PlanText::of(&["a", "b", "late"]).edge("a", "late"), "One task more");
            fleet.shallow_clone("new").run(&["--ci"]).assert(1, &[]);
            let ended = old.blueprint(verb);
            ended.assert(1, &["goes on from the state"]);
            assert!(!ended.stderr.contains("was changed since"), "{ended}");
            assert!(saved_plan(&fleet).contains("id=\"late\""));
            let again = fleet.shallow_clone("again");
            again.run(&["--ci"]).assert(1, &["goes on from the state"]);
            again.assert_statuses(&[("a", "failed"), ("b", "completed"), ("late", "pending")]);
        }
    }
}

#[test]
fn a_shallow_checkout_of_a_later_commit_brings_its_new_tasks() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), WRITES);
    fleet.shallow_clone("first").run(&["--ci"]).assert(0, &[]);
    commit(&fleet, &PlanText::chain(&["a", "b"]), "One task more");
    let later = fleet.shallow_clone("later");
    later.run(&["--ci"]).assert(0, &["was changed since"]);
    later.assert_statuses(&[("a", "completed"), ("b", "completed")]);
    commit(&fleet, &PlanText::of(&["a", "c"]), "Another instead");
    let last = fleet.shallow_clone("last");
    last.run(&["--ci"]).assert(0, &["was changed since"]);
    last.assert_statuses(&[("a", "completed"), ("c", "completed")]);
}

#[test]
fn a_task_that_a_job_has_done_and_a_later_commit_takes_out_is_passed_over() {
    let fleet = Fleet::new(&PlanText::chain(&["a", "b", "c"]), WRITES);
    let old = fleet.clone("old");
    for task in ["a", "b"] {
        fleet.clone(task).run(&[task, "--ci"]).assert(0, &[]);
    }
    let shallow = PlanText::of(&["a", "c"]).edge("a", "c");
    commit(&fleet, &shallow, "Without b");
    fleet.clone("c").run(&["c", "--ci"]).assert(0, &[]);
    let sync = fleet.clone("sync");
    sync.blueprint(&["sync"]).assert(0, &["b is not in the plan any more", "2 of 2 tasks are completed"]);
    sync.assert_journal();
    for (clone, verb) in
        [(&sync, ["sync"].as_slice()), (&fleet.clone("run"), &["run", "--ci"]), (&old, &["sync"])]
    {
        let ended = clone.blueprint(verb);
        ended.assert(0, &[]);
        assert!(!ended.stderr.contains("any more"), "{ended}");
        assert!(!saved_plan(&fleet).contains("id=\"b\""));
    }
}

#[test]
fn a_whole_run_in_a_commit_without_a_task_that_a_job_has_done_goes_on() {
    let fleet = Fleet::new(&PlanText::of(&["a", "b"]), WRITES);
    fleet.clone("b").run(&["b", "--ci"]).assert(0, &[]);
    commit(&fleet, &PlanText::of(&["a"]), "Without b");
    fleet.clone("run").run(&["--ci"]).assert(0, &["b is not in the plan any more"]);
}
