//! Repositories that belong to another user: opened where git itself would work in them, and nowhere else.
//!
//! libgit2 looks for `safe.directory` in fewer places than git does: not in `$GIT_CONFIG_GLOBAL`, `$GIT_CONFIG_SYSTEM` or
//! `$GIT_CONFIG_COUNT`, by which containers and CI services say it. So git is asked, and what it says holds.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use git2::{ErrorCode, Repository};

use super::GitError;
use super::program::Program;

/// Whether libgit2 has been told to leave the question of the owner to us.
static IS_OURS_TO_ASK: AtomicBool = AtomicBool::new(false);
/// What git says before the path in its own advice, in all of its versions.
const ADVICE: &str = "--add safe.directory ";

/// The repository that holds `path`, as libgit2 finds it; one of another user only if git accepts it.
pub(super) fn discover(path: &Path) -> Result<Result<Repository, git2::Error>, GitError> {
    let is_asked = IS_OURS_TO_ASK.load(Ordering::Acquire);
    match Repository::discover(path) {
        Err(error) if error.code() == ErrorCode::Owner => {
            ask_git(path)?;
            leave_it_to_us();
            Ok(Repository::discover(path))
        }
        // Of this one libgit2 has not looked whose it is.
        Ok(found) if is_asked => ask_git(path).map(|()| Ok(found)),
        found => Ok(found),
    }
}

/// An error if git refuses the repository for its owner. Where there is no git program, nobody has said that it may be used.
fn ask_git(path: &Path) -> Result<(), GitError> {
    let folder = path.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
    let asked = Program::new("ask whose it is", folder).args(["rev-parse", "--git-dir"]).end();
    let said = match asked {
        Ok(ended) if ended.code == Some(0) => return Ok(()),
        Ok(ended) => String::from_utf8_lossy(&ended.stderr).into_owned(),
        Err(_) => String::new(),
    };
    let named = said.lines().find_map(|line| line.split_once(ADVICE)).map(|(_, path)| path.trim());
    let path = named.map_or_else(|| folder.to_owned(), |path| PathBuf::from(path.trim_matches('\'')));
    Err(GitError::NotYours { path })
}

#[expect(unsafe_code, reason = "the only way to tell libgit2; it is a flag of the whole process")]
fn leave_it_to_us() {
    // SAFETY: it sets one flag, which libgit2 only ever reads. The first repository that a process looks for comes here before it has
    // started threads that open one.
    let told = unsafe { git2::opts::set_verify_owner_validation(false) };
    IS_OURS_TO_ASK.store(told.is_ok(), Ordering::Release);
}
