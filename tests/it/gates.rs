//! `[[gates]]`: what the work of a task has to pass before it is merged.

use std::fs;

use serde_json::Value;

use crate::project::{INTEGRATION, PlanText, TestProject, wait_until};

/// Fails until there is a file `good.txt`.
const GOOD: &str =
    "[[gates]]\nname = \"tests\"\nrun = \"echo 'assertion failed: not good'; test -e good.txt\"\n";

pub(crate) fn project(ids: &[&str], script: &str, gates: &str) -> TestProject {
    let project = TestProject::new(&PlanText::of(ids), script);
    project.configure(gates);
    project
}

/// The gates' ends in the journal: name, and whether it was passed.
pub(crate) fn ends(project: &TestProject, task: &str) -> Vec<(String, bool)> {
    let end = |fact: &Value| (fact["gate"].as_str().unwrap().to_owned(), fact["passed"].as_bool().unwrap());
    project.facts("gate-ended", task).iter().map(end).collect()
}

fn outcomes(project: &TestProject, task: &str) -> Vec<String> {
    let attempts = project.task(task)["each_attempt"].as_array().unwrap().clone();
    attempts.iter().map(|attempt| attempt["outcome"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn merged(project: &TestProject) -> Vec<String> {
    project.files(INTEGRATION).into_iter().filter(|file| file.contains(".txt")).collect()
}

pub(crate) fn prompt_of(project: &TestProject, record: &str) -> String {
    fs::read_to_string(project.control.join(record).join("stdin")).unwrap()
}

#[test]
fn work_that_fails_twice_goes_back_with_what_was_found_and_is_merged_when_it_passes() {
    let script =
        "== a #1\nwrite a.txt one\n== a #2\nwrite a.txt two\nrecord second\n== a #3\nwrite good.txt x";
    let project = project(&["a"], script, GOOD);
    project.complete(&[]).assert(
        0,
        &[
            "its work goes through the gates tests",
            "did not pass a gate: the gate `tests` ended",
            "attempt 3",
        ],
    );
    assert_eq!(
        ends(&project, "a"),
        [("tests".into(), false), ("tests".into(), false), ("tests".into(), true)]
    );
    assert_eq!(outcomes(&project, "a"), ["gate-failed", "gate-failed", "completed"]);
    let prompt = prompt_of(&project, "second");
    assert!(prompt.contains("assertion failed: not good") && prompt.contains("the gate `tests`"), "{prompt}");
    assert_eq!(merged(&project), ["a.txt", "good.txt"]);
    assert_eq!((project.merges()["a"], project.transitions("a", "completed")), (1, 1));
}

#[test]
fn work_that_never_passes_fails_with_what_was_found_and_is_not_merged() {
    let project = project(&["a"], "== *\nappend a.txt more", &format!("gate-iterations = 1\n{GOOD}"));
    project.run(&[]).assert(1, &["`tests` did not pass in 2 rounds", "assertion failed: not good"]);
    project.assert_statuses(&[("a", "failed")]);
    assert_eq!(outcomes(&project, "a"), ["gate-failed", "gate-failed"]);
    assert_eq!(project.task("a")["outcome"], "gate-failed");
    let log = project.facts("gate-ended", "a")[1]["log"].as_str().unwrap().to_owned();
    assert_eq!(fs::read_to_string(log).unwrap(), "assertion failed: not good\n");
    assert!(project.facts("merged", "a").is_empty());
    project.assert_journal();
}

#[test]
fn three_times_work_goes_back_unless_something_else_is_said() {
    let project = project(&["a"], "== *\nappend a.txt more", GOOD);
    project.run(&[]).assert(1, &["did not pass in 4 rounds"]);
    assert_eq!(project.log().starts().len(), 4);
}

#[test]
fn what_a_gate_prints_that_is_no_text_bloats_neither_plan_nor_status() {
    let noise = "[[gates]]\nname = \"noise\"\nrun = \"seq 1 60 | while read n; do head -c 900 /dev/urandom; echo; done; exit 1\"\n";
    let project = project(&["a"], "== a\nwrite a.txt x", &format!("gate-iterations = 1\n{noise}"));
    let size = || fs::metadata(project.plan()).unwrap().len();
    let before = size();
    project.run(&[]).assert(1, &["the gate `noise` ended with exit code 1"]);
    assert!(size() < before + 10_000, "{} after {before}", size());
    let status = project.blueprint(&["status", "a"]);
    assert!(status.stdout.len() < 10_000 && status.stdout.contains("all that it printed"), "{status}");
}

const PERCENT: &str = "[[gates]]\nname = \"coverage\"\nrun = \"cat pct\"\nmetric = \"pct\"\nat-least = 80\n";

#[test]
fn a_metric_gate_whose_command_prints_no_number_ends_as_one_that_comes_no_closer() {
    let gate = "[[gates]]\nname = \"coverage\"\nrun = \"echo hi\"\nmetric = \"pct\"\nat-least = 80\n";
    let project = project(&["a"], "== *\nwrite a.txt one", gate);
    project.run(&[]).assert(1, &["`coverage` came no closer in 3 rounds; it never gave a number"]);
    assert_eq!(ends(&project, "a").len(), 4);
}

#[test]
fn a_number_that_comes_closer_goes_on_beyond_the_usual_rounds_until_it_is_good_enough() {
    let rounds = [1, 2, 3, 4, 5, 6]
        .map(|n| format!("== a #{n}\nwrite pct {{\"pct\": {}}}\nrecord seen-{n}\n", 30 + n * 10));
    let project = project(&["a"], &rounds.concat(), PERCENT);
    project.complete(&[]);
    let values: Vec<_> = project
        .facts("gate-ended", "a")
        .iter()
        .map(|fact| fact["measured"]["value"].as_f64().unwrap())
        .collect();
    assert_eq!(values, [40.0, 50.0, 60.0, 70.0, 80.0]);
    let prompt = prompt_of(&project, "seen-3");
    assert!(
        prompt.contains("measured 50, and has to measure at least 80; that is closer than any before, of which the best was 40"),
        "{prompt}"
    );
    let gates = &project.task("a")["each_attempt"][4]["gates"];
    assert_eq!(
        (&gates[0]["gate"], &gates[0]["value"], &gates[0]["passed"]),
        (&"coverage".into(), &80.0.into(), &true.into())
    );
}

#[test]
fn a_number_that_comes_no_closer_is_given_up_and_the_best_one_is_said() {
    let script =
        "== a #1\nwrite pct pct: 40\n== a #2\nwrite pct pct: 60\n== *\nwrite pct pct: 50\nappend log.txt x";
    let project = project(&["a"], script, &format!("{PERCENT}patience = 2\n"));
    project.run(&[]).assert(1, &["`coverage` came no closer in 2 rounds; the best was 60"]);
    assert_eq!(project.log().starts().len(), 4);
}

#[test]
fn a_command_that_prints_no_number_does_not_pass() {
    let project = project(&["a"], "== *\nwrite pct none", &format!("gate-iterations = 0\n{PERCENT}"));
    project.run(&[]).assert(1, &["printed no number called `pct`"]);
}

#[test]
fn gates_run_in_order_and_the_first_that_fails_ends_it() {
    let gates = "gate-iterations = 0\n[[gates]]\nname = \"one\"\nrun = [\"true\"]\n[[gates]]\nname = \"two\"\nrun = [\"false\"]\n\
                 [[gates]]\nname = \"three\"\nrun = [\"true\"]\n";
    let project = project(&["a"], "== *\nwrite a.txt x", gates);
    project.run(&[]).assert(1, &["the gate `two` ended with exit code 1"]);
    assert_eq!(ends(&project, "a"), [("one".into(), true), ("two".into(), false)]);
}

#[test]
fn gates_that_may_run_at_the_same_time_do_and_all_of_them_are_told_of() {
    // Each waits for the other one.
    let gate = |own: &str, other: &str| {
        format!(
            "[[gates]]\nname = \"{own}\"\nparallel = true\nrun = \"touch ../{own}; until test -e ../{other}; do sleep 0.01; done; echo {own} fails; false\"\n"
        )
    };
    let gates = format!("gate-iterations = 0\n{}{}", gate("left", "right"), gate("right", "left"));
    let project = project(&["a"], "== *\nwrite a.txt x", &gates);
    project.run(&[]).assert(1, &["left fails"]);
    let detail = project.facts("attempt-ended", "a").last().unwrap()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("left fails") && detail.contains("right fails"), "{detail}");
    assert_eq!(ends(&project, "a"), [("left".into(), false), ("right".into(), false)]);
    project.assert_no_process_left();
}

#[test]
fn a_gate_that_takes_too_long_is_ended_with_all_that_it_started() {
    let gates = "gate-iterations = 0\n[[gates]]\nname = \"slow\"\ntimeout = \"200ms\"\nrun = \"sleep 600 & sleep 600\"\n";
    let project = project(&["a"], "== *\nwrite a.txt x", gates);
    project.run(&[]).assert(1, &["the gate `slow`", "took longer than 200ms"]);
    project.assert_no_process_left();
}

#[test]
fn gates_are_for_tasks_agents_and_changes_and_a_task_may_choose_its_own() {
    let gate = |name: &str, more: &str| format!("[[gates]]\nname = \"{name}\"\nrun = \"true\"\n{more}\n");
    let gates = [
        gate("of-a", "tasks = [\"a\"]"),
        gate("of-nobody", "agents = [\"nobody\"]"),
        gate("docs", "when = [\"docs/**\"]"),
        gate("all", "when = \"always\""),
        "[tasks.c]\ngates = [\"of-a\"]\n[tasks.d]\ngates = []".to_owned(),
    ];
    let script = "== b\nwrite docs/b.txt x\n== *\nwrite {task}.txt x";
    let project = project(&["a", "b", "c", "d"], script, &gates.concat());
    project.complete(&[]);
    let names = |task: &str| ends(&project, task).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names("a"), ["of-a", "all"]);
    assert_eq!(names("b"), ["docs", "all"]);
    assert_eq!(names("c"), ["of-a"]);
    assert!(names("d").is_empty());
}

#[test]
fn a_gate_finds_what_a_setup_step_finds_in_its_environment_and_no_token() {
    let gates = "[[gates]]\nname = \"env\"\nrun = \"env > ../seen; pwd >> ../seen\"\n";
    let project = project(&["a"], "== *\nwrite a.txt x", gates);
    project.complete(&[]);
    let worktree = project.task("a")["worktree"].as_str().unwrap().to_owned();
    let seen = fs::read_to_string(std::path::Path::new(&worktree).with_file_name("seen")).unwrap();
    for line in
        ["TASK_ID=a".to_owned(), "BLUEPRINT_ATTEMPT=1".to_owned(), format!("WORKTREE_PATH={worktree}")]
    {
        assert!(seen.lines().any(|seen| seen == line), "{line} in {seen}");
    }
    assert!(!seen.contains("BLUEPRINT_TASK_TOKEN"), "{seen}");
    assert_eq!(seen.lines().last(), Some(worktree.as_str()));
}

/// A run that is killed in the middle of a gate: nothing is left running, the agent is not started again, and what was passed stays passed.
#[test]
fn a_run_that_is_killed_while_gates_run_goes_on_with_them() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite a.txt x");
    let control = project.control.display();
    project.configure(&format!(
        "[[gates]]\nname = \"first\"\nrun = \"echo x >> '{control}/first'\"\n\
         [[gates]]\nname = \"second\"\nrun = \"echo x >> '{control}/second'; until test -e '{control}/go'; do sleep 0.01; done\"\n"
    ));
    let count =
        |name: &str| fs::read_to_string(project.control.join(name)).unwrap_or_default().lines().count();
    for tries in 1..=2 {
        let run = project.start(&["run"]);
        wait_until("the second gate", || count("second") == tries, String::new);
        run.kill();
    }
    project.touch("go");
    project.complete(&[]);
    project.assert_no_process_left();
    assert_eq!(project.log().starts(), ["a"]);
    assert_eq!((count("first"), count("second")), (1, 3));
    assert_eq!(merged(&project), ["a.txt"]);
}

