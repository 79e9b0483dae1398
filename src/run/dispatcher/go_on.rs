//! Attempts that go on with an earlier one: after an answer, with what a gate has found, and after an end that was no fault of theirs.

use super::Dispatcher;
use crate::genesis::Status;
use crate::plan::{Ending, TaskId};
use crate::run::budget::Fit;
use crate::run::continuing::Continuing;
use crate::run::history::GoingOn;
use crate::run::job::{Entry, Report};
use crate::run::{Cause, Isolation, RunError, RunEvent, TaskHistory};

impl Dispatcher<'_> {
    /// The next attempt at the task begins at once, and goes on with the one that has just ended, as the journal says: the task stays in
    /// progress, and no retry is used up. A run that is about to end leaves that to the next one.
    pub(super) fn go_on(&mut self, task: &TaskId, report: &Report) -> Result<(), RunError> {
        if self.stage.is_some() || self.ground.plan.find(task.as_str()).is_none() {
            return self.end(task, report, Status::Pending, Ending::Interrupted, Cause::Interrupted);
        }
        if self.fit(task) != Fit::Now {
            let attempt = self.attempt_number(task);
            let description =
                format!("attempt {attempt} {}; its agent is to go on", report.outcome.sentence());
            return self.wait_for_share(task, &description);
        }
        let number = self.next_attempt(task)?;
        let why = match report.outcome {
            _ if report.lost_session => {
                "lost its session, and begins a new one with what it has made so far".to_owned()
            }
            outcome => match report.detail.as_deref().and_then(first_said) {
                Some(found) => format!("{}: {found}", outcome.sentence()),
                None => outcome.sentence().to_owned(),
            },
        };
        self.tell(RunEvent::Note(format!("{task} {why}; its agent goes on, in attempt {number}")));
        self.spawn(task, number, Entry::Fresh)?;
        self.tries.entry(task.clone()).and_modify(|tries| *tries -= 1);
        Ok(())
    }

    /// The earlier attempt that one at the task goes on with, if it does not begin afresh.
    pub(super) fn continuing(&self, task: &TaskId, entry: &Entry) -> Option<Continuing> {
        let story = self.books.history().task(task.as_str())?;
        let going_on = match entry {
            Entry::Resumed(resumed) => story.as_recorded(resumed.started.continues.as_ref()?)?,
            Entry::Fresh | Entry::Prepared(_) => self.going_on(task, story)?,
        };
        Some(Continuing::new(story, &going_on))
    }

    /// Only in the place that it had, and only where its runner can is a session taken up again.
    fn going_on<'h>(&self, task: &TaskId, story: &'h TaskHistory) -> Option<GoingOn<'h>> {
        let cast = self.ground.casting.get(task)?;
        let runner = Some(cast.runner.name()).filter(|_| cast.runner.can_resume());
        let found = story.going_on(runner).filter(|found| found.with.started.isolation == cast.isolation)?;
        let has_tree = cast.isolation != Isolation::Worktree || found.with.commit().is_some();
        has_tree.then_some(found)
    }
}

/// What stands in the first line, and in the next one where that only announces it; for the middle of a sentence.
fn first_said(found: &str) -> Option<String> {
    let mut lines = found.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next()?;
    let all = match lines.next().filter(|_| first.ends_with(':')) {
        Some(next) => format!("{first} {next}"),
        None => first.to_owned(),
    };
    Some(all.trim_end_matches(['.', ':']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::first_said;

    #[test]
    fn what_was_found_is_told_and_not_only_that_something_was() {
        let of = |text: &str| first_said(text).unwrap();
        assert_eq!(
            of("the review `r` has findings:\n\nno test at all\nno docs"),
            "the review `r` has findings: no test at all"
        );
        assert_eq!(
            of("the gate `g` printed no number.\nIt printed at its end:\nx"),
            "the gate `g` printed no number"
        );
        assert_eq!(of("findings:"), "findings");
    }
}
