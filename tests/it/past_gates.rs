//! No way leads round gates, none loses what has come to one, and what could not be run goes on from there.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::gates::{ends, merged, project};
use crate::landing::identify;
use crate::project::{BLUEPRINT, Ended, INTEGRATION, PlanText, Running, Terminal, TestProject, wait_until};

const WORK: &str = "== *\nwrite {task}.txt x";
const RELEASE: &str = "[[gates]]\nname = \"rel\"\nkind = \"approve\"\n";

fn chain(gates: &str) -> TestProject {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), WORK);
    project.configure(gates);
    project
}

fn done(project: &TestProject, task: &str) -> Ended {
    project.blueprint(&["task", "done", task, "--summary", "fine"])
}

fn done_at_a_terminal(project: &TestProject, task: &str) -> String {
    let arguments = ["task", "done", task, "--summary", "fine", "--force"];
    let (status, screen) = Terminal::run(project, &arguments).wait();
    assert_eq!(status.code(), Some(0), "{screen}");
    screen
}

#[test]
fn work_that_waits_for_approval_is_not_completed_by_a_word() {
    let project = chain(&RELEASE.replace("kind", "tasks = [\"a\"]\nkind"));
    project.run(&[]).assert(4, &[]);
    let says =
        ["waits for a person's approval at the gate `rel`", " a approve`", "blueprint take", "--force"];
    done(&project, "a").assert(2, &says);
    project.assert_statuses(&[("a", "blocked"), ("b", "pending")]);
    project.run(&[]).assert(4, &[]);
    project.blueprint(&["answer", "a", "approve"]).assert(0, &[]);
    project.complete(&[]);
    assert_eq!(merged(&project), ["a.txt", "b.txt"]);
}

#[test]
fn what_a_person_at_a_terminal_lets_pass_is_merged_as_it_is_and_built_upon() {
    let project = chain(&RELEASE.replace("kind", "tasks = [\"a\"]\nkind"));
    project.run(&[]).assert(4, &[]);
    let screen = done_at_a_terminal(&project, "a");
    assert!(screen.contains("waits for a person's approval") && screen.contains("merges"), "{screen}");
    let ended = project.complete(&[]);
    assert!(!ended.stderr.contains("not on its branch"), "{ended}");
    assert_eq!(merged(&project), ["a.txt", "b.txt"]);
    assert!(project.files("blueprint/trial/b").contains(&"a.txt".to_owned()));
    assert_eq!(project.log().starts(), ["a", "b"]);
    project.assert_journal();
}

#[test]
fn work_that_has_not_passed_a_gate_is_not_completed_by_a_word() {
    let project = project(&["a"], WORK, "gate-iterations = 0\n[[gates]]\nname = \"rel\"\nrun = \"false\"\n");
    project.run(&[]).assert(1, &[]);
    done(&project, "a").assert(2, &["has not passed the gate `rel`", "blueprint retry", "blueprint give"]);
    project.blueprint(&["task", "start", "a"]).assert(0, &[]);
    done(&project, "a").assert(2, &["has not passed the gate `rel`"]);
    assert!(!project.refs().contains(INTEGRATION), "{}", project.refs());
}

#[test]
fn what_a_person_commits_on_the_branch_goes_through_gates_too() {
    let script = "== a\nwrite half.txt half\nexit 1\n== *\nwrite {task}.txt x";
    let project = project(&["a"], script, "[[gates]]\nname = \"tests\"\nrun = \"test -e whole.txt\"\n");
    identify(&project);
    project.run(&[]).assert(1, &[]);
    project.commit_in(&project.worktree("a"), "other.txt", "by jane", &[]);
    done(&project, "a").assert(2, &["has not been through its gates: tests", "blueprint give a"]);
    let screen = done_at_a_terminal(&project, "a");
    assert!(screen.contains("has not been through its gates"), "{screen}");
    project.complete(&[]);
    assert_eq!(merged(&project), ["half.txt", "other.txt"]);
}

#[test]
fn a_task_without_work_or_gates_is_completed_by_a_word() {
    let plain = project(&["a"], WORK, "");
    done(&plain, "a").assert(0, &[]);
    let gated = project(&["a"], WORK, RELEASE);
    done(&gated, "a").assert(0, &[]);
    done(&gated, "a").assert(0, &["already"]);
}