#[test]
fn a_run_that_is_stopped_while_gates_run_keeps_the_work_and_the_next_one_goes_on_with_them() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite a.txt x");
    let control = project.control.display();
    project.configure(&format!(
        "[[gates]]\nname = \"slow\"\nrun = \"touch '{control}/began'; until test -e '{control}/go'; do sleep 0.01; done\"\n"
    ));
    let run = project.start(&["run"]);
    project.wait_until_there("began");
    run.signal(rustix::process::Signal::TERM);
    run.wait().assert(143, &[]);
    project.assert_no_process_left();
    project.assert_statuses(&[("a", "pending")]);
    project.touch("go");
    project.complete(&[]).assert(0, &["attempt 1 goes on with its gates"]);
    assert_eq!(project.log().starts(), ["a"]);
    assert_eq!(merged(&project), ["a.txt"]);
}

#[test]
fn a_quality_attribute_of_the_plan_is_what_the_gate_of_its_name_has_to_reach_and_what_is_measured_stands_in_its_metrics()
 {
    let attribute = "<qualityAttributes><attribute><name>Test Coverage</name><target>&gt;= 80%</target>\
                     <measurement>by lines</measurement></attribute></qualityAttributes>\n  </architecture>";
    let plan = PlanText::of(&["a"]).to_xml().replacen("</architecture>", attribute, 1);
    let project = TestProject::of_text(&plan, "== a #1\nwrite pct 71.5\n== a #2\nwrite pct 82");
    project.configure("[[gates]]\nname = \"test-coverage\"\nrun = \"cat pct\"\n");
    project.complete(&[]);
    let xml = project.read("genesis.xml");
    let (_, performance) = xml.split_once("<performance>").unwrap();
    let (performance, _) = performance.split_once("</performance>").unwrap();
    let stands: Vec<_> =
        ["71.5", "82"].iter().map(|value| performance.find(&format!("<value>{value}</value>"))).collect();
    assert!(stands[0].is_some() && stands[0] < stands[1], "{performance}");
    assert!(
        performance.contains("<name>Test Coverage</name>") && performance.contains("<unit>%</unit>"),
        "{performance}"
    );
    assert_eq!(project.blueprint(&["validate", "--strict"]).code, Some(0));
    project.complete(&[]);
    assert_eq!(project.read("genesis.xml").matches("<metric>").count(), 2, "each stands there once");
}

