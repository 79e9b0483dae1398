//! Gates at which others than commands decide: reviewers and people. And what is wrong with gates.

use std::fs;
use std::path::PathBuf;

use crate::gates::{ends, merged, project, prompt_of};
use crate::landing::identify;
use crate::project::{INTEGRATION, PlanText, TestProject, wait_until};

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
    let explained = project.blueprint(&["explain", "a"]).stdout;
    assert!(explained.contains(" a approve\n") && !explained.contains("A run would"), "{explained}");
    project.blueprint(&["answer", "a", "approve"]).assert(0, &[]);
    let explained = project.blueprint(&["explain", "a"]).stdout;
    assert!(explained.contains("A run would go on with the gates of attempt 1"), "{explained}");
    assert!(!explained.contains("A run would make"), "{explained}");
    let planned = project.run(&["--dry-run"]).stdout;
    assert!(planned.contains("its agent is done: attempt 1 goes on with its gates"), "{planned}");
    project.complete(&[]).assert(0, &["a: approved by", "goes on with its gates"]);
    let times: Vec<_> = project.journal().iter().flat_map(times_of_a).collect();
    assert!(times.len() >= 5 && times.is_sorted(), "{times:?}");
    assert_eq!(merged(&project), ["a.txt", "b.txt"]);
    assert_eq!(project.log().starts_of("a"), 1);
    let expected = [("first".to_owned(), true), ("release".to_owned(), true), ("last".to_owned(), true)];
    assert_eq!(ends(&project, "a"), expected);
    assert_eq!((project.task("a")["summary"].as_str(), project.merges()["a"]), (Some("made it"), 1));
}

/// Of each change of the task's status in the record, as the plan has it.
fn times_of_a(record: &serde_json::Value) -> Vec<String> {
    let own = (record["fact"] == "transition").then(|| record.clone());
    let others = record["transitions"].as_array().cloned().unwrap_or_default();
    let all = own.into_iter().chain(others).filter(|change| change["task"] == "a");
    all.map(|change| change["at"].as_str().unwrap().to_owned()).collect()
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
    let project = paid("All is well.\\nAPPROVE");
    project.complete(&[]);
    let task = project.task("a");
    assert_eq!((task["cost_usd"].as_f64(), task["tokens"]["input"].as_u64()), (Some(0.25), Some(7)));
    assert_eq!(project.facts("gate-ended", "a")[0]["cost_usd"], 0.25);
}

#[test]
fn what_a_reviewer_costs_who_has_no_opinion_is_counted_too() {
    let project = paid("I have seen it.");
    project.run(&[]).assert(4, &["has no opinion"]);
    let task = project.task("a");
    assert_eq!((task["cost_usd"].as_f64(), task["tokens"]["input"].as_u64()), (Some(0.5), Some(14)), "twice");
}

