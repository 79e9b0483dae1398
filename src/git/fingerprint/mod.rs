//! What of a repository only its owners' hands may change, as it is at one moment: refs, settings and hooks, and every checkout with its
//! `HEAD`, index and what in it is not committed.
//!
//! It is cheap: unchanged files are known by their stat data, as git knows them by its index, and no content is read but that of hooks
//! and settings.

mod checkout;
mod differences;
mod hands;
mod settings;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use git2::Repository;
use serde::{Deserialize, Serialize};

use super::remote::TRACKED;
use super::{GitError, Repo};
use checkout::Checkout;
pub use differences::{Change, What};

/// A repository at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// By full name: the id, or `ref: ` and another ref.
    pub(super) refs: BTreeMap<String, String>,
    /// By path: a digest of what is in the file.
    pub(super) settings: BTreeMap<String, String>,
    /// By path.
    pub(super) checkouts: BTreeMap<String, Checkout>,
}

/// What of it is looked at.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// Checkouts that are left out, because somebody works in them.
    pub busy: &'a [PathBuf],
    /// Only the checkout that the repository was found from.
    pub only_here: bool,
    /// Files (absolute) that are ours to write.
    pub is_ours: &'a dyn Fn(&Path) -> bool,
}

impl Repo {
    /// The repository as it is now. Nothing is written, not even an index.
    pub fn fingerprint(&self, scope: Scope<'_>) -> Result<Fingerprint, GitError> {
        let store = self.open_store()?;
        Ok(Fingerprint {
            refs: refs(&store).map_err(GitError::git("read the refs", self.place()))?,
            settings: settings::of(self, &store),
            checkouts: checkout::all(self, scope)?,
        })
    }
}

fn refs(store: &Repository) -> Result<BTreeMap<String, String>, git2::Error> {
    let mut refs = BTreeMap::new();
    for found in store.references()?.flatten() {
        let name = String::from_utf8_lossy(found.name_bytes()).into_owned();
        // What was last seen of a remote: our own processes move these beside any attempt, and nothing is lost with them.
        if name.starts_with(TRACKED) {
            continue;
        }
        let symbolic =
            found.symbolic_target_bytes().map(|to| format!("ref: {}", String::from_utf8_lossy(to)));
        if let Some(target) = symbolic.or_else(|| found.target().map(|id| id.to_string())) {
            refs.insert(name, target);
        }
    }
    Ok(refs)
}
