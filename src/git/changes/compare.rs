//! A change in full: against a commit, or against what lies in a worktree just now.

use std::path::{Path, PathBuf};

use git2::{Delta, Diff, DiffFindOptions, DiffFormat, DiffLineType, DiffOptions, Oid, Patch, Repository};

use crate::git::{GitError, OWN_FOLDER, Repo, Worktree};

/// The later side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Later {
    /// What was committed.
    Commit(Oid),
    /// What lies in a worktree, committed or not; ignored files and [`OWN_FOLDER`] left out.
    Worktree(Worktree),
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Deleted,
    /// Its content or mode is another.
    Modified,
    /// It has another path.
    Renamed,
    /// It was a file, a link or a submodule, and is another of these.
    TypeChanged,
}

/// One file of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Where it is, or was; relative to the root.
    pub path: PathBuf,
    /// Where it was, if that is elsewhere.
    pub old_path: Option<PathBuf>,
    /// What happened.
    pub kind: ChangeKind,
    /// Lines that only the later and only the earlier one has; nothing for a file that is not text.
    pub lines: Option<(usize, usize)>,
}

/// What a line of a patch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// Which files are compared.
    Header,
    /// Which place of them.
    Hunk,
    /// Only the later one has it.
    Added,
    /// Only the earlier one has it.
    Removed,
    /// Both have it.
    Context,
}

impl Repo {
    /// The files that differ from `base`, in the order of their paths. Nothing is written.
    pub fn changes(&self, base: Oid, later: &Later) -> Result<Vec<FileChange>, GitError> {
        self.with_diff(base, later, |diff| {
            let mut files = Vec::new();
            for (at, delta) in diff.deltas().enumerate() {
                let (old, new) = (delta.old_file().path(), delta.new_file().path());
                let Some(path) = new.or(old).filter(|path| !path.starts_with(OWN_FOLDER)) else { continue };
                files.push(FileChange {
                    path: path.to_owned(),
                    old_path: old.filter(|old| *old != path).map(Path::to_owned),
                    kind: kind(delta.status()),
                    lines: lines(diff, at)?,
                });
            }
            Ok(files)
        })
    }

    /// The change as a patch that `git apply` takes, line by line; a line ends as it does in its file.
    pub fn patch(
        &self,
        base: Oid,
        later: &Later,
        mut line: impl FnMut(LineKind, &[u8]),
    ) -> Result<(), GitError> {
        self.with_diff(base, later, |diff| {
            diff.print(DiffFormat::Patch, |delta, _, found| {
                let path = delta.new_file().path().or(delta.old_file().path());
                if !path.is_some_and(|path| path.starts_with(OWN_FOLDER)) {
                    let (kind, mark) = meaning(found.origin_value());
                    line(kind, &[mark, found.content()].concat());
                }
                true
            })
        })
    }

    fn with_diff<T>(
        &self,
        base: Oid,
        later: &Later,
        then: impl FnOnce(&Diff<'_>) -> Result<T, git2::Error>,
    ) -> Result<T, GitError> {
        let repository = match later {
            Later::Commit(_) => self.open_store()?,
            Later::Worktree(worktree) => worktree.open()?,
        };
        let done = diff(&repository, base, later).and_then(|diff| then(&diff));
        done.map_err(GitError::git("compare", self.place()))
    }
}

fn diff<'r>(repository: &'r Repository, base: Oid, later: &Later) -> Result<Diff<'r>, git2::Error> {
    let base = repository.find_commit(base)?.tree()?;
    let mut options = DiffOptions::new();
    options.include_typechange(true).show_binary(true);
    let mut diff = match later {
        Later::Commit(commit) => {
            let later = repository.find_commit(*commit)?.tree()?;
            repository.diff_tree_to_tree(Some(&base), Some(&later), Some(&mut options))?
        }
        Later::Worktree(_) => {
            options.include_untracked(true).recurse_untracked_dirs(true).show_untracked_content(true);
            repository.diff_tree_to_workdir_with_index(Some(&base), Some(&mut options))?
        }
    };
    diff.find_similar(Some(DiffFindOptions::new().renames(true).for_untracked(true)))?;
    Ok(diff)
}

fn lines(diff: &Diff<'_>, at: usize) -> Result<Option<(usize, usize)>, git2::Error> {
    let Some(patch) = Patch::from_diff(diff, at)? else { return Ok(None) };
    if patch.delta().flags().is_binary() {
        return Ok(None);
    }
    let (_, added, removed) = patch.line_stats()?;
    Ok(Some((added, removed)))
}

fn kind(status: Delta) -> ChangeKind {
    match status {
        Delta::Added | Delta::Untracked | Delta::Copied => ChangeKind::Added,
        Delta::Deleted => ChangeKind::Deleted,
        Delta::Renamed => ChangeKind::Renamed,
        Delta::Typechange => ChangeKind::TypeChanged,
        Delta::Unmodified | Delta::Modified | Delta::Ignored | Delta::Unreadable | Delta::Conflicted => {
            ChangeKind::Modified
        }
    }
}

/// What it is, and what stands before it in a patch.
fn meaning(line: DiffLineType) -> (LineKind, &'static [u8]) {
    match line {
        DiffLineType::Addition => (LineKind::Added, b"+"),
        DiffLineType::Deletion => (LineKind::Removed, b"-"),
        DiffLineType::Context => (LineKind::Context, b" "),
        DiffLineType::HunkHeader => (LineKind::Hunk, b""),
        DiffLineType::FileHeader | DiffLineType::Binary => (LineKind::Header, b""),
        // "\ No newline at end of file", with the line break that the line before it lacks.
        DiffLineType::ContextEOFNL | DiffLineType::AddEOFNL | DiffLineType::DeleteEOFNL => {
            (LineKind::Context, b"")
        }
    }
}
