//! The placeholders in a definition's body.

use std::path::PathBuf;

use super::Definition;

/// What stands in for the placeholders of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholders {
    /// The absolute path of the plan, for `{GENESIS_FILE_PATH}`.
    pub genesis: PathBuf,
    /// The task's id, for `{TASK_ID}`.
    pub task: String,
    /// The absolute path of the folder where the agent works, for `{WORKTREE_PATH}`.
    pub worktree: PathBuf,
}

impl Definition {
    /// The body with its placeholders replaced: `{GENESIS_FILE_PATH}`, `{TASK_ID}`, `{WORKTREE_PATH}` and
    /// `{{agent-name}}`. Every other brace stays, and so does what merely looks like one of them: `${TASK_ID}` is a
    /// shell's (the variable is set), `{{TASK_ID}}` an escape of a format string.
    ///
    /// One pass: a value that contains a placeholder is not looked at again.
    pub fn render(&self, placeholders: &Placeholders) -> String {
        let values = [
            ("{GENESIS_FILE_PATH}", placeholders.genesis.to_string_lossy()),
            ("{TASK_ID}", placeholders.task.as_str().into()),
            ("{WORKTREE_PATH}", placeholders.worktree.to_string_lossy()),
            ("{{agent-name}}", self.name.as_str().into()),
        ];
        replace(&self.body, &values)
    }
}

fn replace<V: AsRef<str>>(text: &str, values: &[(&str, V)]) -> String {
    let names: Vec<_> = values.iter().map(|(name, _)| *name).collect();
    let value = |index: usize| values.get(index).map_or("", |(_, value)| value.as_ref());
    let piece = |piece| match piece {
        Piece::Text(text) => text,
        Piece::Name(index) => value(index),
    };
    pieces(text, &names).into_iter().map(piece).collect()
}

/// A part of a text with placeholders in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text that stays as it is.
    Text(&'a str),
    /// The placeholder with this place in the list of names.
    Name(usize),
}

/// Cuts a text at its placeholders, which are given with their braces.
pub(super) fn pieces<'a>(text: &'a str, names: &[&str]) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let (mut done, mut at) = (0, 0);
    while let Some(found) = text[at..].find('{') {
        at += found;
        let rest = &text[at..];
        let is_shells = text[..at].ends_with('$');
        match names.iter().position(|name| rest.starts_with(name)).filter(|_| !is_shells) {
            Some(index) => {
                pieces.extend([Piece::Text(&text[done..at]), Piece::Name(index)]);
                at += names[index].len();
                done = at;
            }
            None => at += braces(rest),
        }
    }
    pieces.push(Piece::Text(&text[done..]));
    pieces
}

/// A run of opening braces is passed over whole: the inner one of `{{TASK_ID}}` begins no placeholder.
fn braces(rest: &str) -> usize {
    rest.len() - rest.trim_start_matches('{').len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn render(body: &str) -> String {
        let mut definition = Definition::generic("rust-dev");
        body.clone_into(&mut definition.body);
        definition.render(&Placeholders {
            genesis: "/plans/{TASK_ID}/genesis.xml".into(),
            task: "{WORKTREE_PATH}".to_owned(),
            worktree: "/trees/t".into(),
        })
    }

    #[test]
    fn each_placeholder_is_replaced_wherever_it_stands() {
        assert_eq!(render("id: `{TASK_ID}`."), "id: `{WORKTREE_PATH}`.");
        assert_eq!(render("{WORKTREE_PATH}{WORKTREE_PATH}"), "/trees/t/trees/t");
        assert_eq!(render("--agent \"{{agent-name}}\""), "--agent \"rust-dev\"");
    }

    #[test]
    fn a_value_that_contains_a_placeholder_is_not_expanded_again() {
        assert_eq!(render("{GENESIS_FILE_PATH}"), "/plans/{TASK_ID}/genesis.xml");
    }

    #[test]
    fn what_only_looks_like_a_placeholder_stays() {
        for text in [
            "${TASK_ID}",
            "{{TASK_ID}}",
            "{{{TASK_ID}}}",
            "{task_id}",
            "{ TASK_ID }",
            "{agent-name}",
            "{TASK_ID",
            "{{agent-name}",
            "{}{{}}{:?}",
            "{",
            "",
        ] {
            assert_eq!(render(text), text);
        }
    }

    proptest! {
        #[test]
        fn text_without_placeholders_stays_byte_identical(text in "[{}$a-zA-Z_ é\r\n-]{0,60}") {
            prop_assume!(!text.contains("{TASK_ID}") && !text.contains("{{agent-name}}"));
            prop_assert_eq!(render(&text), text);
        }

        #[test]
        fn what_surrounds_a_placeholder_stays_byte_identical(
            before in "[{}a-z é]{0,20}[^{$]",
            after in "[{}a-z $é]{0,20}",
        ) {
            let rendered = render(&format!("{before}{{WORKTREE_PATH}}{after}"));
            prop_assert_eq!(rendered, format!("{before}/trees/t{after}"));
        }
    }
}
