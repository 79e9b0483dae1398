//! Where machines meet that work at one plan: a clone, and the remote that all of them share.

use std::time::Duration;

use serde_json::Value;

use super::fold::Known;
use super::{RecordsError, TaskRecord};
use crate::genesis::Genesis;
use crate::git::{BranchName, Move, Oid, RefMap, Remote, RemoteError, Strategy, TimeLeft};
use crate::run::record::{Fact, Record, open_journal};
use crate::run::remote::RemotePlan;
use crate::run::{Asides, History, RunError, Site, ledger};
use crate::store::{Journal, read_records};

/// A clone, its remote, and who we are there.
pub struct Venue<'a> {
    /// The plan as it is here.
    pub site: &'a Site,
    /// What all machines share.
    pub plan: RemotePlan,
    /// How work gets into the integration branch.
    pub strategy: Strategy,
    /// What the plan starts from, if nobody has fixed that yet: a revision; else `HEAD`.
    pub base: Option<String>,
    /// Who we are, for people.
    pub owner: String,
    /// How patiently what comes of a task is pushed in the end.
    pub time_left: TimeLeft,
    /// How long what we claim is ours without our saying so again.
    pub lasts: Duration,
    /// Is told at once what it waits for.
    pub told: &'a dyn Fn(&str),
    /// Is told what goes wrong beside the run.
    pub asides: Asides,
}

/// What is known here when records are folded in.
pub(super) struct Folded {
    pub(super) genesis: Genesis,
    pub(super) history: History,
    journal: Journal,
}

impl Folded {
    /// Takes one more fact down.
    pub(super) fn add(&mut self, fact: Option<Fact>) -> Result<(), RecordsError> {
        let Some(record) = fact.map(Record::now) else { return Ok(()) };
        self.journal.append(&record)?;
        self.history.add(record);
        Ok(())
    }

    /// Has the document say what the journal does.
    pub(super) fn catch_up(&mut self) -> Result<(), RecordsError> {
        let now = ledger::caught_up(self.genesis.clone(), &self.history);
        self.genesis = now.map_err(RunError::from)?;
        Ok(())
    }
}

impl Venue<'_> {
    /// Has the plan start here as it does everywhere. Gives where.
    pub(super) fn share_start(&self, fetched: &RefMap) -> Result<Oid, RecordsError> {
        let start = match fetched.get(&self.plan.refs.start()) {
            Some(start) => *start,
            None => self.begin_the_plan()?,
        };
        self.site.repo.refuse_without_git(start)?;
        self.site.repo.share_start(&self.plan.refs, start)?;
        Ok(start)
    }

    /// What attempts started from and left is here, too.
    pub(super) fn bring_attempts(&self, fetched: &RefMap) -> Result<(), RecordsError> {
        for (name, at) in fetched.iter().filter(|(name, _)| self.is_of_an_attempt(name)) {
            self.site.repo.bring_up(name, *at)?;
        }
        Ok(())
    }

    /// The remote for pushes, which are not broken off at once: that might leave a lock there.
    pub(super) fn lasting(&self) -> Remote {
        self.plan.remote.lasting()
    }

    /// Whoever comes first says where the plan starts.
    fn begin_the_plan(&self) -> Result<Oid, RecordsError> {
        let (repo, name) = (&self.site.repo, self.plan.refs.start());
        let wanted = match (repo.start(&self.plan.refs)?, &self.base) {
            (Some(start), _) => start,
            (None, Some(base)) => repo.resolve(base)?,
            (None, None) => repo.head_commit()?,
        };
        repo.refuse_without_git(wanted)?;
        match self.lasting().push(&[Move::create(&name, wanted)]) {
            Ok(()) => Ok(wanted),
            Err(moved @ RemoteError::Moved { .. }) => {
                let there = self.plan.remote.fetch(&[&name])?;
                there.get(&name).copied().ok_or_else(|| moved.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn is_of_an_attempt(&self, name: &str) -> bool {
        let own = self.plan.refs.start();
        let folder = own.strip_suffix("start").unwrap_or(&own);
        let rest = name.strip_prefix(folder).unwrap_or_default();
        rest.starts_with("attempts/") || rest.starts_with("bases/")
    }

    /// Task branches that are meant, by their slugs, are here, too, for whoever wants to look at them.
    pub(super) fn bring_branches(
        &self,
        fetched: &RefMap,
        is_meant: impl Fn(&str) -> bool,
    ) -> Result<(), RecordsError> {
        let pattern = self.plan.refs.all_branches();
        let (before, after) = pattern.split_once('*').unwrap_or((&pattern, ""));
        for (name, at) in fetched {
            let slug = name.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            let branch = name.strip_prefix("refs/heads/").and_then(BranchName::new);
            let (Some(_), Some(branch)) = (slug.filter(|slug| is_meant(slug)), branch) else { continue };
            if self.site.repo.checked_out_at(&branch)?.is_none() {
                self.site.repo.bring_up(name, *at)?;
            }
        }
        Ok(())
    }

    /// Has the journal know what the records say, each fact once; gives all that is known then.
    pub(super) fn fold<'r>(
        &self,
        genesis: &Genesis,
        records: impl IntoIterator<Item = &'r TaskRecord>,
    ) -> Result<Folded, RecordsError> {
        let path = self.site.state.journal();
        let mut journal = open_journal(&path)?;
        let mut lines = read_records::<Value>(&path)?.records;
        let new = Known::of(&lines).take_all(records);
        new.iter().try_for_each(|line| journal.add(line))?;
        journal.flush()?;
        lines.extend(new);
        let known = lines.into_iter().filter_map(|line| serde_json::from_value::<Record>(line).ok());
        let history = History::from_records(known);
        let genesis = ledger::caught_up(genesis.clone(), &history).map_err(RunError::from)?;
        Ok(Folded { genesis, history, journal })
    }
}
