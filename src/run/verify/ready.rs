//! The worktree in which what is merged is tried: at the commit, and made ready as those of attempts are.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use tokio::task::spawn_blocking;

use crate::git::{GitError, Oid};
use crate::run::attempt::{Link, Message};
use crate::run::job::Common;
use crate::run::provision::{NotSetUp, PortBlock};
use crate::run::step::StepPlace;
use crate::run::workplace::explained;

/// In the worktree's own git folder: what was to be brought is there.
const BROUGHT: &str = "blueprint-brought";

/// Why nothing can be tried there.
pub(super) enum Unready {
    /// It was told to end.
    Stopped,
    /// For that reason.
    Failed(String),
}

/// Brings the worktree at `folder` to the commit, and runs the setup steps there: they may do otherwise at each commit. What was brought
/// stays, and what steps have made and git ignores. Gives the variables for who works in it.
pub(super) async fn ready(
    common: &Arc<Common>,
    commit: Oid,
    folder: &Path,
    ports: Option<&PortBlock>,
    logs: &Path,
    link: &Link,
) -> Result<Vec<(OsString, OsString)>, Unready> {
    let stand = {
        let (common, folder) = (Arc::clone(common), folder.to_owned());
        move || stand(&common, &folder, commit)
    };
    let notes = match spawn_blocking(stand).await {
        Ok(Ok(notes)) => notes,
        Ok(Err(why)) => return Err(Unready::Failed(why)),
        Err(bug) => return Err(Unready::Failed(format!("a bug in blueprint: {bug}"))),
    };
    for note in notes.into_iter().filter(|note| common.provisions.is_new(note)) {
        let _ = link.messages.send(Message::Note(note));
    }
    let env = common.provisions.environment(ports).map_err(|error| Unready::Failed(error.to_string()))?;
    let own = [("GENESIS_FILE_PATH", common.genesis.as_path()), ("WORKTREE_PATH", folder)];
    let own = own.into_iter().map(|(name, value)| (name.into(), value.into()));
    let env: Vec<_> = own.chain(env).collect();
    let place = StepPlace { means: common.means(), folder, env: &env, logs, slug: "", confined_as: None };
    match common.provisions.set_up(place, link).await {
        Ok(()) => Ok(env),
        Err(NotSetUp::Stopped) => Err(Unready::Stopped),
        Err(NotSetUp::Failed(why)) => Err(Unready::Failed(why)),
    }
}

/// What there is to say of what was brought.
fn stand(common: &Common, folder: &Path, commit: Oid) -> Result<Vec<String>, String> {
    let said = |error: GitError| explained(&error);
    common.repo.stand_at(folder, &common.refs, commit).map_err(said)?;
    // Goes with the worktree.
    let brought = common.repo.worktree(folder).git_dir().map_err(said)?.join(BROUGHT);
    if brought.exists() {
        return Ok(Vec::new());
    }
    let notes = common.provisions.bring(&common.repo, folder).map_err(|error| error.to_string())?.notes;
    fs::write(&brought, "").map_err(|error| format!("can't write {}: {error}", brought.display()))?;
    Ok(notes)
}
