//! The runner of kind `claude`: Claude Code, headless.
//!
//! The user's own settings and MCP servers stay on, and there is no cap on turns, unless the configuration's `args`
//! say otherwise.

mod ending;
mod flags;
mod stream;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::arguments::reserved;
use super::environment::{Needs, assemble, of_program};
use super::installation::{Installation, Product};
use super::models::asked_for;
use super::{
    BaseEnv, CommandLine, Definition, Ended, EnvPolicy, Event, Kind, Launch, NETWORK, Reading, Runner,
    RunnerError, RunnerSpec, Version,
};

/// Claude Code.
#[derive(Debug)]
pub(super) struct Claude(Installation);

const PRODUCT: Product =
    Product { program: "claude", package: "@anthropic-ai/claude-code", oldest: Version::new(2, 0, 77) };

impl Claude {
    /// # Errors
    /// The spec's arguments contain one that is ours to set.
    pub(super) fn new(spec: RunnerSpec) -> Result<Claude, RunnerError> {
        match reserved(&spec.args, flags::OURS) {
            None => Ok(Claude(Installation::new(spec, &PRODUCT))),
            Some(flag) => Err(RunnerError::ReservedArgument { name: spec.name, flag }),
        }
    }
}

impl Runner for Claude {
    fn name(&self) -> &str {
        &self.0.spec.name
    }

    fn kind(&self) -> Kind {
        self.0.spec.kind
    }

    fn command_line(&self, launch: &Launch<'_>) -> Result<CommandLine, RunnerError> {
        let invocation = flags::Invocation::new(&self.0.spec, launch);
        let env = assemble(launch, &self.needs(launch.env), &self.0.spec.env);
        self.0.started(launch, invocation.args, env, invocation.stdin)
    }

    fn check(&self, env: &BaseEnv, config_dir: &Path) -> Result<PathBuf, RunnerError> {
        self.0.check(env, config_dir)
    }

    fn read(&self, ended: &Ended<'_>) -> Reading {
        ending::read(ended)
    }

    fn events(&self, line: &str) -> Vec<Event> {
        stream::events(line)
    }

    fn model<'a>(&'a self, definition: &'a Definition) -> Option<&'a str> {
        asked_for(&self.0.spec, definition)
    }

    fn variables(&self, env: &BaseEnv, policy: &EnvPolicy) -> Vec<(OsString, OsString)> {
        of_program(env, &self.needs(env), policy, &self.0.spec.env)
    }

    fn can_resume(&self) -> bool {
        true
    }
}

/// The program's own settings, and the tools that it starts.
const PASS: &[&str] = &[
    "ANTHROPIC_*",
    "CLAUDE_*",
    "API_TIMEOUT_MS",
    "BASH_*",
    "DISABLE_*",
    "IS_SANDBOX",
    "MAX_MCP_OUTPUT_TOKENS",
    "MAX_THINKING_TOKENS",
    "MCP_*",
];

/// They belong to a session that blueprint itself was started from, and would bind the agent to it.
const HOLD_BACK: &[&str] = &[
    "BASH_ENV",
    "BASH_FUNC_*",
    "CLAUDE_CODE_CHILD_SESSION",
    "CLAUDE_CODE_ENTRYPOINT",
    "CLAUDE_CODE_SESSION_ID",
    "CLAUDE_CODE_SSE_PORT",
    "CLAUDE_ENV_FILE",
    "CLAUDE_PROJECT_DIR",
];

/// Credentials of clouds, each only where the program is told to use that cloud: an agent has no use for them else.
const CLOUDS: &[(&str, &[&str])] = &[
    ("CLAUDE_CODE_USE_BEDROCK", &["AWS_*"]),
    ("CLAUDE_CODE_USE_VERTEX", &["GOOGLE_*", "GCLOUD_PROJECT", "CLOUD_ML_REGION", "VERTEX_*"]),
    ("CLAUDE_CODE_USE_FOUNDRY", &["AZURE_*"]),
];

impl Claude {
    fn needs(&self, env: &BaseEnv) -> Needs {
        let told = |switch: &str| env.var(switch).is_some() || self.0.spec.env.contains_key(switch);
        let clouds = CLOUDS.iter().filter(|(switch, _)| told(switch)).flat_map(|(_, vars)| *vars);
        Needs { pass: PASS.iter().chain(NETWORK).chain(clouds).copied().collect(), hold_back: HOLD_BACK }
    }
}

#[cfg(test)]
mod tests;
