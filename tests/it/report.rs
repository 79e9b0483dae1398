//! `blueprint report`: what was done, how long it took, what it cost, what went wrong, and what was decided, asked and learnt.

use serde_json::{Value, json};

use crate::project::{PlanText, TestProject};
use crate::story::{HOSTILE, hostile, hundred, story};

fn report(project: &TestProject) -> Value {
    let ended = project.blueprint(&["report", "--format", "json"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    ended.json()
}

fn named<'a>(items: &'a Value, key: &str, name: &str) -> &'a Value {
    items
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item[key] == name)
        .unwrap_or_else(|| panic!("{name} in {items:#}"))
}

#[test]
fn one_word_is_one_number_wherever_it_is_told() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), "== *\nwrite {task}.txt x");
    project.configure("[[gates]]\nname = \"looks\"\nrun = \"sleep 0.2\"\n");
    let file = project.base().join("events.jsonl");
    project.complete(&["--events", file.to_str().unwrap()]);
    let (told, status) = (report(&project), project.status());
    assert_eq!(told["pace"]["wall_ms"], status["plan"]["elapsed_ms"]);
    let events = std::fs::read_to_string(file).unwrap();
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let took = |event: &str| -> Vec<Value> {
        events.iter().filter(|one| one["event"] == event).map(|one| one["duration_ms"].clone()).collect()
    };
    assert_eq!(took("run-ended").first(), Some(&told["pace"]["wall_ms"]), "{events:#?}");
    let of_tasks: Vec<_> =
        told["tasks"].as_array().unwrap().iter().map(|task| task["took_ms"].clone()).collect();
    assert_eq!(took("task-ended"), of_tasks, "gates included");
    assert!(of_tasks.iter().all(|took| took.as_u64().unwrap() >= 200), "{of_tasks:?}");
}

#[test]
fn a_change_is_counted_once_however_it_came_together() {
    let script = "== *\nwrite same.txt by {task}\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    crate::landing::identify(&project);
    project.configure("on-conflict = \"block\"");
    assert_eq!(project.run(&["-j", "1"]).code, Some(4));
    let folder = project.blueprint(&["take", "b"]).stdout.trim_end().to_owned();
    project.git(&[
        "-C",
        &folder,
        "merge",
        "--quiet",
        "--no-commit",
        "-X",
        "ours",
        crate::project::INTEGRATION,
    ]);
    project.commit_in(&folder, "same.txt", "by both", &[]);
    project.blueprint(&["give", "b", "--dropped", "same.txt"]).assert(0, &["is completed"]);
    let told = report(&project);
    let of = |task: &str| named(&told["tasks"], "id", task)["changed"].clone();
    let start = project.git(&["for-each-ref", "--format=%(objectname)", "refs/blueprint/trial/start"]);
    let all = ["diff", "--shortstat", &start, crate::project::INTEGRATION, "--", ".", ":!genesis.xml"];
    let all = project.git(&all);
    let files = told["summary"]["changed"]["files"].as_u64().unwrap();
    assert!(all.trim().starts_with(&format!("{files} files changed")), "{all} is not {:#}", told["summary"]);
    assert_eq!(of("a")["files"], 2);
    assert_eq!(of("b")["files"], 2, "not what it merged in: {:#}", of("b"));
}

#[test]
fn a_plan_that_was_run_twice_is_told_from_its_figures_to_its_learnings() {
    let project = story();
    let told = report(&project);
    assert_figures(&told);
    assert_work(&told);
    assert_knowledge(&told);
    let page = project.blueprint(&["report"]).stdout;
    for words in [
        "**11 of 15 tasks completed**, 1 failed, 1 blocked, 2 pending",
        "- `search` **failed**: it ended without a result; exit code 3",
        "- `coverage` (≥ 80): 5 of 8 passed",
        "| `catalogue-api` | completed | 3 |",
        "- **The cart needs an index** (`load-test`)",
        "  - Adyen: the fees are lower",
    ] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
}

