//! In which shape work gets into the integration branch, and that the same plan gives the same commits.

use crate::project::{INTEGRATION, PlanText, TestProject};

const WORK: &str = "== *\nwrite {task}.txt one\ncommit first of {task}\nappend {task}.txt two";

fn diamond() -> PlanText {
    let edges = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")];
    edges.into_iter().fold(PlanText::of(&["a", "b", "c", "d", "e"]), |plan, (from, to)| plan.edge(from, to))
}

fn configured(strategy: &str, script: &str) -> TestProject {
    let project = TestProject::new(&diamond(), script);
    project.configure(&format!("strategy = \"{strategy}\""));
    project
}

#[test]
fn each_strategy_brings_in_the_same_files() {
    let mut trees = Vec::new();
    for strategy in ["merge", "squash", "rebase"] {
        let project = configured(strategy, WORK);
        project.complete(&[]);
        let commits =
            project.git(&["rev-list", "--count", "--first-parent", &format!("main..{INTEGRATION}")]);
        let merges = project.git(&[
            "rev-list",
            "--count",
            "--min-parents=2",
            "--first-parent",
            &format!("main..{INTEGRATION}"),
        ]);
        let expected = match strategy {
            "merge" => ("5", "5"),
            "squash" => ("5", "0"),
            _ => ("10", "0"),
        };
        assert_eq!((commits.as_str(), merges.as_str()), expected, "{strategy}");
        assert_eq!(project.merges().len(), 5);
        trees.push(project.git(&["ls-tree", "-r", INTEGRATION]));
        let tip = project.git(&["rev-parse", INTEGRATION]);
        project.run(&[]).assert(0, &["5 of 5 tasks completed"]);
        assert_eq!(project.git(&["rev-parse", INTEGRATION]), tip, "{strategy}: nothing is brought in twice");
    }
    let files = |tree: &String| {
        tree.lines().filter(|line| line.contains(".txt")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(files(&trees[0]), files(&trees[1]));
    assert_eq!(files(&trees[0]), files(&trees[2]));
}

#[test]
fn a_completed_task_is_taken_back_whatever_the_strategy() {
    for strategy in ["merge", "squash", "rebase"] {
        let project = configured(strategy, WORK);
        project.complete(&[]);
        project
            .blueprint(&["retry", "b"])
            .assert(0, &["b is to be done again, and with it what depends on it: d"]);
        let files: Vec<_> =
            project.files(INTEGRATION).into_iter().filter(|file| file.contains(".txt")).collect();
        assert_eq!(files, ["a.txt", "c.txt", "e.txt"], "{strategy}");
        project.complete(&[]);
        assert_eq!(project.merges()["b"], if strategy == "rebase" { 2 } else { 1 });
    }
}

/// All refs of the plan's with their commits.
fn commits(project: &TestProject) -> String {
    project.git(&[
        "for-each-ref",
        "--format=%(refname) %(objectname)",
        "refs/blueprint",
        "refs/heads/blueprint",
    ])
}

fn trees(project: &TestProject) -> String {
    project.git(&["for-each-ref", "--format=%(refname) %(tree)", "refs/blueprint", "refs/heads/blueprint"])
}

/// Runs the same plan twice from the same commit, in two clones of one repository.
fn twice(strategy: &str, script: &str, arguments: &[&str]) -> [TestProject; 2] {
    let first = configured(strategy, script);
    first.git(&["commit", "--quiet", "--all", "--allow-empty", "--message", "As it is"]);
    let second = configured(strategy, script);
    let from = first.root.to_str().unwrap().to_owned();
    second.git(&["fetch", "--quiet", &from, "main"]);
    second.git(&["reset", "--quiet", "--hard", "FETCH_HEAD"]);
    let projects = [first, second];
    for project in &projects {
        project.complete(arguments);
    }
    projects
}

#[test]
fn the_same_plan_from_the_same_start_gives_the_same_commits() {
    for strategy in ["merge", "squash", "rebase"] {
        // Agents leave the commits to us: those are functions of what is in them.
        let projects = twice(strategy, "== *\nwrite {task}.txt from {task}", &["-j", "1"]);
        let [first, second] = projects.each_ref().map(commits);
        assert!(first.contains("integration") && first.contains("bases/d/1"), "{first}");
        assert_eq!(first, second, "{strategy}");
    }
}

#[test]
fn with_many_jobs_the_order_of_merges_is_that_of_the_ends_and_all_else_is_the_same() {
    let projects = twice("merge", "== *\nwrite {task}.txt from {task}", &["-j", "4"]);
    let but_the_branch = |refs: String| {
        refs.lines().filter(|line| !line.contains("/integration ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let [first, second] = projects.each_ref().map(commits).map(but_the_branch);
    assert_eq!(first, second);
    let [first, second] = projects.each_ref().map(trees);
    assert_eq!(first, second, "the branch's tree is the same, too");
}
