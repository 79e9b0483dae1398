//! `blueprint task`: the agents' own door, and a way for people to change one task by hand.

mod args;
mod attempt;
mod by_hand;
mod past_gates;
mod show;

use std::env;

pub(crate) use args::Args;
use args::TaskVerb;
use attempt::Attempt;

use crate::cli::args::Global;
use crate::cli::context::{Context, find_only};
use crate::cli::error::CliError;

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    let name = named(args)?;
    if let TaskVerb::Show { format, .. } = args.verb {
        let path = find_only(args.genesis.as_ref())?;
        let (context, known) = Context::open(path, global)?.known()?;
        return show::show(&context, &known, &name, format);
    }
    if let Some(attempt) = Attempt::of_this_process() {
        return attempt.report(args, &name);
    }
    let (context, seen) = Context::open(find_only(args.genesis.as_ref())?, global)?.into_parts();
    by_hand::change(&context, seen, &name, args)
}

fn named(args: &Args) -> Result<String, CliError> {
    let by_env = || env::var("TASK_ID").ok().filter(|id| !id.is_empty());
    let name = args.task().map_err(CliError::usage)?.map(str::to_owned).or_else(by_env);
    name.ok_or_else(|| {
        CliError::usage("which task?").hint("name it with `--task ID` (agents have it in TASK_ID)")
    })
}
