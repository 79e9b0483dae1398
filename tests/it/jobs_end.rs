//! What jobs of a CI system say and leave when they end: it holds in any clone, since their own may be gone by then.

use rustix::process::Signal;

use crate::project::{BLUEPRINT, Ended, Fleet, PlanText, TestProject, wait_until};
use crate::public_schemas::assert_junit;

const WRITES: &str = "== *\nwrite {task}.txt what {task} made";

/// What it says to do next.
#[track_caller]
fn next(ended: &Ended, clone: &TestProject) -> String {
    let line = ended.stderr.lines().find_map(|line| line.strip_prefix("next    "));
    let line = line.unwrap_or_else(|| panic!("{ended}")).to_owned();
    assert!(!line.contains(&*clone.root.to_string_lossy()), "{line}");
    line
}

#[test]
fn a_question_is_answered_from_another_clone_by_what_the_job_says() {
    let script = "== a #1\nprint CLARIFICATION: red or blue?\n== *\nwrite {task}.txt x";
    let fleet = Fleet::new(&PlanText::of(&["a"]), script);
    let job = fleet.clone("job");
    let ended = job.run(&["--ci"]);
    ended.assert(4, &[]);
    assert_eq!(next(&ended, &job), "blueprint answer genesis.xml a TEXT --remote");
    fleet.home.blueprint(&["answer", "genesis.xml", "a", "red", "--remote"]).assert(0, &[]);
    let other = fleet.clone("other");
    other.run(&["--ci"]).assert(0, &[]);
    other.assert_statuses(&[("a", "completed")]);
}

#[test]
fn what_is_done_lands_from_another_clone_by_what_the_job_says() {
    let fleet = Fleet::new(&PlanText::chain(&["a", "b"]), WRITES);
    let job = fleet.clone("job");
    let ended = job.run(&["--ci"]);
    ended.assert(0, &[]);
    assert!(next(&ended, &job).starts_with("blueprint sync genesis.xml   (in a clone of yours"), "{ended}");
    fleet.home.git(&["config", "user.name", "Ada"]);
    fleet.home.git(&["config", "user.email", "ada@example.org"]);
    fleet.home.blueprint(&["sync", "genesis.xml"]).assert(0, &["blueprint land"]);
    fleet.home.blueprint(&["land"]).assert(0, &[]);
    assert!(fleet.home.files("main").contains(&"b.txt".to_owned()));
}

#[test]
fn a_job_of_one_task_names_what_is_next_for_the_whole_plan() {
    let fleet = Fleet::new(&PlanText::of(&["a", "bad"]), &format!("== bad\nexit 3\n{WRITES}"));
    let (first, second) = (fleet.clone("first"), fleet.clone("second"));
    let ended = first.run(&["a", "--ci"]);
    ended.assert(0, &[]);
    assert!(next(&ended, &first).starts_with("blueprint sync genesis.xml   ("), "{ended}");
    assert!(!ended.stderr.contains("integration") && !ended.stderr.contains("land"), "{ended}");
    let ended = second.run(&["bad", "--ci", "--retries", "0"]);
    ended.assert(1, &[]);
    assert!(next(&ended, &second).starts_with("blueprint status genesis.xml bad --remote   ("), "{ended}");
    fleet.home.blueprint(&["status", "genesis.xml", "bad", "--remote"]).assert(0, &[]);
}

#[test]
fn a_job_that_was_cancelled_names_the_job_that_goes_on() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), "== a\nhang");
    let job = fleet.clone("job");
    let run = job.start(&["run", "--ci"]);
    job.wait_for_starts(1);
    run.signal(Signal::TERM);
    let ended = run.wait();
    ended.assert(143, &[]);
    assert!(next(&ended, &job).starts_with("blueprint run genesis.xml --ci   ("), "{ended}");
}

#[test]
fn landing_in_a_shallow_clone_says_what_is_missing() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), WRITES);
    fleet.clone("job").run(&["--ci"]).assert(0, &[]);
    fleet.home.write("more.txt", "x");
    fleet.home.commit_all("More");
    fleet.home.git(&["push", "--quiet", "origin", "main"]);
    let shallow = fleet.shallow_clone("shallow");
    shallow.git(&["config", "user.name", "Ada"]);
    shallow.git(&["config", "user.email", "ada@example.org"]);
    shallow.blueprint(&["sync"]).assert(0, &[]);
    shallow.blueprint(&["land"]).assert(74, &["is a shallow clone", "git fetch --unshallow"]);
    shallow.git(&["fetch", "--quiet", "--unshallow"]);
    shallow.blueprint(&["land"]).assert(0, &[]);
    assert!(shallow.files("main").contains(&"a.txt".to_owned()));
}

