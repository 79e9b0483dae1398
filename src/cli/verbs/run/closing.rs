use std::path::Path;

use crate::agent::Outcome;
use crate::plan::TaskId;
use crate::report::{clean, shell_word};
use crate::run::{Cause, History, Lacks, Root, Summary, TaskHistory, Verdict, call, word_that_is_due};

/// What one would do next.
pub(super) fn next_step(plan: &Path, history: &History, summary: &Summary) -> String {
    let plan = shell_word(&plan.to_string_lossy());
    let of = |verb: &str, task: Option<&TaskId>, rest: &str| {
        task.map_or_else(
            || format!("blueprint {verb} {plan}"),
            |task| call(verb, &plan, &clean(task.as_str()), rest),
        )
    };
    let waits = |root: &&Root| root.outcome == Some(Outcome::NeedsAnswer) || lacks_leave(history, &root.task);
    let waiting = summary.roots.iter().find(waits).map(|root| &root.task);
    let next = match (summary.verdict, &summary.integration) {
        (Verdict::Completed, Some(_)) => format!("blueprint land {plan}   (merges it into your branch)"),
        (Verdict::Completed, None) => format!("blueprint status {plan}"),
        (Verdict::Failed, _) => {
            let first = summary.roots.first();
            let is_cancelled = first.is_some_and(|root| root.cause == Cause::Cancelled);
            let way_out = if is_cancelled {
                "`blueprint retry` takes it back"
            } else {
                "`run --rerun-failed` tries again"
            };
            format!("{}   ({way_out})", of("status", first.map(|root| &root.task), ""))
        }
        (Verdict::Blocked, _) => match waiting {
            Some(task) => {
                let (verb, rest) = word_that_is_due(history.task(task.as_str()));
                of(verb, Some(task), rest)
            }
            None => of("status", summary.blocked.first(), ""),
        },
        (Verdict::OverBudget, _) => format!(
            "blueprint run {plan}   (goes on with a budget anew, the same unless `--max-cost` or `--max-tokens` say otherwise)"
        ),
        (Verdict::Interrupted { .. }, _) => format!("blueprint run {plan}   (goes on where this ended)"),
    };
    format!("next    {next}")
}

/// Whether its work only waits for a person's leave to change what it changes.
fn lacks_leave(history: &History, task: &TaskId) -> bool {
    let lacks = history.task(task.as_str()).and_then(TaskHistory::lacks);
    matches!(lacks, Some(Lacks::Leave(_)))
}
