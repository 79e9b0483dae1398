//! A new repository from a folder as it is.

use std::path::Path;

use git2::{IndexAddOption, Oid, Repository, RepositoryInitOptions};

use super::{Authorship, GitError, Message};

/// Makes a repository in `folder` with one commit of everything in it that is not ignored, on a branch `main`.
///
/// # Errors
/// [`GitError`] when libgit2 refuses.
pub fn init_with_everything(folder: &Path, message: &str) -> Result<Oid, GitError> {
    let made = || -> Result<Oid, git2::Error> {
        let repository =
            Repository::init_opts(folder, RepositoryInitOptions::new().initial_head("main").no_reinit(true))?;
        let mut index = repository.index()?;
        index.add_all(["*"], IndexAddOption::DEFAULT, None)?;
        index.write()?;
        let tree = repository.find_tree(index.write_tree()?)?;
        let now = git2::Signature::now("blueprint", "blueprint@localhost")?.when().seconds();
        let by = Authorship::own().signature(now)?;
        repository.commit(Some("HEAD"), &by, &by, &Message::new(message).render(), &tree, &[])
    };
    made().map_err(GitError::git("make a repository", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_in_the_first_commit_and_the_checkout_is_clean() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("d")).unwrap();
        std::fs::write(folder.path().join("d/f"), "x").unwrap();
        let commit = init_with_everything(folder.path(), "first").unwrap();
        let repo = super::super::Repo::discover(folder.path()).unwrap().unwrap();
        assert_eq!(repo.head_commit().unwrap(), commit);
        assert!(repo.uncommitted(10).unwrap().paths.is_empty());
        assert!(repo.is_tracked(commit, Path::new("d/f")).unwrap());
    }
}
