//! The command line that goes on with what a run has left: what may be run, by whom, and for how much is as it was wished the first time.

use super::{Args, Isolation};
use crate::plan::TaskId;
use crate::report::{clean, shell_word};
use crate::run::Caps;

/// What is typed after the plan to go on as before.
#[derive(Debug, Default)]
pub(super) struct Again {
    rest: String,
    /// The budget that was given on the command line.
    budget: Caps,
}

impl Again {
    /// Of a run of these tasks; of all, if none is named. Of a job only the budget: all else is in the workflow.
    pub(super) fn of(args: &Args, tasks: &[TaskId]) -> Self {
        let budget = Caps {
            cost_usd: args.max_cost.map(|most| most.0),
            tokens: args.max_tokens.map(std::num::NonZeroU64::get),
        };
        if args.ci {
            return Self { rest: String::new(), budget };
        }
        let mut rest: Vec<_> = tasks.iter().map(|task| shell_word(&clean(task.as_str()))).collect();
        let mut flag = |name: &str, value: Option<String>| {
            rest.extend(value.map(|value| format!("--{name} {}", shell_word(&clean(&value)))));
        };
        flag("jobs", args.jobs.map(|jobs| jobs.to_string()));
        flag("retries", args.retries.map(|retries| retries.to_string()));
        flag("timeout", args.timeout.map(|timeout| format!("{}s", timeout.0.as_secs_f64())));
        flag("runner", args.runner.clone());
        flag("isolation", args.isolation.map(|isolation| isolation.typed().to_owned()));
        rest.extend(args.fail_fast.then(|| "--fail-fast".to_owned()));
        Self { rest: rest.iter().flat_map(|word| [" ", word]).collect(), budget }
    }

    /// With the same budget.
    pub(super) fn typed(&self) -> String {
        format!("{}{}", self.rest, self.budget.as_flags())
    }

    /// With a budget that is large enough for that.
    pub(super) fn with_more(&self, needed: Caps) -> String {
        format!("{}{}", self.rest, self.budget.raised_to(needed).as_flags())
    }
}

impl Isolation {
    fn typed(self) -> &'static str {
        match self {
            Self::Worktree => "worktree",
            Self::Shared => "shared",
            Self::None => "none",
        }
    }
}