#[test]
fn the_unfinished_work_of_an_agent_is_not_said_to_be_elsewhere() {
    let script = "== a\nwrite half.txt half\nexit 1\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    project.run(&[]).assert(1, &[]);
    done(&project, "a").assert(0, &[]);
    let ended = project.complete(&[]);
    assert!(ended.stderr.contains("the unfinished work of its agent"), "{ended}");
    assert!(!ended.stderr.contains("not on its branch"), "{ended}");
}

#[test]
fn a_named_task_that_waits_for_a_word_is_left_alone() {
    let script = "== a\nwrite a.txt x\nprint CLARIFICATION: Which port?\n== *\nwrite {task}.txt x";
    let project = project(&["a", "b"], script, &RELEASE.replace("kind", "tasks = [\"b\"]\nkind"));
    project.run(&[]).assert(4, &[]);
    project
        .run(&["a", "b"])
        .assert(4, &["a waits for an answer: `blueprint answer a TEXT`", "`blueprint answer b approve`"]);
    project.assert_statuses(&[("a", "blocked"), ("b", "blocked")]);
    assert_eq!(project.log().starts().len(), 2, "nothing is begun anew");
    project.blueprint(&["answer", "b", "approve"]).assert(0, &[]);
    project.run(&["b"]).assert(0, &[]);
    project.blueprint(&["retry", "a"]).assert(0, &[]);
    project.run(&["a"]).assert(4, &[]);
    assert_eq!(project.log().starts_of("a"), 2);
}

#[test]
fn a_gate_whose_program_is_missing_is_told_before_anything_starts() {
    for run in ["[\"no-such-lint\", \"--all\"]", "\"no-such-lint --all\""] {
        let gate = format!("gate-iterations = 1\n[[gates]]\nname = \"lint\"\nrun = {run}\n");
        let project = project(&["a"], WORK, &gate);
        let says = ["the program of the gate `lint`, `no-such-lint`, is not found", "blueprint.toml line "];
        project.run(&[]).assert(2, &says);
        project.run(&["--dry-run"]).assert(0, &["warning `blueprint run` would not begin: ", says[0]]);
        assert!(project.log().starts().is_empty());
        let file = project.read("blueprint.toml");
        let line = file.lines().position(|line| line.starts_with("run = ")).unwrap() + 1;
        project.run(&[]).assert(2, &[&format!("line {line}:")]);
        let doctor = project.blueprint(&["doctor"]);
        assert!(doctor.code == Some(1) && doctor.stdout.contains("no-such-lint"), "{doctor}");
    }
}

#[test]
fn a_program_that_the_work_or_a_setup_step_may_bring_is_not_looked_for() {
    let gates = "[[gates]]\nname = \"own\"\nrun = \"./own.sh\"\n[[gates]]\nname = \"sure\"\nrun = \"no-such-lint || true\"\n";
    let script = "== *\nwrite own.sh #!/bin/sh\nprint made";
    let project = project(&["a"], script, &format!("gate-iterations = 0\n{gates}"));
    project.run(&[]).assert(1, &["did not pass"]);
    assert_eq!(project.log().starts().len(), 1);
}

#[test]
fn a_command_that_no_shell_can_run_is_mended_by_a_person_and_costs_no_agent_a_round() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    project.configure("[[gates]]\nname = \"lint\"\nrun = \"./no-such-lint\"\n");
    project.run(&[]).assert(
        4,
        &["the gate `lint` could not be run: its command is not found (exit code 127): ", "no-such-lint"],
    );
    assert_eq!(project.log().starts().len(), 1);
    project.configure("[[gates]]\nname = \"lint\"\nrun = \"true\"\n");
    project.run(&["a"]).assert(0, &["a: attempt 1 goes on with its gates"]);
    assert_eq!(project.log().starts().len(), 1);
}