fn assert_figures(told: &Value) {
    let summary = &told["summary"];
    assert_eq!(
        summary["counts"],
        json!({"total": 15, "pending": 2, "in_progress": 0, "completed": 11, "failed": 1, "blocked": 1, "cancelled": 0})
    );
    assert_eq!((&summary["attempts"], &summary["unsuccessful"]), (&20.into(), &7.into()));
    assert!((summary["cost_usd"].as_f64().unwrap() - 7.88).abs() < 1e-9, "{summary}");
    assert!(summary["changed"]["insertions"].as_u64().unwrap() > 20, "{summary}");
    let (pace, ms) = (&told["pace"], |key: &str| told["pace"][key].as_u64().unwrap());
    assert_eq!(pace["critical_path"], json!(["schema", "catalogue-api", "search", "admin-ui"]));
    assert!(ms("longest_chain_ms") <= ms("worked_ms") && ms("wall_ms") <= ms("worked_ms"), "{pace}");
    assert!(pace["efficiency"].as_f64().unwrap() <= 1.0 && pace["most"].as_u64().unwrap() <= 4, "{pace}");
    assert_eq!(told["accuracy"]["tasks"], 11, "every completed task has an estimate");
    assert!(told["accuracy"]["median_ratio"].as_f64().unwrap() < 0.1, "hours were estimated: {told:#}");
    let runs: Vec<_> = told["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| (run["exit"].clone(), run["attempts"].clone()))
        .collect();
    assert_eq!(runs, [(1.into(), 16.into()), (1.into(), 4.into())]);
}

fn assert_work(told: &Value) {
    let coverage = named(&told["gates"], "gate", "coverage");
    let values = |task: &str| -> Vec<f64> {
        let tries = coverage["tries"].as_array().unwrap().iter().filter(|one| one["task"] == task);
        tries.map(|one| one["value"].as_f64().unwrap()).collect()
    };
    assert_eq!(values("catalogue-api"), [62.0, 71.0, 84.0]);
    let task = named(&told["tasks"], "id", "catalogue-api");
    let ends: Vec<_> =
        task["attempts"].as_array().unwrap().iter().map(|one| (&one["outcome"], &one["counts"])).collect();
    let (sent_back, yes, no) = (Value::from("gate-failed"), Value::from(true), Value::from(false));
    assert_eq!(ends, [(&sent_back, &no), (&sent_back, &no), (&"completed".into(), &yes)]);
    assert!((task["cost_usd"].as_f64().unwrap() - 0.95).abs() < 1e-9, "{task}");
    let failure = named(&told["failures"], "task", "search");
    assert_eq!((&failure["outcome"], &failure["holds_up"]), (&"failed".into(), &1.into()));
    let agent = named(&told["agents"], "agent", "rust-backend-developer");
    assert_eq!(
        (&agent["tasks"], &agent["completed"], &agent["attempts"]),
        (&6.into(), &5.into(), &11.into())
    );
}

fn assert_knowledge(told: &Value) {
    let question = &told["questions"][0];
    assert_eq!(
        (&question["task"], &question["answer"]),
        (&"payment".into(), &"Adyen: the fees are lower".into())
    );
    let decision = named(&told["decisions"], "title", "Adyen behind a trait");
    assert_eq!((&decision["task"], &decision["by"]), (&"payment".into(), &"rust-backend-developer".into()));
    assert_eq!(
        named(&told["decisions"], "title", "One database")["task"],
        Value::Null,
        "it stood in the plan"
    );
    assert_eq!(told["learnings"].as_array().unwrap().len(), 2);
}

#[test]
fn what_strangers_wrote_is_text_on_every_kind_of_page() {
    let project = hostile();
    let page = project.blueprint(&["report", "--format", "html"]).stdout;
    for markup in ["<script", "<img", "<iframe", "<b onclick", "<svg onload", "\u{202e}"] {
        assert!(!page.contains(markup), "{markup} in {page}");
    }
    assert!(page.contains("Content-Security-Policy") && page.contains("default-src 'none'"));
    let markdown = project.blueprint(&["report", "--format", "markdown"]).stdout;
    // What is within a block of code is no markup, as long as nothing in it ends it.
    let outside: String = markdown.split("```").step_by(2).collect();
    assert_eq!(markdown.matches("```").count(), 2, "{markdown}");
    for markup in ["\n# d", "<script", "<img", "<b onclick", "[e]", "\u{202e}"] {
        assert!(!outside.replace("\\<", "").replace("\\[", "").contains(markup), "{markup} in {markdown}");
    }
    let ids: Vec<_> =
        report(&project)["tasks"].as_array().unwrap().iter().map(|task| task["id"].clone()).collect();
    assert_eq!(ids[0], HOSTILE[0], "programs get the very ids");
}

#[test]
fn a_plan_that_nobody_has_run_has_a_report_too() {
    let page =
        |project: &TestProject, format: &str| project.blueprint(&["report", "--format", format]).stdout;
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), "");
    for words in ["**0 of 2 tasks completed**", "No task has been tried yet."] {
        assert!(page(&project, "markdown").contains(words), "{words}");
    }
    assert!(page(&project, "html").contains("<svg class=\"plan-graph\""));
    assert_eq!(report(&project)["accuracy"], Value::Null);
    let outside = TestProject::without_git();
    outside.write("genesis.xml", &PlanText::of(&["a"]).to_xml());
    assert!(page(&outside, "markdown").contains("**0 of 1 tasks completed**"), "a plan outside git");
}

