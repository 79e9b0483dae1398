use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::Global;
use super::config::{self, Loaded};
use super::error::CliError;
use super::help_line;
use super::locate::{Surroundings, locate, outright};
use crate::genesis::{Genesis, nearest};
use crate::git::{EpicRefs, Repo, epic_slug, limit_calls};
use crate::plan::{self, Plan, TaskId, TaskIndex};
use crate::report::clean;
use crate::run::records::{JobClaim, claims_here, known_here};
use crate::run::{self, Attempt, History, Record, call, ledger};
use crate::store::{PlanFile, RunLock, RunOwner, Seen, StateDir, each_record, read_records, see_settled};

/// A plan that was found, and where it lives.
pub(super) struct Context {
    pub(super) path: PathBuf,
    pub(super) repo: Option<Repo>,
    pub(super) state: StateDir,
    pub(super) epic: String,
}

/// A plan that was found and read.
pub(super) struct Opened {
    context: Context,
    seen: Seen,
}

/// A plan with all that is known of it.
pub(super) struct Known {
    pub(super) genesis: Genesis,
    pub(super) plan: Arc<Plan>,
    pub(super) history: History,
    pub(super) run: Option<RunOwner>,
    /// Jobs that were alive and had single tasks, when remotes were last asked, if that is of interest.
    pub(super) claims: Vec<(TaskId, JobClaim)>,
}

/// The plan's file that `arguments` mean, and the tasks that they name. Nothing is read yet.
pub(super) fn find(arguments: &[String]) -> Result<(PathBuf, &[String]), CliError> {
    let (cwd, from_env) = place()?;
    let (path, tasks) = match outright(arguments, &cwd, from_env.as_deref()) {
        Some(found) => found,
        None => locate(arguments, &surroundings(cwd, from_env)?)?,
    };
    let path = std::fs::canonicalize(&path)
        .map_err(|error| CliError::usage(format!("can't read the plan `{}`: {error}", path.display())))?;
    if let Some(typed) = arguments.first().filter(|_| tasks.len() < arguments.len()) {
        help_line::is_about(typed, &path);
    }
    Ok((path, tasks))
}

/// The plans that may be meant where none is named.
pub(super) fn plans_here() -> Result<Vec<PathBuf>, CliError> {
    let (cwd, from_env) = place()?;
    Ok(surroundings(cwd, from_env)?.candidates())
}

/// The current folder, and the plan that the environment names.
fn place() -> Result<(PathBuf, Option<PathBuf>), CliError> {
    let cwd = env::current_dir()
        .map_err(|error| CliError::usage(format!("can't tell the current folder: {error}")))?;
    Ok((cwd, env::var_os("GENESIS_FILE_PATH").filter(|path| !path.is_empty()).map(PathBuf::from)))
}

/// Where the repository may have a say in it.
fn surroundings(cwd: PathBuf, from_env: Option<PathBuf>) -> Result<Surroundings, CliError> {
    let repo = Repo::discover(&cwd)?;
    let root = repo.as_ref().and_then(|repo| repo.workdir().map(Path::to_owned));
    let from_env = from_env.or_else(|| repo.as_ref().and_then(plan_of_worktree));
    Ok(Surroundings { cwd, root, from_env })
}

/// In a task's worktree the plan is not the copy that its branch has, but the one that the task is part of.
fn plan_of_worktree(repo: &Repo) -> Option<PathBuf> {
    let branch = repo.worktree(repo.workdir()?).branch().ok()??;
    let (epic, _) = branch.as_str().strip_prefix("blueprint/")?.split_once('/')?;
    StateDir::plan_of(&repo.common_dir().join("blueprint"), epic)
}

/// The plan's file, for a verb that takes nothing else.
pub(super) fn find_only(genesis: Option<&String>) -> Result<PathBuf, CliError> {
    let arguments: Vec<_> = genesis.cloned().into_iter().collect();
    match find(&arguments)? {
        (path, []) => Ok(path),
        (_, [stray, ..]) => Err(no_plan(stray)),
    }
}

/// A name that no plan has.
pub(super) fn no_plan(name: &str) -> CliError {
    Surroundings::here().map_or_else(|error| error, |around| around.no_plan(name))
}

