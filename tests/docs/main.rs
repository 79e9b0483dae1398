//! The README and the book: every command in them is run, every example of a configuration is read, every link leads somewhere.
//!
//! A block of `sh` is run whole, with `sh -eu`, in a scene: a project in the state that the text speaks of. A comment in front of the block
//! names it, `<!-- scene: failed -->`; without one, the block goes on in the scene of the block before. A block of `console` is a recorded
//! session, of which each line has to come again. What would take a network or an account says so, `<!-- not run: it needs a login -->`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests fail by panicking; clippy's own exception for tests leaves out the functions that they share"
)]

#[allow(dead_code, unused_imports, reason = "shared with tests/it, which uses all of it")]
#[path = "../it/project/mod.rs"]
mod project;

mod calls;
mod facts;
mod page;
mod scene;
mod session;

use std::path::Path;
use std::thread;

use blueprint::cli::config::Config;

use page::{Block, Page, Way};
use scene::Scene;

/// Lines that fit on two screens.
const TWO_SCREENS: usize = 110;

#[test]
fn every_command_of_the_book_does_what_it_is_shown_for() {
    let pages = Page::all();
    let failed = thread::scope(|scope| {
        let played: Vec<_> = pages.iter().map(|page| scope.spawn(|| play(page))).collect();
        played.into_iter().flat_map(|page| page.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// Plays a page; gives what did not go as it is shown.
fn play(page: &Page) -> Vec<String> {
    let mut scene = None;
    let mut failed = Vec::new();
    for block in &page.blocks {
        if let Some(name) = &block.scene {
            scene = Some(Scene::new(name));
        }
        let scene = scene.get_or_insert_with(|| Scene::new("plan"));
        match (block.language.as_str(), &block.way) {
            ("sh", Way::Run) => failed.extend(scene.shell(block, page)),
            ("sh", Way::NotRun(_)) => assert_needs_more_than_blueprint(block, page),
            ("console", _) => session::replay(scene, block, page),
            _ => {}
        }
    }
    failed
}

/// What only calls blueprint has no reason not to be run.
fn assert_needs_more_than_blueprint(block: &Block, page: &Page) {
    let is_other = |line: &&str| !line.trim_start().starts_with("blueprint ") && !line.trim().is_empty();
    assert!(block.text.lines().any(|line| is_other(&line)), "{}:{}: is not run", page.name, block.line);
}

#[test]
fn every_call_that_is_mentioned_is_one_with_its_flags() {
    let scene = Scene::new("plan");
    let mut wrong = Vec::new();
    for page in Page::all() {
        wrong.extend(calls::wrong(&page, &scene));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_example_of_a_configuration_is_read() {
    for page in Page::all() {
        for block in page.blocks.iter().filter(|block| block.language == "toml") {
            let read = toml::from_str::<Config>(&block.text);
            assert!(read.is_ok(), "{}:{}: {}", page.name, block.line, read.unwrap_err());
        }
    }
}

#[test]
fn every_link_leads_to_something_that_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in Page::all() {
        let folder = root.join(&page.name).parent().unwrap().to_owned();
        for link in page.links() {
            assert!(folder.join(&link).exists(), "{}: {link} is not there", page.name);
        }
    }
}

#[test]
fn the_readme_fits_on_two_screens_and_names_every_page() {
    let pages = Page::all();
    let readme = pages.iter().find(|page| page.name == "README.md").unwrap();
    assert!(readme.text.lines().count() <= TWO_SCREENS, "{} lines", readme.text.lines().count());
    for page in pages.iter().filter(|page| page.name.starts_with("docs/")) {
        assert!(readme.links().contains(&page.name), "{} is not linked", page.name);
    }
}
