//! Lists in the book that the code has, too.

use blueprint::agent::Outcome;

use crate::page::Page;
use crate::scene::Scene;

fn page(name: &str) -> Page {
    Page::all().into_iter().find(|page| page.name == name).unwrap()
}

/// The first cells of the tables' rows, split where they name more than one thing.
fn rows(page: &Page) -> Vec<String> {
    let cells = page.text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let names = cells.flat_map(|cell| cell.split(", "));
    names.map(|name| name.trim_matches('`').to_owned()).collect()
}

#[test]
fn every_outcome_is_explained_and_no_other() {
    let page = page("docs/exit-codes.md");
    let (_, outcomes) = page.text.split_once("## Outcomes").unwrap();
    let listed = rows(&Page { name: String::new(), text: outcomes.to_owned(), blocks: Vec::new() });
    let known: Vec<_> = Outcome::ALL.iter().map(|outcome| outcome.as_str().to_owned()).collect();
    let missing: Vec<_> = known.iter().filter(|outcome| !listed.contains(outcome)).collect();
    let strange: Vec<_> =
        listed.iter().filter(|name| !known.contains(name) && *name != "outcome" && *name != "---").collect();
    assert!(missing.is_empty() && strange.is_empty(), "{missing:?} {strange:?}");
}

#[test]
fn every_exit_code_of_the_help_is_explained() {
    let listed = rows(&page("docs/exit-codes.md"));
    let help = Scene::new("new").help(&[]).unwrap();
    let (_, codes) = help.split_once("Exit codes:").unwrap();
    let numbers = codes.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
    for number in numbers {
        assert!(listed.contains(&number.to_owned()), "{number} is not explained");
    }
}
