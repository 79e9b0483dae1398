//! What others made of the plan file: a newer document is taken and gets what it lacks, a broken one is set aside.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{ACTOR, Books, News};
use crate::genesis::{AuditEntry, EditError, Entry, Genesis, Invalid, LineIndex};
use crate::run::history::Attempt;
use crate::run::record::TransitionRecord;
use crate::run::{RunError, ledger};
use crate::store::{Found, Restored, Saved, Seen, StoreError};

/// How long somebody may take to write the file in place, or to put it back, before it counts as broken.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often in a row the file may be restored, with no save between.
const RESTORES: u32 = 10;
/// So many changes that the file had missed are told one by one.
const FEW: usize = 8;

impl Books {
    pub(super) fn take(&mut self, seen: Seen) -> Result<(), RunError> {
        self.catch_up_document()?;
        let before = self.plan.adopt(seen);
        self.news.push(News::Changed(Box::new(Arc::unwrap_or_clone(before))));
        self.is_behind = true;
        Ok(())
    }

    /// False if somebody was faster; it is done at the next look, then.
    pub(super) fn catch_up(&mut self) -> Result<bool, RunError> {
        if !self.is_behind {
            return Ok(true);
        }
        self.sync()?;
        self.tell_decided();
        // A batch is for the document as it was.
        self.catch_up_document()?;
        let missing: Vec<_> =
            ledger::missing(&self.history, self.plan.genesis()).into_iter().cloned().collect();
        let kept = self.kept(&missing);
        self.plan.stage(&self.plan.genesis().entries(&kept)?)?;
        let written = self.stage_missing(missing)?;
        if self.plan.flush()? == Saved::Stale {
            self.plan.roll_back()?;
            return Ok(false);
        }
        let written = self.end_lag(written);
        // What is about to be saved was not missed.
        if !self.has_staged() {
            self.tell_written_again(written);
        }
        self.is_behind = false;
        Ok(true)
    }

    /// A decision that the document gets from us is a change by others all the same.
    pub(super) fn tell_decided(&mut self) {
        if std::mem::take(&mut self.is_decided) {
            self.news.push(News::Changed(Box::new(self.plan.genesis().clone())));
        }
    }

    /// Those that the document did lack.
    pub(super) fn stage_missing(
        &mut self,
        missing: Vec<TransitionRecord>,
    ) -> Result<Vec<TransitionRecord>, RunError> {
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

    pub(super) fn tell_written_again(&mut self, written: Vec<TransitionRecord>) {
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
        let then = ledger::edit_of(record, now)?;
        self.plan.stage(&then)?;
        Ok(!then.is_empty())
    }

    /// What the plan was given of what was said in attempts at these tasks: a file that is older than the one lacks the other, too.
    fn kept(&self, missing: &[TransitionRecord]) -> Vec<Entry> {
        let tasks: BTreeSet<_> = missing.iter().map(|record| &record.task).collect();
        let stories = tasks.into_iter().filter_map(|task| self.history.task(task.as_str()));
        stories.flat_map(|story| &story.attempts).flat_map(Attempt::kept).collect()
    }

    pub(super) fn is_to_be_waited_for(&mut self) -> bool {
        self.broken_since.get_or_insert_with(Instant::now).elapsed() < PATIENCE
    }

    pub(super) fn restore(&mut self, found: &Found) -> Result<(), RunError> {
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

    pub(super) fn contended(&self) -> RunError {
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
pub(super) fn is_another(known: &Genesis, found: &Genesis) -> bool {
    let (ours, theirs) = (known.project(), found.project());
    let is_renamed = ours.epic_name != theirs.epic_name && ours.project_name != theirs.project_name;
    let shares_a_task = || found.tasks().iter().any(|task| known.task(&task.id).is_some());
    is_renamed || (!known.tasks().is_empty() && !shares_a_task())
}
