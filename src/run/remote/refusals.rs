//! What a remote has refused so far, and is not asked again to take.

use std::collections::{BTreeMap, BTreeSet};

use super::Untaken;
use crate::git::{Move, Oid, RefMap, Refusal};

/// Refs, each with where it was to be.
#[derive(Debug, Clone, Default)]
pub(in crate::run) struct Refusals {
    refused: BTreeMap<String, (Oid, String)>,
    told: BTreeSet<String>,
}

impl Refusals {
    /// Takes them down.
    pub(in crate::run) fn add(&mut self, refusals: Vec<Refusal>) {
        let to = |(each, said): Refusal| Some((each.name, (each.to?, said)));
        self.refused.extend(refusals.into_iter().filter_map(to));
    }

    /// Whether there are none.
    pub(in crate::run) fn are_none(&self) -> bool {
        self.refused.is_empty()
    }

    /// The remote takes nothing at all: that says nothing of single refs.
    pub(in crate::run) fn forget(&mut self) {
        self.refused.clear();
    }

    /// Whether that very move was refused.
    pub(in crate::run) fn has(&self, each: &Move) -> bool {
        each.to.is_some() && self.refused.get(&each.name).map(|(at, _)| *at) == each.to
    }

    /// Why the remote does not have the commit, if it was refused and is under none of the refs that it has (`known`), or of those `here` that
    /// it has not refused.
    pub(in crate::run) fn why(&self, known: &RefMap, here: &[(String, Oid)], commit: Oid) -> Option<String> {
        let (_, said) = self.refused.values().find(|(at, _)| *at == commit)?;
        let is_refused = |name: &str| self.refused.get(name).is_some_and(|(at, _)| *at == commit);
        let is_coming = here.iter().any(|(name, at)| *at == commit && !is_refused(name));
        (!is_coming && !known.values().any(|at| *at == commit)).then(|| said.clone())
    }

    /// What nobody was told of yet: work that the remote lacks, and refs without which it has all the same, or nearly, what there is.
    pub(in crate::run) fn news(&mut self, remote: &str, known: &RefMap, lacking: &[Untaken]) -> Vec<String> {
        let mut news = Vec::new();
        for Untaken { task, branch, said, .. } in lacking {
            if self.told.insert(format!("task {task}")) {
                news.push(format!(
                    "remote `{remote}` does not take the work of task `{task}`: {said}; it stays in this clone, on {branch}, and all else is saved"
                ));
            }
        }
        for (name, (at, said)) in &self.refused {
            let then = match known.values().any(|there| there == at) {
                true => "its commits are there, by way of other refs",
                // What contains such work is refused for that.
                false if lacking.is_empty() => "it stays in this clone, and all else is saved",
                false => continue,
            };
            if self.told.insert(name.clone()) {
                news.push(format!("remote `{remote}` does not take {name}: {said}; {then}"));
            }
        }
        news
    }
}
