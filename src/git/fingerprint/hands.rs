//! Whose hands a change is from: git notes who moves a ref, and who made a commit.

use std::fs;
use std::path::Path;

use git2::{ObjectType, Oid, ReflogEntry, Repository};

use super::{Change, What};
use crate::git::Repo;

/// How many entries of a log are read.
const MOST: usize = 1_000;

impl Repo {
    /// The addresses of those who made that change, as far as git has noted them. Files and settings say nothing of who wrote them.
    pub fn hands(&self, change: &Change) -> Vec<String> {
        match change.what {
            What::Ref => self.open_store().map(|store| of_ref(&store, change)).unwrap_or_default(),
            What::Head => change
                .checkout
                .as_deref()
                .map(|place| of_head(Path::new(place), change.logged))
                .unwrap_or_default(),
            What::Setting | What::Index | What::File | What::Folder => Vec::new(),
        }
    }
}

fn of_ref(store: &Repository, change: &Change) -> Vec<String> {
    let before = change.before.as_deref().and_then(|id| id.parse::<Oid>().ok());
    let Some(after) = change.after.as_deref().and_then(|id| id.parse::<Oid>().ok()) else {
        return Vec::new();
    };
    let mut hands = Vec::new();
    if let Ok(log) = store.reflog(&change.name) {
        let new = log.iter().take(MOST).take_while(|entry| Some(entry.id_new()) != before);
        hands.extend(new.filter_map(|entry| mover(&entry)));
    }
    if hands.is_empty() {
        hands.extend(maker(store, &change.name, after));
    }
    hands
}

/// Our own verbs move refs in the name of the person who calls them, and note that.
fn mover(entry: &ReflogEntry<'_>) -> Option<String> {
    let by = entry.committer();
    let email = by.email().ok()?;
    let is_ours = entry.message().ok().flatten().is_some_and(|why| why.starts_with("blueprint: "));
    Some(if is_ours && !email.starts_with(OURS) { OURS } else { email }.to_owned())
}

/// How our addresses begin, and those of attempts.
const OURS: &str = "blueprint";

/// Where no log is kept. That a tag or a copy of another repository's branch is on a commit says nothing of who put it there.
fn maker(store: &Repository, name: &str, target: Oid) -> Option<String> {
    let object = store.find_object(target, None).ok()?;
    let is_elsewhere = name.starts_with("refs/tags/") || name.starts_with("refs/remotes/");
    let by = match object.kind()? {
        ObjectType::Tag => object.as_tag()?.tagger()?.to_owned(),
        ObjectType::Commit if !is_elsewhere => object.as_commit()?.committer().to_owned(),
        _ => return None,
    };
    by.email().ok().map(str::to_owned)
}

/// From the lines that the log has got since it was so long.
fn of_head(place: &Path, logged: u64) -> Vec<String> {
    let Ok(repository) = Repository::open(place) else { return Vec::new() };
    let log = fs::read(repository.path().join("logs/HEAD")).unwrap_or_default();
    let new = usize::try_from(logged).ok().and_then(|from| log.get(from..)).unwrap_or_default();
    let new = String::from_utf8_lossy(new);
    new.lines().filter_map(|line| Some(line.split_once('<')?.1.split_once('>')?.0.to_owned())).collect()
}
