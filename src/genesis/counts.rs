//! How many tasks there are of each kind, as the counters of a document put it.

use super::form::Names;
use super::{Status, Task};

/// The number of tasks in each list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    pub(super) total: usize,
    pub(super) completed: usize,
    pub(super) in_progress: usize,
    pub(super) failed: usize,
    pub(super) blocked: usize,
}

impl Counts {
    /// Counts `tasks`, the task `changed` as if it had the status given with it. A cancelled task
    /// stands in the list of the failed ones and is counted with them.
    pub(super) fn of(tasks: &[Task], changed: Option<(&str, Status)>) -> Counts {
        let status = |task: &Task| match changed {
            Some((id, status)) if id == task.id => status,
            _ => task.status,
        };
        Self::by(tasks, |_, task| status(task))
    }

    /// Counts `tasks`, each with the status that it is said to have.
    pub(super) fn by(tasks: &[Task], status: impl Fn(usize, &Task) -> Status) -> Counts {
        let statuses = tasks.iter().enumerate().map(|(index, task)| status(index, task));
        statuses.fold(Counts::default(), Counts::with)
    }

    /// The same with one more task.
    pub(super) fn with(mut self, status: Status) -> Counts {
        self.total += 1;
        if let Some(count) = self.of_status(status) {
            *count += 1;
        }
        self
    }

    /// The same after a task has become `to` that was `from`.
    pub(super) fn moved(mut self, from: Status, to: Status) -> Counts {
        if let Some(count) = self.of_status(from) {
            *count = count.saturating_sub(1);
        }
        if let Some(count) = self.of_status(to) {
            *count += 1;
        }
        self
    }

    fn of_status(&mut self, status: Status) -> Option<&mut usize> {
        match status {
            Status::Completed => Some(&mut self.completed),
            Status::InProgress => Some(&mut self.in_progress),
            Status::Failed | Status::Cancelled => Some(&mut self.failed),
            Status::Blocked => Some(&mut self.blocked),
            Status::Pending => None,
        }
    }

    /// Each counter's name and what it should say.
    pub(super) fn counters(self, names: &Names) -> [(&'static str, String); 5] {
        let counters = &names.counters;
        [
            (counters.total, self.total.to_string()),
            (counters.completed, self.completed.to_string()),
            (counters.in_progress, self.in_progress.to_string()),
            (counters.failed, self.failed.to_string()),
            (counters.percentage, self.percentage()),
        ]
    }

    /// With at most two decimals, rounded, and none that are zero: `50`, `33.33`.
    fn percentage(self) -> String {
        let total = self.total.max(1);
        let hundredths = (self.completed * 10_000 + total / 2) / total;
        let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// Whether two counters mean one number, however it is written.
pub(super) fn same_number(a: &str, b: &str) -> bool {
    let number = |text: &str| text.trim().trim_end_matches('%').trim_end().parse::<f64>().ok();
    match (number(a), number(b)) {
        (Some(a), Some(b)) => (a - b).abs() < 0.005,
        _ => false,
    }
}

/// Whether a counter says what it should. Percentages are rounded in many ways, and none of them is worth a warning.
pub(super) fn agrees(names: &Names, name: &str, said: &str, expected: &str) -> bool {
    let percentage = |text: &str| text.trim().trim_end_matches('%').parse::<f64>().ok();
    if name != names.counters.percentage {
        return same_number(said, expected);
    }
    percentage(said).zip(percentage(expected)).is_some_and(|(a, b)| (a - b).abs() < 1.0)
}

#[cfg(test)]
mod tests {
    use super::{Counts, same_number};

    #[test]
    fn percentages_are_as_simple_as_they_can_be() {
        let percentage = |completed, total| Counts { total, completed, ..Counts::default() }.percentage();
        assert_eq!(percentage(0, 0), "0");
        assert_eq!(percentage(0, 4), "0");
        assert_eq!(percentage(1, 2), "50");
        assert_eq!(percentage(1, 3), "33.33");
        assert_eq!(percentage(2, 3), "66.67");
        assert_eq!(percentage(1, 8), "12.5");
        assert_eq!(percentage(10, 10), "100");
    }

    #[test]
    fn numbers_are_compared_not_their_spelling() {
        assert!(same_number("0.0", "0") && same_number(" 50 % ", "50"));
        assert!(!same_number("33", "33.33") && !same_number("many", "many"));
    }
}
