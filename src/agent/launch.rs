//! What one attempt needs to be started: given to a runner, and answered with a command line.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use super::{BaseEnv, BuildJobs, Definition, EnvPolicy, RunnerError};

/// One attempt, about to be started.
#[derive(Debug, Clone, Copy)]
pub struct Launch<'a> {
    /// The task's id.
    pub task: &'a str,
    /// The name of the agent that plays it.
    pub agent: &'a str,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// The secret by which the attempt proves who it is.
    pub token: &'a str,
    /// The program's session to be, as the text of a UUID ([`session_id`](super::session_id)); a new one for each
    /// attempt, since programs refuse one that they have seen.
    pub session: &'a str,
    /// The session that it goes on with, as its program named it, instead of beginning a new one; only where the runner
    /// [can](super::Runner::can_resume).
    pub resume: Option<&'a str>,
    /// What it may use up.
    pub limits: Limits,
    /// The absolute path of the plan.
    pub genesis: &'a Path,
    /// The absolute path of the folder where the agent works.
    pub worktree: &'a Path,
    /// The absolute path of the folder of the configuration file.
    pub config_dir: &'a Path,
    /// The agent's definition (its tools and model).
    pub definition: &'a Definition,
    /// The file in which the rendered definition is kept.
    pub definition_file: &'a Path,
    /// The file in which the prompt is kept.
    pub prompt_file: &'a Path,
    /// The rendered definition.
    pub definition_text: &'a str,
    /// The task prompt.
    pub prompt_text: &'a str,
    /// The absolute path of the folder in which the agent leaves its reports, where that is not its worktree.
    pub outbox: Option<&'a Path>,
    /// The absolute path of a folder of programs that stands first in the agent's `PATH`.
    pub programs: Option<&'a Path>,
    /// The jobs that builds share with those of other agents.
    pub build_jobs: Option<&'a BuildJobs>,
    /// Who commits what the agent commits.
    pub identity: Identity<'a>,
    /// Variables of the place where it works.
    pub place_env: &'a [(OsString, OsString)],
    /// All variables that we were started with, of which only the allowed ones are passed on.
    pub env: &'a BaseEnv,
    /// What the configuration adds to those.
    pub policy: &'a EnvPolicy,
}

/// Name and address under which an attempt's git commits: by them its doings are told from everybody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity<'a> {
    /// Whose.
    pub name: &'a str,
    /// An address that belongs to this attempt alone.
    pub email: &'a str,
}

/// What one attempt may use up, for programs that heed it themselves; others have to be watched.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Limits {
    /// Answers of the model.
    pub turns: Option<u32>,
    /// US dollars.
    pub cost_usd: Option<f64>,
}

/// A process to be started, in [`Launch::worktree`], with nothing inherited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// A name to be looked up in `PATH` of [`CommandLine::env`], or an absolute path.
    pub program: OsString,
    /// The arguments, without the program.
    pub args: Vec<OsString>,
    /// The whole environment, sorted by name: nothing else is passed on.
    pub env: Vec<(OsString, OsString)>,
    /// All that the process finds on its standard input, which then ends.
    pub stdin: Vec<u8>,
    /// Files that have to be there when it starts, each beside [`Launch::prompt_file`], with what has to be in them.
    pub files: Vec<(PathBuf, Vec<u8>)>,
}

impl CommandLine {
    /// The same, if a process can be given it: NUL bytes would end its texts early.
    pub(super) fn checked(self, runner: &str) -> Result<CommandLine, RunnerError> {
        let nul = |text: &OsStr| text.as_encoded_bytes().contains(&0);
        let variable = self.env.iter().find(|(name, value)| nul(name) || nul(value));
        let what = if let Some((name, _)) = variable {
            format!("variable {}", name.to_string_lossy().replace('\0', "?"))
        } else if nul(&self.program) || self.args.iter().any(|arg| nul(arg)) {
            "the command line".to_owned()
        } else {
            return Ok(self);
        };
        Err(RunnerError::Nul { name: runner.to_owned(), what })
    }
}

/// Arguments longer than this are shown by their length: a definition is no help in a command line.
const SHOWN: usize = 200;

impl fmt::Display for CommandLine {
    /// The program and its arguments as one would type them into a shell, long arguments shortened.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", shell_word(&self.program.to_string_lossy()))?;
        self.args.iter().try_for_each(|arg| write!(f, " {}", shown(&arg.to_string_lossy())))
    }
}

fn shown(arg: &str) -> String {
    if arg.len() <= SHOWN {
        return shell_word(arg);
    }
    match arg.split_once('=') {
        Some((flag, value)) if flag.starts_with("--") => {
            format!("{flag}=<{} bytes>", value.len())
        }
        _ => format!("<{} bytes>", arg.len()),
    }
}

