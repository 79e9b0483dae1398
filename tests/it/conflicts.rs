//! Work that conflicts with what was merged before: the task's agent resolves it, and nothing of either side gets lost.

use rustix::process::Signal;

use crate::project::{INTEGRATION, PlanText, TestProject, kill, wait_until};

/// `a` is merged first, then `b` conflicts with it in one file; what the second agent of `b` does is the test's.
fn conflict(resolution: &str) -> TestProject {
    let script = format!(
        "== a\nwrite same.txt from a\nprint a has its line\n== b #1\nwrite same.txt from b\nwrite b.txt x\nprint b has its line\n\
         == b\n{resolution}"
    );
    TestProject::new(&PlanText::of(&["a", "b"]), &script)
}

fn rev(project: &TestProject, spec: &str) -> String {
    project.git(&["rev-parse", spec])
}

fn started(project: &TestProject, attempt: usize) -> serde_json::Value {
    project.facts("attempt-started", "b")[attempt - 1].clone()
}

/// The conflict is `b`'s, its work is kept, and the branch has the work of `a` alone.
#[track_caller]
fn assert_blocked(project: &TestProject, detail: &[&str]) {
    let ended = project.run(&["-j", "1"]);
    ended.assert(4, &[&["1 of 2 tasks completed", "same.txt"], detail].concat());
    let task = project.task("b");
    assert_eq!((&task["status"], &task["outcome"]), (&"blocked".into(), &"merge-conflict".into()), "{task}");
    assert_eq!(project.show(INTEGRATION, "same.txt"), "from a");
    let worktree = project.worktree("b");
    assert_eq!(project.git(&["-C", &worktree, "status", "--porcelain"]), "");
    assert_eq!(project.git(&["-C", &worktree, "rev-parse", "--abbrev-ref", "HEAD"]), "blueprint/trial/b");
    assert_eq!(project.show("blueprint/trial/b", "same.txt"), "from b");
    project.assert_journal();
}

#[test]
fn its_agent_resolves_it_and_the_branch_has_both_sides() {
    let project = conflict("record seen\nwrite same.txt from a\\nfrom b\nprint both, a first");
    let ended = project.complete(&["-j", "1"]);
    ended.assert(0, &["b conflicts with work that is merged already, in same.txt; its agent is to resolve that, in attempt 2"]);
    assert_eq!(project.show(INTEGRATION, "same.txt"), "from a\nfrom b");
    assert_eq!(project.show(INTEGRATION, "b.txt"), "x");
    assert_eq!(project.log().starts(), ["a", "b", "b"]);
    let task = project.task("b");
    assert_eq!((&task["attempts"], &task["summary"]), (&2.into(), &"b has its line".into()));
    let notes = project.section_of("b");
    assert!(
        notes.contains("Its merge conflict in same.txt was resolved in attempt 2: both, a first"),
        "{notes}"
    );
}

#[test]
fn a_resolution_is_a_commit_of_the_integration_branch_and_the_tasks_branch_stays_as_it_is() {
    let project = conflict("write same.txt from a\\nfrom b\nwrite new.txt x\ncommit done");
    project.complete(&["-j", "1"]);
    let (head, merged) = (rev(&project, "blueprint/trial/b"), rev(&project, INTEGRATION));
    assert_eq!(project.task("b")["commit"], head.as_str());
    assert_eq!(project.show("blueprint/trial/b", "same.txt"), "from b");
    let of_a = project.facts("merged", "a")[0]["merge"].as_str().unwrap().to_owned();
    let by = project.git(&["log", "-1", "--format=%P|%an|%cn|%s", INTEGRATION]);
    assert_eq!(by, format!("{of_a} {head}|worker (blueprint)|blueprint|Merge task b: The task b"));
    let resolves = &started(&project, 2)["resolves"];
    assert_eq!((&resolves["head"], &resolves["tip"]), (&head.as_str().into(), &of_a.as_str().into()));
    assert_eq!((&resolves["paths"], &resolves["with"]), (&vec!["same.txt"].into(), &vec!["a"].into()));
    assert_eq!(project.facts("merged", "b")[0]["merge"], merged.as_str());
    assert_eq!(rev(&project, "refs/blueprint/trial/attempts/b/1"), head);
    assert_eq!(rev(&project, "refs/blueprint/trial/attempts/b/2"), merged);
    let worktree = project.worktree("b");
    assert_eq!(project.git(&["-C", &worktree, "status", "--porcelain"]), "");
    assert_eq!(project.git(&["-C", &worktree, "rev-parse", "HEAD"]), head);
    assert!(!std::path::Path::new(&worktree).join("new.txt").exists());
    let tries = &project.task("b")["each_attempt"];
    assert_eq!(
        (&tries[0]["outcome"], &tries[0]["commit"]),
        (&"merge-conflict".into(), &head.as_str().into())
    );
    assert_eq!((&tries[1]["resolves"], &tries[1]["merge"]), (&1.into(), &merged.as_str().into()));
    let story = project.blueprint(&["status", "b"]).stdout;
    assert!(story.contains("attempt 2  completed, resolves the conflict of attempt 1, base "), "{story}");
    project.run(&[]).assert(0, &["2 of 2 tasks completed"]);
    assert_eq!(rev(&project, INTEGRATION), merged, "a second run finds it merged");
}

