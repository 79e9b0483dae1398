//! Transitions that the journal has and the plan file gets a moment later, many at once and beside the event loop.
//!
//! For tasks in worktrees the file is saved before anything follows from a transition. Where tasks are as small as a call of a program,
//! that would be most of the work; so for those without a worktree the journal is enough, and the file follows within [`LATEST`].

use std::collections::HashSet;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::Books;
use crate::genesis::{Batch, Status, TaskResult};
use crate::plan::TaskId;
use crate::run::record::TransitionRecord;
use crate::run::{RunError, ledger};
use crate::store::{Lent, Saved, StoreError};

/// So long a transition waits to be saved at most; the save itself has to be done within 200 ms.
const LATEST: Duration = Duration::from_millis(120);
/// Saves take no more than the so-manieth part of the time.
const SHARE: u32 = 10;

/// What the plan file does not have yet.
#[derive(Default)]
pub(super) struct Behind {
    /// What was given to saves so far; it belongs to the document that is known.
    batch: Option<Batch>,
    /// What is to be given to the next one.
    records: Vec<TransitionRecord>,
    /// What no save has brought to the file, though it was to: there nobody has taken it back.
    unsaved: Vec<TransitionRecord>,
    /// The tasks of which the known document lacks something.
    tasks: HashSet<TaskId>,
    /// Since when something waits.
    since: Option<Instant>,
    /// How long the last save took.
    took: Duration,
    saving: Option<mpsc::Receiver<Done>>,
}

/// A save that is over.
struct Done {
    lent: Lent,
    batch: Option<Batch>,
    records: Vec<TransitionRecord>,
    saved: Result<Option<Saved>, StoreError>,
    took: Duration,
}

impl Behind {
    fn save(lent: Lent, batch: Option<Batch>, records: Vec<TransitionRecord>) -> Done {
        let began = Instant::now();
        let (mut lent, mut saved) = (lent, Ok(None));
        let mut batch = batch.or_else(|| lent.genesis().batch());
        let is_taken = |record| {
            let genesis = lent.genesis();
            batch.as_mut().is_some_and(|batch| ledger::add_to(batch, genesis, record))
        };
        if records.iter().all(is_taken)
            && let Some(batch) = &batch
        {
            saved = lent.save(batch);
        }
        Done { lent, batch, records, saved, took: began.elapsed() }
    }
}

impl Books {
    /// Makes a transition that the journal has, and that the plan file may get a little later.
    pub(in crate::run) fn follow_later(&mut self, record: TransitionRecord) {
        let behind = &mut self.behind;
        behind.tasks.insert(record.task.clone());
        behind.records.push(record);
        behind.since.get_or_insert_with(Instant::now);
    }

    /// The task's status, with what the document is still to get.
    pub(in crate::run) fn status(&self, task: &str) -> Option<Status> {
        let later = self.later(task).map(|last| last.to);
        later.or_else(|| self.genesis().task(task).map(|task| task.status))
    }

    /// What came of a task whose result the document is still to get.
    pub(in crate::run) fn later_result(&self, task: &str) -> Option<&TaskResult> {
        self.later(task)?.result.as_ref()
    }

    fn later(&self, task: &str) -> Option<&TransitionRecord> {
        self.behind.tasks.get(task)?;
        self.history.task(task)?.transitions.last()
    }

    /// Whether the plan file lacks something that no save is under way for.
    pub(in crate::run) fn lags(&self) -> bool {
        !self.behind.records.is_empty()
    }

    /// Whether somebody saves the plan file at this moment, who has its lock.
    pub(in crate::run) fn is_saving(&self) -> bool {
        self.behind.saving.is_some()
    }

    /// When the plan file is to be saved, if it lacks something and nobody is at it.
    pub(in crate::run) fn save_due(&self) -> Option<Instant> {
        let pause = (self.behind.took * SHARE).min(LATEST);
        self.behind.since.filter(|_| !self.is_saving() && !self.is_behind).map(|since| since + pause)
    }

