//! The report's page in a real browser: Chromium, driven by playwright-core.
//!
//! `BLUEPRINT_BROWSER` names the folder in which that is installed (`.ci/browser` installs it and prints it); without it, or without
//! Chromium, the tests are skipped and say so. What the browser showed is kept as pictures in `target/tmp/`.

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
mod story;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use project::TestProject;
use story::{hostile, hundred, story};

/// A browser, and what drives it.
struct Browser {
    chromium: PathBuf,
    modules: PathBuf,
}

impl Browser {
    fn found() -> Option<Self> {
        let folders: Vec<_> = env::split_paths(&env::var_os("PATH")?).collect();
        let named = |name: &str| folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
        let modules = env::var_os("BLUEPRINT_BROWSER").map(PathBuf::from);
        let modules = modules.filter(|folder| folder.join("node_modules/playwright-core").is_dir());
        let found =
            modules.zip(["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(named));
        if found.is_none() {
            eprintln!(
                "skipped: there is no chromium, or BLUEPRINT_BROWSER names no folder with playwright-core"
            );
        }
        found.map(|(modules, chromium)| Self { chromium, modules })
    }

    /// What each page looks like, in the light and in the dark, on a desk and on a phone.
    fn look(&self, pages: &[(&str, PathBuf)]) -> Vec<Value> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/look.mjs");
        let mut node = Command::new("node");
        node.arg(script).args([&self.modules, &self.chromium]).arg(env!("CARGO_TARGET_TMPDIR"));
        let pages = pages.iter().map(|(name, page)| format!("{name}={}", page.display()));
        let output = node.args(pages).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn page(project: &TestProject) -> PathBuf {
    let page = project.base().join("report.html");
    project.blueprint(&["report", "--output", page.to_str().unwrap()]).assert(0, &["report"]);
    page
}

/// Nothing was said, asked for or run, and nothing is wider than the page.
fn assert_fine(view: &Value) {
    let which = format!("{} at {} in the {}", view["name"], view["width"], view["scheme"]);
    let nothing = serde_json::json!([]);
    assert_eq!(view["heard"], nothing, "{which}: no errors, no dialogs, no requests");
    assert_eq!(view["barriers"], nothing, "{which}: axe-core finds nothing");
    for (folded, seen) in [("folded", view), ("unfolded", &view["unfolded"])] {
        assert_eq!(seen["scrollWidth"], seen["width"], "{which}, {folded}: it does not scroll sideways");
        assert_eq!(seen["wide"], nothing, "{which}, {folded}");
        assert_eq!((&seen["scripts"], &seen["frames"]), (&0.into(), &0.into()), "{which}");
        assert_eq!((&seen["handlers"], &seen["strangers"]), (&nothing, &nothing), "{which}");
    }
}

#[test]
fn the_page_is_fine_to_look_at_in_the_light_and_in_the_dark_on_a_desk_and_on_a_phone() {
    let Some(browser) = Browser::found() else { return };
    let projects = [("story", story()), ("hostile", hostile()), ("hundred", hundred())];
    let pages: Vec<_> = projects.iter().map(|(name, project)| (*name, page(project))).collect();
    let views = browser.look(&pages);
    assert_eq!(views.len(), 12);
    for view in &views {
        assert_fine(view);
        assert!(Path::new(view["picture"].as_str().unwrap()).is_file());
    }
    let ground = |scheme: &str| views.iter().find(|view| view["scheme"] == scheme).unwrap()["ground"].clone();
    assert_ne!(ground("light"), ground("dark"));
    let story = views.iter().find(|view| view["name"] == "story").unwrap();
    assert_eq!((&story["title"], &story["stories"]), (&"Shop: report".into(), &15.into()));
    let text = story["unfolded"]["text"].as_str().unwrap();
    let told = [
        "11 of 15",
        "$7.88",
        "Stripe or Adyen?",
        "the index does not fit into memory",
        "62 → 71 → 84",
        "Adyen behind a trait",
    ];
    for words in told {
        assert!(text.contains(words), "{words} is not in {text}");
    }
}