#[test]
fn the_agent_is_told_the_files_and_both_sides_and_finds_the_merge_with_its_markers() {
    let script = "record seen\ncall cp|same.txt|same.seen\ngit add same.seen\nwrite same.txt from a\\nfrom b";
    let project = conflict(script);
    project.complete(&["-j", "1"]);
    let prompt = std::fs::read_to_string(project.control.join("seen/stdin")).unwrap();
    for part in [
        "resolve a merge conflict",
        "- same.txt",
        "a: The task a",
        "a has its line",
        "b has its line",
        "dropped: PATH: reason",
    ] {
        assert!(prompt.contains(part), "{part}: {prompt}");
    }
    let seen = project.show(INTEGRATION, "same.seen");
    let expected = "<<<<<<< integration\nfrom a\n|||||||\n=======\nfrom b\n>>>>>>> task";
    assert_eq!(seen, expected);
}

#[test]
fn a_resolution_that_drops_the_other_sides_lines_is_refused_and_names_them() {
    let project = conflict("write same.txt from b");
    assert_blocked(&project, &["its resolution has lost lines", "same.txt: `from a` of a", "way out"]);
    let task = project.task("b");
    let detail = task["detail"].to_string();
    assert!(!detail.contains("`from b`"), "{detail}");
    // It may be read on another machine, where the worktree is elsewhere.
    assert!(!detail.contains(&*project.base().to_string_lossy()), "{detail}");
    let story = project.blueprint(&["status", "b"]).stdout;
    let told: Vec<_> = story.lines().skip_while(|line| !line.starts_with("  detail")).take(3).collect();
    assert!(told.len() == 3 && told[1..].iter().all(|line| line.starts_with("            ")), "{story}");
    assert_eq!(
        project.show("refs/blueprint/trial/attempts/b/2", "same.txt"),
        "from b",
        "what it made is kept"
    );
}

#[test]
fn one_that_drops_its_own_lines_is_refused_too_and_so_is_an_aborted_merge() {
    let project = conflict("git merge --abort");
    assert_blocked(&project, &["same.txt: `from b` of b", "b.txt: `x` of b"]);
}

/// As [`conflict`], but there is more in the repository, and `a` makes one file executable; then the resolution gets the conflict right.
fn conflict_beside(resolution: &str) -> TestProject {
    let script = format!(
        "== a\nwrite same.txt from a\nsh chmod +x run.sh\n== b #1\nwrite same.txt from b\nwrite b.txt x\n\
         == b\nwrite same.txt from a\\nfrom b\n{resolution}"
    );
    let project = TestProject::new(&PlanText::of(&["a", "b"]), &script);
    for (name, text) in [("base.md", "base\n"), ("other.txt", "one\ntwo\n"), ("run.sh", "run\n")] {
        std::fs::write(project.root.join(name), text).unwrap();
    }
    project.git(&["add", "base.md", "other.txt", "run.sh"]);
    project.git(&["commit", "--quiet", "-m", "more"]);
    project
}

#[test]
fn a_resolution_that_harms_files_in_which_nothing_conflicts_is_refused_and_names_them() {
    let project =
        conflict_beside("sh rm base.md\nwrite other.txt two\\nhacked\nsh chmod -x run.sh\nprint both");
    assert_blocked(
        &project,
        &[
            "base.md is gone",
            "run.sh is not executable any more",
            "other.txt: `one` of what was there before both",
        ],
    );
    let detail = project.task("b").to_string();
    assert!(!detail.contains("`two`"), "{detail}");
}

#[test]
fn what_is_said_of_such_files_and_what_is_only_added_to_them_is_taken() {
    let project =
        conflict_beside("sh rm base.md\nappend other.txt three\nprint dropped: base.md: nobody needs it");
    project.complete(&["-j", "1"]);
    assert!(!project.files(INTEGRATION).iter().any(|file| file == "base.md"));
    assert!(project.show(INTEGRATION, "other.txt").starts_with("one\ntwo"));
    let run = project.git(&["ls-tree", INTEGRATION, "run.sh"]);
    assert!(run.starts_with("100755"), "{run}");
}

