//! What is tried, not only looked at: `--live`.

use std::collections::BTreeMap;

use super::Check;
use crate::agent::{Kind, Outcome, Tokens};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::genesis::{Genesis, Status};
use crate::plan::{self, Plan};
use crate::report::{clean, dollars, short};
use crate::run::{self, Cast, Rehearsed, RunEvent, Settings, Trial};
use crate::store::RunLock;

/// Tries a worktree with its setup, and each agent program that the plan's open tasks need.
/// Gives the exit code of one that was ended by a signal.
pub(super) fn check(context: &Context, genesis: &Genesis, checks: &mut Vec<Check>) -> Option<u8> {
    try_out(context, genesis, checks).unwrap_or_else(|error| {
        checks.push(Check::failed("live", error));
        None
    })
}

fn try_out(context: &Context, genesis: &Genesis, checks: &mut Vec<Check>) -> Result<Option<u8>, CliError> {
    let Ok(plan) = plan::load(genesis) else { return Ok(None) };
    if RunLock::live_owner(&context.state.run_lock())?.is_some() {
        checks.push(Check::note(
            "live",
            "a run is live, and tries it all itself",
            "try again when it is over",
        ));
        return Ok(None);
    }
    let (site, settings) = super::super::run::surroundings(context, &plan)?;
    let casts = needed(&plan, &settings);
    let called: Vec<_> =
        casts.iter().filter(|cast| cast.kind != Kind::Command).map(|cast| cast.runner.name()).collect();
    if !called.is_empty() {
        output::say(&format!(
            "note    calling {}: one short prompt each, which their services may charge for",
            called.join(", ")
        ));
    }
    let tell = |event: RunEvent| {
        if let RunEvent::Note(text) | RunEvent::Warning { text, .. } = event {
            output::say(&format!("note    {}", clean(&text)));
        }
    };
    let Rehearsed { tried, ended } =
        run::rehearse(&site, &settings, &plan, &genesis.project().quality, &casts, &tell)
            .map_err(|error| CliError::run(&context.path, error))?;
    checks.extend(tried.iter().map(told));
    let own = casts.iter().filter(|cast| cast.kind == Kind::Command);
    checks.extend(own.map(|cast| {
        Check::fine(
            "live",
            format!("{}: a program of your own, which is not started to try it", cast.runner.name()),
        )
    }));
    checks.extend((!called.is_empty()).then(|| cost(&tried)));
    let Some(ended) = ended else { return Ok(None) };
    let rest = if ended.before.is_empty() { "its end".to_owned() } else { ended.before.join(", ") };
    checks.push(Check::note("live", format!("ended before {}", clean(&rest)), "try again"));
    let interrupted = if ended.by_term { 143 } else { 130 };
    Ok(Some(interrupted))
}

/// One task's cast for each runner: the first that is open.
fn needed(plan: &Plan, settings: &Settings) -> Vec<Cast> {
    let mut casts: BTreeMap<&str, &Cast> = BTreeMap::new();
    for (_, task) in plan.tasks().filter(|(_, task)| task.status != Status::Completed) {
        if let Some(cast) = settings.casting.get(&task.id) {
            casts.entry(cast.runner.name()).or_insert(cast);
        }
    }
    casts.into_values().cloned().collect()
}

fn told(trial: &Trial) -> Check {
    match trial {
        Trial::Worktree { commit, took, complaint: None } => {
            Check::fine("live", format!("a worktree of {commit:.10} was made and set up in {}", short(*took)))
        }
        Trial::Worktree { complaint: Some(why), .. } => Check::wrong(
            "live",
            format!("a worktree could not be set up: {why}"),
            "see `setup` and `bring` in blueprint.toml",
        ),
        Trial::Gate { name, took, complaint: None, .. } => Check::fine(
            "live",
            format!("the gate `{name}` passes on the commit that the plan starts from, in {}", short(*took)),
        ),
        Trial::Gate { name, complaint: Some(why), could_run: true, .. } => Check::note(
            "live",
            format!("the gate `{name}` does not pass on the commit that the plan starts from: {why}"),
            "work is sent back to its agent until it does: see to it that the tasks can mend that",
        ),
        Trial::Gate { name, complaint: Some(why), could_run: false, .. } => Check::wrong(
            "live",
            format!("the gate `{name}` can't be run: {why}"),
            "see [[gates]] in blueprint.toml",
        ),
        Trial::Call { runner, kind, outcome, said, took, .. } => {
            let said = said.as_deref().map_or_else(String::new, |said| format!(": {}", clean(said)));
            match outcome {
                Outcome::Completed | Outcome::NoChanges | Outcome::NeedsAnswer | Outcome::Blocked => {
                    Check::fine("live", format!("{runner} answered in {}", short(*took)))
                }
                Outcome::Authentication | Outcome::OutOfCredit => Check::wrong(
                    "live",
                    format!("{runner} {}{said}", outcome.sentence()),
                    kind.way_back(*outcome),
                ),
                Outcome::RateLimited | Outcome::Unavailable => Check::note(
                    "live",
                    format!("{runner} {}{said}", outcome.sentence()),
                    "a run waits, and tries again",
                ),
                Outcome::Interrupted | Outcome::Cancelled => {
                    Check::note("live", format!("{runner} was not tried to the end"), "try again")
                }
                Outcome::Failed
                | Outcome::AgentError
                | Outcome::TimedOut
                | Outcome::Killed
                | Outcome::CouldNotStart
                | Outcome::PermissionDenied
                | Outcome::OutOfTurns
                | Outcome::OutOfBudget
                | Outcome::MergeConflict
                | Outcome::GateFailed
                | Outcome::Escaped => Check::wrong(
                    "live",
                    format!("{runner} {}{said}", outcome.sentence()),
                    format!("see what is set in [runners.{runner}], and try the program by itself"),
                ),
            }
        }
    }
}

/// What the calls cost, as far as their programs say so.
fn cost(tried: &[Trial]) -> Check {
    let (mut usd, mut sum, mut is_known) = (0.0, Tokens::default(), true);
    for trial in tried {
        if let Trial::Call { cost_usd, tokens, .. } = trial {
            usd += cost_usd.unwrap_or(0.0);
            is_known &= cost_usd.is_some();
            let tokens = tokens.unwrap_or_default();
            sum.input = sum.input.saturating_add(tokens.input);
            sum.output = sum.output.saturating_add(tokens.output);
        }
    }
    let price = match (is_known, usd > 0.0) {
        (true, _) => dollars(usd),
        (false, true) => format!("{}, and what those ask for that name no price", dollars(usd)),
        (false, false) => "the programs name no price".to_owned(),
    };
    Check::fine("live", format!("the calls took {} tokens in, {} out: {price}", sum.input, sum.output))
}
