use std::path::Path;

use crate::git::Repo;
use crate::run::{Summary, Verdict};

/// What one would do next.
pub(super) fn next_step(plan: &Path, repo: &Repo, summary: &Summary) -> String {
    let plan = plan.display();
    match summary.verdict {
        Verdict::Completed => {
            let checkout = repo.workdir().unwrap_or(repo.common_dir()).display();
            format!("next    git -C {checkout} merge {}", summary.integration)
        }
        Verdict::Failed => match summary.failed.first() {
            Some(task) => {
                format!("next    blueprint logs {plan} {task}   (and `run --rerun-failed` to try again)")
            }
            None => format!("next    blueprint status {plan}"),
        },
        Verdict::Blocked => match summary.blocked.first() {
            Some(task) => format!("next    blueprint status {plan} {task}"),
            None => format!("next    blueprint status {plan}"),
        },
        Verdict::Interrupted { .. } => format!("next    blueprint run {plan}   (goes on where this ended)"),
    }
}
