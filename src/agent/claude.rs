//! The runner of kind `claude`: Claude Code, headless.
//!
//! The user's own settings and MCP servers stay on, and there is no cap on turns, unless the configuration's `args`
//! say otherwise.

mod ending;
mod flags;
mod stream;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::environment::{Needs, assemble};
use super::program::{self, Wanted};
use super::{BaseEnv, CommandLine, Ended, Kind, Launch, Reading, Runner, RunnerError, RunnerSpec};

/// Claude Code.
#[derive(Debug)]
pub(super) struct Claude {
    spec: RunnerSpec,
}

/// How to get the program.
const HINT: &str =
    "install it with `npm install -g @anthropic-ai/claude-code`, or give its path as `command`";

impl Claude {
    /// # Errors
    /// The spec's arguments contain one that is ours to set.
    pub(super) fn new(spec: RunnerSpec) -> Result<Claude, RunnerError> {
        match flags::reserved(&spec.args) {
            None => Ok(Claude { spec }),
            Some(flag) => Err(RunnerError::ReservedArgument { name: spec.name, flag }),
        }
    }

    fn program(&self) -> &OsStr {
        OsStr::new(self.spec.command.first().map_or("claude", String::as_str))
    }
}

impl Runner for Claude {
    fn name(&self) -> &str {
        &self.spec.name
    }

    fn kind(&self) -> Kind {
        self.spec.kind
    }

    fn command_line(&self, launch: &Launch<'_>) -> Result<CommandLine, RunnerError> {
        let invocation = flags::Invocation::new(&self.spec, launch);
        let before = self.spec.command.iter().skip(1);
        let line = CommandLine {
            program: program::resolve(self.program(), launch.config_dir),
            args: before.map(OsString::from).chain(invocation.args.iter().map(OsString::from)).collect(),
            env: assemble(launch, &self.needs(launch.env), &self.spec.env),
            stdin: invocation.stdin,
        };
        line.checked(&self.spec.name)
    }

    fn check(&self, env: &BaseEnv, config_dir: &Path) -> Result<PathBuf, RunnerError> {
        let wanted = Wanted { runner: &self.spec.name, program: self.program(), hint: Some(HINT) };
        program::find(wanted, env, config_dir)
    }

    fn read(&self, ended: &Ended<'_>) -> Reading {
        ending::read(ended)
    }

    fn last_line(&self, line: &str) -> Option<String> {
        stream::progress(line)
    }
}

/// The program's own settings, its way to the network, and the tools that it starts.
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
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "ALL_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "all_proxy",
    "https_proxy",
    "http_proxy",
    "no_proxy",
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
        let told = |switch: &str| env.var(switch).is_some() || self.spec.env.contains_key(switch);
        let clouds = CLOUDS.iter().filter(|(switch, _)| told(switch)).flat_map(|(_, vars)| *vars);
        Needs { pass: PASS.iter().chain(clouds).copied().collect(), hold_back: HOLD_BACK }
    }
}

#[cfg(test)]
mod tests;
