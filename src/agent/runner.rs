//! Runners: the programs that play agents, behind one trait.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;
use thiserror::Error;

use super::claude::Claude;
use super::codex::Codex;
use super::command::Command;
use super::gemini::Gemini;
use super::opencode::Opencode;
use super::{BaseEnv, CommandLine, Definition, Ended, EnvPolicy, Event, Launch, Outcome, Reading, Version};

/// A program that plays agents.
pub trait Runner: Send + Sync {
    /// The name by which the configuration calls it.
    fn name(&self) -> &str;

    /// What sort of program it is: of a `command`, no change at all may be a success, of an agent program it is not.
    fn kind(&self) -> Kind;

    /// The command line, environment and standard input of an attempt.
    ///
    /// # Errors
    /// What no process can be given, such as an argument with a NUL in it.
    fn command_line(&self, launch: &Launch<'_>) -> Result<CommandLine, RunnerError>;

    /// Finds the program: over `PATH` of `env`, or below `config_dir` for a relative path. Of a program that we know, its version is found
    /// out, too, on which the flags of [`Runner::command_line`] depend.
    ///
    /// # Errors
    /// The program is missing, cannot be executed, or is too old; the message says how to install it, where we know.
    fn check(&self, env: &BaseEnv, config_dir: &Path) -> Result<PathBuf, RunnerError>;

    /// Judges an ended attempt by how it ended and by what it printed.
    ///
    /// Never fails: what cannot be read is told in [`Reading::detail`].
    fn read(&self, ended: &Ended<'_>) -> Reading;

    /// What a line of the program's standard output tells of, by that line alone.
    fn events(&self, line: &str) -> Vec<Event>;

    /// A line of the program's output as one short line for the progress display; `None` where it has nothing to say.
    fn last_line(&self, line: &str) -> Option<String> {
        self.events(line).iter().rev().find_map(Event::line)
    }

    /// The model that it asks for when it plays that agent, as far as configuration and definition say.
    fn model<'a>(&'a self, definition: &'a Definition) -> Option<&'a str>;

    /// The variables of ours that its program is passed, and those that its configuration sets for it.
    fn variables(&self, env: &BaseEnv, policy: &EnvPolicy) -> Vec<(OsString, OsString)>;

    /// Whether it can take a session up again: what it said and did before is then still before it.
    fn can_resume(&self) -> bool;

    /// Whether the program confines what its agent does by itself, in a way that does not work inside of another sandbox.
    fn has_own_sandbox(&self) -> bool {
        false
    }
}

/// Why a runner cannot be built or used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RunnerError {
    /// The configuration names a kind that there is not.
    #[error("`{kind}` is no kind of runner; there are {}", Kind::names(&Kind::ALL))]
    UnknownKind {
        /// The word that was given.
        kind: String,
    },
    /// A `command` runner without a command.
    #[error("runner `{name}` has no program: give it `command = [\"program\", \"argument\"]`")]
    NoCommand {
        /// The runner's name.
        name: String,
    },
    /// The runner's `env` sets a variable that would lead git away from the worktree.
    #[error("runner `{name}` may not set {variable}: it would lead git away from the task's worktree")]
    GitVariable {
        /// The runner's name.
        name: String,
        /// The variable.
        variable: String,
    },
    /// An argument of the configuration would change what we read the end of an attempt from.
    #[error("runner `{name}`: `{flag}` in its `args` is set by blueprint itself; leave it out")]
    ReservedArgument {
        /// The runner's name.
        name: String,
        /// The flag.
        flag: String,
    },
    /// The program is nowhere to be found.
    #[error("runner `{name}`: program `{program}` was not found in {searched}{}", hint.as_ref().map(|h| format!("; {h}")).unwrap_or_default())]
    ProgramMissing {
        /// The runner's name.
        name: String,
        /// The program that was looked for.
        program: String,
        /// Where it was looked for.
        searched: String,
        /// How to get it.
        hint: Option<String>,
    },
    /// The program is there, but in a version whose flags we do not know.
    #[error(
        "runner `{name}`: {} is version {version}, and {oldest} is the oldest that can be used; renew it with `npm install -g {package}@latest`",
        path.display()
    )]
    TooOld {
        /// The runner's name.
        name: String,
        /// The program's file.
        path: PathBuf,
        /// Its version.
        version: Version,
        /// The oldest that can be used.
        oldest: Version,
        /// The npm package that it comes in.
        package: &'static str,
    },
    /// The runner's `env` sets what we set, in a way that the two cannot be put together.
    #[error("runner `{name}`: {variable} is not a JSON object, so nothing can be added to it")]
    NotAnObject {
        /// The runner's name.
        name: String,
        /// The variable.
        variable: &'static str,
    },
    /// The program's file is there, but may not be executed.
    #[error("runner `{name}`: {} is not executable", path.display())]
    NotExecutable {
        /// The runner's name.
        name: String,
        /// The file.
        path: PathBuf,
    },
    /// A NUL byte where no process can be given one.
    #[error("runner `{name}`: {what} contains a NUL byte")]
    Nul {
        /// The runner's name.
        name: String,
        /// The argument or variable.
        what: String,
    },
}

