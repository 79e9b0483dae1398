//! What stands around a plan: its configuration, and its agents' definitions.

use crate::scene::{PLAN, Scene};

const AGENT: &str = "<assignedAgent>tester</assignedAgent>";

fn shown(scene: &Scene) -> String {
    let told = scene.blueprint(&["validate"]);
    assert_eq!(told.err(), "");
    told.out().replace(scene.path("").canonicalize().unwrap().to_str().unwrap(), "[folder]")
}

#[test]
fn a_plan_whose_agents_are_defined_has_nothing_to_complain_about() {
    insta::assert_snapshot!(shown(&Scene::new(PLAN)), @"genesis.xml: valid (2 tasks, 1 dependency, canonical form)");
}

#[test]
fn an_unknown_agent_is_a_warning_with_the_nearest_name() {
    let scene = Scene::new(PLAN.replace(AGENT, "<assignedAgent>testr</assignedAgent>"));
    insta::assert_snapshot!(shown(&scene));
    assert_eq!(scene.blueprint(&["validate"]).code(), 0);
    assert_eq!(scene.blueprint(&["validate", "--strict"]).code(), 3);
}

#[test]
fn an_agent_without_any_likeness_is_one_warning_however_many_tasks_name_it() {
    let plan = PLAN.replace(AGENT, "<assignedAgent>wizard</assignedAgent>");
    insta::assert_snapshot!(shown(&Scene::new(plan.replace("backend-developer", "wizard"))));
}

#[test]
fn an_agent_that_a_program_of_ones_own_plays_needs_no_definition_but_is_checked_for_slips() {
    let config = "runner = 'mine'\n[runners.mine]\ncommand = ['sh', 'agent.sh']\n";
    let own = Scene::new(PLAN.replace(AGENT, "<assignedAgent>wizard</assignedAgent>"));
    own.write("blueprint.toml", config);
    assert_eq!(own.found(&[]), []);
    let slip = Scene::new(PLAN.replace(AGENT, "<assignedAgent>testr</assignedAgent>"));
    slip.write("blueprint.toml", config);
    assert_eq!(slip.found(&[]), [("W401".into(), "genesis.xml".into(), 21)]);
}

#[test]
fn definitions_that_cannot_be_reached_or_read_are_named() {
    let scene = Scene::new(PLAN);
    scene.write("agents/second.md", "---\nname: tester\ndescription: d\n---\nWork.\n");
    scene.write(".claude/agents/backend-developer.md", "---\nname: backend-developer\n");
    scene.write("blueprint.toml", "agent-dirs = [\"agnts\"]\n");
    insta::assert_snapshot!(shown(&scene));
}

#[test]
fn a_configuration_that_names_nobody_is_a_warning_and_one_that_cannot_be_read_an_error() {
    let scene = Scene::new(PLAN);
    scene.write(
        "blueprint.toml",
        "allow-no-changes = [\"build-api\", \"tset-api\"]\n[agents.tester]\ntimeout = '1m'\n[agents.nobody]\n[tasks.tests-api]\n",
    );
    insta::assert_snapshot!(shown(&scene));
    assert_eq!(scene.blueprint(&["validate"]).code(), 0);
    scene.write("blueprint.toml", "jobs = 2\nretrys = 3\n");
    insta::assert_snapshot!(shown(&scene));
    assert_eq!(scene.blueprint(&["validate"]).code(), 3);
}

#[test]
fn the_configuration_at_the_root_may_serve_other_plans() {
    let scene = Scene::new(PLAN);
    git2::Repository::init(scene.path("")).unwrap();
    scene.write("blueprint.toml", "[tasks.other]\n[agents.other]\n");
    scene.write(".claude/epics/shop/genesis.xml", PLAN);
    assert_eq!(scene.found(&["shop"]), []);
}
