use std::path::Path;

use crate::agent::Outcome;
use crate::cli::elsewhere::Elsewhere;
use crate::plan::TaskId;
use crate::report::{clean, shell_word};
use crate::run::{Cause, Summary, Verdict};

/// What one would do next; after a job of a CI system, in another clone. `task` is the one that the job was for, if it was for one.
pub(super) fn next_step(plan: &Path, summary: &Summary, job: Option<&(Elsewhere, Option<TaskId>)>) -> String {
    let next = match job {
        Some((elsewhere, task)) => after_a_job(elsewhere, task.as_ref(), summary),
        None => here(&shell_word(&plan.to_string_lossy()), summary),
    };
    format!("next    {next}")
}

fn here(plan: &str, summary: &Summary) -> String {
    match (summary.verdict, &summary.integration) {
        (Verdict::Completed, Some(_)) => format!("blueprint land {plan}   (merges it into your branch)"),
        (Verdict::Completed, None) => format!("blueprint status {plan}"),
        (Verdict::Failed, _) => {
            let way_out = if is_cancelled(summary) {
                "`blueprint retry` takes it back"
            } else {
                "`run --rerun-failed` tries again"
            };
            format!("blueprint status {plan}{}   ({way_out})", word(first_root(summary)))
        }
        (Verdict::Blocked, _) => match asking(summary) {
            Some(asks) => format!("blueprint answer {plan}{} TEXT", word(Some(asks))),
            None => format!("blueprint status {plan}{}", word(summary.blocked.first())),
        },
        (Verdict::OverBudget, _) => format!(
            "blueprint run {plan}   (goes on with a budget anew, the same unless `--max-cost` or `--max-tokens` say otherwise)"
        ),
        (Verdict::Interrupted { .. }, _) => format!("blueprint run {plan}   (goes on where this ended)"),
    }
}

fn after_a_job(job: &Elsewhere, task: Option<&TaskId>, summary: &Summary) -> String {
    match summary.verdict {
        Verdict::Completed if task.is_some() => {
            format!("{}   (when all jobs are over: brings together what they have done)", job.sync())
        }
        Verdict::Completed if summary.integration.is_some() => job.landing(),
        Verdict::Completed => job.from_afar("status", ""),
        Verdict::Failed => {
            let way_out = if is_cancelled(summary) {
                "`blueprint retry --remote` takes it back"
            } else if task.is_some() {
                "the same job tries again"
            } else {
                "`run --ci --rerun-failed` tries again"
            };
            format!("{}   ({way_out})", job.from_afar("status", &word(first_root(summary))))
        }
        Verdict::Blocked => match asking(summary) {
            Some(asks) => job.from_afar("answer", &format!("{} TEXT", word(Some(asks)))),
            None => job.from_afar("status", &word(summary.blocked.first())),
        },
        Verdict::OverBudget => format!(
            "{}   (goes on with a budget anew, the same unless `--max-cost` or `--max-tokens` say otherwise)",
            job.job(task)
        ),
        Verdict::Interrupted { .. } => format!("{}   (goes on where this ended)", job.job(task)),
    }
}

fn first_root(summary: &Summary) -> Option<&TaskId> {
    summary.roots.first().map(|root| &root.task)
}

fn is_cancelled(summary: &Summary) -> bool {
    summary.roots.first().is_some_and(|root| root.cause == Cause::Cancelled)
}

fn asking(summary: &Summary) -> Option<&TaskId> {
    let asks = summary.roots.iter().find(|root| root.outcome == Some(Outcome::NeedsAnswer));
    asks.map(|root| &root.task)
}

/// As one more argument.
fn word(task: Option<&TaskId>) -> String {
    task.map_or_else(String::new, |task| format!(" {}", shell_word(&clean(task.as_str()))))
}
