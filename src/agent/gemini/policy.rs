//! The rules by which Gemini CLI does not even show an agent the tools that its definition does not list.

use super::super::tools::Powers;

/// Over the rules of a user; those of an administrator stand higher still.
const PRIORITY: u32 = 900;

/// A file of rules; `None` where nothing is denied.
pub(super) fn rules(powers: Powers) -> Option<String> {
    let tools: [(bool, &[&str]); 3] = [
        (powers.shell, &["run_shell_command"]),
        (powers.edit, &["write_file", "replace"]),
        (powers.web, &["web_fetch", "google_web_search"]),
    ];
    let denied: Vec<_> = tools.into_iter().filter(|(has, _)| !has).flat_map(|(_, tools)| tools).collect();
    let names = denied.iter().map(|tool| format!("\"{tool}\"")).collect::<Vec<_>>().join(", ");
    let rule = format!("[[rule]]\ntoolName = [{names}]\ndecision = \"deny\"\npriority = {PRIORITY}\n");
    (!denied.is_empty()).then_some(rule)
}
