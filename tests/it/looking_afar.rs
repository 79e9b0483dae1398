//! `--remote` of verbs that only look, and what is said of files that other machines have.

use crate::project::{Fleet, PlanText, Running, Terminal, TestProject, wait_until};

const ASKS: &str =
    "== b\nwrite half.txt x\nprint CLARIFICATION: Postgres or SQLite?\n== *\nwrite {task}.txt x";
const STEPS: &str = "== *\nwait-for go-{task}\nwrite {task}.txt x\nprint {task} is there";

/// A job has done `a`; `b` asks, and `c` waits for it.
fn asking() -> (Fleet, TestProject) {
    let fleet = Fleet::new(&PlanText::chain(&["a", "b", "c"]), ASKS);
    let job = fleet.clone("job");
    job.run(&["--ci"]).assert(4, &[]);
    (fleet, job)
}

fn assert_untouched(laptop: &TestProject) {
    laptop.assert_statuses(&[("a", "pending"), ("b", "pending"), ("c", "pending")]);
    assert!(!laptop.root.join(".git/refs/heads/blueprint").exists());
    assert!(!laptop.root.join(".git/blueprint").exists());
}

#[test]
fn a_report_of_what_other_machines_did_has_the_size_of_their_changes() {
    let (fleet, _) = asking();
    let laptop = fleet.clone("laptop");
    let report = laptop.blueprint(&["report", "--remote", "--format", "json"]).json();
    assert_eq!(report["summary"]["counts"]["completed"], 1);
    assert_eq!(report["summary"]["unmeasured"], 0);
    assert_eq!(report["tasks"][0]["changed"]["files"], 1, "{report:#}");
    assert_eq!(report["plan"]["integration"], "blueprint/trial/integration");
    assert_eq!(report["questions"][0]["question"], "Postgres or SQLite?");
    assert_eq!(report["runs"].as_array().unwrap().len(), 1);
    assert_untouched(&laptop);
    let local = laptop.blueprint(&["report", "--format", "json"]).json();
    assert_eq!(local["summary"]["attempts"], 0);
}

#[test]
fn a_change_whose_commits_nobody_has_any_more_is_not_known_and_not_none() {
    let (fleet, _) = asking();
    for name in fleet.refs("refs").iter().filter(|name| name.contains("trial") && !name.ends_with("/plan")) {
        fleet.git(&["update-ref", "-d", name]);
    }
    let laptop = fleet.clone("laptop");
    let report = laptop.blueprint(&["report", "--remote", "--format", "json"]).json();
    assert_eq!(report["tasks"][0]["changed"], serde_json::Value::Null);
    assert_eq!(report["tasks"][0]["unmeasured"], true);
    assert_eq!(report["summary"]["unmeasured"], 1);
    let said = laptop.blueprint(&["report", "--remote"]);
    assert!(said.stdout.contains("not known of 1 task, whose commits are not here"), "{said}");
    let page = laptop.blueprint(&["report", "--remote", "--format", "html"]);
    assert!(page.stdout.contains("size of the change not known"), "{page}");
}

#[test]
fn graph_and_next_show_the_plan_as_the_remote_has_it() {
    let (fleet, _) = asking();
    let laptop = fleet.clone("laptop");
    let graph = laptop.blueprint(&["graph", "--format", "json", "--remote"]).json();
    let states: Vec<_> =
        graph["tasks"].as_array().unwrap().iter().map(|task| task["status"].clone()).collect();
    assert_eq!(states, ["completed", "blocked", "pending"]);
    let next = laptop.blueprint(&["next", "--remote", "genesis.xml", "--format", "json"]).json();
    assert_eq!(next["questions"][0]["id"], "b");
    assert_eq!(next["tasks"].as_array().unwrap().len(), 0);
    laptop.blueprint(&["graph", "--remote", "nowhere.xml"]).assert(2, &["nowhere.xml"]);
    assert_untouched(&laptop);
}

/// Every command that is advised, without `blueprint`.
fn advised(explained: &serde_json::Value) -> Vec<Vec<String>> {
    let advice = explained["advice"].as_array().unwrap().iter();
    let commands = advice.filter_map(|advice| advice["command"].as_str());
    let words = |command: &str| command.split(' ').skip(1).map(str::to_owned).collect();
    commands.map(words).collect()
}