/// The text as a word of a shell's command line: quoted where it has to be.
pub fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=/.,:@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[test]
    fn words_for_a_shell_are_quoted_if_need_be() {
        assert_eq!(["a/b.c", "a b", "it's", ""].map(shell_word), ["a/b.c", "'a b'", r"'it'\''s'", "''"]);
    }

    /// An attempt for the tests of this room: owns what a [`Launch`] borrows.
    pub(in crate::agent) struct Scene {
        env: BaseEnv,
        policy: EnvPolicy,
        definition: Definition,
        text: String,
        prompt: String,
        resume: Option<String>,
        limits: Limits,
        outbox: Option<PathBuf>,
    }

    impl Scene {
        pub(in crate::agent) fn new() -> Scene {
            Scene {
                env: BaseEnv::default(),
                policy: EnvPolicy::default(),
                definition: Definition::generic("tester"),
                text: "You test.".to_owned(),
                prompt: "Test it.".to_owned(),
                resume: None,
                limits: Limits::default(),
                outbox: None,
            }
        }

        /// Our own environment: these names, each with the value `1`.
        pub(in crate::agent) fn env(mut self, names: &[&str]) -> Scene {
            self.env = BaseEnv::new(names.iter().map(|name| (*name, "1")));
            self
        }

        pub(in crate::agent) fn pass(mut self, names: &[&str]) -> Scene {
            self.policy.pass = names.iter().map(|name| (*name).to_owned()).collect();
            self
        }

        pub(in crate::agent) fn definition(mut self, definition: Definition) -> Scene {
            self.definition = definition;
            self
        }

        pub(in crate::agent) fn text(mut self, text: impl Into<String>) -> Scene {
            self.text = text.into();
            self
        }

        /// The attempt goes on with this session.
        pub(in crate::agent) fn resume(mut self, session: &str) -> Scene {
            self.resume = Some(session.to_owned());
            self
        }

        pub(in crate::agent) fn limits(mut self, limits: Limits) -> Scene {
            self.limits = limits;
            self
        }

        pub(in crate::agent) fn outbox(mut self, folder: &str) -> Scene {
            self.outbox = Some(folder.into());
            self
        }

        pub(in crate::agent) fn launch(&self) -> Launch<'_> {
            Launch {
                task: "auth-api",
                agent: "tester",
                attempt: 2,
                token: "secret",
                session: "5f0c1a52-0000-8000-8000-000000000000",
                resume: self.resume.as_deref(),
                limits: self.limits,
                genesis: Path::new("/plans/genesis.xml"),
                worktree: Path::new("/trees/auth-api"),
                config_dir: Path::new("/plans"),
                definition: &self.definition,
                definition_file: Path::new("/state/definition.md"),
                prompt_file: Path::new("/state/prompt.md"),
                definition_text: &self.text,
                prompt_text: &self.prompt,
                outbox: self.outbox.as_deref(),
                programs: None,
                build_jobs: None,
                identity: Identity {
                    name: "tester (blueprint)",
                    email: "blueprint+shop.auth-api.2@localhost",
                },
                place_env: &[],
                env: &self.env,
                policy: &self.policy,
            }
        }
    }

    #[test]
    fn a_command_line_is_shown_so_that_a_shell_would_read_it_back() {
        let line = CommandLine {
            program: "sh".into(),
            args: ["-c", "it's $HOME", "", "--model=opus"].map(OsString::from).to_vec(),
            env: Vec::new(),
            stdin: Vec::new(),
            files: Vec::new(),
        };
        assert_eq!(line.to_string(), r"sh -c 'it'\''s $HOME' '' --model=opus");
    }

    #[test]
    fn what_no_process_can_be_given_is_refused() {
        let line = |arg: &str, value: &str| CommandLine {
            program: "sh".into(),
            args: vec![arg.into()],
            env: vec![("TASK_ID".into(), value.into())],
            stdin: vec![0],
            files: Vec::new(),
        };
        assert!(line("a", "b").checked("main").is_ok());
        let told = [line("a\0", "b"), line("a", "b\0")].map(|l| l.checked("main").unwrap_err().to_string());
        assert_eq!(
            told,
            [
                "runner `main`: the command line contains a NUL byte",
                "runner `main`: variable TASK_ID contains a NUL byte"
            ]
        );
    }

    #[test]
    fn long_arguments_are_shown_by_their_length() {
        let text = "x".repeat(1000);
        assert_eq!(shown(&format!("--system={text}")), "--system=<1000 bytes>");
        assert_eq!(shown(&text), "<1000 bytes>");
    }
}
