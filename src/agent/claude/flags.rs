//! The command line of Claude Code.

use super::super::arguments::{MAX_ARGUMENT, mentions, owned};
use super::super::models::fitting;
use super::super::structured::SCHEMA;
use super::super::tools::{Powers, base};
use super::super::{DefinitionMode, Kind, Launch, Limits, RunnerSpec};

/// Arguments, and what is on standard input.
pub(super) struct Invocation {
    pub args: Vec<String>,
    pub stdin: Vec<u8>,
}

/// Reading the end of an attempt rests on these.
pub(super) const OURS: &[&str] = &["-p", "--print", "--output-format", "--input-format", "--verbose"];

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
        default(SESSIONS, vec![session(launch)]);
        default(&["--json-schema"], vec![format!("--json-schema={SCHEMA}")]);
        if spec.model.is_none() {
            default(&["--model"], model(fitting(Kind::Claude, launch.definition.model.as_deref())));
        }
        for (flag, value) in limits(launch.limits) {
            default(&[flag], vec![format!("{flag}={value}")]);
        }
        default(INSTRUCTIONS, vec![definition(spec.definition, launch)]);
        args.extend(spec.args.iter().cloned());
        args.extend(model(spec.model.as_deref()));
        Invocation { args, stdin: launch.prompt_text.as_bytes().to_vec() }
    }
}

fn session(launch: &Launch<'_>) -> String {
    match launch.resume {
        Some(session) => format!("--resume={session}"),
        None => format!("--session-id={}", launch.session),
    }
}

fn limits(limits: Limits) -> impl Iterator<Item = (&'static str, String)> {
    let turns = limits.turns.map(|turns| ("--max-turns", turns.to_string()));
    turns.into_iter().chain(limits.cost_usd.map(|cost| ("--max-budget-usd", cost.to_string())))
}

/// A definition that cannot be an argument is read from its file.
fn definition(mode: DefinitionMode, launch: &Launch<'_>) -> String {
    let flag = match mode {
        DefinitionMode::Append => "--append-system-prompt",
        DefinitionMode::Replace => "--system-prompt",
    };
    if launch.definition_text.len() <= MAX_ARGUMENT {
        format!("{flag}={}", launch.definition_text)
    } else {
        format!("{flag}-file={}", launch.definition_file.display())
    }
}

const INSTRUCTIONS: &[&str] =
    &["--append-system-prompt", "--append-system-prompt-file", "--system-prompt", "--system-prompt-file"];
const PERMISSIONS: &[&str] = &["--permission-mode", "--dangerously-skip-permissions"];
const ALLOWED: &[&str] = &["--allowedTools", "--allowed-tools", "--tools"];
const SESSIONS: &[&str] = &["--session-id", "--resume", "-r", "--continue", "-c"];

fn model(name: Option<&str>) -> Vec<String> {
    name.map(|name| format!("--model={name}")).into_iter().collect()
}

/// Editing is allowed by the permission mode, inside the working directory only. Naming one of these would allow it
/// everywhere.
const EDITORS: &[&str] = &["Edit", "MultiEdit", "NotebookEdit", "Write"];

/// The flags for a definition's list of tools.
///
/// Without a list: the shell, which building, testing and committing need. With one: what is on it and nothing
/// else that can do harm, so that an agent without a shell does not see one, and is not denied it in the middle of its work.
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
    let powers = Powers::of(listed);
    let taken = [(powers.shell, &["Bash"][..]), (powers.edit, EDITORS)];
    let taken: Vec<_> =
        taken.into_iter().filter(|(has, _)| !has).flat_map(|(_, tools)| tools).copied().collect();
    if !taken.is_empty() {
        flags.push(format!("--disallowedTools={}", taken.join(",")));
    }
    flags
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
