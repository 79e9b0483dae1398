//! One task as a job of its own: claimed, begun on what its prerequisites' jobs have pushed, and given back with what came of it.

use std::cell::Cell;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use jiff::Timestamp;

use super::course::{Course, course};
use super::keeper::Keeper;
use super::post::Post;
use super::shelf::Records;
use super::venue::{Folded, Venue};
use super::works::finished;
use super::{JobClaim, RecordError, RecordsError, TaskRecord, abandoned, shelf};
use crate::genesis::{Genesis, Status};
use crate::git::{Move, Oid, RefMap, RemoteError, Yield, slugs_beside};
use crate::plan::{Plan, TaskId, TaskIndex};
use crate::run::remote::{
    Closed, Doubts, Refusals, RemotePlan, StateError, Token, Vitals, doubtful, leave, place, refuse_another,
    restore, settle,
};
use crate::run::start::{host, run_id};
use crate::run::{History, RunEvent, Site, Tenure, known_slugs};

/// So often a job looks again because another one was faster.
const TURNS: u32 = 5;
/// Whoever folds in records, or decides something, has the plan for a moment: so often a job looks whether that is over.
const LOOKS: u32 = 10;
/// What the token of a claim is called.
const TOKEN: &str = "claim";
/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);

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
    site: Site,
    /// Whether nobody but us writes the plan's file.
    is_file_ours: Cell<bool>,
}

