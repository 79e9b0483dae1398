use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use unicode_width::UnicodeWidthStr;

use super::audit::Workers;
use super::books::{Books, News};
use super::dispatcher::{Dispatcher, check_worktree_dir, worktree_path};
use super::events::EventLog;
use super::ground::Ground;
use super::job::Common;
use super::provision::{Outlay, Provisions, Remark};
use super::record::{Fact, open_journal};
use super::settings::{Settings, Site};
use super::shared::Shared;
use super::supervisor::identity;
use super::{History, RunError, RunEvent, Started, Summary, Verdict, programs};
use crate::genesis::nearest;
use crate::git::{BranchName, EpicRefs, Oid, Repo, epic_slug};
use crate::plan::Plan;
use crate::store::{KnownPlan, RunLock, RunOwner, StateDir, each_record};

/// Stands for the task in the name of the worktree in which what is merged is tried together: no task has that slug.
const VERIFIED_IN: &str = "integration";

/// Runs a plan until nothing is left that can run, and says how that ended; `tell` hears everything on the way.
///
/// # Errors
/// [`RunError`] when it could not begin, or when the disk, git or the plan file failed on the way. What happened before is
/// on disk, and the next run goes on from there.
pub fn run(site: &Site, mut settings: Settings, tell: &dyn Fn(RunEvent)) -> Result<Summary, RunError> {
    let run = run_id();
    let owner =
        RunOwner { pid: std::process::id(), host: host(), run: run.clone(), started: Timestamp::now() };
    let epic = epic_slug(&site.epic);
    site.state.create(&epic, site.plan.path())?;
    let _plan = RunLock::take(&site.state.run_lock(), &owner)?.map_err(RunError::Busy)?;
    let _epic = RunLock::take(&site.state.epic_lock(&epic), &owner)?.map_err(RunError::Busy)?;
    refuse_a_rival(&site.repo, &site.state, &epic, site.plan.path())?;
    let log = EventLog::begin(&site.state, &run);
    let told = |event: RunEvent| {
        log.write(&event);
        tell(event);
    };
    let tell: &dyn Fn(RunEvent) = &told;
    site.plan.sweep()?;
    site.state.sweep();
    let history = read_history(site, tell)?;
    let plan = KnownPlan::read(site.plan.clone())?;
    let mut books = Books::new(plan, history, open_journal(&site.state.journal())?);
    books.look_until_settled()?;
    books.news().iter().filter_map(News::told).for_each(tell);
    let ground = survey(site, &settings, &books, tell)?;
    let refs = EpicRefs::new(&epic, &settings.branch)?;
    let branches: Vec<_> = ground.slugs().map(|slug| refs.branch(slug)).collect();
    if books.history().boot.as_ref().is_some_and(|boot| *boot != identity(owner.pid).boot) {
        remove_empty(site, &refs, &branches, tell);
    }
    break_dead_locks(site, &refs, &branches, tell);
    refuse_a_checkout_of_ours(site, &refs)?;
    let branch = branch_of_start(site, &settings, &refs)?;
    let start = fix_start(site, &settings, &refs)?;
    tell_outlay(site, &settings, &ground, &epic, tell)?;
    books.record(started(&owner, start, branch))?;
    books.sync()?;
    tell(RunEvent::Started(announced(site, &settings, &ground, start)));
    let programs = place_programs(site, &settings, tell);
    let common = common(site, &settings, refs.clone(), start, &run, programs);
    // From now on the ground has it, made anew with each change of the plan.
    settings.casting.clear();
    settings.casting.shrink_to_fit();
    let asides = settings.asides.clone();
    let dispatcher = Dispatcher::new(site, settings, ground, books, common, tell);
    let summary = runtime()?.block_on(dispatcher.run())?;
    break_dead_locks(site, &refs, &branches, tell);
    asides.take().into_iter().for_each(tell);
    tell(RunEvent::Ended(summary.clone()));
    Ok(summary)
}

