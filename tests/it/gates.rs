//! `[[gates]]`: what the work of a task has to pass before it is merged.

use std::fs;

use serde_json::Value;

use crate::project::{INTEGRATION, PlanText, TestProject, wait_until};

/// Fails until there is a file `good.txt`.
const GOOD: &str =
    "[[gates]]\nname = \"tests\"\nrun = \"echo 'assertion failed: not good'; test -e good.txt\"\n";

fn project(ids: &[&str], script: &str, gates: &str) -> TestProject {
    let project = TestProject::new(&PlanText::of(ids), script);
    project.configure(gates);
    project
}

/// The gates' ends in the journal: name, and whether it was passed.
fn ends(project: &TestProject, task: &str) -> Vec<(String, bool)> {
    let end = |fact: &Value| (fact["gate"].as_str().unwrap().to_owned(), fact["passed"].as_bool().unwrap());
    project.facts("gate-ended", task).iter().map(end).collect()
}

fn outcomes(project: &TestProject, task: &str) -> Vec<String> {
    let attempts = project.task(task)["each_attempt"].as_array().unwrap().clone();
    attempts.iter().map(|attempt| attempt["outcome"].as_str().unwrap().to_owned()).collect()
}

fn merged(project: &TestProject) -> Vec<String> {
    project.files(INTEGRATION).into_iter().filter(|file| file.contains(".txt")).collect()
}

fn prompt_of(project: &TestProject, record: &str) -> String {
    fs::read_to_string(project.control.join(record).join("stdin")).unwrap()
}

