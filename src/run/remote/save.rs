//! What is here by now becomes what the remote has: in one push, which holds only as long as the lease is ours.

use std::collections::BTreeSet;
use std::fs;
use std::time::Instant;

use super::checkout::note_left;
use super::lineage::{is_idle, whole_lines};
use super::restore::journal;
use super::saved::Card;
use super::{Lease, RemotePlan, Restored, Saved, StateError};
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
        Self { site, lease, known, settled, left, untold, saved, card, renewed, has_saved: false }
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
        self.bring(false)
    }

    /// The same for the last time, as patiently as the handle of the remote is: the lease is given back with it.
    ///
    /// # Errors
    /// As [`Saver::save`]. The lease is given back even so, where that can be.
    pub fn end(mut self, time_left: &TimeLeft) -> Result<Closed, StateError> {
        time_left.begin_last_words();
        match self.bring(true) {
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

    fn bring(&mut self, is_last: bool) -> Result<(), StateError> {
        for _ in 1..TRIES {
            match self.bring_once(is_last) {
                Err(StateError::Remote(RemoteError::Moved { name, .. })) => self.heed(&name)?,
                done => return done,
            }
        }
        self.bring_once(is_last)
    }

    fn bring_once(&mut self, is_last: bool) -> Result<(), StateError> {
        let state = self.state()?;
        let mut moves = self.moves(&state)?;
        let rest = moves.split_off(moves.len().saturating_sub(TOGETHER));
        for some in moves.chunks(TOGETHER) {
            self.plan().remote.push(some)?;
            self.note(some);
        }
        let is_new = self.is_new(&state);
        self.has_saved |= is_new || !moves.is_empty();
        let mut last = Vec::new();
        let renewal = if is_last {
            last.push(self.lease.end());
            None
        } else {
            let (renewal, renewed) = self.lease.renewal()?;
            last.push(renewed);
            Some(renewal)
        };
        if is_new {
            let (name, repo) = (self.plan().refs.plan(), self.plan().remote.repo());
            let before = self.known.get(&name).copied();
            last.push(Move::advance(name, before, state.store(repo, before)?));
        }
        last.extend(rest);
        self.plan().remote.push(&last)?;
        self.note(&last);
        self.renewed = Instant::now();
        if let Some(renewal) = renewal {
            self.lease.renewed(renewal);
        }
        if is_new {
            note_left(&self.site.state, &state.plan)?;
            self.saved = Some(state);
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
    fn heed(&mut self, name: &str) -> Result<(), StateError> {
        let refs = &self.plan().refs;
        if name == refs.lease() {
            self.lease.find_again()?;
            self.known = self.plan().fetch()?;
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

    /// Whether the lease may be somebody else's by now.
    pub(super) fn is_over(&self) -> bool {
        self.renewed.elapsed() >= self.lease.lasts()
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
