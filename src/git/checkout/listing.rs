//! What a commit's tree holds, in the order of an index, read once.

use git2::{Oid, Repository, Tree, TreeEntry};

use super::super::worktree::path_of;

/// The modes of entries, as trees have them.
const TREE: i32 = 0o040_000;
const PLAIN: i32 = 0o100_644;
const EXECUTABLE: i32 = 0o100_755;
const LINK: i32 = 0o120_000;
const SUBMODULE: i32 = 0o160_000;
/// No path of a checkout is longer: the system would refuse it.
const LONGEST: usize = 4_000;

/// All files of a tree and the folders that they are in, both in the order of the index.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// The root is the first.
    pub(super) folders: Vec<Folder>,
    pub(super) files: Vec<File>,
    /// The contents of all `.gitattributes`.
    pub(super) attributes: Vec<String>,
    /// Something that is git's to judge: a submodule, a name that may mean more than it seems to. The listing ends there.
    pub(super) oddity: Option<String>,
}

/// A folder of the tree.
#[derive(Debug)]
pub(super) struct Folder {
    /// From the root, ending in a slash; empty for the root.
    pub(super) path: Vec<u8>,
    /// Where its name begins in the path.
    pub(super) name_at: usize,
    pub(super) id: Oid,
    /// How many files are in it and below it.
    pub(super) files: usize,
    /// How many folders are in it, but not those below them.
    pub(super) folders: usize,
}

/// A file or symbolic link of the tree.
#[derive(Debug)]
pub(super) struct File {
    /// From the root.
    pub(super) path: Vec<u8>,
    /// Where its name begins in the path.
    pub(super) name_at: usize,
    /// Its folder's place in the list of those.
    pub(super) folder: usize,
    pub(super) id: Oid,
    pub(super) kind: Kind,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Executable,
    Link,
}

/// A folder that is being read.
struct Open<'repo> {
    tree: Tree<'repo>,
    /// The entry to read next.
    next: usize,
    /// Its place in the list.
    folder: usize,
    /// How many files there were before it.
    before: usize,
}

impl Listing {
    /// Reads the tree of a commit.
    pub(super) fn of(repository: &Repository, commit: Oid) -> Result<Self, git2::Error> {
        let mut listing = Self::default();
        let root = repository.find_commit(commit)?.tree()?;
        // Not by recursion: a tree may be deeper than any stack.
        let mut open = vec![listing.enter(root, Vec::new(), 0)];
        while let Some(top) = open.last_mut() {
            let folder = top.folder;
            let Some(entry) = top.tree.get(top.next) else {
                listing.leave(folder, top.before);
                open.pop();
                continue;
            };
            top.next += 1;
            listing.oddity = listing.oddity_of(&entry, folder);
            if listing.oddity.is_some() {
                return Ok(listing);
            }
            let (path, name_at) = listing.path(&entry, folder);
            if entry.filemode_raw() == TREE {
                let tree = repository.find_tree(entry.id())?;
                let below = listing.enter(tree, path, name_at);
                listing.count_folder(folder);
                drop(entry);
                open.push(below);
            } else {
                listing.take(repository, &entry, path, name_at, folder)?;
            }
        }
        Ok(listing)
    }

    fn enter<'r>(&mut self, tree: Tree<'r>, mut path: Vec<u8>, name_at: usize) -> Open<'r> {
        if !path.is_empty() {
            path.push(b'/');
        }
        let (folder, before) = (self.folders.len(), self.files.len());
        self.folders.push(Folder { path, name_at, id: tree.id(), files: 0, folders: 0 });
        Open { tree, next: 0, folder, before }
    }

    fn leave(&mut self, folder: usize, before: usize) {
        let files = self.files.len() - before;
        if let Some(folder) = self.folders.get_mut(folder) {
            folder.files = files;
        }
        if files == 0 && folder > 0 {
            self.oddity = Some("a folder without files".to_owned());
        }
    }

    fn count_folder(&mut self, within: usize) {
        if let Some(folder) = self.folders.get_mut(within) {
            folder.folders += 1;
        }
    }

    fn take(
        &mut self,
        repository: &Repository,
        entry: &TreeEntry<'_>,
        path: Vec<u8>,
        name_at: usize,
        folder: usize,
    ) -> Result<(), git2::Error> {
        let kind = match entry.filemode_raw() {
            EXECUTABLE => Kind::Executable,
            LINK => Kind::Link,
            _ => Kind::Plain,
        };
        if kind != Kind::Link && entry.name_bytes() == b".gitattributes" {
            let blob = repository.find_blob(entry.id())?;
            self.attributes.push(String::from_utf8_lossy(blob.content()).into_owned());
        }
        self.files.push(File { path, name_at, folder, id: entry.id(), kind });
        Ok(())
    }

    /// The path of an entry, and where its name begins.
    fn path(&self, entry: &TreeEntry<'_>, folder: usize) -> (Vec<u8>, usize) {
        let above = self.folders.get(folder).map(|folder| folder.path.as_slice()).unwrap_or_default();
        ([above, entry.name_bytes()].concat(), above.len())
    }

    /// Why an entry is none that we check out.
    fn oddity_of(&self, entry: &TreeEntry<'_>, folder: usize) -> Option<String> {
        // One that was found when a folder was left.
        if self.oddity.is_some() {
            return self.oddity.clone();
        }
        let (path, _) = self.path(entry, folder);
        let is_link = entry.filemode_raw() == LINK;
        let what = match entry.filemode_raw() {
            SUBMODULE => "the submodule",
            TREE | PLAIN | EXECUTABLE | LINK => {
                let in_order = self.files.last().is_none_or(|last| last.path < path);
                let is_plain = in_order && path.len() < LONGEST && is_plain_name(entry.name_bytes(), is_link);
                return (!is_plain).then(|| format!("the odd path `{}`", path_of(&path).display()));
            }
            _ => "the mode of",
        };
        Some(format!("{what} `{}`", path_of(&path).display()))
    }
}

/// Whether a name is nothing but a name on every system: not git's own folder in any of its spellings, no way up, no separator.
fn is_plain_name(name: &[u8], is_link: bool) -> bool {
    let lower = name.to_ascii_lowercase();
    let may_be_gits = match lower.strip_prefix(b".git") {
        // What git reads may be no link, and other systems pass over what follows.
        Some(rest) => {
            is_link || !rest.first().is_some_and(|next| next.is_ascii_alphanumeric() || b"-_".contains(next))
        }
        None => lower.starts_with(b"git~"),
    };
    let is_way = name.is_empty() || name == b"." || name == b"..";
    !may_be_gits && !is_way && !name.iter().any(|byte| matches!(byte, b'/' | b'\\' | b'\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_be_gits_own_on_some_system_are_left_to_git() {
        for odd in
            [".git", ".GIT", ".git ", ".git.", ".git::$INDEX", "git~1", "GIT~2", "..", ".", "", "a\\b", "a/b"]
        {
            assert!(!is_plain_name(odd.as_bytes(), false), "{odd:?}");
        }
        for plain in [".gitignore", ".github", ".git-x", "git", "gitx", "a b", "ü", "...", "-"] {
            assert!(is_plain_name(plain.as_bytes(), false), "{plain:?}");
        }
        assert!(!is_plain_name(b".gitmodules", true), "git refuses such links");
    }
}
