//! Limits: of a service, waited for; of what tasks share; of the machine.

use rustix::process::Signal;

use crate::project::{FAKE_AGENT, PlanText, TestProject, toml_text};

/// Far enough for no test to get there.
const LONG: &str = "stderr retry-after: 7200\nexit 75";

/// Another runner that is the fake agent, too.
fn other(name: &str) -> String {
    format!("[runners.{name}]\nkind = \"command\"\ncommand = [{}]\n", toml_text(FAKE_AGENT))
}

#[test]
fn a_limit_that_says_when_it_ends_is_waited_for_and_uses_up_no_attempt() {
    let script = format!("== a #1\n{}\n== *\nwrite a.txt x", LONG.replace("7200", "1"));
    let project = TestProject::new(&PlanText::of(&["a"]), &script);
    let ended = project.complete(&["--retries", "0"]);
    ended.assert(0, &["wait    a", "attempt 1 was stopped by a rate limit, waits until", "retry-after: 1"]);
    let outcomes: Vec<_> = project.facts("attempt-ended", "a").iter().map(|f| f["outcome"].clone()).collect();
    assert_eq!(outcomes, ["rate-limited", "completed"]);
    assert!(project.section_of("a").contains("attempt 1 was stopped by a rate limit; waits until"));
}

#[test]
fn a_run_waits_for_a_limit_and_the_next_one_does_too_unless_the_task_is_named() {
    let project = TestProject::new(&PlanText::of(&["a"]), &format!("== *\n{LONG}"));
    for runs in 1..=2 {
        let run = project.start(&["run"]);
        run.wait_for("waits until");
        assert_eq!(project.log().starts(), ["a"], "in run {runs}");
        let task = project.task("a");
        assert!(task["status"] == "pending" && task["waits_until"].is_string(), "{task}");
        let table = project.blueprint(&["status"]).stdout;
        assert!(table.contains("waits until "), "{table}");
        run.signal(Signal::TERM);
        run.wait().assert(143, &["still to do: a"]);
    }
    project.script("== *\nwrite a.txt x");
    project.complete(&["a"]);
    assert_eq!(project.log().starts(), ["a", "a"]);
    assert!(project.task("a")["waits_until"].is_null());
}

#[test]
fn a_limit_holds_up_all_tasks_of_its_runner_and_no_other() {
    let script = format!("== a\n{LONG}\n== *\nwrite {{task}}.txt x");
    let plan = PlanText::of(&["a", "b", "c"]).agent("c", "free");
    let project = TestProject::new(&plan, &script);
    project.configure(&format!("[agents.free]\nrunner = \"other\"\n{}", other("other")));
    let run = project.start(&["run", "-j", "1"]);
    run.wait_for("nothing more is started with fake until");
    run.wait_for("done    c");
    assert_eq!(project.log().starts(), ["a", "c"]);
    run.signal(Signal::TERM);
    run.wait().assert(143, &["because `a` was stopped by a rate limit", "still to do: a, b"]);
}

#[test]
fn claude_codes_own_word_on_when_the_limit_ends_counts() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nclaude limit-ends 7200 hit your limit");
    project.configure(&format!("[runners.claude]\ncommand = [{}]", toml_text(FAKE_AGENT)));
    let run = project.start(&["run", "--runner", "claude"]);
    run.wait_for("waits until");
    run.signal(Signal::INT);
    run.wait().assert(130, &["hit your limit"]);
}

#[test]
fn a_retry_that_waits_holds_no_slot() {
    let script = "== a #1\nkill-self\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    project.complete(&["-j", "1"]);
    assert_eq!(project.log().starts(), ["a", "b", "a"]);
}

#[test]
fn a_runner_that_can_not_log_in_starts_nothing_more_and_says_what_to_do() {
    let script = "== a\nclaude error 401 Invalid API key\n== *\nwrite {task}.txt x\nclaude says done";
    let plan = PlanText::of(&["a", "b", "c", "d", "e"]).edge("b", "c").edge("a", "e").agent("d", "free");
    let project = TestProject::new(&plan, script);
    let agent = toml_text(FAKE_AGENT);
    let runners = format!("[runners.claude]\ncommand = [{agent}]\n{}", other("other"));
    project.configure(&format!("runner = \"claude\"\n[agents.free]\nrunner = \"other\"\n{runners}"));
    let ended = project.run(&["-j", "1"]);
    ended.assert(1, &["nothing more is started with claude; log in", "`blueprint run --rerun-failed`"]);
    ended.assert(1, &["not run 2 tasks, because `a` could not log in to its model: b, c"]);
    ended.assert(1, &["3 tasks not run because `a` could not log in to its model: b, c, e"]);
    assert_eq!(project.log().starts(), ["a", "d"]);
    let expected =
        [("a", "failed"), ("b", "pending"), ("c", "pending"), ("d", "completed"), ("e", "pending")];
    project.assert_statuses(&expected);
    project.script("== *\nwrite {task}.txt x\nclaude says done");
    project.complete(&["--rerun-failed"]);
}

