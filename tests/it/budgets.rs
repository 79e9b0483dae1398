//! Budgets: what attempts use up, what a run may use up, and what of that is in flight.

use crate::project::{FAKE_AGENT, PlanText, TestProject, toml_text};

/// The fake agent plays everybody as that program, whose output it prints.
fn played_as(program: &str, keys: &str) -> String {
    let agent = toml_text(FAKE_AGENT);
    format!("runner = \"{program}\"\n{keys}\n[runners.{program}]\ncommand = [{agent}]")
}

/// Ten tasks, `a` to `j`, each of which costs what the script says.
fn ten(script: &str, keys: &str) -> TestProject {
    let ids = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let project = TestProject::new(&PlanText::of(&ids), script);
    project.configure(&played_as("claude", keys));
    project
}

/// What all attempts that have ended cost together.
fn cost(project: &TestProject) -> f64 {
    let ended = project.journal().into_iter().filter(|record| record["fact"] == "attempt-ended");
    ended.filter_map(|record| record["cost_usd"].as_f64()).sum()
}

fn completed(project: &TestProject) -> usize {
    project.statuses().iter().filter(|(_, status)| status == "completed").count()
}

const QUARTER: &str = "== *\nwrite {task}.txt x\nclaude costs 0.25 done";

#[test]
fn with_eight_in_flight_no_more_starts_than_the_budget_has_shares_for() {
    // Nobody ends before five have started: a sixth share of 0.40 does not fit.
    let script = "== *\nwait-started 5\nwrite {task}.txt x\nclaude costs 0.40 done";
    let project = ten(script, "[agents.worker]\nmax-cost = 0.40");
    let ended = project.run(&["-j", "8", "--max-cost", "2.00"]);
    ended.assert(
        6,
        &[
            "the budget is used up ($2.00 of $2.00): f, which may use up $0.40, is not started",
            "running agents finish",
        ],
    );
    ended.assert(
        6,
        &["out of budget: 5 of 10 tasks completed", "budget: $2.00 of $2.00 used", "still to do:"],
    );
    ended.assert(6, &["genesis.xml' --jobs 8 --max-cost 2   (goes on with that budget anew)"]);
    let morning = project.blueprint(&[]).stdout;
    assert!(morning.contains("the last run ended because its budget of $2.00 was used up"), "{morning}");
    assert!(morning.contains(" --max-cost 2 "), "{morning}");
    ended.assert(6, &["note    this run may use up $2.00: what is in flight counts"]);
    assert_eq!((project.log().starts().len(), completed(&project)), (5, 5));
    assert!(cost(&project) <= 2.0 + 1e-9, "{}", cost(&project));
    project.assert_journal();
}

#[test]
fn a_budget_below_the_share_of_one_attempt_is_said_to_be_too_small() {
    let project = ten(QUARTER, "");
    project.run(&["-j", "1", "--max-cost", "0.50"]).assert(6, &["2 of 10 tasks completed"]);
    let ended = project.run(&["--max-cost", "0.20", "c"]);
    ended.assert(6, &["genesis.xml' c --max-cost 0.25   (one attempt may use up $0.25, more than $0.20)"]);
    assert_eq!(completed(&project), 2);
}

#[test]
fn what_an_attempt_leaves_of_its_share_others_may_have() {
    let project = ten(QUARTER, "[agents.worker]\nmax-cost = 0.50");
    let ended = project.run(&["-j", "8", "--max-cost", "1.60"]);
    ended.assert(6, &["budget: $1.25 of $1.60 used"]);
    assert_eq!(completed(&project), 5, "0.35 is left, and a share is 0.50");
}

