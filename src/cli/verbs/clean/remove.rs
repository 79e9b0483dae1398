//! Taking it away.

use std::fs;
use std::path::Path;

use super::found::{Item, Sort};
use crate::cli::branches::Branches;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::git::{BranchName, GitError, finish_removals};
use crate::run::abandoned_rehearsals;

/// How the folder ends that worktrees lie in unless the configuration says otherwise.
const FOLDER: &str = ".worktrees";

/// In the order given; whoever is killed on the way does the rest when called again.
pub(super) fn all(
    context: &Context,
    branches: &Branches<'_>,
    items: &[Item],
    force: bool,
) -> Result<(), CliError> {
    for left in abandoned_rehearsals(&context.state) {
        left.remove(branches.repo)?;
    }
    let is_there = |item: &&Item| !item.is_makeshift || item.path.exists();
    let worktrees = items.iter().filter(is_there).filter(|item| item.kind == Sort::Worktree);
    let removed = worktrees
        .clone()
        .try_for_each(|item| one(branches, item, force).map_err(|error| explained(item, error)));
    // Until then they lie beside where they were.
    finish_removals();
    let all = items.iter().filter(|item| item.kind == Sort::Worktree);
    all.for_each(|item| remove_empty_folders(&item.path, branches.refs.epic()));
    removed?;
    for item in items.iter().filter(|item| item.kind != Sort::Worktree) {
        one(branches, item, force).map_err(|error| explained(item, error))?;
        if item.kind == Sort::State {
            fs::remove_dir_all(context.state.path()).map_err(|error| {
                let place = context.state.path().display();
                CliError::new(Kind::Environment, format!("can't remove {place}: {error}"))
            })?;
        }
    }
    Ok(())
}

fn one(branches: &Branches<'_>, item: &Item, force: bool) -> Result<(), GitError> {
    let repo = branches.repo;
    match (item.kind, item.at) {
        (Sort::Worktree, _) => {
            if force || item.is_makeshift {
                repo.remove_worktree_with_its_work(&item.path)?;
            } else {
                repo.remove_worktree(&item.path)?;
            }
        }
        (Sort::Branch, Some(tip)) => {
            let Some(branch) = BranchName::new(item.name.as_str()) else { return Ok(()) };
            if let Some(path) = repo.checked_out_at(&branch)? {
                return Err(GitError::BranchInUse { branch: item.name.clone(), path });
            }
            repo.delete_ref(&branch.full(), tip)?;
        }
        (Sort::Ref, Some(tip)) => repo.delete_ref(&item.name, tip)?,
        (Sort::Branch | Sort::Ref | Sort::State, _) => {}
    }
    Ok(())
}

/// The folders above that were made for worktrees alone.
fn remove_empty_folders(worktree: &Path, epic: &str) {
    let is_ours = |folder: &&Path| {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name == epic || name.ends_with(FOLDER)
    };
    for folder in worktree.ancestors().skip(1).take_while(is_ours) {
        // One that is not empty stays.
        if fs::remove_dir(folder).is_err() {
            return;
        }
    }
}

fn explained(item: &Item, error: GitError) -> CliError {
    let error = CliError::from(error);
    let message = format!("can't remove the {} {}: {}", item.kind.as_str(), item.name, error.message);
    let hint =
        error.hint.unwrap_or_else(|| "what came before it is gone; call it again for the rest".to_owned());
    CliError::new(error.kind, message).hint(hint)
}
