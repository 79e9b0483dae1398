//! Questions: how a task comes to wait for an answer, how it gets it, and how its agent goes on then.

use std::fs;

use serde_json::json;

use crate::project::{FAKE_AGENT, INTEGRATION, PlanText, TestProject, toml_text};

/// It asks the first time, with half of the work done, and does the rest the second time.
const ASKS: &str = "== a #1\nwrite half.txt x\nprint CLARIFICATION: Postgres or SQLite?\n\
                    == a #2\nrecord two\nwrite whole.txt x\nprint took it\n== *\nwrite {task}.txt x";

#[track_caller]
fn ok(project: &TestProject, arguments: &[&str]) -> String {
    let ended = project.blueprint(arguments);
    assert_eq!(ended.code, Some(0), "{ended}");
    ended.stderr
}

/// A run that ends with the question.
fn asked(plan: &PlanText, script: &str) -> TestProject {
    let project = TestProject::new(plan, script);
    let next = "next    blueprint answer";
    project.run(&[]).assert(4, &["blocked a", "Postgres or SQLite?", next]);
    project
}

fn prompt(project: &TestProject, name: &str) -> String {
    fs::read_to_string(project.control.join(name).join("stdin")).unwrap()
}

#[track_caller]
fn assert_both_halves(project: &TestProject) {
    let files = project.files(INTEGRATION);
    assert!(["half.txt", "whole.txt"].iter().all(|file| files.contains(&(*file).into())), "{files:?}");
}

#[test]
fn a_question_stands_everywhere_until_it_is_answered_and_then_the_agent_goes_on_in_its_tree() {
    let project = asked(&PlanText::chain(&["a", "b"]), ASKS);
    project.assert_statuses(&[("a", "blocked"), ("b", "pending")]);
    assert_eq!(project.task("a")["question"], "Postgres or SQLite?");
    let next = project.blueprint(&["next", "--format", "json"]).json();
    assert_eq!(next["questions"], json!([{"id": "a", "agent": "worker", "question": "Postgres or SQLite?"}]));
    assert!(project.blueprint(&["next"]).stdout.contains("Postgres or SQLite?"));
    let explained = project.blueprint(&["explain", "a"]).stdout;
    assert!(explained.contains("blueprint answer"), "{explained}");
    assert!(project.section_of("a").contains("waits for an answer: Postgres or SQLite?"));
    assert!(project.read("genesis.xml").contains("task_blocked"));

    let said = ok(&project, &["answer", "a", "SQLite, it is one file"]);
    assert!(
        said.contains("has its answer, and goes on with the next run") && said.contains("blueprint run"),
        "{said}"
    );
    project.assert_statuses(&[("a", "pending"), ("b", "pending")]);
    assert!(project.task("a")["question"].is_null());
    let table = project.blueprint(&["status"]).stdout;
    assert!(table.contains("answered: SQLite, it is one file"), "{table}");
    let explained = project.blueprint(&["explain", "a"]).stdout;
    assert!(explained.contains("its question is answered: SQLite"), "{explained}");
    let xml = project.read("genesis.xml");
    assert_eq!(xml.matches("SQLite, it is one file").count(), 2, "history and audit log: {xml}");

    project.complete(&[]);
    assert_both_halves(&project);
    let prompt = prompt(&project, "two");
    for text in ["Postgres or SQLite?", "> SQLite, it is one file", "What attempt 1 made", "## The plan"] {
        assert!(prompt.contains(text), "no {text:?} in {prompt}");
    }
    let continues = &project.facts("attempt-started", "a")[1]["continues"];
    assert_eq!(*continues, json!({"attempt": 1, "because": "answer"}));
    assert_eq!(project.log().starts(), ["a", "a", "b"]);
}

