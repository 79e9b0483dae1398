use std::path::Path;

use super::again::Again;
use crate::agent::Outcome;
use crate::report::{clean, shell_word, too_small};
use crate::run::{BudgetEnd, Caps, Cause, Summary, Verdict};

/// What one would do next.
pub(super) fn next_step(plan: &Path, summary: &Summary, again: &Again) -> String {
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
        (Verdict::OverBudget, _) => over_budget(&plan, summary, again),
        (Verdict::Interrupted { .. }, _) => {
            format!("blueprint run {plan}{}   (goes on where this ended)", again.typed())
        }
    };
    format!("next    {next}")
}

fn over_budget(plan: &str, summary: &Summary, again: &Again) -> String {
    let budget = summary.budget.as_ref();
    match budget.and_then(|budget| Some((budget.needed?, budget))) {
        Some((needed, &BudgetEnd { cost_usd, tokens, .. })) => {
            let why = too_small(needed, Caps { cost_usd, tokens });
            format!("blueprint run {plan}{}   ({why})", again.with_more(needed))
        }
        None => format!("blueprint run {plan}{}   (goes on with that budget anew)", again.typed()),
    }
}
