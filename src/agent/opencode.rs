//! The runner of kind `opencode`: `OpenCode`, headless.
//!
//! What it would ask about it is denied, since nobody is there to be asked: above all, files outside the worktree.

mod settings;
mod stream;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::arguments::{mentions, owned, reserved};
use super::environment::{Needs, assemble, of_program};
use super::installation::{Installation, Product};
use super::models::{asked_for, fitting};
use super::{
    BaseEnv, CommandLine, Definition, DefinitionMode, Ended, EnvPolicy, Event, Kind, Launch, NETWORK,
    Reading, Runner, RunnerError, RunnerSpec, Version, ending,
};

/// `OpenCode`.
#[derive(Debug)]
pub(super) struct Opencode(Installation);

const PRODUCT: Product =
    Product { program: "opencode", package: "opencode-ai", oldest: Version::new(1, 1, 65) };

/// Reading the end of an attempt rests on these.
const OURS: &[&str] = &["--format", "--interactive", "-i", "--attach"];

impl Opencode {
    /// # Errors
    /// The spec's arguments contain one that is ours to set.
    pub(super) fn new(spec: RunnerSpec) -> Result<Opencode, RunnerError> {
        match reserved(&spec.args, OURS) {
            None => Ok(Opencode(Installation::new(spec, &PRODUCT))),
            Some(flag) => Err(RunnerError::ReservedArgument { name: spec.name, flag }),
        }
    }

    /// Our own flags first, each left out where the configuration's arguments set the same; then those, then the configuration's model.
    fn args(&self, launch: &Launch<'_>) -> Vec<String> {
        let spec = &self.0.spec;
        let is_free = |rivals: &[&str]| !rivals.iter().any(|flag| mentions(&spec.args, flag));
        let mut args = owned(&["run", "--format=json"]);
        if spec.definition == DefinitionMode::Replace && is_free(&["--agent"]) {
            args.push(format!("--agent={}", settings::AGENT));
        }
        let wanted = fitting(Kind::Opencode, launch.definition.model.as_deref());
        if spec.model.is_none() && is_free(&["--model", "-m"]) {
            args.extend(wanted.map(|name| format!("--model={name}")));
        }
        if is_free(&["--session", "-s", "--continue", "-c"]) {
            args.extend(launch.resume.map(|session| format!("--session={session}")));
        }
        args.extend(spec.args.iter().cloned());
        args.extend(spec.model.as_deref().map(|name| format!("--model={name}")));
        args
    }
}

impl Runner for Opencode {
    fn name(&self) -> &str {
        &self.0.spec.name
    }

    fn kind(&self) -> Kind {
        self.0.spec.kind
    }

    fn command_line(&self, launch: &Launch<'_>) -> Result<CommandLine, RunnerError> {
        let spec = &self.0.spec;
        let env = settings::added(assemble(launch, &needs(), &spec.env), launch, spec.definition);
        let env = env.ok_or_else(|| RunnerError::NotAnObject {
            name: spec.name.clone(),
            variable: settings::VARIABLE,
        })?;
        self.0.started(launch, self.args(launch), env, launch.prompt_text.as_bytes().to_vec())
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
}

/// The program talks to many services; the keys of others are named by `env-pass`, or kept by `opencode auth login`.
fn needs() -> Needs {
    let pass = [
        "OPENCODE_*",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_STATE_HOME",
        "XDG_CACHE_HOME",
        "ANTHROPIC_API_KEY",
        "OPENAI_API_KEY",
        "OPENROUTER_API_KEY",
        "GEMINI_API_KEY",
        "GOOGLE_GENERATIVE_AI_API_KEY",
    ];
    Needs { pass: pass.iter().chain(NETWORK).copied().collect(), hold_back: HOLD_BACK }
}

/// They tell of a session that blueprint itself was started from, or would have it talk to another one.
const HOLD_BACK: &[&str] = &["OPENCODE_PID", "OPENCODE_RUN_*", "OPENCODE_SERVER_*"];

#[cfg(test)]
mod tests;
