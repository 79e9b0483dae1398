//! The end of a run: root causes first, then what followed from them.

use super::{BAD, GOOD, LEAST_SAYING, Lines, ODD, SAYING, counted, few, root_cause};
use crate::plan::TaskId;
use crate::report::spent::{budget, spent};
use crate::report::text::{clean, fit, short};
use crate::run::{Cause, Root, Summary, Used, Verdict};

/// At most so many root causes are told one by one.
const ROOTS: usize = 12;

impl Lines {
    pub(super) fn ended(&self, summary: &Summary) -> Vec<String> {
        let (style, word) = match summary.verdict {
            Verdict::Completed => (GOOD, "completed"),
            Verdict::Failed => (BAD, "failed"),
            Verdict::Blocked => (ODD, "blocked"),
            Verdict::OverBudget => (ODD, "out of budget"),
            Verdict::Interrupted { .. } => (ODD, "interrupted"),
        };
        let used = Used { cost_usd: summary.cost_usd, tokens: summary.tokens };
        let cost = spent(used).map_or_else(String::new, |cost| format!(", {cost}"));
        let now = if summary.done_now == 0 { "none".to_owned() } else { summary.done_now.to_string() };
        let (done, total, took) = (summary.completed, summary.total, short(summary.duration));
        let mut lines = vec![format!(
            "{style}{word}{style:#}: {done} of {total} tasks completed, {now} of them in this run, in {took}{cost}"
        )];
        lines.extend(by_agent(summary));
        lines.extend(summary.budget.as_ref().map(|end| format!("  {}", budget(end, used))));
        lines.extend(self.roots(&summary.roots));
        let unmerged: Vec<_> =
            summary.blocked.iter().filter(|task| !is_root(summary, task)).cloned().collect();
        let lists =
            [("blocked", &unmerged), ("left alone", &summary.foreign), ("still to do", &summary.interrupted)];
        for (word, tasks) in lists.into_iter().filter(|(_, tasks)| !tasks.is_empty()) {
            lines.push(format!("  {word}: {}", few(tasks)));
        }
        if let Some(branch) = &summary.integration {
            lines.push(format!("  the work is on branch {branch}"));
        }
        lines
    }

    /// Root causes with what followed from them; of many, the rest by name alone.
    fn roots(&self, roots: &[Root]) -> Vec<String> {
        let told = roots.len().min(ROOTS);
        let mut lines: Vec<_> = roots[..told].iter().flat_map(|root| self.root(root)).collect();
        let rest: Vec<_> = roots[told..].iter().map(|root| root.task.clone()).collect();
        if !rest.is_empty() {
            lines.push(format!("  and {} more: {}", rest.len(), few(&rest)));
        }
        lines
    }

    fn root(&self, root: &Root) -> Vec<String> {
        let style = if root.cause == Cause::Failed { BAD } else { ODD };
        let why = root_cause(&root.task, root.cause, root.outcome);
        let detail =
            root.detail.as_deref().and_then(|detail| detail.lines().find(|line| !line.trim().is_empty()));
        let detail = detail.map_or_else(String::new, |detail| format!(": {}", clean(detail)));
        let columns = self.columns.map_or(SAYING, |columns| usize::from(columns).max(LEAST_SAYING));
        let what = fit(&format!("{why}{detail}"), columns - 2);
        let not_run = (!root.not_run.is_empty()).then(|| {
            format!("    {} not run because {why}: {}", counted(root.not_run.len()), few(&root.not_run))
        });
        std::iter::once(format!("  {style}{what}{style:#}")).chain(not_run).collect()
    }
}

/// Of one agent alone it is all that there is.
fn by_agent(summary: &Summary) -> Option<String> {
    let each = summary.by_agent.iter();
    let each: Vec<_> =
        each.filter_map(|(agent, used)| Some(format!("{} {}", clean(agent), spent(*used)?))).collect();
    (each.len() > 1).then(|| format!("  by agent: {}", each.join("; ")))
}

fn is_root(summary: &Summary, task: &TaskId) -> bool {
    summary.roots.iter().any(|root| root.task == *task)
}
