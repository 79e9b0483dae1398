//! What is kept on disk of a plan: the journal, which is the commit point of what happened, and the plan file, which follows it,
//! whatever others make of that file meanwhile.

mod behind;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::behind::Behind;
use super::history::Attempt;
use super::record::{Asks, Fact, Record, TransitionRecord};
use super::{History, RunError, RunEvent, ledger};
use crate::genesis::{AuditEntry, Edit, EditError, Entry, Genesis, Invalid, LineIndex};
use crate::plan::TaskId;
use crate::store::{Found, Journal, KnownPlan, Restored, Saved, Seen, StoreError};

/// Who writes what is nobody's transition.
const ACTOR: &str = "blueprint";
/// How long somebody may take to write the file in place, or to put it back, before it counts as broken.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two looks at a file that is being written.
pub(super) const LOOK: Duration = Duration::from_millis(50);
/// How long somebody who writes again and again may keep us from a save.
const FIGHT: Duration = Duration::from_secs(10);
/// How long somebody may keep the plan's lock from us.
const HUNG: Duration = Duration::from_mins(1);
/// How often in a row the file may be restored, with no save between.
const RESTORES: u32 = 10;

/// So many changes that the file had missed are told one by one.
const FEW: usize = 8;

/// Journal and plan file, and what is known of them.
pub(super) struct Books {
    plan: KnownPlan,
    history: History,
    journal: Journal,
    /// Since when the file has been no plan.
    broken_since: Option<Instant>,
    /// The document may lack what the journal has.
    is_behind: bool,
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

/// What others did to the plan file.
#[derive(Debug)]
pub(super) enum News {
    /// They changed it; this is what it was.
    Changed(Box<Genesis>),
    /// They took this change back; it is written again.
    Again(TransitionRecord),
    /// It had not so many changes, which the journal has: a run was killed before it could save them. They are there now.
    CaughtUp(usize),
    /// They ask something of a run.
    Asked {
        /// Of which.
        run: String,
        /// What.
        asks: Asks,
        /// Who.
        by: String,
    },
    /// They set these tasks back; the journal has it.
    SetBack(Vec<TaskId>),
    /// They broke it; it is what it was before.
    Restored {
        /// What was wrong.
        why: String,
        /// What became of theirs.
        how: Restored,
    },
    /// One of them has the plan's lock, and is slow to give it back.
    Waits {
        /// Its process id, where the kernel tells.
        holder: Option<u32>,
    },
}

impl Books {
    pub(super) fn new(plan: KnownPlan, history: History, journal: Journal) -> Self {
        let (news, staged) = (Vec::new(), Vec::new());
        Self {
            plan,
            history,
            journal,
            broken_since: None,
            is_behind: true,
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
            Fact::Transition(_) => self.is_behind = true,
            Fact::SetBack(set_back) => {
                self.is_behind = true;
                let moved = set_back.transitions.iter().map(|transition| &transition.task);
                self.news.push(News::SetBack(moved.chain(&set_back.tasks).cloned().collect()));
            }
            Fact::Asked { run, by, asks } => {
                self.news.push(News::Asked { run: run.clone(), asks: *asks, by: by.clone() });
            }
            Fact::JournalBegun { .. }
            | Fact::RunStarted { .. }
            | Fact::RunEnded { .. }
            | Fact::AttemptStarted(_)
            | Fact::AgentStarted(_)
            | Fact::AgentSpoke { .. }
            | Fact::OverEstimate(_)
            | Fact::OfLaterVersion
            | Fact::AttemptEnded(_)
            | Fact::Reported(_)
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

    fn take(&mut self, seen: Seen) -> Result<(), RunError> {
        self.take_from_saves();
        self.catch_up_document()?;
        let before = self.plan.adopt(seen);
        self.news.push(News::Changed(Box::new(Arc::unwrap_or_clone(before))));
        self.is_behind = true;
        Ok(())
    }

    /// False if somebody was faster; it is done at the next look, then.
    fn catch_up(&mut self) -> Result<bool, RunError> {
        if !self.is_behind {
            return Ok(true);
        }
        self.sync()?;
        let missing: Vec<_> =
            ledger::missing(&self.history, self.plan.genesis()).into_iter().cloned().collect();
        let kept = self.kept(&missing);
        self.plan.stage(&self.plan.genesis().entries(&kept)?)?;
        let mut written = self.stage_missing(missing)?;
        if self.plan.flush()? == Saved::Stale {
            self.plan.roll_back()?;
            return Ok(false);
        }
        // What is about to be saved was not missed; nor what a save of ours did not take.
        let ours = std::mem::take(&mut self.behind.untaken);
        written.retain(|record| !ours.contains(record));
        if !self.has_staged() {
            self.tell_written_again(written);
        }
        self.is_behind = false;
        Ok(true)
    }

    /// Those that the document did lack.
    fn stage_missing(&mut self, missing: Vec<TransitionRecord>) -> Result<Vec<TransitionRecord>, RunError> {
        let mut missing = missing;
        let mut written = Vec::new();
        if missing.len() > FEW
            && let Some(edit) = ledger::together(&missing, self.plan.genesis())
        {
            self.plan.stage(&edit)?;
            let left: Vec<_> =
                ledger::missing(&self.history, self.plan.genesis()).into_iter().cloned().collect();
            written = missing.into_iter().filter(|record| !left.contains(record)).collect();
            missing = left;
        }
        for record in missing {
            if self.write_again(&record)? {
                written.push(record);
            }
        }
        Ok(written)
    }

    fn tell_written_again(&mut self, written: Vec<TransitionRecord>) {
        match written.len() {
            0 => {}
            1..=FEW => self.news.extend(written.into_iter().map(News::Again)),
            many => self.news.push(News::CaughtUp(many)),
        }
    }

    /// Whether there was something to write.
    fn write_again(&mut self, record: &TransitionRecord) -> Result<bool, RunError> {
        let first = ledger::take_back(record, self.plan.genesis())?;
        self.plan.stage(&first)?;
        let now = self.plan.genesis();
        let then = ledger::edit_of(record, ledger::project_status(record, now), now)?;
        self.plan.stage(&then)?;
        Ok(!then.is_empty())
    }

    /// What the plan was given of what was said in attempts at these tasks: a file that is older than the one lacks the other, too.
    fn kept(&self, missing: &[TransitionRecord]) -> Vec<Entry> {
        let tasks: BTreeSet<_> = missing.iter().map(|record| &record.task).collect();
        let stories = tasks.into_iter().filter_map(|task| self.history.task(task.as_str()));
        stories.flat_map(|story| &story.attempts).flat_map(Attempt::kept).collect()
    }

    fn is_to_be_waited_for(&mut self) -> bool {
        self.broken_since.get_or_insert_with(Instant::now).elapsed() < PATIENCE
    }

    fn restore(&mut self, found: &Found) -> Result<(), RunError> {
        self.restores += 1;
        if self.restores > RESTORES {
            return Err(self.contended());
        }
        self.catch_up_document()?;
        let known = self.plan.genesis().clone();
        let how = self.plan.restore(|theirs| !is_another(&known, theirs))?;
        if how == Restored::Unneeded {
            return Ok(());
        }
        let why = what_is_wrong(found);
        let description = match &how {
            Restored::SetAside(path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                format!("{why}; set aside as {name}, and the last good version restored")
            }
            Restored::Recreated | Restored::Unneeded => format!("{why}; the last good version restored"),
        };
        self.news.push(News::Restored { why, how });
        self.is_behind = true;
        // If somebody is faster, the warning has to do.
        self.plan.commit(|now| -> Result<_, EditError> {
            Ok(now.audit(&AuditEntry {
                at: jiff::Timestamp::now(),
                kind: "plan_restored",
                actor: ACTOR,
                description: &description,
                changes: None,
            }))
        })?;
        Ok(())
    }

    fn contended(&self) -> RunError {
        StoreError::Contended { path: self.plan.path().to_owned() }.into()
    }
}

fn what_is_wrong(found: &Found) -> String {
    match found {
        Found::Nothing => "the plan file was gone".to_owned(),
        Found::Document(seen) => {
            let project = seen.genesis.project();
            let name = if project.epic_name.is_empty() { &project.project_name } else { &project.epic_name };
            format!("the plan file was another plan's ({name})")
        }
        Found::NoFile => "the plan file was no regular file".to_owned(),
        Found::Broken(invalid) => format!("the plan file was broken ({})", first_problem(invalid)),
    }
}

fn first_problem(invalid: &Invalid) -> String {
    let Some(problem) = invalid.diagnostics.iter().find(|problem| problem.is_error()) else {
        return "it can't be read".to_owned();
    };
    let position = LineIndex::new(&invalid.source).position(problem.span.start);
    format!("line {}: {}", position.line, problem.message)
}

/// Whether that is no later state of the plan, but another plan: neither epic nor project is the same, or not a single task.
fn is_another(known: &Genesis, found: &Genesis) -> bool {
    let (ours, theirs) = (known.project(), found.project());
    let is_renamed = ours.epic_name != theirs.epic_name && ours.project_name != theirs.project_name;
    let shares_a_task = || found.tasks().iter().any(|task| known.task(&task.id).is_some());
    is_renamed || (!known.tasks().is_empty() && !shares_a_task())
}

impl News {
    /// What is told of it, if it is told as such.
    pub(super) fn told(&self) -> Option<RunEvent> {
        let (task, text) = match self {
            Self::Changed(_) | Self::Asked { .. } | Self::SetBack(_) => return None,
            Self::Waits { holder } => {
                let by = holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
                (None, format!("waits for the plan's lock, held by {by}"))
            }
            Self::Again(record) => {
                let text = format!("the plan file had missed that it is {}; written now", record.to);
                (Some(record.task.clone()), text)
            }
            Self::CaughtUp(count) => {
                (None, format!("the plan file had missed {count} changes of status; written now"))
            }
            Self::Restored { why, how: Restored::SetAside(path) } => {
                (None, format!("{why}; it is set aside as {}, and the last good one is back", path.display()))
            }
            Self::Restored { why, .. } => (None, format!("{why}; the last good one is back")),
        };
        Some(RunEvent::Warning { task, text })
    }
}
