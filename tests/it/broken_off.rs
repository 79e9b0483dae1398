//! A run that is killed while what resolves a conflict is taken out of its worktree, at each point of that: what was done is recognised, and
//! nothing of anybody's gets lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::landing::identify;
use crate::project::{INTEGRATION, PlanText, TestProject, wait_until};

const BRANCH: &str = "blueprint/trial/b";
const KEPT: &str = "refs/blueprint/trial/attempts/b/2";

/// `a` is merged first, then `b` conflicts with it in one file, and its agent resolves that.
fn conflict() -> TestProject {
    let script = "== a\nwrite same.txt from a\nwrite a.txt of a\n== b #1\nwrite same.txt from b\nwrite b.txt of b\n\
                  == b\nwait-for go\nwrite same.txt from a\\nfrom b\nwrite new.txt to fit";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    identify(&project);
    project
}

/// A plan whose conflict was resolved, and all that it takes to go back in time.
struct Scene {
    project: TestProject,
    worktree: String,
    journal: String,
    plan: String,
    /// Where the integration branch was with `a` alone, `b`'s own work, and what became of both.
    tip: String,
    head: String,
    resolved: String,
}

/// A moment at which the run is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Point {
    /// The agent has ended, and that is all.
    Ended,
    /// Its attempt's ref keeps what it made.
    Kept,
    /// `HEAD` is at that.
    AtIt,
    /// The worktree has some files of the task's own work.
    Halfway,
    /// It has all of them.
    AllFiles,
    /// It is on its branch.
    Back,
    /// The attempt's end is in the journal.
    Journaled,
    /// A gate was about to look, or had looked.
    Shown,
    /// The integration branch has it.
    Merged,
    /// The journal says so.
    MergeJournaled,
}

use Point::{AllFiles, AtIt, Back, Ended, Halfway, Journaled, Kept, MergeJournaled, Merged, Shown};
const POINTS: [Point; 10] =
    [Ended, Kept, AtIt, Halfway, AllFiles, Back, Journaled, Shown, Merged, MergeJournaled];

impl Scene {
    fn new() -> Self {
        let project = conflict();
        let run = project.start(&["run", "-j", "1"]);
        project.wait_for_starts(3);
        let has_begun = || project.facts("agent-started", "b").iter().any(|fact| fact["attempt"] == 2);
        wait_until("its beginning", has_begun, String::new);
        let plan = project.read("genesis.xml");
        project.touch("go");
        run.wait().assert(0, &["2 of 2 tasks completed"]);
        let rev = |spec: &str| project.git(&["rev-parse", spec]);
        let (tip, head) = (rev(&format!("{INTEGRATION}^1")), rev(BRANCH));
        let (resolved, worktree) = (rev(KEPT), project.worktree("b"));
        let journal = fs::read_to_string(project.state_dir().join("journal.jsonl")).unwrap();
        Self { project, worktree, journal, plan, tip, head, resolved }
    }

    fn in_worktree(&self, arguments: &[&str]) -> String {
        self.project.git(&[&["-C", &self.worktree], arguments].concat())
    }

    /// The journal's lines before the first that is meant.
    fn journal_before(&self, fact: &str, attempt: u64) -> String {
        let is_meant = |line: &&str| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            record["fact"] == fact && record["task"] == "b" && record["attempt"] == attempt
        };
        let lines = self.journal.split_inclusive('\n').take_while(|line| !is_meant(line));
        lines.collect()
    }

    /// Everything is as it was at that moment.
    fn go_back_to(&self, point: Point) {
        let Self { project, head, tip, resolved, .. } = self;
        self.in_worktree(&["checkout", "--quiet", "--force", "--detach", resolved]);
        for kept in project.git(&["for-each-ref", "--format=%(refname)"]).lines() {
            let is_later = ["attempts/b/", "bases/b/"].iter().any(|part| kept.contains(part))
                && !["/1", "/2"].iter().any(|end| kept.ends_with(end));
            if is_later {
                project.git(&["update-ref", "-d", kept]);
            }
        }
        project.git(&["update-ref", &format!("refs/heads/{BRANCH}"), head]);
        let integration = if point >= Merged { resolved } else { tip };
        project.git(&["update-ref", &format!("refs/heads/{INTEGRATION}"), integration]);
        if point == Ended {
            project.git(&["update-ref", "-d", KEPT]);
        } else {
            project.git(&["update-ref", KEPT, resolved]);
        }
        self.set_worktree(point);
        let journal = match point {
            Ended | Kept | AtIt | Halfway | AllFiles | Back => self.journal_before("attempt-ended", 2),
            Journaled | Shown | Merged => self.journal_before("merged", 2),
            MergeJournaled => {
                let before = self.journal_before("merged", 2);
                let merged = self.journal.split_inclusive('\n').nth(before.lines().count()).unwrap();
                format!("{before}{merged}")
            }
        };
        fs::write(project.state_dir().join("journal.jsonl"), journal).unwrap();
        project.write("genesis.xml", &self.plan);
    }

    fn set_worktree(&self, point: Point) {
        let file = |name: &str| Path::new(&self.worktree).join(name);
        match point {
            Ended | Kept => {
                let own = PathBuf::from(self.in_worktree(&["rev-parse", "--absolute-git-dir"]));
                self.in_worktree(&["update-ref", "--no-deref", "HEAD", &self.tip]);
                fs::write(own.join("MERGE_HEAD"), format!("{}\n", self.head)).unwrap();
            }
            AtIt | Shown => {}
            Halfway => {
                fs::remove_file(file("a.txt")).unwrap();
                fs::write(file("same.txt"), "from b\n").unwrap();
            }
            AllFiles => drop(self.in_worktree(&["read-tree", "--reset", "-u", &self.head])),
            Back | Journaled | Merged | MergeJournaled => {
                self.in_worktree(&["checkout", "--quiet", "--force", BRANCH]);
            }
        }
    }

    #[track_caller]
    fn assert_whole(&self, point: Point) {
        let project = &self.project;
        project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
        assert_eq!(project.show(INTEGRATION, "same.txt"), "from a\nfrom b", "{point:?}");
        for (file, text) in [("a.txt", "of a"), ("b.txt", "of b")] {
            assert_eq!(project.show(INTEGRATION, file), text, "{point:?}");
        }
        assert_eq!(project.show(BRANCH, "same.txt"), "from b", "{point:?}");
        assert_eq!(
            self.in_worktree(&["status", "--porcelain", "--branch"]),
            format!("## {BRANCH}"),
            "{point:?}"
        );
    }
}

