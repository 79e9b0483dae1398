//! The test's control folder, as an agent sees it.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

#[derive(Clone)]
pub(crate) struct Control {
    dir: PathBuf,
    task: String,
    attempt: String,
}

/// A mark that this agent works; taken away when dropped.
pub(crate) struct Live {
    mark: PathBuf,
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.mark);
    }
}

impl Control {
    pub(crate) fn from_environment() -> io::Result<Self> {
        let var = |name: &str| env::var(name).map_err(|_| io::Error::other(format!("{name} is not set")));
        let dir = PathBuf::from(var("FAKE_AGENT_DIR")?);
        Ok(Self { dir, task: var("TASK_ID")?, attempt: var("BLUEPRINT_ATTEMPT")? })
    }

    pub(crate) fn task(&self) -> &str {
        &self.task
    }

    pub(crate) fn attempt(&self) -> &str {
        &self.attempt
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The steps for this attempt.
    pub(crate) fn script(&self) -> io::Result<Vec<String>> {
        let text = fs::read_to_string(self.path("script"))?;
        let headings =
            [format!("== {} #{}", self.task, self.attempt), format!("== {}", self.task), "== *".to_owned()];
        let found = headings.iter().find(|heading| text.lines().any(|line| line == *heading));
        let heading =
            found.ok_or_else(|| io::Error::other(format!("the script has no `== {}`", self.task)))?;
        let steps = text.lines().skip_while(|line| line != heading).skip(1);
        Ok(steps.take_while(|line| !line.starts_with("== ")).map(str::to_owned).collect())
    }

    /// Appends a line to the log, whole whoever else writes.
    pub(crate) fn log(&self, event: &str, more: &[&str]) -> io::Result<()> {
        let line = [&[event, &self.task], more].concat().join("\t") + "\n";
        OpenOptions::new().create(true).append(true).open(self.path("log"))?.write_all(line.as_bytes())
    }

    /// Marks this agent as one that works, and logs how many do.
    pub(crate) fn enter(&self) -> io::Result<Live> {
        let live = self.path("live");
        fs::create_dir_all(&live)?;
        let mark = live.join(std::process::id().to_string());
        // Under a lock, so that no two of them miss each other.
        let lock = File::create(self.path("live.lock"))?;
        lock.lock()?;
        File::create(&mark)?;
        let count = fs::read_dir(&live)?.count();
        self.log("at-once", &[&count.to_string()])?;
        Ok(Live { mark })
    }

    /// How many different tasks have been started.
    pub(crate) fn started(&self) -> io::Result<usize> {
        let log = fs::read_to_string(self.path("log"))?;
        let started = log.lines().filter_map(|line| line.strip_prefix("start\t")?.split('\t').next());
        Ok(started.collect::<std::collections::HashSet<_>>().len())
    }
}
