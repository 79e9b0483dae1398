//! What a shell offers for the word under the cursor: tasks, plans, runners, agents and codes, beside verbs and flags.
//!
//! The shell's script (`blueprint completions SHELL`) calls us with the words of the line. What an argument takes is told by the name of
//! its value, so that a new verb is completed without a word here. Knows nothing of the shells: `clap_complete` does.

mod candidates;
mod words;

use std::env;
use std::ffi::{OsStr, OsString};

use clap::{Arg, Command, CommandFactory};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, Shell};

use super::args::Cli;
use super::error::{CliError, Kind};
use words::Words;

/// The variable by which a script says that it wants candidates, and for which shell.
const ASKED: &str = "BLUEPRINT_COMPLETE";

/// Whether this call is a script's, and not a person's.
pub(super) fn is_asked() -> bool {
    env::var_os(ASKED).is_some_and(|shell| !shell.is_empty() && shell != "0")
}

/// Prints the candidates for `arguments`: the program, `--`, and the words of the line.
pub(super) fn answer(arguments: &[OsString]) -> Result<u8, CliError> {
    let cwd = env::current_dir().ok();
    let env = CompleteEnv::with_factory(|| completed(Cli::command())).var(ASKED);
    env.try_complete(arguments, cwd.as_deref()).map_err(|error| CliError::new(Kind::Bug, error))?;
    Ok(0)
}

/// The script for `shell`, which has it call `program`.
pub(super) fn script(shell: Shell, program: &str) -> Result<String, CliError> {
    let mut script = Vec::new();
    let written = match Shells::builtins().completer(&shell.to_string()) {
        Some(shell) => shell.write_registration(ASKED, "blueprint", "blueprint", program, &mut script),
        None => return Err(CliError::usage(format!("there is no completion for {shell}"))),
    };
    written.map_err(|error| CliError::new(Kind::Bug, error))?;
    Ok(String::from_utf8_lossy(&script).into_owned())
}

/// The command with what its arguments offer.
fn completed(command: Command) -> Command {
    let with_completer = |arg: Arg| match completer(&arg) {
        Some(completer) => arg.add(completer),
        None => arg,
    };
    command.mut_args(with_completer).mut_subcommands(completed)
}

/// What an argument offers; nothing, if the shell is to offer what it would anyway.
fn completer(arg: &Arg) -> Option<ArgValueCompleter> {
    let value = arg.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
    let offer: Offer = match (value, arg.get_id().as_str()) {
        ("GENESIS|ID" | "GENESIS", _) => candidates::plans,
        ("TASK" | "VERB|TASK", _) => candidates::tasks,
        ("CODE", _) => candidates::codes,
        (value, _) if value.starts_with("GENESIS|TASK") => candidates::plans_and_tasks,
        (_, "runner") => candidates::runners,
        (_, "agent") => candidates::agents,
        (_, "field") => candidates::fields,
        _ => return None,
    };
    Some(ArgValueCompleter::new(move |current: &OsStr| offered(offer, current)))
}

type Offer = fn(&Words, &str) -> Vec<CompletionCandidate>;

/// Bash puts a candidate into the line as it is: what a shell would take for more than one word is never offered.
fn offered(offer: Offer, current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str() else { return Vec::new() };
    let mut found = offer(&Words::of_line(current), current);
    found.retain(|candidate| candidate.get_value().to_str().is_some_and(is_plain));
    found
}

fn is_plain(word: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./,+=:@%~".contains(c);
    !word.is_empty() && !word.starts_with('-') && word.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_shell_would_read_as_something_else_is_not_offered() {
        for plain in ["auth-api", "epics/shop.v2/genesis.xml", "größe"] {
            assert!(is_plain(plain), "{plain}");
        }
        for word in ["", "a b", "$(reboot)", "a;b", "`x`", "a\nb", "--force", "a'b", "\u{1b}[2J", "a*"] {
            assert!(!is_plain(word), "{word:?}");
        }
    }

    #[test]
    fn every_argument_that_takes_plans_or_tasks_offers_them() {
        let mut silent = Vec::new();
        look(&Cli::command(), &mut silent);
        assert_eq!(silent, Vec::<String>::new());
    }

    fn look(command: &Command, silent: &mut Vec<String>) {
        for arg in command.get_arguments().filter(|arg| completer(arg).is_none()) {
            let names = arg.get_value_names().unwrap_or_default();
            if names.iter().any(|name| name.contains("TASK") || name.contains("GENESIS")) {
                silent.push(format!("{} {}", command.get_name(), arg.get_id()));
            }
        }
        command.get_subcommands().for_each(|command| look(command, silent));
    }
}