#[test]
fn a_later_run_has_a_budget_of_its_own_and_goes_on() {
    let project = ten(QUARTER, "max-cost = 1.25\n[agents.worker]\nmax-cost = 0.25");
    project.run(&["-j", "8"]).assert(6, &["5 of 10 tasks completed", "budget: $1.25 of $1.25 used"]);
    project.run(&["-j", "8"]).assert(0, &["10 of 10 tasks completed", "budget: $1.25 of $1.25 used"]);
    let status = project.status();
    let spent = &status["spent"];
    assert_eq!((spent["cost_usd"].as_f64(), spent["tokens"]["input"].as_u64()), (Some(2.5), Some(900)));
    let runs = spent["runs"].as_array().unwrap();
    assert_eq!(runs.iter().map(|run| run["cost_usd"].as_f64().unwrap()).collect::<Vec<_>>(), [1.25, 1.25]);
    assert_eq!(
        (&spent["agents"][0]["agent"], &spent["agents"][0]["attempts"]),
        (&"worker".into(), &10.into())
    );
    assert_eq!(project.task("a")["each_attempt"][0]["cost_usd"], 0.25);
    let table = project.blueprint(&["status"]).stdout;
    assert!(table.contains("used so far: $2.50, 1 000 tokens"), "{table}");
}

#[test]
fn without_a_cap_the_first_attempt_runs_alone_and_teaches_what_the_others_cost() {
    let script = "== a\nwrite a.txt x\nclaude costs 0.60 done\n== *\nwait-started 3\nwrite {task}.txt x\nclaude costs 0.60 done";
    let project = ten(script, "max-cost = 2.00");
    project.run(&["-j", "8"]).assert(6, &["budget: $1.80 of $2.00 used"]);
    let log = project.log();
    let events: Vec<_> = log.events.iter().map(|event| event.what.as_str()).collect();
    let first_end = events.iter().position(|event| *event == "end").unwrap();
    assert_eq!(events[..first_end].iter().filter(|event| **event == "start").count(), 1);
    assert_eq!(log.starts().len(), 3);
    // The next run knows from the journal.
    project.script("== *\nwait-started 6\nwrite {task}.txt x\nclaude costs 0.60 done");
    project.run(&["-j", "8"]).assert(6, &["6 of 10 tasks completed"]);
}

#[test]
fn claude_code_is_told_its_cap_or_what_is_left_of_the_budget() {
    let script = "== *\nrecord {task}\nwrite {task}.txt x\nclaude costs 0.25 done";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    project.configure(&played_as("claude", "max-cost = 2\n[tasks.a]\nmax-cost = 0.5"));
    project.complete(&[]);
    let told = |task: &str| {
        let args = std::fs::read_to_string(project.control.join(task).join("args")).unwrap();
        args.split('\0').find_map(|arg| arg.strip_prefix("--max-budget-usd=")).map(str::to_owned)
    };
    assert_eq!([told("a"), told("b")], [Some("0.5".to_owned()), Some("1.75".to_owned())]);
}

#[test]
fn a_program_that_heeds_no_cap_is_ended_when_its_stream_tells_of_more() {
    let step = |cost: &str| {
        format!(
            r#"print {{"type":"step_finish","part":{{"reason":"tool-calls","cost":{cost},"tokens":{{"input":5,"output":5}}}}}}"#
        )
    };
    let script = format!("== *\n{}\n{}\nhang", step("0.30"), step("0.30"));
    let project = TestProject::new(&PlanText::of(&["a"]), &script);
    project.configure(&played_as("opencode", "[agents.worker]\nmax-cost = 0.50"));
    project.run(&[]).assert(1, &["used up its budget: it cost $0.60, and was allowed $0.50"]);
    let task = project.task("a");
    assert_eq!((&task["outcome"], task["cost_usd"].as_f64()), (&"out-of-budget".into(), Some(0.6)));
    assert_eq!(project.log().starts().len(), 1, "another attempt would end the same way");
    project.assert_no_process_left();
}

#[test]
fn tokens_are_watched_while_claude_code_works() {
    let script = "== *\nclaude using m1 400\nclaude using m1 600\nclaude using m2 500\nhang";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    project.configure(&played_as("claude", "[tasks.a]\nmax-tokens = 1_000"));
    project.run(&[]).assert(1, &["used up its budget: it used 1100 tokens, and was allowed 1000"]);
    assert_eq!(project.task("a")["tokens"]["input"], 1_100);
}

