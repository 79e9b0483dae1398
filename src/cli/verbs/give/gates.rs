//! The gates that a person's work goes through before it is merged: commands are run; a review, or an approval, it needs none.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use crate::agent::{BaseEnv, EnvPolicy};
use crate::cli::casting::{DEFAULT_AGENT, Wishes};
use crate::cli::config::Loaded;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::gates::gates;
use crate::cli::held::Held;
use crate::cli::output;
use crate::cli::verbs::run::{KILL_GRACE, own_program};
use crate::git::{Authorship, Oid};
use crate::plan::TaskId;
use crate::report::clean;
use crate::run::{self, ByHand, Check, Fact, Gate, GateEnded, GivenWork, Hands, Record, open_journal};

/// Commits the work of a task that `held` says is taken, and has its gates run; others may change the plan meanwhile. Gives the commit that
/// has passed them, or nothing where there are none.
pub(super) fn pass(
    context: &Context,
    held: Held<'_>,
    hands: &Hands<'_>,
    by: &Authorship,
) -> Result<Option<Oid>, CliError> {
    let loaded = context.config()?;
    let env = BaseEnv::new(env::vars_os());
    let gates = commands_for(&held, hands, &loaded, &env)?;
    let attempt = super::attempt(&held, hands).map(|(_, attempt)| attempt);
    let (false, Some(attempt)) = (gates.is_empty(), attempt) else { return Ok(None) };
    let (head, changed) =
        run::commit(hands, attempt, by).map_err(|error| CliError::run(&context.path, error))?;
    let (number, worktree) = (attempt.started.attempt, attempt.started.worktree.clone());
    let dir = context.state.attempt(hands.slug, number);
    drop(held);
    let program = own_program()?;
    let config = &loaded.config;
    let work = GivenWork {
        of: (TaskId::from(hands.task), number),
        head,
        changed: &changed,
        worktree: &worktree,
        dir: &dir,
        program: &program,
        kill_grace: config.kill_grace.map_or(KILL_GRACE, |grace| grace.0),
        env: &env,
        env_policy: &EnvPolicy { pass: config.env_pass.clone(), allow_push: config.allow_push },
        variables: &variables(context, hands, number, &worktree),
    };
    let tell = |gate: &str| output::say(&format!("gate    {}", clean(gate)));
    let ended =
        run::pass_by_hand(&gates, &work, &tell).map_err(|error| CliError::run(&context.path, error))?;
    judge(context, hands, &worktree, ended)?;
    Ok(Some(head))
}

/// What a task's gates are told of it; where there is an agent, there is more.
fn variables(
    context: &Context,
    hands: &Hands<'_>,
    attempt: u32,
    worktree: &Path,
) -> Vec<(OsString, OsString)> {
    let own: [(&str, OsString); 4] = [
        ("GENESIS_FILE_PATH", context.path.clone().into()),
        ("TASK_ID", hands.task.into()),
        ("WORKTREE_PATH", worktree.into()),
        ("BLUEPRINT_ATTEMPT", attempt.to_string().into()),
    ];
    own.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

fn commands_for(
    held: &Held<'_>,
    hands: &Hands<'_>,
    loaded: &Loaded,
    env: &BaseEnv,
) -> Result<Vec<Arc<Gate>>, CliError> {
    // No reviewer is started.
    let wishes = Wishes { runner: None, timeout: None, isolation: None, only_looks: true };
    let all = gates(loaded, &wishes, env, hands.repo.require_workdir()?)?;
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
            Err(CliError::usage(message).hint(way_out))
        }
        ByHand::NotRun(gate, why) => {
            let message = format!("the gate `{}` could not be run: {}", clean(&gate), clean(&why));
            Err(CliError::new(Kind::Environment, message)
                .hint("install what it needs, or take it out of blueprint.toml; then give again"))
        }
        ByHand::Stopped => {
            let message =
                format!("the gates were ended; your work on `{task}` is committed, and the task stays yours");
            Err(CliError::usage(message).hint("give it again when you like"))
        }
    }
}

fn journal(context: &Context, ended: &[GateEnded]) -> Result<(), CliError> {
    let mut journal = open_journal(&context.state.journal())?;
    for gate in ended {
        journal.append(&Record::now(Fact::GateEnded(Box::new(gate.clone()))))?;
    }
    Ok(())
}
