//! Who a commit is by, and what it says.

use git2::{Commit, Oid, Signature, Time};

use crate::git::EpicRefs;

/// The name that stands under everything that blueprint commits for itself.
const OWN_NAME: &str = "blueprint";
/// An address that belongs to nobody: no forge takes these commits for a person's.
const ADDRESS: &str = "blueprint@localhost";

/// How the address of an attempt begins, and how it ends.
const ATTEMPT: &str = "blueprint+";
const NOWHERE: &str = "@localhost";

/// Begins the line of a message that says which task its commit is from.
pub(in crate::git) const TASK_TRAILER: &str = "Blueprint-Task";

/// Begins the line of a message that says of which work its commit was made, where no parent says so.
pub(in crate::git) const HEAD_TRAILER: &str = "Blueprint-Head";

/// Whether a commit is our own, and no person's or agent's.
pub(super) fn is_own(by: &Signature<'_>) -> bool {
    by.name().ok() == Some(OWN_NAME) && by.email().ok() == Some(ADDRESS)
}

/// The address under which the git of attempt `n` at a task (by its slug) works: by it its doings are known. Like ours it is nobody's.
pub fn address_of_attempt(refs: &EpicRefs, task: &str, n: u32) -> String {
    format!("{ATTEMPT}{}.{task}.{n}{NOWHERE}", refs.epic())
}

/// Whether a commit was made by an attempt's git, by its addresses.
pub(in crate::git) fn is_an_agents(commit: &Commit<'_>) -> bool {
    let is_of_attempt = |by: &Signature<'_>| {
        by.email().is_ok_and(|address| address.starts_with(ATTEMPT) && address.ends_with(NOWHERE))
    };
    is_of_attempt(&commit.author()) || is_of_attempt(&commit.committer())
}

/// The value of a line in a commit's message that begins with that key, whoever wrote it; the last one if there are several.
pub(in crate::git) fn said(commit: &Commit<'_>, key: &str) -> Option<String> {
    let message = commit.message().ok()?;
    let value = message.lines().rev().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
    value.map(str::to_owned)
}

/// What one of our own commits says of itself under that key; the last line counts, as what stands before may be somebody else's.
pub(in crate::git) fn trailer(commit: &Commit<'_>, key: &str) -> Option<String> {
    is_own(&commit.committer()).then(|| said(commit, key)).flatten()
}

/// The last commit of the work that a commit of ours was made of, by squash or rebase.
pub(in crate::git) fn named_head(commit: &Commit<'_>) -> Option<Oid> {
    trailer(commit, HEAD_TRAILER)?.parse().ok()
}

/// Whether a commit of ours was made of the work that ends with `head`, by squash or rebase.
pub(in crate::git) fn is_from(commit: &Commit<'_>, head: Oid) -> bool {
    named_head(commit) == Some(head)
}

/// Somebody's message with the trailers of ours below it.
pub(in crate::git) fn with_trailers(said: &str, ours: &Message) -> String {
    let trailers = ours.trailer_lines();
    match said.trim() {
        "" => ours.render(),
        said => format!("{said}\n\n{trailers}\n"),
    }
}

/// Author and committer of a commit that we make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorship {
    name: String,
    address: String,
}

impl Authorship {
    /// blueprint itself: `blueprint <blueprint@localhost>`.
    pub fn own() -> Self {
        Self { name: OWN_NAME.to_owned(), address: ADDRESS.to_owned() }
    }

    /// A person, as git's configuration has them.
    pub fn of_person(name: &str, address: &str) -> Self {
        let plain = |text: &str| one_line(&text.replace(['<', '>'], " "));
        Self { name: plain(name), address: plain(address) }
    }

    /// blueprint on behalf of an agent: `<agent> (blueprint) <blueprint@localhost>`.
    pub fn on_behalf_of(agent: &str) -> Self {
        let agent = one_line(&agent.replace(['<', '>'], " "));
        match agent.as_str() {
            "" => Self::own(),
            agent => Self { name: format!("{agent} ({OWN_NAME})"), ..Self::own() },
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `seconds`: since the epoch; always written as UTC, so that the commit's id does not depend on where it is made.
    pub(in crate::git) fn signature(&self, seconds: i64) -> Result<Signature<'static>, git2::Error> {
        Signature::new(&self.name, &self.address, &Time::new(seconds, 0))
    }
}

/// A commit message: subject, body, trailers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    subject: String,
    body: String,
    trailers: Vec<(String, String)>,
}

impl Message {
    /// A message of one line. Line breaks and control characters become spaces.
    pub fn new(subject: &str) -> Self {
        let subject = match one_line(subject) {
            empty if empty.is_empty() => OWN_NAME.to_owned(),
            subject => subject,
        };
        Self { subject, body: String::new(), trailers: Vec::new() }
    }

    /// Adds a paragraph of free text below the subject.
    #[must_use]
    pub fn with_body(mut self, body: &str) -> Self {
        body.replace('\0', " ").trim().clone_into(&mut self.body);
        self
    }

    /// Adds `key: value` at the end; the value is kept to one line.
    #[must_use]
    pub fn with_trailer(mut self, key: &str, value: &str) -> Self {
        let key = key.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        self.trailers.push((key, one_line(value)));
        self
    }

    /// Adds the trailers that say which attempt at which task a commit is from.
    #[must_use]
    pub fn for_attempt(self, task: &str, attempt: u32) -> Self {
        self.with_trailer(TASK_TRAILER, task).with_trailer("Blueprint-Attempt", &attempt.to_string())
    }

    /// Adds the trailer that says of which work the commit was made.
    #[must_use]
    pub(in crate::git) fn of_head(self, head: Oid) -> Self {
        self.with_trailer(HEAD_TRAILER, &head.to_string())
    }

    fn trailer_lines(&self) -> String {
        let lines: Vec<_> = self.trailers.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        lines.join("\n")
    }

    pub(in crate::git) fn render(&self) -> String {
        let parts = [self.subject.as_str(), self.body.as_str(), &self.trailer_lines()];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("\n\n") + "\n"
    }
}

/// Nothing in a name may end the line that it stands in, or look like another trailer.
pub(in crate::git) fn one_line(text: &str) -> String {
    let spaced = text.replace(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'), " ");
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_forge_a_second_trailer() {
        let message = Message::new("do\nit").for_attempt("a\nBlueprint-Task: b\r\0", 3).render();
        assert_eq!(message, "do it\n\nBlueprint-Task: a Blueprint-Task: b\nBlueprint-Attempt: 3\n");
    }

    #[test]
    fn body_stands_between_subject_and_trailers() {
        let message = Message::new("s").with_body("\nwhy\n\nmore\n").with_trailer("K ey", "v");
        assert_eq!(message.render(), "s\n\nwhy\n\nmore\n\nKey: v\n");
    }

    #[test]
    fn any_agent_name_makes_a_signature() {
        for name in ["", "<>", "a <b> c", "\n", "(", "ü", ".", "a\0b", " \u{2028} ", ",;:"] {
            let by = Authorship::on_behalf_of(name);
            assert!(by.signature(0).is_ok(), "{name:?} {by:?}");
        }
        assert_eq!(Authorship::on_behalf_of("rust <x>\n").name, "rust x (blueprint)");
    }

    #[test]
    fn an_empty_subject_still_says_something() {
        assert_eq!(Message::new(" \n ").render(), "blueprint\n");
    }
}