#[test]
fn a_structured_question_is_answered_in_the_same_session() {
    let script = "== a #1\nwrite half.txt x\nclaude starts\nclaude asks Postgres or SQLite?\n\
                  == a #2\nrecord two\nwrite whole.txt x\nclaude starts\nclaude says done";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    let agent = toml_text(FAKE_AGENT);
    project.configure(&format!("runner = \"claude\"\n[runners.claude]\ncommand = [{agent}]"));
    project.run(&[]).assert(4, &["Postgres or SQLite?"]);
    ok(&project, &["answer", "a", "SQLite"]);
    project.complete(&[]);
    assert_both_halves(&project);
    let arguments = fs::read_to_string(project.control.join("two/args")).unwrap();
    assert!(arguments.contains("--resume=s"), "{arguments}");
    let prompt = prompt(&project, "two");
    assert!(prompt.contains("> SQLite") && !prompt.contains("## The plan"), "{prompt}");
}

#[test]
fn a_question_by_the_agents_own_door_counts_like_one_in_its_last_message() {
    let script =
        "== a #1\nblueprint task|ask|Postgres or SQLite?\nprint bye\n== *\nrecord two\nwrite a.txt x";
    let project = asked(&PlanText::of(&["a"]), script);
    ok(&project, &["answer", "a", "SQLite"]);
    project.complete(&[]);
    assert!(prompt(&project, "two").contains("> SQLite"));
}

#[test]
fn a_live_run_takes_an_answered_task_up_at_once_with_all_that_waits_for_it() {
    let plan = PlanText::of(&["a", "b", "c"]).edge("a", "b");
    let project = TestProject::new(&plan, &ASKS.replace("== *", "== c\nwait-for go\nwrite c.txt x\n== *"));
    let run = project.start(&["run"]);
    run.wait_for("blocked a");
    let said = ok(&project, &["answer", "a", "SQLite"]);
    assert!(said.contains("the live run takes that up"), "{said}");
    run.wait_for("the question of a is answered by");
    run.wait_for("done    b");
    project.touch("go");
    run.wait().assert(0, &["3 of 3 tasks completed"]);
    assert_both_halves(&project);
    project.assert_journal();
}

#[test]
fn an_agent_can_answer_no_question_not_even_its_own() {
    let script = "== a #1\nprint CLARIFICATION: Postgres or SQLite?\n== b\nblueprint answer|{plan}|a|SQLite\nwrite b.txt x";
    let project = asked(&PlanText::chain(&["b", "a"]), script);
    let log = project.log();
    let called = log.all("blueprint").next().unwrap();
    assert_eq!(called.more[0], "77", "{:?}", called.more);
    project.assert_statuses(&[("b", "completed"), ("a", "blocked")]);
}

#[test]
fn what_asks_nothing_is_not_answered_and_the_way_out_is_said() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), "== a\nwrite a.txt x\n== *\nexit 1");
    assert_eq!(project.run(&[]).code, Some(1));
    let refused = |arguments: &[&str]| project.blueprint(&[&["answer"], arguments].concat());
    refused(&["a", "yes"]).assert(2, &["task `a` is completed and asks nothing", "blueprint retry a --note"]);
    refused(&["b", "yes"]).assert(2, &["task `b` is failed and asks nothing"]);
    refused(&["c", "yes"]).assert(2, &["there is no task `c`"]);
    refused(&["a"]).assert(2, &["which task, and what is the answer?"]);
    refused(&["a", " \u{7} "]).assert(2, &["the answer is empty"]);
    refused(&["a", "two", "words"]).assert(2, &["with quotes around the text"]);
    assert!(project.facts("answered", "a").is_empty() && project.facts("answered", "b").is_empty());
}

#[test]
fn the_same_answer_again_changes_nothing_and_another_one_takes_its_place_until_it_is_taken_up() {
    let project = asked(&PlanText::of(&["a"]), ASKS);
    ok(&project, &["answer", "a", "Postgres"]);
    let before = project.read("genesis.xml");
    assert!(ok(&project, &["answer", "a", "Postgres"]).contains("has that answer already"));
    assert_eq!(project.read("genesis.xml"), before);
    assert!(ok(&project, &["answer", "a", "SQLite"]).contains("in place of the one before"));
    project.complete(&[]);
    let prompt = prompt(&project, "two");
    assert!(prompt.contains("> SQLite") && !prompt.contains("> Postgres"), "{prompt}");
    assert_eq!(prompt.matches("~~~~~ question").count(), 1, "{prompt}");
    let told = project.blueprint(&["report", "--format", "json"]).json();
    assert_eq!(told["questions"].as_array().map(Vec::len), Some(1), "{told:#}");
    assert_eq!(told["questions"][0]["answer"], "SQLite");
    project.blueprint(&["answer", "a", "Postgres"]).assert(2, &["asks nothing"]);
}

