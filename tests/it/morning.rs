//! `blueprint` alone: what needs a person, what there is to review, what runs, what waits.

use crate::project::{Ended, PlanText, TestProject};

/// A night in which about everything happens that needs somebody.
const NIGHT: &str = "== fails\nstderr no such table\nexit 3\n== asks\nwrite half.txt x\nprint CLARIFICATION: Postgres or SQLite?\n\
    == *\nwrite {task}.txt x\nprint did {task}";
const GATES: &str = "gate-iterations = 0\n\
    [[gates]]\nname = \"tests\"\ntasks = [\"gated\"]\nrun = \"echo two tests failed; exit 1\"\n\
    [[gates]]\nname = \"release\"\ntasks = [\"released\"]\nkind = \"approve\"\n";

fn night() -> TestProject {
    let tasks = ["good", "fails", "asks", "gated", "released", "after-fails", "after-asks"];
    let plan = PlanText::of(&tasks).edge("fails", "after-fails").edge("asks", "after-asks");
    let project = TestProject::new(&plan, NIGHT);
    project.configure(GATES);
    crate::landing::identify(&project);
    project.run(&["-j", "1"]).assert(1, &[]);
    project
}

fn morning(project: &TestProject) -> Ended {
    let ended = project.blueprint(&[]);
    ended.assert(0, &[]);
    ended
}

/// What stands below a title.
#[track_caller]
fn section(view: &str, title: &str) -> String {
    let below = view.split_once(&format!("\n{title}")).unwrap_or_else(|| panic!("no {title} in {view}")).1;
    below.split("\n\n").next().unwrap().to_owned()
}

#[test]
fn the_night_is_told_and_its_commands_do_what_they_say() {
    let project = night();
    let view = morning(&project).stdout;
    let place = |text: &str| view.find(text).unwrap_or_else(|| panic!("no {text} in {view}"));
    assert!(place("Needs you (4)") < place("To review (1 done, not landed in main)"), "{view}");
    assert!(place("To review") < place("Waiting (2)"), "{view}");
    let needs = section(&view, "Needs you (4)");
    for said in [
        "fails  failed  1 try\n",
        "exit code 3: no such table",
        "next  blueprint retry genesis.xml fails --note TEXT",
        "see   blueprint logs genesis.xml fails",
        "asks  question",
        "Postgres or SQLite?\n      next  blueprint answer genesis.xml asks TEXT",
        "gated  failed",
        "two tests failed",
        "next  blueprint take genesis.xml gated",
        "released  approval",
        "next  blueprint answer genesis.xml released approve",
        "see   blueprint diff genesis.xml released",
    ] {
        assert!(needs.contains(said), "{said:?} in {needs}");
    }
    assert!(needs.find("gated").unwrap() < needs.find("asks").unwrap(), "what failed stands first: {needs}");
    let review = section(&view, "To review");
    assert!(review.contains("good  1 file, +1 -0") && review.contains("did good"), "{review}");
    let waiting = section(&view, "Waiting (2)");
    assert!(waiting.contains("after-asks   because `asks` waits for an answer"), "{waiting}");

    // Every command that is shown is one that there is, and works.
    let next = [
        "answer genesis.xml released approve",
        "answer genesis.xml asks SQLite",
        "land genesis.xml",
        "logs genesis.xml fails",
        "diff genesis.xml good",
    ];
    for command in next {
        let shown = command.replace("SQLite", "TEXT");
        assert!(view.contains(&format!("blueprint {shown}\n")), "{shown} in {view}");
        project.blueprint(&command.split(' ').collect::<Vec<_>>()).assert(0, &[]);
    }
    let view = morning(&project).stdout;
    assert!(view.contains("Needs you (2)") && !view.contains("To review"), "{view}");
    assert!(section(&view, "Waiting").contains("asks         ready"), "{view}");
    assert!(view.ends_with("next    blueprint run genesis.xml   (goes on with what can be run)\n"), "{view}");
}

#[test]
fn what_runs_is_told_with_its_time_and_what_is_paused_with_the_way_out() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), "== *\nwait-for go\nwrite {task}.txt x");
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    let view = morning(&project).stdout;
    let running = section(&view, "Running (1)");
    assert!(running.contains("a  worker  ") && running.trim_end().ends_with('s'), "{view}");
    assert!(section(&view, "Waiting (1)").contains("b  for a"), "{view}");
    assert!(view.contains("next    blueprint attach genesis.xml"), "{view}");
    project.blueprint(&["pause"]).assert(0, &[]);
    let view = morning(&project).stdout;
    assert!(view.contains("paused: run ") && view.contains("next    blueprint resume genesis.xml"), "{view}");
    project.blueprint(&["resume"]).assert(0, &[]);
    project.touch("go");
    run.wait().assert(0, &[]);
}

