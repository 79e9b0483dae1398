//! What is here by now becomes what the remote has: in one push, which holds only as long as the lease is ours.

use std::collections::BTreeSet;
use std::fs;
use std::time::Instant;

use super::checkout::note_left;
use super::lineage::{is_idle, whole_lines};
use super::restore::journal;
use super::saved::Card;
use super::{Lease, RemotePlan, Restored, Saved, StateError, patience};
use crate::genesis::Genesis;
use crate::git::{EpicRefs, Move, Oid, RefMap, Remote, RemoteError, TimeLeft};
use crate::run::{Site, known_slugs};
use crate::store::StoreError;

/// So many refs go in one command line.
const TOGETHER: usize = 300;
/// How often a save starts over because somebody moved a ref.
const TRIES: usize = 8;
/// The lease is renewed so many times while it lasts.
const RENEWALS: u32 = 3;

/// Saves what happens in one clone, as long as it has the lease.
#[derive(Debug)]
pub struct Saver {
    site: Site,
    lease: Lease,
    /// Where the refs of the remote are.
    known: RefMap,
    /// Where local refs were when they were last the same there, or none of ours to save.
    settled: RefMap,
    /// Refs of the remote that somebody else has moved: theirs they are.
    left: BTreeSet<String>,
    /// Those of them that nobody was told of yet.
    untold: Vec<String>,
    /// What the remote has.
    saved: Option<Saved>,
    card: Card,
    renewed: Instant,
    /// The last commit that was made of a state, and what it follows.
    stored: Option<(Saved, Option<Oid>, Oid)>,
    /// How many saves have failed since the last one that did not.
    failures: u32,
    /// Anything was pushed but the lease.
    has_saved: bool,
}

/// What came of saving, in the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Closed {
    /// The remote did not have all of it already.
    pub has_saved: bool,
    /// The refs that were left as somebody else has moved them in the remote, as far as nobody was told of them.
    pub left: Vec<String>,
}

impl Saver {
    /// Saves from where the remote and this clone have been brought together.
    pub fn new(site: Site, lease: Lease, restored: Restored) -> Self {
        let Restored { known, settled, saved, card, .. } = restored;
        let (left, untold, renewed) = (BTreeSet::new(), Vec::new(), Instant::now());
        let (stored, failures, has_saved) = (None, 0, false);
        Self { site, lease, known, settled, left, untold, saved, card, renewed, stored, failures, has_saved }
    }

    /// The lease.
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// The remote's name.
    pub(super) fn remote(&self) -> &str {
        self.plan().remote.name()
    }

    /// The refs that were found to be moved by somebody else since this was last asked.
    pub(super) fn newly_left(&mut self) -> Vec<String> {
        std::mem::take(&mut self.untold)
    }

    /// When the lease is to be renewed, if nothing is saved until then.
    pub(super) fn renewal_due(&self) -> Instant {
        self.renewed + self.lease.lasts() / RENEWALS
    }

    /// Has the remote hold all that is here by now, and renews the lease.
    ///
    /// # Errors
    /// [`StateError::Lost`] if the lease is somebody else's: nothing was saved.
    pub fn save(&mut self) -> Result<(), StateError> {
        let saved = self.renew_after_failure().and_then(|()| {
            let limit = patience::after(self.failures, self.lease.lasts());
            self.bring(&self.plan().remote.at_most(limit), false)
        });
        self.failures = if saved.is_ok() { 0 } else { self.failures.saturating_add(1) };
        saved
    }

    /// What could not be saved in its time may be large: the lease, which is small, does not wait for it.
    fn renew_after_failure(&mut self) -> Result<(), StateError> {
        if self.failures == 0 {
            return Ok(());
        }
        let remote = self.plan().remote.at_most(patience::short(self.lease.lasts()));
        for _ in 1..TRIES {
            match self.push(&remote, Vec::new(), false) {
                Err(StateError::Remote(RemoteError::Moved { name, .. })) => self.heed(&remote, &name)?,
                done => return done,
            }
        }
        self.push(&remote, Vec::new(), false)
    }

    /// The same for the last time, as patiently as the handle of the remote is: the lease is given back with it.
    ///
    /// # Errors
    /// As [`Saver::save`]. The lease is given back even so, where that can be.
    pub fn end(mut self, time_left: &TimeLeft) -> Result<Closed, StateError> {
        time_left.begin_last_words();
        match self.bring_at_last(time_left) {
            Ok(()) => Ok(Closed { has_saved: self.has_saved, left: self.untold }),
            Err(lost @ StateError::Lost(_)) => Err(lost),
            Err(error) => {
                let free_at = self.lease.holder().free_at();
                Err(match self.lease.release() {
                    Ok(()) => error,
                    Err(_) => StateError::Unreturned { error: Box::new(error), free_at },
                })
            }
        }
    }

    fn plan(&self) -> &RemotePlan {
        self.lease.plan()
    }

    /// A call that hangs does not take all the time that is left: then there is another one, with the rest of it.
    fn bring_at_last(&mut self, time_left: &TimeLeft) -> Result<(), StateError> {
        let remote = self.plan().remote.clone();
        match self.bring(&remote.at_most(patience::LAST_TRY), true) {
            Err(StateError::Remote(error)) if error.is_of_the_way() && !time_left.is_over() => {
                self.bring(&remote, true)
            }
            done => done,
        }
    }

