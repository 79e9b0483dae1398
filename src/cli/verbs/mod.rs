//! One file a verb.

pub(super) mod add;
pub(super) mod answer;
pub(super) mod approve;
pub(super) mod attach;
pub(super) mod cancel;
pub(super) mod ci;
pub(super) mod clean;
pub(super) mod completions;
pub(super) mod diff;
pub(super) mod doctor;
pub(super) mod explain;
pub(super) mod give;
pub(super) mod graph;
pub(super) mod init;
pub(super) mod land;
pub(super) mod logs;
pub(super) mod man;
mod morning;
pub(super) mod next;
pub(super) mod pause;
pub(super) mod rebase_plan;
pub(super) mod repair;
pub(super) mod report;
pub(super) mod resume;
pub(super) mod retry;
pub(super) mod run;
pub(super) mod skip;
pub(super) mod status;
pub(super) mod stop;
pub(super) mod supervise;
pub(super) mod sync;
pub(super) mod take;
pub(super) mod task;
pub(super) mod validate;

use super::CliError;
use super::args::{Cli, Verb};

/// Does what the verb says; gives the exit code.
pub(super) fn dispatch(cli: Cli) -> Result<u8, CliError> {
    let global = &cli.global;
    let Some(verb) = cli.verb else { return morning::run(global) };
    match verb {
        Verb::Run(args) => run::run(&args, global),
        Verb::Status(args) if args.todo => morning::of(&args.arguments, global),
        Verb::Status(args) => status::run(&args, global),
        Verb::Next(args) => next::run(&args, global),
        Verb::Explain(args) => explain::run(&args, global),
        Verb::Validate(args) => validate::run(&args),
        Verb::Repair(args) => repair::run(&args, global),
        Verb::Graph(args) => graph::run(&args, global),
        Verb::Report(args) => report::run(&args, global),
        Verb::Logs(args) => logs::run(&args, global),
        Verb::Diff(args) => diff::run(&args, global),
        Verb::Take(args) => take::run(&args, global),
        Verb::Give(args) => give::run(&args, global),
        Verb::RebasePlan(args) => rebase_plan::run(&args, global),
        Verb::Clean(args) => clean::run(&args, global),
        Verb::Doctor(args) => doctor::run(&args, global),
        Verb::Land(args) => land::run(&args, global),
        Verb::Add(args) => add::run(&args, global),
        Verb::Skip(args) => skip::run(&args, global),
        Verb::Answer(args) => answer::run(&args, global),
        Verb::Approve(args) => approve::run(&args, global),
        Verb::Retry(args) => retry::run(&args, global),
        Verb::Cancel(args) => cancel::run(&args, global),
        Verb::Attach(args) => attach::run(&args, global),
        Verb::Pause(args) => pause::run(&args, global),
        Verb::Resume(args) => resume::run(&args, global),
        Verb::Stop(args) => stop::run(&args, global),
        Verb::Sync(args) => sync::run(&args, global),
        Verb::Task(args) => task::run(&args, global),
        Verb::Init(args) => init::run(&args),
        Verb::Ci(args) => ci::run(&args, global),
        Verb::Completions(args) => completions::run(&args),
        Verb::Man(args) => man::run(&args),
        Verb::Supervise(args) => supervise::run(args),
    }
}
