//! Every way in which an attempt can end, made by a real agent process: told by its name in `status`, the journal and the plan.

use crate::project::{FAKE_AGENT, PlanText, TestProject, toml_text};

/// A runner that is taken for Claude Code, and one whose program is there and can't be started.
fn runners(project: &TestProject) -> String {
    let broken = project.base().join("broken");
    std::fs::write(&broken, "#!/no/such/interpreter\n").unwrap();
    std::fs::set_permissions(&broken, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let (agent, broken) = (toml_text(FAKE_AGENT), toml_text(broken.to_str().unwrap()));
    format!(
        "[runners.claude]\ncommand = [{agent}]\n[runners.broken]\nkind = \"command\"\ncommand = [{broken}]"
    )
}

/// An end: its word, its sentence, more that is said of it, the run's exit code, the task's status.
struct End(&'static str, &'static str, &'static str, i32, &'static str);

/// Runs one task by that script, and checks that its end is told by name wherever one looks.
#[track_caller]
fn assert_end(runner: &str, script: &str, arguments: &[&str], end: &End) {
    let End(outcome, sentence, more, code, status) = end;
    let project = TestProject::new(&PlanText::of(&["a"]), &format!("== *\n{script}"));
    project.configure(&runners(&project));
    let ended = project.run(&[&["--runner", runner, "--retries", "0"], arguments].concat());
    ended.assert(*code, &[more]);
    let task = project.task("a");
    assert_eq!((&task["outcome"], &task["status"]), (&(*outcome).into(), &(*status).into()), "{ended}");
    let facts = project.facts("attempt-ended", "a");
    assert_eq!(facts.last().unwrap()["outcome"], *outcome);
    let story = project.blueprint(&["status", "a"]).stdout;
    assert!(story.contains(&format!("outcome   {outcome}")), "{story}");
    if *status != "completed" {
        assert!(ended.stderr.contains(sentence), "{sentence} in {ended}");
        let section = project.section_of("a");
        assert!(section.contains(sentence) && section.contains(more), "{sentence}, {more} in {section}");
    }
    if *status == "failed" {
        let section = project.section_of("a");
        let result = section.split_once("<result>").unwrap().1;
        assert!(result.contains(sentence), "{result}");
    }
    project.assert_no_process_left();
}

#[test]
fn an_end_that_is_a_success() {
    assert_end("fake", "write a.txt x", &[], &End("completed", "", "done", 0, "completed"));
    assert_end("fake", "print looked", &[], &End("no-changes", "", "looked", 0, "completed"));
}

#[test]
fn an_end_by_the_program_itself() {
    assert_end("fake", "exit 3", &[], &End("failed", "failed", "exit code 3", 1, "failed"));
    let killed = End("killed", "was killed by a signal", "signal 9 (KILL)", 1, "failed");
    assert_end("fake", "kill-self", &[], &killed);
    let no_result = End("no-changes", "ended without any change", "", 1, "failed");
    assert_end("claude", "claude says all done", &[], &no_result);
}

#[test]
fn an_end_of_our_making() {
    let late = End("timed-out", "timed out", "its 1s were up; its last line was: here I stay", 1, "failed");
    assert_end("fake", "print here I stay\nhang", &["--timeout", "1s"], &late);
    let broken = End("could-not-start", "could not be started", "can't start", 1, "failed");
    assert_end("broken", "", &[], &broken);
}

#[test]
fn an_end_by_an_error_of_the_agent_or_its_service() {
    let error = End("agent-error", "ended with an error of the agent", "too long", 1, "failed");
    assert_end("claude", "claude error 400 Prompt is too long", &[], &error);
    let limited = End("rate-limited", "was stopped by a rate limit", "slow down", 1, "failed");
    assert_end("claude", "claude error 429 slow down", &[], &limited);
    let unavailable = End("unavailable", "could not reach its model", "boom", 1, "failed");
    assert_end("claude", "claude error 500 boom", &[], &unavailable);
    let login = End("authentication", "could not log in to its model", "Invalid API key", 1, "failed");
    assert_end("claude", "claude error 401 Invalid API key", &[], &login);
    let broke = End("out-of-credit", "has no credit left", "too low", 1, "failed");
    assert_end("claude", "claude error 400 Credit balance is too low", &[], &broke);
}

#[test]
fn an_end_by_what_the_agent_may_not_do_any_more() {
    let denied = End("permission-denied", "was denied a tool", "denied: Bash", 1, "failed");
    assert_end("claude", "claude denied Bash", &[], &denied);
    assert_end("claude", "claude turns", &[], &End("out-of-turns", "used up its turns", "", 1, "failed"));
    assert_end("claude", "claude budget", &[], &End("out-of-budget", "used up its budget", "", 1, "failed"));
}

#[test]
fn an_end_that_only_a_person_can_mend() {
    let blocked = End("blocked", "is blocked", "no key", 4, "blocked");
    assert_end("fake", "print BLOCKED: no key", &[], &blocked);
    let asks = End("needs-answer", "waits for an answer", "Which one?", 4, "blocked");
    assert_end("fake", "blueprint task|ask|Which one?", &[], &asks);
}

#[test]
fn an_end_with_the_run() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nhang");
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    run.signal(rustix::process::Signal::TERM);
    run.wait().assert(143, &["was interrupted"]);
    assert_eq!(project.task("a")["outcome"], "interrupted");
    project.assert_statuses(&[("a", "pending")]);
    assert!(project.section_of("a").contains("was interrupted"));
}

