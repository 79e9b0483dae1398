//! A recap out of plan, document and journal. Pure.

mod accuracy;
mod agents;
mod attempts;
mod failures;
mod gates;
mod knowledge;
mod pace;
mod runs;
mod spans;
mod tasks;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use self::accuracy::accuracy;
use self::spans::Spans;
use super::kind::Kind;
use super::model::{ChangeSize, PlanRecap, Recap, Summary, TaskRecap};
use crate::genesis::{Genesis, Status};
use crate::git::DiffStat;
use crate::plan::Plan;
use crate::report::Counts;
use crate::run::{Attempt, History, Record, Used, ledger};

/// What a recap is made of.
pub struct Sources<'a> {
    /// The plan's file, absolute.
    pub path: &'a Path,
    /// What is in it.
    pub genesis: &'a Genesis,
    /// What that means.
    pub plan: &'a Plan,
    /// The journal, task by task.
    pub history: &'a History,
    /// The journal, line by line.
    pub records: &'a [Record],
    /// Where finished work is merged, if that is anywhere.
    pub integration: Option<String>,
    /// How commands name the plan, as words of the shell; empty, where it is found without.
    pub plan_words: String,
    /// Whether a run is under way.
    pub live: bool,
    /// What counts as now.
    pub now: Timestamp,
    /// How much an attempt has changed; nothing, where its commits are not here.
    pub changed: &'a dyn Fn(&Attempt) -> Option<DiffStat>,
    /// How much all that is merged has changed, where that can be told.
    pub changed_in_all: Option<DiffStat>,
}

impl Recap {
    /// The recap of a plan, as of now.
    pub fn new(sources: &Sources<'_>) -> Self {
        let spans = Spans::of(sources);
        let tasks = tasks::tasks(sources, &spans);
        Self {
            version: 1,
            made: sources.now,
            plan: plan(sources),
            summary: summary(sources, &tasks),
            pace: pace::pace(sources, &tasks),
            accuracy: accuracy(&tasks),
            failures: failures::failures(sources, &tasks),
            outcomes: failures::outcomes(&tasks),
            runs: runs::runs(sources, &tasks),
            agents: agents::agents(&tasks),
            gates: gates::gates(&tasks),
            questions: knowledge::questions(sources),
            decisions: knowledge::decisions(sources),
            learnings: knowledge::learnings(sources),
            tasks,
        }
    }
}

fn plan(sources: &Sources<'_>) -> PlanRecap {
    let plan = sources.plan;
    let problem = sources.genesis.project().problem.trim();
    PlanRecap {
        genesis: sources.path.to_owned(),
        project: plan.project.clone(),
        epic: plan.epic.clone(),
        status: plan.status,
        problem: (!problem.is_empty()).then(|| problem.to_owned()),
        start: sources.history.start.clone(),
        integration: sources.integration.clone(),
        words: sources.plan_words.clone(),
    }
}

fn summary(sources: &Sources<'_>, tasks: &[TaskRecap]) -> Summary {
    let attempts = || tasks.iter().flat_map(|task| &task.attempts);
    let used = attempts().map(used).fold(Used::default(), Used::plus);
    let done = || tasks.iter().filter(|task| task.status == Status::Completed);
    let unmeasured = done().filter(|task| task.unmeasured).count();
    // Where all that is merged is here.
    let in_all =
        sources.changed_in_all.map(ChangeSize::from).filter(|size| size.files > 0 && unmeasured == 0);
    let is_open = sources.live || attempts().any(|attempt| attempt.ended.is_none());
    Summary {
        counts: Counts::of(tasks.iter().map(|task| task.status)),
        began: attempts().map(|attempt| attempt.began).min(),
        ended: attempts().filter_map(|attempt| attempt.ended).max().filter(|_| !is_open),
        live: sources.live,
        attempts: attempts().count(),
        unsuccessful: attempts().filter(|attempt| Kind::of(attempt).is_unsuccessful()).count(),
        cost_usd: used.cost_usd,
        tokens: used.tokens,
        changed: in_all.or_else(|| done().filter_map(|task| task.changed).reduce(ChangeSize::plus)),
        unmeasured,
        forgotten: forgotten(sources),
    }
}

fn forgotten(sources: &Sources<'_>) -> usize {
    let is_forgotten =
        |id: &str| ledger::is_forgotten(sources.history.task(id), &sources.genesis.details(id));
    sources.genesis.tasks().iter().filter(|task| is_forgotten(&task.id)).count()
}

fn used(attempt: &super::AttemptRecap) -> Used {
    Used { cost_usd: attempt.cost_usd, tokens: attempt.tokens }
}

impl ChangeSize {
    fn plus(self, more: Self) -> Self {
        Self {
            files: self.files + more.files,
            insertions: self.insertions + more.insertions,
            deletions: self.deletions + more.deletions,
        }
    }
}

impl From<DiffStat> for ChangeSize {
    fn from(stat: DiffStat) -> Self {
        Self { files: stat.files, insertions: stat.insertions, deletions: stat.deletions }
    }
}

/// In milliseconds.
fn millis_of(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