/// A program that is there, and can't be started before it is mended.
fn broken(isolation: &str) -> (TestProject, impl Fn(&TestProject, &[&str]) -> Ended, impl Fn()) {
    let gates = "[[gates]]\nname = \"first\"\nrun = \"echo x >> ../first\"\n[[gates]]\nname = \"lint\"\nrun = [\"the-lint\"]\n";
    let project = TestProject::new(&PlanText::of(&["a", "b", "c"]), WORK);
    project.configure(&format!("isolation = \"{isolation}\"\n{gates}"));
    let folder = project.base().join("programs");
    fs::create_dir(&folder).unwrap();
    let program = folder.join("the-lint");
    let write = {
        let program = program.clone();
        move |text: &str| {
            fs::write(&program, text).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
    };
    write("#!/no/such/interpreter\n");
    let run = move |project: &TestProject, arguments: &[&str]| {
        let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
        let mut command = project.command(BLUEPRINT);
        Running::start(command.args(["run", "--progress", "plain"]).args(arguments).env("PATH", path)).wait()
    };
    (project, run, move || write("#!/bin/sh\nexit 0\n"))
}

#[test]
fn work_whose_gate_could_not_be_run_goes_on_with_its_gates_once_that_is_mended() {
    for isolation in ["worktree", "none"] {
        let (project, run, mend) = broken(isolation);
        run(&project, &[]).assert(4, &["the gate `lint` could not be run", "goes on with its gates"]);
        project.assert_statuses(&[("a", "blocked"), ("b", "blocked"), ("c", "blocked")]);
        run(&project, &[]).assert(4, &[]);
        let told = project.blueprint(&["explain", "a"]);
        assert!(told.stdout.contains("goes on with its gates"), "{told}");
        run(&project, &["--rerun-failed"]).assert(4, &["the gate `lint` could not be run"]);
        mend();
        done(&project, "a").assert(2, &["could not be run"]);
        run(&project, &["a"]).assert(0, &["a: attempt 1 goes on with its gates"]);
        project.assert_statuses(&[("a", "completed"), ("b", "blocked"), ("c", "blocked")]);
        run(&project, &["--rerun-failed"]).assert(0, &["b: attempt 1 goes on with its gates"]);
        project.assert_statuses(&[("a", "completed"), ("b", "completed"), ("c", "completed")]);
        assert_eq!(project.log().starts().len(), 3, "no work is done twice");
        assert_eq!(ends(&project, "a").last().unwrap(), &("lint".to_owned(), true));
        project.assert_journal();
    }
}

#[test]
fn a_run_that_is_killed_during_a_gate_in_the_checkout_goes_on_with_the_gates() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    let control = project.control.display();
    let gate = format!("test -e '{control}/go' || {{ touch '{control}/began'; sleep 600; }}");
    project.configure(&format!("isolation = \"none\"\n[[gates]]\nname = \"slow\"\nrun = \"{gate}\"\n"));
    let run = project.start(&["run"]);
    project.wait_until_there("began");
    run.kill();
    project.touch("go");
    let ended = project.complete(&[]);
    assert!(!ended.stderr.contains("nobody saw"), "{ended}");
    assert_eq!(project.log().starts().len(), 1, "{ended}");
    assert_eq!(project.facts("attempt-started", "a").len(), 1);
    project.assert_no_process_left();
    project.assert_journal();
}

#[test]
fn a_run_that_is_ended_during_a_gate_in_the_checkout_leaves_the_gates_to_the_next() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    let control = project.control.display();
    let gate = format!("test -e '{control}/go' || {{ touch '{control}/began'; sleep 600; }}");
    project.configure(&format!("isolation = \"none\"\n[[gates]]\nname = \"slow\"\nrun = \"{gate}\"\n"));
    let run = project.start(&["run"]);
    project.wait_until_there("began");
    run.signal(rustix::process::Signal::TERM);
    run.wait().assert(143, &[]);
    project.assert_statuses(&[("a", "pending")]);
    project.touch("go");
    project.complete(&[]).assert(0, &["attempt 1 goes on with its gates"]);
    assert_eq!(project.log().starts().len(), 1);
    project.assert_journal();
}

#[test]
fn the_question_at_a_gate_names_what_can_be_done_about_it_there() {
    let in_place = project(&["a"], WORK, &format!("isolation = \"none\"\n{RELEASE}"));
    let ended = in_place.run(&[]);
    ended.assert(4, &["blueprint answer a approve` has it completed"]);
    let question = in_place.task("a")["question"].as_str().unwrap().to_owned();
    assert!(!question.contains("blueprint diff") && !question.contains("merged"), "{question}");
    let elsewhere = project(&["a"], WORK, RELEASE);
    fs::create_dir(elsewhere.root.join("plans")).unwrap();
    fs::rename(elsewhere.root.join("genesis.xml"), elsewhere.root.join("plans/my plan.xml")).unwrap();
    let ended = elsewhere.blueprint(&["run", "plans/my plan.xml"]);
    ended.assert(4, &["`blueprint answer 'plans/my plan.xml' a approve` has it merged"]);
    elsewhere.blueprint(&["answer", "plans/my plan.xml", "a", "approve"]).assert(0, &[]);
    wait_until(
        "the merge",
        || elsewhere.blueprint(&["run", "plans/my plan.xml"]).code == Some(0),
        String::new,
    );
}
