//! The programs that a configuration's own gates start: one that is missing would be found out only after the agents' work.

use std::env;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::agent::BaseEnv;
use crate::cli::config::{GateConfig, GateKind, Loaded};
use crate::cli::error::CliError;
use crate::report::clean;
use crate::run::StepCommand;

/// Words that a shell knows by itself, or that say nothing of what it starts.
const OF_THE_SHELL: &[&str] = &[
    "alias", "bg", "break", "builtin", "case", "cd", "command", "continue", "declare", "do", "done", "echo",
    "elif", "else", "esac", "eval", "exec", "exit", "export", "false", "fc", "fg", "fi", "for", "function",
    "getopts", "hash", "if", "in", "jobs", "kill", "let", "local", "printf", "pwd", "read", "readonly",
    "return", "select", "set", "shift", "source", "test", "then", "time", "times", "trap", "true", "type",
    "typeset", "ulimit", "umask", "unalias", "unset", "until", "wait", "while",
];

/// Refuses a run with a gate whose program is certainly missing. What is started by a path the work itself may bring, and what setup steps
/// may install is not there yet.
pub(super) fn check<'g>(
    gates: impl Iterator<Item = &'g GateConfig>,
    loaded: &Loaded,
    env: &BaseEnv,
) -> Result<(), CliError> {
    let Some(folders) = folders(env).filter(|_| loaded.config.setup.is_empty()) else { return Ok(()) };
    for gate in gates {
        let GateKind::Command { run, .. } = &gate.kind else { continue };
        let Some(program) = program(run).filter(|program| !is_there(program, &folders)) else { continue };
        let place = loaded.gate_at(&gate.name).map_or_else(
            || "blueprint.toml".to_owned(),
            |(file, line)| format!("{} line {line}", clean(&file.to_string_lossy())),
        );
        let (name, program) = (clean(&gate.name), clean(program));
        return Err(CliError::usage(format!(
            "{place}: the program of the gate `{name}`, `{program}`, is not found in PATH"
        ))
        .hint(format!("install `{program}`, mend `run`, or take the gate out: no work could pass it")));
    }
    Ok(())
}

/// Where programs are looked for; nothing where that depends on the folder.
fn folders(env: &BaseEnv) -> Option<Vec<PathBuf>> {
    let folders: Vec<_> = env::split_paths(env.var("PATH")?).collect();
    folders.iter().all(|folder| folder.is_absolute()).then_some(folders)
}

/// The program that a command starts from `PATH`, where that is certain.
fn program(command: &StepCommand) -> Option<&str> {
    match command {
        StepCommand::Program(words) => words.first().map(String::as_str).filter(|word| !word.contains('/')),
        StepCommand::Shell(text) => first_word(text),
    }
}

/// Of a single command without anything that only a shell understands.
fn first_word(text: &str) -> Option<&str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " -_./,:@%+=".contains(c);
    let text = text.trim();
    let word = text.split(' ').next().filter(|_| text.chars().all(is_plain))?;
    let is_name = !word.is_empty() && !word.contains(['/', '=', '%', ':', ',']) && word != ".";
    (is_name && !OF_THE_SHELL.contains(&word)).then_some(word)
}

fn is_there(program: &str, folders: &[PathBuf]) -> bool {
    folders.iter().any(|folder| is_program(&folder.join(program)))
}

fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_of_a_shell_s_text_is_known_only_where_it_is_certain() {
        let of = |text: &str| program(&StepCommand::Shell(text.to_owned())).map(str::to_owned);
        assert_eq!(of("npm run lint"), Some("npm".into()));
        for text in [
            "./lint",
            "a/b",
            "X=1 lint",
            "true",
            "lint || true",
            "lint; x",
            "lint $X",
            "(lint)",
            "",
            "! lint",
            "\"lint\"",
            "li\\\nnt",
            ". lint",
            "time lint",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn a_program_by_its_path_may_be_of_the_work() {
        let of = |words: &[&str]| {
            program(&StepCommand::Program(words.iter().map(ToString::to_string).collect())).map(str::to_owned)
        };
        assert_eq!(of(&["no lint", "-x"]), Some("no lint".into()));
        assert_eq!((of(&["bin/lint"]), of(&[])), (None, None));
    }
}
