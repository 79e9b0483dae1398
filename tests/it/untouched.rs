//! Whatever blueprint does with a repository, what its user has not committed survives: files, index, stash.

use std::fs;

use crate::landing::identify;
use crate::project::{PlanText, TestProject};

/// As many random projects are tried; more by `BLUEPRINT_CASES`.
const CASES: u64 = 4;

/// A project with tasks, edges and a dirty checkout that follow from `seed`.
struct Case {
    project: TestProject,
    random: fastrand::Rng,
    tasks: Vec<String>,
}

/// All that a user can lose.
#[derive(Debug, PartialEq)]
struct Kept {
    files: Vec<(String, Option<String>)>,
    index: String,
    stash: String,
}

impl Case {
    fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let tasks: Vec<_> = (0..random.usize(2..6)).map(|n| format!("t{n}")).collect();
        let names: Vec<_> = tasks.iter().map(String::as_str).collect();
        let mut plan = PlanText::of(&names);
        for to in 1..tasks.len() {
            if random.bool() {
                plan = plan.edge(names[random.usize(0..to)], names[to]);
            }
        }
        let project = TestProject::new(&plan, "== *\nwrite {task}.txt of {task}\nappend shared-{task}.txt x");
        identify(&project);
        for n in 0..4 {
            project.write(&format!("kept{n}.txt"), "committed\n");
        }
        project.commit_all("More");
        Self { project, random, tasks }
    }

    /// Uncommitted work of every sort: staged, changed, both, deleted, new, ignored, stashed.
    fn soil(&mut self) {
        let project = &self.project;
        project.write("kept3.txt", "stashed\n");
        project.git(&["stash", "push", "--quiet", "kept3.txt"]);
        for n in 0..4 {
            let file = format!("kept{n}.txt");
            match self.random.u8(0..5) {
                0 => project.write(&file, "changed\n"),
                1 => {
                    project.write(&file, "staged\n");
                    project.git(&["add", &file]);
                    project.write(&file, "staged, then changed\n");
                }
                2 => fs::remove_file(project.root.join(&file)).unwrap(),
                3 => drop(project.git(&["rm", "--quiet", "--cached", &file])),
                _ => {}
            }
        }
        project.write("new ü.txt", "new\n");
        project.write("folder/new.txt", "new\n");
        project.git(&["add", "--intent-to-add", "folder/new.txt"]);
        fs::write(project.root.join(".git/info/exclude"), "*.ignored\n").unwrap();
        project.write("x.ignored", "ignored\n");
        // In the way of that task's work, now and then.
        if self.random.bool() {
            project.write("t0.txt", "mine, and in the way\n");
        }
    }

    fn kept(&self) -> Kept {
        let names =
            ["kept0.txt", "kept1.txt", "kept2.txt", "kept3.txt", "new ü.txt", "folder/new.txt", "x.ignored"];
        let mut files: Vec<_> = names.map(|name| self.file(name)).into();
        files.extend(
            Some(self.file("t0.txt"))
                .filter(|(_, text)| text.as_deref().is_some_and(|text| text.starts_with("mine"))),
        );
        let staged =
            self.project.git(&["diff", "--cached", "--", "kept0.txt", "kept1.txt", "kept2.txt", "kept3.txt"]);
        let index = staged + &self.project.git(&["ls-files", "--stage", "--", "kept*", "folder"]);
        Kept { files, index, stash: self.project.git(&["stash", "list", "--format=%H"]) }
    }

    fn file(&self, name: &str) -> (String, Option<String>) {
        (name.to_owned(), fs::read_to_string(self.project.root.join(name)).ok())
    }

    /// Whatever it comes to: nothing of the user's may be lost.
    fn survives(&self, arguments: &[&str], seed: u64) {
        let before = self.kept();
        let ended = self.project.blueprint(arguments);
        assert!(matches!(ended.code, Some(0..=4)), "seed {seed}: {arguments:?}: {ended}");
        assert_eq!(self.kept(), before, "seed {seed}: {arguments:?}: {ended}");
    }
}

#[test]
fn uncommitted_work_survives_every_verb() {
    let cases = std::env::var("BLUEPRINT_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(CASES);
    let first = fastrand::u64(..);
    for seed in (0..cases).map(|n| first.wrapping_add(n)) {
        let mut case = Case::new(seed);
        case.soil();
        let last = case.tasks.last().unwrap().clone();
        case.survives(&["take", "t0"], seed);
        case.survives(&["give", "t0"], seed);
        case.survives(&["run"], seed);
        case.survives(&["retry", &last], seed);
        case.survives(&["land", "--dry-run"], seed);
        case.survives(&["land", "t0"], seed);
        // Somebody goes on meanwhile.
        let tree = case.project.git(&["rev-parse", "HEAD^{tree}"]);
        let commit = case.project.git(&["commit-tree", &tree, "-p", "HEAD", "-m", "Meanwhile"]);
        case.project.git(&["update-ref", "refs/heads/main", &commit]);
        case.survives(&["rebase-plan"], seed);
        case.survives(&["run"], seed);
        let how: &[&str] = if case.random.bool() { &["land", "--squash"] } else { &["land"] };
        case.survives(how, seed);
        case.survives(&["clean", "--yes"], seed);
        case.survives(&["clean", "--yes", "--force"], seed);
        case.project.assert_journal();
    }
}
