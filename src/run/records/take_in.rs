//! All that jobs have said of their tasks becomes what the plan's journal says, and what they have finished is merged.

use super::shelf::Records;
use super::venue::{Folded, Venue};
use super::works::{Finished, NotMerged, finished};
use super::{RecordsError, TaskRecord, abandoned, shelf};
use crate::genesis::Status;
use crate::git::RefMap;
use crate::plan::{self, Plan, TaskId};
use crate::run::handover::moment;
use crate::run::record::{AttemptEnded, Fact, Record, TransitionRecord};
use crate::run::remote::Doubts;
use crate::run::{History, RunError, Tenure, ledger};
use crate::store::{read_records, read_settled};

/// What came of it.
#[derive(Debug, Default)]
pub struct TakenIn {
    /// How many tasks have a record.
    pub records: usize,
    /// Tasks whose work was merged now, in that order.
    pub merged: Vec<TaskId>,
    /// Completed tasks whose work conflicts with what was merged before, or takes some of it away, and how that is said: they are blocked.
    pub blocked: Vec<(TaskId, String)>,
    /// Tasks that jobs work at.
    pub under_way: Vec<TaskId>,
    /// Tasks that jobs have worked at, as is found now, and that the plan does not have any more.
    pub passed_over: Vec<TaskId>,
    /// What stands in a record's place, and is none.
    pub broken: Vec<String>,
}

impl Venue<'_> {
    /// Takes up all records among the refs that were fetched, each fact once: into the journal. A second time it changes nothing.
    ///
    /// The plan's file is left as it is: it follows the journal.
    ///
    /// # Errors
    /// [`RecordsError`] if a run is live here, or if disk or git fail.
    pub fn take_in(&self, fetched: &RefMap, doubts: &mut Doubts) -> Result<TakenIn, RecordsError> {
        let Records { by_task: records, broken } = shelf::of_epic(&self.plan, fetched)?;
        let mut taken = TakenIn {
            records: records.len(),
            broken: broken.iter().map(ToString::to_string).collect(),
            ..TakenIn::default()
        };
        if records.is_empty() && !self.has_unmerged_work()? {
            return Ok(taken);
        }
        self.site.state.create(self.plan.refs.epic(), self.site.plan.path())?;
        let _tenure = Tenure::take(&self.site.state, self.plan.refs.epic())?;
        self.bring_attempts(fetched)?;
        self.bring_branches(fetched, |_| true)?;
        let records: Vec<_> = records.into_values().map(|(_, record)| record).collect();
        let before = read_settled(self.site.plan.path())?;
        let known = self.known()?;
        let mut folded = self.fold(&before, &records)?;
        let is_gone =
            |task: &TaskId| before.task(task.as_str()).is_none() && known.task(task.as_str()).is_none();
        taken.passed_over =
            records.iter().map(|record| &record.task).filter(|task| is_gone(task)).cloned().collect();
        let live = shelf::known_claims(&self.plan, fetched, doubts)?;
        taken.under_way = live.into_iter().map(|(task, _)| task).collect();
        end_what_died(&mut folded, &records, &taken.under_way)?;
        folded.catch_up()?;
        let plan = valid(&folded)?;
        self.merge_all(&plan, &mut folded, &mut taken)?;
        self.site.repo.sync()?;
        Ok(taken)
    }

    /// Whether a completed task's work is not merged here: it was on an integration branch that has given way to that of the remote.
    fn has_unmerged_work(&self) -> Result<bool, RecordsError> {
        let history = self.known()?;
        // What is no plan is told of where a run reads it.
        let Ok(genesis) = read_settled(self.site.plan.path()) else { return Ok(false) };
        let genesis = ledger::caught_up(genesis, &history).map_err(RunError::from)?;
        let Ok(plan) = plan::load(&genesis) else { return Ok(false) };
        Ok(finished(&plan, &genesis, &history, |_| true).iter().any(|work| !work.is_merged()))
    }

    /// What the journal here says.
    fn known(&self) -> Result<History, RecordsError> {
        Ok(History::from_records(read_records::<Record>(&self.site.state.journal())?.records))
    }

    fn merge_all(&self, plan: &Plan, folded: &mut Folded, taken: &mut TakenIn) -> Result<(), RecordsError> {
        for work in finished(plan, &folded.genesis, &folded.history, |_| true) {
            match work.merge(&self.site.repo, &self.plan.refs, self.strategy)? {
                Ok(None) => {}
                Ok(merged) => {
                    // The branch has it before the journal says so.
                    self.site.repo.sync()?;
                    folded.add(merged)?;
                    taken.merged.push(work.task);
                }
                Err(not) => {
                    block(folded, &work, &not)?;
                    taken.blocked.push((work.task, not.why()));
                }
            }
        }
        Ok(())
    }
}

/// Where no job works at a task any more, none has it in progress.
fn end_what_died(
    folded: &mut Folded,
    records: &[TaskRecord],
    under_way: &[TaskId],
) -> Result<(), RecordsError> {
    for record in records {
        if under_way.contains(&record.task) {
            continue;
        }
        let whose = record.claim.as_ref().map_or("it ended without a word", |claim| &claim.owner);
        for fact in abandoned::ended(&folded.history, &record.task, whose) {
            folded.add(Some(fact))?;
        }
    }
    Ok(())
}

/// The work is there, and does not fit to what others have done: its agent is to resolve a conflict, in a run of the whole plan.
fn block(folded: &mut Folded, work: &Finished, not: &NotMerged) -> Result<(), RecordsError> {
    let story = folded.history.task(work.task.as_str());
    let ended = story.and_then(|story| story.attempt(work.attempt)).and_then(|attempt| attempt.ended.clone());
    let why = not.why();
    let at = moment(story);
    if let Some((ended, _)) = ended {
        let ended =
            AttemptEnded { outcome: not.outcome(), detail: Some(why.clone()), resolution: None, ..ended };
        folded.add(Some(Fact::AttemptEnded(ended)))?;
    }
    folded.add(Some(Fact::Transition(TransitionRecord {
        task: work.task.clone(),
        from: Status::Completed,
        to: Status::Blocked,
        at,
        actor: "blueprint".to_owned(),
        description: why,
        changes: None,
        result: None,
    })))
}

fn valid(folded: &Folded) -> Result<Plan, RecordsError> {
    let genesis = &folded.genesis;
    let invalid = |diagnostics| RunError::Invalid { source_text: genesis.source().to_owned(), diagnostics };
    Ok(plan::load(genesis).map_err(invalid)?)
}