/// What worktrees will take of the disk: told where that is worth knowing.
fn tell_outlay(
    site: &Site,
    settings: &Settings,
    ground: &Ground,
    epic: &str,
    tell: &dyn Fn(RunEvent),
) -> Result<(), RunError> {
    let checkout = site.repo.require_workdir()?;
    let place = |slug: &str| worktree_path(&settings.worktree_dir, checkout, epic, slug);
    let worktrees = ground.worktrees_to_come(settings, place);
    let outlay = Outlay::of(&site.repo, &place("task"), worktrees, &settings.provisioning.bring);
    match outlay.and_then(|outlay| outlay.remark()) {
        None => {}
        Some(Remark::Note(text)) => tell(RunEvent::Note(text)),
        Some(Remark::Warning(text)) => tell(RunEvent::Warning { task: None, text }),
        Some(Remark::Refusal(text)) => return Err(RunError::NoRoom(text)),
    }
    Ok(())
}

/// Everything that can be known, or be wrong, before a run changes anything.
fn survey(
    site: &Site,
    settings: &Settings,
    books: &Books,
    tell: &dyn Fn(RunEvent),
) -> Result<Ground, RunError> {
    let ground = Ground::survey(settings, books.genesis(), books.history(), tell)?;
    check_names(&ground.plan, settings)?;
    check_worktree_dir(&settings.worktree_dir, &site.repo)?;
    Ok(ground)
}

fn announced(site: &Site, settings: &Settings, ground: &Ground, start: Oid) -> Started {
    let Ground { plan, outset, .. } = ground;
    Started {
        epic: site.epic.clone(),
        total: plan.len(),
        selected: outset.to_do(),
        jobs: settings.jobs.get(),
        start: start.to_string(),
        estimate: plan.longest_path(|index| outset.is_to_do(index)),
        unestimated: plan.unestimated(|index| outset.is_to_do(index)),
        id_width: plan.tasks().map(|(_, task)| task.id.as_str().width()).max().unwrap_or(0),
    }
}

pub(super) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

fn read_history(site: &Site, tell: &dyn Fn(RunEvent)) -> Result<History, RunError> {
    let mut history = History::default();
    let unreadable = each_record(&site.state.journal(), |record| history.add(record))?;
    if unreadable > 0 {
        let text = format!("{unreadable} lines of the journal can't be read and are passed over");
        tell(RunEvent::Warning { task: None, text });
    }
    Ok(history)
}

fn check_names(plan: &Plan, settings: &Settings) -> Result<(), RunError> {
    let unknown = settings.only.iter().find(|id| plan.find(id.as_str()).is_none());
    let Some(task) = unknown else { return Ok(()) };
    let known = plan.tasks().map(|(_, task)| task.id.as_str());
    let nearest = nearest(task.as_str(), known).map(str::to_owned);
    Err(RunError::UnknownTask { task: task.clone(), nearest })
}

/// Two plans under one epic name would share branches: whoever comes second is refused.
///
/// A plan of another repository does not count: this one may be a copy of that, state and all.
///
/// # Errors
/// [`RunError::Rival`] names the other plan.
pub fn refuse_a_rival(repo: &Repo, state: &StateDir, epic: &str, plan: &Path) -> Result<(), RunError> {
    for rival in state.rivals(epic, plan) {
        let theirs = Repo::discover(&rival).ok().flatten();
        if theirs.is_none_or(|theirs| theirs.common_dir() == repo.common_dir()) {
            return Err(RunError::Rival { plan: rival, epic: epic.to_owned() });
        }
    }
    Ok(())
}

/// Merges move the integration branch; a checkout that has it would lag behind, and its next commit take the work back.
pub(super) fn refuse_a_checkout_of_ours(site: &Site, refs: &EpicRefs) -> Result<(), RunError> {
    let branch = refs.integration();
    match site.repo.checked_out_at(&branch)? {
        None => Ok(()),
        Some(place) => Err(RunError::CheckedOut { branch: branch.as_str().to_owned(), place }),
    }
}

fn break_dead_locks(site: &Site, refs: &EpicRefs, branches: &[BranchName], tell: &dyn Fn(RunEvent)) {
    for lock in site.repo.break_dead_locks(refs, branches) {
        tell(RunEvent::Note(format!("removed {}, left by somebody who was killed", lock.display())));
    }
}

/// After a power cut, that is, or a crash of the whole machine.
fn remove_empty(site: &Site, refs: &EpicRefs, branches: &[BranchName], tell: &dyn Fn(RunEvent)) {
    for file in site.repo.remove_empty(refs, branches) {
        let text = format!(
            "removed {}, which was empty: the machine went down before it was written",
            file.display()
        );
        tell(RunEvent::Note(text));
    }
}

