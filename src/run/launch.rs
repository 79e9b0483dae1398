use std::fs;

use thiserror::Error;

use super::continuing::Continuing;
use super::job::Job;
use super::outbox;
use super::provision::{PortBlock, Provided};
use super::record::AttemptStarted;
use super::settings::Isolation;
use super::supervisor::Walls;
use super::walls::{WallsError, walls};
use super::workplace::Based;
use crate::agent::{self, CommandLine, Identity, Launch, Limits, Placeholders, RunnerError};
use crate::git::{Authorship, address_of_attempt};
use crate::store::StoreError;

/// An attempt whose agent can be started.
pub(super) struct Ready {
    pub(super) command: CommandLine,
    /// What it is kept in.
    pub(super) walls: Option<Walls>,
    pub(super) started: AttemptStarted,
}

/// Why an agent could not be made ready.
#[derive(Debug, Error)]
pub(super) enum LaunchError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Runner(#[from] RunnerError),
    #[error("no sandbox can be made: {0}")]
    Walls(#[from] WallsError),
    #[error("no random numbers are to be had: {0}")]
    Random(getrandom::Error),
}

/// Writes down definition and prompt beside the attempt's log, and makes the command line.
pub(super) fn write_down(job: &Job, base: Option<&Based>, provided: &Provided) -> Result<Ready, LaunchError> {
    let conflict = base.and_then(|base| base.conflict.as_ref());
    let prompt = agent::prompt(&job.whole_brief(conflict));
    let LaidOut { command, walls, definition, token } = lay_out(job, &prompt, provided)?;
    let started = AttemptStarted {
        task: job.task.clone(),
        attempt: job.attempt,
        run: job.common.run.clone(),
        slug: job.slug.clone(),
        branch: job.task_branch().unwrap_or_default(),
        worktree: job.worktree.clone(),
        base: base.map(|base| base.commit.to_string()).unwrap_or_default(),
        runner: job.cast.runner.name().to_owned(),
        agent: Some(job.cast.agent.clone()),
        command: job.common.secrets.masked(&command.to_string()),
        prompt: fingerprint(&definition, &prompt),
        token_hash: outbox::hash(&token),
        isolation: job.cast.isolation,
        sandbox: walls.as_ref().map(|walls| walls.by.as_str().to_owned()),
        port_base: job.ports.as_ref().map(PortBlock::base),
        brought: provided.brought.clone(),
        on_integration: base.is_some_and(|base| base.on_integration),
        resolves: conflict.and_then(|conflict| job.resolving.as_ref()?.record(conflict)),
        continues: job.continuing.as_ref().map(|continuing| continuing.record.clone()),
    };
    Ok(Ready { command, walls, started })
}

/// What an agent finds beside its log, and what starts it.
pub(super) struct LaidOut {
    pub(super) command: CommandLine,
    pub(super) walls: Option<Walls>,
    definition: String,
    token: String,
}

/// Writes down its definition and what it is told.
pub(super) fn lay_out(job: &Job, prompt: &str, provided: &Provided) -> Result<LaidOut, LaunchError> {
    job.dir.create()?;
    let definition = job.definition.render(&Placeholders {
        genesis: job.common.genesis.clone(),
        task: job.task.to_string(),
        worktree: job.worktree.clone(),
    });
    write(&job.dir.definition(), &definition)?;
    write(&job.dir.prompt(), prompt)?;
    let token = token()?;
    let mut command = command_line(job, &definition, prompt, &token, provided)?;
    let walls = match job.cast.isolation {
        Isolation::Worktree | Isolation::Shared => walls(job, &mut command, &provided.env)?,
        Isolation::None => None,
    };
    match job.cast.isolation {
        Isolation::Worktree | Isolation::Shared => write(&job.dir.stdin(), &command.stdin)?,
        // It is given to the agent by us, who start it.
        Isolation::None => {}
    }
    for (file, content) in &command.files {
        write(file, content)?;
    }
    Ok(LaidOut { command, walls, definition, token })
}

fn command_line(
    job: &Job,
    definition: &str,
    prompt: &str,
    token: &str,
    provided: &Provided,
) -> Result<CommandLine, RunnerError> {
    let state = job.dir.path().to_string_lossy();
    job.cast.runner.command_line(&Launch {
        task: job.task.as_str(),
        agent: &job.cast.agent,
        attempt: job.attempt,
        token,
        session: &agent::session_id(&[&state, job.task.as_str(), &job.attempt.to_string(), token]),
        resume: job.continuing.as_ref().and_then(Continuing::session),
        limits: Limits { cost_usd: job.limits.cost_usd, turns: None },
        genesis: &job.common.genesis,
        worktree: &job.worktree,
        config_dir: &job.common.config_dir,
        definition: &job.definition,
        definition_file: &job.dir.definition(),
        prompt_file: &job.dir.prompt(),
        definition_text: definition,
        prompt_text: prompt,
        outbox: (job.outbox() != job.worktree).then(|| job.outbox()),
        programs: job.common.programs.as_deref(),
        build_jobs: job.build_jobs.as_ref(),
        identity: Identity { name: Authorship::on_behalf_of(&job.cast.agent).name(), email: &address(job) },
        place_env: &provided.env,
        env: &job.common.env,
        policy: &job.common.env_policy,
    })
}

/// The address under which the attempt's git works.
pub(super) fn address(job: &Job) -> String {
    address_of_attempt(&job.common.refs, &job.slug, job.attempt)
}

fn write(path: &std::path::Path, text: impl AsRef<[u8]>) -> Result<(), StoreError> {
    fs::write(path, text).map_err(|source| StoreError::Io { action: "write", path: path.to_owned(), source })
}

/// A secret that only this attempt's agent is told.
fn token() -> Result<String, LaunchError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(LaunchError::Random)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

fn fingerprint(definition: &str, prompt: &str) -> String {
    outbox::hash(&format!("{definition}\0{prompt}"))
}
