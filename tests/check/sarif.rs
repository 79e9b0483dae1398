//! What `--format sarif` prints is SARIF, by the standard's own schema, and its places are those of the file.

use boon::{Compiler, Schemas};
use serde_json::Value;

use crate::scene::{PLAN, Scene, Told, files};

/// By the OASIS committee, as it stands in the standard.
const STANDARD: &str = include_str!("sarif-2.1.0.schema.json");

fn check(told: &Told) -> Value {
    let log = told.json();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("sarif.json", serde_json::from_str(STANDARD).unwrap()).unwrap();
    let index = compiler.compile("sarif.json", &mut schemas).unwrap();
    let found = schemas.validate(&log, index);
    assert!(found.is_ok(), "{:#}\n{log:#}", found.unwrap_err());
    log
}

fn sarif(scene: &Scene) -> Value {
    check(&scene.blueprint(&["validate", "--format", "sarif"]))
}

#[test]
fn every_plan_of_the_collection_gets_a_valid_log() {
    for plan in files("tests/invalid") {
        let scene = Scene::new(std::fs::read(&plan).unwrap());
        let json = scene.blueprint(&["validate", "--format", "json"]).json();
        let told = scene.blueprint(&["validate", "--format", "sarif"]);
        let log = check(&told);
        let results = log["runs"][0]["results"].as_array().unwrap();
        let diagnostics = json["diagnostics"].as_array().unwrap();
        assert_eq!(results.len(), diagnostics.len(), "{}", plan.display());
        for (result, diagnostic) in results.iter().zip(diagnostics) {
            let place = &result["locations"][0]["physicalLocation"]["region"];
            assert_eq!(
                (&result["ruleId"], &result["level"], &place["startLine"], &place["startColumn"]),
                (&diagnostic["code"], &diagnostic["severity"], &diagnostic["line"], &diagnostic["column"])
            );
        }
    }
}

#[test]
fn columns_count_characters_and_paths_are_relative_to_the_checkout() {
    let odd = PLAN.replace("<dependencies>build-api<", "<dependencies><!-- 🦀ü --> bild-api<");
    let scene = Scene::new("");
    git2::Repository::init(scene.path(".")).unwrap();
    scene.write("plans/my shop/genesis.xml", odd);
    let told = scene.blueprint(&["validate", "plans/my shop/genesis.xml", "--format", "sarif"]);
    assert_eq!(told.code(), 3);
    let log = check(&told);
    let run = &log["runs"][0];
    let result = &run["results"][0];
    assert_eq!((&result["ruleId"], &run["columnKind"]), (&"E201".into(), &"unicodeCodePoints".into()));
    let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], "E201");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "plans/my%20shop/genesis.xml");
    // The id stands nowhere as such where a comment stands beside it: the whole is the place.
    let region = &place["region"];
    assert_eq!((&region["startLine"], &region["startColumn"]), (&22.into(), &23.into()));
    assert_eq!((&region["endLine"], &region["endColumn"]), (&22.into(), &43.into()));
}

#[test]
fn a_plan_without_fault_has_an_empty_log_and_each_rule_says_what_to_do() {
    let log = sarif(&Scene::new(PLAN));
    assert_eq!(log["runs"][0]["results"], Value::Array(Vec::new()));
    for rule in log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap() {
        assert!(rule["help"]["markdown"].as_str().unwrap().contains("What to do: "), "{rule}");
    }
}