#[test]
fn work_that_fails_twice_goes_back_with_what_was_found_and_is_merged_when_it_passes() {
    let script =
        "== a #1\nwrite a.txt one\n== a #2\nwrite a.txt two\nrecord second\n== a #3\nwrite good.txt x";
    let project = project(&["a"], script, GOOD);
    project
        .complete(&[])
        .assert(0, &["its work goes through the gates tests", "did not pass a gate", "attempt 3"]);
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

const PERCENT: &str = "[[gates]]\nname = \"coverage\"\nrun = \"cat pct\"\nmetric = \"pct\"\nat-least = 80\n";

#[test]
fn a_number_that_comes_closer_goes_on_beyond_the_usual_rounds_until_it_is_good_enough() {
    let rounds: String = (1..=6)
        .map(|n| format!("== a #{n}\nwrite pct {{\"pct\": {}}}\nrecord seen-{n}\n", 30 + n * 10))
        .collect();
    let project = project(&["a"], &rounds, PERCENT);
    project.complete(&[]);
    let values: Vec<_> = project
        .facts("gate-ended", "a")
        .iter()
        .map(|fact| fact["measured"]["value"].as_f64().unwrap())
        .collect();
    assert_eq!(values, [40.0, 50.0, 60.0, 70.0, 80.0]);
    let prompt = prompt_of(&project, "seen-3");
    assert!(
        prompt.contains("measured 50, and has to measure at least 80; the best so far was 40"),
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
fn a_program_that_is_not_there_is_no_fault_of_the_agent_s() {
    let gates = "[[gates]]\nname = \"lint\"\nrun = [\"no-such-program\"]\n";
    let project = project(&["a"], "== *\nwrite a.txt x", gates);
    project.run(&[]).assert(4, &["the gate `lint` could not be run", "no-such-program"]);
    project.assert_statuses(&[("a", "blocked")]);
    assert_eq!(project.log().starts().len(), 1);
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

const APPROVE: &str = "[[gates]]\nname = \"first\"\nrun = \"true\"\n[[gates]]\nname = \"release\"\nkind = \"approve\"\ntasks = [\"a\"]\n\
                       [[gates]]\nname = \"last\"\nrun = \"true\"\n";

#[test]
fn a_person_approves_and_the_rest_of_the_gates_and_the_merge_go_on_without_an_agent() {
    let project = project(&["a", "b"], "== *\nwrite {task}.txt x\nprint made it", APPROVE);
    project.run(&[]).assert(4, &["gate `release`: is its work approved?", "blueprint answer a approve"]);
    project.assert_statuses(&[("a", "blocked"), ("b", "completed")]);
    assert_eq!(project.task("a")["outcome"], "needs-answer");
    assert_eq!(project.facts("attempt-ended", "a").last().unwrap()["approval"], "release");
    assert_eq!(merged(&project), ["b.txt"]);
    project.blueprint(&["answer", "a", "approve"]).assert(0, &[]);
    project.complete(&[]).assert(0, &["a: approved by", "goes on with its gates"]);
    assert_eq!(merged(&project), ["a.txt", "b.txt"]);
    assert_eq!(project.log().starts_of("a"), 1);
    let expected = [("first".to_owned(), true), ("release".to_owned(), true), ("last".to_owned(), true)];
    assert_eq!(ends(&project, "a"), expected);
    assert_eq!((project.task("a")["summary"].as_str(), project.merges()["a"]), (Some("made it"), 1));
}

#[test]
fn a_live_run_takes_an_approval_up_at_once() {
    let script = "== b\nwrite b.txt x\nwait-for go\n== *\nwrite {task}.txt x";
    let project = project(&["a", "b"], script, APPROVE);
    let run = project.start(&["run"]);
    wait_until("the question", || project.task("a")["status"] == "blocked", String::new);
    project.blueprint(&["answer", "a", "Approved."]).assert(0, &[]);
    wait_until("a", || project.task("a")["status"] == "completed", String::new);
    project.touch("go");
    run.wait().assert(0, &["a: approved by"]);
    assert_eq!(project.log().starts_of("a"), 1);
    project.assert_journal();
}

#[test]
fn what_a_person_says_instead_of_approving_goes_back_to_the_agent() {
    let script = "== a #2\nwrite a.txt better\nrecord second\n== *\nwrite {task}.txt x";
    let project = project(&["a"], script, APPROVE);
    project.run(&[]).assert(4, &[]);
    project.blueprint(&["answer", "a", "the title is missing"]).assert(0, &[]);
    project.run(&[]).assert(4, &["is its work approved?"]);
    assert!(prompt_of(&project, "second").contains("the title is missing"));
    project.blueprint(&["answer", "a", "yes"]).assert(0, &[]);
    project.complete(&[]);
    assert_eq!(project.log().starts_of("a"), 2);
    assert_eq!(project.show(INTEGRATION, "a.txt"), "better");
}

const REVIEW: &str = "[[gates]]\nname = \"review\"\nkind = \"review\"\nagent = \"critic\"\n[agents.critic]\nrunner = \"critic\"\n\
                      [runners.critic]\nkind = \"command\"\ncommand = [\"sh\", \"{config_dir}/critic.sh\"]\n";

fn reviewed(critic: &str, script: &str, more: &str) -> TestProject {
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    let critic = critic.replace("CONTROL", &format!("'{}'", project.control.display()));
    project.write("critic.sh", &critic);
    project.configure(&format!("{more}{REVIEW}"));
    project
}

#[test]
fn what_a_reviewer_finds_goes_back_and_what_it_approves_of_is_merged() {
    let critic = "cat > CONTROL/review\nif grep -q better a.txt; then echo 'It is fine.'; echo APPROVE; \
                  else echo 'FINDINGS:'; echo '- a.txt: not good enough'; fi\n";
    let script = "== a #1\nwrite a.txt x\nprint made it\n== a #2\nwrite a.txt better\nrecord second";
    let project = reviewed(critic, script, "");
    project.complete(&[]);
    let prompt = prompt_of(&project, "second");
    assert!(
        prompt.contains("the review `review` has findings") && prompt.contains("not good enough"),
        "{prompt}"
    );
    assert_eq!(ends(&project, "a"), [("review".into(), false), ("review".into(), true)]);
    let told = fs::read_to_string(project.control.join("review")).unwrap();
    let base = project.task("a")["base"].as_str().unwrap().to_owned();
    assert!(told.contains("# Review of task `a`") && told.contains(&format!("git diff {base} ")), "{told}");
    assert_eq!(project.show(INTEGRATION, "a.txt"), "better");
}

#[test]
fn a_reviewer_without_an_opinion_is_asked_again_and_then_a_person_is() {
    let critic = "echo x >> CONTROL/asked\necho 'I have seen it.'\n";
    let project = reviewed(critic, "== *\nwrite a.txt x", "");
    project.run(&[]).assert(4, &["could not be run", "has no opinion"]);
    assert_eq!(fs::read_to_string(project.control.join("asked")).unwrap().lines().count(), 2);
    project.assert_statuses(&[("a", "blocked")]);
    project.assert_no_process_left();
}

#[test]
fn what_a_review_costs_is_the_attempt_s_cost() {
    let script = "== *\nwrite a.txt x\nprint APPROVE";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    // A program that says what it cost: it prints as Claude Code does.
    let line = r#"{"type":"result","subtype":"success","is_error":false,"result":"All is well.\\nAPPROVE","session_id":"s","total_cost_usd":0.25,"usage":{"input_tokens":7,"output_tokens":3}}"#;
    let program = format!(
        "#!/bin/sh\nif [ \"$1\" = --version ]; then echo '2.1.197 (Claude Code)'; exit; fi\ncat > /dev/null\ncat <<'END'\n{}\nEND\n",
        line.replace("\\\\n", "\\n")
    );
    let path = project.base().join("claude");
    fs::write(&path, program).unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    project.configure(&format!(
        "[[gates]]\nname = \"review\"\nkind = \"review\"\n[agents.reviewer]\nrunner = \"paid\"\n[runners.paid]\nkind = \"claude\"\ncommand = [{}]\n",
        crate::project::toml_text(&path.to_string_lossy())
    ));
    project.complete(&[]);
    let task = project.task("a");
    assert_eq!((task["cost_usd"].as_f64(), task["tokens"]["input"].as_u64()), (Some(0.25), Some(7)));
    assert_eq!(project.facts("gate-ended", "a")[0]["cost_usd"], 0.25);
}

#[test]
fn what_is_wrong_with_gates_is_said_before_anything_starts() {
    for (gates, says) in [
        ("[[gates]]\nname = \"a\"\n", "blueprint.toml` line"),
        ("[[gates]]\nname = \"a\"\n", "the gate `a` has no `run`"),
        (
            "[[gates]]\nname = \"a\"\nrun = \"x\"\n[[gates]]\nname = \"a\"\nrun = \"y\"\n",
            "two [[gates]] are called `a`",
        ),
        ("[tasks.a]\ngates = [\"lnt\"]\n[[gates]]\nname = \"lint\"\nrun = \"x\"\n", "did you mean `lint`?"),
    ] {
        let project = project(&["a"], "== *\nwrite a.txt x", gates);
        project.run(&[]).assert(2, &[says]);
        assert!(project.log().starts().is_empty());
        let checked = project.blueprint(&["validate"]);
        assert!(checked.code != Some(0), "{checked}");
    }
}

#[test]
fn a_profile_has_gates_for_rust_and_says_where_it_has_none() {
    let plain = project(&["a"], "== *\nwrite a.txt x", "quality = \"production\"\n");
    plain.complete(&[]).assert(0, &["`quality = \"production\"` has no gates here"]);
    let rust = project(&["a"], "== *\nwrite src/lib.rs pub fn one() {}", "quality = \"enterprise\"\n");
    rust.write("Cargo.toml", "[package]\nname = \"x\"\n");
    let mut run = rust.command(crate::project::BLUEPRINT);
    let empty = rust.base().join("tmp");
    let ended = crate::project::Running::start(run.arg("run").env("PATH", &empty)).wait();
    ended.assert(
        2,
        &["the gate `fmt` of `quality = \"enterprise\"` needs `cargo-fmt`", "rustup component add rustfmt"],
    );
    assert!(rust.log().starts().is_empty());
}
