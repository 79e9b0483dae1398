use std::fs;
use std::path::Path;

use super::*;

fn read(text: &str) -> Config {
    toml::from_str(text).unwrap()
}

fn names(text: &str, is_rust: bool) -> Vec<String> {
    let root = tempfile::tempdir().unwrap();
    if is_rust {
        fs::write(root.path().join("Cargo.toml"), "").unwrap();
    }
    configured(&read(text), root.path()).into_iter().map(|gate| gate.name).collect()
}

#[test]
fn profiles_of_a_rust_repository_contain_each_other() {
    let of = |quality: &str| names(&format!("quality = '{quality}'"), true);
    assert_eq!(of("mvp"), ["tests", "doc-tests"]);
    assert_eq!(of("production"), ["fmt", "clippy", "tests", "doc-tests", "docs"]);
    assert_eq!(of("enterprise"), ["fmt", "clippy", "tests", "doc-tests", "docs", "coverage", "audit"]);
    assert_eq!(of("hyperscale").last().map(String::as_str), Some("benchmarks"));
    assert_eq!(names("quality = 'hyperscale'", false), [""; 0]);
}

#[test]
fn a_gate_of_one_s_own_stands_in_the_place_of_the_profile_s_or_behind_it() {
    let text = "quality = 'mvp'\n[[gates]]\nname = 'lint'\nrun = 'l'\n[[gates]]\nname = 'tests'\nrun = 'mine'\n\
                [[gates]]\nname = 'slow'\nrun = 's'\nquality = 'enterprise'\n";
    assert_eq!(names(text, true), ["tests", "doc-tests", "lint"]);
    let root = Path::new("/nowhere");
    let own = configured(&read(text), root);
    assert_eq!(own.iter().map(|gate| gate.name.as_str()).collect::<Vec<_>>(), ["lint", "tests"]);
    assert_eq!(names(&text.replace("'mvp'", "'hyperscale'"), false), ["lint", "tests", "slow"]);
}

#[test]
fn two_gates_of_one_name_and_names_of_none_are_refused() {
    let twice = "[[gates]]\nname = 'a'\nrun = 'x'\n[[gates]]\nname = 'a'\nrun = 'y'\n";
    assert_eq!(check(&read(twice)).unwrap_err().to_string(), "blueprint.toml: two [[gates]] are called `a`");
    let strange = "[tasks.t]\ngates = ['testz']\n[[gates]]\nname = 'tests'\nrun = 'x'\n";
    let error = check(&read(strange)).unwrap_err();
    assert_eq!(error.hint.as_deref(), Some("did you mean `tests`?"));
    assert!(error.to_string().contains("[tasks.t] names the gate `testz`"), "{error}");
}
