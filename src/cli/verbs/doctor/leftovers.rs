//! What runs, landings and agents that were killed have left behind.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::Check;
use crate::cli::branches::Branches;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::help_line::plan_words;
use crate::genesis::Genesis;
use crate::git::{Found, Repo, epic_slug};
use crate::plan::{self, Plan};
use crate::run::{History, Record, abandoned_rehearsals, ledger};
use crate::store::{Lock, RunLock, StateDir, is_temp_of, read_records};

pub(super) fn check(context: &Context, genesis: &Genesis, checks: &mut Vec<Check>) {
    let before = checks.len();
    let looked = look(context, genesis, checks);
    if let Err(error) = looked {
        checks.push(Check::failed("leftovers", error));
    }
    if checks.len() == before {
        checks.push(Check::fine("leftovers", "nothing was left behind by anybody"));
    }
}

fn look(context: &Context, genesis: &Genesis, checks: &mut Vec<Check>) -> Result<(), CliError> {
    let plan_word = plan_words(&context.path);
    let is_live = RunLock::live_owner(&context.state.run_lock())?.is_some();
    let found = read_records::<Record>(&context.state.journal())?;
    if found.unreadable > 0 {
        let text = format!("{} lines of the journal can't be read", found.unreadable);
        checks.push(Check::note("leftovers", text, "they are passed over; a crash may have torn one"));
    }
    let history = History::from_records(found.records);
    if context.state.landing().exists() && Lock::try_take(&context.state.landing_lock())?.is_some() {
        let hint = format!("`blueprint land {plan_word}` ends it");
        checks.push(Check::wrong("leftovers", "a landing has broken off in the middle", hint));
    }
    temp_files(context, is_live, checks);
    let Some(repo) = &context.repo else { return Ok(()) };
    locks(repo, is_live, checks);
    gone_plans(context, repo, checks)?;
    let now = ledger::caught_up(genesis.clone(), &history).map_err(|error| CliError::edit(&error))?;
    let Ok(plan) = plan::load(&now) else { return Ok(()) };
    if !is_live {
        dead_runs(context, &plan, &now, &history, &plan_word, checks);
    }
    let branches = Branches::of(context, &plan, &history)?;
    orphans(context, &branches, &plan, &history, &plan_word, checks)
}

/// In progress by a run that is gone; its agent may still be at work.
fn dead_runs(
    context: &Context,
    plan: &Plan,
    genesis: &Genesis,
    history: &History,
    word: &str,
    checks: &mut Vec<Check>,
) {
    let is_ours =
        |id: &str| genesis.task(id).is_some_and(|task| ledger::is_ours(history.task(id), genesis, task));
    let left: Vec<_> = plan.tasks().map(|(_, task)| task.id.as_str()).filter(|id| is_ours(id)).collect();
    if !left.is_empty() {
        let text = format!("in progress by a run that is gone: {}", left.join(", "));
        checks.push(Check::note("leftovers", text, format!("`blueprint run {word}` goes on with that")));
    }
    for (id, story) in history.tasks() {
        let Some(last) = story.last_attempt() else { continue };
        let dir = context.state.attempt(&last.started.slug, last.started.attempt);
        if dir.lock().exists() && matches!(Lock::try_take(&dir.lock()), Ok(None)) {
            let text = format!("an agent is at work on {id}, and no run is live");
            checks.push(Check::note("leftovers", text, format!("`blueprint run {word}` takes it up")));
        }
    }
}

/// Branches and worktrees that nobody needs any more, and registrations of worktrees that are gone.
fn orphans(
    context: &Context,
    branches: &Branches<'_>,
    plan: &Plan,
    history: &History,
    word: &str,
    checks: &mut Vec<Check>,
) -> Result<(), CliError> {
    let (repo, refs) = (branches.repo, &branches.refs);
    let gone: Vec<_> = branches.slugs().filter(|(id, _)| plan.find(id).is_none()).collect();
    let has_branch = |slug: &str| repo.target(&refs.branch(slug).full()).is_ok_and(|tip| tip.is_some());
    let left: Vec<_> = gone.iter().filter(|(_, slug)| has_branch(slug)).map(|(id, _)| *id).collect();
    if !left.is_empty() {
        let text = format!("branches of tasks that are in the plan no more: {}", left.join(", "));
        checks.push(Check::note("leftovers", text, format!("`blueprint clean {word}` shows what can go")));
    }
    let own: BTreeSet<_> = branches.slugs().map(|(_, slug)| refs.branch(slug)).collect();
    let verification = verification(context, branches, word, checks)?;
    for (path, branch) in repo.worktrees()? {
        let is_own =
            branch.is_some_and(|branch| own.contains(&branch)) || Some(&path) == verification.as_ref();
        if is_own && repo.worktree_at(&path)? == Found::Nothing {
            let text = format!("a worktree is registered whose folder is gone: {}", path.display());
            checks.push(Check::note("leftovers", text, "`git worktree prune` takes it off the list"));
        }
    }
    for left in abandoned_rehearsals(&context.state) {
        let text = format!("a worktree of a `doctor --live` that was killed: {}", left.worktree.display());
        let hint =
            format!("`blueprint clean {word}` shows what can go; the next `doctor --live` removes it, too");
        checks.push(Check::note("leftovers", text, hint));
    }
    trash(history, checks);
    Ok(())
}

