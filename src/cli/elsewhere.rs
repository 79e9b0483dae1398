//! What a person would type in any clone of the repository, told by a job of a CI system: its own clone may be gone when somebody reads that.

use super::context::Context;
use super::remote::DEFAULT;
use crate::plan::TaskId;
use crate::report::{clean, shell_word};

/// A plan as it is called at the root of any clone, and the remote that has its state.
#[derive(Clone)]
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
    pub(super) fn at_a_distance(&self, verb: &str, task: Option<&TaskId>, rest: &str) -> String {
        let named = self.other_remote();
        let flag = if named.is_empty() { " --remote" } else { &named };
        self.call(verb, task, rest, flag)
    }

    /// The word that a task waits for; what else than an answer is said where the work can be seen.
    pub(super) fn word(&self, task: &TaskId, (verb, rest): (&str, &str)) -> String {
        match verb {
            "answer" => self.at_a_distance(verb, Some(task), rest),
            _ => self.at_a_distance("status", Some(task), ""),
        }
    }

    /// The next job, of the whole plan or of one task.
    pub(super) fn job(&self, task: Option<&TaskId>) -> String {
        self.call("run", task, "", &format!(" --ci{}", self.other_remote()))
    }

    /// What brings together all that jobs have done.
    pub(super) fn sync(&self) -> String {
        self.call("sync", None, "", &self.other_remote())
    }

    /// What one does when all is done.
    pub(super) fn landing(&self) -> String {
        format!("{}   (in a clone of yours; then `blueprint land` merges it into your branch)", self.sync())
    }

    fn call(&self, verb: &str, task: Option<&TaskId>, rest: &str, flags: &str) -> String {
        let plan = &self.plan;
        let rest = if rest.is_empty() { String::new() } else { format!(" {rest}") };
        let Some(id) = task.map(|task| clean(task.as_str())) else {
            return format!("blueprint {verb} {plan}{rest}{flags}");
        };
        let word = shell_word(&id);
        // An id may begin as a flag does: then all flags come first.
        if id.starts_with('-') {
            return format!("blueprint {verb} {plan}{flags} -- {word}{rest}");
        }
        format!("blueprint {verb} {plan} {word}{rest}{flags}")
    }

    fn other_remote(&self) -> String {
        if self.remote == DEFAULT {
            return String::new();
        }
        format!(" --remote {}", shell_word(&self.remote))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_that_are_not_meant_anyway_are_named_and_ids_that_look_like_flags_are_none() {
        let at = |remote: &str| Elsewhere { plan: "genesis.xml".into(), remote: remote.into() };
        let (a, flag) = (TaskId::from("a"), TaskId::from("-x"));
        let said = [
            at("origin").at_a_distance("answer", Some(&a), "TEXT"),
            at("up").at_a_distance("answer", Some(&flag), "TEXT"),
            at("origin").word(&a, ("answer", "approve")),
            at("origin").word(&a, ("approve", "")),
            at("up").job(Some(&a)),
            at("origin").job(None),
            at("up").sync(),
        ];
        let expected = [
            "blueprint answer genesis.xml a TEXT --remote",
            "blueprint answer genesis.xml --remote up -- -x TEXT",
            "blueprint answer genesis.xml a approve --remote",
            "blueprint status genesis.xml a --remote",
            "blueprint run genesis.xml a --ci --remote up",
            "blueprint run genesis.xml --ci",
            "blueprint sync genesis.xml --remote up",
        ];
        assert_eq!(said, expected);
    }
}
