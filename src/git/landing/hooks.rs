//! The user's own hooks, for commits on the user's own branch.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::git::{GitError, Program, Repo};

/// Runs a hook in a checkout, as git would; one that is not there agrees. Ended when `is_over` is set.
///
/// # Errors
/// [`GitError::HookRefused`], with what it printed.
pub(super) fn run(
    checkout: &Path,
    hook: &'static str,
    arguments: &[&str],
    is_over: &Arc<AtomicBool>,
) -> Result<(), GitError> {
    let call = Program::new("run a hook", checkout).args(["hook", "run", "--ignore-missing", hook, "--"]);
    let ended = call.args(arguments).until(is_over).end()?;
    if ended.code == Some(0) {
        return Ok(());
    }
    let said = [ended.stdout, ended.stderr].concat();
    let said = String::from_utf8_lossy(&said).split_whitespace().collect::<Vec<_>>().join(" ");
    Err(GitError::HookRefused { hook, said })
}

/// The message as the hook `commit-msg` leaves it.
pub(super) fn message(place: &Path, text: String) -> Result<Vec<u8>, GitError> {
    if !is_there(place, "commit-msg")? {
        return Ok(text.into_bytes());
    }
    let file =
        tempfile::NamedTempFile::new().map_err(GitError::io("create a file in", std::env::temp_dir()))?;
    fs::write(file.path(), text).map_err(GitError::io("write", file.path()))?;
    run(place, "commit-msg", &[&file.path().to_string_lossy()], &Arc::default())?;
    fs::read(file.path()).map_err(GitError::io("read", file.path()))
}

fn is_there(place: &Path, hook: &str) -> Result<bool, GitError> {
    let call = Program::new("look for a hook", place);
    let path = call.args(["rev-parse", "--git-path", &format!("hooks/{hook}")]).run()?;
    let path = PathBuf::from(String::from_utf8_lossy(path.trim_ascii_end()).into_owned());
    Ok(place.join(path).exists())
}

impl Repo {
    /// Whether the user has a hook of that name.
    pub fn has_hook(&self, hook: &str) -> Result<bool, GitError> {
        is_there(self.place(), hook)
    }
}