impl Job {
    /// Has the remote know of what the run tells, as soon as that can be.
    pub fn hear(&self, event: &RunEvent) {
        if matches!(event, RunEvent::PlanChanged { .. }) {
            self.is_file_ours.set(false);
        }
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

    /// Pushes what has come of the task, and gives up the claim. Gives what the remote does not take of that.
    ///
    /// # Errors
    /// [`RecordsError::Lost`] if another job has the task by now; others if the remote can't be written: then the claim expires by itself.
    pub fn end(self) -> Result<Closed, RecordsError> {
        if self.is_file_ours.get() {
            // The next job in this clone knows it by that.
            leave(&self.site)?;
        }
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
        let mut doubts = Doubts::default();
        for _ in 1..TURNS {
            match self.try_begin(plan, genesis, task, &mut doubts) {
                // Somebody had it in between, and has given it back.
                Err(RecordsError::Lost { by: None, .. }) => {}
                Err(RecordsError::Lost { by: Some(by), .. }) => return Ok(Begun::LeftTo(by)),
                begun => return begun,
            }
        }
        self.try_begin(plan, genesis, task, &mut doubts)
    }

    fn try_begin(
        &self,
        plan: &Plan,
        genesis: &Genesis,
        task: TaskIndex,
        doubts: &mut Doubts,
    ) -> Result<Begun, RecordsError> {
        let fetched = self.fetch_alone(&plan.task(task).id, doubts)?;
        refuse_another(self.site, &self.plan, &fetched)?;
        restore(self.site, &self.plan, &fetched)?;
        let start = self.share_start(&fetched)?;
        let _tenure = Tenure::take(&self.site.state, self.plan.refs.epic())?;
        self.begin_integration(&fetched, start)?;
        self.bring_attempts(&fetched)?;
        let Records { by_task: records, broken } = shelf::of_epic(&self.plan, &fetched)?;
        let before = plan.with_prerequisites(&[task]);
        let meant = plan.tasks().filter(|(index, _)| before[index.0]);
        let meant = meant.filter_map(|(_, task)| records.get(&task.id)).map(|(_, record)| record);
        let mut folded = self.fold(genesis, meant)?;
        let slugs = slugs_of(plan, &folded.history);
        let slug = slugs.get(task.0).cloned().unwrap_or_default();
        self.pass_over(broken, &slug)?;
        let id = &plan.task(task).id;
        let record = records.get(id).map(|(_, record)| record);
        let name = self.plan.refs.record(&slug);
        let token = Token::take(&self.site.state, TOKEN)?;
        // A job of this clone, which has ended and could not give the task back, keeps nobody from it here.
        let is_ours = |claim: &JobClaim| {
            token.as_ref().is_some_and(|token| token.is_ours(&claim.run)) && claim.is_gone()
        };
        let is_claimed_here = |record: &TaskRecord| record.claim.as_ref().is_some_and(is_ours);
        let is_unsaid = |record: &TaskRecord| record.status != Status::Completed;
        let claims = records.get(id).and_then(|(at, record)| Some((*at, record.claim.as_ref()?)));
        let live = claims.filter(|(at, claim)| !is_ours(claim) && doubts.lives(claim.held(&name, *at)));
        match course(plan, &folded.genesis, task, live.map(|(_, claim)| claim)) {
            Course::Do => {}
            Course::Nothing if record.is_some_and(|record| is_unsaid(record) && is_claimed_here(record)) => {
                // Done in this clone, and not pushed.
                self.claim(fetched, id, slug, (Status::Completed, token), None)?.end()?;
                return Ok(Begun::Completed);
            }
            Course::Nothing => return Ok(Begun::Completed),
            Course::LeaveTo(claim) => return Ok(Begun::LeftTo(claim)),
            Course::Wait(open) => return Ok(Begun::Waits(open)),
        }
        self.end_abandoned(&mut folded, id, record)?;
        if let Some((task, paths)) =
            self.merge(plan, &mut folded, |index| index != task && before[index.0])?
        {
            return Ok(Begun::Conflict(task, paths));
        }
        self.bring_branches(&fetched, |slug| slugs.iter().zip(&before).any(|(own, is)| *is && own == slug))?;
        let status = folded.genesis.task(id.as_str()).map_or(Status::Pending, |task| task.status);
        let is_file_ours = settle(self.site)?;
        let branch = self.site.repo.target(&self.plan.refs.branch(&slug).full())?;
        let keeper = self.claim(fetched, id, slug, (status, token), branch)?;
        Ok(Begun::Job(Job { keeper, site: self.site.clone(), is_file_ours: Cell::new(is_file_ours) }))
    }

    /// What earlier jobs of this clone have merged here is in the way of none: the local integration branch begins where that of a fresh clone
    /// does.
    fn begin_integration(&self, fetched: &RefMap, start: Oid) -> Result<(), RecordsError> {
        let (repo, refs) = (&self.site.repo, &self.plan.refs);
        let name = refs.integration().full();
        let begins = fetched.get(&name).copied().unwrap_or(start);
        if repo.target(&name)?.is_some() {
            repo.adopt(refs, &name, begins, Yield::Always)?;
        }
        Ok(())
    }

    /// What can't be read of other tasks is as if it were not there; nothing is written over what can't be read of this one.
    fn pass_over(&self, broken: Vec<RecordError>, slug: &str) -> Result<(), RecordsError> {
        let own = self.plan.refs.record(slug);
        for broken in broken {
            if broken.name() == own {
                return Err(broken.into());
            }
            self.asides.warn(format!("{broken}; it is passed over"));
        }
        Ok(())
    }

    /// Has the local integration branch hold the work of these tasks, as far as they are completed; gives the first that conflicts.
    fn merge(
        &self,
        plan: &Plan,
        folded: &mut Folded,
        is_meant: impl Fn(TaskIndex) -> bool,
    ) -> Result<Option<(TaskId, Vec<PathBuf>)>, RecordsError> {
        for work in finished(plan, &folded.genesis, &folded.history, is_meant) {
            match work.merge(&self.site.repo, &self.plan.refs, self.strategy)? {
                Ok(fact) => folded.add(fact)?,
                Err(not) => return Ok(Some((work.task, not.paths()))),
            }
        }
        Ok(None)
    }

    fn claim(
        &self,
        fetched: RefMap,
        task: &TaskId,
        slug: String,
        (status, mut token): (Status, Option<Token>),
        branch: Option<Oid>,
    ) -> Result<Keeper, RecordsError> {
        let claim = JobClaim {
            owner: self.owner.clone(),
            run: run_id(),
            host: host(),
            expires: Timestamp::now(),
            vitals: Some(Box::new(Vitals::own(self.lasts))),
        };
        token.as_mut().map_or(Ok(()), |token| token.note(&claim.run))?;
        let mut post = Post {
            plan: RemotePlan { remote: self.lasting(), ..self.plan.clone() },
            journal: self.site.state.journal(),
            place: place(self.site),
            task: task.clone(),
            slug,
            status,
            claim,
            lasts: self.lasts,
            known: fetched,
            refusals: Refusals::default(),
            untaken: Vec::new(),
            stored: None,
            branch,
            _token: token,
        };
        self.end_dead_lease(&post)?;
        if let Err(error) = post.save(true) {
            post.take_back()?;
            return Err(error);
        }
        // Who takes the whole plan looks for claims after that, and we look for them after ours: one of the two sees the other.
        let lease = self.plan.refs.lease();
        match self.plan.fetch().map(|now| now.contains_key(&lease)) {
            Ok(false) => Ok(Keeper::start(post, self.time_left.clone(), self.asides.clone())),
            // What they do meanwhile, we don't know: it is begun anew, when they are done.
            Ok(true) => {
                post.save(false)?;
                Err(RecordsError::Lost { task: task.to_string(), by: None })
            }
            Err(error) => {
                post.save(false)?;
                Err(error.into())
            }
        }
    }

    /// All that the remote has, at a moment at which nobody has the whole plan. Somebody may have it for a moment or for long; what was fetched
    /// while they had it, or before, tells nothing of what they do.
    fn fetch_alone(&self, task: &TaskId, doubts: &mut Doubts) -> Result<RefMap, RecordsError> {
        let mut looks = 1;
        loop {
            let fetched = self.plan.fetch()?;
            let holder = self.plan.live_holder(&fetched, doubts)?;
            if let Some((holder, patience)) = holder.as_ref().zip(doubts.patience()) {
                (self.told)(&doubtful("the plan", &holder.owner, &holder.host, patience));
            } else if holder.is_none() {
                self.doubt_claim(&fetched, task, doubts)?;
            }
            match holder {
                _ if doubts.patience().is_some() => {
                    doubts.look(&self.plan.remote)?;
                    continue;
                }
                None => return Ok(fetched),
                Some(_) if looks < LOOKS => looks += 1,
                Some(holder) => return Err(StateError::Held(Box::new(holder.heard_of())).into()),
            }
            sleep(LOOK.mul_f64(0.5 + fastrand::f64()));
        }
    }

    /// Another job has the task, by what it has said, and may be dead.
    fn doubt_claim(&self, fetched: &RefMap, task: &TaskId, doubts: &mut Doubts) -> Result<(), RecordsError> {
        let claims = shelf::claim_of(&self.plan, fetched, task)?;
        let Some((name, at, claim)) = claims else { return Ok(()) };
        let is_ours = Token::take(&self.site.state, TOKEN)?.is_some_and(|token| token.is_ours(&claim.run));
        if !(is_ours && claim.is_gone()) && doubts.lives(claim.held(&name, at)) {
            let what = format!("task `{task}`");
            if let Some(patience) = doubts.patience() {
                (self.told)(&doubtful(&what, &claim.owner, &claim.host, patience));
            }
        }
        Ok(())
    }

    /// Who had the plan, was not heard of for too long, and comes back, is to see that it is not theirs any more.
    fn end_dead_lease(&self, post: &Post) -> Result<(), RecordsError> {
        let lease = self.plan.refs.lease();
        let Some(at) = post.known.get(&lease) else { return Ok(()) };
        match post.plan.remote.push(&[Move::delete(lease, *at)]) {
            Err(RemoteError::Moved { .. }) => {
                Err(RecordsError::Lost { task: post.task.to_string(), by: None })
            }
            pushed => Ok(pushed?),
        }
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
        abandoned::ended(&folded.history, task, &whose)
            .into_iter()
            .try_for_each(|fact| folded.add(Some(fact)))
    }
}

/// What the tasks' refs are called after, in document order: as a run would call them.
pub(super) fn slugs_of(plan: &Plan, history: &History) -> Vec<String> {
    let ids: Vec<_> = plan.tasks().map(|(_, task)| task.id.as_str()).collect();
    slugs_beside(&ids, &known_slugs(history))
}