#[test]
fn lines_that_the_agent_says_it_has_dropped_may_go() {
    let done = "blueprint task|done|--summary|in my words|--notes|dropped: same.txt: a line that says both";
    for say in [done, "print dropped: same.txt: a line that says both"] {
        let project = conflict(&format!("write same.txt from a and b\n{say}"));
        project.complete(&["-j", "1"]);
        assert_eq!(project.show(INTEGRATION, "same.txt"), "from a and b");
        assert!(project.section_of("b").contains("a line that says both"));
    }
}

#[test]
fn what_it_says_of_one_file_excuses_no_other() {
    let project = conflict("write same.txt from b\nprint dropped: other.txt: not needed");
    assert_blocked(&project, &["same.txt: `from a` of a"]);
}

#[test]
fn markers_that_stay_are_found_whatever_is_said() {
    let project = conflict("append same.txt more\ngit add same.txt\nprint dropped: same.txt: nothing");
    assert_blocked(&project, &["the markers of the conflict are still in same.txt, line 1"]);
}

#[test]
fn an_agent_that_fails_at_it_leaves_the_task_blocked_with_its_work() {
    let project = conflict("write same.txt half\nstderr too hard\nexit 3");
    assert_blocked(
        &project,
        &[
            "its agent, which was to resolve that, failed",
            "too hard",
            "`blueprint take b`",
            "`blueprint give b`",
        ],
    );
    assert_eq!(project.log().starts(), ["a", "b", "b"]);
    let project = conflict("blueprint task|block|--reason|what is right?");
    assert_blocked(&project, &["which was to resolve that, is blocked: what is right?"]);
}

#[test]
fn with_block_it_waits_for_a_person() {
    let project = conflict("");
    project.configure("on-conflict = \"block\"");
    assert_blocked(&project, &["way out"]);
    assert_eq!(project.log().starts(), ["a", "b"]);
}

#[test]
fn an_agent_that_goes_elsewhere_with_branch_and_head_loses_nothing() {
    let project = conflict("write same.txt from a\\nfrom b\ncommit it\ngit checkout -q -B blueprint/trial/b");
    project.complete(&["-j", "1"]);
    assert_eq!(project.show(INTEGRATION, "same.txt"), "from a\nfrom b");
    assert_eq!(rev(&project, "blueprint/trial/b"), project.task("b")["commit"].as_str().unwrap());
    assert_eq!(project.show("blueprint/trial/b", "same.txt"), "from b");
}

#[test]
fn what_is_merged_meanwhile_is_built_upon() {
    let script = "== a\nwrite same.txt from a\n== b #1\nwait-for a-is-in\nwrite same.txt from b\n== b\ntouch resolving\nwait-for c-is-in\n\
                  write same.txt from a\\nfrom b\n== c\nwait-for resolving\nwrite c.txt x";
    let project = TestProject::new(&PlanText::of(&["a", "b", "c"]), script);
    let run = project.start(&["run"]);
    let is_merged = |task: &str| !project.facts("merged", task).is_empty();
    wait_until("a's merge", || project.root.join(".git/blueprint").exists() && is_merged("a"), String::new);
    project.touch("a-is-in");
    wait_until("c's merge", || is_merged("c"), String::new);
    project.touch("c-is-in");
    run.wait().assert(0, &["3 of 3 tasks completed"]);
    assert_eq!(project.show(INTEGRATION, "same.txt"), "from a\nfrom b");
    let of_c = project.facts("merged", "c")[0]["merge"].as_str().unwrap().to_owned();
    let head = rev(&project, "blueprint/trial/b");
    assert_eq!(project.git(&["log", "-1", "--format=%P", INTEGRATION]), format!("{of_c} {head}"));
}

#[test]
fn where_prerequisites_conflict_the_base_is_the_branch_that_holds_the_resolution() {
    let script = "== a\nwrite same.txt from a\n== b #1\nwrite same.txt from b\n== b\nwrite same.txt from a\\nfrom b\n\
                  == c\nappend same.txt from c\n== d\nwrite d.txt x";
    let plan = PlanText::of(&["a", "b", "c", "d"]).edge("a", "c").edge("b", "c");
    let project = TestProject::new(&plan, script);
    project.complete(&["-j", "1"]);
    assert_eq!(project.show(INTEGRATION, "same.txt"), "from a\nfrom b\nfrom c");
    let of_b = project.facts("merged", "b")[0]["merge"].as_str().unwrap().to_owned();
    let started = &project.facts("attempt-started", "c")[0];
    assert_eq!((&started["base"], &started["on_integration"]), (&of_b.as_str().into(), &true.into()));
    let others = project.facts("attempt-started", "d");
    assert_eq!(others[0]["on_integration"], serde_json::Value::Null);
}

