//! A run as the log of a CI service shows it: tasks that fold away, marks for what failed, a summary, values for later jobs.
//!
//! What agents say is hostile here: a line of the log can be a command to the service, a cell of a table can end the table. Nothing gets
//! through that the service takes for anything but text.

mod facts;
mod folded;
mod github;
mod gitlab;
mod summary;

pub use facts::{dotenv, github_outputs};
pub use folded::{Folded, MakeReadable};
pub use summary::job_summary;

/// A CI service whose log knows more than lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
}

impl Service {
    /// The one that this process runs in, by its environment.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Option<Service> {
        let is_set = |name: &str| variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        match () {
            () if is_set("GITHUB_ACTIONS") => Some(Self::Github),
            () if is_set("GITLAB_CI") => Some(Self::Gitlab),
            () => None,
        }
    }

    /// A line that the service takes for nothing but a line.
    fn tamed(self, line: &str) -> String {
        match self {
            Self::Github => github::tamed(line),
            // Its marks need control characters, and those never come so far.
            Self::Gitlab => line.to_owned(),
        }
    }
}
