//! Status words as this file spells them: the word that it has used for a status already, else the
//! form's own.

use crate::genesis::form::Field;
use crate::genesis::tree::Node;
use crate::genesis::view::{event_words, in_place};
use crate::genesis::{ProjectStatus, Status};

use super::Writer;

/// Says more than that a task is cancelled, and is not written for other reasons than its own.
const SKIPPED: &str = "skipped";

/// The status words of a document, each once, in the order in which they come.
#[derive(Debug)]
pub(super) struct Words {
    own: Vec<String>,
    event: Vec<String>,
}

impl Writer<'_> {
    pub(super) fn all_words(&self) -> Words {
        Words { own: each_once(self.own_words()), event: each_once(self.event_words()) }
    }

    /// The word for a status in a task's own attribute or child.
    pub(super) fn own_word(&self, status: Status) -> String {
        let own = self.own_words().filter(|word| means(word, status));
        let beside = self.own_words().next();
        spelled((self.names.words.own)(status), own, self.event_words(), beside.as_deref())
    }

    /// The word for a status in an event.
    pub(super) fn event_word(&self, status: Status) -> String {
        let known = self.event_words().filter(|word| means(word, status));
        let beside = self.event_words().next();
        spelled((self.names.words.event)(status), known, self.own_words(), beside.as_deref())
    }

    /// The word for the project's status, which stands in `field` of `node`.
    pub(super) fn project_word(&self, status: ProjectStatus, node: Node, field: Field) -> String {
        let before = in_place(self.xml, node, field).map(|word| word.id);
        let tasks = self.own_words().chain(self.event_words());
        spelled((self.names.words.project)(status), std::iter::empty(), tasks, before.as_deref())
    }

    fn own_words(&self) -> Box<dyn Iterator<Item = String> + '_> {
        if let Some(words) = self.words {
            return Box::new(words.own.iter().cloned());
        }
        let words = self.view.tasks.iter().flat_map(|task| &task.own_status);
        Box::new(words.map(|word| word.id.trim().to_owned()))
    }

    fn event_words(&self) -> Box<dyn Iterator<Item = String> + '_> {
        if let Some(words) = self.words {
            return Box::new(words.event.iter().cloned());
        }
        let (xml, names) = (self.xml, self.names);
        let words = self.view.elements.iter().flatten().flat_map(move |node| event_words(xml, names, *node));
        let words = words.filter(|word| Status::from_word(word).is_some());
        Box::new(words.map(|word| word.trim().to_owned()))
    }
}

fn each_once(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    for word in words {
        if !known.contains(&word) {
            known.push(word);
        }
    }
    known
}

/// The first of the words `known` for it in places of the same kind; else `usual` as another place
/// spells it; else `usual`, in capitals, or with a capital, if the word beside it is.
fn spelled(
    usual: &str,
    mut known: impl Iterator<Item = String>,
    mut elsewhere: impl Iterator<Item = String>,
    beside: Option<&str>,
) -> String {
    if let Some(word) = known.find(|word| !word.eq_ignore_ascii_case(SKIPPED)) {
        return word;
    }
    if beside.is_some_and(is_in_capitals) {
        return usual.to_uppercase().replace('-', "_");
    }
    let spelled = elsewhere.find(|word| letters(word).eq(letters(usual)));
    let spelled = spelled.unwrap_or_else(|| usual.to_owned());
    if beside.is_some_and(begins_with_a_capital) { capitalized(&spelled) } else { spelled }
}

fn begins_with_a_capital(word: &str) -> bool {
    word.starts_with(char::is_uppercase)
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters.as_str().chars()).collect()
}

fn means(word: &str, status: Status) -> bool {
    Status::from_word(word) == Some(status)
}

/// What is left of a word when case and what joins its parts do not count.
fn letters(word: &str) -> impl Iterator<Item = char> {
    word.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase())
}

/// Whether a word is written all in capitals.
pub(super) fn is_in_capitals(word: &str) -> bool {
    word.chars().any(char::is_uppercase) && !word.chars().any(char::is_lowercase)
}