impl Context {
    /// Reads the plan at `path`, and finds its repository and state.
    pub(super) fn open(path: PathBuf, global: &Global) -> Result<Opened, CliError> {
        let seen = see_settled(&path).map_err(|error| CliError::load(&path, error))?;
        Ok(Opened { context: Self::of(path, &seen.genesis, global)?, seen })
    }

    /// The repository and state of a plan that has been read.
    pub(super) fn of(path: PathBuf, genesis: &Genesis, global: &Global) -> Result<Self, CliError> {
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        let repo = Repo::discover(&folder)?;
        let root = repo
            .as_ref()
            .map_or_else(|| folder.join(".blueprint"), |repo| repo.common_dir().join("blueprint"));
        let project = genesis.project();
        let own =
            [&project.epic_name, &project.project_name].into_iter().find(|name| !name.trim().is_empty());
        let epic = global.epic.clone().or_else(|| own.cloned()).unwrap_or_default();
        let slug = epic_slug(&epic);
        let state = StateDir::locate(&root, &slug, &path);
        Ok(Self { path, repo, state, epic })
    }

    /// Two plans under one epic name would share branches: whoever comes second is refused, unless it only looks.
    pub(super) fn refuse_a_rival(&self) -> Result<(), CliError> {
        let Some(repo) = &self.repo else { return Ok(()) };
        run::refuse_a_rival(repo, &self.state, &epic_slug(&self.epic), &self.path)
            .map_err(|error| CliError::run(&self.path, error))
    }

    /// The folder that the plan lies in.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    /// The plan's file, to be changed.
    pub(super) fn plan_file(&self) -> Result<PlanFile, CliError> {
        self.refuse_a_rival()?;
        self.state.create(&epic_slug(&self.epic), &self.path)?;
        Ok(PlanFile::new(&self.path, self.state.plan_lock())?)
    }

    /// The same, for a change that is no claim to the epic's name: a copy of a plan may be edited, too.
    pub(super) fn unclaimed_plan_file(&self) -> Result<PlanFile, CliError> {
        self.state.make()?;
        Ok(PlanFile::new(&self.path, self.state.plan_lock())?)
    }

    /// The configuration that holds for the plan, and from here on for all calls of git.
    pub(super) fn config(&self) -> Result<Loaded, CliError> {
        let root = self.repo.as_ref().and_then(Repo::workdir);
        let loaded = config::load(self.folder(), root)?;
        if let Some(limit) = loaded.config.git_timeout {
            limit_calls(limit.0);
        }
        Ok(loaded)
    }

    /// What the journal says.
    pub(super) fn history(&self) -> Result<History, CliError> {
        let mut history = History::default();
        each_record(&self.state.journal(), |record| history.add(record))?;
        Ok(history)
    }

    fn claims(&self) -> Result<Vec<(TaskId, JobClaim)>, CliError> {
        let Some(repo) = &self.repo else { return Ok(Vec::new()) };
        let refs = EpicRefs::new(&epic_slug(&self.epic), EpicRefs::DEFAULT_TEMPLATE)?;
        claims_here(repo, &refs).map_err(|error| CliError::records(&self.path, error))
    }

    /// What the journal says, line by line, with what jobs of single tasks had left in remotes when these were last asked.
    pub(super) fn records(&self) -> Result<Vec<Record>, CliError> {
        let own = || Ok(read_records::<Record>(&self.state.journal())?.records);
        let Some(repo) = &self.repo else { return own() };
        // No template for branches makes a difference to where records are.
        let refs = EpicRefs::new(&epic_slug(&self.epic), EpicRefs::DEFAULT_TEMPLATE)?;
        let known = known_here(repo, &refs, &self.state.journal());
        known.map_err(|error| CliError::records(&self.path, error))?.map_or_else(own, Ok)
    }

    /// The document's plan, if it is a valid one.
    pub(super) fn valid(&self, genesis: &Genesis) -> Result<Plan, CliError> {
        plan::load(genesis)
            .map_err(|diagnostics| CliError::invalid(&self.path, genesis.source(), &diagnostics))
    }
}

impl Opened {
    /// The plan, if it is a valid one, as it is now: file, journal and live run together.
    pub(super) fn known(self) -> Result<(Context, Known), CliError> {
        let history = self.context.history()?;
        self.known_by(history)
    }

