//! What the project's status is, as its tasks stand: the one rule of it.

use super::counts::Counts;
use super::{ProjectStatus, Status};

/// Whether work may still go on, or has come to its end for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Some of what is open may be done yet: what has failed alone does not decide.
    GoesOn,
    /// A run has done all that it could.
    Rests,
}

impl Counts {
    /// The project's status with tasks like these, where `said` is what it was; `said` itself where nothing of it is untrue.
    ///
    /// That it is put aside or given up is a person's word, and stays until all is done.
    pub(super) fn project(self, said: Option<ProjectStatus>, work: Work) -> Option<ProjectStatus> {
        if self.total == 0 {
            return said;
        }
        if self.completed == self.total {
            return Some(ProjectStatus::Completed);
        }
        match said {
            Some(ProjectStatus::OnHold | ProjectStatus::Cancelled) => said,
            _ if self.in_progress > 0 => Some(ProjectStatus::InProgress),
            _ if self.has_failed(said, work) => Some(ProjectStatus::Failed),
            None | Some(ProjectStatus::Planning) if !self.has_begun() => said,
            None
            | Some(
                ProjectStatus::Planning
                | ProjectStatus::InProgress
                | ProjectStatus::Completed
                | ProjectStatus::Failed,
            ) => Some(ProjectStatus::InProgress),
        }
    }

    /// The same after one task has become `to`: where one is begun, nothing is put aside any more.
    pub(super) fn project_after(self, to: Status, said: Option<ProjectStatus>) -> Option<ProjectStatus> {
        let said = said.filter(|_| to != Status::InProgress);
        self.project(said, Work::GoesOn)
    }

    fn has_failed(self, said: Option<ProjectStatus>, work: Work) -> bool {
        let is_over = self.completed + self.failed == self.total;
        let is_said = said == Some(ProjectStatus::Failed);
        self.failed > 0 && (is_over || is_said || work == Work::Rests)
    }

    fn has_begun(self) -> bool {
        self.completed + self.in_progress + self.failed + self.blocked > 0
    }
}

#[cfg(test)]
mod tests {
    use super::Work::{GoesOn, Rests};
    use super::{Counts, Status};
    use crate::genesis::ProjectStatus::{self, Cancelled, Completed, Failed, InProgress, OnHold, Planning};

    fn counts(words: &str) -> Counts {
        words.chars().fold(Counts::default(), |counts, letter| {
            let status = match letter {
                'c' => Status::Completed,
                'i' => Status::InProgress,
                'f' => Status::Failed,
                'b' => Status::Blocked,
                _ => Status::Pending,
            };
            counts.with(status)
        })
    }

    fn after(words: &str, said: ProjectStatus) -> ProjectStatus {
        counts(words).project(Some(said), GoesOn).unwrap()
    }

    #[test]
    fn it_is_completed_when_all_are_and_only_then() {
        for said in ProjectStatus::ALL {
            assert_eq!(after("cc", said), Completed, "{said}");
            for open in ["cp", "ci", "cf", "cb"] {
                assert_ne!(after(open, Completed), Completed, "{open}");
            }
        }
    }

    #[test]
    fn it_has_failed_when_nothing_is_left_or_nobody_goes_on() {
        assert_eq!(after("cf", InProgress), Failed);
        assert_eq!(after("fp", InProgress), InProgress);
        assert_eq!(counts("fp").project(Some(InProgress), Rests), Some(Failed));
        assert_eq!(after("fp", Failed), Failed);
        assert_eq!(after("cp", Failed), InProgress, "what had failed is done");
        assert_eq!(after("fi", Failed), InProgress);
    }

    #[test]
    fn a_persons_word_stays_until_somebody_begins() {
        for said in [OnHold, Cancelled] {
            assert_eq!(after("cp", said), said);
            assert_eq!(counts("ip").project_after(Status::InProgress, Some(said)), Some(InProgress));
        }
        assert_eq!(after("pp", Planning), Planning);
        assert_eq!(after("bp", Planning), InProgress);
        assert_eq!(counts("pp").project(None, GoesOn), None);
        assert_eq!(Counts::default().project(Some(Planning), GoesOn), Some(Planning));
    }
}