/// The worktree in which what is merged is tried, wherever it is or would be; said of one that nothing is tried in any more.
fn verification(
    context: &Context,
    branches: &Branches<'_>,
    word: &str,
    checks: &mut Vec<Check>,
) -> Result<Option<PathBuf>, CliError> {
    let Some(path) = branches.verified_in(context)? else { return Ok(None) };
    let is_there = matches!(branches.repo.worktree_at(&path)?, Found::Ours(_));
    if is_there && context.config()?.config.verify_integration.is_none() {
        let text = format!(
            "a worktree for `verify-integration`, which is not configured any more: {}",
            path.display()
        );
        checks.push(Check::note("leftovers", text, format!("`blueprint clean {word}` shows what can go")));
    }
    Ok(Some(path))
}

fn trash(history: &History, checks: &mut Vec<Check>) {
    let worktrees =
        history.tasks().flat_map(|(_, story)| &story.attempts).map(|attempt| &attempt.started.worktree);
    let folders: BTreeSet<_> = worktrees.filter_map(|path| path.parent()).collect();
    let is_trash = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with('.') && name.contains(".trash-")
    };
    for path in folders.iter().copied().flat_map(entries).filter(is_trash) {
        let text = format!("a removed worktree that is not yet deleted: {}", path.display());
        checks.push(Check::note("leftovers", text, "delete that folder, if nobody is just doing so"));
    }
    let is_aside =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().contains(".aside-"));
    for path in folders.into_iter().flat_map(entries).filter(is_aside) {
        let text = format!("what lay in a folder that was no worktree any more: {}", path.display());
        checks.push(Check::note("leftovers", text, "delete it when you need nothing of it"));
    }
}

fn temp_files(context: &Context, is_live: bool, checks: &mut Vec<Check>) {
    if is_live {
        return;
    }
    let is_temp = |path: &PathBuf| is_temp_of(&context.path, path);
    for path in entries(context.folder()).filter(is_temp) {
        let text = format!("a save of the plan that was broken off: {}", path.display());
        checks.push(Check::note("leftovers", text, "the next run removes it"));
    }
}

/// Locks of git's that no git holds are in everybody's way.
fn locks(repo: &Repo, is_live: bool, checks: &mut Vec<Check>) {
    let common = repo.common_dir();
    let mut found: Vec<_> =
        ["index.lock", "HEAD.lock", "config.lock", "packed-refs.lock"].map(|name| common.join(name)).into();
    found.extend(entries(&common.join("worktrees")).map(|admin| admin.join("index.lock")));
    for lock in found.into_iter().filter(|lock| lock.exists()) {
        let text = format!("a lock of git's: {}", lock.display());
        let hint = "if no git program is at work there, remove the file";
        checks.push(if is_live {
            Check::note("leftovers", text, hint)
        } else {
            Check::wrong("leftovers", text, hint)
        });
    }
}

/// State and refs of plans whose file is there no more.
fn gone_plans(context: &Context, repo: &Repo, checks: &mut Vec<Check>) -> Result<(), CliError> {
    let root = context.state.path().parent().unwrap_or(Path::new("/"));
    let cards = StateDir::all(root);
    for (folder, plan, _) in cards.iter().filter(|(_, plan, _)| !plan.exists()) {
        let text = format!("the state of a plan that is gone ({}): {}", plan.display(), folder.display());
        checks.push(Check::note("leftovers", text, "remove that folder, if the plan does not come back"));
    }
    let known: BTreeSet<_> =
        cards.iter().filter(|(_, plan, _)| plan.exists()).map(|(_, _, epic)| epic.clone()).collect();
    let own = epic_slug(&context.epic);
    for epic in repo.epics()?.into_iter().filter(|epic| *epic != own && !known.contains(epic)) {
        let text = format!("refs of a plan that is gone: refs/blueprint/{epic}");
        let hint = format!("they keep its work; `git for-each-ref refs/blueprint/{epic}` lists them");
        checks.push(Check::note("leftovers", text, hint));
    }
    Ok(())
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path())
}