/// What sort of program a runner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub enum Kind {
    /// Any program: prompt on standard input.
    Command,
    /// Claude Code.
    Claude,
    /// Codex.
    Codex,
    /// `OpenCode`.
    Opencode,
    /// Gemini CLI.
    Gemini,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 5] = [Kind::Command, Kind::Claude, Kind::Codex, Kind::Opencode, Kind::Gemini];

    /// The word of the configuration file.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Command => "command",
            Kind::Claude => "claude",
            Kind::Codex => "codex",
            Kind::Opencode => "opencode",
            Kind::Gemini => "gemini",
        }
    }

    /// What a person has to do so that the program's service takes work again, for an outcome that
    /// [closes its runner](Outcome::closes_its_runner).
    pub fn way_back(self, outcome: Outcome) -> &'static str {
        match (self, outcome) {
            (_, Outcome::OutOfCredit) => "add credit to its account",
            (Kind::Claude, _) => "log in with `claude` and its `/login`, or set `ANTHROPIC_API_KEY`",
            (Kind::Codex, _) => "log in with `codex login`, or set `CODEX_API_KEY`",
            (Kind::Opencode, _) => "log in with `opencode auth login`, or set its provider's key",
            (Kind::Gemini, _) => "log in with `gemini`, or set `GEMINI_API_KEY`",
            (Kind::Command, _) => "log its program in",
        }
    }

    fn names(kinds: &[Kind]) -> String {
        kinds.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = RunnerError;

    /// Reads the word of [`Kind::as_str`].
    ///
    /// # Errors
    /// [`RunnerError::UnknownKind`] for any other text.
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .ok_or_else(|| RunnerError::UnknownKind { kind: word.to_owned() })
    }
}

impl TryFrom<String> for Kind {
    type Error = RunnerError;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        word.parse()
    }
}

/// How an agent's definition goes to its program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DefinitionMode {
    /// As an addition to the program's own instructions, which say how to use its tools.
    #[default]
    Append,
    /// In their place.
    Replace,
}

/// A runner as the configuration describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunnerSpec {
    /// The name by which the configuration calls it.
    pub name: String,
    /// What sort of program it is.
    pub kind: Kind,
    /// The program and its arguments, with placeholders. For an agent program, where to find it, if not in `PATH`.
    pub command: Vec<String>,
    /// Arguments added to the command line; for an agent program they win over our own.
    pub args: Vec<String>,
    /// The model to use, which wins over the definition's.
    pub model: Option<String>,
    /// Variables set for the program.
    pub env: BTreeMap<String, String>,
    /// How definitions go to it; a `command` is always given them in front of the prompt.
    pub definition: DefinitionMode,
}

impl RunnerSpec {
    /// A runner with nothing set but its name and kind.
    pub fn new(name: impl Into<String>, kind: Kind) -> RunnerSpec {
        RunnerSpec {
            name: name.into(),
            kind,
            command: Vec::new(),
            args: Vec::new(),
            model: None,
            env: BTreeMap::new(),
            definition: DefinitionMode::default(),
        }
    }
}

/// Builds the runner that a configuration describes.
///
/// # Errors
/// The command is missing, or an argument or a variable is set that must not be.
pub fn build(spec: RunnerSpec) -> Result<Box<dyn Runner>, RunnerError> {
    super::environment::refuse_git_variables(&spec)?;
    match spec.kind {
        Kind::Command => Ok(Box::new(Command::new(spec)?)),
        Kind::Claude => Ok(Box::new(Claude::new(spec)?)),
        Kind::Codex => Ok(Box::new(Codex::new(spec)?)),
        Kind::Opencode => Ok(Box::new(Opencode::new(spec)?)),
        Kind::Gemini => Ok(Box::new(Gemini::new(spec)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_kind_is_refused_with_all_that_there_are() {
        let error = "cladue".parse::<Kind>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`cladue` is no kind of runner; there are `command`, `claude`, `codex`, `opencode`, `gemini`"
        );
    }

    #[test]
    fn a_runner_that_would_redirect_git_is_refused() {
        let mut spec = RunnerSpec::new("main", Kind::Claude);
        spec.env.insert("GIT_DIR".to_owned(), "/elsewhere".to_owned());
        let error = build(spec).err().unwrap();
        assert!(matches!(error, RunnerError::GitVariable { variable, .. } if variable == "GIT_DIR"));
    }

    #[test]
    fn a_command_runner_needs_a_command() {
        let error = build(RunnerSpec::new("local", Kind::Command)).err().unwrap();
        assert_eq!(error, RunnerError::NoCommand { name: "local".to_owned() });
    }
}
