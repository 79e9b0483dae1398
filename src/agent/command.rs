//! The runner of kind `command`.
use std::path::{Path, PathBuf};

use super::{
    BaseEnv, CommandLine, Ended, Launch, Outcome, Reading, Runner, RunnerError, RunnerSpec,
};

#[derive(Debug)]
pub(super) struct Command {
    spec: RunnerSpec,
}

impl Runner for Command {
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
impl Command {
    pub(super) fn new(spec: RunnerSpec) -> Result<Command, RunnerError> {
        if spec.command.is_empty() {
            return Err(RunnerError::NoCommand { name: spec.name });
        }
        Ok(Command { spec })
    }
}