#[test]
fn no_more_tasks_at_once_than_a_named_limit_a_runner_and_an_agent_allow() {
    let script = "== *\nsleep 30\nwrite {task}.txt x";
    let ids = ["a", "b", "c", "d", "e", "f"];
    for (what, configuration) in [
        ("a named limit", "[limits]\ndatabase = 1\n[agents.worker]\nneeds-limit = \"database\""),
        ("an agent", "[agents.worker]\njobs = 1"),
        (
            "a runner",
            "runner = \"narrow\"\n[runners.narrow]\njobs = 1\nkind = \"command\"\ncommand = [AGENT]",
        ),
    ] {
        let project = TestProject::new(&PlanText::of(&ids), script);
        project.configure(&configuration.replace("AGENT", &toml_text(FAKE_AGENT)));
        project.complete(&["-j", "6"]);
        let most = project.log().all("at-once").map(|event| event.more[0].clone()).max();
        assert_eq!(most.as_deref(), Some("1"), "{what}");
    }
}

#[test]
fn a_task_that_waits_for_a_limit_holds_up_nobody_else() {
    let script = "== a\nwait-for go\n== c\ntouch go\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::of(&["a", "b", "c"]), script);
    let needs = "[tasks.a]\nneeds-limit = [\"database\"]\n[tasks.b]\nneeds-limit = [\"database\"]";
    project.configure(&format!("[limits]\ndatabase = 1\n{needs}"));
    project.complete(&["-j", "2"]);
    assert_eq!(project.log().starts().last(), Some(&"b"));
}

#[test]
fn a_limit_that_there_is_not_is_refused_with_the_nearest_one() {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    project.configure("[limits]\ndatabase = 1\n[tasks.a]\nneeds-limit = [\"databse\"]");
    project.run(&[]).assert(2, &["[tasks.a] needs the limit `databse`", "did you mean `database`?"]);
    let found = project.blueprint(&["validate"]);
    assert_eq!(found.code, Some(3), "{found}");
    let shown = &found.stdout;
    assert!(shown.contains("a limit that there is not: `databse`"), "{found}");
    assert!(shown.contains("did you mean `database`?"), "{found}");
    project.configure("[tasks.a]\njobs = 2");
    project.run(&[]).assert(2, &["[tasks.a] has `jobs`", "[agents.NAME]"]);
}

#[test]
fn while_the_disk_is_too_full_nothing_starts_and_the_run_says_why() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite a.txt x");
    project.configure("min-free-disk = \"900000 TB\"");
    let run = project.start(&["run"]);
    run.wait_for("min-free-disk is 900000 TB: nothing is started until there is more room");
    run.signal(Signal::TERM);
    run.wait().assert(143, &["still to do: a"]);
    assert_eq!(project.log().starts(), [""; 0]);
}

#[test]
fn builds_of_all_agents_share_one_pool_of_jobs_and_lost_ones_come_back() {
    // Each takes more than half of the jobs and gives none back.
    let script = "== *\ntake-job\ntake-job\nrecord {task}";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    project.configure("jobserver = 3");
    project.complete(&[]);
    let env = std::fs::read_to_string(project.control.join("b/env")).unwrap();
    let flags = env.split('\0').find_map(|var| var.strip_prefix("CARGO_MAKEFLAGS=")).unwrap();
    assert!(flags.starts_with("-j3 --jobserver-auth=fifo:/"), "{flags}");
    let pipe = flags.split_once("fifo:").unwrap().1;
    assert!(!std::path::Path::new(pipe).exists(), "it goes with the run");
}

#[test]
fn an_agent_that_outlives_its_run_still_has_its_jobs() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwait-for go\ntake-job\nwrite a.txt x");
    project.configure("jobserver = 1");
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    run.kill();
    project.touch("go");
    project.complete(&[]);
    assert_eq!(project.log().starts(), ["a"]);
}

#[test]
fn without_a_jobserver_agents_are_told_of_none() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nrecord a");
    project.complete(&[]);
    let env = std::fs::read_to_string(project.control.join("a/env")).unwrap();
    assert!(!env.contains("MAKEFLAGS"), "{env}");
}

#[test]
fn the_configuration_says_after_which_ends_another_attempt_follows() {
    let script = "== a #1\nexit 7\n== b\nkill-self\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    project.configure("retry-outcomes = [\"failed\"]");
    project.run(&[]).assert(1, &["retry   a", "`b` was killed by a signal"]);
    assert_eq!((project.log().starts_of("a"), project.log().starts_of("b")), (2, 1));
}

#[test]
fn a_task_that_a_person_wants_tried_again_waits_for_no_limit() {
    let project = TestProject::new(&PlanText::of(&["a"]), &format!("== a #1\n{LONG}\n== *\nwrite a.txt x"));
    let run = project.start(&["run"]);
    run.wait_for("waits until");
    project.blueprint(&["retry", "a"]).assert(0, &[]);
    run.wait().assert(0, &[]);
    assert_eq!(project.log().starts(), ["a", "a"]);
}
