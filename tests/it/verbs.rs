//! The verbs beside `run`.

use std::fs;
use std::process::Stdio;

use crate::project::{BLUEPRINT, PlanText, TestProject, files_below};

const WORK: &str = "== *\nwrite {task}.txt x\nprint done with {task}";

/// Every state that a plan can show without a live run.
fn mixed() -> PlanText {
    let plan = PlanText::of(&["done", "mine", "broken", "waits", "free", "last"]);
    let edges = [("done", "free"), ("mine", "waits"), ("free", "last"), ("waits", "last")];
    let plan = edges.into_iter().fold(plan, |plan, (from, to)| plan.edge(from, to));
    plan.already("done", "completed", "jane")
        .already("mine", "in-progress", "jane")
        .already("broken", "failed", "joe")
}

#[test]
fn next_names_what_is_ready_the_most_urgent_first() {
    let plan = PlanText::of(&["small", "first", "second"]).edge("first", "second").agent("first", "builder");
    let project = TestProject::new(&plan, WORK);
    let human = project.blueprint(&["next"]).stdout;
    let order: Vec<_> = human.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(order, ["first", "small"]);
    let json = project.blueprint(&["next", "--format", "json"]).json();
    let expected = serde_json::json!({"version": 1, "tasks": [
        {"id": "first", "agent": "builder", "urgency": 5400},
        {"id": "small", "agent": "worker", "urgency": 2700},
    ], "questions": []});
    assert_eq!(json, expected);
    let matrix = project.blueprint(&["next", "--format", "github"]);
    assert_eq!(matrix.stdout.lines().count(), 1, "a job's output is a line");
    let expected = serde_json::json!({"include": [
        {"task": "first", "agent": "builder"},
        {"task": "small", "agent": "worker"},
    ]});
    assert_eq!(matrix.json(), expected);
}

#[test]
fn graph_shows_states_levels_and_the_critical_path() {
    let project = TestProject::new(&mixed(), WORK);
    for format in ["text", "dot", "mermaid", "json"] {
        let ended = project.blueprint(&["graph", "--format", format]);
        assert_eq!(ended.code, Some(0), "{ended}");
        insta::assert_snapshot!(format!("graph_{format}"), ended.stdout);
    }
}

#[test]
fn what_came_after_the_last_attempt_is_not_told_of_it() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== a\nblueprint task|block|--reason|which way?");
    project.run(&[]).assert(4, &[]);
    let why = project.blueprint(&["explain", "a"]).stdout;
    assert!(why.contains("its last attempt is blocked"), "{why}");
    project.blueprint(&["retry", "a"]).assert(0, &[]);
    // Git checks out a branch only once: the second attempt gets no worktree.
    let elsewhere = project.base().join("elsewhere");
    project.git(&["worktree", "remove", "--force", &project.worktree("a")]);
    project.git(&["worktree", "add", "--quiet", elsewhere.to_str().unwrap(), "blueprint/trial/a"]);
    let ended = project.run(&[]);
    assert!(ended.stderr.contains("could not be started"), "{ended}");
    let why = project.blueprint(&["explain", "a"]).stdout;
    assert!(!why.contains("its last attempt is blocked"), "{why}");
    assert!(why.contains("by what came after its last attempt: "), "{why}");
}

#[test]
fn explain_names_one_task_what_it_waits_for_and_what_a_run_would_do() {
    let project = TestProject::new(&mixed(), WORK);
    let says = |task: &str, texts: &[&str]| {
        let ended = project.blueprint(&["explain", task]);
        assert!(ended.code == Some(0) && texts.iter().all(|text| ended.stdout.contains(text)), "{ended}");
    };
    says("last", &["it waits for `waits` (pending), `free` (pending)", "A run would make attempt 1"]);
    says("free", &["it is ready, and no run is live", "fake-agent"]);
    says("mine", &["jane is at work on it; a run leaves it alone"]);
    project.blueprint(&["explain", "lost"]).assert(2, &["there is no task `lost`", "did you mean `last`?"]);
    project.blueprint(&["explain", "free", "last"]).assert(2, &["name one task"]);
    assert_eq!(project.log().starts(), [""; 0]);
}

