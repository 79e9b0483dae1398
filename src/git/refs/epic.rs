//! The names of all refs of one epic.

use crate::git::GitError;

/// Where the slugs go in a branch template.
const TASK: &str = "{task}";
const EPIC: &str = "{epic}";

/// A branch by its short name, such as `blueprint/shop/parse`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BranchName(String);

impl BranchName {
    /// `None` if git would refuse the name.
    pub fn new(short: impl Into<String>) -> Option<Self> {
        let short = short.into();
        let valid = !short.contains('\0')
            && !short.starts_with('-')
            && git2::Reference::is_valid_name(&format!("refs/heads/{short}"));
        valid.then_some(Self(short))
    }

    /// The short name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `refs/heads/…`
    pub fn full(&self) -> String {
        format!("refs/heads/{}", self.0)
    }
}

impl std::fmt::Display for BranchName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The names of an epic's branches and refs. No one of them is a folder of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpicRefs {
    epic: String,
    template: String,
}

impl EpicRefs {
    /// The template that holds unless another is configured.
    pub const DEFAULT_TEMPLATE: &'static str = "blueprint/{epic}/{task}";

    /// `epic`: as [`super::epic_slug`] gives it; `template`: a branch name with `{task}`, and `{epic}` if wanted.
    pub fn new(epic: &str, template: &str) -> Result<Self, GitError> {
        let refs = Self { epic: epic.to_owned(), template: template.to_owned() };
        match refs.flaw() {
            None => Ok(refs),
            Some(reason) => Err(GitError::BadTemplate { template: refs.template, reason }),
        }
    }

    /// The slug of the epic.
    pub fn epic(&self) -> &str {
        &self.epic
    }

    /// The branch of a task, by the task's slug.
    pub fn branch(&self, task: &str) -> BranchName {
        BranchName(self.filled(task))
    }

    /// Where finished tasks are merged.
    pub fn integration(&self) -> BranchName {
        BranchName(format!("blueprint/{}/integration", self.epic))
    }

    /// For the moment in which the worktree of the verification is made. No slug has such a name.
    pub fn verification(&self) -> BranchName {
        BranchName(format!("blueprint/{}/integration=verify", self.epic))
    }

    /// The name, in place of a task's slug, of branch and folder of a worktree that all tasks share.
    pub const SHARED: &'static str = "shared";

    /// Keeps the commit that the plan started from.
    pub fn start(&self) -> String {
        self.own("start")
    }

    /// Keeps what attempt `n` (from 1) at a task left.
    pub fn attempt(&self, task: &str, n: u32) -> String {
        self.own(&format!("attempts/{task}/{n}"))
    }

    /// Keeps what attempt `n` (from 1) at a task started from.
    pub fn base(&self, task: &str, n: u32) -> String {
        self.own(&format!("bases/{task}/{n}"))
    }

    /// Holds what jobs of a CI system know of a task.
    pub fn record(&self, task: &str) -> String {
        self.own(&format!("records/{task}"))
    }

    /// What the names of all such refs begin with.
    pub fn records(&self) -> String {
        self.own("records/")
    }

    /// Holds the plan's state: its file and its journal.
    pub fn plan(&self) -> String {
        self.own("plan")
    }

    /// Says who works at the whole plan.
    pub fn lease(&self) -> String {
        self.own("lease")
    }

    /// A pattern that all refs of the epic match but its branches.
    pub fn all(&self) -> String {
        self.own("*")
    }

    /// A pattern that all task branches match, by their full names.
    pub fn all_branches(&self) -> String {
        format!("refs/heads/{}", self.filled("*"))
    }

    /// Keeps where the integration branch was before it was made anew for the `n`th time (from 1).
    pub fn replaced(&self, n: u32) -> String {
        self.own(&format!("replaced/{n}"))
    }

    fn own(&self, rest: &str) -> String {
        format!("refs/blueprint/{}/{rest}", self.epic)
    }

    fn filled(&self, task: &str) -> String {
        self.template.replace(EPIC, &self.epic).replace(TASK, task)
    }

    fn flaw(&self) -> Option<&'static str> {
        let integration = self.integration().0;
        let sample = self.filled("x");
        if self.template.matches(TASK).count() != 1 {
            Some("it must hold `{task}` exactly once")
        } else if BranchName::new(sample.clone()).is_none() {
            Some("git refuses the name that it makes")
        } else if sample.starts_with(&format!("{integration}/")) || self.meets(&integration) {
            Some("a task's branch could meet the integration branch")
        } else {
            None
        }
    }

    /// Whether some task's branch would be `name` itself, or a folder of it.
    fn meets(&self, name: &str) -> bool {
        let filled = self.template.replace(EPIC, &self.epic);
        let (before, after) = filled.split_once(TASK).unwrap_or((&filled, ""));
        let ends = name.match_indices('/').map(|(at, _)| at).chain([name.len()]);
        ends.filter_map(|end| name.get(..end)?.strip_prefix(before)?.strip_suffix(after))
            .any(|task| !task.is_empty() && !task.contains('/') && task != "integration")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_names_are_those_that_scripts_rely_on() -> Result<(), GitError> {
        let refs = EpicRefs::new("shop", EpicRefs::DEFAULT_TEMPLATE)?;
        assert_eq!(refs.branch("parse").as_str(), "blueprint/shop/parse");
        assert_eq!(refs.branch("parse").full(), "refs/heads/blueprint/shop/parse");
        assert_eq!(refs.integration().as_str(), "blueprint/shop/integration");
        assert_eq!(refs.start(), "refs/blueprint/shop/start");
        assert_eq!(refs.attempt("parse", 2), "refs/blueprint/shop/attempts/parse/2");
        assert_eq!(refs.base("parse", 1), "refs/blueprint/shop/bases/parse/1");
        assert_eq!(refs.record("parse"), "refs/blueprint/shop/records/parse");
        Ok(())
    }

    #[test]
    fn templates_that_cannot_name_a_branch_per_task_are_refused() {
        let bad = [
            "",
            "x",
            "{epic}",
            "{task}/{task}",
            "a..{task}",
            "-{task}",
            "a//{task}",
            "{task}.lock",
            "/{task}",
            "a b/{task}",
            "blueprint/{epic}/integration/{task}",
            "blueprint/{task}",
            "{task}",
            "a\0{task}",
            "{task}/",
            "{task}~",
            "{task}/{epic}",
            "blueprint/{epic}/integra{task}",
        ];
        for template in bad {
            assert!(EpicRefs::new("e", template).is_err(), "{template:?}");
        }
    }

    #[test]
    fn templates_beside_the_default_are_taken() -> Result<(), GitError> {
        for template in ["agents/{task}", "t/{task}/{epic}", "bp-{epic}-{task}", "blueprint/{epic}/t-{task}"]
        {
            let refs = EpicRefs::new("e", template)?;
            assert!(BranchName::new(refs.branch("x").as_str()).is_some());
        }
        Ok(())
    }
}
