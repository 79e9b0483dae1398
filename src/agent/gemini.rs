//! The runner of kind `gemini`: Gemini CLI, headless.

mod policy;
mod stream;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::arguments::{mentions, owned, reserved};
use super::command::stdin;
use super::environment::{Needs, assemble, of_program};
use super::installation::{Installation, Product};
use super::models::{asked_for, fitting};
use super::tools::Powers;
use super::{
    BaseEnv, CommandLine, Definition, DefinitionMode, Ended, EnvPolicy, Event, Kind, Launch, NETWORK,
    Reading, Runner, RunnerError, RunnerSpec, Version, ending,
};

/// Gemini CLI.
#[derive(Debug)]
pub(super) struct Gemini(Installation);

const PRODUCT: Product =
    Product { program: "gemini", package: "@google/gemini-cli", oldest: Version::new(0, 30, 1) };

/// The oldest version that we know to let us name the session, and trust the folder that it works in.
const NAMES_SESSIONS: Version = Version::new(0, 61, 0);

/// Reading the end of an attempt rests on these.
const OURS: &[&str] = &["--output-format", "-o", "-p", "--prompt", "-i", "--prompt-interactive"];
const APPROVAL: &[&str] = &["--approval-mode", "-y", "--yolo"];

impl Gemini {
    /// # Errors
    /// The spec's arguments contain one that is ours to set.
    pub(super) fn new(spec: RunnerSpec) -> Result<Gemini, RunnerError> {
        match reserved(&spec.args, OURS) {
            None => Ok(Gemini(Installation::new(spec, &PRODUCT))),
            Some(flag) => Err(RunnerError::ReservedArgument { name: spec.name, flag }),
        }
    }

    /// Our own flags first, each left out where the configuration's arguments set the same; then those, then the configuration's model.
    ///
    /// Nobody is there to approve of a tool, so all are approved of that the definition lists; its own rules keep the program's file tools
    /// in the folder that it works in.
    fn args(&self, launch: &Launch<'_>, rules: Option<&Path>) -> Vec<String> {
        let spec = &self.0.spec;
        let is_free = |rivals: &[&str]| !rivals.iter().any(|flag| mentions(&spec.args, flag));
        let mut args = owned(&["--output-format=stream-json"]);
        if is_free(APPROVAL) {
            args.push("--approval-mode=yolo".to_owned());
        }
        let is_new = self.0.is_at_least(NAMES_SESSIONS);
        if is_new && is_free(&["--skip-trust"]) {
            args.push("--skip-trust".to_owned());
        }
        if is_free(&["--resume", "-r", "--session-id", "--session-file"]) {
            let begun = || is_new.then(|| format!("--session-id={}", launch.session));
            args.extend(launch.resume.map(|session| format!("--resume={session}")).or_else(begun));
        }
        args.extend(rules.map(|file| format!("--policy={}", file.display())));
        let wanted = fitting(Kind::Gemini, launch.definition.model.as_deref());
        if spec.model.is_none() && is_free(&["--model", "-m"]) {
            args.extend(wanted.map(|name| format!("--model={name}")));
        }
        args.extend(spec.args.iter().cloned());
        args.extend(spec.model.as_deref().map(|name| format!("--model={name}")));
        args
    }
}

/// The variable that names a file with instructions in the place of the program's own. It knows no way to add to those, so an addition
/// stands in front of the prompt.
const INSTRUCTIONS: &str = "GEMINI_SYSTEM_MD";

impl Runner for Gemini {
    fn name(&self) -> &str {
        &self.0.spec.name
    }

    fn kind(&self) -> Kind {
        self.0.spec.kind
    }

    fn command_line(&self, launch: &Launch<'_>) -> Result<CommandLine, RunnerError> {
        let spec = &self.0.spec;
        let file = launch.prompt_file.with_file_name("policy.toml");
        let rules =
            policy::rules(Powers::of(&launch.definition.tools)).map(|rules| (file, rules.into_bytes()));
        let args = self.args(launch, rules.as_ref().map(|(file, _)| file.as_path()));
        let mut env = assemble(launch, &needs(), &spec.env);
        let input = match spec.definition {
            DefinitionMode::Append => stdin(launch.definition_text, launch.prompt_text),
            DefinitionMode::Replace => {
                env.retain(|(name, _)| name != INSTRUCTIONS);
                env.push((INSTRUCTIONS.into(), launch.definition_file.into()));
                env.sort();
                launch.prompt_text.as_bytes().to_vec()
            }
        };
        let mut line = self.0.started(launch, args, env, input)?;
        line.files = rules.into_iter().collect();
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

    /// Older versions know sessions by their place in a list only.
    fn can_resume(&self) -> bool {
        self.0.is_at_least(NAMES_SESSIONS)
    }
}

fn needs() -> Needs {
    let pass = ["GEMINI_*", "GOOGLE_*"];
    Needs { pass: pass.iter().chain(NETWORK).copied().collect(), hold_back: HOLD_BACK }
}

/// They tell of a session that blueprint itself was started from.
const HOLD_BACK: &[&str] = &["GEMINI_CLI", "GEMINI_CLI_IDE_*", "GEMINI_CLI_NO_RELAUNCH", "GEMINI_SESSION_ID"];

#[cfg(test)]
mod tests;
