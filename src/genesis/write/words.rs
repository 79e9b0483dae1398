//! Status words as this file spells them: the word that it has used for a status already, else the
//! form's own.

use crate::genesis::form::Field;
use crate::genesis::tree::Node;
use crate::genesis::view::in_place;
use crate::genesis::{ProjectStatus, Status};

use super::Writer;

/// Says more than that a task is cancelled, and is not written for other reasons than its own.
const SKIPPED: &str = "skipped";

/// The words for all statuses, as [`Writer::own_word`] and [`Writer::event_word`] say: each is looked for in the whole document.
#[derive(Debug)]
pub(super) struct Words {
    own: [String; 6],
    event: [String; 6],
}

impl Writer<'_> {
    pub(super) fn all_words(&self) -> Words {
        Words {
            own: Status::ALL.map(|status| self.own_word(status)),
            event: Status::ALL.map(|status| self.event_word(status)),
        }
    }

    /// The word for a status in a task's own attribute or child.
    pub(super) fn own_word(&self, status: Status) -> String {
        if let Some(words) = self.words {
            return known(&words.own, status);
        }
        let own = self.own_words().filter(|word| means(word, status));
        spelled((self.names.words.own)(status), own, self.event_words(), self.own_words().next())
    }

    /// The word for a status in an event.
    pub(super) fn event_word(&self, status: Status) -> String {
        if let Some(words) = self.words {
            return known(&words.event, status);
        }
        let events = self.view.tasks.iter().flat_map(|task| &task.history);
        let known = events.filter(|event| event.status == Some(status)).map(|event| event.word.trim());
        spelled((self.names.words.event)(status), known, self.own_words(), self.event_words().next())
    }

    /// The word for the project's status, which stands in `field` of `node`.
    pub(super) fn project_word(&self, status: ProjectStatus, node: Node, field: Field) -> String {
        let before = in_place(self.xml, node, field).map(|word| word.id);
        let tasks = self.own_words().chain(self.event_words());
        spelled((self.names.words.project)(status), std::iter::empty(), tasks, before.as_deref())
    }

    fn own_words(&self) -> impl Iterator<Item = &str> {
        self.view.tasks.iter().flat_map(|task| &task.own_status).map(|word| word.id.trim())
    }

    fn event_words(&self) -> impl Iterator<Item = &str> {
        let events = self.view.tasks.iter().flat_map(|task| &task.history);
        events.filter(|event| event.status.is_some()).map(|event| event.word.trim())
    }
}

fn known(words: &[String; 6], status: Status) -> String {
    let place = Status::ALL.iter().position(|known| *known == status);
    place.and_then(|place| words.get(place)).cloned().unwrap_or_default()
}

/// The first of the words `known` for it in places of the same kind; else `usual` as another place
/// spells it; else `usual`, in capitals, or with a capital, if the word beside it is.
fn spelled<'a>(
    usual: &str,
    mut known: impl Iterator<Item = &'a str>,
    mut elsewhere: impl Iterator<Item = &'a str>,
    beside: Option<&str>,
) -> String {
    if let Some(word) = known.find(|word| !word.eq_ignore_ascii_case(SKIPPED)) {
        return word.to_owned();
    }
    if beside.is_some_and(is_in_capitals) {
        return usual.to_uppercase().replace('-', "_");
    }
    let spelled = elsewhere.find(|word| letters(word).eq(letters(usual))).unwrap_or(usual);
    if beside.is_some_and(begins_with_a_capital) { capitalized(spelled) } else { spelled.to_owned() }
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
