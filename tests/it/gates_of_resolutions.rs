//! What resolves a conflict goes through the gates, as all work does.

use crate::gates::{ends, prompt_of};
use crate::project::{INTEGRATION, PlanText, TestProject};

/// Both sides pass alone, and so does what has `good.txt` besides both.
const GATE: &str = "[[gates]]\nname = \"tests\"\nrun = \"git log -1 --format=at-%s; echo 'not good together'; \
                    if grep -q 'from a' same.txt && grep -q 'from b' same.txt; then test -e good.txt; fi\"\n";

/// `a` is merged first, then `b` conflicts with it in one file; what the later agents of `b` do is the test's.
fn conflict(resolutions: &str, configuration: &str) -> TestProject {
    let script =
        format!("== a\nwrite same.txt from a\n== b #1\nwrite same.txt from b\nwrite b.txt x\n{resolutions}");
    let project = TestProject::new(&PlanText::of(&["a", "b"]), &script);
    project.configure(configuration);
    project
}

const RESOLVED: &str = "== b #2\nwrite same.txt from a\\nfrom b\nprint both\n";

fn outcomes(project: &TestProject) -> Vec<String> {
    let attempts = project.task("b")["each_attempt"].as_array().unwrap().clone();
    attempts.iter().map(|attempt| attempt["outcome"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_resolution_that_breaks_a_gate_goes_back_to_its_agent_and_is_merged_when_it_passes() {
    let third = "== b #3\nrecord third\ncall cp|same.txt|good.txt\nprint both, and what they need\n";
    let project = conflict(&format!("{RESOLVED}{third}"), GATE);
    let ended = project.complete(&["-j", "1"]);
    ended.assert(0, &["its agent is to resolve that, in attempt 2", "did not pass a gate", "attempt 3"]);
    assert_eq!(outcomes(&project), ["merge-conflict", "gate-failed", "completed"]);
    let passed: Vec<_> = ends(&project, "b").into_iter().map(|(_, passed)| passed).collect();
    assert_eq!(passed, [true, false, true]);
    let prompt = prompt_of(&project, "third");
    for part in ["resolve a merge conflict", "not good together", "dropped: PATH", "attempt 2 has made"] {
        assert!(prompt.contains(part), "{part}: {prompt}");
    }
    assert_eq!(project.show(INTEGRATION, "good.txt"), "from a\nfrom b", "it found what attempt 2 had made");
    assert_eq!(
        project.git(&["rev-list", "--count", "--merges", &format!("{INTEGRATION}^1..{INTEGRATION}")]),
        "1"
    );
    let worktree = project.worktree("b");
    assert_eq!(project.git(&["-C", &worktree, "status", "--porcelain"]), "");
    assert_eq!(project.git(&["-C", &worktree, "rev-parse", "--abbrev-ref", "HEAD"]), "blueprint/trial/b");
    project.assert_journal();
}

#[test]
fn gates_look_at_the_resolution_and_not_at_the_work() {
    let project = conflict(&format!("{RESOLVED}write good.txt x\n"), GATE);
    project.complete(&["-j", "1"]);
    let ended = &project.facts("gate-ended", "b")[1];
    let log = std::fs::read_to_string(ended["log"].as_str().unwrap()).unwrap();
    assert!(log.starts_with("at-Merge task b"), "{log}");
    assert_eq!(ended["head"], project.git(&["rev-parse", INTEGRATION]));
}

#[test]
fn a_resolution_that_never_passes_is_an_unresolved_conflict_with_the_findings_told() {
    let project =
        conflict(&format!("{RESOLVED}== b\nappend more.txt x\n"), &format!("gate-iterations = 1\n{GATE}"));
    let ended = project.run(&["-j", "1"]);
    ended.assert(
        4,
        &[
            "1 of 2 tasks completed",
            "conflicts with",
            "`tests` did not pass in 2 rounds",
            "not good together",
        ],
    );
    let task = project.task("b");
    assert_eq!((&task["status"], &task["outcome"]), (&"blocked".into(), &"merge-conflict".into()), "{task}");
    assert_eq!(project.show(INTEGRATION, "same.txt"), "from a");
    assert_eq!(project.show("blueprint/trial/b", "same.txt"), "from b");
    assert_eq!(project.log().starts(), ["a", "b", "b", "b"]);
    project.run(&["-j", "1"]).assert(4, &["1 of 2 tasks completed"]);
    assert_eq!(project.log().starts().len(), 4, "nobody resolves it again unasked");
    project.assert_journal();
}

#[test]
fn a_run_that_is_killed_while_a_resolution_is_at_its_gates_has_the_next_one_go_on_there() {
    let project = conflict(RESOLVED, "");
    let control = project.control.display();
    project.configure(&format!(
        "[[gates]]\nname = \"slow\"\nrun = \"grep -q 'from b' same.txt || exit 0; grep -q 'from a' same.txt || exit 0; \
         touch '{control}/began'; until test -e '{control}/go'; do sleep 0.01; done\"\n"
    ));
    let run = project.start(&["run", "-j", "1"]);
    project.wait_until_there("began");
    run.kill();
    project.touch("go");
    project.complete(&["-j", "1"]);
    project.assert_no_process_left();
    assert_eq!(project.log().starts(), ["a", "b", "b"]);
    assert_eq!(project.show(INTEGRATION, "same.txt"), "from a\nfrom b");
    let worktree = project.worktree("b");
    assert_eq!(project.git(&["-C", &worktree, "rev-parse", "--abbrev-ref", "HEAD"]), "blueprint/trial/b");
}

#[test]
fn the_session_that_resolved_it_is_taken_up_again_with_what_the_gates_have_found() {
    let script = "== a\nwrite same.txt from a\nclaude says done\n== b #1\nwrite same.txt from b\nwrite b.txt x\nclaude says done\n\
                  == b #2\nwrite same.txt from a\\nfrom b\nclaude says both\n== b #3\nrecord third\nwrite good.txt x\nclaude says done\n";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    let agent = crate::project::toml_text(crate::project::FAKE_AGENT);
    project.configure(&format!("runner = \"claude\"\n[runners.claude]\ncommand = [{agent}]\n{GATE}"));
    project.complete(&["-j", "1"]);
    let arguments = std::fs::read_to_string(project.control.join("third/args")).unwrap();
    assert!(arguments.contains("--resume=s"), "{arguments}");
    let prompt = prompt_of(&project, "third");
    assert!(prompt.contains("not good together") && !prompt.contains("## The plan"), "{prompt}");
    let started = &project.facts("attempt-started", "b")[2];
    assert_eq!((&started["continues"]["attempt"], &started["resolves"]["attempt"]), (&2.into(), &1.into()));
}

#[test]
fn one_whose_session_is_gone_goes_on_in_a_new_one_with_what_was_made_and_found() {
    let script = "== a\nwrite same.txt from a\nclaude says done\n== b #1\nwrite same.txt from b\nwrite b.txt x\nclaude says done\n\
                  == b #2\nwrite same.txt from a\\nfrom b\nclaude says both\n== b #3\nclaude lost\nexit 1\n\
                  == b #4\nrecord fourth\ncall cp|same.txt|good.txt\nclaude says done\n";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    let agent = crate::project::toml_text(crate::project::FAKE_AGENT);
    project.configure(&format!("runner = \"claude\"\n[runners.claude]\ncommand = [{agent}]\n{GATE}"));
    project.complete(&["-j", "1"]);
    let prompt = prompt_of(&project, "fourth");
    assert!(prompt.contains("not good together") && prompt.contains("## The plan"), "{prompt}");
    assert_eq!(project.show(INTEGRATION, "good.txt"), "from a\nfrom b");
}
