//! The command line as clap reads it, with what it does not say well said better.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser};

use super::args::Cli;
use crate::genesis::nearest;

/// Reads it; ends the process with clap's message and exit code where it can't be read, or asks for help.
pub(super) fn parse(arguments: &[OsString]) -> Cli {
    Cli::try_parse_from(arguments).unwrap_or_else(|error| with_nearest_verb(error).exit())
}

/// clap looks for words that look alike from their beginning on, and so misses slips in short ones.
fn with_nearest_verb(mut error: clap::Error) -> clap::Error {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return error;
    }
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidSubcommand) else { return error };
    let command = Cli::command();
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set()).map(clap::Command::get_name);
    if let Some(verb) = nearest(typed, verbs).map(str::to_owned) {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![verb]));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_in_a_verb_finds_it() {
        for (typed, verb) in [("rnu", "run"), ("cln", "clean"), ("statsu", "status"), ("lnad", "land")] {
            let error = with_nearest_verb(Cli::try_parse_from(["blueprint", typed]).unwrap_err());
            assert!(error.to_string().contains(&format!("'{verb}'")), "{error}");
        }
    }
}