/// A plan of one task, whose work a program reviews that says what it cost: it prints as Claude Code does.
fn paid(says: &str) -> TestProject {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite a.txt x");
    let line = format!(
        r#"{{"type":"result","subtype":"success","is_error":false,"result":"{says}","session_id":"s","total_cost_usd":0.25,"usage":{{"input_tokens":7,"output_tokens":3}}}}"#
    );
    let program = format!(
        "#!/bin/sh\nif [ \"$1\" = --version ]; then echo '2.1.197 (Claude Code)'; exit; fi\ncat > /dev/null\ncat <<'END'\n{line}\nEND\n"
    );
    let path = project.base().join("claude");
    fs::write(&path, program).unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    project.configure(&format!(
        "[[gates]]\nname = \"review\"\nkind = \"review\"\n[agents.reviewer]\nrunner = \"paid\"\n[runners.paid]\nkind = \"claude\"\ncommand = [{}]\n",
        crate::project::toml_text(&path.to_string_lossy())
    ));
    project
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

const DONE: &str = "[[gates]]\nname = \"tests\"\nrun = \"echo 'assertion failed'; test -e good.txt\"\n\
                    [[gates]]\nname = \"release\"\nkind = \"approve\"\n";

fn taken(gates: &str) -> (TestProject, PathBuf) {
    let project = project(&["a"], "== *\nwrite a.txt x", gates);
    identify(&project);
    let ended = project.blueprint(&["take", "a"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    let folder = PathBuf::from(ended.stdout.trim_end());
    (project, folder)
}

#[test]
fn what_a_person_gives_goes_through_the_commands_among_the_gates() {
    let (project, folder) = taken(DONE);
    fs::write(folder.join("a.txt"), "by hand").unwrap();
    project
        .blueprint(&["give", "a"])
        .assert(1, &["does not pass a gate", "assertion failed", "then give again"]);
    project.assert_statuses(&[("a", "in-progress")]);
    fs::write(folder.join("good.txt"), "x").unwrap();
    project.blueprint(&["give", "a"]).assert(0, &["gate    tests", "your work is merged"]);
    assert_eq!(merged(&project), ["a.txt", "good.txt"]);
    assert_eq!(ends(&project, "a"), [("tests".into(), false), ("tests".into(), true)]);
    project.assert_journal();
}

#[test]
fn a_person_who_ends_the_gates_of_what_they_give_leaves_nothing_running() {
    let (project, folder) = taken("[[gates]]\nname = \"slow\"\nrun = \"touch ../began; sleep 600\"\n");
    fs::write(folder.join("a.txt"), "by hand").unwrap();
    let give = project.start(&["give", "a"]);
    let began = folder.with_file_name("began");
    wait_until("the gate", || began.exists(), String::new);
    give.signal(rustix::process::Signal::INT);
    give.wait().assert(130, &["the gates were ended", "the task stays yours"]);
    project.assert_no_process_left();
    project.assert_statuses(&[("a", "in-progress")]);
}

#[test]
fn a_review_of_work_in_the_checkout_itself_is_made_too() {
    let critic = "if test -e good.txt; then echo APPROVE; else echo 'FINDINGS: no good.txt'; fi\n";
    let project = reviewed(critic, "== a #1\nwrite a.txt x\n== a #2\nwrite good.txt x", "");
    project.complete(&["--isolation", "none"]);
    assert_eq!(ends(&project, "a"), [("review".into(), false), ("review".into(), true)]);
}

#[test]
fn doctor_names_the_gates_and_what_they_lack() {
    let project = project(&["a"], "== *\nwrite a.txt x", DONE);
    let said = project.blueprint(&["doctor"]).stdout;
    assert!(said.contains("tests, release"), "{said}");
    project.configure(
        "[[gates]]\nname = \"review\"\nkind = \"review\"\n[agents.reviewer]\nrunner = \"nobody\"\n",
    );
    let said = project.blueprint(&["doctor"]).stdout;
    assert!(said.contains("there is no runner `nobody`"), "{said}");
}

/// The person who takes over decides: what the gates had found counts no more.
#[test]
fn a_task_that_a_person_takes_while_its_gates_run_is_theirs() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite a.txt x");
    identify(&project);
    let control = project.control.display();
    project.configure(&format!(
        "[[gates]]\nname = \"slow\"\nrun = \"touch '{control}/began'; test -e by-hand.txt || sleep 600\"\n"
    ));
    let run = project.start(&["run"]);
    project.wait_until_there("began");
    let taken = project.blueprint(&["take", "a"]);
    assert_eq!(taken.code, Some(0), "{taken}");
    run.wait().assert(4, &[]);
    project.assert_no_process_left();
    let folder = PathBuf::from(taken.stdout.trim_end());
    fs::write(folder.join("by-hand.txt"), "x").unwrap();
    project.blueprint(&["give", "a"]).assert(0, &["your work is merged"]);
    assert!(merged(&project).contains(&"by-hand.txt".to_owned()));
}
