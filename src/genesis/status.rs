//! The words for a task's and for the project's status, in every spelling that occurs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The status of one task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Not begun.
    Pending,
    /// An agent, or a person, is at it.
    InProgress,
    /// Done.
    Completed,
    /// Tried, and not done.
    Failed,
    /// Waits for a person.
    Blocked,
    /// Will not be done.
    Cancelled,
}

/// The status of the whole project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProjectStatus {
    /// Nothing has been begun.
    Planning,
    /// Some task has been begun.
    InProgress,
    /// All is done.
    Completed,
    /// Given up.
    Cancelled,
    /// Ended with failed tasks.
    Failed,
    /// Put aside.
    OnHold,
}

impl Status {
    /// All of them, in the order of a task's life.
    pub const ALL: [Status; 6] = [
        Status::Pending,
        Status::InProgress,
        Status::Completed,
        Status::Failed,
        Status::Blocked,
        Status::Cancelled,
    ];

    /// The status that `word` means, in any of the spellings found in real files; `None` for words
    /// that mean none, such as `created`. Upper and lower case are the same.
    pub fn from_word(word: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| is_one_of(word, status.spellings()))
    }

    /// The canonical word.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::InProgress => "in-progress",
            Status::Completed => "completed",
            Status::Failed => "failed",
            Status::Blocked => "blocked",
            Status::Cancelled => "cancelled",
        }
    }

    fn spellings(self) -> &'static [&'static str] {
        match self {
            Status::Pending => &["pending", "planned", "todo"],
            Status::InProgress => IN_PROGRESS,
            Status::Completed => COMPLETED,
            Status::Failed => FAILED,
            Status::Blocked => &["blocked", "waiting"],
            Status::Cancelled => &["cancelled", "canceled", "skipped"],
        }
    }
}

impl ProjectStatus {
    /// All of them, in the order of a project's life.
    pub const ALL: [ProjectStatus; 6] = [
        ProjectStatus::Planning,
        ProjectStatus::InProgress,
        ProjectStatus::Completed,
        ProjectStatus::Cancelled,
        ProjectStatus::Failed,
        ProjectStatus::OnHold,
    ];

    /// The status that `word` means, in any spelling found in real files.
    pub fn from_word(word: &str) -> Option<ProjectStatus> {
        ProjectStatus::ALL.into_iter().find(|status| is_one_of(word, status.spellings()))
    }

    /// The canonical word.
    pub fn as_str(self) -> &'static str {
        match self {
            ProjectStatus::Planning => "planning",
            ProjectStatus::InProgress => "in-progress",
            ProjectStatus::Completed => "completed",
            ProjectStatus::Cancelled => "cancelled",
            ProjectStatus::Failed => "failed",
            ProjectStatus::OnHold => "on-hold",
        }
    }

    fn spellings(self) -> &'static [&'static str] {
        match self {
            ProjectStatus::Planning => &["planning", "planned", "pending"],
            ProjectStatus::InProgress => IN_PROGRESS,
            ProjectStatus::Completed => COMPLETED,
            ProjectStatus::Cancelled => &["cancelled", "canceled"],
            ProjectStatus::Failed => FAILED,
            ProjectStatus::OnHold => &["on-hold", "on_hold", "onHold", "paused"],
        }
    }
}

const IN_PROGRESS: &[&str] = &["in-progress", "in_progress", "inProgress", "started", "working", "running"];
const COMPLETED: &[&str] = &["completed", "complete", "done"];
const FAILED: &[&str] = &["failed", "error"];

fn is_one_of(word: &str, spellings: &[&str]) -> bool {
    let word = word.trim();
    spellings.iter().any(|spelling| spelling.eq_ignore_ascii_case(word))
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for ProjectStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{ProjectStatus, Status};

    #[test]
    fn every_status_reads_its_own_word_back() {
        for status in Status::ALL {
            assert_eq!(Status::from_word(status.as_str()), Some(status));
            let json = serde_json::to_string(&status).unwrap();
            assert_eq!(json, format!("\"{status}\""));
        }
        for status in ProjectStatus::ALL {
            assert_eq!(ProjectStatus::from_word(status.as_str()), Some(status));
        }
    }

    #[test]
    fn no_spelling_means_two_statuses() {
        for status in Status::ALL {
            for word in status.spellings() {
                assert_eq!(Status::from_word(word), Some(status), "{word}");
            }
        }
        for status in ProjectStatus::ALL {
            for word in status.spellings() {
                assert_eq!(ProjectStatus::from_word(word), Some(status), "{word}");
            }
        }
    }

    #[test]
    fn other_words_mean_none() {
        for word in ["created", "", "in progress", "complet"] {
            assert_eq!(Status::from_word(word), None, "{word}");
        }
        assert_eq!(Status::from_word(" DONE\n"), Some(Status::Completed));
    }
}
