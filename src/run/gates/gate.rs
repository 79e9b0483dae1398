use std::collections::BTreeSet;
use std::path::PathBuf;

use globset::{GlobBuilder, GlobSet};

use super::{Bounds, Patience};
use crate::run::settings::Cast;
use crate::run::step::Step;

/// Before the name of whoever reviews.
const REVIEW_BY: &str = "review by ";
/// What plays whoever reviews, where work is counted by who did it.
pub const REVIEW: &str = "review";

/// Who reviewed, where what was done is a review.
pub(in crate::run) fn reviewer_of(by: &str) -> Option<&str> {
    by.strip_prefix(REVIEW_BY)
}

/// Who is asked at a gate that a person opens.
pub(super) const APPROVAL: &str = "approval";

/// What finished work has to pass.
#[derive(Clone)]
pub struct Gate {
    /// What it is called, in messages and in the configuration.
    pub name: String,
    /// How it is found out whether the work passes.
    pub check: Check,
    /// Only the work of these agents; of all, if nothing is said.
    pub agents: Option<BTreeSet<String>>,
    /// Only the work of these tasks; of all, if nothing is said.
    pub tasks: Option<BTreeSet<String>>,
    /// Only work that changes these files.
    pub when: When,
    /// Whether it may run at the same time as the gates beside it that may, too.
    pub parallel: bool,
}

/// How it is found out whether work passes a gate.
#[derive(Clone)]
pub enum Check {
    /// A command has to succeed.
    Command(CommandGate),
    /// Another agent looks at it.
    Review(Reviewer),
    /// A person looks at it.
    Approve,
}

/// A command that has to succeed, and perhaps to print a number that is good enough.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandGate {
    /// What is run, in the task's worktree.
    pub step: Step,
    /// What it has to print.
    pub metric: Option<Metric>,
    /// So often the agent is told what is missing.
    pub patience: Patience,
}

/// A number that a command prints.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// What it is called in the command's output, or the way to it in a JSON document: names and numbers with dots between them.
    pub path: String,
    /// What it has to be; nothing, if the plan says that, by a quality attribute of the gate's name.
    pub bounds: Option<Bounds>,
}

/// The agent that looks at the work of others.
#[derive(Clone)]
pub struct Reviewer {
    /// Who plays it, and how long it may take.
    pub cast: Cast,
    /// So often the other agent is told what it found.
    pub patience: Patience,
}

/// Which files work has to change so that a gate matters.
#[derive(Debug, Clone, Default)]
pub struct When(Option<GlobSet>);

impl Gate {
    /// So often the agent is told that it did not pass; a person's word does not count.
    pub(super) fn patience(&self) -> Option<Patience> {
        match &self.check {
            Check::Command(command) => Some(command.patience),
            Check::Review(reviewer) => Some(reviewer.patience),
            Check::Approve => None,
        }
    }

    /// Whether it has to come to a number.
    pub(super) fn is_metric(&self) -> bool {
        matches!(&self.check, Check::Command(command) if command.metric.is_some())
    }

    /// What it does: its command, or who looks at the work. That tells it from another one of that name, when it is asked whether work has
    /// passed it before.
    pub(in crate::run) fn fingerprint(&self) -> String {
        match &self.check {
            Check::Command(command) => command.step.command.to_string(),
            Check::Review(reviewer) => format!("{REVIEW_BY}{}", reviewer.cast.agent),
            Check::Approve => APPROVAL.to_owned(),
        }
    }
}

impl When {
    /// From patterns such as `src/**`, relative to the repository's root: `*` stays within a folder, `**` does not.
    ///
    /// # Errors
    /// What is wrong with the first pattern that is none.
    pub fn changed(patterns: &[String]) -> Result<Self, String> {
        let mut set = GlobSet::builder();
        for pattern in patterns {
            let glob = GlobBuilder::new(pattern.trim_start_matches("./")).literal_separator(true).build();
            set.add(glob.map_err(|error| error.to_string())?);
        }
        set.build().map(|set| Self(Some(set))).map_err(|error| error.to_string())
    }

    /// Whether it depends on what the work changes.
    pub(super) fn is_always(&self) -> bool {
        self.0.is_none()
    }

    /// Whether it matters for work that changes these files.
    pub(super) fn holds(&self, changed: &[PathBuf]) -> bool {
        self.0.as_ref().is_none_or(|set| changed.iter().any(|path| set.is_match(path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_matters_where_the_work_changes_one_of_its_files() {
        let when = When::changed(&["src/**".to_owned(), "./*.toml".to_owned()]).unwrap();
        assert!(when.holds(&["docs/a.md".into(), "src/a/b.rs".into()]));
        assert!(when.holds(&["Cargo.toml".into()]) && !when.holds(&["a/Cargo.toml".into()]));
        assert!(!when.holds(&[]));
        assert!(When::default().holds(&[]) && When::default().is_always());
        assert!(When::changed(&["a/[".to_owned()]).unwrap_err().contains("a/["));
    }
}
