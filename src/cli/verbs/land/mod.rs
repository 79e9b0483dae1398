mod pieces;
mod pull_requests;
mod target;
mod unfinished;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use jiff::Timestamp;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::cli::args::Global;
use crate::cli::branches::Branches;
use crate::cli::context::{Context, Known, find};
use crate::cli::error::{CliError, Kind};
use crate::cli::help_line::plan_words;
use crate::cli::output;
use crate::cli::person::refuse_inside_an_attempt;
use crate::genesis::{Genesis, Work};
use crate::git::{Advanced, BranchName, GitError, Landable, Landing, Oid, PlanFate, PlanState, Program};
use crate::report::{clean, shell_word};
use crate::store::{Lock, write_json};
use pieces::Pieces;
pub(in crate::cli) use target::branch as target;

/// How long somebody else's landing may take.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: blueprint land genesis.xml\n         blueprint land auth-api --into develop --squash\n         blueprint land --pr --push origin\n\n\
All of the integration branch, or the named tasks, whose prerequisites must have landed or be named, too. A checkout that has the branch is \
brought along; if uncommitted work would be in the way, nothing is changed. The plan's own state is committed with it (`commit-plan = false` \
leaves that to you). Your hooks `pre-merge-commit` (`pre-commit`, where it is squashed), `commit-msg` and `post-merge` are run, and your commits are signed if \
you sign; with `--pr` nothing lands here: each task becomes a pull request on top of those that it needs, by `gh`, or as commands to copy."
)]
pub(crate) struct Args {
    /// The plan, then the tasks whose work is to land; all that is finished, if none is named.
    #[arg(value_name = "GENESIS|TASK")]
    arguments: Vec<String>,
    /// The branch to land in [default: the one that the plan started from].
    #[arg(long, value_name = "BRANCH")]
    into: Option<String>,
    /// One commit with all the changes (one for each task that is named), without the agents' own commits.
    #[arg(long)]
    squash: bool,
    /// Push the branch there afterwards.
    #[arg(long, value_name = "REMOTE")]
    push: Option<String>,
    /// Make a branch and a pull request for each task, at the remote of `--push`, or `origin`.
    #[arg(long, conflicts_with = "squash")]
    pr: bool,
    /// Only say what would land and how, or what is in the way; change nothing.
    #[arg(long)]
    dry_run: bool,
}

impl Args {
    /// Its flags, as they were typed.
    fn flags(&self) -> String {
        let named = [("--into", &self.into), ("--push", &self.push)];
        let named = named
            .into_iter()
            .filter_map(|(flag, name)| Some(format!(" {flag} {}", shell_word(name.as_ref()?))));
        let set = [("--squash", self.squash), ("--pr", self.pr), ("--dry-run", self.dry_run)];
        let set = set.into_iter().filter(|(_, is_set)| *is_set).map(|(flag, _)| format!(" {flag}"));
        named.chain(set).collect()
    }
}

/// A plan whose work is to land.
struct Ground<'a> {
    args: &'a Args,
    context: &'a Context,
    known: &'a Known,
    branches: &'a Branches<'a>,
    into: BranchName,
    start: Option<Oid>,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    refuse_inside_an_attempt("land", None)?;
    let (path, names) = find(&args.arguments)?;
    refuse_inside_an_attempt("land", Some(&path))?;
    let (context, known) = Context::open(path, global)?.known()?;
    let branches = Branches::of(&context, &known.plan, &known.history)?;
    context.refuse_a_rival()?;
    let _landing = if args.dry_run {
        unfinished::tell(&context)?;
        None
    } else {
        context.state.make()?;
        let lock = Lock::wait_at_most(&context.state.landing_lock(), PATIENCE)?;
        unfinished::finish(&context, branches.repo)?;
        Some(lock)
    };
    let start = branches.repo.start(&branches.refs)?;
    let into = target(&branches, &known.history, args.into.as_deref(), start)?;
    let ground = Ground { args, context: &context, known: &known, branches: &branches, into, start };
    let pieces = Pieces::of(&ground, names)?;
    if args.pr {
        return pull_requests::make(&ground, &pieces, args.push.as_deref(), args.dry_run);
    }
    if args.dry_run {
        return rehearse(&ground, &pieces, args);
    }
    let has_landed = land(&ground, &pieces, args.squash)?;
    if let Some(remote) = &args.push {
        push(&ground, remote)?;
    }
    if has_landed {
        let plan = plan_words(&context.path);
        output::say(&format!("next    blueprint clean {plan}   (shows which worktrees and branches can go)"));
    }
    Ok(0)
}