    /// The same with what jobs of single tasks had left in remotes when these were last asked: to be looked at, not to be decided by.
    pub(super) fn known_with_records(self) -> Result<(Context, Known), CliError> {
        let history = History::from_records(self.context.records()?);
        let claims = self.context.claims()?;
        let (context, known) = self.known_by(history)?;
        Ok((context, Known { claims, ..known }))
    }

    fn known_by(self, history: History) -> Result<(Context, Known), CliError> {
        let Self { context, seen } = self;
        let now = ledger::caught_up(seen.into_genesis(), &history).map_err(|error| CliError::edit(&error))?;
        let plan = Arc::new(context.valid(&now)?);
        let run = RunLock::live_owner(&context.state.run_lock())?;
        Ok((context, Known { genesis: now, plan, history, run, claims: Vec::new() }))
    }

    /// Where it lives, and the document as it was read.
    pub(super) fn parts(self) -> (Context, Genesis) {
        (self.context, self.seen.into_genesis())
    }

    /// Where it lives, for a verb that reads it again under its lock.
    pub(super) fn context(self) -> Context {
        self.context
    }

    /// Where it lives and what was seen there, for a verb that changes it.
    pub(super) fn into_parts(self) -> (Context, Seen) {
        (self.context, self.seen)
    }
}

/// A name that no task has.
pub(super) fn unknown_task(plan: &Plan, name: &str) -> CliError {
    let error = CliError::usage(format!("there is no task `{name}` in the plan"));
    let task = nearest(name, plan.tasks().map(|(_, task)| task.id.as_str()));
    // A first argument that names no plan is taken for a task.
    let other = || Surroundings::here().ok()?.near(name);
    match (task, other) {
        (Some(id), _) => error.hint(format!("did you mean `{id}`?")),
        (None, other) => error.hint(match other() {
            Some(plan) => format!("did you mean the plan `{plan}`?"),
            None => "`blueprint status` lists the tasks".to_owned(),
        }),
    }
}

impl Known {
    /// The tasks that are named; an error for the first that there is not.
    pub(super) fn tasks(&self, names: &[String]) -> Result<Vec<TaskIndex>, CliError> {
        names.iter().map(|name| self.task(name)).collect()
    }

    /// The task of that id.
    pub(super) fn task(&self, name: &str) -> Result<TaskIndex, CliError> {
        self.plan.find(name).ok_or_else(|| unknown_task(&self.plan, name))
    }

    /// Their ids.
    pub(super) fn ids(&self, names: &[String]) -> Result<Vec<TaskId>, CliError> {
        Ok(self.tasks(names)?.into_iter().map(|index| self.plan.task(index).id.clone()).collect())
    }

    /// Whether runs were at work on the plan that the journal knows nothing of.
    pub(super) fn is_forgotten(&self) -> bool {
        let forgotten = |id: &str| ledger::is_forgotten(self.history.task(id), &self.genesis.details(id));
        self.genesis.tasks().iter().any(|task| forgotten(&task.id))
    }

    /// An attempt at that task: the one of that number, or the newest.
    pub(super) fn attempt(&self, task: &str, number: Option<u32>) -> Result<&Attempt, CliError> {
        let id = clean(task);
        let story = self.history.task(task);
        let attempts = story.map(|story| story.attempts.as_slice()).unwrap_or_default();
        let found = match number {
            Some(number) => attempts.iter().rev().find(|attempt| attempt.started.attempt == number),
            None => attempts.last(),
        };
        found.ok_or_else(|| match (attempts.len(), number) {
            (0, _) if ledger::is_forgotten(story, &self.genesis.details(task)) => {
                CliError::usage(format!("nothing that task `{id}` printed is here: {}", ledger::FORGOTTEN))
                    .hint(format!("`{}` shows that", call("status", "", &id, "")))
            }
            (0, _) => CliError::usage(format!("task `{id}` has had no attempt yet"))
                .hint(format!("`{}` says what it waits for", call("explain", "", &id, ""))),
            (count, number) => CliError::usage(format!(
                "task `{id}` has no attempt {}; it had {count}",
                number.unwrap_or_default()
            ))
            .hint(format!("`{}` lists them", call("status", "", &id, ""))),
        })
    }
}