    /// Begins to save what the plan file lacks, on a thread of its own; `over` is called there when that is over. False, if it was
    /// done here and now, since the file can't be lent, or is to be tried again, since somebody else has the plan's lock.
    pub(in crate::run) fn save_beside(
        &mut self,
        over: impl FnOnce() + Send + 'static,
    ) -> Result<bool, RunError> {
        if self.is_saving() || !self.lags() {
            return Ok(self.is_saving());
        }
        if !self.can_save_batch() {
            self.save_here()?;
            return Ok(false);
        }
        // From now on the save has the lock: nobody else decides anything while we do.
        if !self.hold()? {
            self.behind.since = Some(Instant::now());
            return Ok(false);
        }
        let (lent, batch, records) = self.take_unsaved();
        let (done, saving) = mpsc::channel();
        self.behind.saving = Some(saving);
        let save = move || {
            // Nobody waits for it if the run has failed meanwhile.
            let _ = done.send(Behind::save(lent, batch, records));
            over();
        };
        // One thread does them all: each new one would begin with memory of its own.
        tokio::task::spawn_blocking(save);
        Ok(true)
    }

    /// Takes up what became of the save that is under way, if there is one; waits for its end. Whether the file has it all now.
    pub(in crate::run) fn end_save(&mut self) -> Result<bool, RunError> {
        let Some(saving) = self.behind.saving.take() else { return Ok(false) };
        // Its thread ends without a word only by a bug; what it had was lent, and the file tells what there is.
        let done =
            saving.recv().map_err(|_| RunError::from(std::io::Error::other("a save ended by a bug")))?;
        self.take_up(done)
    }

    /// Saves what the plan file lacks, here and now.
    pub(in crate::run) fn save_here(&mut self) -> Result<(), RunError> {
        self.end_save()?;
        if !self.lags() {
            return Ok(());
        }
        if !self.can_save_batch() {
            // At the next look all that is missing is saved in the usual way.
            self.is_behind = true;
            return Ok(());
        }
        let (lent, batch, records) = self.take_unsaved();
        self.take_up(Behind::save(lent, batch, records)).map(drop)
    }

    /// A batch belongs to the document as it is known, and brings the file no more than the batch before had and what came since.
    fn can_save_batch(&self) -> bool {
        self.plan.can_lend() && !self.is_behind
    }

    fn take_unsaved(&mut self) -> (Lent, Option<Batch>, Vec<TransitionRecord>) {
        let behind = &mut self.behind;
        behind.since = None;
        (self.plan.lend(), behind.batch.take(), std::mem::take(&mut behind.records))
    }

    fn take_up(&mut self, done: Done) -> Result<bool, RunError> {
        self.plan.returned(done.lent);
        // The lock was the save's; who decides next takes it again.
        self.plan.release();
        tracing::debug!(took = ?done.took, saved = ?done.saved, "plan, beside");
        let is_written = matches!(done.saved?, Some(Saved::Written | Saved::Unneeded));
        if is_written {
            (self.behind.batch, self.behind.took) = (done.batch, done.took);
        } else {
            // Somebody else has written it, or not all fits into a batch: what is missing is found by comparing, which takes longer.
            self.behind.took = LATEST;
            self.behind.unsaved.extend(done.records);
            self.is_behind = true;
        }
        Ok(is_written)
    }

    /// Has the known document catch up with what it lacks; the file follows with the next flush or look.
    pub(in crate::run) fn catch_up_document(&mut self) -> Result<(), RunError> {
        self.end_save()?;
        if self.behind.tasks.is_empty() {
            return Ok(());
        }
        self.tell_decided();
        self.drop_behind();
        let missing: Vec<_> =
            ledger::missing(&self.history, self.plan.genesis()).into_iter().cloned().collect();
        if let Some(edit) = ledger::together(&missing, self.plan.genesis()) {
            self.plan.settle(&edit)?;
        }
        for record in ledger::missing(&self.history, self.plan.genesis()) {
            let now = self.plan.genesis();
            let edit = ledger::edit_of(record, now)?;
            self.plan.settle(&edit)?;
        }
        // The file has not, unless something is staged, too.
        self.is_behind = true;
        Ok(())
    }

    /// The document has it all.
    fn drop_behind(&mut self) {
        let Behind { took, mut unsaved, records, .. } = std::mem::take(&mut self.behind);
        unsaved.extend(records);
        self.behind = Behind { unsaved, took, ..Behind::default() };
    }

    /// The file has all that the journal has. Gives those of `written` that it had before, and somebody took back.
    pub(super) fn end_lag(&mut self, mut written: Vec<TransitionRecord>) -> Vec<TransitionRecord> {
        let unsaved = std::mem::take(&mut self.behind.unsaved);
        written.retain(|record| !unsaved.contains(record));
        written
    }
}