/// Whether there was anything to land.
fn land(ground: &Ground<'_>, pieces: &Pieces, squash: bool) -> Result<bool, CliError> {
    let repo = ground.branches.repo;
    let plan = plan_state(ground)?;
    if plan.is_some() {
        settle(ground.context)?;
    }
    let landable = repo.landing(&ground.into, ground.start, &pieces.list, squash, plan.as_ref());
    let landing = match landable.map_err(|error| refused(ground, error))? {
        Landable::Ready(landing) => landing,
        Landable::Nothing(plan) => {
            output::say(&format!("all that is finished has landed in {}", ground.into));
            tell_of_plan(ground, plan);
            return Ok(false);
        }
        Landable::Conflict { head, paths } => return Err(pieces.conflict(ground, head, &paths)),
    };
    take(ground, &landing, plan.as_ref())?;
    tell(ground, pieces, &landing, squash);
    Ok(true)
}

/// Says what would land, or why it can't. Commits are made to find that out, and nothing points to them.
fn rehearse(ground: &Ground<'_>, pieces: &Pieces, args: &Args) -> Result<u8, CliError> {
    let (repo, into, plan) = (ground.branches.repo, &ground.into, plan_state(ground)?);
    let landable = repo.rehearsed_landing(into, ground.start, &pieces.list, args.squash, plan.as_ref());
    let landing = match landable.map_err(|error| refused(ground, error))? {
        Landable::Ready(landing) => landing,
        Landable::Nothing(_) => {
            output::say(&format!("all that is finished has landed in {into}"));
            return Ok(0);
        }
        Landable::Conflict { head, paths } => return Err(pieces.conflict(ground, head, &paths)),
    };
    let step = repo.step(&landing, plan.as_ref().map(|plan| plan.path.as_path()))?;
    let in_the_way = repo.in_the_way(&step).map_err(|error| refused(ground, error))?;
    if !in_the_way.is_empty() {
        return Err(not_brought_along(ground, step.checkout.unwrap_or_default().as_path(), &in_the_way));
    }
    if landing.pieces > 0 {
        output::say(&format!("would land  {} in {into}, {}", pieces.described(), how(&landing, args.squash)));
    }
    if landing.plan == PlanFate::Committed {
        output::say(&format!("would land  the plan's state in {into}, as a commit of its own"));
    }
    if let Some(checkout) = &step.checkout {
        output::say(&format!("would bring along  the checkout {}", checkout.display()));
    }
    if let Some(remote) = &args.push {
        output::say(&format!("would push  {into} to {}", clean(remote)));
    }
    output::say("nothing was changed (--dry-run)");
    Ok(0)
}

/// Written down first: whoever is killed in the middle leaves that to the next one.
fn take(ground: &Ground<'_>, landing: &Landing, plan: Option<&PlanState>) -> Result<(), CliError> {
    let repo = ground.branches.repo;
    let step = repo.step(landing, plan.map(|plan| plan.path.as_path()))?;
    let note = ground.context.state.landing();
    // The commits are to be there as long as something names them.
    repo.sync()?;
    let is_over = listen()?;
    write_json(&note, &step)?;
    let taken = repo.take_step(&step, landing.hook, &is_over);
    if !matches!(taken, Err(GitError::HalfDone { .. })) {
        fs::remove_file(&note).map_err(|error| unfinished::not_removed(&note, &error))?;
    }
    match taken.map_err(|error| refused(ground, error))? {
        Advanced::Done => Ok(()),
        Advanced::InTheWay(paths) => {
            Err(not_brought_along(ground, step.checkout.unwrap_or_default().as_path(), &paths))
        }
    }
}

/// From here on Ctrl-C does not end us in the middle: it breaks off a hook, and the landing is taken back then.
fn listen() -> Result<Arc<AtomicBool>, CliError> {
    let is_over = Arc::default();
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&is_over))
            .map_err(|error| CliError::new(Kind::Environment, format!("can't listen to signals: {error}")))?;
    }
    Ok(is_over)
}

