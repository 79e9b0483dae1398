use std::collections::HashSet;

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use crate::git::{epic_slug, slugs, slugs_beside};

fn one(id: &str) -> String {
    slugs(&[id]).remove(0)
}

fn assert_usable(slug: &str) {
    let name = format!("refs/heads/blueprint/e/{slug}");
    assert!(git2::Reference::is_valid_name(&name), "{slug:?}");
    assert!((1..=60).contains(&slug.len()), "{slug:?}");
    let plain = slug.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    assert!(plain && !slug.starts_with(['-', '.']) && !slug.ends_with('.'), "{slug:?}");
    let lower = slug.to_lowercase();
    assert!(lower != "integration" && lower != "con", "{slug:?}");
    // Git refuses such a name, too, but not on every platform in the same case.
    assert_ne!(lower.rsplit('.').next(), Some("lock"), "{slug:?}");
}

#[test]
fn names_that_were_given_before_stay_whatever_comes_before_them() {
    let given = [("auth".to_owned(), "auth".to_owned()), ("gone".to_owned(), "gone".to_owned())].into();
    let found = slugs_beside(&["Auth", "auth", "GONE", "new"], &given);
    assert_eq!((found[1].as_str(), found[3].as_str()), ("auth", "new"));
    assert!(found[0].starts_with("Auth-") && found[2].starts_with("GONE-"), "{found:?}");
}

#[test]
fn safe_ids_stay_as_they_are() {
    let ids = ["TASK-001", "parse", "v1.2_b", "a", "Integration-tests", "console", "com10"];
    assert_eq!(slugs(&ids), ids);
}

#[test]
fn hostile_ids_become_readable_and_safe() {
    insta::assert_snapshot!(
        [
            "../../x", "-rf", "a;b", ".", "..", "", "x.lock", "@{", "a b", "integration", "Integration", "CON", "nul.txt",
            "LPT1", "Überprüfung", "🦀 rust", "עברית", "a\0b", "trailing.", "trailing ", "a..b", "refs/heads/x", "~^:?*[\\",
            "\u{202e}evil", "ﬁle", "HEAD", "head~1",
        ]
        .map(|id| format!("{id:?} {}", one(id)))
        .join("\n"),
        @r#"
        "../../x" x-9cdf6a50
        "-rf" rf-686c39ac
        "a;b" a-b-5719af18
        "." task-cdb4ee2a
        ".." task-5ec1f7e7
        "" task-e3b0c442
        "x.lock" x-lock-f53b5310
        "@{" task-e45d2ae2
        "a b" a-b-c8687a08
        "integration" integration-eb92cc52
        "Integration" Integration-9a42d40a
        "CON" CON-a3dbc4b6
        "nul.txt" nul-txt-7f3cbdd5
        "LPT1" LPT1-6d50a69c
        "Überprüfung" Uberprufung-15ec3a6c
        "🦀 rust" rust-5cc2bd9a
        "עברית" task-9b191971
        "a\0b" a-b-59b271ae
        "trailing." trailing-44c12a4e
        "trailing " trailing-b1635c0a
        "a..b" a-b-f62b4241
        "refs/heads/x" refs-heads-x-a7cd9860
        "~^:?*[\\" task-1463448c
        "\u{202e}evil" evil-c34b5d3b
        "ﬁle" file-e187bbaa
        "HEAD" HEAD
        "head~1" head-1-10c42b47
        "#
    );
}

#[test]
fn long_ids_are_cut_and_stay_distinct() {
    let (a, b) = ("x".repeat(300), format!("{}y", "x".repeat(299)));
    let found = slugs(&[&a, &b]);
    for slug in &found {
        assert_usable(slug);
    }
    assert_ne!(found[0], found[1]);
}

#[test]
fn ids_that_would_share_a_name_get_two() {
    let decomposed: String = "Überprüfung".nfd().collect();
    let composed: String = decomposed.nfc().collect();
    for pair in [["a b", "a_b"], ["a/b", "a;b"], ["Task", "task"], [decomposed.as_str(), composed.as_str()]] {
        let found = slugs(&pair);
        assert_ne!(found[0].to_lowercase(), found[1].to_lowercase(), "{pair:?}");
    }
}

#[test]
fn an_id_made_to_look_like_anothers_name_does_not_get_it() {
    let victim = one("a/b");
    let found = slugs(&["a/b", &victim]);
    assert_eq!(found[1], victim);
    assert_ne!(found[0], victim);
}

#[test]
fn a_name_does_not_depend_on_unrelated_tasks() {
    let (few, many) = (["a b", "c"], ["x", "a b", "y/z", "c", "q"]);
    assert_eq!(slugs(&few)[0], slugs(&many)[1]);
    assert_eq!(slugs(&few)[1], slugs(&many)[3]);
}

#[test]
fn a_task_added_later_takes_no_name_away() {
    let before = slugs(&["Task", "a b"]);
    let after = slugs(&["Task", "a b", "task", "a_b", "TASK"]);
    assert_eq!(before[..], after[..2]);
}

#[test]
fn epics_follow_the_same_rules() {
    assert_eq!(epic_slug("shop"), "shop");
    assert_usable(&epic_slug("../.."));
}

proptest! {
    #[test]
    fn any_ids_get_distinct_usable_names(ids in prop::collection::vec(hostile(), 0..12)) {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let found = slugs(&ids);
        prop_assert_eq!(found.len(), ids.len());
        for slug in &found {
 assert_usable(slug);
}
        let folded: HashSet<String> = found.iter().map(|slug| slug.to_lowercase()).collect();
        prop_assert_eq!(folded.len(), found.len());
        prop_assert_eq!(&found, &slugs(&ids));
    }
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[aA][bB.]?(\\.lock)?",
        "[a-c./ -]{0,4}",
        Just("integration".to_owned()),
        "(con|CON|nul|com1)(\\.[a-z]*)?",
        Just(one("a/b")),
        "[a-zA-Z]{55,70}",
    ]
}
