//! The command line of Claude Code.

use super::super::command::stdin;
use super::super::{Launch, RunnerSpec};

/// Arguments, and what is on standard input.
pub(super) struct Invocation {
    pub args: Vec<String>,
    pub stdin: Vec<u8>,
}

/// The largest definition (in bytes) that is given as an argument: the kernel ends one at 128 KiB, flag included.
const MAX_ARGUMENT: usize = 120 * 1024;

/// Reading the end of an attempt rests on these.
const OURS: &[&str] = &["-p", "--print", "--output-format", "--input-format", "--verbose"];

/// The first of `args` that only we may set.
pub(super) fn reserved(args: &[String]) -> Option<String> {
    OURS.iter().find(|flag| mentions(args, flag)).map(|flag| (*flag).to_owned())
}

fn mentions(args: &[String], flag: &str) -> bool {
    args.iter().any(|arg| arg.split('=').next() == Some(flag))
}

impl Invocation {
    /// Our own flags first, each left out where the configuration's arguments set the same; then those, then the
    /// configuration's model.
    ///
    /// Values that come from a definition are joined to their flag by `=`: what begins with a dash stays a value.
    pub(super) fn new(spec: &RunnerSpec, launch: &Launch<'_>) -> Invocation {
        let mut args = owned(&["-p", "--output-format", "stream-json", "--verbose"]);
        let mut default = |rivals: &[&str], flags: Vec<String>| {
            if !rivals.iter().any(|flag| mentions(&spec.args, flag)) {
                args.extend(flags);
            }
        };
        default(PERMISSIONS, owned(&["--permission-mode", "acceptEdits"]));
        default(ALLOWED, tools(&launch.definition.tools));
        default(SESSIONS, vec![format!("--session-id={}", launch.session)]);
        if spec.model.is_none() {
            default(&["--model"], model(launch.definition.model.as_deref()));
        }
        let appended = launch.definition_text.len() <= MAX_ARGUMENT && !mentions(&spec.args, APPEND);
        if appended {
            args.push(format!("{APPEND}={}", launch.definition_text));
        }
        args.extend(spec.args.iter().cloned());
        args.extend(model(spec.model.as_deref()));
        Invocation { args, stdin: input(launch, appended) }
    }
}

const APPEND: &str = "--append-system-prompt";
const PERMISSIONS: &[&str] = &["--permission-mode", "--dangerously-skip-permissions"];
const ALLOWED: &[&str] = &["--allowedTools", "--allowed-tools", "--tools"];
const SESSIONS: &[&str] = &["--session-id", "--resume", "-r", "--continue", "-c"];

fn owned(flags: &[&str]) -> Vec<String> {
    flags.iter().map(|flag| (*flag).to_owned()).collect()
}

fn model(name: Option<&str>) -> Vec<String> {
    name.filter(|name| *name != "inherit").map(|name| format!("--model={name}")).into_iter().collect()
}

/// A definition that cannot be an argument stands in front of the prompt.
fn input(launch: &Launch<'_>, appended: bool) -> Vec<u8> {
    if appended {
        return launch.prompt_text.as_bytes().to_vec();
    }
    stdin(launch.definition_text, launch.prompt_text)
}

/// Editing is allowed by the permission mode, inside the working directory only. Naming one of these would allow it
/// everywhere.
const EDITORS: &[&str] = &["Edit", "MultiEdit", "NotebookEdit", "Write"];

/// The flags for a definition's list of tools.
///
/// Without a list: the shell, which building, testing and committing need. With one: what is on it and nothing
/// else, so that an agent without a shell does not see one, and is not denied it in the middle of its work.
fn tools(listed: &[String]) -> Vec<String> {
    if listed.is_empty() {
        return owned(&["--allowedTools=Bash"]);
    }
    let known: Vec<&str> = listed.iter().map(String::as_str).filter(|tool| is_rule(tool)).collect();
    let allowed: Vec<&str> = known.iter().filter(|t| !EDITORS.contains(&base(t))).copied().collect();
    let mut flags = Vec::new();
    if !allowed.is_empty() {
        flags.push(format!("--allowedTools={}", allowed.join(",")));
    }
    if !known.iter().any(|tool| base(tool) == "Bash") {
        flags.push("--disallowedTools=Bash".to_owned());
    }
    flags
}

/// `Bash(git add:*)` is a rule for `Bash`.
fn base(tool: &str) -> &str {
    tool.split('(').next().unwrap_or_default()
}

/// A tool's name, perhaps with a pattern in brackets. The program cuts its list at spaces and commas, so a name with
/// either could smuggle another tool in.
fn is_rule(tool: &str) -> bool {
    let name = base(tool);
    let pattern = &tool[name.len()..];
    let word = name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.:*".contains(c));
    let closed = pattern.is_empty() || (pattern.ends_with(')') && pattern.matches(['(', ')']).count() == 2);
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && word
        && closed
        && !pattern.contains(char::is_control)
}
