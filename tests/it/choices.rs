//! What a run does by its arguments and by its configuration.

use crate::project::{PlanText, TestProject};

const WORK: &str = "== *\nwrite {task}.txt x";

#[test]
fn fail_fast_starts_nothing_after_a_failure() {
    let project = TestProject::new(&PlanText::of(&["a", "b", "c"]), "== a\nexit 1\n== *\nwrite {task}.txt x");
    project.run(&["--fail-fast", "-j", "1"]).assert(1, &[]);
    assert_eq!(project.log().starts(), ["a"]);
    project.assert_statuses(&[("a", "failed"), ("b", "pending"), ("c", "pending")]);
}

#[test]
fn fail_fast_lets_running_agents_finish() {
    let script = "== a\nwait-started 2\nexit 1\n== b\nwait-for go\nwrite b.txt x\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::of(&["a", "b", "c"]), script);
    let run = project.start(&["run", "--fail-fast", "-j", "2"]);
    run.wait_for("failed  a");
    project.touch("go");
    run.wait().assert(1, &[]);
    project.assert_statuses(&[("a", "failed"), ("b", "completed"), ("c", "pending")]);
}

#[test]
fn keep_going_does_whatever_does_not_need_the_failed_task() {
    let script = "== a\nexit 1\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::of(&["a", "b", "c"]).edge("a", "b"), script);
    project.run(&["--keep-going", "-j", "1"]).assert(1, &[]);
    project.assert_statuses(&[("a", "failed"), ("b", "pending"), ("c", "completed")]);
}

#[test]
fn named_tasks_run_with_what_they_need_and_nothing_else() {
    let plan = PlanText::chain(&["a", "b", "c"]);
    let project = TestProject::new(&plan, WORK);
    project.complete(&["genesis.xml", "b"]);
    project.assert_statuses(&[("a", "completed"), ("b", "completed"), ("c", "pending")]);
    project.complete(&["c"]);
    assert_eq!(project.log().starts(), ["a", "b", "c"]);
}

#[test]
fn naming_a_failed_task_runs_it_again_and_a_plain_run_does_not() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== a #1\nexit 1\n== *\nwrite a.txt x");
    assert_eq!(project.run(&[]).code, Some(1));
    assert_eq!(project.run(&[]).code, Some(1));
    assert_eq!(project.log().starts_of("a"), 1);
    project.complete(&["a"]);
    assert_eq!(project.log().starts_of("a"), 2);
    assert_eq!(project.task("a")["attempts"], 2);
}

#[test]
fn rerun_failed_takes_up_all_failed_tasks() {
    let script = "== a #1\nexit 1\n== b #1\nexit 1\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::of(&["a", "b", "c"]).edge("a", "c"), script);
    assert_eq!(project.run(&[]).code, Some(1));
    project.complete(&["--rerun-failed"]);
    project.assert_statuses(&[("a", "completed"), ("b", "completed"), ("c", "completed")]);
}

#[test]
fn an_unknown_task_is_refused_with_the_nearest_one() {
    let project = TestProject::new(&PlanText::of(&["parser", "printer"]), WORK);
    project.run(&["parsr"]).assert(2, &["`parsr`", "did you mean `parser`?"]);
    assert_eq!(project.log().starts(), [""; 0]);
}

#[test]
fn jobs_of_the_configuration_hold_unless_the_flag_says_otherwise() {
    let at_once = |keys: &str, arguments: &[&str]| {
        let project = TestProject::new(&PlanText::of(&["a", "b", "c"]), "== *\nsleep 40");
        project.configure(keys);
        project.complete(arguments);
        let log = project.log();
        log.all("at-once").map(|event| event.more[0].parse::<usize>().unwrap()).max()
    };
    assert_eq!(at_once("jobs = 1", &[]), Some(1));
    assert_eq!(at_once("jobs = 3", &["-j", "1"]), Some(1));
}

#[test]
fn retries_of_the_configuration_hold() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nkill-self");
    project.configure("retries = 0");
    assert_eq!(project.run(&[]).code, Some(1));
    assert_eq!(project.log().starts(), ["a"]);
}

#[test]
fn the_time_limit_of_a_task_goes_before_its_agents_and_the_plans() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nhang");
    let keys =
        "retries = 0\ntimeout = \"60m\"\n[tasks.a]\ntimeout = \"200ms\"\n[agents.worker]\ntimeout = \"50m\"";
    project.configure(keys);
    project.run(&[]).assert(1, &["timed out"]);
    assert_eq!(project.task("a")["outcome"], "timed-out");
}

