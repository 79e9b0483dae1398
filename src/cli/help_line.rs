//! The plan in commands that are printed: they mean the one that this call was about, under the epic's name that it was given.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::CommandFactory;

use super::args::Cli;
use super::context::plans_here;
use crate::report::{clean, shell_word};

/// The plan that this call of the program named, as it was typed, and its file.
static NAMED: OnceLock<(String, PathBuf)> = OnceLock::new();

/// The epic's name that this call of the program was given in place of the plan's own.
static EPIC: OnceLock<String> = OnceLock::new();

/// From here on all that is printed goes by that name.
pub(super) fn goes_by(epic: Option<&str>) {
    if let Some(epic) = epic {
        let _ = EPIC.set(epic.to_owned());
    }
}

/// The plan's file as a command that is printed names it, wherever it is typed.
pub(super) fn plan_words(path: &Path) -> String {
    format!("{}{}", shell_word(&path.to_string_lossy()), epic_flag())
}

/// How a command about this plan names it; empty, where it is the one that is meant without a word.
pub(super) fn plan_if_needed() -> String {
    let Some((typed, plan)) = NAMED.get() else { return epic_flag().trim_start().to_owned() };
    match plans_here().unwrap_or_default().as_slice() {
        [only] if only.canonicalize().is_ok_and(|only| only == *plan) => epic_flag().trim_start().to_owned(),
        _ => format!("{}{}", shell_word(&clean(typed)), epic_flag()),
    }
}

fn epic_flag() -> String {
    EPIC.get().map_or_else(String::new, |epic| format!(" --epic {}", shell_word(&clean(epic))))
}

/// From here on help is about that plan. What is said first holds.
pub(super) fn is_about(typed: &str, plan: &Path) {
    let _ = NAMED.set((typed.to_owned(), plan.to_owned()));
}

/// The text, with the plan in each command that would mean another one, or none, without it.
pub(super) fn with_plan(text: &str) -> String {
    match plan_if_needed() {
        plan if plan.is_empty() => text.to_owned(),
        plan => named(text, &plan),
    }
}

fn named(text: &str, plan: &str) -> String {
    // What stands between backquotes is code: every second piece.
    let pieces = text.split('`').enumerate();
    let pieces =
        pieces.map(|(place, piece)| if place % 2 == 1 { call(piece, plan) } else { piece.to_owned() });
    pieces.collect::<Vec<_>>().join("`")
}

fn call(code: &str, plan: &str) -> String {
    let Some((verb, rest)) =
        code.strip_prefix("blueprint ").map(|call| call.split_once(' ').unwrap_or((call, "")))
    else {
        return code.to_owned();
    };
    let first = plan.split(' ').next().unwrap_or(plan);
    let is_said = rest
        .split(' ')
        .any(|word| word == first || word == "GENESIS" || word == "[GENESIS]" || word == "--explain");
    if is_said || !takes_a_plan(verb) {
        return code.replace("[GENESIS]", plan);
    }
    format!("blueprint {verb} {plan} {rest}").trim_end().to_owned()
}

/// Whether a plan can be the first thing behind that verb.
fn takes_a_plan(verb: &str) -> bool {
    let cli = Cli::command();
    let first = cli.find_subcommand(verb).and_then(|verb| verb.get_positionals().next());
    let names = first.and_then(|first| first.get_value_names()).unwrap_or_default();
    names.first().is_some_and(|name| name.starts_with("GENESIS"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_get_the_plan_and_nothing_else_does() {
        let cases = [
            (
                "`blueprint retry a --note TEXT` does it again",
                "`blueprint retry shop a --note TEXT` does it again",
            ),
            (
                "`blueprint status` lists, `blueprint stop` ends",
                "`blueprint status shop` lists, `blueprint stop shop` ends",
            ),
            ("`blueprint give --back a`", "`blueprint give shop --back a`"),
            ("`blueprint logs [GENESIS] TASK`", "`blueprint logs shop TASK`"),
            ("`blueprint doctor`, `blueprint man run`", "`blueprint doctor shop`, `blueprint man run`"),
            ("`blueprint run shop a`, `git status`", "`blueprint run shop a`, `git status`"),
            (
                "`blueprint validate --explain E001` says more",
                "`blueprint validate --explain E001` says more",
            ),
            ("run blueprint status by hand", "run blueprint status by hand"),
            ("an odd ` blueprint status", "an odd ` blueprint status"),
        ];
        for (text, expected) in cases {
            assert_eq!(named(text, "shop"), expected);
        }
        assert_eq!(named("`blueprint retry a`", "--epic blog"), "`blueprint retry --epic blog a`");
    }
}
