//! The command line as clap reads it, with what it does not say well said better.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser};

use super::args::Cli;

/// So many slips a verb may have and still be known: verbs are short, and few.
const SLIPS: usize = 2;

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
    // Of those with as few slips, the one that looks most alike.
    let likeness = |verb: &str| strsim::jaro_winkler(typed, verb);
    let near = verbs.map(|verb| (strsim::osa_distance(typed, verb), verb));
    let near = near.filter(|(slips, _)| *slips <= SLIPS && *slips < typed.chars().count());
    let nearest = near.min_by(|a, b| a.0.cmp(&b.0).then_with(|| likeness(b.1).total_cmp(&likeness(a.1))));
    if let Some(verb) = nearest.map(|(_, verb)| verb.to_owned()) {
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
