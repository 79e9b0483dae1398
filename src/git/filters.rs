//! What the repository's attributes ask of git that libgit2 does not do: filter drivers and encodings of files.

use std::fs;

use git2::{Config, ObjectType, Oid, Repository, TreeWalkMode, TreeWalkResult};

use super::{GitError, Repo};

const ATTRIBUTES: &str = ".gitattributes";
/// A driver is one that has a program for either direction.
const PROGRAMS: [&str; 3] = ["clean", "smudge", "process"];

impl Repo {
    /// Refuses a commit whose attributes send files through a filter that is configured here (LFS, git-crypt …), or give them another
    /// encoding: agents would see such files raw, and what they write would be committed raw, secrets included.
    pub fn refuse_filters(&self, commit: Oid) -> Result<(), GitError> {
        let repository = self.open_here()?;
        let failed = |error| GitError::git("read the attributes", self.place())(error);
        let config = repository.config().and_then(|mut config| config.snapshot()).map_err(failed)?;
        let mut texts = attribute_files(&repository, commit).map_err(failed)?;
        texts.extend(fs::read_to_string(self.common_dir().join("info/attributes")));
        match texts.iter().find_map(|text| filtered(text, &config)) {
            None => Ok(()),
            Some(what) => Err(GitError::Filtered { path: self.place().to_owned(), what }),
        }
    }
}

fn attribute_files(repository: &Repository, commit: Oid) -> Result<Vec<String>, git2::Error> {
    let tree = repository.find_commit(commit)?.tree()?;
    let mut found = Vec::new();
    tree.walk(TreeWalkMode::PreOrder, |_, entry| {
        if entry.kind() == Some(ObjectType::Blob) && entry.name_bytes() == ATTRIBUTES.as_bytes() {
            found.push(entry.id());
        }
        TreeWalkResult::Ok
    })?;
    let read = |id| repository.find_blob(id).map(|blob| String::from_utf8_lossy(blob.content()).into_owned());
    found.into_iter().map(read).collect()
}

/// The first line of an attributes file that asks for what we can't do.
fn filtered(text: &str, config: &Config) -> Option<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let mut words = lines.flat_map(|line| {
        let mut words = line.split_whitespace();
        let pattern = words.next().unwrap_or_default();
        words.map(move |word| (pattern, word))
    });
    words.find_map(|(pattern, word)| match word.split_once('=')? {
        ("filter", name) if is_driver(name, config) => {
            Some(format!("`{pattern}` goes through the filter `{name}`"))
        }
        ("working-tree-encoding", name) => Some(format!("`{pattern}` is kept in the encoding {name}")),
        _ => None,
    })
}

fn is_driver(name: &str, config: &Config) -> bool {
    PROGRAMS.iter().any(|program| config.get_str(&format!("filter.{name}.{program}")).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        Config::open(file.path()).unwrap().snapshot().unwrap()
    }

    #[test]
    fn only_filters_that_are_configured_and_encodings_count() {
        let config = config("[filter \"rot\"]\n\tclean = tr a-z n-za-m\n");
        let found = |text: &str| filtered(text, &config);
        assert_eq!(found("*.txt text\n# *.x filter=rot\n*.bin filter=lfs -text"), None);
        assert_eq!(
            found("a b\nsecret* -text filter=rot").unwrap(),
            "`secret*` goes through the filter `rot`"
        );
        assert_eq!(
            found("*.c working-tree-encoding=UTF-16").unwrap(),
            "`*.c` is kept in the encoding UTF-16"
        );
    }

    #[test]
    fn a_repository_with_a_filter_is_refused_and_one_without_is_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        fs::write(folder.path().join("sub/.gitattributes"), "s* filter=rot\n").unwrap();
        let commit = super::super::init_with_everything(folder.path(), "first").unwrap();
        let repo = Repo::discover(folder.path()).unwrap().unwrap();
        assert!(repo.refuse_filters(commit).is_ok(), "no such filter is configured");
        let mut config = Repository::open(folder.path()).unwrap().config().unwrap();
        config.set_str("filter.rot.clean", "cat").unwrap();
        assert!(matches!(repo.refuse_filters(commit), Err(GitError::Filtered { .. })));
    }
}