#[test]
fn in_the_checkout_itself_gates_see_what_is_there_and_work_goes_back_too() {
    let script = "== a #1\nwrite a.txt x\n== a #2\nwrite good.txt x";
    let project = project(&["a"], script, GOOD);
    project.complete(&["--isolation", "none"]);
    assert_eq!(outcomes(&project, "a"), ["gate-failed", "completed"]);
    assert_eq!(ends(&project, "a"), [("tests".into(), false), ("tests".into(), true)]);
    let never = self::project(&["a"], "== *\nwrite a.txt x", &format!("gate-iterations = 0\n{GOOD}"));
    never.run(&["--isolation", "none"]).assert(1, &["`tests` did not pass"]);
    never.assert_statuses(&[("a", "failed")]);
}

/// What a gate runs, the agent has written: it is kept in the same sandbox.
#[test]
fn a_gate_is_kept_in_the_agent_s_sandbox() {
    let project =
        TestProject::new(&PlanText::of(&["a"]), "== *\nwrite a.txt x\nwrite test.sh echo x > \"$1\"");
    let control = crate::project::toml_text(&project.control.to_string_lossy());
    let escape = project.root.join("escaped.txt");
    let gate = format!("sh test.sh inside.txt && ! sh test.sh '{}'", escape.display());
    let gate = crate::project::toml_text(&gate);
    project.configure(&format!(
        "sandbox = \"landlock\"\nsandbox-write = [{control}]\n[[gates]]\nname = \"tests\"\nrun = {gate}\n"
    ));
    if project.run(&["--dry-run"]).code == Some(74) {
        eprintln!("skipped: this machine has no sandbox `landlock`");
        return;
    }
    project.complete(&[]);
    assert!(!escape.exists());
}

