use crate::scene::{PLAN, Scene};

#[test]
fn a_code_is_explained_in_upper_and_lower_case() {
    let scene = Scene::new(PLAN);
    let told = scene.blueprint(&["validate", "--explain", "E202"]);
    assert_eq!((told.code(), told.err()), (0, ""));
    insta::assert_snapshot!(told.out());
    assert_eq!(scene.blueprint(&["validate", "--explain", "e202"]).out(), told.out());
}

#[test]
fn an_unknown_code_is_a_usage_error_that_names_the_nearest() {
    let told = Scene::new(PLAN).blueprint(&["validate", "--explain", "w2O1"]);
    assert_eq!((told.code(), told.out()), (2, ""));
    insta::assert_snapshot!(told.err(), @r"
    error: there is no code `w2O1`
    help: did you mean `W201`? `--explain list` lists them all
    ");
}

#[test]
fn the_list_has_every_code_that_a_plan_can_get() {
    let scene = Scene::new(PLAN);
    let list = scene.blueprint(&["validate", "--explain", "list"]);
    assert_eq!(list.code(), 0);
    for plan in crate::scene::files("tests/invalid") {
        let scene = Scene::new(std::fs::read(&plan).unwrap());
        for (code, _, _) in scene.found(&[]) {
            assert!(list.out().contains(&format!("{code}  ")), "{code} of {}", plan.display());
        }
    }
}

/// The words behind every `blueprint …` in back quotes.
fn calls(text: &str) -> impl Iterator<Item = &str> {
    text.split("`blueprint ").skip(1).filter_map(|rest| rest.split([' ', '`', '\n']).next())
}

#[test]
fn nothing_is_advised_that_the_program_has_no_verb_for() {
    let scene = Scene::new(PLAN);
    let list = scene.blueprint(&["validate", "--explain", "list"]);
    let mut advised = std::collections::BTreeSet::new();
    for code in list.out().lines().filter_map(|line| line.split(' ').next()) {
        advised.extend(calls(scene.blueprint(&["validate", "--explain", code]).out()).map(str::to_owned));
    }
    for plan in crate::scene::files("tests/invalid") {
        let told = Scene::new(std::fs::read(&plan).unwrap()).blueprint(&["validate"]);
        advised.extend(calls(told.out()).map(str::to_owned));
    }
    assert!(advised.contains("repair") && advised.contains("init"), "{advised:?}");
    for verb in advised {
        assert_eq!(scene.blueprint(&[&verb, "--help"]).code(), 0, "`blueprint {verb}` is advised");
    }
}
