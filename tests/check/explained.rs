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
    let told = Scene::new(PLAN).blueprint(&["validate", "--explain", "w1O1"]);
    assert_eq!((told.code(), told.out()), (2, ""));
    insta::assert_snapshot!(told.err(), @r"
    error: there is no code `w1O1`
    help: did you mean `W101`? `--explain list` lists them all
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
