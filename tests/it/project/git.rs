//! The repository, seen by the git program: nobody checks libgit2 by libgit2.

use std::collections::BTreeMap;

use super::TestProject;

pub(crate) const INTEGRATION: &str = "blueprint/trial/integration";

impl TestProject {
    /// What git prints; it has to succeed.
    #[track_caller]
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let identity =
            ["-c", "user.name=Jane", "-c", "user.email=jane@example.invalid", "-c", "commit.gpgsign=false"];
        let output = self.command("git").args(identity).args(arguments).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {errors}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    pub(crate) fn commit_all(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    /// A task's worktree.
    pub(crate) fn worktree(&self, task: &str) -> String {
        self.task(task)["worktree"].as_str().unwrap().to_owned()
    }

    /// A person's commit of one file in a task's worktree.
    pub(crate) fn commit_in(&self, worktree: &str, file: &str, text: &str, more: &[&str]) {
        std::fs::write(std::path::Path::new(worktree).join(file), text).unwrap();
        self.git(&["-C", worktree, "add", "--all"]);
        self.git(&[&["-C", worktree, "commit", "--quiet", "--message", "By hand"], more].concat());
    }

    /// The paths in a branch's tree.
    pub(crate) fn files(&self, branch: &str) -> Vec<String> {
        let listed = self.git(&["-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", branch]);
        listed.lines().map(str::to_owned).collect()
    }

    /// A file's text on a branch.
    #[track_caller]
    pub(crate) fn show(&self, branch: &str, path: &str) -> String {
        self.git(&["show", &format!("{branch}:{path}")])
    }

    /// How many merges of each task the integration branch has.
    pub(crate) fn merges(&self) -> BTreeMap<String, usize> {
        let format = "--format=%(trailers:key=Blueprint-Task,valueonly,separator=%x2C)";
        let start = self.git(&["for-each-ref", "--format=%(objectname)", "refs/blueprint/trial/start"]);
        let listed = self.git(&["log", "--first-parent", format, &format!("{start}..{INTEGRATION}")]);
        let mut merges = BTreeMap::new();
        for task in listed.lines() {
            *merges.entry(task.to_owned()).or_default() += 1;
        }
        merges
    }

    /// All refs and what they point at.
    pub(crate) fn refs(&self) -> String {
        self.git(&["for-each-ref", "--format=%(refname) %(objectname)"])
    }
}
