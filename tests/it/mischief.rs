//! Agents and plans that do what they should not.

use std::fs;

use crate::project::{INTEGRATION, PlanText, TestProject};

/// A line tool's way to say that the only task is completed.
const COMPLETED_BY_HAND: &str = "change-plan </statusHistory>|<event><timestamp>2026-01-14T10:00:00Z</timestamp>\
<status>completed</status><actor>xmlstarlet</actor></event></statusHistory>";

#[test]
fn what_an_agent_leaves_uncommitted_is_committed_for_it() {
    let script = "== *\nwrite new.txt x\ndelete README.md\nwrite .gitignore *.log\nwrite noise.log x";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    project.complete(&[]);
    let files = project.files(INTEGRATION);
    assert!(files.contains(&"new.txt".into()) && !files.contains(&"README.md".into()), "{files:?}");
    assert!(!files.contains(&"noise.log".into()), "what is ignored is no work: {files:?}");
    let message = project.git(&["log", "-1", "--format=%an <%ae>%n%(trailers)", "blueprint/trial/a"]);
    for part in ["worker (blueprint) <", "Blueprint-Task: a", "Blueprint-Attempt: 1"] {
        assert!(message.contains(part), "{part} in {message}");
    }
}

#[test]
fn a_branch_that_changes_the_plan_loses_just_that_change() {
    let script =
        "== *\nchange genesis.xml planning|completed\nwrite a.txt x\ncommit All is done\nwrite b.txt x";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    let plan = project.show("main", "genesis.xml");
    project.complete(&[]).assert(0, &["its branch changed genesis.xml; that change is left out"]);
    assert_eq!(project.show(INTEGRATION, "genesis.xml"), plan);
    let files = project.files(INTEGRATION);
    assert!(files.contains(&"a.txt".into()) && files.contains(&"b.txt".into()), "{files:?}");
}

#[test]
fn an_agent_that_completes_itself_in_the_plan_still_gets_its_result() {
    let script = format!("== *\nwrite a.txt x\n{COMPLETED_BY_HAND}\nprint by the agent's own words");
    let project = TestProject::new(&PlanText::of(&["a"]), &script);
    project.complete(&[]);
    project.assert_statuses(&[("a", "completed")]);
    let section = project.section_of("a");
    assert!(section.contains("<summary>by the agent's own words</summary>"), "{section}");
    assert!(section.contains("<actor>xmlstarlet</actor>"), "somebody's event stays: {section}");
    assert_eq!(project.transitions("a", "completed"), 1);
    assert!(project.blueprint(&["validate"]).code == Some(0));
}

#[test]
fn an_agent_that_completes_itself_in_the_plan_and_fails_has_failed() {
    let script = format!("== *\n{COMPLETED_BY_HAND}\nexit 1");
    let project = TestProject::new(&PlanText::of(&["a"]), &script);
    assert_eq!(project.run(&[]).code, Some(1));
    project.assert_statuses(&[("a", "failed")]);
}

#[test]
fn a_change_of_the_plan_by_somebody_else_survives_and_later_tasks_see_it() {
    let script = "== a\nwrite a.txt x\nchange-plan What is to be done for b|A better description\n== b\nrecord seen\nwrite b.txt x";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    project.complete(&[]);
    assert!(project.section_of("b").contains("A better description"));
    let prompt = fs::read_to_string(project.control.join("seen/stdin")).unwrap();
    assert!(prompt.contains("A better description"), "{prompt}");
}

#[test]
fn hostile_task_ids_run_and_are_merged_and_nothing_is_written_elsewhere() {
    let long = "x".repeat(300);
    let ids = [
        "../../x",
        "-rf",
        "a;b",
        "$(touch`pwned`)",
        &long,
        "🦀🚀",
        "integration",
        "Auth",
        "auth",
        "con",
        "HEAD",
        "a..b",
        "@{-1}",
        ".git",
        "x.lock",
        "{pid}",
        "{worktree}",
        "ﬁ",
        "fi",
        "'\"&<>",
        "~",
    ];
    let project = TestProject::new(&PlanText::of(&ids), "== *\nwrite by-{pid}.txt x");
    let before = top_level(&project);
    project.complete(&["-j", "4"]);
    assert_eq!(project.status()["counts"]["completed"], ids.len());
    let merges = project.merges();
    assert_eq!(merges.values().sum::<usize>(), ids.len(), "{merges:?}");
    let mut expected = before;
    expected.push("мой проект.worktrees".to_owned());
    expected.sort();
    assert_eq!(top_level(&project), expected);
    let worktrees = project.base().join("мой проект.worktrees");
    assert_eq!(names_in(&worktrees), ["trial"]);
    assert_eq!(names_in(&worktrees.join("trial")).len(), ids.len());
    assert!(!project.git(&["branch", "--list", "--format=%(refname:short)", "blueprint/trial/*"]).is_empty());
}