#[test]
fn a_run_that_is_gone_is_told_with_what_it_left() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwait-for go\nwrite {task}.txt x");
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    run.kill();
    let view = morning(&project).stdout;
    assert!(section(&view, "Running (1)").contains("a run that is gone"), "{view}");
    assert!(view.contains("next    blueprint run genesis.xml"), "{view}");
    project.touch("go");
    project.complete(&[]);
}

#[test]
fn a_person_who_has_taken_a_task_finds_it_under_their_name() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nexit 1");
    project.run(&[]).assert(1, &[]);
    project.blueprint(&["take", "a"]).assert(0, &[]);
    let view = morning(&project).stdout;
    let name = project.task("a")["owner"].as_str().unwrap().to_owned();
    assert!(section(&view, "Running (1)").contains(&name), "{view}");
    assert!(section(&view, "Running (1)").contains("blueprint give genesis.xml a"), "{view}");
}

#[test]
fn a_plan_that_is_done_and_landed_needs_nobody() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite {task}.txt x");
    project.complete(&[]);
    crate::landing::identify(&project);
    project.blueprint(&["land"]).assert(0, &[]);
    let view = morning(&project).stdout;
    assert!(
        view.ends_with("\nall is completed, and all that was done has landed: nothing needs you\n"),
        "{view}"
    );
}

#[test]
fn nothing_is_changed_by_looking() {
    let project = night();
    let state = || {
        (
            project.refs(),
            project.git(&["status", "--porcelain"]),
            crate::project::files_below(&project.state_dir()),
        )
    };
    let before = state();
    morning(&project);
    assert!(before == state());
}

#[test]
fn without_a_plan_the_help_is_shown_as_ever_and_help_is_help_with_one() {
    let project = TestProject::without_git();
    let ended = project.blueprint(&[]);
    ended.assert(
        2,
        &["Usage: blueprint", "Commands:", "Exit codes:", "there is no genesis.xml here", "blueprint init"],
    );
    assert_eq!(ended.stdout, "");
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    let help = project.blueprint(&["--help"]);
    help.assert(0, &[]);
    assert!(help.stdout.contains("Usage: blueprint") && !help.stdout.contains("Waiting"), "{help}");
}

#[test]
fn of_several_epics_each_is_shown_with_the_way_to_more() {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    std::fs::remove_file(project.plan()).unwrap();
    let plan = |epic: &str| PlanText::of(&["a", "b"]).to_xml().replace("trial", epic);
    project.write(".claude/epics/shop/genesis.xml", &plan("shop"));
    project.write(".claude/epics/blog/genesis.xml", &plan("blog"));
    project.write(".claude/epics/broken/genesis.xml", "<projectGenesis>");
    let view = morning(&project).stdout;
    for said in [
        "A blog / blog",
        "see     blueprint status blog --todo",
        "blueprint status shop --todo",
        "broken is no valid plan: `blueprint validate broken`",
    ] {
        assert!(view.contains(said), "{said} in {view}");
    }
    project.blueprint(&["status", "blog"]).assert(0, &[]);
}

#[test]
fn of_several_epics_each_says_what_needs_somebody_and_one_is_shown_in_full_by_its_name() {
    let project = TestProject::new(&PlanText::of(&["a"]), NIGHT);
    let plan = |epic: &str, tasks: &[&str]| PlanText::of(tasks).epic(epic).to_xml();
    project.write(".claude/epics/shop/genesis.xml", &plan("shop", &["good", "fails", "asks"]));
    project.write(".claude/epics/blog/genesis.xml", &plan("blog", &["c"]));
    std::fs::remove_file(project.plan()).unwrap();
    project.commit_all("Two plans");
    crate::landing::identify(&project);
    project.blueprint(&["run", "shop", "-j", "1"]).assert(1, &[]);
    let view = morning(&project).stdout;
    let shop = view.split("see     blueprint status blog").nth(1).unwrap();
    for said in [
        "Needs you (2)\n  fails  failed: ",
        "no such table\n      next  blueprint retry shop fails --note TEXT\n",
        "  asks  question: Postgres or SQLite?\n      next  blueprint answer shop asks TEXT\n",
        "To review (1 done, not landed)\n      next  blueprint land shop\n",
    ] {
        assert!(shop.contains(said), "{said:?} in {view}");
    }
    let one = project.blueprint(&["status", "shop", "--todo"]);
    one.assert(0, &[]);
    assert!(section(&one.stdout, "Needs you (2)").contains("asks  question"), "{one}");
    assert!(section(&one.stdout, "To review").contains("good"), "{one}");
    project.blueprint(&["status", "shop", "good", "--todo"]).assert(2, &["about a whole plan"]);
}

#[test]
fn in_a_pipe_lines_are_as_wide_as_columns_says_and_quiet_says_only_what_went_wrong() {
    let project = night();
    let view = |columns: &str| {
        let mut command = project.command(crate::project::BLUEPRINT);
        let output = command.args(["status"]).env("COLUMNS", columns).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let widest = |columns: &str| view(columns).lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest("40") <= 40 && widest("78") > 40, "{}", view("40"));
    assert_eq!(widest("nonsense"), widest("80"));
    let quiet = project.blueprint(&["retry", "fails", "-q"]);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""), "{quiet}");
    project.blueprint(&["answer", "nobody", "hi", "-q"]).assert(2, &["error: ", "help: "]);
}

