use std::path::Path;

use crate::agent::Outcome;
use crate::report::{clean, shell_word};
use crate::run::{Cause, Summary, Verdict};

/// What one would do next.
pub(super) fn next_step(plan: &Path, summary: &Summary) -> String {
    let plan = shell_word(&plan.to_string_lossy());
    let about = |tasks: &[crate::plan::TaskId]| {
        tasks.first().map_or_else(String::new, |task| format!(" {}", shell_word(&clean(task.as_str()))))
    };
    let asking = summary.roots.iter().find(|root| root.outcome == Some(Outcome::NeedsAnswer));
    let asks = asking.map(|root| root.task.clone());
    let next = match (summary.verdict, &summary.integration) {
        (Verdict::Completed, Some(_)) => format!("blueprint land {plan}   (merges it into your branch)"),
        (Verdict::Completed, None) => format!("blueprint status {plan}"),
        (Verdict::Failed, _) => {
            let first = summary.roots.first();
            let task = about(first.map(|root| root.task.clone()).as_slice());
            let is_cancelled = first.is_some_and(|root| root.cause == Cause::Cancelled);
            let way_out = if is_cancelled {
                "`blueprint retry` takes it back"
            } else {
                "`run --rerun-failed` tries again"
            };
            format!("blueprint status {plan}{task}   ({way_out})")
        }
        (Verdict::Blocked, _) if asks.is_some() => {
            format!("blueprint answer {plan}{} TEXT", about(asks.as_slice()))
        }
        (Verdict::Blocked, _) => format!("blueprint status {plan}{}", about(&summary.blocked)),
        (Verdict::OverBudget, _) => format!(
            "blueprint run {plan}   (goes on with a budget anew, the same unless `--max-cost` or `--max-tokens` say otherwise)"
        ),
        (Verdict::Interrupted { .. }, _) => format!("blueprint run {plan}   (goes on where this ended)"),
    };
    format!("next    {next}")
}
