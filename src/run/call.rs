//! Calls of `blueprint` that a person is told to make, as one types them into a shell.

use super::{Lacks, TaskHistory};
use crate::agent::shell_word;

/// A call about one task. `plan`: as a word of the shell, empty where it is found without; `rest`: flags, or words after the task.
///
/// An id may begin as a flag does: then all flags come first, and `--` before it.
pub fn call(verb: &str, plan: &str, task: &str, rest: &str) -> String {
    let (id, plan, rest) = (shell_word(task), plan.trim(), rest.trim());
    let words = match (task.starts_with('-'), rest.starts_with('-')) {
        (false, _) => ["blueprint", verb, plan, &id, rest, ""],
        (true, false) => ["blueprint", verb, plan, "--", &id, rest],
        (true, true) => ["blueprint", verb, plan, rest, "--", &id],
    };
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The verb by which a person gives a task the word that it waits for, and what follows the task's name.
pub fn word_that_is_due(story: Option<&TaskHistory>) -> (&'static str, &'static str) {
    word_for(story.and_then(TaskHistory::lacks).as_ref())
}

/// The same by what its work lacks.
pub fn word_for(lacks: Option<&Lacks>) -> (&'static str, &'static str) {
    match lacks {
        Some(Lacks::Approval(_)) => ("answer", "approve"),
        Some(Lacks::Leave(_)) => ("approve", ""),
        Some(Lacks::Pass(_) | Lacks::Run(_) | Lacks::Rest) | None => ("answer", "TEXT"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_looks_like_a_flag_is_kept_from_being_one() {
        assert_eq!(call("retry", " shop", "a", "--note TEXT"), "blueprint retry shop a --note TEXT");
        assert_eq!(call("retry", "", "-a", " --note TEXT"), "blueprint retry --note TEXT -- -a");
        assert_eq!(call("answer", "'a b'", "--x y", "approve"), "blueprint answer 'a b' -- '--x y' approve");
        assert_eq!(call("logs", "", "-a", ""), "blueprint logs -- -a");
    }
}
