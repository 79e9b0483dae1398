//! A project to try `blueprint` on: a git repository with a plan, and an agent that does what the test says.
//!
//! Nothing of the machine gets in: the environment is cleared, `HOME` and git's configuration are the test's own, and the paths
//! have a blank and letters beyond ASCII in them, as real ones do.

mod clones;
mod git;
mod log;
mod plan;
mod process;
mod state;
mod terminal;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

#[allow(unused_imports, reason = "tests/agents has no remotes")]
pub(crate) use clones::Fleet;
pub(crate) use git::INTEGRATION;
pub(crate) use log::Log;
pub(crate) use plan::PlanText;
#[allow(unused_imports, reason = "tests/agents uses it")]
pub(crate) use process::with_variable as processes_with;
pub(crate) use process::{Ended, Running, Said, kill};
pub(crate) use terminal::Terminal;

use tempfile::TempDir;

pub(crate) const BLUEPRINT: &str = env!("CARGO_BIN_EXE_blueprint");

/// Copies the program. Another process does it: what is open for writing here, a test beside this one may hand to its children, and then
/// it can't be started.
pub(crate) fn copy_of_blueprint(to: &Path) {
    assert!(Command::new("cp").arg(BLUEPRINT).arg(to).status().unwrap().success());
}
pub(crate) const FAKE_AGENT: &str = env!("CARGO_BIN_EXE_fake-agent");
/// Generous, since the machine may be busy: it is only ever reached by a test that fails.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(10);

pub(crate) struct TestProject {
    /// Clones share it.
    temp: Arc<TempDir>,
    /// The user's checkout.
    pub(crate) root: PathBuf,
    /// Where the test and its agents talk to each other.
    pub(crate) control: PathBuf,
}

impl TestProject {
    /// A repository with the plan, a configuration that has the fake agent play everybody, and one commit of both. `script` says
    /// what the fake agent does, see `tests/fake_agent/program.rs`.
    pub(crate) fn new(plan: &PlanText, script: &str) -> Self {
        Self::of_text(&plan.to_xml(), script)
    }

    /// The same with a plan that is given as it is to stand in its file.
    pub(crate) fn of_text(plan: &str, script: &str) -> Self {
        let project = Self::without_git();
        project.write("genesis.xml", plan);
        project.configure("");
        project.script(script);
        project.git(&["init", "--quiet", "--initial-branch", "main"]);
        project.write("README.md", "what the user has\n");
        project.commit_all("What there was before");
        project
    }

    /// The folders alone.
    pub(crate) fn without_git() -> Self {
        let temp = tempfile::Builder::new().prefix("blueprint test ü ").tempdir().unwrap();
        let base = fs::canonicalize(temp.path()).unwrap();
        let project =
            Self {
                temp: Arc::new(temp), root: base.join("мой проект"), control: base.join("control")
            };
        for folder in [&project.root, &project.control, &base.join("home"), &base.join("tmp")] {
            fs::create_dir(folder).unwrap();
        }
        project
    }

    /// The folder that everything of the test is in.
    pub(crate) fn base(&self) -> &Path {
        self.root.parent().unwrap()
    }

    pub(crate) fn plan(&self) -> PathBuf {
        self.root.join("genesis.xml")
    }

    /// Writes `blueprint.toml`: `keys` come first, so they may end in a table.
    pub(crate) fn configure(&self, keys: &str) {
        let agent = toml_text(FAKE_AGENT);
        let lines = format!("\n{keys}");
        let top = lines.split("\n[").next().unwrap_or_default();
        let has = |key: &str| top.lines().any(|line| line.starts_with(key));
        let defaults = [
            ("runner", "\"fake\""),
            ("env-pass", "[\"FAKE_AGENT_*\", \"GIT_CONFIG_*\"]"),
            ("kill-grace", "\"300ms\""),
            // Agents of tests write into the test's own folder, and some into the plan; see `sandbox.rs` for those that are kept in.
            ("sandbox", "\"off\""),
        ];
        let defaults = defaults.iter().filter(|(key, _)| !has(key));
        let defaults: Vec<_> = defaults.map(|(key, value)| format!("{key} = {value}")).collect();
        let defaults = defaults.join("\n");
        let runner = format!("[runners.fake]\nkind = \"command\"\ncommand = [{agent}]\n");
        self.write("blueprint.toml", &format!("{defaults}\n{keys}\n{runner}"));
    }

