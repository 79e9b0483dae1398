use std::path::Path;

use super::DEFAULT;
use crate::git::Repo;

/// `--remote`, for verbs that a person calls.
#[derive(Debug, Default, clap::Args)]
pub(in crate::cli) struct RemoteArgs {
    /// The plan's state in a git remote, as `run --ci` keeps it there, in place of this clone's [default NAME: origin].
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "origin")]
    remote: Option<String>,
}

impl RemoteArgs {
    /// The remote, if one is meant, and the arguments: what follows the flag may be the first of these.
    pub(in crate::cli) fn split(&self, arguments: &[String]) -> (Option<String>, Vec<String>) {
        let Some(name) = &self.remote else { return (None, arguments.to_vec()) };
        if is_remote(name) {
            return (Some(name.clone()), arguments.to_vec());
        }
        let arguments = std::iter::once(name).chain(arguments).cloned().collect();
        (Some(DEFAULT.to_owned()), arguments)
    }
}

/// Where no repository is found, that is told of later.
fn is_remote(name: &str) -> bool {
    let repo = Repo::discover(Path::new(".")).ok().flatten();
    let known = repo.and_then(|repo| repo.remotes().ok()).unwrap_or_default();
    name == DEFAULT || known.iter().any(|known| known == name)
}
