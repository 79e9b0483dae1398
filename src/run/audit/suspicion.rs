use super::Job;
use crate::git::{Change, What};
use crate::run::launch::address;

/// What is known of an attempt and those around it.
pub(super) struct Case<'a> {
    pub(super) job: &'a Job,
    /// Its agent was in a sandbox.
    pub(super) is_confined: bool,
    /// This very run looked before.
    pub(super) is_of_this_run: bool,
    /// No other attempt was at work meanwhile, and nobody in the checkout.
    pub(super) is_alone: bool,
}

/// What was changed outside of the attempt's worktree, sorted by what is known of whose doing it is.
#[derive(Debug, Default)]
pub(super) struct Suspicion {
    /// The attempt's, and why we know.
    pub(super) proven: Vec<(Change, Proof)>,
    /// New branches of the attempt's own: in nobody's way, and work may be on them.
    pub(super) branches: Vec<Change>,
    /// Perhaps the attempt's.
    pub(super) possible: Vec<Change>,
}

/// Why a change is known to be the attempt's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Proof {
    /// git has noted the attempt's own address.
    Noted,
    /// There was nobody else.
    SoleSuspect,
}

/// How ours and agents' addresses begin.
const OURS: &str = "blueprint";

impl Suspicion {
    pub(super) fn of(case: &Case<'_>, changes: Vec<Change>) -> Self {
        let own = address(case.job);
        let hands: Vec<_> = changes.iter().map(|change| case.job.common.repo.hands(change)).collect();
        let is_somebody = |hand: &String| !hand.starts_with(OURS);
        let is_alone = case.is_alone && case.is_of_this_run && !hands.iter().flatten().any(is_somebody);
        let mut found = Self::default();
        for (change, hands) in changes.into_iter().zip(hands) {
            if hands.contains(&own) && is_new_branch(&change) {
                found.branches.push(change);
            } else if hands.contains(&own) {
                found.proven.push((change, Proof::Noted));
            } else if case.could_be(&change) && hands.is_empty() && is_alone {
                found.proven.push((change, Proof::SoleSuspect));
            } else if case.is_worth_telling(&change, &hands) {
                found.possible.push(change);
            }
        }
        found
    }
}

/// None of those that are ours to make.
fn is_new_branch(change: &Change) -> bool {
    let branch = change.name.strip_prefix("refs/heads/");
    change.what == What::Ref && change.before.is_none() && branch.is_some_and(|name| !name.starts_with(OURS))
}

impl Case<'_> {
    /// Whether the sandbox would have let the agent do it, if it was in one.
    fn could_be(&self, change: &Change) -> bool {
        let common = &self.job.common;
        let place = match (change.what, &change.checkout) {
            (What::Ref, _) => common.repo.common_dir().join(&change.name),
            (_, Some(checkout)) if change.what == What::File => {
                std::path::Path::new(checkout).join(&change.name)
            }
            _ => change.name.clone().into(),
        };
        let folder = common.repo.common_dir().join(self.job.branch.full());
        let is_beside = folder.parent().is_some_and(|folder| place.starts_with(folder));
        let is_open = common.confinement.write.iter().any(|open| place.starts_with(open));
        !self.is_confined || is_open || is_beside
    }

    /// Not what another process of ours has moved, nor a `HEAD` that somebody else's commit has passed by.
    fn is_worth_telling(&self, change: &Change, hands: &[String]) -> bool {
        let is_of_a_verb = !hands.is_empty() && hands.iter().all(|hand| hand.starts_with(OURS));
        let is_moved_back = change.what == What::Head && change.before == change.after;
        self.could_be(change) && !is_of_a_verb && !is_moved_back
    }
}