#[test]
fn the_summary_begins_with_the_root_causes_and_says_what_followed_from_them() {
    let plan = PlanText::of(&["ok", "e", "a", "b", "c", "d"]).edge("a", "b").edge("b", "c").edge("a", "d");
    let script = "== a\nhang\n== e\nexit 1\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&plan, script);
    let ended = project.run(&["--timeout", "1s", "--retries", "0"]);
    ended.assert(1, &["not run 3 tasks, because `a` timed out: b, c, d"]);
    let summary = ended.stderr.split_once("failed: 1 of 6 tasks completed").unwrap().1;
    let place = |text: &str| summary.find(text).unwrap_or_else(|| panic!("no {text} in {summary}"));
    let (root, lost) = (place("`a` timed out"), place("3 tasks not run because `a` timed out: b, c, d"));
    assert!(root < lost && lost < place("`e` failed: exit code 1"), "{summary}");
    let status = project.blueprint(&["status"]).stdout;
    assert!(status.contains("\n3 tasks not run because `a` timed out\n"), "{status}");
    let because = &project.task("c")["not_run_because"];
    assert_eq!(*because, serde_json::json!({"task": "a", "status": "failed", "outcome": "timed-out"}));
    assert!(project.task("ok")["not_run_because"].is_null());
}

/// What keeps each task of a plan from being completed, and the closing line that says so.
const REASONS: [(&str, &str); 8] = [
    ("ask", "waits for an answer: Postgres?"),
    ("keys", "is blocked: no key yet"),
    ("lock", "is blocked: its work changes protected paths: my.lock"),
    ("gated", "waits for an answer: gate `release`: is its work approved?"),
    ("tested", "did not pass a gate: the gate `tests` ended with exit code 1: 3 tests failed"),
    ("broken", "failed: exit code 3"),
    ("other", "could not be merged: "),
    ("hand", "is blocked: the lawyers look at it"),
];

#[test]
fn the_closing_lines_name_the_reason_of_every_task_that_did_not_complete_also_when_nothing_more_is_run() {
    let script = "== ask\nprint CLARIFICATION: Postgres?\n== keys\nblueprint task|block|--reason|no key yet\n\
                  == lock\nwrite my.lock x\n== broken\nexit 3\n== same\nwrite same.txt x\n\
                  == other\nwait-for go\nwrite same.txt y\n== *\nwrite {task}.txt x";
    let tasks: Vec<_> = REASONS.iter().map(|(task, _)| *task).chain(["same"]).collect();
    let project = TestProject::new(&PlanText::of(&tasks), script);
    project.configure(
        "on-conflict = 'block'\ngate-iterations = 0\nprotected-paths = ['*.lock']\n\
         [[gates]]\nname = 'release'\nkind = 'approve'\ntasks = ['gated']\n\
         [[gates]]\nname = 'tests'\nrun = 'echo 3 tests failed; false'\ntasks = ['tested']\n",
    );
    project
        .blueprint(&["task", "block", "--task", "hand", "--reason", "the lawyers look at it"])
        .assert(0, &[]);
    let run = project.start(&["run", "-j", "9"]);
    run.wait_for("done    same");
    project.touch("go");
    for ended in [run.wait(), project.run(&[])] {
        let closing = ended.stderr.split("tasks completed, ").last().unwrap();
        for (task, why) in REASONS {
            assert!(closing.contains(&format!("  `{task}` {why}")), "{task}: {why}\n{ended}");
        }
    }
}
