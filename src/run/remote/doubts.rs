//! What may be nobody's any more, by clocks that may be wrong: it is looked at for as long as it lasts. Who lives renews it meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::expiry::{Standing, Vitals, lasts, standing};
use crate::git::{Oid, Remote, RemoteError};

/// Between two looks.
const LOOK: Duration = Duration::from_secs(5);

/// Something in the remote that is somebody's until a time by their clock.
#[derive(Debug, Clone, Copy)]
pub(in crate::run) struct Held<'a> {
    /// The ref.
    pub(in crate::run) name: &'a str,
    /// What it holds.
    pub(in crate::run) at: Oid,
    /// What tells this holding from all others.
    pub(in crate::run) run: &'a str,
    pub(in crate::run) expires: Timestamp,
    pub(in crate::run) vitals: Option<&'a Vitals>,
}

/// What was seen of them so far.
#[derive(Debug, Clone, Default)]
pub struct Doubts {
    /// Not renewed for as long as it lasts.
    dead: BTreeSet<Oid>,
    /// Seen to be renewed.
    alive: BTreeSet<String>,
    /// To be looked at: where it is, and for how long.
    open: BTreeMap<String, (Oid, String, Duration)>,
}

impl Doubts {
    /// Whether it is theirs, as far as is known. What is not known is to be looked at.
    pub(in crate::run) fn lives(&mut self, held: Held<'_>) -> bool {
        match standing(held.expires, held.vitals, Timestamp::now()) {
            Standing::Lives => true,
            Standing::Dead => false,
            Standing::Doubtful if self.dead.contains(&held.at) => false,
            Standing::Doubtful if self.alive.contains(held.run) => true,
            Standing::Doubtful => {
                let seen = (held.at, held.run.to_owned(), lasts(held.vitals));
                self.open.insert(held.name.to_owned(), seen);
                true
            }
        }
    }

    /// For how long that is to be looked at which is not known; nothing, where all is known.
    pub fn patience(&self) -> Option<Duration> {
        self.open.values().map(|(_, _, lasts)| *lasts).max()
    }

    /// Looks until all is known, by a clock that nobody sets. What was fetched before is old then.
    ///
    /// # Errors
    /// [`RemoteError`] when the remote can't be reached.
    pub fn look(&mut self, remote: &Remote) -> Result<(), RemoteError> {
        let begun = Instant::now();
        while let Some(shortest) = self.open.values().map(|(_, _, lasts)| *lasts).min() {
            remote.wait(LOOK.min(shortest / 2));
            let names: Vec<_> = self.open.keys().map(String::as_str).collect();
            let there = remote.list(&names)?;
            let waited = begun.elapsed();
            for (name, (at, run, lasts)) in std::mem::take(&mut self.open) {
                if there.get(&name) != Some(&at) {
                    self.alive.insert(run);
                } else if waited >= lasts {
                    self.dead.insert(at);
                } else {
                    self.open.insert(name, (at, run, lasts));
                }
            }
        }
        Ok(())
    }
}