fn not_brought_along(ground: &Ground<'_>, checkout: &Path, paths: &[PathBuf]) -> CliError {
    let paths: Vec<_> = paths.iter().map(|path| clean(&path.to_string_lossy())).collect();
    let message = format!(
        "{} can't be brought along in {}: uncommitted work is in the way, in {}; nothing was changed",
        ground.into,
        checkout.display(),
        paths.join(", ")
    );
    CliError::usage(message)
        .hint("commit it, move it away or put it aside (`git stash --include-untracked`), and land again")
}

fn refused(ground: &Ground<'_>, error: GitError) -> CliError {
    match &error {
        GitError::HalfDone { .. } => CliError::from(error).hint("`blueprint land` goes on from there"),
        GitError::BrokenOff { .. } => {
            CliError::new(Kind::BrokenOff, "broken off while your hook ran; nothing was changed")
                .hint(format!("{} is where it was; `blueprint land` begins again", ground.into))
        }
        GitError::HookRefused { .. } => {
            CliError::usage(error).hint(format!("nothing was changed; {} is where it was", ground.into))
        }
        GitError::Unfinished { .. } | GitError::IndexLocked { .. } => {
            CliError::from(error).hint("finish that in the checkout first; nothing was changed")
        }
        _ => CliError::from(error),
    }
}

/// The plan's file, if it is to be committed and lies in a checkout.
fn plan_state(ground: &Ground<'_>) -> Result<Option<PlanState>, CliError> {
    if !ground.context.config()?.config.commit_plan.unwrap_or(true) {
        return Ok(None);
    }
    let path = ground.branches.repo.relative(&ground.context.path);
    Ok(path.map(|path| PlanState {
        file: ground.context.path.clone(),
        path,
        message: pieces::message_of_plan(ground.known),
    }))
}

/// Whoever changed the plan last: what is committed of it says of the project what its tasks say.
fn settle(context: &Context) -> Result<(), CliError> {
    let settled = |now: &Genesis| now.settle_project_status(Work::GoesOn, Timestamp::now());
    let edit = |now: &Genesis| settled(now).map_err(|error| CliError::edit(&error));
    let committed = context.plan_file()?.commit(edit);
    committed.map(drop).map_err(|error| CliError::commit(&context.path, error))
}

fn tell(ground: &Ground<'_>, pieces: &Pieces, landing: &Landing, squash: bool) {
    let into = &ground.into;
    if landing.pieces > 0 {
        output::say(&format!("landed  {} in {into}, {}", pieces.described(), how(landing, squash)));
    }
    tell_of_plan(ground, landing.plan);
    let repo = ground.branches.repo;
    let is_nowhere = repo.checked_out_at(into).is_ok_and(|place| place.is_none());
    if let Some(hook) = landing.hook.filter(|hook| is_nowhere && repo.has_hook(hook).unwrap_or(false)) {
        output::say(&format!("note    {into} is checked out nowhere: your hook `{hook}` was not run"));
    }
}

fn how(landing: &Landing, squash: bool) -> &'static str {
    match (landing.hook, squash) {
        (None, _) => "by fast-forward",
        (Some(_), false) => "by merge",
        (Some(_), true) => "squashed",
    }
}

fn tell_of_plan(ground: &Ground<'_>, plan: PlanFate) {
    let into = &ground.into;
    match plan {
        PlanFate::Nothing => {}
        PlanFate::Committed => {
            output::say(&format!("landed  the plan's state in {into}, as a commit of its own"));
        }
        PlanFate::Left => output::say(&format!(
            "note    {into} has an edit of the plan that this checkout has not: its plan was left as it is"
        )),
    }
}

fn push(ground: &Ground<'_>, remote: &str) -> Result<(), CliError> {
    let repo = ground.branches.repo;
    let place = repo.workdir().unwrap_or(repo.common_dir());
    let branch = ground.into.full();
    let call = Program::new("push", place).args(["push", "--", remote, &format!("{branch}:{branch}")]);
    call.run().map_err(|error| {
        CliError::new(Kind::Environment, error)
            .hint(format!("it has landed here all the same; `git push {remote} {}` tries again", ground.into))
    })?;
    output::say(&format!("pushed  {} to {}", ground.into, clean(remote)));
    Ok(())
}
