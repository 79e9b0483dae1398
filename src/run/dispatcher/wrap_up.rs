//! The end of a run: what it came to.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Dispatcher;
use crate::agent::Outcome;
use crate::genesis::{Status, Work};
use crate::plan::{Ending, State, TaskId, TaskIndex};
use crate::run::attempt::Message;
use crate::run::record::Fact;
use crate::run::{Cause, Root, RunError, RunSpan, Summary, TaskHistory, Verdict};

impl Dispatcher<'_> {
    /// Waits for attempts that were told to end, when nothing can be recorded any more.
    pub(super) async fn await_attempts(&mut self) {
        self.spending.waiting.clear();
        while let Some(message) = self.inbox.pop_front() {
            self.let_go(message);
        }
        while !self.running.is_empty() {
            let Some(message) = self.messages.recv().await else { return };
            self.let_go(message);
        }
    }

    /// An attempt that waits for an answer gets none, and gives up.
    fn let_go(&mut self, message: Message) {
        match message {
            Message::Over(task, _) | Message::MayMerge(task, _) | Message::Broken(task, _) => {
                self.running.remove(&task);
            }
            Message::Ended(ended, _) => self.forget(Some(&ended.task)),
            Message::Record(fact, _) => self.forget(task_of(&fact)),
            Message::Saved
            | Message::Verified(..)
            | Message::Replied(..)
            | Message::Begun(_)
            | Message::Seen(_)
            | Message::Running { .. }
            | Message::Said(..)
            | Message::Overtime(_)
            | Message::Note(_)
            | Message::Using(..)
            | Message::ShareAsked(_)
            | Message::Retired(..)
            | Message::Warning(..) => {}
        }
    }

    /// The attempt has given up, or will.
    pub(super) fn forget(&mut self, task: Option<&TaskId>) {
        if let Some(task) = task {
            self.running.remove(task);
        }
    }

    pub(super) fn finish(&mut self, by_term: bool) -> Result<Summary, RunError> {
        self.books.save_here()?;
        // Somebody may have put an older file back while the run lasted.
        self.look_until_settled()?;
        self.tell_still_refused();
        let mut summary = self.summary(by_term);
        let work = work_after(summary.verdict);
        self.books.stage(move |now| now.settle_project_status(work, jiff::Timestamp::now()))?;
        self.settle()?;
        let (run, exit) = (self.common.run.clone(), summary.verdict.exit_code());
        let budget = (summary.verdict == Verdict::OverBudget).then_some(self.settings.budget);
        let needed = summary.budget.as_ref().and_then(|budget| budget.needed).filter(|_| budget.is_some());
        self.record(Fact::RunEnded { run, exit, budget, needed })?;
        self.books.sync()?;
        // As everybody will read it who asks later.
        let span = self.books.history().runs().last();
        summary.duration = span.map_or(summary.duration, RunSpan::length);
        Ok(summary)
    }

    fn summary(&self, by_term: bool) -> Summary {
        let tasks = self.books.genesis().tasks().iter();
        let statuses = tasks.filter_map(|task| self.books.status(&task.id));
        let summary = Summary {
            verdict: Verdict::Completed,
            completed: statuses.filter(|status| *status == Status::Completed).count(),
            total: self.ground.plan.len(),
            done_now: self.done_now,
            roots: self.roots(),
            failed: self.all(|state| matches!(state, State::Ended(Ending::Failed | Ending::Cancelled))),
            blocked: self.blocked(),
            not_run: self.all(|state| matches!(state, State::Ended(Ending::NotRun { .. }))),
            foreign: self.all(|state| matches!(state, State::Ended(Ending::Foreign))),
            interrupted: self.all(|state| {
                matches!(
                    state,
                    State::Ended(Ending::Interrupted)
                        | State::Ready
                        | State::Waiting { .. }
                        | State::Running
                        | State::Resting { .. }
                )
            }),
            integration: self.integration(),
            duration: self.began.elapsed(),
            cost_usd: self.used().cost_usd,
            tokens: self.used().tokens,
            by_agent: self.used_by_agents(),
            budget: self.budget_end(),
        };
        Summary { verdict: self.verdict(&summary, by_term), ..summary }
    }

    /// Why not all is completed, what matters most first.
    fn roots(&self) -> Vec<Root> {
        let mut lost: BTreeMap<TaskIndex, Vec<TaskId>> = BTreeMap::new();
        for (index, state) in self.schedule.states() {
            match *state {
                State::Ended(Ending::NotRun { because }) => {
                    lost.entry(because).or_default().push(self.id(index));
                }
                State::Ended(Ending::Failed | Ending::Blocked | Ending::Cancelled) => {
                    lost.entry(index).or_default();
                }
                State::Ended(Ending::Completed | Ending::Interrupted | Ending::Foreign)
                | State::LeftOut
                | State::Waiting { .. }
                | State::Ready
                | State::Running
                | State::Resting { .. } => {}
            }
        }
        let roots = lost.into_iter().map(|(index, not_run)| self.root(index, not_run));
        let mut roots: Vec<_> = roots.chain(self.unmerged_roots()).collect();
        roots.sort_by_key(|root| (rank(root.cause), Reverse(root.not_run.len())));
        roots
    }

    fn root(&self, index: TaskIndex, not_run: Vec<TaskId>) -> Root {
        let task = self.id(index);
        let (outcome, detail) = self.failure_of(&task).unzip();
        let said = |detail: &String| !detail.trim().is_empty();
        let detail = detail.flatten().filter(said).or_else(|| self.reason(&task, outcome));
        Root { task, cause: self.cause_of(index), outcome, detail, not_run }
    }

    /// Why a task is as it is, where the end of its last attempt does not say so: what its work lacks; else what was said with its last
    /// change of status, by us or by whoever wrote it into the plan.
    fn reason(&self, task: &TaskId, outcome: Option<Outcome>) -> Option<String> {
        let story = self.books.history().task(task.as_str());
        if outcome.is_some_and(|outcome| outcome != Outcome::Cancelled) {
            return story.and_then(TaskHistory::lacks).and_then(|lacks| lacks.about());
        }
        let status = self.books.status(task.as_str())?;
        let ours = story.and_then(|story| story.transitions.last()).filter(|last| last.to == status);
        let theirs = || {
            let written = self.books.genesis().details(task.as_str()).history;
            written.into_iter().next_back().filter(|last| last.status == Some(status))?.description
        };
        let said = theirs().or_else(|| ours.map(|last| last.description.clone()));
        let said = said.filter(|said| !said.trim().is_empty())?;
        // As `task block` and `cancel` write it: the status is said already.
        let more = [format!("{status}: "), format!("{status} ")];
        Some(more.iter().find_map(|status| said.strip_prefix(status)).map_or(said.clone(), str::to_owned))
    }

    /// Completed tasks whose work could not be merged.
    fn unmerged_roots(&self) -> impl Iterator<Item = Root> {
        self.unmerged.iter().map(|(task, why)| Root {
            task: task.clone(),
            cause: Cause::Blocked,
            outcome: Some(Outcome::MergeConflict),
            detail: Some(why.clone()),
            not_run: Vec::new(),
        })
    }

    /// The integration branch, if there is one yet.
    fn integration(&self) -> Option<String> {
        let branch = self.common.refs.integration();
        let tip = self.common.repo.target(&branch.full()).ok().flatten();
        tip.map(|_| branch.as_str().to_owned())
    }

    /// A failure under `--fail-fast` is told as a failure; else what a signal left undone decides first.
    fn verdict(&self, summary: &Summary, by_term: bool) -> Verdict {
        if self.stage.is_some() && !self.failed_fast && !summary.interrupted.is_empty() {
            Verdict::Interrupted { by_term }
        } else if !self.failed_fast && summary.budget.as_ref().is_some_and(|budget| !budget.short.is_empty())
        {
            Verdict::OverBudget
        } else if !summary.failed.is_empty() {
            Verdict::Failed
        } else if !summary.blocked.is_empty() || !summary.foreign.is_empty() {
            Verdict::Blocked
        } else {
            Verdict::Completed
        }
    }

    fn blocked(&self) -> Vec<TaskId> {
        let unmerged = self.unmerged.keys().cloned();
        unmerged.chain(self.all(|state| matches!(state, State::Ended(Ending::Blocked)))).collect()
    }

    pub(super) fn all(&self, is_meant: impl Fn(&State) -> bool) -> Vec<TaskId> {
        let meant = self.schedule.states().filter(|(_, state)| is_meant(state));
        meant.map(|(index, _)| self.id(index)).collect()
    }
}

