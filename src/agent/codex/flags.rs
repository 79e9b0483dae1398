//! The command line of Codex.

use std::path::{Path, PathBuf};

use super::super::arguments::{MAX_ARGUMENT, mentions, owned};
use super::super::command::stdin;
use super::super::models::fitting;
use super::super::tools::Powers;
use super::super::{DefinitionMode, Kind, Launch, RunnerSpec};

/// Arguments, and what is on standard input.
pub(super) struct Invocation {
    pub args: Vec<String>,
    pub stdin: Vec<u8>,
    /// The file that says what an answer has to look like, where we ask for one.
    pub schema: Option<PathBuf>,
}

/// Reading the end of an attempt rests on these.
pub(super) const OURS: &[&str] = &["--json", "resume", "fork", "-"];

const SANDBOX: &[&str] =
    &["--sandbox", "-s", "--dangerously-bypass-approvals-and-sandbox", "--approve-for-me", "--full-auto"];

/// Whether the configuration's arguments say how it is confined.
pub(super) fn sets_sandbox(args: &[String]) -> bool {
    SANDBOX.iter().any(|flag| mentions(args, flag))
}

impl Invocation {
    /// Our own flags first, each left out where the configuration's arguments set the same; then those, then the configuration's model.
    ///
    /// It works in its own sandbox, in which it can write to its worktree but not to `.git`: its work is committed for it. What it
    /// reports goes to a folder elsewhere, which it has to be allowed.
    pub(super) fn new(spec: &RunnerSpec, launch: &Launch<'_>) -> Invocation {
        let mut args = owned(&["exec", "--json", "--skip-git-repo-check"]);
        let powers = Powers::of(&launch.definition.tools);
        let is_free = |rivals: &[&str]| !rivals.iter().any(|flag| mentions(&spec.args, flag));
        if !sets_sandbox(&spec.args) {
            let sandbox = if powers.shell || powers.edit { "workspace-write" } else { "read-only" };
            args.extend(["--sandbox".to_owned(), sandbox.to_owned()]);
        }
        if !powers.web {
            args.extend(owned(&["-c", "web_search=\"disabled\""]));
        }
        args.extend(launch.outbox.map(|folder| format!("--add-dir={}", folder.display())));
        let schema =
            is_free(&["--output-schema"]).then(|| launch.prompt_file.with_file_name("answer-schema.json"));
        args.extend(schema.as_deref().map(|file| format!("--output-schema={}", file.display())));
        let is_told = instructions(spec, launch, &mut args);
        let wanted = fitting(Kind::Codex, launch.definition.model.as_deref());
        if spec.model.is_none() && is_free(&["--model", "-m"]) {
            args.extend(wanted.map(|name| format!("--model={name}")));
        }
        args.extend(spec.args.iter().cloned());
        args.extend(spec.model.as_deref().map(|name| format!("--model={name}")));
        args.extend(launch.resume.map(|session| owned(&["resume", session])).into_iter().flatten());
        args.push("-".to_owned());
        Invocation { args, stdin: input(launch, is_told), schema }
    }
}

/// Adds the definition; `false` where it is too long for an argument.
fn instructions(spec: &RunnerSpec, launch: &Launch<'_>, args: &mut Vec<String>) -> bool {
    let setting = match spec.definition {
        DefinitionMode::Replace => format!("model_instructions_file={}", quoted(launch.definition_file)),
        DefinitionMode::Append => format!("developer_instructions={}", toml_text(launch.definition_text)),
    };
    if setting.len() > MAX_ARGUMENT {
        return false;
    }
    args.extend(["-c".to_owned(), setting]);
    true
}

fn quoted(path: &Path) -> String {
    toml_text(&path.to_string_lossy())
}

/// A text as TOML, in which the program reads its settings.
fn toml_text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A definition that cannot be an argument stands in front of the prompt.
fn input(launch: &Launch<'_>, is_told: bool) -> Vec<u8> {
    if is_told {
        return launch.prompt_text.as_bytes().to_vec();
    }
    stdin(launch.definition_text, launch.prompt_text)
}
