//! What a person would type in any clone of the repository, told by a job of a CI system: its own clone may be gone when somebody reads that.

use super::context::Context;
use super::remote::DEFAULT;
use crate::plan::TaskId;
use crate::report::{clean, shell_word};

/// A plan as it is called at the root of any clone, and the remote that has its state.
pub(super) struct Elsewhere {
    plan: String,
    remote: String,
}

impl Elsewhere {
    pub(super) fn of(context: &Context, remote: &str) -> Self {
        let relative = context.repo.as_ref().and_then(|repo| repo.relative(&context.path));
        let path = relative.unwrap_or_else(|| context.path.clone());
        Self { plan: shell_word(&path.to_string_lossy()), remote: remote.to_owned() }
    }

    /// A verb that works on the state in the remote: `blueprint answer PLAN TASK TEXT --remote`.
    pub(super) fn from_afar(&self, verb: &str, arguments: &str) -> String {
        let Self { plan, .. } = self;
        let named = self.other_remote();
        let flag = if named.is_empty() { " --remote" } else { &named };
        format!("blueprint {verb} {plan}{arguments}{flag}")
    }

    /// The next job, of the whole plan or of one task.
    pub(super) fn job(&self, task: Option<&TaskId>) -> String {
        let task = task.map_or_else(String::new, |task| format!(" {}", shell_word(&clean(task.as_str()))));
        format!("blueprint run {}{task} --ci{}", self.plan, self.other_remote())
    }

    /// What brings together all that jobs have done.
    pub(super) fn sync(&self) -> String {
        format!("blueprint sync {}{}", self.plan, self.other_remote())
    }

    /// What one does when all is done.
    pub(super) fn landing(&self) -> String {
        format!("{}   (in a clone of yours; then `blueprint land` merges it into your branch)", self.sync())
    }

    fn other_remote(&self) -> String {
        if self.remote == DEFAULT {
            return String::new();
        }
        format!(" --remote {}", shell_word(&self.remote))
    }
}
