//! Two who want the same: runs, plans, people.

use std::fs;

use rustix::process::Signal;

use crate::project::{BLUEPRINT, INTEGRATION, PlanText, Running, TestProject};

const WAITING: &str = "== *\nwait-for go\nwrite {task}.txt x";

#[test]
fn a_second_run_of_a_plan_is_refused_and_names_the_first() {
    let project = TestProject::new(&PlanText::of(&["a"]), WAITING);
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    let before = project.read("genesis.xml");
    let pid = run.pid().to_string();
    project.run(&[]).assert(5, &["another run holds this plan", &pid]);
    assert_eq!(project.read("genesis.xml"), before);
    assert_eq!(project.task("a")["owner"]["pid"], run.pid());
    project.touch("go");
    run.wait().assert(0, &[]);
    assert_eq!(project.log().starts(), ["a"]);
}

#[test]
fn of_many_runs_that_start_together_one_runs_the_plan() {
    let project = TestProject::new(&PlanText::of(&["a"]), WAITING);
    let runs: Vec<_> = (0..4).map(|_| project.start(&["run"])).collect();
    project.wait_for_starts(1);
    // The others have been refused, or will find everything done.
    project.touch("go");
    let codes: Vec<_> = runs.into_iter().map(|run| run.wait().code.unwrap()).collect();
    assert!(codes.iter().all(|code| [0, 5].contains(code)) && codes.contains(&0), "{codes:?}");
    assert_eq!(project.log().starts(), ["a"]);
    assert_eq!(project.transitions("a", "completed"), 1);
}

#[test]
fn a_lock_that_somebody_does_not_give_back_is_told_and_keeps_nobody_from_ending_the_run() {
    let project = TestProject::new(&PlanText::of(&["a"]), WAITING);
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    let lock = fs::File::open(project.state_dir().join("plan.lock")).unwrap();
    lock.lock().unwrap();
    project.touch("go");
    run.wait_for(&format!("waits for the plan's lock, held by process {}", std::process::id()));
    run.signal(Signal::TERM);
    run.wait_for("ending the running agents");
    lock.unlock().unwrap();
    // Whichever of the two it heard of first, the signal or that the agent was done.
    let code = run.wait().code;
    assert!([Some(143), Some(0)].contains(&code), "{code:?}");
    project.complete(&[]);
}

#[test]
fn two_plans_with_one_epic_name_are_refused_until_one_gets_another() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite {task}.txt x");
    project.write("other/genesis.xml", &PlanText::of(&["b"]).to_xml());
    project.complete(&[]);
    let first = project.root.join("genesis.xml").display().to_string();
    project.run(&["other"]).assert(2, &[&first, "--epic NAME"]);
    project.complete(&["other", "--epic", "second"]);
    let refs = project.refs();
    assert!(refs.contains("refs/heads/blueprint/second/b"), "{refs}");
}

#[test]
fn a_task_in_a_persons_hands_is_left_alone_and_so_is_what_needs_it() {
    let plan = PlanText::of(&["a", "b", "c"]).edge("a", "b").already("a", "in-progress", "jane");
    let project = TestProject::new(&plan, "== *\nwrite {task}.txt x");
    project.run(&[]).assert(
        4,
        &["a is in progress by jane and is left alone", "because `a` is in other hands than the run's"],
    );
    project.assert_statuses(&[("a", "in-progress"), ("b", "pending"), ("c", "completed")]);
    assert_eq!(project.task("a")["owner"], "jane");
    assert_eq!(project.log().starts(), ["c"]);
}

#[test]
fn people_and_runs_change_the_plan_at_once_and_nothing_gets_lost() {
    let ids: Vec<_> = (0..12).map(|number| format!("t{number}")).collect();
    let (by_run, by_hand) = ids.split_at(6);
    let all: Vec<_> = ids.iter().map(String::as_str).collect();
    let project = TestProject::new(&PlanText::of(&all), "== *\nwrite {task}.txt x");
    let named: Vec<_> = by_run.iter().map(String::as_str).collect();
    let run = project.start(&[&["run", "-j", "3"], named.as_slice()].concat());
    let people: Vec<_> = by_hand.iter().map(|id| project.start(&["task", "start", "--task", id])).collect();
    for person in people {
        person.wait().assert(0, &[]);
    }
    run.wait().assert(0, &[]);
    let expected = |id: &String| if by_run.contains(id) { "completed" } else { "in-progress" };
    let expected: Vec<_> = ids.iter().map(|id| (id.as_str(), expected(id))).collect();
    project.assert_statuses(&expected);
    for id in by_hand {
        assert_eq!(project.events_in_plan(id, "in-progress"), 1, "{id}");
    }
}

#[test]
fn a_rival_plan_can_be_looked_at() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite {task}.txt x");
    project.write("other/genesis.xml", &PlanText::of(&["b"]).to_xml());
    project.complete(&[]);
    let status = project.blueprint(&["status", "other", "--format", "json"]);
    assert_eq!(status.code, Some(0), "{status}");
    assert_eq!(status.json()["tasks"][0]["status"], "pending");
    let before = project.read("other/genesis.xml");
    project.run(&["other"]).assert(2, &["--epic NAME"]);
    assert_eq!(project.read("other/genesis.xml"), before);
}

#[test]
fn a_rival_plan_is_refused_while_the_first_one_runs() {
    let project = TestProject::new(&PlanText::of(&["a"]), WAITING);
    project.write("other/genesis.xml", &PlanText::of(&["b"]).to_xml());
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    let second = project.run(&["other"]);
    assert!([Some(2), Some(5)].contains(&second.code), "{second}");
    project.touch("go");
    run.wait().assert(0, &[]);
    assert_eq!(project.log().starts(), ["a"]);
}

#[test]
fn a_copy_of_the_whole_repository_is_nobodys_rival() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), "== *\nwrite {task}.txt x");
    project.complete(&["a"]);
    let copy = project.base().join("copy");
    let copied = project.command("cp").arg("-r").arg(&project.root).arg(&copy).status().unwrap();
    assert!(copied.success());
    let in_copy = |arguments: &[&str]| {
        let mut command = project.command(BLUEPRINT);
        Running::start(command.args(arguments).current_dir(&copy)).wait()
    };
    let status = in_copy(&["status", "--format", "json"]);
    assert_eq!(status.code, Some(0), "{status}");
    assert_eq!(status.json()["counts"]["completed"], 1);
    let run = in_copy(&["run"]);
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(project.log().starts(), ["a", "b"]);
    project.assert_statuses(&[("a", "completed"), ("b", "pending")]);
    project.complete(&[]);
}

#[test]
fn an_integration_branch_that_is_checked_out_is_refused_before_anything_starts() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite a.txt x");
    project.git(&["checkout", "--quiet", "-b", INTEGRATION]);
    let (plan, refs) = (project.read("genesis.xml"), project.refs());
    let place = project.root.display().to_string();
    project.run(&[]).assert(2, &[INTEGRATION, &place]);
    assert_eq!((project.read("genesis.xml"), project.refs()), (plan, refs));
    assert_eq!(project.log().starts(), [""; 0]);
}
