use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use thiserror::Error;

use super::copy::{Copied, copy_tree};
use crate::git::{GitError, Worktree};

/// Something ignored that lies in the user's checkout, and is to be in every worktree, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bring {
    path: PathBuf,
    how: How,
}

/// How something gets into a worktree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum How {
    /// Copied; where the file system can, so that both share the disk's blocks until one is changed.
    #[default]
    Copy,
    /// Only so that they share blocks: left out where the file system can't.
    Reflink,
    /// As a symbolic link into the checkout: what an agent changes there, it changes for all.
    Symlink,
}

impl Bring {
    /// A file or folder, by its path relative to the checkout.
    ///
    /// # Errors
    /// Why the path can't be meant: it leads elsewhere, is the checkout itself, or git's own folder.
    pub fn new(path: &Path, how: How) -> Result<Self, &'static str> {
        let mut parts = Vec::new();
        for part in path.components() {
            match part {
                Component::CurDir => {}
                Component::Normal(name) if name.eq_ignore_ascii_case(".git") => {
                    return Err("is git's own");
                }
                Component::Normal(name) => parts.push(name),
                Component::ParentDir => return Err("leads out of the checkout"),
                Component::RootDir | Component::Prefix(_) => return Err("is not relative to the checkout"),
            }
        }
        if parts.is_empty() {
            return Err("names nothing in the checkout");
        }
        Ok(Self { path: parts.iter().collect(), how })
    }

    /// Where it is, relative to the checkout.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it gets into a worktree.
    pub fn how(&self) -> How {
        self.how
    }
}

/// Why something could not be brought.
#[derive(Debug, Error)]
pub enum BringError {
    /// The disk refused something.
    #[error("can't {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Git could not say what is ignored.
    #[error(transparent)]
    Git(Box<GitError>),
}

impl BringError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

/// What was brought, and what there is to say of the rest.
#[derive(Debug, Default)]
pub(in crate::run) struct Brought {
    pub(in crate::run) paths: Vec<PathBuf>,
    pub(in crate::run) notes: Vec<String>,
}

/// Brings all that is wanted from the checkout into a worktree that is new. Whatever the worktree has already, it has from git: that stays
/// as it is.
pub(super) fn bring(wanted: &[Bring], checkout: &Path, worktree: &Worktree) -> Result<Brought, BringError> {
    let checkout = fs::canonicalize(checkout).map_err(BringError::io("find", checkout))?;
    let mut brought = Brought::default();
    for item in wanted {
        let note = match found(item, &checkout, worktree)? {
            Err(why_not) => Some(why_not.to_owned()),
            Ok(source) => brought.take(item, &source, &checkout, worktree.path())?,
        };
        let note = note.map(|note| format!("bring: `{}` {note}", item.path.display()));
        brought.notes.extend(note);
    }
    Ok(brought)
}

impl Brought {
    /// Brings one thing; gives what there is to say of it.
    fn take(
        &mut self,
        item: &Bring,
        source: &Path,
        checkout: &Path,
        worktree: &Path,
    ) -> Result<Option<String>, BringError> {
        let target = worktree.join(&item.path);
        if !make_way(worktree, &item.path)? {
            return Ok(Some("is not brought: a folder above it is none in the worktree".to_owned()));
        }
        match item.how {
            How::Symlink if target.symlink_metadata().is_ok() => {
                Ok(Some("is not linked: the worktree has it from git".to_owned()))
            }
            How::Symlink => {
                std::os::unix::fs::symlink(source, &target).map_err(BringError::io("make link", &target))?;
                self.paths.push(item.path.clone());
                Ok(None)
            }
            How::Copy | How::Reflink => {
                let copied = copy_tree(source, &target, item.how, checkout, worktree)?;
                if copied.brought {
                    self.paths.push(item.path.clone());
                }
                Ok(remark(copied))
            }
        }
    }
}

fn remark(copied: Copied) -> Option<String> {
    if copied.without_reflink {
        return Some(
            "is not brought: the file system can't share its blocks (`how = \"reflink\"`)".to_owned(),
        );
    }
    let Copied { left_out, first, .. } = copied;
    let first = first?.display().to_string();
    Some(match left_out {
        1 => format!("is brought without `{first}`, which leads out of the checkout or is no file"),
        more => format!(
            "is brought without `{first}` and {} more, which lead out of the checkout or are no files",
            more - 1
        ),
    })
}

/// Where the thing really is, or why it stays there.
fn found(
    item: &Bring,
    checkout: &Path,
    worktree: &Worktree,
) -> Result<Result<PathBuf, &'static str>, BringError> {
    let place = checkout.join(&item.path);
    let source = match fs::canonicalize(&place) {
        Ok(source) => source,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Err("is not in the checkout, and so in no worktree"));
        }
        Err(error) => return Err(BringError::io("find", &place)(error)),
    };
    let inside = source.strip_prefix(checkout);
    let is_git = inside.as_ref().is_ok_and(|inside| inside.starts_with(".git"));
    if inside.is_err() || is_git || source == checkout {
        return Ok(Err("is not brought: it is a link that leads out of the checkout"));
    }
    if worktree.path().starts_with(&source) {
        return Ok(Err("is not brought: the worktrees are in there"));
    }
    // To git a link is no folder.
    if !worktree.ignores(&item.path, source.is_dir() && item.how != How::Symlink)? {
        return Ok(Err(
            "is not brought: git does not ignore it there, so that it would be committed (add it to .gitignore, and \
                       commit that)",
        ));
    }
    Ok(Ok(source))
}

/// Makes the folders above a path; false where something else than a folder is in the way: through a link one would leave the worktree.
fn make_way(worktree: &Path, path: &Path) -> Result<bool, BringError> {
    let mut folder = worktree.to_owned();
    for part in path.parent().into_iter().flat_map(Path::components) {
        folder.push(part);
        match folder.symlink_metadata() {
            Ok(there) if there.is_dir() => {}
            Ok(_) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir(&folder).map_err(BringError::io("create folder", &folder))?;
            }
            Err(error) => return Err(BringError::io("look at", &folder)(error)),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
