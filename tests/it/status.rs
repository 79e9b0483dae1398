//! `status`: what scripts take from it, and how it is drawn where.

use std::collections::BTreeSet;

use boon::{Compiler, Schemas};
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::project::{Ended, FAKE_AGENT, PlanText, Terminal, TestProject, toml_text, wait_until};

const SCHEMA: &str = include_str!("../../schemas/status.schema.json");

/// The document is as the schema says.
#[track_caller]
fn check(status: &Value) {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("schema.json", serde_json::from_str(SCHEMA).unwrap()).unwrap();
    let schema = compiler.compile("schema.json", &mut schemas).unwrap();
    let found = schemas.validate(status, schema);
    assert!(found.is_ok(), "{:#}\n{status:#}", found.unwrap_err());
}

fn field(project: &TestProject, arguments: &[&str]) -> Ended {
    project.blueprint(&[&["status"], arguments].concat())
}

#[test]
fn a_live_run_an_attempt_under_way_and_a_session_stand_in_the_json_as_the_schema_says() {
    let script = "== a\nclaude starts\nwrite a.txt x\nclaude says done\n== *\nwait-for go\nwrite b.txt x\nclaude starts\nclaude says done";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    let agent = toml_text(FAKE_AGENT);
    project.configure(&format!("runner = \"claude\"\n[runners.claude]\ncommand = [{agent}]"));
    let before = project.status();
    check(&before);
    assert!(
        before["run"].is_null()
            && before["plan"]["elapsed_ms"].is_null()
            && before["plan"]["started"].is_null()
    );
    assert_eq!(before["plan"]["remaining_ms"], 2_700_000, "two tasks beside each other");

    let run = project.start(&["run"]);
    run.wait_for("done    a");
    project.wait_for_starts(2);
    let during = project.status();
    check(&during);
    assert_eq!((&during["run"]["pid"], &during["run"]["paused"]), (&run.pid().into(), &false.into()));
    assert_eq!(during["run"]["id"], during["spent"]["runs"][0]["run"]);
    let [a, b] = [&during["tasks"][0], &during["tasks"][1]];
    assert!(a["session"].is_string() && a["elapsed_ms"].is_null(), "{a}");
    assert!(b["elapsed_ms"].is_u64() && b["session"].is_null(), "{b}");
    let tried = &a["each_attempt"][0];
    assert_eq!(
        (&tried["runner"], &tried["agent"], &tried["session"]),
        (&"claude".into(), &"worker".into(), &a["session"])
    );
    assert!(tried["started"].as_str() <= tried["ended"].as_str() && tried["ended"].is_string(), "{tried}");
    assert!(during["plan"]["remaining_ms"].as_u64() <= Some(2_700_000));

    project.touch("go");
    run.wait().assert(0, &[]);
    let after = project.status();
    check(&after);
    assert!(
        after["run"].is_null()
            && after["plan"]["started"].is_string()
            && after["plan"]["elapsed_ms"].is_u64()
    );
    assert_eq!(after["plan"]["remaining_ms"], 0);
    let again = project.status();
    assert_eq!(after["plan"]["elapsed_ms"], again["plan"]["elapsed_ms"], "no time passes without a run");
}

#[test]
fn one_value_is_printed_for_scripts() {
    let project = TestProject::new(
        &PlanText::of(&["a", "b"]),
        "== a\nprint all\\nis well\nwrite a.txt x\n== *\nexit 3",
    );
    project.run(&[]).assert(1, &[]);
    let value = |arguments: &[&str]| {
        let ended = field(&project, arguments);
        ended.assert(0, &[]);
        assert_eq!(ended.stderr, "");
        ended.stdout
    };
    assert_eq!(value(&["a", "--field", "branch"]), "blueprint/trial/a\n");
    assert_eq!(
        value(&["genesis.xml", "a", "--field", "commit"]).trim(),
        project.task("a")["commit"].as_str().unwrap()
    );
    assert_eq!(value(&["a", "--field", "question"]), "\n", "what is not known is empty");
    assert_eq!(value(&["a", "--field", "owner.pid"]), "\n", "also where what it would be in is not known");
    assert_eq!(value(&["--field", "status"]), "completed\nfailed\n", "a line each");
    assert_eq!(value(&["b", "--field", "needs"]), "[]\n");
    assert_eq!(value(&["--field", "counts.failed"]), "1\n");
    assert_eq!(value(&["--field", "plan.epic"]), "trial\n");
    assert_eq!(value(&["--field", "run"]), "\n");
}

#[test]
fn a_field_that_there_is_not_is_told_with_those_that_look_like_it() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite a.txt x");
    field(&project, &["a", "--field", "brnach"])
        .assert(2, &["there is no field `brnach`", "did you mean `branch`"]);
    field(&project, &["a", "--field", "tokens.inptu"]).assert(2, &["`tokens.input`"]);
    field(&project, &["--field", "tasks"]).assert(2, &["there is no field"]);
    field(&project, &["--field", "\u{1b}[2J"]).assert(2, &["there is no field `[2J`"]);
    let none = field(&project, &["--field", "zzzzqq"]);
    none.assert(2, &["of tasks there are id, name, status", "plan.remaining_ms"]);
    field(&project, &["--field", "id", "--format", "json"]).assert(2, &["cannot be used with"]);
    field(&project, &["nobody", "--field", "id"]).assert(2, &["there is no task `nobody`"]);
}

#[test]
fn every_key_of_the_json_is_a_field() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite a.txt x");
    project.complete(&[]);
    let status = project.status();
    for key in status["tasks"][0].as_object().unwrap().keys() {
        assert_eq!(field(&project, &["a", "--field", key]).code, Some(0), "{key}");
    }
    for (name, part) in status.as_object().unwrap().iter().filter(|(name, _)| *name != "tasks") {
        let inner = part.as_object().into_iter().flatten().map(|(key, _)| format!("{name}.{key}"));
        for name in inner.chain([name.clone()]) {
            assert_eq!(field(&project, &["--field", &name]).code, Some(0), "{name}");
        }
    }
}