#[test]
fn what_is_advised_from_afar_works_from_here() {
    let (fleet, _) = asking();
    let laptop = fleet.clone("laptop");
    for task in ["a", "b", "c"] {
        let explained = laptop.blueprint(&["explain", task, "--remote", "--format", "json"]).json();
        assert_eq!(explained["would_run"], serde_json::Value::Null);
        let commands = advised(&explained);
        assert!(!commands.is_empty(), "{explained:#}");
        for command in commands {
            let words: Vec<_> = command.iter().map(String::as_str).collect();
            assert!(words.contains(&"--remote") || words.contains(&"--ci"), "{command:?}");
            if words[0] == "explain" {
                laptop.blueprint(&words).assert(0, &[]);
            }
        }
    }
    let said = laptop.blueprint(&["explain", "b", "--remote"]);
    said.assert(0, &[]);
    assert!(said.stdout.contains("not in this clone; it was made on"), "{said}");
    assert!(!said.stdout.contains("worktree  ") && !said.stdout.contains("stdout.log"), "{said}");
    assert_untouched(&laptop);
    let commands = advised(&laptop.blueprint(&["explain", "b", "--remote", "--format", "json"]).json());
    let answer: Vec<_> = commands[0].iter().map(String::as_str).collect();
    assert_eq!(answer, ["answer", "genesis.xml", "b", "TEXT", "--remote"]);
    laptop.blueprint(&answer).assert(0, &["has its answer"]);
}

#[test]
fn the_clone_that_made_an_attempt_shows_its_files_and_another_one_says_that_it_has_none() {
    let (fleet, job) = asking();
    let explained = |project: &TestProject| project.blueprint(&["explain", "b", "--format", "json"]).json();
    let there = explained(&job);
    assert_eq!(there["last_attempt"]["here"], true);
    assert!(there["last_attempt"]["log"].is_string() && there["last_attempt"]["worktree"].is_string());
    job.blueprint(&["logs", "b"]).assert(0, &[]);
    // It takes the state up as its own.
    let other = fleet.clone("other");
    other.run(&["--ci"]).assert(4, &[]);
    // On another machine there is no such folder, either.
    let worktrees = job.root.parent().unwrap().join("clone job.worktrees");
    std::fs::rename(&worktrees, worktrees.with_extension("gone")).unwrap();
    let here = explained(&other)["last_attempt"].clone();
    assert_eq!(here["here"], false);
    assert!(here["host"].is_string());
    for file in ["worktree", "definition_file", "prompt_file", "log"] {
        assert_eq!(here[file], serde_json::Value::Null, "{file}");
    }
    assert!(advised(&explained(&other)).iter().all(|command| command[0] != "logs"));
    other.blueprint(&["logs", "b"]).assert(2, &["is not in this clone; it was made on", "status b"]);
    let story = other.blueprint(&["status", "b"]);
    assert!(story.stdout.contains("its worktree, prompt and log are not in this clone"), "{story}");
    assert!(!job.blueprint(&["status", "b"]).stdout.contains("not in this clone"));
}

/// A job at work at `a`, whose state is in the remote.
fn at_work() -> (Fleet, TestProject, Running) {
    let fleet = Fleet::new(&PlanText::chain(&["a", "b"]), STEPS);
    let job = fleet.clone("job");
    let run = job.start(&["run", "--ci"]);
    job.wait_for_starts(1);
    let is_saved = || job.blueprint(&["status", "--remote"]).stdout.contains("in-progress");
    wait_until("a saved state", is_saved, String::new);
    (fleet, job, run)
}

#[test]
fn a_job_is_watched_from_afar_until_it_is_over_and_a_remote_that_is_away_for_a_moment_ends_nothing() {
    let (fleet, job, run) = at_work();
    let laptop = fleet.clone("laptop");
    // Away for the laptop alone.
    let link = laptop.root.join("link.git");
    std::os::unix::fs::symlink(fleet.bare(), &link).unwrap();
    laptop.git(&["remote", "set-url", "origin", &link.to_string_lossy()]);
    let watching = laptop.start(&["status", "--remote", "--watch"]);
    watching.wait_for_output("TASK");
    std::fs::remove_file(&link).unwrap();
    watching.wait_for("the remote is asked again");
    job.touch("go-a");
    job.wait_for_starts(2);
    std::os::unix::fs::symlink(fleet.bare(), &link).unwrap();
    watching.wait_for_output("a is there");
    job.touch("go-b");
    run.wait().assert(0, &[]);
    let ended = watching.wait();
    ended.assert(0, &[]);
    assert!(ended.stdout.contains("b is there") && ended.stdout.contains("100%"), "{ended}");
    assert_eq!(ended.stderr.matches("the remote is asked again").count(), 1, "{ended}");
    laptop.blueprint(&["status", "--remote", "--watch"]).assert(0, &["nobody works at this plan"]);
}

#[test]
fn ctrl_c_ends_watching_from_afar_and_gives_the_terminal_back() {
    let (fleet, job, run) = at_work();
    let laptop = fleet.clone("laptop");
    let mut terminal = Terminal::sized(&laptop, (20, 80), &[], &["status", "--remote", "--watch"]);
    terminal.wait_for("Ctrl-C ends watching");
    terminal.press(3);
    let (status, screen) = terminal.wait();
    assert_eq!(status.code(), Some(130), "{screen:?}");
    assert!(screen.contains("\u{1b}[?1049l"), "{screen:?}");
    for go in ["go-a", "go-b"] {
        job.touch(go);
    }
    run.wait().assert(0, &[]);
}
