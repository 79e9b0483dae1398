//! What of a plan's knowledge base bears on a task: entries that share words with it.

use std::collections::{BTreeSet, HashMap};

use crate::agent::TaskBrief;

/// So many characters of the knowledge base an agent is told.
const MOST: usize = 6_000;
/// So many of one entry.
pub(in crate::agent) const ENTRY: usize = 1_000;
/// Entries before so many newer ones are not looked at.
const NEWEST: usize = 2_000;
/// Words shorter than this (in characters) say little.
const SHORTEST: usize = 3;
/// So many entries there have to be before a word counts as one that all of them have.
const ENOUGH: usize = 6;

/// Something that was learnt or decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Knowledge {
    /// `decision`, or a learning's category, or `learning`.
    pub kind: String,
    /// In a few words.
    pub title: String,
    /// In more words.
    pub text: String,
}

/// The entries that share words with the task, those that share the rarest first, as many as there is room for.
pub fn relevant(task: &TaskBrief, known: &[Knowledge]) -> Vec<Knowledge> {
    let newest = &known[known.len().saturating_sub(NEWEST)..];
    let wanted = words(&[&task.name, &task.description, &task.acceptance.join("\n")].map(String::as_str));
    let entries: Vec<_> = newest.iter().map(|entry| words(&[&entry.title, &entry.text])).collect();
    let mut weights: Vec<(f64, usize)> = weigh(&wanted, &entries).into_iter().zip(0..).collect();
    weights.retain(|(weight, _)| *weight > 0.0);
    // Of two that weigh the same, the newer one.
    weights.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
    let mut room = MOST;
    let fits = |entry: &&Knowledge| {
        let size = (entry.kind.chars().count() + entry.title.chars().count() + entry.text.chars().count())
            .min(ENTRY);
        let fits = size <= room;
        room = room.saturating_sub(size);
        fits
    };
    weights.iter().filter_map(|(_, index)| newest.get(*index)).take_while(fits).cloned().collect()
}

/// How much each entry has in common with the task: a word weighs the more, the fewer entries have it.
fn weigh(wanted: &BTreeSet<String>, entries: &[BTreeSet<String>]) -> Vec<f64> {
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for word in entries.iter().flatten().filter(|word| wanted.contains(*word)) {
        *counts.entry(word).or_default() += 1;
    }
    let is_everywhere = |count: u32| entries.len() >= ENOUGH && count as usize * 2 > entries.len();
    let weight = |word: &String| match counts.get(word.as_str()) {
        Some(count) if !is_everywhere(*count) => 1.0 / f64::from(*count),
        Some(_) | None => 0.0,
    };
    entries.iter().map(|entry| entry.iter().map(weight).sum()).collect()
}

/// Words that every plan is full of.
const COMMON: &[&str] = &[
    "about",
    "add",
    "after",
    "all",
    "also",
    "and",
    "any",
    "are",
    "before",
    "been",
    "but",
    "can",
    "create",
    "done",
    "each",
    "every",
    "for",
    "from",
    "has",
    "have",
    "implement",
    "into",
    "its",
    "make",
    "more",
    "must",
    "new",
    "not",
    "one",
    "only",
    "other",
    "out",
    "own",
    "should",
    "some",
    "such",
    "task",
    "than",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "this",
    "use",
    "used",
    "using",
    "was",
    "were",
    "what",
    "when",
    "where",
    "which",
    "will",
    "with",
    "without",
    "work",
    "write",
    "you",
    "your",
];

/// The words of some texts, in small letters and in the singular, as far as an `s` makes the plural.
fn words(texts: &[&str]) -> BTreeSet<String> {
    let all = texts.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    let words = all.map(str::to_lowercase).filter(|word| !COMMON.contains(&word.as_str()));
    let words = words.map(|word| match word.strip_suffix('s') {
        Some(stem) if word.chars().count() > SHORTEST && !stem.ends_with('s') => stem.to_owned(),
        Some(_) | None => word,
    });
    words.filter(|word| word.chars().count() >= SHORTEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(title: &str, text: &str) -> Knowledge {
        Knowledge { kind: "learning".to_owned(), title: title.to_owned(), text: text.to_owned() }
    }

    fn task(description: &str) -> TaskBrief {
        TaskBrief { description: description.to_owned(), ..TaskBrief::default() }
    }

    fn titles(task: &TaskBrief, known: &[Knowledge]) -> Vec<String> {
        relevant(task, known).into_iter().map(|entry| entry.title).collect()
    }

    #[test]
    fn what_shares_the_rarest_words_comes_first_and_what_shares_none_is_left_out() {
        let known = [
            entry("Migrations", "The database needs them."),
            entry("Colours", "Blue, not green."),
            entry("Tokens", "A token of the database expires."),
        ];
        assert_eq!(titles(&task("Refuse expired TOKENS in the database"), &known), ["Tokens", "Migrations"]);
    }

    #[test]
    fn words_that_every_entry_or_every_plan_has_are_no_reason() {
        let known: Vec<_> =
            (0..10).map(|n| entry(&format!("No. {n}"), "The server is slow when you use it")).collect();
        assert_eq!(titles(&task("Use the server with the new task"), &known), [""; 0]);
    }

    #[test]
    fn no_more_is_told_than_there_is_room_for_and_the_newest_first() {
        let known: Vec<_> = (0..4_000)
            .map(|n| entry(&format!("No. {n}"), &format!("{} parser{n}", "x".repeat(5_000))))
            .collect();
        let many = task(&(0..4_000).map(|n| format!("parser{n}")).collect::<Vec<_>>().join(" "));
        let found = titles(&many, &known);
        assert_eq!(found, ["No. 3999", "No. 3998", "No. 3997", "No. 3996", "No. 3995", "No. 3994"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd(texts in proptest::collection::vec("(?s).{0,60}", 0..12)) {
            let known: Vec<_> = texts.iter().map(|text| entry(text, text)).collect();
            let _ = relevant(&task(&texts.concat()), &known);
        }
    }
}