#[test]
fn a_task_that_the_runs_budget_ends_is_pending_and_goes_on_in_the_next_run() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nclaude using m1 5000\nhang");
    project.configure(&played_as("claude", "max-tokens = 1000"));
    let ended = project.run(&[]);
    ended.assert(6, &["pending a", "used up its budget", "5 000 of 1 000 tokens used", "still to do: a"]);
    project.assert_statuses(&[("a", "pending")]);
    project.script("== *\nwrite a.txt x\nclaude costs 0.1 done");
    project.complete(&["--max-tokens", "100000"]);
}

#[test]
fn tokens_alone_are_priced_by_the_configuration() {
    let turn = r#"print {"type":"turn.completed","usage":{"input_tokens":1000000,"cached_input_tokens":500000,"output_tokens":100000}}"#;
    let script = format!("== *\nwrite {{task}}.txt x\n{turn}");
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), &script);
    let price = "[price.gpt-5]\ninput = 2.0\noutput = 10.0\ncached-input = 0.2";
    project.configure(&played_as(
        "codex",
        &format!("max-cost = 100\n[tasks.a]\nmodel = \"gpt-5-codex\"\n{price}"),
    ));
    let ended = project.run(&[]);
    ended.assert(0, &["codex does not say what it costs", "`[price.codex]`"]);
    assert_eq!(project.task("a")["cost_usd"], 2.1);
    assert!(project.task("b")["cost_usd"].is_null(), "nobody knows its model");
    assert_eq!(project.task("b")["tokens"]["cached"], 500_000);
}

#[test]
fn an_attempt_that_went_on_unseen_counts_in_the_run_that_finds_it() {
    let script = "== a\nwait-for go\nwrite a.txt x\nclaude costs 0.90 done\n== *\nwrite {task}.txt x\nclaude costs 0.25 done";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    project.configure(&played_as("claude", "max-cost = 1\n[agents.worker]\nmax-cost = 0.9"));
    let run = project.start(&["run", "-j", "1"]);
    project.wait_for_starts(1);
    run.kill();
    project.touch("go");
    project.wait_for_log("its end", |log| log.events.iter().any(|event| event.what == "end"));
    project
        .run(&["-j", "2"])
        .assert(6, &["1 of 2 tasks completed", "budget: $0.90 of $1.00 used", "still to do: b"]);
}

#[test]
fn an_attempt_that_could_not_say_what_it_cost_counts_with_its_share() {
    let script = "== a\nkill-self\n== *\nwrite {task}.txt x\nclaude costs 0.25 done";
    let project = TestProject::new(&PlanText::of(&["a", "b", "c"]), script);
    project.configure(&played_as("claude", "retries = 0\nmax-cost = 1\n[agents.worker]\nmax-cost = 0.5"));
    let ended = project.run(&["-j", "1"]);
    ended.assert(6, &["budget: $0.75 of $1.00 ($0.50 of it guessed, for agents that could not say) used"]);
    assert_eq!(project.log().starts(), ["a", "b"]);
}

#[test]
fn a_command_uses_up_nothing_that_anybody_could_count_and_the_run_says_so() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), "== *\nwrite {task}.txt x");
    project.configure("max-cost = 0.01");
    project.complete(&[]).assert(0, &["what the runner `fake` uses up nobody can tell"]);
}

#[test]
fn what_is_no_amount_is_refused_with_what_would_be_one() {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    project.run(&["--max-cost", "much"]).assert(2, &["US dollars, such as 2.50"]);
    project.run(&["--max-cost", "0"]).assert(2, &["a number above 0"]);
    project.configure("[price.gpt]\ninput = 1.0");
    project.run(&[]).assert(2, &["missing field `output`"]);
}

#[test]
fn a_budget_that_is_not_used_up_but_too_small_says_so_and_what_the_task_may_use_up() {
    let project = ten(QUARTER, "[agents.worker]\nmax-tokens = 150");
    let ended = project.run(&["-j", "1", "--max-tokens", "100"]);
    let says = "what is left of the budget is not enough (0 of 100 tokens are used up): a, which may use up 150 tokens, is not started";
    ended.assert(6, &[says]);
}
