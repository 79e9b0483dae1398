//! A plan's whole state in a git remote, so that the next job of a CI system, or a laptop, goes on where the last one ended: a lease that keeps
//! two machines from running one plan, what is fetched made the state of this clone, and what happens here saved there.
//!
//! Knows nothing of how a run goes, beyond that it tells when something has happened, nor of the terminal.
//!
//! In the remote: `refs/blueprint/<epic>/plan` holds a commit with the plan's file and the journal, `…/lease` one that says who works at the plan.
//! Only who has the lease writes the plan, and renews the lease by the same push: whoever has lost it writes nothing any more. Branches and
//! the other refs of the epic are the same there as here.

mod apart;
mod checkout;
mod claims;
mod doubts;
mod error;
mod expiry;
mod keeper;
mod lacking;
mod lease;
mod lineage;
mod patience;
mod place;
mod refusals;
mod restore;
mod save;
mod saved;
mod settle;
mod shape;
mod sifting;
mod state;
mod token;
mod troubles;
mod untaken;

use jiff::Timestamp;

use crate::git::{EpicRefs, RefMap, Remote, RemoteError};
use crate::run::records::told;
use crate::run::{History, Record};

pub use claims::refuse_claimed;
pub use doubts::Doubts;
pub(in crate::run) use doubts::Held;
pub use error::StateError;
pub(in crate::run) use expiry::{Vitals, free_at, is_over};
pub use keeper::Keeper;
pub use lacking::refuse_lacking;
pub(in crate::run) use lease::doubtful;
pub use lease::{Holder, Lease};
pub(in crate::run) use patience::{LAST_TRY, after};
pub(in crate::run) use place::{place, refuse_another};
pub(in crate::run) use refusals::Refusals;
pub use restore::{Restored, restore};
pub use save::{Closed, Saver};
pub use saved::Saved;
pub use settle::{leave, settle};
pub(in crate::run) use token::Token;
pub(in crate::run) use troubles::Troubles;
pub use untaken::Untaken;
pub(in crate::run) use untaken::untaken;

/// A plan as a remote has it.
#[derive(Debug, Clone)]
pub struct RemotePlan {
    /// The remote.
    pub remote: Remote,
    /// What the epic's refs are called.
    pub refs: EpicRefs,
}

/// What a remote knows of a plan.
#[derive(Debug)]
pub struct FromAfar {
    /// The plan's file as it was saved; nothing, if only jobs of single tasks have left anything.
    pub plan: Option<Vec<u8>>,
    /// All that has happened.
    pub history: History,
}

impl RemotePlan {
    /// Brings here all that the remote has of the plan. Local refs stay as they are.
    ///
    /// # Errors
    /// [`RemoteError`] when the remote can't be reached.
    pub fn fetch(&self) -> Result<RefMap, RemoteError> {
        let (own, branches) = (self.refs.all(), self.refs.all_branches());
        let integration = self.refs.integration().full();
        // By most templates that is one of the branches, and need not be asked for by itself.
        let is_among = branches.split_once('*').is_some_and(|(before, after)| {
            integration.strip_prefix(before).is_some_and(|rest| rest.ends_with(after))
        });
        let patterns = [own.as_str(), branches.as_str(), integration.as_str()];
        self.remote.fetch(patterns.get(..if is_among { 2 } else { 3 }).unwrap_or(&patterns))
    }

    /// The plan's state among what was fetched; nothing, if nobody has saved one.
    ///
    /// # Errors
    /// [`StateError::Unreadable`] if it is none.
    pub fn saved(&self, fetched: &RefMap) -> Result<Option<Saved>, StateError> {
        let at = fetched.get(&self.refs.plan());
        at.map(|at| Saved::read(self.remote.repo(), &self.refs.plan(), *at)).transpose()
    }

    /// All that is known of the plan, what jobs of single tasks have left included; nothing, if nobody has ever worked at it by way of this
    /// remote.
    ///
    /// # Errors
    /// [`StateError::Unreadable`] if what is there is no state.
    pub fn look(&self, fetched: &RefMap) -> Result<Option<FromAfar>, StateError> {
        let saved = self.saved(fetched)?;
        let told = told(saved.as_ref().map(|saved| &*saved.journal), self, fetched)?;
        let history = told.map(History::from_records);
        Ok(history.map(|history| FromAfar { plan: saved.map(|saved| saved.plan), history }))
    }

    /// All that has happened, line by line; nothing, if nobody has ever worked at the plan by way of this remote.
    ///
    /// # Errors
    /// [`StateError::Unreadable`] if what is there is no state.
    pub fn records(&self, fetched: &RefMap) -> Result<Vec<Record>, StateError> {
        let saved = self.saved(fetched)?;
        Ok(told(saved.as_ref().map(|saved| &*saved.journal), self, fetched)?.unwrap_or_default())
    }

    /// Who has the lease, unless they are known to be dead; `doubts` has what is not known.
    pub(in crate::run) fn live_holder(
        &self,
        fetched: &RefMap,
        doubts: &mut Doubts,
    ) -> Result<Option<Holder>, StateError> {
        let name = self.refs.lease();
        let Some(at) = fetched.get(&name) else { return Ok(None) };
        let holder = Holder::read(self.remote.repo(), &name, *at)?;
        Ok(doubts.lives(holder.held(&name, *at)).then_some(holder))
    }

    /// Who has the lease now, if anybody has, as far as the clock tells.
    ///
    /// # Errors
    /// [`StateError::Unreadable`] if that can't be told.
    pub fn holder(&self, fetched: &RefMap) -> Result<Option<Holder>, StateError> {
        let Some(at) = fetched.get(&self.refs.lease()) else { return Ok(None) };
        let holder = Holder::read(self.remote.repo(), &self.refs.lease(), *at)?;
        Ok(Some(holder).filter(|holder| !holder.is_over(Timestamp::now())))
    }
}