    fn bring(&mut self, remote: &Remote, is_last: bool) -> Result<(), StateError> {
        for _ in 1..TRIES {
            match self.bring_once(remote, is_last) {
                Err(StateError::Remote(RemoteError::Moved { name, .. })) => self.heed(remote, &name)?,
                done => return done,
            }
        }
        self.bring_once(remote, is_last)
    }

    fn bring_once(&mut self, remote: &Remote, is_last: bool) -> Result<(), StateError> {
        let state = self.state()?;
        let mut moves = self.moves(&state)?;
        let is_new = self.is_new(&state);
        self.has_saved |= is_new || !moves.is_empty();
        let mut last = moves.split_off(moves.len().saturating_sub(TOGETHER));
        for some in moves.chunks(TOGETHER) {
            remote.push(some)?;
            self.note(some);
        }
        if is_new {
            let name = self.plan().refs.plan();
            let before = self.known.get(&name).copied();
            last.insert(0, Move::advance(name, before, self.stored(&state, before)?));
        }
        self.push(remote, last, is_last)?;
        if is_new {
            note_left(&self.site.state, &state.plan)?;
            self.saved = Some(state);
        }
        Ok(())
    }

    /// The commit with the state; the same one again, as long as it is the same: a push whose answer was lost may have been made.
    fn stored(&mut self, state: &Saved, before: Option<Oid>) -> Result<Oid, StateError> {
        if let Some((of, after, at)) = &self.stored
            && (of, *after) == (state, before)
        {
            return Ok(*at);
        }
        let at = state.store(self.plan().remote.repo(), before)?;
        self.stored = Some((state.clone(), before, at));
        Ok(at)
    }

    /// All of it, or nothing, and only with the lease, which is renewed or given back by that.
    fn push(&mut self, remote: &Remote, mut moves: Vec<Move>, is_last: bool) -> Result<(), StateError> {
        let renewal = if is_last {
            moves.insert(0, self.lease.end());
            None
        } else {
            let (renewal, renewed) = self.lease.renewal()?;
            moves.insert(0, renewed);
            Some(renewal)
        };
        remote.push(&moves)?;
        self.note(&moves);
        self.renewed = Instant::now();
        if let Some(renewal) = renewal {
            self.lease.renewed(renewal);
        }
        Ok(())
    }

    /// Whether the remote lacks anything of it: that somebody has looked, and found nothing to do, is nothing.
    fn is_new(&self, state: &Saved) -> bool {
        let Some(saved) = &self.saved else { return true };
        let since = state.journal.strip_prefix(&*saved.journal);
        (&state.plan, &state.card) != (&saved.plan, &saved.card) || !since.is_some_and(is_idle)
    }

    /// The plan's file before the journal that it follows.
    fn state(&self) -> Result<Saved, StateError> {
        let path = self.site.plan.path();
        let plan = fs::read(path).map_err(|error| StateError::from(StoreError::io("read", path)(error)))?;
        let is_a_plan = Genesis::parse(plan.clone()).is_ok();
        // Somebody is about writing it: the one before will do, the journal catches it up.
        let before = self.saved.as_ref().map(|saved| saved.plan.clone()).filter(|_| !is_a_plan);
        let journal = journal(&self.site.state)?;
        Ok(Saved::new(before.unwrap_or(plan), whole_lines(&journal).to_vec(), self.card.clone()))
    }

    /// The refs after the journal that names them.
    fn moves(&self, state: &Saved) -> Result<Vec<Move>, StateError> {
        let (repo, refs) = (&self.site.repo, &self.plan().refs);
        let own = repo.own_refs(refs)?;
        let slugs = known_slugs(&state.history());
        let names = slugs.values().map(|slug| refs.branch(slug).full());
        let names = names.chain([refs.branch(EpicRefs::SHARED).full(), refs.integration().full()]);
        let branches = repo.targets(names)?;
        let is_new = |(name, here): &(String, Oid)| {
            self.settled.get(name) != Some(here)
                && self.known.get(name) != Some(here)
                && !self.left.contains(name)
        };
        let new = own.into_iter().chain(branches).filter(is_new);
        Ok(new
            .map(|(name, here)| Move::advance(name.clone(), self.known.get(&name).copied(), here))
            .collect())
    }

    fn note(&mut self, moved: &[Move]) {
        for Move { name, to, .. } in moved {
            match to {
                Some(to) => {
                    self.known.insert(name.clone(), *to);
                    self.settled.insert(name.clone(), *to);
                }
                None => drop(self.known.remove(name)),
            }
        }
    }

    /// Somebody has moved a ref of the remote. The answer to a push of our own may have been lost, too.
    fn heed(&mut self, remote: &Remote, name: &str) -> Result<(), StateError> {
        let refs = self.plan().refs.clone();
        if name == refs.lease() {
            self.lease.find_again(remote)?;
            self.known = RemotePlan { remote: remote.clone(), refs }.fetch()?;
            return Ok(());
        }
        if name == refs.plan() || name == refs.start() {
            let (remote, name) = (self.plan().remote.name().to_owned(), name.to_owned());
            return Err(StateError::Overwritten { remote, name });
        }
        self.left.insert(name.to_owned());
        self.untold.push(name.to_owned());
        Ok(())
    }

    /// The same by way of another handle of the remote, with limits of its own.
    #[must_use]
    pub fn through(mut self, remote: Remote) -> Self {
        self.lease = self.lease.through(remote);
        self
    }

    /// Gives the lease back and saves nothing.
    ///
    /// # Errors
    /// As [`Lease::release`].
    pub fn give_up(self) -> Result<(), StateError> {
        self.lease.release()
    }
}
