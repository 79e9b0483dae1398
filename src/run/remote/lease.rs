//! Who works at a plan, as everybody sees it who has the remote.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::expiry::{Vitals, free_at, is_over, lasts};
use super::{Doubts, Held, RemotePlan, StateError, Token};
use crate::git::{Message, Move, Oid, Remote, RemoteError, Repo};
use crate::run::Site;
use crate::run::start::{host, run_id};

/// The file in the lease's commit.
const FILE: &str = "lease.json";
/// What its token is called.
const TOKEN: &str = "lease";
/// The layout that is written here.
const VERSION: u32 = 1;
/// How often it is tried for while others take it and give it back.
const TRIES: u32 = 5;

/// Somebody who has the lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    version: u32,
    /// Who, for people: a job of a CI system, or a person.
    pub owner: String,
    /// What tells this holding from all others.
    pub run: String,
    /// On which machine.
    pub host: String,
    /// As which process there.
    pub pid: u32,
    /// Since when.
    pub taken: Timestamp,
    /// When anybody may take it, unless it has been renewed.
    pub expires: Timestamp,
    /// By which others see whether it lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::run) vitals: Option<Vitals>,
}

impl Holder {
    fn new(owner: &str, lasts: Duration) -> Self {
        let now = Timestamp::now();
        Self {
            version: VERSION,
            owner: owner.to_owned(),
            run: format!("{}-{:08x}", run_id(), fastrand::u32(..)),
            host: host(),
            pid: std::process::id(),
            taken: now,
            expires: after(now, lasts),
            vitals: Some(Vitals::own(lasts)),
        }
    }

    /// The same for as long again.
    fn renewed(&self, lasts: Duration) -> Self {
        Self { expires: after(Timestamp::now(), lasts), ..self.clone() }
    }

    /// Whether anybody else may take the lease, as far as the clock tells.
    pub fn is_over(&self, now: Timestamp) -> bool {
        is_over(self.expires, now)
    }

    /// From when on anybody may take it, if nothing is heard of this holder until then.
    pub fn free_at(&self) -> Timestamp {
        free_at(self.expires)
    }

    /// For those who look whether it lives.
    pub(in crate::run) fn held<'a>(&'a self, name: &'a str, at: Oid) -> Held<'a> {
        Held { name, at, run: &self.run, expires: self.expires, vitals: self.vitals.as_ref() }
    }

    /// The same of a holder who was heard of just now, whatever its clock says.
    pub(in crate::run) fn heard_of(self) -> Self {
        let expires = after(Timestamp::now(), lasts(self.vitals.as_ref()));
        Self { expires: self.expires.max(expires), ..self }
    }

    /// Whether its process is known to have ended.
    fn is_gone(&self) -> bool {
        self.vitals.as_ref().is_some_and(Vitals::are_gone)
    }

    pub(in crate::run) fn read(repo: &Repo, name: &str, at: Oid) -> Result<Self, StateError> {
        let bytes = repo.file_at(at, Path::new(FILE))?;
        let bytes = bytes.ok_or_else(|| StateError::unreadable(name, format!("it has no {FILE}")))?;
        serde_json::from_slice(&bytes).map_err(|error| StateError::unreadable(name, error))
    }

    fn store(&self, repo: &Repo) -> Result<Oid, StateError> {
        let text = serde_json::to_vec_pretty(self).map_err(|error| StateError::unreadable(FILE, error))?;
        let message = Message::new(&format!("Lease of {}", self.owner));
        Ok(repo.store_files(&[(FILE, &text)], &[], &message, Timestamp::now())?)
    }
}

/// What keeps somebody waiting.
pub(in crate::run) fn doubtful(what: &str, owner: &str, host: &str, patience: Duration) -> String {
    let seconds = patience.as_secs().max(1);
    format!(
        "{owner} on {host} had {what}, and may be dead: that is looked at for {seconds} s, since clocks may be wrong"
    )
}

fn after(now: Timestamp, lasts: Duration) -> Timestamp {
    SignedDuration::try_from(lasts)
        .ok()
        .and_then(|lasts| now.checked_add(lasts).ok())
        .unwrap_or(Timestamp::MAX)
}

/// The right to work at a plan. It is not given back by being dropped: see [`Lease::release`].
#[derive(Debug)]
pub struct Lease {
    plan: RemotePlan,
    /// As it is in the remote.
    holder: Holder,
    at: Oid,
    /// So long it holds without being renewed.
    lasts: Duration,
    /// By which this clone knows that it is ours.
    _token: Option<Token>,
}

/// A lease as it is to be in the remote next.
#[derive(Debug)]
pub(super) struct Renewal {
    holder: Holder,
    at: Oid,
}