#[test]
fn explain_and_a_dry_run_name_the_gates_that_the_work_of_a_task_would_go_through() {
    let gates = "[[gates]]\nname = \"lint\"\nrun = \"make lint\"\ntasks = [\"b\"]\n\
                 [[gates]]\nname = \"tests\"\nrun = \"make test\"\n\
                 [[gates]]\nname = \"look\"\nkind = \"approve\"\ntasks = [\"b\"]\n";
    let project = project(&["a", "b"], "", gates);
    let planned = project.run(&["--dry-run"]).stdout;
    let of_a = "   gates     tests: make test\n2. b";
    let of_b = "   gates     lint: make lint\n             tests: make test\n             look: approval\n";
    assert!(planned.contains(of_a) && planned.ends_with(of_b), "{planned}");
    let told = project.blueprint(&["explain", "b"]).stdout;
    for line in ["  gates       lint: make lint\n", "\n              look: approval\n"] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let json = project.blueprint(&["explain", "b", "--format", "json"]).stdout;
    let explained: Value = serde_json::from_str(&json).unwrap();
    let names: Vec<_> =
        explained["would_run"]["gates"].as_array().unwrap().iter().map(|gate| &gate["name"]).collect();
    assert_eq!(names, ["lint", "tests", "look"]);
    assert_eq!(
        project.blueprint(&["explain", "a", "--format", "json"]).stdout.matches("make lint").count(),
        0
    );
}

#[test]
fn the_end_of_a_task_that_failed_a_gate_names_what_the_gate_has_printed() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nprint done\nwrite {task}.txt x");
    project.configure("gate-iterations = 1\n[[gates]]\nname = \"never\"\nrun = \"echo why-not; exit 1\"");
    let ended = project.run(&[]);
    ended.assert(1, &["did not pass a gate"]);
    let log = ended.stderr.lines().find_map(|line| line.trim().strip_prefix("its output: ")).unwrap();
    assert_eq!(std::fs::read_to_string(log).unwrap(), "why-not\n", "{log}");

    let told = project.blueprint(&["status", "a"]).stdout;
    let widest = told.lines().filter(|line| !line.contains('/')).map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{told}");
}

#[test]
fn a_gate_for_nobody_in_the_plan_is_warned_of_by_a_run_and_before_one() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite {task}.txt x");
    project.configure(
        "[[gates]]\nname = \"one\"\nrun = \"false\"\ntasks = [\"nosuch\"]\n[[gates]]\nname = \"two\"\nrun = \"false\"\nagents = [\"nobody\"]",
    );
    for arguments in [&["run", "--dry-run"][..], &["run"]] {
        let told = project.blueprint(arguments);
        told.assert(0, &["`nosuch`, which is no task", "`nobody`, which is no agent"]);
    }
}