#[test]
fn an_agents_own_runner_plays_it() {
    let plan = PlanText::of(&["a", "b"]).agent("b", "poet");
    let project = TestProject::new(&plan, "== *\nprint by the fake one");
    let poet = "[agents.poet]\nrunner = \"verse\"\n[runners.verse]\ncommand = [\"sh\", \"-c\", \"echo by $WHO\"]\nenv = { WHO = \"the poet\" }";
    project.configure(poet);
    project.complete(&[]);
    assert_eq!(project.task("a")["summary"], "by the fake one");
    assert_eq!(project.task("b")["summary"], "by the poet");
    project.run(&["--dry-run", "--runner", "nobody"]).assert(2, &["there is no runner `nobody`"]);
}

#[test]
fn worktrees_go_where_the_configuration_says() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    project.configure("worktree-dir = \"../trees/{epic}-{task}\"");
    project.complete(&[]);
    let worktree = project.base().join("trees/trial-a");
    assert_eq!(project.task("a")["worktree"], worktree.to_str().unwrap());
    assert!(worktree.join("a.txt").exists());
}

#[test]
fn without_a_configuration_worktrees_lie_beside_the_checkout() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    project.complete(&[]);
    let repository = project.root.file_name().unwrap().to_str().unwrap();
    let worktree = project.base().join(format!("{repository}.worktrees/trial/a"));
    assert!(worktree.join("a.txt").exists());
}

#[test]
fn task_branches_are_named_as_the_configuration_says() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), WORK);
    project.configure("branch = \"agents/{task}/of-{epic}\"");
    project.complete(&[]);
    assert_eq!(project.task("a")["branch"], "agents/a/of-trial");
    assert_eq!(project.show("agents/b/of-trial", "a.txt"), "x");
}

#[test]
fn a_plan_starts_from_the_configured_base_and_stays_there() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), WORK);
    project.git(&["checkout", "--quiet", "-b", "release"]);
    project.write("release.txt", "of the release");
    project.commit_all("The release");
    project.git(&["checkout", "--quiet", "main"]);
    project.configure("base = \"release\"");
    project.complete(&["a"]);
    assert_eq!(project.show("blueprint/trial/a", "release.txt"), "of the release");
    let start = project.git(&["rev-parse", "release"]);
    project.git(&["branch", "--force", "release", "main"]);
    project.complete(&["b"]);
    assert_eq!(project.git(&["rev-parse", "refs/blueprint/trial/start"]), start);
    assert_eq!(project.show("blueprint/trial/b", "release.txt"), "of the release");
}

#[test]
fn missing_definitions_are_refused_where_all_are_required() {
    let project = TestProject::new(&PlanText::of(&["a"]).agent("a", "rust-developr"), WORK);
    project.write("agents/rust-developer.md", "---\nname: rust-developer\n---\nYou write Rust.\n");
    project.configure("require-definitions = true");
    project.run(&[]).assert(2, &["rust-developr", "rust-developer?"]);
    assert_eq!(project.log().starts(), [""; 0]);
    project.configure("");
    project
        .complete(&[])
        .assert(0, &["no definition for the agent `rust-developr` (did you mean rust-developer?)"]);
}

#[test]
fn definitions_are_found_in_the_configured_folders() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nrecord seen");
    project.write(
        "docs/people/worker.md",
        "---\nname: worker\n---\nDo {TASK_ID} in {WORKTREE_PATH}, not {this}.\n",
    );
    project.configure("agent-dirs = [\"docs/people\"]");
    project.complete(&[]);
    let stdin = std::fs::read_to_string(project.control.join("seen/stdin")).unwrap();
    let worktree = project.task("a")["worktree"].as_str().unwrap().to_owned();
    assert!(stdin.starts_with(&format!("Do a in {worktree}, not {{this}}.\n")), "{stdin}");
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_the_nearest_one() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    project.write("blueprint.toml", "jobs = 2\nretry = 3\n");
    project
        .run(&[])
        .assert(2, &["blueprint.toml` line 2, column 1: unknown key `retry`", "did you mean `retries`?"]);
    assert_eq!(project.log().starts(), [""; 0]);
}

#[test]
fn a_task_of_the_configuration_that_is_not_in_the_plan_is_warned_of() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    project
        .configure("allow-no-changes = [\"b\"]\n[tasks.typo]\ntimeout = \"1h\"\n[tasks.a]\ntimeout = \"1h\"");
    let ended = project.complete(&[]);
    ended.assert(0, &["[tasks] names `typo`", "allow-no-changes names `b`"]);
    assert!(!ended.stderr.contains("[tasks] names `a`"), "{ended}");
}
