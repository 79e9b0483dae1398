//! Seeing to it that what is merged works together: `verify-integration` is run on the integration branch, and a merge with which it began
//! to fail is taken out again.
//!
//! What was tried is in the journal, and so is what was taken out: whenever the run is killed, the next one goes on from there.

use std::collections::BTreeSet;

use tokio::sync::watch;

use super::Dispatcher;
use crate::genesis::Status;
use crate::git::{MergedStep, Oid};
use crate::plan::{TaskId, TaskIndex};
use crate::run::attempt::{Link, Message};
use crate::run::process::Stoppable;
use crate::run::record::{Fact, TakenOut, TransitionRecord, VerifiedCommit};
use crate::run::verify::{Due, Verified, due, verify};
use crate::run::{RunError, RunEvent, Stage};

/// What is under way.
#[derive(Default)]
pub(super) struct Verification {
    /// The branch may have moved since it was looked at.
    is_due: bool,
    /// What tells the command that is running to end.
    pub(super) stop: Option<watch::Sender<Option<Stage>>>,
    /// Why nothing is tried any more in this run, as it was told.
    is_given_up: bool,
}

impl Dispatcher<'_> {
    /// The branch has moved, or may have.
    pub(super) fn is_to_be_verified(&mut self) {
        self.verification.is_due = true;
    }

    /// Whether the run has to wait for it.
    pub(super) fn is_verifying(&self) -> bool {
        let is_open = self.verification.is_due && !self.verification.is_given_up && self.stage.is_none();
        self.verification.stop.is_some() || (is_open && self.settings.verify.is_some())
    }

    /// Does what is to be done next, if nothing is under way. True, if tasks are to be done again because of that.
    pub(super) fn verify_next(&mut self) -> Result<bool, RunError> {
        let Some(every) = self.settings.verify.as_ref().map(|verify| verify.every) else { return Ok(false) };
        let Verification { is_due, stop, is_given_up } = &self.verification;
        if !is_due || stop.is_some() || *is_given_up || self.stage.is_some() {
            return Ok(false);
        }
        self.take_out_old_work()?;
        let steps = self.common.repo.steps(&self.common.refs)?;
        let known: Vec<_> = steps.iter().map(|step| self.is_known_good(step.commit)).collect();
        match due(&known, every, self.running.is_empty()) {
            // While others are at work there will be more.
            Due::Nothing => self.verification.is_due = !self.running.is_empty(),
            Due::Try(index) => self.start_verifying(steps[index].commit),
            Due::Culprit(index) => return self.take_out(&steps[index]),
            Due::Hopeless => {
                self.give_up_verifying("it fails on the commit that the plan started from already");
            }
        }
        Ok(false)
    }

    fn is_known_good(&self, commit: Oid) -> Option<bool> {
        let command = self.settings.verify.as_ref()?.step.command.to_string();
        self.books.history().verified(&commit.to_string(), &command)
    }

    fn start_verifying(&mut self, commit: Oid) {
        let Some(verify_step) = &self.settings.verify else { return };
        let place = (self.common.verified_in.clone(), self.pacing.ports.claim());
        let (step, logs, common) =
            (verify_step.step.clone(), self.site.state.path().join("verify"), self.common.clone());
        let ends = watch::Sender::new(None);
        let link = Link {
            messages: self.sender.clone(),
            stop: ends.subscribe(),
            stopped: self.stopped.subscribe(),
            stoppable: Stoppable::default(),
            watcher: self.watcher.clone(),
        };
        self.verification.stop = Some(ends);
        self.tell(RunEvent::Note(format!(
            "verifying {} at {:.10}: {}",
            common.refs.integration(),
            commit.to_string(),
            step.name
        )));
        tokio::spawn(async move {
            let verified = verify(&common, &step, commit, place, logs, &link).await;
            let _ = link.messages.send(Message::Verified(commit, Box::new(verified)));
        });
    }

    pub(super) fn on_verified(&mut self, commit: Oid, verified: Verified) -> Result<(), RunError> {
        self.verification.stop = None;
        let Some(step) = self.settings.verify.as_ref().map(|verify| verify.step.clone()) else {
            return Ok(());
        };
        let (complaint, log) = match verified {
            Verified::Stopped => return Ok(()),
            Verified::NotRun(why) => {
                self.give_up_verifying(&why);
                return Ok(());
            }
            Verified::Done { complaint, log } => (complaint, log),
        };
        self.verification.is_due = true;
        let at = format!("{} at {:.10}", self.common.refs.integration(), commit.to_string());
        self.tell(match &complaint {
            None => RunEvent::Note(format!("{at} is verified")),
            Some(why) => RunEvent::Warning { task: None, text: format!("{at} does not hold: {why}") },
        });
        self.record(Fact::Verified(VerifiedCommit {
            commit: commit.to_string(),
            command: step.command.to_string(),
            passed: complaint.is_none(),
            detail: complaint,
            log,
        }))
    }

    fn give_up_verifying(&mut self, why: &str) {
        self.verification.is_given_up = true;
        let text = format!("what is merged is not verified any more in this run: {why}");
        self.tell(RunEvent::Warning { task: None, text });
    }

    /// Takes the work of a step out again: its task is blocked, and what depends on it is to be done again.
    fn take_out(&mut self, step: &MergedStep) -> Result<bool, RunError> {
        let id = step.task.as_deref().and_then(|task| self.ground.plan.find(task));
        let is_done = |index: &TaskIndex| {
            self.books.status(self.ground.plan.task(*index).id.as_str()) == Some(Status::Completed)
        };
        let Some(index) = id.filter(is_done) else {
            let whose = step.task.as_deref().unwrap_or("nobody's task");
            let why =
                format!("it fails since {:.10} ({whose}), which can't be taken out", step.commit.to_string());
            self.give_up_verifying(&why);
            return Ok(false);
        };
        let task = self.id(index);
        let tried = self.books.history().complaint_of(&step.commit.to_string());
        let (complaint, log) = tried
            .map(|tried| (tried.detail.clone().unwrap_or_default(), tried.log.clone()))
            .unwrap_or_default();
        let why = format!("what is merged does not hold since its merge: {complaint}");
        let again = self.to_do_again(index);
        let mut transitions = vec![self.taken_back(&task, Status::Blocked, &why)];
        let after = format!("was built on {task}, which was taken out again");
        transitions.extend(again.iter().map(|id| self.taken_back(id, Status::Pending, &after)));
        self.before.get_or_insert_with(|| Box::new(self.books.genesis().clone()));
        self.record(Fact::TakenOut(TakenOut {
            task: task.clone(),
            merge: step.commit.to_string(),
            why: why.clone(),
            log,
            transitions: transitions.clone(),
        }))?;
        for record in &transitions {
            self.write_down(record)?;
            self.results.remove(&record.task);
        }
        self.done_now = self.done_now.saturating_sub(1 + again.len());
        // The branch follows the journal, never the other way round.
        self.books.sync()?;
        self.may_have_old_work();
        self.take_out_old_work()?;
        self.tell_taken_out(&task, &why, &again);
        Ok(true)
    }

    fn tell_taken_out(&self, task: &TaskId, why: &str, again: &[TaskId]) {
        let branch = self.common.refs.integration();
        let text = format!("{why}; its work is taken out of {branch} again, and it is blocked");
        self.tell(RunEvent::Warning { task: Some(task.clone()), text });
        if !again.is_empty() {
            let names: Vec<_> = again.iter().map(TaskId::as_str).collect();
            self.tell(RunEvent::Note(format!("to be done again, as {task} is: {}", names.join(", "))));
        }
    }

    /// What was built on a task: its dependents, as far as they are done or under way, and what began where the integration branch had its
    /// work.
    fn to_do_again(&self, culprit: TaskIndex) -> Vec<TaskId> {
        let plan = &self.ground.plan;
        let mut found = BTreeSet::from([culprit]);
        let mut open = vec![culprit];
        while let Some(index) = open.pop() {
            let id = self.id(index);
            let by_base = self.books.history().built_on(&self.common.repo, &id);
            let by_base = by_base.iter().filter_map(|id| plan.find(id.as_str()));
            open.extend(
                plan.dependents(index).into_iter().chain(by_base).filter(|after| found.insert(*after)),
            );
        }
        found.remove(&culprit);
        let is_begun = |id: &TaskId| {
            self.running.contains_key(id) || self.books.status(id.as_str()) == Some(Status::Completed)
        };
        found.into_iter().map(|index| self.id(index)).filter(is_begun).collect()
    }

    fn taken_back(&self, task: &TaskId, to: Status, why: &str) -> TransitionRecord {
        TransitionRecord {
            at: self.moment(task, to),
            task: task.clone(),
            from: self.books.status(task.as_str()).unwrap_or(Status::Completed),
            to,
            actor: super::settle::ACTOR.to_owned(),
            description: why.to_owned(),
            changes: None,
            result: None,
        }
    }
}
