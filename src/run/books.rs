//! What is kept on disk of a plan: the journal, which is the commit point of what happened, and the plan file, which follows it,
//! whatever others make of that file meanwhile.

mod behind;
mod news;
mod others;

use std::time::{Duration, Instant};

use self::behind::Behind;
pub(super) use self::news::News;
use self::others::is_another;
use super::record::{Fact, Record};
use super::{History, RunError};
use crate::genesis::{Edit, EditError, Genesis};
use crate::store::{Found, Journal, KnownPlan, Saved, StoreError};

/// Who writes what no person does.
pub(super) const ACTOR: &str = "blueprint";
/// Between two looks at a file that is being written.
pub(super) const LOOK: Duration = Duration::from_millis(50);
/// How long somebody who writes again and again may keep us from a save.
const FIGHT: Duration = Duration::from_secs(10);
/// How long somebody may keep the plan's lock from us.
const HUNG: Duration = Duration::from_mins(1);

/// Journal and plan file, and what is known of them.
pub(super) struct Books {
    plan: KnownPlan,
    history: History,
    journal: Journal,
    /// Since when the file has been no plan.
    broken_since: Option<Instant>,
    /// The document may lack what the journal has.
    is_behind: bool,
    /// Somebody has decided something: the document may get that from us, if they could not write it.
    is_decided: bool,
    /// What is in the known document and not yet on disk, in its order.
    staged: Vec<Decide>,
    restores: u32,
    news: Vec<News>,
    /// Since when somebody else has the plan's lock, and we want it.
    waiting_since: Option<Instant>,
    /// What follows the journal later.
    behind: Behind,
}

/// Makes an edit of the document, whatever others have made of it by the time it is saved.
type Decide = Box<dyn Fn(&Genesis) -> Result<Edit, EditError>>;

impl Books {
    pub(super) fn new(plan: KnownPlan, history: History, journal: Journal) -> Self {
        let (news, staged) = (Vec::new(), Vec::new());
        Self {
            plan,
            history,
            journal,
            broken_since: None,
            is_behind: true,
            is_decided: false,
            staged,
            restores: 0,
            news,
            waiting_since: None,
            behind: Behind::default(),
        }
    }

    /// The document as it was last seen or saved, with what is staged.
    pub(super) fn genesis(&self) -> &Genesis {
        self.plan.genesis()
    }

    pub(super) fn history(&self) -> &History {
        &self.history
    }

    /// What others did since this was last asked for.
    pub(super) fn news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// Takes up what others have written to the journal.
    pub(super) fn hear_others(&mut self) -> Result<(), RunError> {
        for record in self.journal.others::<Record>()? {
            self.note(&record.fact);
            self.history.add(record);
        }
        Ok(())
    }

    /// Whoever changes a status journals it first; should they be killed before they write the plan file, we do it.
    fn note(&mut self, fact: &Fact) {
        match fact {
            Fact::Transition(_) | Fact::Taken(_) => (self.is_behind, self.is_decided) = (true, true),
            Fact::Answered(answered) => {
                (self.is_behind, self.is_decided) = (true, true);
                let (task, by) = (answered.task.clone(), answered.by.clone());
                self.news.push(News::Answered { task, by });
            }
            Fact::SetBack(set_back) => {
                (self.is_behind, self.is_decided) = (true, true);
                let moved = set_back.transitions.iter().map(|transition| &transition.task);
                self.news.push(News::SetBack(moved.chain(&set_back.tasks).cloned().collect()));
            }
            Fact::Asked { run, by, asks } => {
                self.news.push(News::Asked { run: run.clone(), asks: *asks, by: by.clone() });
            }
            Fact::JournalBegun { .. }
            | Fact::RunStarted { .. }
            | Fact::RunEnding { .. }
            | Fact::RunEnded { .. }
            | Fact::AttemptStarted(_)
            | Fact::AgentStarted(_)
            | Fact::AgentSpoke { .. }
            | Fact::OverEstimate(_)
            | Fact::OfLaterVersion
            | Fact::Verified(_)
            | Fact::GateEnded(_)
            | Fact::GatesInterrupted { .. }
            // Only a run takes work out, and there is one at most.
            | Fact::TakenOut(_)
            | Fact::AttemptEnded(_)
            | Fact::Reported(_)
            | Fact::Rebased { .. }
            | Fact::Kept { .. }
            | Fact::Merged { .. } => {}
        }
    }

    /// Journals a fact; it is on disk with [`Books::sync`], together with all others by then.
    pub(super) fn record(&mut self, fact: Fact) -> Result<(), RunError> {
        let record = Record::now(fact);
        tracing::debug!(fact = ?record.fact, "journal");
        if record.fact.has_to_last() {
            self.journal.add(&record)?;
        } else {
            self.journal.add_for_now(&record)?;
        }
        self.history.add(record);
        Ok(())
    }

