//! What stands around a plan and should fit it: its configuration, and its agents' definitions.

mod agents;
mod configs;

use std::path::{Path, PathBuf};

use super::casting::agent_folders;
use super::config;
use crate::agent::Catalogue;
use crate::genesis::{Diagnostic, Genesis};
use crate::git::Repo;

/// A file, and what is wrong with it.
#[derive(Debug)]
pub(super) struct Examined {
    pub(super) path: PathBuf,
    /// The text that the spans of the diagnostics point into.
    pub(super) source: String,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// What does not fit a plan.
#[derive(Debug, Default)]
pub(super) struct Misfits {
    /// In the plan: agents that nobody has defined.
    pub(super) in_plan: Vec<Diagnostic>,
    /// In other files.
    pub(super) elsewhere: Vec<Examined>,
}

/// Looks around the plan at `path` (absolute).
pub(super) fn look_around(path: &Path, genesis: &Genesis) -> Misfits {
    let folder = path.parent().unwrap_or(Path::new("/"));
    // A repository that git itself cannot open is no fault of the plan's.
    let repo = Repo::discover(folder).ok().flatten();
    let root = repo.as_ref().and_then(Repo::workdir);
    match config::load(folder, root) {
        // Who plays which agent, and where definitions are, can't be known then.
        Err(error) => Misfits { elsewhere: vec![configs::unreadable(folder, error)], ..Misfits::default() },
        Ok(loaded) => {
            let folders = agent_folders(&loaded, root.unwrap_or(folder));
            let catalogue = Catalogue::read(&folders);
            let in_plan = agents::check(genesis, &loaded.config, &catalogue);
            let elsewhere = configs::check(folder, root, &loaded, genesis);
            Misfits { in_plan, elsewhere }
        }
    }
}