#[test]
fn taking_a_side_back_keeps_the_other_and_a_conflict_that_comes_again_is_resolved_as_it_was() {
    let script = "== a\nwrite same.txt from a\n== b #1\nwrite same.txt from b\n== b\nwrite same.txt from a\\nfrom b\n\
                  == *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::of(&["x", "a", "b"]), script);
    project.complete(&["-j", "1"]);
    project.blueprint(&["retry", "x"]).assert(0, &["x is to be done again"]);
    assert_eq!(project.show(INTEGRATION, "same.txt"), "from a\nfrom b");
    assert_eq!(project.files(INTEGRATION).iter().filter(|file| *file == "x.txt").count(), 0);
    project.blueprint(&["retry", "a"]).assert(0, &["a is to be done again"]);
    assert_eq!(project.show(INTEGRATION, "same.txt"), "from b");
}

#[test]
fn squashed_and_rebased_work_is_resolved_the_same_way() {
    for strategy in ["squash", "rebase"] {
        let project = conflict("write same.txt from a\\nfrom b");
        project.configure(&format!("strategy = \"{strategy}\""));
        project.complete(&["-j", "1"]);
        assert_eq!(project.show(INTEGRATION, "same.txt"), "from a\nfrom b");
        assert_eq!(project.git(&["rev-list", "--count", "--min-parents=2", INTEGRATION]), "0");
        assert_eq!(project.merges()["b"], 1);
    }
}

#[test]
fn a_run_that_is_killed_while_an_agent_resolves_finds_it_again() {
    let project = conflict("wait-for go\nwrite same.txt from a\\nfrom b\ntouch resolved");
    let run = project.start(&["run", "-j", "1"]);
    project.wait_for_starts(3);
    run.kill();
    let run = project.start(&["run"]);
    run.wait_for("taking up attempt 2");
    project.touch("go");
    run.wait().assert(0, &["2 of 2 tasks completed"]);
    assert_eq!(project.show(INTEGRATION, "same.txt"), "from a\nfrom b");
    assert_eq!(project.log().starts(), ["a", "b", "b"]);
    assert_eq!(project.merges()["b"], 1);
}

#[test]
fn a_resolution_that_ended_while_no_run_lived_is_taken() {
    let project = conflict("wait-for go\nwrite same.txt from a\\nfrom b");
    let run = project.start(&["run", "-j", "1"]);
    project.wait_for_starts(3);
    run.kill();
    project.touch("go");
    project.assert_no_process_left();
    project.complete(&[]);
    assert_eq!(project.show(INTEGRATION, "same.txt"), "from a\nfrom b");
    assert_eq!(project.log().starts(), ["a", "b", "b"]);
}

#[test]
fn one_that_was_killed_together_with_its_run_is_begun_again_and_the_work_is_not() {
    let project = conflict("wait-for go\nwrite same.txt from a\\nfrom b");
    let run = project.start(&["run", "-j", "1"]);
    project.wait_for_starts(3);
    run.kill();
    project.processes().into_iter().for_each(kill);
    project.assert_no_process_left();
    project.touch("go");
    project.complete(&["-j", "1"]);
    assert_eq!(project.show(INTEGRATION, "same.txt"), "from a\nfrom b");
    assert_eq!(project.log().starts(), ["a", "b", "b", "b"]);
    assert_eq!(started(&project, 3)["resolves"]["attempt"], 1);
}

#[test]
fn a_run_that_is_ended_meanwhile_leaves_the_resolution_to_the_next_one() {
    let project = conflict("touch resolving\nwait-for go\nwrite same.txt from a\\nfrom b");
    let run = project.start(&["run", "-j", "1"]);
    wait_until("the resolution", || project.control.join("resolving").exists(), String::new);
    run.signal(Signal::TERM);
    assert_eq!(run.wait().code, Some(143));
    project.assert_statuses(&[("a", "completed"), ("b", "pending")]);
    project.touch("go");
    project.complete(&["-j", "1"]);
    assert_eq!(project.show(INTEGRATION, "same.txt"), "from a\nfrom b");
    assert_eq!(started(&project, 3)["resolves"]["attempt"], 1);
}
