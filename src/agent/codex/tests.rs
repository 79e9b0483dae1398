use super::super::ending::tests::{Case, broken_ends, shown_events, told};
use super::super::launch::tests::Scene;
use super::super::{Definition, Outcome, build};
use super::*;

fn spec() -> RunnerSpec {
    RunnerSpec::new("codex", Kind::Codex)
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

const PLAIN: &str = "codex exec --json --skip-git-repo-check --sandbox workspace-write \
     --output-schema=/state/answer-schema.json -c 'developer_instructions=\"You test.\"' -";

#[test]
fn it_works_in_its_own_sandbox_with_the_definition_as_an_addition() {
    let line = line(spec(), &Scene::new());
    assert_eq!(line.to_string(), PLAIN);
    assert_eq!(line.stdin, b"Test it.");
    assert_eq!(line.files, [(PathBuf::from("/state/answer-schema.json"), SCHEMA.as_bytes().to_vec())]);
}

#[test]
fn a_definition_may_replace_its_instructions() {
    let spec = RunnerSpec { definition: super::super::DefinitionMode::Replace, ..spec() };
    let shown = line(spec, &Scene::new()).to_string();
    assert!(shown.contains(" -c 'model_instructions_file=\"/state/definition.md\"' "), "{shown}");
}

#[test]
fn any_definition_stays_one_text_of_toml() {
    for text in ["a\nb", "quotes \" ' \"\"\" '''", "\\u0041 \\", "tab\tü\u{1}"] {
        let args = line(spec(), &Scene::new().text(text)).args;
        let setting = args.iter().filter_map(|arg| arg.to_str()).find(|arg| arg.starts_with("developer"));
        let read: toml::Table = toml::from_str(setting.unwrap()).unwrap();
        assert_eq!(read["developer_instructions"].as_str(), Some(text));
    }
}

#[test]
fn a_definition_too_large_for_an_argument_stands_before_the_prompt() {
    let line = line(spec(), &Scene::new().text("x".repeat(121 * 1024)));
    assert!(!line.to_string().contains("developer_instructions"));
    assert!(line.stdin.ends_with(b"x\n\nTest it."));
}

#[test]
fn what_it_may_do_follows_the_definitions_tools() {
    let shown = |tools: &[&str]| line(spec(), &defined(tools, None)).to_string();
    assert!(shown(&["Read"]).contains(" --sandbox read-only -c 'web_search=\"disabled\"' "));
    assert!(shown(&["Bash", "WebSearch"]).contains(" --sandbox workspace-write --output-schema"));
}

#[test]
fn it_may_write_its_reports_where_they_are_looked_for() {
    assert!(line(spec(), &Scene::new().outbox("/state/out")).to_string().contains(" --add-dir=/state/out "));
}

#[test]
fn a_session_is_resumed_after_all_flags() {
    let shown = line(spec(), &Scene::new().resume("0199")).to_string();
    assert!(shown.ends_with("' resume 0199 -"), "{shown}");
}

#[test]
fn the_configuration_wins_over_our_flags_and_the_definition() {
    let mut spec = spec();
    spec.args =
        ["-s", "danger-full-access", "--model=o3", "--output-schema", "x"].map(str::to_owned).to_vec();
    let shown = line(spec.clone(), &defined(&[], Some("gpt-5"))).to_string();
    assert!(shown.ends_with(" -s danger-full-access --model=o3 --output-schema x -"), "{shown}");
    assert!(!shown.contains("workspace-write") && !shown.contains("gpt-5"));
    assert!(!build(spec.clone()).unwrap().has_own_sandbox() && runner().has_own_sandbox());
    assert!(line(spec, &Scene::new()).files.is_empty());
    spec_with_model("gpt-9");
}

fn spec_with_model(model: &str) {
    let spec = RunnerSpec { model: Some(model.to_owned()), ..spec() };
    assert!(line(spec, &defined(&[], Some("gpt-5"))).to_string().ends_with(" --model=gpt-9 -"));
    let foreign = line(self::spec(), &defined(&[], Some("opus"))).to_string();
    assert_eq!(foreign, PLAIN, "another maker's model is none that it knows");
}

#[test]
fn arguments_that_would_blind_us_are_refused() {
    for arg in ["--json", "resume", "-"] {
        let spec = RunnerSpec { args: vec![arg.to_owned()], ..spec() };
        assert!(matches!(build(spec).err(), Some(RunnerError::ReservedArgument { .. })), "{arg}");
    }
}

#[test]
fn recorded_ends() {
    let told = told(
        runner().as_ref(),
        &[
            Case::new("success", 0, include_str!("fixtures/success.jsonl")),
            Case::new("denied by its sandbox", 0, include_str!("fixtures/denied.jsonl")),
            Case::new("400", 1, include_str!("fixtures/400.jsonl")),
            Case::new("401", 1, include_str!("fixtures/401.jsonl")),
            Case::new("429 that passes", 0, include_str!("fixtures/429-that-passes.jsonl")),
            Case::new("429 that stays", 1, include_str!("fixtures/429-that-stays.jsonl")),
            Case::new("no money", 1, include_str!("fixtures/quota.jsonl")),
            Case::new("529", 1, include_str!("fixtures/529.jsonl")),
            Case::new("500", 1, include_str!("fixtures/500.jsonl")),
            Case::new("broken stream", 1, include_str!("fixtures/broken-stream.jsonl")),
        ],
    );
    insta::assert_snapshot!(told);
}

#[test]
fn broken_outputs_come_to_an_outcome() {
    let half = "{\"type\":\"thread.started\",\"thread_id\":\"t\"}\n\
                {\"type\":\"item.completed\",\"item\":{\"type\":\"agent_message\",\"text\":\"On it.\"}}\n";
    insta::assert_snapshot!(broken_ends(runner().as_ref(), half));
}

#[test]
fn lines_are_read_as_events() {
    let more = r#"{"type":"item.completed","item":{"type":"file_change","changes":[{"path":"a.rs","kind":"add"},{"path":"b.rs"}],"status":"completed"}}
{"type":"item.completed","item":{"type":"command_execution","command":"/bin/bash -lc \"rm -r x\"","status":"declined"}}
{"type":"item.started","item":{"type":"mcp_tool_call","server":"db","tool":"query"}}
{"type":"item.started","item":{"type":"web_search","query":"rust"}}
{"type":"error","message":"Reconnecting... 1/5 (too slow)"}"#;
    let lines = [include_str!("fixtures/success.jsonl"), more].concat();
    insta::assert_snapshot!(shown_events(runner().as_ref(), &lines));
}

#[test]
fn an_answer_in_the_form_that_was_asked_for_is_understood() {
    let answer = r#"{\"status\":\"needs_clarification\",\"summary\":\"s\",\"deliverables\":[],\"question\":\"Which?\",\"learnings\":[]}"#;
    let output = format!(
        "{{\"type\":\"item.completed\",\"item\":{{\"type\":\"agent_message\",\"text\":\"{answer}\"}}}}\n{{\"type\":\"turn.completed\"}}\n"
    );
    let reading = Case::new("", 0, &output).read(runner().as_ref());
    assert_eq!((reading.outcome, reading.question.as_deref()), (Outcome::NeedsAnswer, Some("Which?")));
}

#[test]
fn when_a_usage_limit_ends_is_read_from_its_message() {
    let output = "{\"type\":\"turn.failed\",\"error\":{\"message\":\"You've hit your usage limit. Try again in 2 hours.\"}}";
    let reading = Case::new("", 1, output).read(runner().as_ref());
    assert_eq!(reading.outcome, Outcome::RateLimited);
    assert!(reading.retry_at.unwrap() > jiff::Timestamp::now());
}

#[test]
fn the_session_that_blueprint_itself_runs_in_is_not_its_own() {
    let scene = Scene::new().env(&[
        "OPENAI_API_KEY",
        "CODEX_HOME",
        "CODEX_SANDBOX",
        "CODEX_THREAD_ID",
        "GITHUB_TOKEN",
    ]);
    let env = line(spec(), &scene).env;
    let names: Vec<_> = env.iter().filter_map(|(name, _)| name.to_str()).collect();
    assert!(names.contains(&"OPENAI_API_KEY") && names.contains(&"CODEX_HOME"));
    assert!(!names.iter().any(|name| ["CODEX_SANDBOX", "CODEX_THREAD_ID", "GITHUB_TOKEN"].contains(name)));
}
