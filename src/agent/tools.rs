//! What an agent may do, by the tools that its definition lists, for programs whose own tools are called otherwise.

/// What the tools of a list amount to. Reading files is no power: an agent that may do nothing else reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Powers {
    /// Programs may be run.
    pub shell: bool,
    /// Files may be written.
    pub edit: bool,
    /// Pages of the web may be read or searched for.
    pub web: bool,
}

const SHELL: &[&str] = &["bash", "shell", "run_shell_command", "exec_command"];
const EDIT: &[&str] =
    &["edit", "multiedit", "notebookedit", "write", "patch", "apply_patch", "write_file", "replace"];
const WEB: &[&str] = &["webfetch", "websearch", "web_fetch", "google_web_search", "web_search"];

impl Powers {
    /// Those of a definition's list; all of them where it lists nothing.
    pub(super) fn of(tools: &[String]) -> Powers {
        let has = |names: &[&str]| {
            tools.is_empty() || tools.iter().any(|tool| names.contains(&base(tool).to_lowercase().as_str()))
        };
        Powers { shell: has(SHELL), edit: has(EDIT), web: has(WEB) }
    }
}

/// The tool that a rule is about: `Bash(git add:*)` is one for `Bash`.
pub(super) fn base(tool: &str) -> &str {
    tool.split('(').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn powers(tools: &[&str]) -> Powers {
        Powers::of(&super::super::arguments::owned(tools))
    }

    #[test]
    fn a_list_gives_what_is_on_it_and_nothing_else() {
        let none = Powers { shell: false, edit: false, web: false };
        assert_eq!(powers(&[]), Powers { shell: true, edit: true, web: true });
        assert_eq!(powers(&["Read", "Grep"]), none);
        assert_eq!(powers(&["Bash(git add:*)"]), Powers { shell: true, ..none });
        assert_eq!(
            powers(&["Read", "MultiEdit", "WebSearch"]),
            Powers { edit: true, web: true, shell: false }
        );
    }
}
