//! The names of models that definitions carry, of which each program understands its own only.

use super::{Definition, Kind, RunnerSpec};

/// The model that a runner asks for, as far as that is configured or said in the definition.
pub(super) fn asked_for<'a>(spec: &'a RunnerSpec, definition: &'a Definition) -> Option<&'a str> {
    spec.model.as_deref().or_else(|| fitting(spec.kind, definition.model.as_deref()))
}

/// The model that a definition wants, if a program of that kind can know it: definitions are written for one program and used with another,
/// and a name that it does not know would end every attempt.
pub(super) fn fitting(kind: Kind, name: Option<&str>) -> Option<&str> {
    name.filter(|name| *name != "inherit").filter(|name| match kind {
        Kind::Command => false,
        Kind::Claude => maker(name).is_none_or(|maker| maker == Kind::Claude),
        Kind::Codex => maker(name) == Some(Kind::Codex),
        Kind::Opencode => name.contains('/'),
        Kind::Gemini => maker(name) == Some(Kind::Gemini),
    })
}

/// The kind of program whose models are called like that.
fn maker(name: &str) -> Option<Kind> {
    let name = name.to_lowercase();
    let begins = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
    match name.as_str() {
        "opus" | "sonnet" | "haiku" | "opusplan" | "default" => Some(Kind::Claude),
        "pro" | "flash" | "flash-lite" | "auto" => Some(Kind::Gemini),
        _ if begins(&["claude", "sonnet", "opus", "haiku"]) => Some(Kind::Claude),
        _ if begins(&["gpt-", "o1", "o3", "o4", "codex"]) => Some(Kind::Codex),
        _ if begins(&["gemini"]) => Some(Kind::Gemini),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_program_is_given_models_that_it_can_know() {
        let names = [
            "inherit",
            "opus",
            "claude-opus-5-5",
            "gpt-5.1-codex",
            "gemini-2.5-pro",
            "openai/gpt-5",
            "arn:aws:x",
        ];
        let known =
            |kind| names.into_iter().filter(|name| fitting(kind, Some(name)).is_some()).collect::<Vec<_>>();
        assert_eq!(known(Kind::Claude), ["opus", "claude-opus-5-5", "openai/gpt-5", "arn:aws:x"]);
        assert_eq!(known(Kind::Codex), ["gpt-5.1-codex"]);
        assert_eq!(known(Kind::Opencode), ["openai/gpt-5"]);
        assert_eq!(known(Kind::Gemini), ["gemini-2.5-pro"]);
        assert!(known(Kind::Command).is_empty());
        assert_eq!(fitting(Kind::Claude, None), None);
    }
}