impl Lease {
    /// Takes it, if nobody has it, or nobody who renews it, or a process of this clone that has ended. `tell` hears what it waits for.
    ///
    /// # Errors
    /// [`StateError::Held`] by whom.
    pub fn take(
        plan: &RemotePlan,
        site: &Site,
        owner: &str,
        lasts: Duration,
        tell: &dyn Fn(&str),
    ) -> Result<Self, StateError> {
        let (repo, name) = (plan.remote.repo(), plan.refs.lease());
        site.state.create(plan.refs.epic(), site.plan.path())?;
        let mut token = Token::take(&site.state, TOKEN)?;
        let (mut tries, mut doubts) = (1, Doubts::default());
        loop {
            let there = plan.remote.fetch(&[&name])?.get(&name).copied();
            if let Some(at) = there {
                let holder = Holder::read(repo, &name, at)?;
                let is_ours = token.as_ref().is_some_and(|token| token.is_ours(&holder.run));
                let is_free = is_ours && holder.is_gone();
                if !is_free && doubts.lives(holder.held(&name, at)) {
                    let Some(patience) = doubts.patience() else {
                        return Err(StateError::Held(Box::new(holder.heard_of())));
                    };
                    tell(&doubtful("the plan", &holder.owner, &holder.host, patience));
                    doubts.look(&plan.remote)?;
                    continue;
                }
                tracing::info!(?holder, "a lease is over and taken");
            }
            let holder = Holder::new(owner, lasts);
            let at = holder.store(repo)?;
            token.as_mut().map_or(Ok(()), |token| token.note(&holder.run))?;
            match plan.remote.push(&[Move::advance(&name, there, at)]) {
                Ok(()) => return Ok(Self { plan: plan.clone(), holder, at, lasts, _token: token }),
                // Somebody was faster: who, is seen by another look.
                Err(RemoteError::Moved { .. }) if tries < TRIES => tries += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The plan that it is for.
    pub fn plan(&self) -> &RemotePlan {
        &self.plan
    }

    /// Who has it, and until when.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// The same by way of another handle of the remote, with limits of its own.
    #[must_use]
    pub fn through(mut self, remote: Remote) -> Self {
        self.plan.remote = remote;
        self
    }

    /// How long it lasts without being renewed.
    pub(in crate::run) fn lasts(&self) -> Duration {
        self.lasts
    }

    /// What makes it hold on in a push; [`Lease::renewed`] when that has been made.
    pub(super) fn renewal(&self) -> Result<(Renewal, Move), StateError> {
        let holder = self.holder.renewed(self.lasts);
        let at = holder.store(self.plan.remote.repo())?;
        Ok((Renewal { holder, at }, Move::advance(self.plan.refs.lease(), Some(self.at), at)))
    }

    pub(super) fn renewed(&mut self, renewal: Renewal) {
        (self.holder, self.at) = (renewal.holder, renewal.at);
    }

    /// What gives it back in a push.
    pub(super) fn end(&self) -> Move {
        Move::delete(self.plan.refs.lease(), self.at)
    }

    /// After a push that found another lease than ours: ours it is if the answer to an earlier one of our own was lost.
    pub(super) fn find_again(&mut self, remote: &Remote) -> Result<(), StateError> {
        let name = self.plan.refs.lease();
        let Some(at) = remote.fetch(&[&name])?.get(&name).copied() else {
            return Err(StateError::Lost(None));
        };
        let holder = Holder::read(self.plan.remote.repo(), &name, at)?;
        if holder.run != self.holder.run {
            return Err(StateError::Lost(Some(Box::new(holder))));
        }
        (self.holder, self.at) = (holder, at);
        Ok(())
    }

    /// Gives it back, if it is still ours.
    ///
    /// # Errors
    /// [`StateError::Remote`] when the remote can't be reached: it is free when its time is over.
    pub fn release(mut self) -> Result<(), StateError> {
        match self.plan.remote.push(&[self.end()]) {
            Err(RemoteError::Moved { .. }) => match self.find_again(&self.plan.remote.clone()) {
                Ok(()) => Ok(self.plan.remote.push(&[self.end()])?),
                Err(StateError::Lost(_)) => Ok(()),
                Err(error) => Err(error),
            },
            pushed => Ok(pushed?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_over_when_its_time_and_a_margin_for_clocks_have_passed() {
        let holder = Holder::new("me", Duration::from_mins(2));
        let past = |seconds| holder.expires + SignedDuration::from_secs(seconds);
        assert!(!holder.is_over(holder.taken) && !holder.is_over(past(4)) && holder.is_over(past(6)));
    }

    #[test]
    fn two_holdings_by_one_owner_are_told_apart_and_a_renewed_one_is_the_same() {
        let lasts = Duration::from_mins(2);
        let (one, two) = (Holder::new("me", lasts), Holder::new("me", lasts));
        assert_ne!(one.run, two.run);
        assert_eq!(one.renewed(lasts).run, one.run);
    }

    #[test]
    fn fields_of_later_versions_are_passed_over() {
        let mut value = serde_json::to_value(Holder::new("me", Duration::ZERO)).unwrap();
        value["more"] = "x".into();
        serde_json::from_value::<Holder>(value).unwrap();
    }
}
