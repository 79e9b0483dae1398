use std::collections::BTreeMap;

use super::account::Key;

/// One thing that is limited, US dollars or tokens: what of it is used up, and what is set aside for attempts that are under way.
#[derive(Debug, Clone)]
pub(super) struct Purse {
    most: f64,
    used: f64,
    shares: BTreeMap<Key, Share>,
}

/// What of it one attempt has.
#[derive(Debug, Clone, Copy)]
struct Share {
    set_aside: f64,
    /// What it would count as if its program never said: nothing, where the share is no guess of that.
    guess: f64,
    known: f64,
}

/// What an attempt is expected to use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Expected {
    /// About so much.
    About(f64),
    /// Nobody knows: all that is left is set aside for it.
    Unknown,
    /// Nothing that anybody could count.
    Uncounted,
}

impl Expected {
    /// How much, where anybody knows.
    pub(super) fn known(self) -> Option<f64> {
        match self {
            Self::About(much) => Some(much),
            Self::Unknown | Self::Uncounted => None,
        }
    }
}

/// Sums of US dollars are not exact.
const CRUMB: f64 = 1e-9;

impl Purse {
    pub(super) fn new(most: f64) -> Self {
        Self { most, used: 0.0, shares: BTreeMap::new() }
    }

    /// What nobody has used, or has a share in; less than nothing if more was used than there was.
    pub(super) fn left(&self) -> f64 {
        let held: f64 = self.shares.values().map(|share| share.set_aside.max(share.known)).sum();
        self.most - self.used - held
    }

    /// Whether nothing is left for anybody.
    pub(super) fn is_empty(&self) -> bool {
        self.left() <= CRUMB
    }

    /// Whether nobody holds a share that may come back.
    pub(super) fn is_settled(&self) -> bool {
        self.shares.values().all(|share| share.set_aside.max(share.known) <= CRUMB)
    }

    pub(super) fn fits(&self, expected: Expected) -> bool {
        let left = self.left();
        let has_any = left > CRUMB;
        match expected {
            Expected::About(share) => has_any && share <= left + CRUMB,
            Expected::Unknown | Expected::Uncounted => has_any,
        }
    }

    /// Whether it would fit if nothing were used.
    pub(super) fn could_fit(&self, share: f64) -> bool {
        share <= self.most + CRUMB
    }

    /// Sets a share aside; gives what the attempt may use at most: what is left for it, more than its share or less.
    pub(super) fn open(&mut self, key: Key, expected: Expected) -> f64 {
        let left = self.left().max(0.0);
        let (set_aside, guess) = match expected {
            Expected::About(share) => (share, share),
            Expected::Unknown => (left, 0.0),
            Expected::Uncounted => (0.0, 0.0),
        };
        self.shares.insert(key, Share { set_aside, guess, known: 0.0 });
        left
    }

    /// What an attempt has used so far.
    pub(super) fn note(&mut self, key: &Key, known: f64) {
        if let Some(share) = self.shares.get_mut(key) {
            share.known = share.known.max(known);
        }
    }

    /// An attempt is over: what it used, if its program says so. Gives what counts; nothing if it has no share, which it had before.
    pub(super) fn settle(&mut self, key: &Key, used: Option<f64>, may_have_used: bool) -> Option<f64> {
        let share = self.shares.remove(key)?;
        let guess = if may_have_used { share.guess.max(share.known) } else { share.known };
        let counts = used.unwrap_or(guess);
        self.used += counts;
        Some(counts)
    }

    /// Something was used beside all shares.
    pub(super) fn charge(&mut self, used: f64) {
        self.used += used;
    }

    pub(super) fn used(&self) -> f64 {
        self.used
    }
}