#[test]
fn status_shows_a_line_a_task() {
    let project = TestProject::new(&mixed(), WORK);
    insta::assert_snapshot!(project.blueprint(&["status"]).stdout);
}

#[test]
fn status_json_has_every_key_and_null_for_what_is_unknown() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let status = project.status();
    assert_eq!(keys(&status), ["version", "plan", "run", "counts", "tasks", "spent"]);
    let plan = ["genesis", "project", "epic", "status", "start", "started", "elapsed_ms", "remaining_ms"];
    assert_eq!(keys(&status["plan"]), plan);
    let counts = ["total", "pending", "in_progress", "completed", "failed", "blocked", "cancelled"];
    assert_eq!(keys(&status["counts"]), counts);
    let expected = [
        "id",
        "name",
        "status",
        "agent",
        "needs",
        "attempts",
        "outcome",
        "owner",
        "started",
        "ended",
        "duration_ms",
        "elapsed_ms",
        "estimate_ms",
        "session",
        "branch",
        "base",
        "commit",
        "merge",
        "worktree",
        "summary",
        "question",
        "cost_usd",
        "tokens",
        "not_run_because",
        "waits_until",
        "each_attempt",
    ];
    let before = keys(&status["tasks"][0]);
    assert_eq!(before, expected);
    project.complete(&[]);
    assert_eq!(keys(&project.task("a")), expected);
    assert!(project.task("a")["commit"].is_string() && project.task("a")["cost_usd"].is_null());
}

#[test]
fn status_of_an_unknown_task_is_an_error_with_the_nearest_one() {
    let project = TestProject::new(&PlanText::of(&["parser"]), WORK);
    project.blueprint(&["status", "parsre"]).assert(2, &["`parsre`", "did you mean `parser`?"]);
    assert_eq!(project.blueprint(&["status", "parser"]).code, Some(0));
}

#[test]
fn status_of_a_task_tells_its_story() {
    let project = TestProject::new(
        &PlanText::of(&["a"]),
        "== a #1\nkill-self\n== *\nwrite a.txt x\nprint the second time lucky",
    );
    project.complete(&[]);
    let story = project.blueprint(&["status", "a"]).stdout;
    for part in
        ["a  completed", "attempts  2", "the second time lucky", "blueprint/trial/a", "another one follows"]
    {
        assert!(story.contains(part), "{part} in {story}");
    }
}

#[test]
fn logs_show_what_each_attempt_printed() {
    let script = "== a #1\nprint the first\nkill-self\n== *\nprint the second\nstderr a complaint";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    project.complete(&["a"]);
    assert_eq!(project.blueprint(&["logs", "a"]).stdout, "the second\n");
    assert_eq!(project.blueprint(&["logs", "a", "--attempt", "1"]).stdout, "the first\n");
    assert_eq!(project.blueprint(&["logs", "a", "--stderr"]).stdout, "the second\na complaint\n");
    project.blueprint(&["logs", "a", "--attempt", "3"]).assert(2, &["no attempt 3"]);
    project.blueprint(&["logs", "b"]).assert(2, &["no attempt yet"]);
}

#[test]
fn following_a_log_ends_with_the_attempt_and_misses_nothing() {
    let project =
        TestProject::new(&PlanText::of(&["a"]), "== *\nprint before\nwait-for go\nspam 1\nprint after");
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    let follow = project.start(&["logs", "a", "--follow"]);
    project.touch("go");
    run.wait().assert(0, &[]);
    let followed = follow.wait();
    assert_eq!(followed.code, Some(0), "{}", followed.stderr);
    assert!(followed.stdout.starts_with("before\n") && followed.stdout.ends_with("after\n"));
    assert_eq!(followed.stdout, project.blueprint(&["logs", "a"]).stdout);
}