#[test]
fn a_plan_of_a_hundred_tasks_is_one_picture_with_all_of_them() {
    let svg = hundred().blueprint(&["graph", "--format", "svg"]).stdout;
    assert_eq!(svg.matches("class=\"id\"").count(), 100);
    assert!(svg.starts_with("<?xml") && svg.contains("level 9"));
}

#[test]
fn the_file_s_ending_says_how_it_is_written_unless_the_format_is_named() {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    for (arguments, begins) in [
        (vec!["report", "--output", "r.html"], "<!DOCTYPE html>"),
        (vec!["report", "-o", "r.json"], "{"),
        (vec!["report", "-o", "r.md"], "# A trial"),
        (vec!["report", "-o", "r.txt", "--format", "html"], "<!DOCTYPE html>"),
    ] {
        let ended = project.blueprint(&arguments);
        ended.assert(0, &[]);
        assert!(ended.stdout.is_empty(), "{ended}");
        assert!(project.read(arguments[2]).starts_with(begins), "{arguments:?}");
    }
    project
        .blueprint(&["report", "-o", "missing/r.html"])
        .assert(74, &["can't write the report `missing/r.html`"]);
}

#[test]
fn a_report_changes_nothing() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite {task}.txt x");
    project.complete(&[]);
    let before = crate::project::files_below(project.base());
    project.blueprint(&["report", "--format", "html"]).assert(0, &[]);
    assert_eq!(
        crate::project::files_below(project.base()).keys().collect::<Vec<_>>(),
        before.keys().collect::<Vec<_>>()
    );
    assert!(crate::project::files_below(project.base()) == before);
}

#[test]
fn a_live_run_is_told_up_to_now() {
    let project = TestProject::new(
        &PlanText::chain(&["a", "b"]),
        "== a\nwrite a.txt x\n== b\nwait-for go\nwrite b.txt x",
    );
    let run = project.start(&["run"]);
    project.wait_for_log("both started", |log| log.starts().len() == 2);
    let told = report(&project);
    assert_eq!((&told["summary"]["live"], &told["summary"]["ended"]), (&true.into(), &Value::Null));
    let open = &named(&told["tasks"], "id", "b")["attempts"][0];
    assert_eq!((&open["outcome"], &open["ended"]), (&Value::Null, &Value::Null));
    assert_eq!(told["runs"][0]["ended"], Value::Null);
    project.touch("go");
    run.wait().assert(0, &[]);
    assert_eq!(report(&project)["summary"]["live"], false);
}
