//! A task's record in the remote, kept up to date by the job that has the task; its branch and the refs of its attempts go along.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::fold::of_task;
use super::{JobClaim, RecordsError, TaskRecord, shelf};
use crate::genesis::Status;
use crate::git::{Move, Oid, RefMap, RemoteError};
use crate::plan::TaskId;
use crate::run::remote::{RemotePlan, Token};
use crate::run::{History, Record};
use crate::store::read_records;

/// So often a push is made anew whose refs have moved without the record's having done so.
const TURNS: u32 = 4;

/// What is said of a task, and where.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) plan: RemotePlan,
    /// The journal that tells of it.
    pub(super) journal: PathBuf,
    /// Where the plan's file is in its repository.
    pub(super) place: Option<String>,
    pub(super) task: TaskId,
    /// What its refs are called after.
    pub(super) slug: String,
    /// Its status, as long as the journal says nothing of it.
    pub(super) status: Status,
    /// Ours, as it is in the remote; when it expires is said anew each time.
    pub(super) claim: JobClaim,
    /// How long a claim lasts.
    pub(super) lasts: Duration,
    /// Where the remote's refs are.
    pub(super) known: RefMap,
    /// By which this clone knows that the claim is ours.
    pub(super) _token: Option<Token>,
    /// Where the task's branch was before.
    pub(super) branch: Option<Oid>,
}

impl Post {
    /// Says in the remote what the journal says of the task by now, and that it is ours, unless it is to be given back. All refs move, or none.
    ///
    /// # Errors
    /// [`RecordsError::Lost`] if another job has the task; others if the remote can't be written.
    pub(super) fn save(&mut self, is_ours: bool) -> Result<(), RecordsError> {
        let expires = Timestamp::now().checked_add(self.lasts).unwrap_or(Timestamp::MAX);
        let claim = is_ours.then(|| JobClaim { expires, ..self.claim.clone() });
        let at = shelf::store(&self.plan, &self.record(claim)?)?;
        for _ in 1..TURNS {
            let moves = self.moves(at)?;
            match self.plan.remote.push(&moves) {
                Ok(()) => {
                    self.known.extend(moves.into_iter().filter_map(|each| Some((each.name, each.to?))));
                    self.claim.expires = expires;
                    return Ok(());
                }
                Err(RemoteError::Moved { name, holds, .. }) => self.see_moved(&name, holds)?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.plan.remote.push(&self.moves(at)?)?)
    }

    /// Gives the task back, if it is ours: a push whose answer we did not get may have been made all the same.
    pub(super) fn take_back(&mut self) -> Result<(), RecordsError> {
        let name = self.name();
        match shelf::look(&self.plan, &name)? {
            Some((at, record)) if record.claim.as_ref().is_some_and(|claim| claim.run == self.claim.run) => {
                self.known.insert(name, at);
                self.save(false)
            }
            Some(_) | None => Ok(()),
        }
    }

    fn record(&self, claim: Option<JobClaim>) -> Result<TaskRecord, RecordsError> {
        let lines = read_records::<Value>(&self.journal)?.records;
        let facts: Vec<_> = of_task(&lines, self.task.as_str()).cloned().collect();
        Ok(TaskRecord {
            status: self.status_in(&facts),
            claim,
            facts,
            plan: self.place.clone(),
            ..TaskRecord::new(self.plan.refs.epic(), &self.task)
        })
    }

    fn status_in(&self, facts: &[Value]) -> Status {
        let records = facts.iter().filter_map(|fact| serde_json::from_value::<Record>(fact.clone()).ok());
        let history = History::from_records(records);
        let last = history.task(self.task.as_str()).and_then(|story| story.transitions.last());
        last.map_or(self.status, |last| last.to)
    }

    fn name(&self) -> String {
        self.plan.refs.record(&self.slug)
    }

    fn moves(&self, record: Oid) -> Result<Vec<Move>, RecordsError> {
        let (repo, refs) = (self.plan.remote.repo(), &self.plan.refs);
        let there = |name: &str| self.known.get(name).copied();
        let mut moves = vec![Move::advance(self.name(), there(&self.name()), record)];
        let branch = refs.branch(&self.slug).full();
        let tip = repo.target(&branch)?.filter(|tip| Some(*tip) != self.branch);
        // A new attempt begins at a new base: what the branch had before is under the attempts' refs.
        moves.extend(tip.map(|tip| Move::advance(branch.clone(), there(&branch), tip)));
        for (name, at) in repo.own_refs(refs)?.into_iter().filter(|(name, _)| self.is_of_an_attempt(name)) {
            // What another machine has kept under that name is not let go.
            if there(&name).is_none_or(|there| repo.has(at, there)) {
                moves.push(Move::advance(name.clone(), there(&name), at));
            }
        }
        moves.retain(|each| each.from != each.to);
        Ok(moves)
    }

    fn is_of_an_attempt(&self, name: &str) -> bool {
        let refs = &self.plan.refs;
        [refs.attempt(&self.slug, 0), refs.base(&self.slug, 0)]
            .iter()
            .any(|first| first.strip_suffix('0').is_some_and(|folder| name.starts_with(folder)))
    }

    /// Somebody has moved a ref: with the record's, the task is theirs, unless it was we whose answer was lost.
    fn see_moved(&mut self, name: &str, holds: Option<Oid>) -> Result<(), RecordsError> {
        let mut at = holds;
        if name == self.name() {
            let there = shelf::look(&self.plan, name)?;
            let by = there.as_ref().and_then(|(_, record)| record.claim.clone());
            if by.as_ref().is_none_or(|by| by.run != self.claim.run) {
                return Err(RecordsError::Lost { task: self.task.to_string(), by });
            }
            at = there.map(|(at, _)| at);
        }
        match at {
            Some(at) => drop(self.known.insert(name.to_owned(), at)),
            None => drop(self.known.remove(name)),
        }
        Ok(())
    }
}