/// What was broken off goes on with the next run.
fn work_after(verdict: Verdict) -> Work {
    match verdict {
        Verdict::Interrupted { .. } | Verdict::OverBudget => Work::GoesOn,
        Verdict::Completed | Verdict::Failed | Verdict::Blocked => Work::Rests,
    }
}

/// What failed matters more than what waits for somebody.
fn rank(cause: Cause) -> u8 {
    match cause {
        Cause::Failed => 0,
        Cause::Cancelled => 1,
        Cause::Blocked => 2,
        Cause::Foreign | Cause::Interrupted | Cause::LeftOut | Cause::Completed => 3,
    }
}

/// Whose attempt waits until that is recorded.
pub(super) fn task_of(fact: &Fact) -> Option<&TaskId> {
    match fact {
        Fact::AttemptStarted(started) => Some(&started.task),
        Fact::AgentStarted(started) => Some(&started.task),
        Fact::AttemptEnded(ended) => Some(&ended.task),
        Fact::Merged { task, .. }
        | Fact::Kept { task, .. }
        | Fact::AgentSpoke { task, .. }
        | Fact::GatesInterrupted { task, .. } => Some(task),
        Fact::GateEnded(ended) => Some(&ended.task),
        Fact::Reported(reported) => Some(&reported.task),
        Fact::OverEstimate(over) => Some(&over.task),
        Fact::JournalBegun { .. }
        | Fact::RunStarted { .. }
        | Fact::RunEnding { .. }
        | Fact::RunEnded { .. }
        | Fact::Transition(_)
        | Fact::SetBack(_)
        | Fact::Answered(_)
        | Fact::Taken(_)
        | Fact::Rebased { .. }
        | Fact::Verified(_)
        | Fact::TakenOut(_)
        | Fact::Asked { .. }
        | Fact::OfLaterVersion => None,
    }
}
