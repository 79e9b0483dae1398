//! One task as a job of its own: claimed, begun on what its prerequisites' jobs have pushed, and given back with what came of it.

use std::path::PathBuf;

use jiff::Timestamp;

use super::course::{Course, course};
use super::keeper::Keeper;
use super::post::Post;
use super::shelf::Fetched;
use super::venue::{Folded, Venue};
use super::works::finished;
use super::{JobClaim, RecordsError, TaskRecord, abandoned};
use crate::genesis::{Genesis, Status};
use crate::git::slugs_beside;
use crate::plan::{Plan, TaskId, TaskIndex};
use crate::run::start::{host, run_id};
use crate::run::{History, RunEvent, Tenure, known_slugs};

/// So often a job looks again because another one was faster.
const TURNS: u32 = 5;

/// What there is to do for a job.
#[derive(Debug)]
pub enum Begun {
    /// Its task, which is claimed.
    Job(Job),
    /// Nothing: the task is completed.
    Completed,
    /// Nothing: another job has the task.
    LeftTo(JobClaim),
    /// Nothing yet: these prerequisites are not completed.
    Waits(Vec<(TaskId, Status)>),
    /// Nothing yet: the work of this prerequisite conflicts with that of the others, in these files.
    Conflict(TaskId, Vec<PathBuf>),
}

/// A task that is claimed.
#[derive(Debug)]
pub struct Job {
    keeper: Keeper,
}

impl Job {
    /// Has the remote know of what the run tells, as soon as that can be.
    pub fn hear(&self, event: &RunEvent) {
        let matters = matches!(
            event,
            RunEvent::AttemptStarted { .. }
                | RunEvent::Retrying { .. }
                | RunEvent::Parked { .. }
                | RunEvent::TaskEnded(_)
                | RunEvent::Stopping(_)
        );
        if matters {
            self.keeper.save();
        }
    }

    /// Pushes what has come of the task, and gives up the claim.
    ///
    /// # Errors
    /// [`RecordsError::Lost`] if another job has the task by now; others if the remote can't be written: then the claim expires by itself.
    pub fn end(self) -> Result<(), RecordsError> {
        self.keeper.end()
    }
}

impl Venue<'_> {
    /// Claims a task, and has here all that it needs: its prerequisites' work in the local integration branch, and their facts in the journal.
    ///
    /// `genesis` is the plan's file as it is here.
    ///
    /// # Errors
    /// [`RecordsError`] if a whole run has the plan, if the remote can't be reached, or if disk or git fail.
    pub fn begin(&self, plan: &Plan, genesis: &Genesis, task: TaskIndex) -> Result<Begun, RecordsError> {
        for _ in 1..TURNS {
            match self.try_begin(plan, genesis, task) {
                // Somebody had it in between, and has given it back.
                Err(RecordsError::Lost { by: None, .. }) => {}
                Err(RecordsError::Lost { by: Some(by), .. }) => return Ok(Begun::LeftTo(by)),
                begun => return begun,
            }
        }
        self.try_begin(plan, genesis, task)
    }

    fn try_begin(&self, plan: &Plan, genesis: &Genesis, task: TaskIndex) -> Result<Begun, RecordsError> {
        self.site.state.create(self.refs.epic(), self.site.plan.path())?;
        let _tenure = Tenure::take(&self.site.state, self.refs.epic())?;
        let fetched = self.arrive()?;
        let before = plan.with_prerequisites(&[task]);
        let meant = plan.tasks().filter(|(index, _)| before[index.0]);
        let records = meant.filter_map(|(_, task)| fetched.records.get(&task.id)).map(|(_, record)| record);
        let mut folded = self.fold(genesis, records)?;
        let id = &plan.task(task).id;
        let record = fetched.records.get(id).map(|(_, record)| record);
        match course(plan, &folded.genesis, task, record, Timestamp::now()) {
            Course::Do => {}
            Course::Nothing => return Ok(Begun::Completed),
            Course::LeaveTo(claim) => return Ok(Begun::LeftTo(claim)),
            Course::Wait(open) => return Ok(Begun::Waits(open)),
        }
        self.end_abandoned(&mut folded, id, record)?;
        for work in finished(plan, &folded.genesis, &folded.history, |index| index != task && before[index.0]) {
            match work.merge(&self.site.repo, &self.refs, self.strategy)? {
                Ok(fact) => folded.add(fact)?,
                Err(paths) => return Ok(Begun::Conflict(work.task, paths)),
            }
        }
        let slugs = slugs_of(plan, &folded.history);
        self.bring_branches(&fetched.refs, |slug| slugs.iter().zip(&before).any(|(own, is)| *is && own == slug))?;
        let slug = slugs.get(task.0).cloned().unwrap_or_default();
        let status = folded.genesis.task(id.as_str()).map_or(Status::Pending, |task| task.status);
        self.claim(fetched, id, slug, status)
    }

    fn claim(
        &self,
        fetched: Fetched,
        task: &TaskId,
        slug: String,
        status: Status,
    ) -> Result<Begun, RecordsError> {
        let branch = self.site.repo.target(&self.refs.branch(&slug).full())?;
        let claim =
            JobClaim { owner: self.owner.clone(), run: run_id(), host: host(), expires: Timestamp::now() };
        let mut post = Post {
            shelf: self.shelf(),
            journal: self.site.state.journal(),
            task: task.clone(),
            slug,
            status,
            claim,
            lasts: self.lasts,
            known: fetched.refs,
            branch,
        };
        post.save(true)?;
        Ok(Begun::Job(Job { keeper: Keeper::start(post) }))
    }

    /// What a job of another machine had begun is over: it has died, or ended before it could say so. What was begun here, the run takes up.
    fn end_abandoned(
        &self,
        folded: &mut Folded,
        task: &TaskId,
        record: Option<&TaskRecord>,
    ) -> Result<(), RecordsError> {
        let open = folded.history.task(task.as_str()).and_then(|story| story.open_attempt());
        let is_here = |started: &crate::run::AttemptStarted| {
            self.site.state.attempt(&started.slug, started.attempt).path().exists()
        };
        if open.is_some_and(|attempt| is_here(&attempt.started)) {
            return Ok(());
        }
        let claim = record.and_then(|record| record.claim.as_ref());
        let whose = claim.map_or_else(
            || "it ended without a word".to_owned(),
            |claim| format!("{} on {}", claim.owner, claim.host),
        );
        abandoned::ended(&folded.history, task, &whose).into_iter().try_for_each(|fact| folded.add(Some(fact)))
    }
}

/// What the tasks' refs are called after, in document order: as a run would call them.
pub(super) fn slugs_of(plan: &Plan, history: &History) -> Vec<String> {
    let ids: Vec<_> = plan.tasks().map(|(_, task)| task.id.as_str()).collect();
    slugs_beside(&ids, &known_slugs(history))
}