    /// Waits until all that was recorded is on disk.
    pub(super) fn sync(&mut self) -> Result<(), RunError> {
        Ok(self.journal.flush()?)
    }

    /// Whoever else writes the plan under its lock waits until [`Books::release`]: what they have written we see, and what we decide they will
    /// find. False while somebody has it who does not give it back: signals must not wait for that.
    pub(super) fn hold(&mut self) -> Result<bool, RunError> {
        if self.is_saving() {
            return Ok(true);
        }
        let held = self.plan.hold();
        let holder = match held {
            Ok(()) => {
                self.waiting_since = None;
                return Ok(true);
            }
            Err(StoreError::Held { holder, .. }) => holder,
            Err(error) => return Err(error.into()),
        };
        let since = *self.waiting_since.get_or_insert_with(|| {
            self.news.push(News::Waits { holder });
            Instant::now()
        });
        if since.elapsed() > HUNG { Ok(held.map(|()| false)?) } else { Ok(false) }
    }

    /// Whether somebody else has the lock.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting_since.is_some()
    }

    pub(super) fn is_held(&self) -> bool {
        self.plan.is_held() || self.is_saving()
    }

    pub(super) fn release(&mut self) {
        self.plan.release();
    }

    /// Looks at the plan file, and takes up what others made of it: a newer document counts, and gets what the journal has and it has not.
    ///
    /// False while it is none: it may be half written. One that stays so is set aside, and the last good one restored.
    ///
    /// While a save of ours is under way there is nothing to be seen: it has the lock.
    pub(super) fn look(&mut self) -> Result<bool, RunError> {
        if self.is_saving() {
            return Ok(true);
        }
        self.flush()?;
        self.look_at_file()
    }

    fn look_at_file(&mut self) -> Result<bool, RunError> {
        match self.plan.look()? {
            None => {}
            Some(Found::Document(seen)) if !is_another(self.plan.genesis(), &seen.genesis) => {
                self.take(*seen)?;
            }
            Some(found) if self.is_to_be_waited_for() => {
                tracing::debug!(?found, "the plan file is no plan at the moment");
                return Ok(false);
            }
            Some(found) => self.restore(&found)?,
        }
        self.broken_since = None;
        self.catch_up()
    }

    /// The same, and waits until there is a plan.
    pub(super) fn look_until_settled(&mut self) -> Result<(), RunError> {
        let began = Instant::now();
        while !self.look()? {
            self.wait_a_moment(began)?;
        }
        Ok(())
    }

    /// Makes the edit that `decide` makes of the document; [`Books::flush`] saves it, together with all others made by then.
    pub(super) fn stage(
        &mut self,
        decide: impl Fn(&Genesis) -> Result<Edit, EditError> + 'static,
    ) -> Result<(), RunError> {
        self.catch_up_document()?;
        let edit = decide(self.plan.genesis())?;
        self.plan.stage(&edit)?;
        self.staged.push(Box::new(decide));
        Ok(())
    }

    /// Whether the plan file is to be looked at and compared with the journal.
    pub(super) fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// Whether something was decided that the plan file has not.
    pub(super) fn is_ahead(&self) -> bool {
        self.has_staged() || self.lags() || self.is_saving() || self.is_behind
    }

    fn has_staged(&self) -> bool {
        !self.staged.is_empty()
    }

    /// Saves what is staged, made again of the document as it is on disk by then.
    pub(super) fn flush(&mut self) -> Result<(), RunError> {
        self.sync()?;
        let began = Instant::now();
        while self.has_staged() {
            let saved = self.plan.flush()?;
            tracing::debug!(?saved, edits = self.staged.len(), "plan");
            if saved != Saved::Stale {
                self.restores = 0;
                self.staged.clear();
                return Ok(());
            }
            self.plan.roll_back()?;
            while !self.look_at_file()? {
                self.wait_a_moment(began)?;
            }
            self.stage_again()?;
            if began.elapsed() > FIGHT {
                return Err(self.contended());
            }
        }
        Ok(())
    }

    fn stage_again(&mut self) -> Result<(), RunError> {
        for decide in &self.staged {
            match decide(self.plan.genesis()) {
                Ok(edit) => self.plan.stage(&edit)?,
                // Taken out of the plan this very moment: the journal has it.
                Err(EditError::UnknownTask(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whoever writes in a loop shall not keep step with us.
    fn wait_a_moment(&self, began: Instant) -> Result<(), RunError> {
        if began.elapsed() > FIGHT {
            return Err(self.contended());
        }
        std::thread::sleep(LOOK.mul_f64(fastrand::f64()));
        Ok(())
    }
}
