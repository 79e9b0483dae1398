//! The gates that a person's work goes through before it is merged: commands are run; a review, or an approval, it needs none.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use crate::cli::casting::{DEFAULT_AGENT, Wishes};
use crate::cli::config::Loaded;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::gates::gates;
use crate::cli::held::Held;
use crate::cli::output;
use crate::cli::verbs::run::outfit;
use crate::git::{Authorship, Oid};
use crate::report::clean;
use crate::run::{
    self, ByHand, Check, Fact, Gate, GateEnded, GivenWork, Hands, Outfit, PERSON, Record, Told, open_journal,
};

/// Commits the work of a task that `held` says is taken, and has its gates run; others may change the plan meanwhile. Gives the commit that
/// has passed them, or nothing where there are none.
pub(super) fn pass(
    context: &Context,
    held: Held<'_>,
    hands: &Hands<'_>,
    by: &Authorship,
) -> Result<Option<Oid>, CliError> {
    let loaded = context.config()?;
    let outfit = outfit(&loaded)?;
    let gates = commands_for(&held, hands, &loaded, &outfit)?;
    let attempt = super::attempt(&held, hands).map(|(_, attempt)| attempt);
    let (false, Some(attempt)) = (gates.is_empty(), attempt) else { return Ok(None) };
    let (last, changed) =
        run::commit(hands, attempt, by).map_err(|error| CliError::run(&context.path, error))?;
    let ready = run::make_ready(hands, &outfit, &attempt.started, &context.path, false);
    let ready = ready.map_err(|error| CliError::run(&context.path, error))?;
    let (number, worktree) = (attempt.started.attempt, attempt.started.worktree.clone());
    drop(held);
    let work = GivenWork {
        hands,
        attempt: number,
        head: last,
        changed: &changed,
        worktree: &worktree,
        dir: &context.state.attempt(hands.slug, number),
        outfit: &outfit,
        variables: &variables(hands, number, &ready.env),
    };
    let tell = |told: Told<'_>| match told {
        Told::Begun(gate) => output::say(&format!("gate    {}", clean(gate))),
        Told::Warning(text) => output::say(&format!("warning {}", clean(text))),
    };
    let ended =
        run::pass_by_hand(&gates, &work, &tell).map_err(|error| CliError::run(&context.path, error))?;
    judge(context, hands, &worktree, ended)?;
    Ok(Some(last))
}

/// What a task's gates are told of it, beside what its worktree has got.
fn variables(
    hands: &Hands<'_>,
    attempt: u32,
    of_place: &[(OsString, OsString)],
) -> Vec<(OsString, OsString)> {
    let number = attempt.to_string();
    let own = [("TASK_ID", hands.task), ("BLUEPRINT_AGENT", PERSON), ("BLUEPRINT_ATTEMPT", &number)];
    let own = own.into_iter().map(|(name, value)| (name.into(), value.into()));
    own.chain(of_place.iter().cloned()).collect()
}

fn commands_for(
    held: &Held<'_>,
    hands: &Hands<'_>,
    loaded: &Loaded,
    outfit: &Outfit,
) -> Result<Vec<Arc<Gate>>, CliError> {
    // No reviewer is started.
    let wishes = Wishes { runner: None, timeout: None, isolation: None, only_looks: true };
    let all = gates(loaded, &wishes, &outfit.env, hands.repo.require_workdir()?)?;
    let task = held.genesis.task(hands.task);
    let agent = task.and_then(|task| task.agent.as_ref()).map_or(DEFAULT_AGENT, |agent| agent.id.as_str());
    let mut meant = all.of(hands.task, agent, &held.genesis.project().quality);
    meant.retain(|gate| matches!(gate.check, Check::Command(_)));
    Ok(meant)
}

fn judge(context: &Context, hands: &Hands<'_>, worktree: &Path, ended: ByHand) -> Result<(), CliError> {
    let task = clean(hands.task);
    let way_out = format!("mend that in {}, then give again", worktree.display());
    match ended {
        ByHand::Ended(ended) => {
            journal(context, &ended)?;
            let Some(failed) = ended.last().filter(|last| !last.passed) else { return Ok(()) };
            let why = failed.detail.as_deref().map(crate::report::clean_lines).unwrap_or_default();
            let message = format!(
                "your work on `{task}` does not pass a gate; it is committed, and the task stays yours: {why}"
            );
            Err(CliError::new(Kind::NotPassed, message).hint(way_out))
        }
        ByHand::NotRun(gate, why) => {
            let message = format!("the gate `{}` could not be run: {}", clean(&gate), clean(&why));
            Err(CliError::new(Kind::Environment, message)
                .hint("install what it needs, or take it out of blueprint.toml; then give again"))
        }
        ByHand::Stopped => {
            let message =
                format!("the gates were ended; your work on `{task}` is committed, and the task stays yours");
            Err(CliError::new(Kind::BrokenOff, message).hint(
                "give it again when you like; what a gate had left half done would be committed then: see `git status` there",
            ))
        }
        ByHand::Changed => Err(super::changed(hands)),
    }
}

fn journal(context: &Context, ended: &[GateEnded]) -> Result<(), CliError> {
    let mut journal = open_journal(&context.state.journal())?;
    for gate in ended {
        journal.append(&Record::now(Fact::GateEnded(Box::new(gate.clone()))))?;
    }
    Ok(())
}
