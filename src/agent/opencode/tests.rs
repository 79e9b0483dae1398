use super::super::ending::tests::{Case, broken_ends, shown_events, told};
use super::super::launch::tests::Scene;
use super::super::{Definition, build};
use super::*;

fn spec() -> RunnerSpec {
    RunnerSpec::new("opencode", Kind::Opencode)
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

fn settings(line: &CommandLine) -> &str {
    let found = line.env.iter().find(|(name, _)| name == settings::VARIABLE);
    found.and_then(|(_, value)| value.to_str()).unwrap()
}

#[test]
fn the_definition_is_added_to_its_instructions_from_its_file() {
    let line = line(spec(), &Scene::new());
    assert_eq!(line.to_string(), "opencode run --format=json");
    assert_eq!(line.stdin, b"Test it.");
    assert_eq!(settings(&line), r#"{"instructions":["/state/definition.md"]}"#);
}

#[test]
fn a_definition_may_replace_its_instructions() {
    let line = line(RunnerSpec { definition: DefinitionMode::Replace, ..spec() }, &Scene::new());
    assert_eq!(line.to_string(), "opencode run --format=json --agent=blueprint");
    let agent = r#"{"agent":{"blueprint":{"mode":"primary","prompt":"{file:/state/definition.md}"}}}"#;
    assert_eq!(settings(&line), agent);
}

#[test]
fn the_users_own_settings_stay() {
    let mut spec = spec();
    let own = r#"{"instructions":["own.md"],"permission":{"bash":"ask"},"share":"disabled"}"#;
    spec.env.insert(settings::VARIABLE.to_owned(), own.to_owned());
    let line = line(spec, &defined(&["Read", "Bash"], None));
    let expected = r#"{"instructions":["own.md","/state/definition.md"],"permission":{"bash":"ask","edit":"deny","webfetch":"deny","websearch":"deny"},"share":"disabled"}"#;
    assert_eq!(settings(&line), expected);
}

#[test]
fn settings_that_nothing_can_be_added_to_are_refused() {
    for own in ["no json", "[]", r#"{"instructions":5}"#] {
        let mut spec = spec();
        spec.env.insert(settings::VARIABLE.to_owned(), own.to_owned());
        let error = build(spec).unwrap().command_line(&Scene::new().launch()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "runner `opencode`: OPENCODE_CONFIG_CONTENT is not a JSON object, so nothing can be added to it"
        );
    }
}

#[test]
fn models_name_their_provider_and_sessions_are_resumed() {
    let shown = |model| line(spec(), &defined(&[], Some(model)).resume("ses_1")).to_string();
    assert_eq!(shown("openai/gpt-5"), "opencode run --format=json --model=openai/gpt-5 --session=ses_1");
    assert_eq!(shown("opus"), "opencode run --format=json --session=ses_1");
}

#[test]
fn arguments_that_would_blind_us_are_refused() {
    let spec = RunnerSpec { args: vec!["--format=default".to_owned()], ..spec() };
    assert!(matches!(build(spec).err(), Some(RunnerError::ReservedArgument { .. })));
}

#[test]
fn recorded_ends() {
    let told = told(
        runner().as_ref(),
        &[
            Case::new("success", 0, include_str!("fixtures/success.jsonl")),
            Case::new("denied tool, which ends it", 0, include_str!("fixtures/denied.jsonl")),
            Case::new("401", 1, include_str!("fixtures/401.jsonl")),
            Case::new("429 that stays", 1, include_str!("fixtures/429-that-stays.jsonl")),
            Case::new("no money", 1, include_str!("fixtures/quota.jsonl")),
            Case::new("500", 1, include_str!("fixtures/500.jsonl")),
            Case::new("disconnected", 1, include_str!("fixtures/disconnected.jsonl")),
        ],
    );
    insta::assert_snapshot!(told);
}

#[test]
fn steps_that_end_a_session_for_another_reason_are_no_success() {
    let step = |reason: &str| format!(r#"{{"type":"step_finish","part":{{"reason":"{reason}"}}}}"#);
    let (filtered, cut, going_on) = (step("content-filter"), step("length"), step("tool-calls"));
    let cases = [("filtered", &filtered), ("cut off", &cut), ("left in the middle", &going_on)];
    insta::assert_snapshot!(told(runner().as_ref(), &cases.map(|(name, output)| Case::new(name, 0, output))));
}

#[test]
fn broken_outputs_come_to_an_outcome() {
    let half =
        "{\"type\":\"step_start\",\"sessionID\":\"s\"}\n{\"type\":\"text\",\"part\":{\"text\":\"On it.\"}}\n";
    insta::assert_snapshot!(broken_ends(runner().as_ref(), half));
}

#[test]
fn lines_are_read_as_events() {
    let more = "{\"type\":\"text\",\"part\":{\"synthetic\":true,\"text\":\"what the program says\"}}\n";
    let lines =
        [include_str!("fixtures/success.jsonl"), include_str!("fixtures/denied.jsonl"), more].concat();
    insta::assert_snapshot!(shown_events(runner().as_ref(), &lines));
}

#[test]
fn a_long_wait_that_the_service_asks_for_is_told_and_a_short_one_was_in_vain() {
    let at = |seconds: u64| {
        let headers = format!(r#"{{"retry-after":"{seconds}"}}"#);
        let data = format!(r#"{{"message":"slow down","statusCode":429,"responseHeaders":{headers}}}"#);
        let output = format!(r#"{{"type":"error","error":{{"name":"APIError","data":{data}}}}}"#);
        Case::new("", 1, &output).read(runner().as_ref()).retry_at
    };
    assert_eq!(at(5), None);
    assert!(at(3600).unwrap() > jiff::Timestamp::now());
}
