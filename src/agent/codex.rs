//! The runner of kind `codex`: Codex, headless, in its own sandbox.

mod flags;
mod stream;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::arguments::reserved;
use super::environment::{Needs, assemble, of_program};
use super::installation::{Installation, Product};
use super::models::asked_for;
use super::structured::SCHEMA;
use super::{
    BaseEnv, CommandLine, Definition, Ended, EnvPolicy, Event, Kind, Launch, NETWORK, Reading, Runner,
    RunnerError, RunnerSpec, Version, ending,
};

/// Codex.
#[derive(Debug)]
pub(super) struct Codex(Installation);

const PRODUCT: Product =
    Product { program: "codex", package: "@openai/codex", oldest: Version::new(0, 100, 0) };

impl Codex {
    /// # Errors
    /// The spec's arguments contain one that is ours to set.
    pub(super) fn new(spec: RunnerSpec) -> Result<Codex, RunnerError> {
        match reserved(&spec.args, flags::OURS) {
            None => Ok(Codex(Installation::new(spec, &PRODUCT))),
            Some(flag) => Err(RunnerError::ReservedArgument { name: spec.name, flag }),
        }
    }
}

impl Runner for Codex {
    fn name(&self) -> &str {
        &self.0.spec.name
    }

    fn kind(&self) -> Kind {
        self.0.spec.kind
    }

    fn command_line(&self, launch: &Launch<'_>) -> Result<CommandLine, RunnerError> {
        let invocation = flags::Invocation::new(&self.0.spec, launch);
        let env = assemble(launch, &needs(), &self.0.spec.env);
        let mut line = self.0.started(launch, invocation.args, env, invocation.stdin)?;
        line.files = invocation.schema.map(|file| (file, SCHEMA.as_bytes().to_vec())).into_iter().collect();
        Ok(line)
    }

    fn check(&self, env: &BaseEnv, config_dir: &Path) -> Result<PathBuf, RunnerError> {
        self.0.check(env, config_dir)
    }

    fn read(&self, ended: &Ended<'_>) -> Reading {
        ending::read(ended, stream::events)
    }

    fn events(&self, line: &str) -> Vec<Event> {
        serde_json::from_str::<Value>(line).map(|line| stream::events(&line)).unwrap_or_default()
    }

    fn model<'a>(&'a self, definition: &'a Definition) -> Option<&'a str> {
        asked_for(&self.0.spec, definition)
    }

    fn variables(&self, env: &BaseEnv, policy: &EnvPolicy) -> Vec<(OsString, OsString)> {
        of_program(env, &needs(), policy, &self.0.spec.env)
    }

    fn can_resume(&self) -> bool {
        true
    }

    /// Every command runs in a user namespace of its own, which can't be set up where writing is restricted. Who turns that off by `args`
    /// gets our sandbox instead.
    fn has_own_sandbox(&self) -> bool {
        !flags::sets_sandbox(&self.0.spec.args)
    }
}

fn needs() -> Needs {
    let pass = ["CODEX_*", "OPENAI_*", "AZURE_OPENAI_*"];
    Needs { pass: pass.iter().chain(NETWORK).copied().collect(), hold_back: HOLD_BACK }
}

/// They tell of a session that blueprint itself was started from.
const HOLD_BACK: &[&str] =
    &["CODEX_CI", "CODEX_INTERNAL_*", "CODEX_SANDBOX", "CODEX_SANDBOX_*", "CODEX_THREAD_ID"];

#[cfg(test)]
mod tests;
