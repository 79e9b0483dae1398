use super::super::ending::tests::{Case, broken_ends, shown_events, told};
use super::super::launch::tests::Scene;
use super::super::{Definition, build};
use super::*;

fn spec() -> RunnerSpec {
    RunnerSpec::new("gemini", Kind::Gemini)
}

fn runner() -> Box<dyn Runner> {
    build(spec()).unwrap()
}

fn line(spec: RunnerSpec, scene: &Scene) -> CommandLine {
    build(spec).unwrap().command_line(&scene.launch()).unwrap()
}

fn defined(tools: &[&str], model: Option<&str>) -> Scene {
    let mut definition = Definition::generic("tester");
    definition.tools = tools.iter().map(|tool| (*tool).to_owned()).collect();
    definition.model = model.map(str::to_owned);
    Scene::new().definition(definition)
}

const PLAIN: &str = "gemini --output-format=stream-json --approval-mode=yolo --skip-trust \
     --session-id=5f0c1a52-0000-8000-8000-000000000000";

#[test]
fn the_definition_stands_before_the_prompt() {
    let line = line(spec(), &Scene::new());
    assert_eq!(line.to_string(), PLAIN);
    assert_eq!(line.stdin, b"You test.\n\nTest it.");
}

#[test]
fn a_definition_may_replace_its_instructions() {
    let mut spec = RunnerSpec { definition: DefinitionMode::Replace, ..spec() };
    spec.env.insert(INSTRUCTIONS.to_owned(), "own.md".to_owned());
    let line = line(spec, &Scene::new());
    assert_eq!(line.stdin, b"Test it.");
    let files: Vec<_> = line.env.iter().filter(|(name, _)| name == INSTRUCTIONS).collect();
    assert_eq!(files, [&(INSTRUCTIONS.into(), "/state/definition.md".into())]);
}

#[test]
fn tools_that_are_not_listed_are_taken_away_by_rules() {
    let line = line(spec(), &defined(&["Read", "Bash"], None));
    assert!(line.to_string().contains(" --policy=/state/policy.toml"));
    let (file, rules) = &line.files[0];
    assert_eq!(file, Path::new("/state/policy.toml"));
    insta::assert_snapshot!(String::from_utf8_lossy(rules), @r#"
    [[rule]]
    toolName = ["write_file", "replace", "web_fetch", "google_web_search"]
    decision = "deny"
    priority = 900
    "#);
}

#[test]
fn a_session_is_resumed_by_its_name() {
    let shown = line(spec(), &Scene::new().resume("abc")).to_string();
    assert_eq!(shown, "gemini --output-format=stream-json --approval-mode=yolo --skip-trust --resume=abc");
    assert!(runner().can_resume());
}

#[test]
fn an_older_version_is_given_the_flags_that_it_knows() {
    let mut spec = spec();
    spec.command = ["sh", "-c", "echo 0.45.0"].map(str::to_owned).to_vec();
    let runner = build(spec).unwrap();
    runner.check(&BaseEnv::new([("PATH", "/usr/bin:/bin")]), Path::new("/")).unwrap();
    let line = runner.command_line(&Scene::new().launch()).unwrap();
    assert!(line.to_string().ends_with(" --output-format=stream-json --approval-mode=yolo"), "{line}");
    assert!(!runner.can_resume());
}

#[test]
fn only_models_of_its_maker_are_asked_for() {
    let shown = |model| line(spec(), &defined(&[], Some(model))).to_string();
    assert!(shown("gemini-2.5-pro").ends_with(" --model=gemini-2.5-pro"));
    assert_eq!(shown("sonnet"), PLAIN);
}

#[test]
fn arguments_that_would_blind_us_are_refused() {
    for arg in ["-o", "--output-format=text", "-p"] {
        let spec = RunnerSpec { args: vec![arg.to_owned()], ..spec() };
        assert!(matches!(build(spec).err(), Some(RunnerError::ReservedArgument { .. })), "{arg}");
    }
}

#[test]
fn recorded_ends() {
    let limited = include_str!("fixtures/529.jsonl").replace("529", "429");
    let told = told(
        runner().as_ref(),
        &[
            Case::new("success", 0, include_str!("fixtures/success.jsonl")),
            Case::new("denied tool", 0, include_str!("fixtures/denied.jsonl")),
            // It ends with the service's status as its exit code, of which 8 bits are left.
            Case::new("401", 145, include_str!("fixtures/401.jsonl")),
            Case::new("429", 173, &limited),
            Case::new("500", 244, include_str!("fixtures/500.jsonl")),
            Case::new("529", 17, include_str!("fixtures/529.jsonl")),
            Case::new("empty answer", 0, include_str!("fixtures/broken-stream.jsonl")),
            Case::new("disconnected", 1, include_str!("fixtures/disconnected.jsonl")),
            Case::new("going in circles", 0, include_str!("fixtures/loop.jsonl")),
        ],
    );
    insta::assert_snapshot!(told);
}

#[test]
fn broken_outputs_come_to_an_outcome() {
    let half = "{\"type\":\"init\",\"session_id\":\"s\"}\n\
                {\"type\":\"message\",\"role\":\"assistant\",\"content\":\"On \",\"delta\":true}\n\
                {\"type\":\"message\",\"role\":\"assistant\",\"content\":\"it.\",\"delta\":true}\n";
    insta::assert_snapshot!(broken_ends(runner().as_ref(), half));
}

#[test]
fn lines_are_read_as_events() {
    let lines = [include_str!("fixtures/success.jsonl"), include_str!("fixtures/denied.jsonl")].concat();
    insta::assert_snapshot!(shown_events(runner().as_ref(), &lines));
}
