use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A plan without fault.
pub(crate) const PLAN: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<projectGenesis version="1.0">
  <metadata>
    <projectName>Shop</projectName>
    <epicName>shop</epicName>
  </metadata>
  <executionPlan>
    <executionDag/>
    <tasks>
      <task id="build-api">
        <name>Build the API</name>
        <description>Serve the cart over HTTP.</description>
        <assignedAgent>backend-developer</assignedAgent>
        <statusHistory>
          <event><timestamp>2026-03-01T09:00:00Z</timestamp><status>completed</status></event>
        </statusHistory>
      </task>
      <task id="test-api">
        <name>Test the API</name>
        <description>Cover the cart.</description>
        <assignedAgent>tester</assignedAgent>
        <dependencies>build-api</dependencies>
      </task>
    </tasks>
    <statusTracker>
      <pending>
        <taskRef id="test-api"/>
      </pending>
      <inProgress>
      </inProgress>
      <completed>
        <taskRef id="build-api"/>
      </completed>
      <failed>
      </failed>
    </statusTracker>
  </executionPlan>
</projectGenesis>
"#;

/// A folder with the plan and definitions of its agents.
pub(crate) struct Scene(tempfile::TempDir);

impl Scene {
    pub(crate) fn new(plan: impl AsRef<[u8]>) -> Self {
        let scene = Self(tempfile::tempdir().unwrap());
        scene.write("genesis.xml", plan);
        // One that somebody has just written would be waited for: it may be half-written.
        let an_hour_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(1);
        let file = fs::File::options().write(true).open(scene.path("genesis.xml")).unwrap();
        file.set_modified(an_hour_ago).unwrap();
        for agent in ["backend-developer", "tester"] {
            let text = format!("---\nname: {agent}\ndescription: d\n---\nWork.\n");
            scene.write(&format!(".claude/agents/{agent}.md"), text);
        }
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        // Beside the folder there is room for worktrees.
        self.0.path().join("shop").join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn plan(&self) -> String {
        String::from_utf8(self.read("genesis.xml")).unwrap()
    }

    /// Everything in the folder, the program's own state left out.
    pub(crate) fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.path("")).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| name != ".blueprint");
        names.sort();
        names
    }

    /// The program, to be run here: no arguments yet, no environment but a home that is empty.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_blueprint"));
        command.env_clear().env("HOME", self.path("no-home")).current_dir(self.path(""));
        command
    }

    pub(crate) fn blueprint(&self, args: &[&str]) -> Told {
        Told(self.command().args(["--color", "never"]).args(args).output().unwrap())
    }

    /// What `validate` finds, as code and line of each place.
    pub(crate) fn found(&self, more: &[&str]) -> Vec<(String, String, u64)> {
        let json = self.blueprint(&[&["validate", "--format", "json"], more].concat()).json();
        let found = json["diagnostics"].as_array().unwrap().iter().map(|found| {
            let text = |key: &str| found[key].as_str().unwrap().to_owned();
            (text("code"), text("file"), found["line"].as_u64().unwrap())
        });
        found.collect()
    }
}

/// What the program printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Told(pub(crate) Output);

impl Told {
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().unwrap_or_else(|| panic!("{self:?}"))
    }

    pub(crate) fn out(&self) -> &str {
        std::str::from_utf8(&self.0.stdout).unwrap()
    }

    pub(crate) fn err(&self) -> &str {
        std::str::from_utf8(&self.0.stderr).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.0.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Files of the project, by their folder.
pub(crate) fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let (mut open, mut files) = (vec![folder], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "xml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
