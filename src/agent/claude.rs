//! The runner of kind `claude`.
use std::path::{Path, PathBuf};

use super::{
    BaseEnv, CommandLine, Ended, Launch, Outcome, Reading, Runner, RunnerError, RunnerSpec,
};

#[derive(Debug)]
pub(super) struct Claude {
    spec: RunnerSpec,
}

impl Runner for Claude {
    fn name(&self) -> &str {
        &self.spec.name
    }
    fn command_line(&self, _launch: &Launch<'_>) -> Result<CommandLine, RunnerError> {
        Err(RunnerError::NoCommand {
            name: self.spec.name.clone(),
        })
    }
    fn check(&self, _env: &BaseEnv, _config_dir: &Path) -> Result<PathBuf, RunnerError> {
        Err(RunnerError::NoCommand {
            name: self.spec.name.clone(),
        })
    }
    fn read(&self, _ended: &Ended<'_>) -> Reading {
        Reading::of(Outcome::Completed)
    }
    fn last_line(&self, _line: &str) -> Option<String> {
        None
    }
}
impl Claude {
    pub(super) fn new(spec: RunnerSpec) -> Claude {
        Claude { spec }
    }
}
