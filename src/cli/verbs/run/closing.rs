use std::path::Path;

use super::again::Again;
use crate::agent::Outcome;
use crate::cli::elsewhere::Elsewhere;
use crate::cli::help_line::plan_words;
use crate::plan::TaskId;
use crate::report::{clean, too_small};
use crate::run::{
    BudgetEnd, Caps, Cause, History, Lacks, Root, Summary, TaskHistory, Verdict, call, word_that_is_due,
};

/// What one would do next; after a job of a CI system, in another clone. `job` has the one task that it was for, if it was for one.
pub(super) fn next_step(
    plan: &Path,
    history: &History,
    summary: &Summary,
    job: Option<&(Elsewhere, Option<TaskId>)>,
    again: &Again,
) -> String {
    let next = match job {
        Some((elsewhere, task)) => after_a_job((elsewhere, task.as_ref()), history, summary, again),
        None => here(&plan_words(plan), history, summary, again),
    };
    format!("next    {next}")
}

fn here(plan: &str, history: &History, summary: &Summary, again: &Again) -> String {
    let of = |verb: &str, task: Option<&TaskId>, rest: &str| {
        let about = |task: &TaskId| call(verb, plan, &clean(task.as_str()), rest);
        task.map_or_else(|| format!("blueprint {verb} {plan}"), about)
    };
    match (summary.verdict, &summary.integration) {
        (Verdict::Completed, Some(_)) => format!("blueprint land {plan}   (merges it into your branch)"),
        (Verdict::Completed, None) => format!("blueprint status {plan}"),
        (Verdict::Failed, _) => {
            let way_out = if is_cancelled(summary) {
                "`blueprint retry` takes it back"
            } else {
                "`run --rerun-failed` tries again"
            };
            format!("{}   ({way_out})", of("status", first_root(summary), ""))
        }
        (Verdict::Blocked, _) => match waiting(history, summary) {
            Some(task) => {
                let (verb, rest) = word_that_is_due(history.task(task.as_str()));
                of(verb, Some(task), rest)
            }
            None => of("status", summary.blocked.first(), ""),
        },
        (Verdict::OverBudget, _) => over_budget(&format!("blueprint run {plan}"), summary, again),
        (Verdict::Interrupted { .. }, _) => {
            format!("blueprint run {plan}{}   (goes on where this ended)", again.typed())
        }
    }
}

fn after_a_job(
    (job, task): (&Elsewhere, Option<&TaskId>),
    history: &History,
    summary: &Summary,
    again: &Again,
) -> String {
    match summary.verdict {
        Verdict::Completed if task.is_some() => {
            format!("{}   (when all jobs are over: brings together what they have done)", job.sync())
        }
        Verdict::Completed if summary.integration.is_some() => job.landing(),
        Verdict::Completed => job.at_a_distance("status", None, ""),
        Verdict::Failed => {
            let way_out = if is_cancelled(summary) {
                "`blueprint retry --remote` takes it back"
            } else if task.is_some() {
                "the same job tries again"
            } else {
                "`run --ci --rerun-failed` tries again"
            };
            format!("{}   ({way_out})", job.at_a_distance("status", first_root(summary), ""))
        }
        Verdict::Blocked => {
            let waiting = waiting(history, summary);
            let word = |task: &TaskId| job.word(task, word_that_is_due(history.task(task.as_str())));
            waiting.map_or_else(|| job.at_a_distance("status", summary.blocked.first(), ""), word)
        }
        Verdict::OverBudget => over_budget(&job.job(task), summary, again),
        Verdict::Interrupted { .. } => {
            format!("{}{}   (goes on where this ended)", job.job(task), again.typed())
        }
    }
}

fn first_root(summary: &Summary) -> Option<&TaskId> {
    summary.roots.first().map(|root| &root.task)
}

fn is_cancelled(summary: &Summary) -> bool {
    summary.roots.first().is_some_and(|root| root.cause == Cause::Cancelled)
}

/// The first task that only waits for a word of a person.
fn waiting<'s>(history: &History, summary: &'s Summary) -> Option<&'s TaskId> {
    let waits = |root: &&Root| root.outcome == Some(Outcome::NeedsAnswer) || lacks_leave(history, &root.task);
    summary.roots.iter().find(waits).map(|root| &root.task)
}

/// Whether its work only waits for a person's leave to change what it changes.
fn lacks_leave(history: &History, task: &TaskId) -> bool {
    let lacks = history.task(task.as_str()).and_then(TaskHistory::lacks);
    matches!(lacks, Some(Lacks::Leave(_)))
}

/// `run` is what goes on with it, without what it may use up.
fn over_budget(run: &str, summary: &Summary, again: &Again) -> String {
    let budget = summary.budget.as_ref();
    match budget.and_then(|budget| Some((budget.needed?, budget))) {
        Some((needed, &BudgetEnd { cost_usd, tokens, .. })) => {
            let why = too_small(needed, Caps { cost_usd, tokens });
            format!("{run}{}   ({why})", again.with_more(needed))
        }
        None => format!("{run}{}   (goes on with that budget anew)", again.typed()),
    }
}