#[test]
fn below_the_plan_it_is_the_same_plan() {
    let project = night();
    std::fs::create_dir(project.root.join("src")).unwrap();
    let mut command = project.command(crate::project::BLUEPRINT);
    let output = command.current_dir(project.root.join("src")).output().unwrap();
    let view = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && view.contains("Needs you (4)"), "{view}");
}

#[test]
fn what_people_gave_as_their_reason_is_told_with_what_they_did() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), "== *\nwait-for go");
    project.blueprint(&["task", "block", "a", "--reason", "no key for it"]).assert(0, &[]);
    let needs = section(&morning(&project).stdout, "Needs you (1)");
    assert!(needs.contains("no key for it") && !needs.contains("blocked: no key"), "{needs}");
    let explained = project.blueprint(&["explain", "a"]).stdout;
    assert!(explained.contains("it is blocked: no key for it"), "{explained}");
    for way in ["blueprint take genesis.xml a\n", "blueprint skip genesis.xml a\n"] {
        assert!(explained.contains(way), "{explained}");
    }
    project.run(&[]).assert(4, &["`a` is blocked: no key for it"]);
    project.blueprint(&["retry", "a"]).assert(0, &[]);
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    project.blueprint(&["cancel", "a", "--reason", "the wrong way"]).assert(0, &[]);
    run.wait_for("not run 1 task");
    run.wait().assert(1, &["the wrong way"]);
    let explained = project.blueprint(&["explain", "a"]).stdout;
    assert!(
        explained.contains("it was cancelled by ") && explained.contains(": the wrong way"),
        "{explained}"
    );
    let needs = section(&morning(&project).stdout, "Needs you (1)");
    assert!(needs.contains(": the wrong way"), "{needs}");
}

#[test]
fn nobodys_words_drive_the_terminal() {
    let bad = "\u{9b}2J\u{202e}txet";
    let project = TestProject::new(
        &PlanText::of(&["a", "b"]),
        &format!("== a\nprint {bad}\nwrite a.txt x\n== *\nstderr {bad}\nexit 3"),
    );
    project.run(&[]).assert(1, &[]);
    let view = morning(&project).stdout;
    assert!(!view.contains(['\u{9b}', '\u{202e}', '\u{1b}']), "{view:?}");
    assert!(view.contains("txet"), "{view}");
}

#[test]
fn a_task_that_a_person_has_begun_is_ended_by_what_the_view_says() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), NIGHT);
    project.blueprint(&["task", "start", "a"]).assert(0, &[]);
    let view = morning(&project).stdout;
    assert!(view.contains("(in-progress)") && !view.contains("nothing needs you"), "{view}");
    assert!(!view.contains("blueprint run"), "there is nothing that a run could do: {view}");
    let next = "blueprint task done a --genesis genesis.xml --summary TEXT";
    assert!(section(&view, "Running (1)").contains(next), "{view}");
    let explained = project.blueprint(&["explain", "a"]).stdout;
    assert!(explained.contains(next) && !explained.contains("agent prints"), "{explained}");
    project.blueprint(&next.split(' ').skip(1).collect::<Vec<_>>()).assert(0, &[]);
    let view = morning(&project).stdout;
    assert!(view.contains("blueprint run genesis.xml   (begins with"), "{view}");
}

#[test]
fn what_was_never_tried_has_no_log_and_what_was_cancelled_holds_others_up() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), NIGHT);
    project.blueprint(&["task", "block", "a", "--reason", "no key for it"]).assert(0, &[]);
    let needs = section(&morning(&project).stdout, "Needs you (1)");
    assert!(needs.contains("no key for it") && !needs.contains("blueprint logs"), "{needs}");
    project.blueprint(&["retry", "a"]).assert(0, &[]);
    project.blueprint(&["cancel", "a"]).assert(0, &[]);
    let view = morning(&project).stdout;
    let needs = section(&view, "Needs you (1)");
    assert!(needs.contains("a  cancelled") && needs.contains("blueprint retry genesis.xml a"), "{needs}");
    assert!(!view.contains("nothing needs you"), "{view}");
}

#[test]
fn a_plan_without_tasks_is_not_called_done() {
    let empty = "<projectGenesis version=\"1.0\"><metadata><projectName>P</projectName><epicName>p</epicName></metadata>\
        <executionPlan><executionDag/><tasks/></executionPlan></projectGenesis>";
    let project = TestProject::of_text(empty, "");
    let view = morning(&project).stdout;
    assert!(view.contains("no tasks\n") && view.contains("blueprint add genesis.xml ID"), "{view}");
    assert!(!view.contains("100%") && !view.contains("all is completed"), "{view}");
}