#[test]
fn a_run_that_was_killed_at_any_point_of_it_is_gone_on_with_and_no_agent_does_it_again() {
    let scene = Scene::new();
    for point in POINTS {
        scene.go_back_to(point);
        scene.project.complete(&["-j", "1"]);
        scene.assert_whole(point);
        assert_eq!(scene.project.git(&["rev-parse", KEPT]), scene.resolved, "{point:?}");
        assert_eq!(scene.project.log().starts(), ["a", "b", "b"], "{point:?}");
        assert_eq!(scene.project.merges()["b"], 1, "{point:?}");
        scene.project.assert_journal();
    }
}

#[test]
fn whoever_takes_the_task_then_gets_its_own_work_on_its_branch_and_takes_nothing_away() {
    let scene = Scene::new();
    let project = &scene.project;
    for point in [Ended, Kept, AtIt, Halfway, AllFiles, Back, Shown] {
        scene.go_back_to(point);
        let taken = project.blueprint(&["take", "b"]);
        taken.assert(0, &[]);
        let is_told = taken.stderr.contains("its conflict was being resolved when that was broken off");
        assert_eq!(is_told, point != Back, "{point:?}: {taken}");
        assert_eq!(
            scene.in_worktree(&["status", "--porcelain", "--branch"]),
            format!("## {BRANCH}"),
            "{point:?}"
        );
        assert_eq!(scene.in_worktree(&["rev-parse", "HEAD"]), scene.head, "{point:?}");
        if point != Back {
            let (_, kept) = taken.stderr.split_once("is kept as ").unwrap();
            let kept = kept.split_whitespace().next().unwrap();
            assert!(!project.git(&["for-each-ref", "--contains", kept]).is_empty(), "{point:?}");
        }
        project
            .blueprint(&["give", "b"])
            .assert(2, &["conflicts with work that is merged already, in same.txt"]);
        let merge =
            project.command("git").args(["-C", &scene.worktree, "merge", INTEGRATION]).output().unwrap();
        assert!(!merge.status.success(), "{point:?}");
        fs::write(Path::new(&scene.worktree).join("same.txt"), "from a\nfrom b\n").unwrap();
        scene.in_worktree(&["add", "same.txt"]);
        project.blueprint(&["give", "b"]).assert(0, &["task b is completed: your work is merged"]);
        assert_eq!(project.show(INTEGRATION, "a.txt"), "of a", "{point:?}");
        assert_eq!(project.show(INTEGRATION, "same.txt"), "from a\nfrom b", "{point:?}");
        scene.in_worktree(&["checkout", "--quiet", "--force", "--detach", &scene.resolved]);
    }
}

#[test]
fn what_somebody_has_put_there_meanwhile_is_kept() {
    let scene = Scene::new();
    scene.go_back_to(Halfway);
    fs::write(Path::new(&scene.worktree).join("same.txt"), "mine\n").unwrap();
    scene.project.complete(&["-j", "1"]);
    scene.assert_whole(Halfway);
    let refs = scene.project.git(&["for-each-ref", "--format=%(refname)", "refs/blueprint/trial/attempts/b"]);
    let mut kept = refs.lines().filter(|name| scene.project.show(name, "same.txt") == "mine");
    assert!(kept.next().is_some(), "{refs}");
}

#[test]
fn where_something_else_is_kept_in_its_place_a_new_attempt_resolves_it() {
    let scene = Scene::new();
    scene.go_back_to(AllFiles);
    let tree = format!("{}^{{tree}}", scene.resolved);
    let other = scene.project.git(&["commit-tree", &tree, "-p", &scene.head, "-m", "Another"]);
    scene.project.git(&["update-ref", KEPT, &other]);
    scene.project.complete(&["-j", "1"]);
    scene.assert_whole(AllFiles);
    assert_eq!(scene.project.log().starts(), ["a", "b", "b", "b"]);
}

/// More of them find more: `CRASH_SEEDS=100`.
#[test]
fn kills_while_it_is_taken_lose_nothing() {
    let rounds = std::env::var("CRASH_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(6);
    for round in 0..rounds {
        let project = conflict();
        project.touch("go");
        let run = project.start(&["run", "-j", "1"]);
        let kept = project.root.join(".git").join(KEPT);
        wait_until("what it made", || kept.exists(), String::new);
        std::thread::sleep(Duration::from_millis(round * 7 % 60));
        run.kill();
        project.complete(&["-j", "1"]);
        project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
        let files = project.files(INTEGRATION);
        for file in ["a.txt", "b.txt", "new.txt"] {
            assert!(files.iter().any(|has| has == file), "{round}: {file} in {files:?}");
        }
        assert_eq!(project.log().starts().len(), 3, "{round}: {:?}", project.log());
    }
}
