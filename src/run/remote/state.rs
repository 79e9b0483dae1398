//! What there is to be saved: the plan's file and the journal as they are here now, with what others are to know of work that they can't have.

use std::fs;

use super::lineage::{is_idle, whole_lines};
use super::restore::journal;
use super::{Saved, Saver, StateError};
use crate::genesis::Genesis;
use crate::git::Oid;
use crate::store::StoreError;

impl Saver {
    /// Whether the remote lacks anything of it: that somebody has looked, and found nothing to do, is nothing.
    pub(super) fn is_new(&self, state: &Saved) -> bool {
        let Some(saved) = &self.saved else { return true };
        let since = state.journal.strip_prefix(&*saved.journal);
        (&state.plan, &state.card) != (&saved.plan, &saved.card) || !since.is_some_and(is_idle)
    }

    /// The plan's file before the journal that it follows.
    pub(super) fn state(&mut self) -> Result<Saved, StateError> {
        let path = self.site.plan.path();
        let plan = fs::read(path).map_err(|error| StateError::from(StoreError::io("read", path)(error)))?;
        let is_a_plan = Genesis::parse(plan.clone()).is_ok();
        // Somebody is about writing it: the one before will do, the journal catches it up.
        let before = self.saved.as_ref().map(|saved| saved.plan.clone()).filter(|_| !is_a_plan);
        let mut journal = whole_lines(&journal(&self.site.state)?).to_vec();
        self.look_for_untaken(&journal)?;
        for fact in self.untaken.iter().flat_map(|untaken| &untaken.facts) {
            serde_json::to_writer(&mut journal, fact)
                .map_err(|error| StateError::unreadable("journal", error))?;
            journal.push(b'\n');
        }
        Ok(Saved::new(before.unwrap_or(plan), journal, self.card.clone()))
    }

    /// The commit with the state; the same one again, as long as it is the same: a push whose answer was lost may have been made.
    pub(super) fn stored(&mut self, state: &Saved, before: Option<Oid>) -> Result<Oid, StateError> {
        if let Some((of, after, at)) = &self.stored
            && (of, *after) == (state, before)
        {
            return Ok(*at);
        }
        let at = state.store(self.plan().remote.repo(), before)?;
        self.stored = Some((state.clone(), before, at));
        Ok(at)
    }
}
