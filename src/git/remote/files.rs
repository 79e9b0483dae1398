//! Small files in a commit of their own, which a ref can hold: made, and read.

use std::path::Path;

use git2::{ErrorCode, Repository};
use jiff::Timestamp;

use crate::git::{Authorship, GitError, Message, Oid, Program, Repo};

impl Repo {
    /// A commit of ours with nothing but these files (names without slashes) in it. The same files, parents, message and second give the same id.
    pub fn store_files(
        &self,
        files: &[(&str, &[u8])],
        parents: &[Oid],
        message: &Message,
        at: Timestamp,
    ) -> Result<Oid, GitError> {
        let store = self.open_store()?;
        let stored = || -> Result<Oid, git2::Error> {
            let mut tree = store.treebuilder(None)?;
            for (name, bytes) in files {
                tree.insert(name, store.blob(bytes)?, git2::FileMode::Blob.into())?;
            }
            let tree = store.find_tree(tree.write()?)?;
            let parents = parents.iter().map(|id| store.find_commit(*id)).collect::<Result<Vec<_>, _>>()?;
            let by = Authorship::own().signature(at.as_second())?;
            store.commit(None, &by, &by, &message.render(), &tree, &parents.iter().collect::<Vec<_>>())
        };
        stored().map_err(GitError::git("store files", self.place()))
    }

    /// A file of a commit, by its path from the root; `None` if the commit has no such file.
    pub fn file_at(&self, commit: Oid, path: &Path) -> Result<Option<Vec<u8>>, GitError> {
        let store = self.open_store()?;
        match found(&store, commit, path) {
            Ok(Some(id)) => self.content(&store, id).map(Some),
            Ok(None) => Ok(None),
            Err(error) => Err(GitError::git("read a file of a commit", self.place())(error)),
        }
    }

    fn content(&self, store: &Repository, id: Oid) -> Result<Vec<u8>, GitError> {
        match store.find_blob(id) {
            Ok(blob) => Ok(blob.content().to_vec()),
            // A partial clone: git gets it from where it is.
            Err(_) => {
                Program::new("read a file", self.place()).args(["cat-file", "blob", &id.to_string()]).run()
            }
        }
    }
}

fn found(store: &Repository, commit: Oid, path: &Path) -> Result<Option<Oid>, git2::Error> {
    let tree = store.find_commit(commit)?.tree()?;
    match tree.get_path(path) {
        Ok(entry) if entry.kind() == Some(git2::ObjectType::Blob) => Ok(Some(entry.id())),
        Ok(_) => Ok(None),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