#[test]
fn an_answer_comes_from_standard_input_too() {
    let project = asked(&PlanText::of(&["a"]), ASKS);
    let line =
        format!("printf 'SQLite\\n\\n\\001 and no other\\n' | '{}' answer a -", crate::project::BLUEPRINT);
    let output = project.command("sh").args(["-c", &line]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    project.complete(&[]);
    assert!(prompt(&project, "two").contains("> SQLite\n> \n>  and no other"));
}

#[test]
fn a_question_that_somebody_asked_by_hand_is_answered_like_an_agents() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nrecord one\nwrite a.txt x");
    ok(&project, &["task", "ask", "--task", "a", "Postgres or SQLite?"]);
    assert_eq!(project.task("a")["question"], "Postgres or SQLite?");
    ok(&project, &["answer", "a", "SQLite"]);
    project.complete(&[]);
    let prompt = prompt(&project, "one");
    assert!(prompt.contains("Postgres or SQLite?") && prompt.contains("> SQLite"), "{prompt}");
    assert_eq!(project.facts("answered", "a")[0]["attempt"], json!(null));
}

#[test]
fn in_the_checkout_itself_questions_are_answered_as_well() {
    let project = TestProject::new(&PlanText::of(&["a"]), ASKS);
    project.run(&["--isolation", "none"]).assert(4, &["Postgres or SQLite?"]);
    ok(&project, &["answer", "a", "SQLite"]);
    project.complete(&["--isolation", "none"]);
    assert!(project.root.join("half.txt").exists() && project.root.join("whole.txt").exists());
    assert!(prompt(&project, "two").contains("> SQLite"));
}

#[test]
fn in_a_shared_worktree_questions_are_answered_as_well() {
    let project = TestProject::new(&PlanText::of(&["a"]), ASKS);
    project.run(&["--isolation", "shared"]).assert(4, &["Postgres or SQLite?"]);
    ok(&project, &["answer", "a", "SQLite"]);
    project.complete(&["--isolation", "shared"]);
    assert!(prompt(&project, "two").contains("> SQLite"));
    assert!(project.files(INTEGRATION).contains(&"whole.txt".into()));
}

#[test]
fn a_task_that_is_set_back_begins_afresh_and_knows_what_was_answered() {
    let project = asked(&PlanText::of(&["a"]), ASKS);
    ok(&project, &["answer", "a", "SQLite"]);
    ok(&project, &["retry", "a", "--note", "from the beginning"]);
    project.complete(&[]);
    let files = project.files(INTEGRATION);
    assert!(files.contains(&"whole.txt".into()) && !files.contains(&"half.txt".into()), "{files:?}");
    let prompt = prompt(&project, "two");
    assert!(prompt.contains("> SQLite") && prompt.contains("> from the beginning"), "{prompt}");
}

#[test]
fn an_answered_task_finds_its_tree_even_where_its_worktree_has_gone() {
    let project = asked(&PlanText::of(&["a"]), ASKS);
    let worktree = project.task("a")["worktree"].as_str().unwrap().to_owned();
    fs::remove_dir_all(worktree).unwrap();
    ok(&project, &["answer", "a", "SQLite"]);
    project.complete(&[]);
    assert_both_halves(&project);
}

#[test]
fn what_a_person_has_put_into_the_worktree_meanwhile_is_there_when_the_agent_goes_on() {
    let project = asked(&PlanText::of(&["a"]), ASKS);
    let worktree = project.task("a")["worktree"].as_str().unwrap().to_owned();
    fs::write(format!("{worktree}/hint.txt"), "x").unwrap();
    ok(&project, &["answer", "a", "see hint.txt"]);
    project.complete(&[]);
    assert_both_halves(&project);
    assert!(project.files(INTEGRATION).contains(&"hint.txt".into()));
}