    /// What the fake agent does from now on.
    pub(crate) fn script(&self, script: &str) {
        let lines: Vec<_> = script.lines().map(str::trim_start).collect();
        fs::write(self.control.join("script"), lines.join("\n") + "\n").unwrap();
    }

    /// Writes a file of the checkout.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap()
    }

    /// The environment of every program that a test starts; nothing else is in it.
    pub(crate) fn env(&self) -> Vec<(OsString, OsString)> {
        let base = self.base();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let vars: [(&str, OsString); 8] = [
            ("PATH", path),
            ("HOME", base.join("home").into()),
            ("TMPDIR", base.join("tmp").into()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
            ("GIT_CONFIG_GLOBAL", "/dev/null".into()),
            ("FAKE_AGENT_DIR", self.control.clone().into()),
            ("FAKE_AGENT_BLUEPRINT", BLUEPRINT.into()),
            ("LC_ALL", "C.UTF-8".into()),
        ];
        vars.into_iter().map(|(name, value)| (name.into(), value)).collect()
    }

    /// A program that sees that environment only, in the checkout.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.env()).current_dir(&self.root);
        command
    }

    /// Runs `blueprint` to its end.
    pub(crate) fn blueprint(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).wait()
    }

    /// `blueprint run`, to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.blueprint(&[&["run"], arguments].concat())
    }

    /// `blueprint run` that has to complete everything.
    pub(crate) fn complete(&self, arguments: &[&str]) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{ended}");
        self.assert_journal();
        ended
    }

    /// Starts `blueprint` and comes back at once.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(BLUEPRINT).args(arguments))
    }

    /// What agents have written in the control folder.
    pub(crate) fn log(&self) -> Log {
        Log::read(&self.control.join("log"))
    }

    pub(crate) fn touch(&self, name: &str) {
        fs::write(self.control.join(name), "").unwrap();
    }

    /// Waits until the agents' log has it.
    pub(crate) fn wait_for_log(&self, what: &str, is_so: impl Fn(&Log) -> bool) {
        wait_until(what, || is_so(&self.log()), || format!("{:?}", self.log()));
    }

    /// Waits until somebody has made that file in the control folder.
    pub(crate) fn wait_until_there(&self, name: &str) {
        wait_until(name, || self.control.join(name).exists(), String::new);
    }

    /// Waits until that many attempts have started.
    pub(crate) fn wait_for_starts(&self, count: usize) {
        self.wait_for_log(&format!("{count} starts"), |log| log.starts().len() >= count);
    }

    /// Every process that has this test's control folder in its environment: agents, what they started, supervisors, runs.
    pub(crate) fn processes(&self) -> Vec<u32> {
        process::with_variable("FAKE_AGENT_DIR", self.control.as_os_str())
    }

    /// Waits until no process is left. A KILL has been sent when this matters; the kernel takes its time.
    pub(crate) fn assert_no_process_left(&self) {
        wait_until("no process left", || self.processes().is_empty(), || format!("{:?}", self.processes()));
    }
}

impl Drop for TestProject {
    fn drop(&mut self) {
        // Others go on with it.
        if Arc::strong_count(&self.temp) > 1 {
            return;
        }
        for pid in self.processes() {
            kill(pid);
        }
        if std::thread::panicking()
            && std::env::var_os("KEEP_TEST_PROJECTS").is_some()
            && let Some(temp) = Arc::get_mut(&mut self.temp)
        {
            temp.disable_cleanup(true);
        }
    }
}

/// Polls until something is so; panics with what is instead.
pub(crate) fn wait_until(what: &str, is_so: impl Fn() -> bool, instead: impl Fn() -> String) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain for {what}: {}", instead());
        sleep(LOOK);
    }
}

/// A string of TOML.
pub(crate) fn toml_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// All files of a folder, with what is in them; links are not followed.
pub(crate) fn files_below(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() {
            files.extend(files_below(&path));
        } else if kind.is_file() {
            files.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    files
}