#[test]
fn a_dirty_checkout_stays_as_it_is_to_the_byte() {
    let project = TestProject::new(
        &PlanText::chain(&["a", "b"]),
        "== *\nwrite {task}.txt x\nwrite README.md by {task}",
    );
    project.write("tracked.txt", "one\n");
    project.commit_all("A second file");
    project.write("README.md", "put away\n");
    project.git(&["stash", "push", "--quiet"]);
    project.write("README.md", "changed\n");
    project.write("staged.txt", "staged\n");
    project.git(&["add", "staged.txt"]);
    project.write("staged.txt", "staged and changed\n");
    fs::remove_file(project.root.join("tracked.txt")).unwrap();
    project.write("untracked.txt", "untracked\n");
    let before = Checkout::of(&project);
    project.complete(&[]).assert(0, &["not committed, so tasks won't see it"]);
    let after = Checkout::of(&project);
    assert_eq!(after, before);
    assert_eq!(project.show(INTEGRATION, "README.md"), "by b");
}

#[test]
fn work_counts_wherever_the_agent_has_left_head() {
    let script = "== a
        git checkout --quiet --detach
        write a.txt x
        commit On no branch
        == b
        git checkout --quiet -b elsewhere
        write b.txt x
        commit On a branch of its own";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    project.complete(&[]);
    let files = project.files(INTEGRATION);
    assert!(files.contains(&"a.txt".into()) && files.contains(&"b.txt".into()), "{files:?}");
    assert_eq!(project.git(&["symbolic-ref", "--short", "HEAD"]), "main");
}

#[test]
fn a_lock_that_a_dead_git_left_keeps_no_work_back() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite a.txt x\nindex-lock");
    project.complete(&[]);
    assert!(project.files(INTEGRATION).contains(&"a.txt".into()));
}

#[test]
fn a_repository_inside_the_worktree_loses_nobodys_work() {
    let script = "== *\ngit init --quiet nested\nwrite nested/inner.txt x\nwrite outer.txt x";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    let ended = project.run(&[]);
    assert!([Some(0), Some(4)].contains(&ended.code), "{ended}");
    let worktree = project.task("a")["worktree"].as_str().unwrap().to_owned();
    assert!(std::path::Path::new(&worktree).join("nested/inner.txt").exists(), "{ended}");
    assert_eq!(project.show("refs/blueprint/trial/attempts/a/1", "outer.txt"), "x");
}

#[test]
fn an_agent_that_kills_its_supervisor_does_not_outlive_it_and_is_tried_again() {
    let script = "== a #1\nchild\nkill-parent\nhang\n== *\nwrite a.txt x";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    project.complete(&[]);
    assert_eq!(project.log().starts_of("a"), 2);
    let first = &project.facts("attempt-ended", "a")[0];
    assert_eq!(first["outcome"], "interrupted");
    assert!(first["detail"].as_str().unwrap().contains("its supervisor was killed"), "{first}");
    project.assert_no_process_left();
}

#[test]
fn what_detached_itself_from_an_agent_does_not_outlive_a_dead_supervisor() {
    let script = "== a #1\nchild\nkill-parent\nexit 0\n== *\nwrite a.txt x";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    project.complete(&[]);
    project.assert_no_process_left();
}

#[test]
fn an_agent_that_stops_its_supervisor_is_ended_when_its_time_is_up() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nignore-term\nchild\nstop-parent\nhang");
    project.configure("kill-grace = \"1s\"");
    project.run(&["--timeout", "1s", "--retries", "0"]).assert(1, &["failed  a"]);
    assert_eq!(project.task("a")["outcome"], "timed-out");
    assert!(project.processes().is_empty(), "{:?}", project.processes());
}

