//! What is here by now becomes what the remote has: in one push, which holds only as long as the lease is ours.

use std::collections::BTreeSet;
use std::time::Instant;

use super::checkout::note_left;
use super::saved::Card;
use super::{Lease, Refusals, RemotePlan, Restored, Saved, StateError, Untaken, patience};
use crate::git::{EpicRefs, Move, Oid, RefMap, Remote, RemoteError, TimeLeft};
use crate::run::{Site, known_slugs};

/// So many refs go in one command line.
pub(super) const TOGETHER: usize = 300;
/// How often a save starts over because somebody moved a ref.
const TRIES: usize = 8;
/// The lease is renewed so many times while it lasts.
const RENEWALS: u32 = 3;

/// Saves what happens in one clone, as long as it has the lease.
#[derive(Debug)]
pub struct Saver {
    pub(super) site: Site,
    pub(super) lease: Lease,
    /// Where the refs of the remote are.
    pub(super) known: RefMap,
    /// Where local refs were when they were last the same there, or none of ours to save.
    settled: RefMap,
    /// Refs of the remote that somebody else has moved: theirs they are.
    left: BTreeSet<String>,
    /// What was left out, and nobody was told of yet.
    pub(super) untold: Vec<String>,
    /// What the remote does not take.
    pub(super) refusals: Refusals,
    /// It took nothing at all, the last time: then there is nothing to be left out.
    pub(super) takes_nothing: bool,
    /// Nothing was saved yet since the last refusals: it may be that it takes nothing at all.
    pub(super) is_unsure: bool,
    /// The work that the remote does not take.
    pub(super) untaken: Vec<Untaken>,
    /// The same of which the journal here says so, too.
    pub(super) given_up: Vec<Untaken>,
    /// What the remote has.
    pub(super) saved: Option<Saved>,
    pub(super) card: Card,
    renewed: Instant,
    /// The last commit that was made of a state, and what it follows.
    pub(super) stored: Option<(Saved, Option<Oid>, Oid)>,
    /// How many saves have failed since the last one that did not.
    failures: u32,
    /// Anything was pushed but the lease.
    has_saved: bool,
}

/// What came of saving, in the end.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Closed {
    /// The remote did not have all of it already.
    pub has_saved: bool,
    /// What was left out, and nobody was told of yet.
    pub untold: Vec<String>,
    /// Work that the remote does not take.
    pub untaken: Vec<Untaken>,
}

impl Saver {
    /// Saves from where the remote and this clone have been brought together.
    pub fn new(site: Site, lease: Lease, restored: Restored) -> Self {
        let Restored { known, settled, saved, card, .. } = restored;
        let (left, untold, renewed) = (BTreeSet::new(), Vec::new(), Instant::now());
        let (stored, failures, has_saved) = (None, 0, false);
        let (refusals, takes_nothing, is_unsure) = (Refusals::default(), false, false);
        let (untaken, given_up) = (Vec::new(), Vec::new());
        Self {
            site,
            lease,
            known,
            settled,
            left,
            untold,
            refusals,
            takes_nothing,
            is_unsure,
            untaken,
            given_up,
            saved,
            card,
            renewed,
            stored,
            failures,
            has_saved,
        }
    }

    /// The lease.
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// The remote's name.
    pub(super) fn remote(&self) -> &str {
        self.plan().remote.name()
    }

    /// What was left out since this was last asked.
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
            Ok(()) => {
                let Self { has_saved, untold, untaken, given_up, .. } = self;
                Ok(Closed { has_saved, untold, untaken: [given_up, untaken].concat() })
            }
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

    pub(super) fn plan(&self) -> &RemotePlan {
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
            // No work is given up that the remote refuses as it does all else.
            let ends = is_last && !self.is_unsure;
            let moved = match self.bring_once(remote, ends) {
                Err(StateError::Remote(RemoteError::Refused { .. })) if self.may_sift(is_last)? => {
                    self.sift(remote)
                }
                done => {
                    self.conclude(&done);
                    if ends == is_last && done.is_ok() {
                        return done;
                    }
                    done
                }
            };
            match moved {
                Err(StateError::Remote(RemoteError::Moved { name, .. })) => self.heed(remote, &name)?,
                done => done?,
            }
        }
        self.bring_once(remote, is_last)
    }

    fn bring_once(&mut self, remote: &Remote, is_last: bool) -> Result<(), StateError> {
        if is_last {
            self.give_up_work()?;
        }
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

    /// All of it, or nothing, and only with the lease, which is renewed or given back by that.
    pub(super) fn push(
        &mut self,
        remote: &Remote,
        mut moves: Vec<Move>,
        is_last: bool,
    ) -> Result<(), StateError> {
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

    /// The refs after the journal that names them.
    pub(super) fn moves(&self, state: &Saved) -> Result<Vec<Move>, StateError> {
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
        let moves = new.map(|(name, here)| {
            let there = self.known.get(&name).copied();
            Move::advance(name, there, here)
        });
        Ok(moves.filter(|each| !self.refusals.has(each)).collect())
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
        self.untold.push(format!(
            "somebody else has moved {name} in the remote: it is left there, and was not overwritten"
        ));
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
