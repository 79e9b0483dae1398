//! What the journal says is in the plan's file, and that on the integration branch: for people, and for whoever has nothing but git.

use std::fs;

use jiff::Timestamp;

use super::RecordsError;
use crate::genesis::{Genesis, Status, Work};
use crate::git::{EpicRefs, Message, Oid};
use crate::run::books::Books;
use crate::run::record::{Record, open_journal};
use crate::run::start::{run_id, started};
use crate::run::{Fact, History, Site, Tenure, Verdict};
use crate::store::{KnownPlan, RunOwner, StoreError, read_records};

/// How a plan stands.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// As a run would end that found nothing to do.
    pub verdict: Verdict,
    /// How many tasks are completed.
    pub completed: usize,
    /// How many there are.
    pub total: usize,
    /// The commit of the integration branch that got the plan's file, if that had changed.
    pub commit: Option<Oid>,
}

/// Has the plan's file say what the journal says, and commits it on the integration branch, as a commit of its own; a second time it changes
/// nothing.
///
/// # Errors
/// [`RecordsError`] if a run is live here, or if disk or git fail.
pub fn write_down(site: &Site, refs: &EpicRefs) -> Result<Standing, RecordsError> {
    let _tenure = Tenure::take(&site.state, refs.epic())?;
    let history = History::from_records(read_records::<Record>(&site.state.journal())?.records);
    let plan = KnownPlan::read(site.plan.clone())?;
    let mut books = Books::new(plan, history, open_journal(&site.state.journal())?);
    books.look_until_settled()?;
    let Some(start) = site.repo.start(refs)? else { return Ok(standing(books.genesis(), None)) };
    let verdict = standing(books.genesis(), None).verdict;
    if books.history().start.is_none() {
        begin(site, &mut books, start, verdict)?;
    }
    books.stage(|now| now.settle_project_status(Work::Rests, Timestamp::now()))?;
    books.flush()?;
    let commit = commit(site, refs)?;
    Ok(standing(books.genesis(), commit))
}

/// The journal says where the plan starts, and on which branch, though no run of the whole plan was there to say it.
fn begin(site: &Site, books: &mut Books, start: Oid, verdict: Verdict) -> Result<(), RecordsError> {
    let run = run_id();
    let owner = RunOwner {
        pid: std::process::id(),
        host: crate::run::start::host(),
        run: run.clone(),
        started: Timestamp::now(),
    };
    books.record(started(&owner, start, site.repo.head_branch()?))?;
    Ok(books.record(Fact::RunEnded { run, exit: verdict.exit_code(), budget: None, needed: None })?)
}

fn commit(site: &Site, refs: &EpicRefs) -> Result<Option<Oid>, RecordsError> {
    let file = site.plan.path();
    let Some(path) = site.repo.relative(file) else { return Ok(None) };
    let bytes = fs::read(file).map_err(StoreError::io("read", file))?;
    let message = Message::new(&format!("Record how the tasks of {} stand", site.epic));
    let commit = site.repo.commit_file(refs, &path, &bytes, &message)?;
    site.repo.sync()?;
    Ok(commit)
}

fn standing(genesis: &Genesis, commit: Option<Oid>) -> Standing {
    let count = |meant: &[Status]| genesis.tasks().iter().filter(|task| meant.contains(&task.status)).count();
    let (completed, total) = (count(&[Status::Completed]), genesis.tasks().len());
    let verdict = match (count(&[Status::Failed, Status::Cancelled]), completed == total) {
        (0, true) => Verdict::Completed,
        (0, false) => Verdict::Blocked,
        _ => Verdict::Failed,
    };
    Standing { verdict, completed, total, commit }
}