#[test]
fn an_agent_that_stops_its_supervisor_again_and_again_is_ended_all_the_same() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nignore-term\nchild\nkeep-stopping-parent");
    project.run(&["--timeout", "1s", "--retries", "0"]).assert(1, &["failed  a"]);
    assert_eq!(project.task("a")["outcome"], "timed-out");
    project.assert_no_process_left();
}

#[test]
fn a_plan_file_that_somebody_is_writing_in_place_is_waited_for() {
    let script = "== a\nwait-started 2\nrewrite-plan 300\nwrite a.txt x\n== b\nwait-started 2\nsleep 30\nwrite b.txt x";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    project.complete(&[]);
    project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
}

#[test]
fn what_an_agent_prints_cannot_drive_the_terminal() {
    let script = "== a\nprint \u{1b}[2J\u{1b}]0;owned\u{7}cleared\n== b\nstderr \u{1b}[31mred\u{1b}[0m \u{202e}txet\nexit 1";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    let ended = project.run(&["--color", "never"]);
    let is_odd = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!ended.stderr.contains(is_odd), "{:?}", ended.stderr);
    let status = project.blueprint(&["status", "a", "b", "--color", "never"]);
    assert!(!status.stdout.contains(is_odd), "{:?}", status.stdout);
}

#[test]
fn nobodys_words_drive_the_terminal() {
    let bad = "\u{9b}2J\u{9d}0;owned\u{9c}\u{202e}txet\u{2066}\u{200f}\u{61c}";
    let script = format!(
        "== a\nprint \u{1b}[31m{bad}\u{1b}]0;owned\u{7}\nstderr {bad}\n== b\nstderr \u{1b}[31m{bad}\u{1b}[2J\nexit 1"
    );
    let project = TestProject::new(&PlanText::of(&["a", "b"]), &script);
    let plan = project.read("genesis.xml");
    let plan = plan.replace("What is to be done for", bad).replace("The task", bad).replace("worker", bad);
    project.write("genesis.xml", &plan.replace("trial", &format!("trial{bad}")));
    let verbs: [&[&str]; 8] = [
        &["validate"],
        &["run", "--dry-run"],
        &["run", "-j", "1"],
        &["status"],
        &["status", "a", "b"],
        &["task", "show", "--task", "a"],
        &["next"],
        &["graph"],
    ];
    for color in ["never", "always"] {
        for verb in verbs {
            assert_tame(&project.blueprint(&[verb, &["--color", color]].concat()), color);
        }
    }
    assert_eq!(project.log().starts(), ["a", "b"]);
}

#[test]
fn a_key_of_the_configuration_cannot_drive_the_terminal() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite a.txt x");
    project.configure("\"\\u001b]0;x\\u0007\\u009b2J\\u202e\" = 1");
    let ended = project.run(&[]);
    assert_eq!(ended.code, Some(2), "{ended}");
    assert_tame(&ended, "never");
}

/// Nothing that a terminal would obey, but for colours where they are wanted.
#[track_caller]
fn assert_tame(ended: &crate::project::Ended, color: &str) {
    let said = format!("{}{}", ended.stdout, ended.stderr);
    let said = if color == "always" { without_colours(&said) } else { said };
    let is_bidi = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let odd = said.lines().find(|line| line.contains(|c: char| c.is_control() || is_bidi(c)));
    assert_eq!(odd, None, "{said}");
}

fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        plain.push_str(rest.strip_prefix('m').unwrap_or("\u{1b}"));
    }
    plain
}

/// All that the user has in the checkout and in git, but for the plan's own file.
#[derive(Debug, PartialEq)]
struct Checkout {
    index: Vec<u8>,
    files: std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>,
    head: String,
    stash: String,
    branches: String,
}

impl Checkout {
    fn of(project: &TestProject) -> Self {
        // First of all: git itself writes it when asked for the status.
        let index = fs::read(project.root.join(".git/index")).unwrap();
        let mut files = crate::project::files_below(&project.root);
        files.retain(|path, _| !path.starts_with(project.root.join(".git")) && *path != project.plan());
        let branches = project.git(&[
            "for-each-ref",
            "--format=%(refname) %(objectname)",
            "refs/heads/main",
            "refs/tags",
        ]);
        let head = fs::read_to_string(project.root.join(".git/HEAD")).unwrap();
        Self { index, files, head, stash: project.git(&["stash", "list", "--format=%H"]), branches }
    }
}

fn top_level(project: &TestProject) -> Vec<String> {
    names_in(project.base())
}

fn names_in(folder: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
