//! Who the user is, by git's own rules.

use std::path::Path;

use git2::{Config, Repository};

use crate::git::{Authorship, GitError, Program, Repo};

impl Repo {
    /// The name and address that git would put under the user's commits.
    ///
    /// # Errors
    /// [`GitError::Program`] in git's words if it does not know.
    pub fn identity(&self) -> Result<Authorship, GitError> {
        let call = Program::new("tell who you are", self.place()).args(["var", "GIT_AUTHOR_IDENT"]);
        let printed = call.run()?;
        let text = String::from_utf8_lossy(&printed);
        // `Name <address> seconds zone`
        let (name, rest) = text.rsplit_once('<').unwrap_or((&text, ""));
        let address = rest.split('>').next().unwrap_or_default();
        Ok(Authorship::of_person(name.trim(), address))
    }
}

/// The `user.name` that git has in the repository around `place`, or without one; nothing where it has none.
pub fn user_name(place: &Path) -> Option<String> {
    let config = Repository::discover(place).and_then(|repository| repository.config());
    config.or_else(|_| Config::open_default()).ok()?.get_string("user.name").ok()
}