#[test]
fn init_makes_a_plan_that_validates_and_could_run() {
    let project = TestProject::new(&PlanText::of(&["unused"]), WORK);
    project.blueprint(&["init", "fresh & new"]).assert(0, &["made"]);
    let validate = project.blueprint(&["validate", "fresh & new", "--strict"]);
    assert_eq!(validate.code, Some(0), "{validate}");
    let dry_run = project.run(&["fresh & new", "--dry-run", "--runner", "fake"]);
    assert_eq!(dry_run.code, Some(0), "{dry_run}");
    assert!(dry_run.stdout.contains("1. first") && dry_run.stdout.contains("2. second"), "{dry_run}");
    let made = files_below(&project.root.join("fresh & new"));
    project.blueprint(&["init", "fresh & new"]).assert(2, &["is there already"]);
    assert_eq!(files_below(&project.root.join("fresh & new")), made);
}

#[test]
fn a_dry_run_shows_everything_and_touches_nothing() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), WORK);
    let everything = || {
        let mut files = files_below(project.base());
        // git's own cache of what it has looked at.
        files.remove(&project.root.join(".git/index"));
        files
    };
    let (files, refs) = (everything(), project.refs());
    let ended = project.complete(&["--dry-run"]);
    for part in [
        "1. a",
        "2. b",
        "blueprint/trial/b",
        "мой проект.worktrees/trial/b",
        "with the work of a",
        "fake-agent",
    ] {
        assert!(ended.stdout.contains(part), "{part} in {ended}");
    }
    assert_eq!(project.refs(), refs);
    let after = everything();
    assert_eq!(after.keys().collect::<Vec<_>>(), files.keys().collect::<Vec<_>>());
    assert!(after == files, "a file has changed");
    assert_eq!(fs::read_dir(project.base()).unwrap().count(), 4, "no folder was made");
}

#[test]
fn looking_makes_no_state() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    for verb in ["status", "next", "validate", "graph"] {
        assert_eq!(project.blueprint(&[verb]).code, Some(0), "{verb}");
    }
    assert!(!project.root.join(".git/blueprint").exists());
}

#[test]
fn completions_are_scripts_that_their_shell_can_read() {
    let project = TestProject::without_git();
    for shell in ["bash", "zsh", "fish"] {
        let script = project.blueprint(&["completions", shell]);
        assert!(script.code == Some(0) && script.stdout.contains("blueprint"), "{script}");
    }
    let script = project.base().join("completions");
    fs::write(&script, project.blueprint(&["completions", "bash"]).stdout).unwrap();
    match project.command("bash").arg("-n").arg(script).output() {
        Ok(output) => assert!(output.status.success(), "{output:?}"),
        Err(_) => eprintln!("skipped: there is no bash here"),
    }
}

#[test]
fn the_help_of_every_verb_has_an_example() {
    let project = TestProject::without_git();
    let verbs = ["run", "status", "next", "validate", "graph", "logs", "task", "init", "completions"];
    let listed = project.blueprint(&["--help"]).stdout;
    for verb in verbs {
        assert!(listed.lines().any(|line| line.trim_start().starts_with(verb)), "{verb} in {listed}");
        let help = project.blueprint(&[verb, "--help"]);
        assert_eq!(help.code, Some(0), "{help}");
        assert!(help.stdout.contains(&format!("Example: blueprint {verb}")), "{help}");
    }
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    project.complete(&[]);
    for arguments in [&["status"][..], &["graph"], &["logs", "a"], &["validate", "--format", "json"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = project.command(BLUEPRINT);
        let output = command.args(arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
}

#[test]
fn data_goes_to_standard_output_and_narration_to_standard_error() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    let ended = project.complete(&[]);
    assert_eq!(ended.stdout, "");
    assert!(ended.stderr.contains("done    a"), "{ended}");
    assert_eq!(project.blueprint(&["status", "--format", "json"]).stderr, "");
}

#[test]
fn without_progress_a_run_says_nothing_that_is_no_trouble() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    let ended = project.complete(&["--progress", "none"]);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
}

#[test]
fn bars_without_a_terminal_say_what_lines_would() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    project.complete(&["--progress", "bar"]).assert(0, &["start   a", "done    a", "completed: 1 of 1"]);
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    let has_colours = |arguments: &[&str]| project.blueprint(arguments).stderr.contains('\u{1b}');
    assert!(!has_colours(&["status", "nobody"]));
    assert!(has_colours(&["status", "nobody", "--color", "always"]));
}