const WIDE: &str = "== a\nprint 日本語の要約 with words\nwrite a.txt x\n== *\nexit 3";

fn plain(screen: &str) -> String {
    anstream::adapter::strip_str(screen).to_string()
}

#[test]
fn the_table_fits_terminals_of_all_widths_and_colours_states_unless_they_are_unwanted() {
    let project =
        TestProject::new(&PlanText::of(&["a", "a-task-with-quite-a-long-id-of-its-own", "c"]), WIDE);
    project.run(&[]).assert(1, &[]);
    for columns in [40, 80, 200] {
        for arguments in [&["status"][..], &["status", "a"], &[]] {
            let (_, screen) = Terminal::sized(&project, (200, columns), &[], arguments).wait();
            // Commands, branches and paths stand whole.
            let shown = plain(&screen);
            let words =
                shown.lines().filter(|line| !line.contains(['/', '$']) && !line.contains("blueprint "));
            let long: Vec<_> = words.filter(|line| line.trim_end().width() > columns.into()).collect();
            let ids = |line: &&&str| !line.split_whitespace().any(|word| word.len() == 40);
            assert_eq!(long.iter().filter(ids).count(), 0, "{columns}: {long:?}");
        }
    }
    let (_, screen) = Terminal::sized(&project, (50, 80), &[], &["status"]).wait();
    assert!(screen.contains("\u{1b}[31mfailed") && screen.contains("\u{1b}[32mcompleted"), "{screen:?}");
    let (_, screen) = Terminal::sized(&project, (50, 80), &[("NO_COLOR", "1")], &["status"]).wait();
    assert!(!screen.contains('\u{1b}'), "{screen:?}");
    assert!(!project.blueprint(&["status"]).stdout.contains('\u{1b}'));
}

#[test]
fn where_the_locale_has_only_ascii_nothing_else_of_ours_is_drawn() {
    let plan =
        PlanText::of(&["a", "a-task-with-quite-a-long-id-of-its-own-that-has-to-be-cut", "c"]).edge("c", "a");
    let project = TestProject::new(
        &plan,
        "== c\nkill-self\n== *\nprint a rather long story that has to be cut wherever it is shown, to be sure of that\nwrite {task}.txt x",
    );
    project.run(&["--retries", "1"]).assert(1, &[]);
    let foreign = |text: &str| text.chars().filter(|c| !c.is_ascii()).collect::<BTreeSet<_>>();
    for arguments in [&["status"][..], &["status", "c"], &[], &["explain", "c"], &["retry"]] {
        let mut command = project.command(crate::project::BLUEPRINT);
        let output = command.env("LC_ALL", "C").args(arguments).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        // The project's own folder has other letters.
        let said: String = said.lines().filter(|line| !line.contains('/')).collect();
        assert!(!said.is_empty());
        assert_eq!(foreign(&said), BTreeSet::new(), "{arguments:?}: {said}");
    }
    let shown = project.blueprint(&["status"]).stdout;
    assert!(foreign(&shown).contains(&'…') && foreign(&shown).contains(&'━'), "{shown}");
}

#[test]
fn bars_of_a_run_are_ascii_where_the_locale_has_nothing_else() {
    let script = "== b\nwait-for go\nwrite b.txt x\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    let terminal = Terminal::sized(&project, (30, 100), &[("LC_ALL", "C")], &["run"]);
    project.wait_for_starts(2);
    terminal.wait_for("---- 1/2 tasks");
    project.touch("go");
    let (status, screen) = terminal.wait();
    assert_eq!(status.code(), Some(0), "{screen}");
    assert!(screen.contains("===="), "{screen:?}");
    assert!(!screen.contains(['━', '─', '╸', '⠁', '⠂']), "{screen:?}");
}

#[test]
fn a_story_has_its_attempts_on_a_line_of_time_and_times_as_the_clock_shows_them_here() {
    let project =
        TestProject::new(&PlanText::of(&["a"]), "== a #1\nkill-self\n== *\nwrite a.txt x\nprint lucky");
    project.complete(&[]);
    let story = |zone: &str| {
        let output = project
            .command(crate::project::BLUEPRINT)
            .env("TZ", zone)
            .args(["status", "a"])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let lines: Vec<_> = story("UTC")
        .lines()
        .skip_while(|line| !line.contains("timeline"))
        .take(2)
        .map(str::to_owned)
        .collect();
    assert!(lines[0].contains("killed") && lines[0].contains(" to "), "{lines:?}");
    assert!(lines[1].contains("completed") && lines[1].ends_with('━'), "{lines:?}");
    let started =
        |zone: &str| story(zone).lines().find(|line| line.starts_with("  started")).unwrap().to_owned();
    assert_ne!(started("UTC"), started("UTC-5"));
    let utc = project.task("a")["started"].as_str().unwrap()[11..16].to_owned();
    assert!(started("UTC").contains(&utc), "{} in {}", utc, started("UTC"));
}

#[test]
fn a_run_that_was_killed_is_not_live_and_its_time_does_not_go_on() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwait-for go\nwrite a.txt x");
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    assert!(project.status()["run"].is_object());
    run.kill();
    wait_until("the run is gone", || project.status()["run"].is_null(), String::new);
    let elapsed = || project.status()["plan"]["elapsed_ms"].clone();
    let first = elapsed();
    std::thread::sleep(std::time::Duration::from_millis(50));
    assert_eq!(first, elapsed());
    project.touch("go");
    project.complete(&[]);
}