/// As a GitLab job, whose reports lie in that folder then.
#[track_caller]
fn gitlab(clone: &TestProject, arguments: &[&str], code: i32) -> (String, String) {
    let reports = clone.base().join(format!("reports {}", arguments.join(" ")));
    std::fs::create_dir(&reports).unwrap();
    let mut command = clone.command(BLUEPRINT);
    command.args(arguments).env("GITLAB_CI", "true").env("CI_PROJECT_DIR", &reports);
    let ended = command.output().unwrap();
    assert_eq!(ended.status.code(), Some(code), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_junit(&reports.join("blueprint-junit.xml"));
    let read = |name: &str| std::fs::read_to_string(reports.join(name)).unwrap();
    (read("blueprint-junit.xml"), read("blueprint.env"))
}

#[test]
fn a_job_that_has_nothing_to_run_leaves_the_reports_that_later_jobs_look_for() {
    let fleet = Fleet::new(&PlanText::chain(&["a", "b"]), WRITES);
    let (junit, env) = gitlab(&fleet.clone("early"), &["run", "b", "--ci"], 4);
    assert!(junit.contains("name=\"b\""), "{junit}");
    assert!(env.contains("BLUEPRINT_RESULT=blocked\n") && env.contains("BLUEPRINT_COMPLETED=0\n"), "{env}");
    fleet.clone("first").run(&["a", "--ci"]).assert(0, &[]);
    let (junit, env) = gitlab(&fleet.clone("again"), &["run", "a", "--ci"], 0);
    assert!(junit.contains("completed before this run"), "{junit}");
    assert!(env.contains("BLUEPRINT_RESULT=completed\nBLUEPRINT_EXIT_CODE=0\n"), "{env}");
    let (junit, env) = gitlab(&fleet.clone("last"), &["sync"], 4);
    assert!(junit.contains("name=\"a\"") && junit.contains("name=\"b\""), "{junit}");
    assert!(env.contains("BLUEPRINT_COMPLETED=1\nBLUEPRINT_TOTAL=2\n"), "{env}");
}

#[test]
fn a_job_whose_task_another_one_has_leaves_reports_too_and_those_that_its_flags_ask_for() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), "== a\nwait-for go\nwrite a.txt x");
    let first = fleet.clone("first");
    let run = first.start(&["run", "a", "--ci"]);
    first.wait_for_starts(1);
    gitlab(&fleet.clone("second"), &["run", "a", "--ci"], 5);
    let third = fleet.clone("third");
    third
        .run(&["a", "--ci", "--junit", "junit.xml", "--events", "events"])
        .assert(5, &["another job has task"]);
    assert!(third.read("junit.xml").contains("name=\"a\""));
    assert_eq!(third.read("events"), "");
    first.touch("go");
    run.wait().assert(0, &[]);
}

#[test]
fn status_names_the_job_that_has_a_task_in_hand() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), "== a\nwait-for go\nwrite a.txt x");
    let job = fleet.clone("job");
    let run = job.start(&["run", "a", "--ci"]);
    job.wait_for_starts(1);
    let told = || fleet.record("a").is_some_and(|record| record["status"] == "in-progress");
    wait_until("a record of what is in progress", told, String::new);
    let looked = fleet.home.blueprint(&["status", "a", "--remote", "--format", "json"]);
    looked.assert(0, &[]);
    let status: serde_json::Value = serde_json::from_str(&looked.stdout).unwrap();
    let claim = &fleet.record("a").unwrap()["claim"];
    let owner = &status["tasks"][0]["owner"];
    assert_eq!((&owner["job"], &owner["host"]), (&claim["owner"], &claim["host"]), "{status:#}");
    // The clone remembers what it has seen there.
    fleet.home.blueprint(&["status", "a"]).assert(0, &[]);
    assert_eq!(fleet.home.task("a")["owner"], *owner);
    job.touch("go");
    run.wait().assert(0, &[]);
}

#[test]
fn a_job_that_is_cancelled_while_it_asks_the_remote_ends_as_its_system_expects() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), WRITES);
    let before = fleet.refs("refs");
    for (name, arguments) in [("whole", &["run", "--ci"][..]), ("one", &["run", "a", "--ci"])] {
        let job = fleet.clone(name);
        let asked = job.control.join(format!("asked {name}"));
        let hangs = format!("touch '{}'; exec sleep 600; :", asked.display());
        job.git(&["config", "remote.origin.uploadpack", &hangs]);
        let run = job.start(arguments);
        wait_until("a question to the remote", || asked.exists(), String::new);
        run.signal(Signal::TERM);
        run.wait().assert(143, &["broken off before"]);
        assert_eq!(fleet.refs("refs"), before);
    }
}

#[test]
fn what_a_clone_remembers_of_remotes_is_cleaned_with_the_plan_that_is_over() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), WRITES);
    let job = fleet.clone("job");
    job.git(&["config", "user.name", "Ada"]);
    job.git(&["config", "user.email", "ada@example.org"]);
    job.run(&["--ci"]).assert(0, &[]);
    let copies = || job.git(&["for-each-ref", "refs/blueprint-remotes"]);
    job.blueprint(&["clean", "--yes"]).assert(0, &[]);
    assert!(!copies().is_empty(), "what has not landed stays with all that is known of it");
    job.blueprint(&["land"]).assert(0, &[]);
    let there = fleet.refs("refs");
    job.blueprint(&["clean", "--yes"]).assert(0, &[]);
    assert_eq!(copies(), "");
    assert_eq!(fleet.refs("refs"), there);
}