/// The commit that the plan starts from is fixed at its first run, so that later work of the user's changes no base. One that is
/// refused is not fixed: what is committed to mend it has to count.
fn fix_start(site: &Site, settings: &Settings, refs: &EpicRefs) -> Result<Oid, RunError> {
    if let Some(start) = site.repo.start(refs)? {
        site.repo.refuse_without_git(start)?;
        return Ok(start);
    }
    let wanted = match &settings.base {
        Some(base) => site.repo.resolve(base)?,
        None => site.repo.head_commit()?,
    };
    site.repo.refuse_without_git(wanted)?;
    Ok(site.repo.fix_start(refs, wanted)?)
}

/// The user's branch that a plan begins on, at its first run: there its work is to land.
fn branch_of_start(
    site: &Site,
    settings: &Settings,
    refs: &EpicRefs,
) -> Result<Option<BranchName>, RunError> {
    if site.repo.start(refs)?.is_some() {
        return Ok(None);
    }
    let Some(base) = &settings.base else { return Ok(site.repo.head_branch()?) };
    let Some(branch) = BranchName::new(base.as_str()) else { return Ok(None) };
    Ok(site.repo.target(&branch.full())?.map(|_| branch))
}

pub(super) fn started(owner: &RunOwner, start: Oid, branch: Option<BranchName>) -> Fact {
    let process = identity(owner.pid);
    Fact::RunStarted {
        run: owner.run.clone(),
        pid: owner.pid,
        host: owner.host.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        start: start.to_string(),
        branch: branch.map(|branch| branch.as_str().to_owned()),
        process_start: process.start,
        boot: Some(process.boot),
    }
}

/// Agents work without them, too, only less safely: that is told, and no reason not to run.
fn place_programs(site: &Site, settings: &Settings, tell: &dyn Fn(RunEvent)) -> Option<PathBuf> {
    let folder = site.state.programs();
    match programs::place(&folder, &settings.program) {
        Ok(()) => Some(folder),
        Err(error) => {
            let text = format!("{error}; agents that call xmlstarlet change the plan without a lock");
            tell(RunEvent::Warning { task: None, text });
            None
        }
    }
}

/// The worktree in which what is merged is tried together.
pub fn verified_in(template: &str, checkout: &Path, refs: &EpicRefs) -> PathBuf {
    worktree_path(template, checkout, refs.epic(), VERIFIED_IN)
}

pub(super) fn common(
    site: &Site,
    settings: &Settings,
    refs: EpicRefs,
    start: Oid,
    run: &str,
    programs: Option<PathBuf>,
) -> Arc<Common> {
    let checkout = site.repo.workdir().unwrap_or(site.repo.common_dir());
    let verified_in = verified_in(&settings.worktree_dir, checkout, &refs);
    Arc::new(Common {
        repo: site.repo.clone(),
        refs,
        start,
        strategy: settings.strategy,
        run: run.to_owned(),
        genesis: site.plan.path().to_owned(),
        genesis_in_repo: site.repo.relative(site.plan.path()),
        config_dir: settings.config_dir.clone(),
        env: settings.env.clone(),
        env_policy: settings.env_policy.clone(),
        secrets: settings.secrets.clone(),
        confinement: settings.confinement.clone(),
        protected: settings.protected.clone(),
        offer: settings.offer.clone(),
        workers: Workers::default(),
        verified_in,
        program: settings.program.clone(),
        programs,
        provisions: Provisions::new(settings.provisioning.clone(), site.state.build_cache()),
        shared: Shared::new(site.state.shared_ready()),
        prices: settings.prices.clone(),
        kill_grace: settings.kill_grace,
        stall: settings.stall_timeout,
    })
}

pub(super) fn run_id() -> String {
    let now = Timestamp::now().strftime("%Y%m%dT%H%M%S");
    format!("{now}-{:04x}", fastrand::u16(..))
}

pub(super) fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The exit code that a verdict means; the list of them is in the README.
impl Verdict {
    /// The process's exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Completed => 0,
            Self::Failed => 1,
            Self::Blocked => 4,
            Self::OverBudget => 6,
            Self::Interrupted { by_term: false } => 130,
            Self::Interrupted { by_term: true } => 143,
        }
    }
}
