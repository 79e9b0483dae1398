//! Projects in the states that the book speaks of.

use std::path::Path;
use std::process::Command;

use crate::page::{Block, Page};
use crate::project::{BLUEPRINT, PlanText, TestProject};

/// What agents do where nothing else is said.
const WORK: &str = "== *\nwrite {task}.txt x\nprint {task} is done";

pub(crate) struct Scene(TestProject);

impl Scene {
    pub(crate) fn new(name: &str) -> Self {
        let scene = Self(project(name));
        let remote = scene.0.base().join("origin.git");
        scene.0.git(&["init", "--quiet", "--bare", &remote.display().to_string()]);
        scene.0.git(&["remote", "add", "origin", &remote.display().to_string()]);
        scene.0.git(&["push", "--quiet", "origin", "HEAD"]);
        for (name, value) in [("user.name", "Jane"), ("user.email", "jane@example.invalid")] {
            scene.0.git(&["config", name, value]);
        }
        scene.prepare(name);
        scene
    }

    /// What has happened before the page's reader comes.
    fn prepare(&self, name: &str) {
        let run: &[(&str, i32)] = match name {
            "new" | "plan" | "checkout" => &[],
            "done" => &[("run", 0)],
            "question" | "approval" | "protected" => &[("run", 4)],
            "failed" => &[("run", 1)],
            "taken" => &[("take auth-api", 0)],
            "live" => &[("run --detach", 0)],
            _ => panic!("there is no scene {name}"),
        };
        for (call, code) in run {
            let words: Vec<_> = call.split(' ').collect();
            self.0.blueprint(&words).assert(*code, &[]);
        }
        // The agent of a live run reads its script when it begins, which may be later.
        if name != "live" {
            self.0.script(WORK);
        }
    }

    /// Runs a block; each of its commands has to succeed. Gives what is to be said if not.
    pub(crate) fn shell(&self, block: &Block, page: &Page) -> Option<String> {
        let output = self.sh(&block.text).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let at = format!("{}:{}", page.name, block.line);
        let failed = || format!("{at}: {}\n{}\n{out}\n{err}", output.status, block.text);
        (!output.status.success()).then(failed)
    }

    /// A shell with blueprint in its path. What cargo would build is built.
    pub(crate) fn sh(&self, script: &str) -> Command {
        let script = script.replace("cargo run --release -- ", "blueprint ");
        let folder = Path::new(BLUEPRINT).parent().unwrap().display().to_string();
        let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
        let mut command = self.0.command("sh");
        command.arg("-euc").arg(script).env("PATH", path);
        command
    }

    /// What was printed, as it would be where no path has a blank in it.
    pub(crate) fn plain(&self, printed: &str) -> String {
        printed.replace(&self.0.base().display().to_string(), "").replace('\'', "")
    }

    /// The help of a verb, if there is such a one.
    pub(crate) fn help(&self, verb: &[&str]) -> Option<String> {
        let ended = self.0.blueprint(&[verb, &["--help"]].concat());
        (ended.code == Some(0)).then_some(ended.stdout)
    }
}

impl Drop for Scene {
    /// A run that a page has left behind.
    fn drop(&mut self) {
        let _ = self.0.blueprint(&["stop", "--now", "--wait"]);
    }
}

fn project(name: &str) -> TestProject {
    if name == "new" {
        let project = TestProject::without_git();
        project.git(&["init", "--quiet", "--initial-branch", "main"]);
        project.write("README.md", "what the user has\n");
        project.commit_all("What there was before");
        return project;
    }
    let plan = PlanText::chain(&["auth-api", "auth-ui", "release"]).epic("shop").agent("auth-ui", "frontend");
    let project = TestProject::new(&plan, &script(name));
    if name == "checkout" {
        let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
        assert!(project.command("cp").args(["-R", examples, "."]).status().unwrap().success());
    }
    let keys = match name {
        "approval" => "[[gates]]\nname = \"release\"\nkind = \"approve\"\ntasks = [\"auth-api\"]\n",
        "protected" => "protected-paths = [\".github/**\"]\n",
        _ => "",
    };
    project.configure(keys);
    project.write("docs/adr/0001-sessions.md", "# Sessions\n");
    project.commit_all("The plan");
    project
}

fn script(name: &str) -> String {
    let first = match name {
        "question" => "print CLARIFICATION: Which port?",
        "failed" => "stderr there is no table users\nexit 1",
        "protected" => "write .github/workflows/ci.yml x",
        "live" => "hang",
        _ => return WORK.to_owned(),
    };
    format!("== auth-api\n{first}\n{WORK}")
}
