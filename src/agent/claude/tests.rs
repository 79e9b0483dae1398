use super::super::launch::tests::Scene;
use super::super::{Definition, DefinitionMode, Kind, Limits, build};
use super::*;

fn spec() -> RunnerSpec {
    RunnerSpec::new("claude", Kind::Claude)
}

fn with_args(args: &[&str]) -> RunnerSpec {
    RunnerSpec { args: args.iter().map(|arg| (*arg).to_owned()).collect(), ..spec() }
}

fn line(spec: RunnerSpec, scene: &Scene) -> CommandLine {
    build(spec).unwrap().command_line(&scene.launch()).unwrap()
}

fn shown(spec: RunnerSpec, scene: &Scene) -> String {
    line(spec, scene).to_string()
}

fn with_tools(tools: &[&str]) -> Scene {
    let mut definition = Definition::generic("tester");
    definition.tools = tools.iter().map(|tool| (*tool).to_owned()).collect();
    Scene::new().definition(definition)
}

const PLAIN: &str = "claude -p --output-format stream-json --verbose --permission-mode acceptEdits \
     --allowedTools=Bash --session-id=5f0c1a52-0000-8000-8000-000000000000 --json-schema=<896 bytes> \
     '--append-system-prompt=You test.'";

#[test]
fn the_plain_command_line_leaves_the_users_settings_and_turns_alone() {
    let line = line(spec(), &Scene::new());
    assert_eq!(line.to_string(), PLAIN);
    assert_eq!(line.stdin, b"Test it.");
}

#[test]
fn the_configuration_wins_over_our_flags_and_the_definition() {
    let mut definition = Definition::generic("tester");
    definition.model = Some("opus".to_owned());
    let scene = Scene::new().definition(definition);
    assert!(shown(spec(), &scene).contains(" --model=opus "));
    let by_args = shown(with_args(&["--model", "sonnet", "--permission-mode=plan"]), &scene);
    assert!(!by_args.contains("opus") && !by_args.contains("acceptEdits"));
    assert!(by_args.ends_with(" --model sonnet --permission-mode=plan"));
    let both = RunnerSpec { model: Some("haiku".to_owned()), ..with_args(&["--model", "sonnet"]) };
    assert!(shown(both, &scene).ends_with(" --model sonnet --model=haiku"));
}

#[test]
fn a_model_that_is_inherited_is_no_flag() {
    let mut definition = Definition::generic("tester");
    definition.model = Some("inherit".to_owned());
    assert_eq!(shown(spec(), &Scene::new().definition(definition)), PLAIN);
}

#[test]
fn a_session_is_resumed_instead_of_begun() {
    let shown = shown(spec(), &Scene::new().resume("abc"));
    assert!(shown.contains(" --resume=abc ") && !shown.contains("--session-id"), "{shown}");
}

#[test]
fn limits_are_told_and_the_configuration_wins_over_them() {
    let scene = || Scene::new().limits(Limits { turns: Some(7), cost_usd: Some(0.5) });
    let shown_limits = shown(spec(), &scene());
    assert!(shown_limits.contains(" --max-turns=7 --max-budget-usd=0.5 "), "{shown_limits}");
    let by_args = shown(with_args(&["--max-turns", "9"]), &scene());
    assert!(by_args.contains("--max-turns 9") && !by_args.contains("--max-turns=7"), "{by_args}");
}

#[test]
fn a_definition_may_replace_its_instructions() {
    let spec = || RunnerSpec { definition: DefinitionMode::Replace, ..spec() };
    assert!(shown(spec(), &Scene::new()).ends_with(" '--system-prompt=You test.'"));
    let large = shown(spec(), &Scene::new().text("x".repeat(121 * 1024)));
    assert!(large.ends_with(" --system-prompt-file=/state/definition.md"), "{large}");
}

#[test]
fn a_resumed_session_is_not_given_another_id() {
    assert!(!shown(with_args(&["--resume", "abc"]), &Scene::new()).contains("--session-id"));
}

#[test]
fn arguments_that_would_blind_us_are_refused() {
    for args in [["--output-format", "text"], ["--output-format=json", ""], ["-p", "x"]] {
        let error = build(with_args(&args)).err().unwrap();
        assert!(matches!(error, RunnerError::ReservedArgument { .. }), "{args:?}");
    }
}

#[test]
fn listed_tools_are_allowed_but_for_editors_which_would_reach_outside() {
    let shown = shown(spec(), &with_tools(&["Read", "Write", "Edit", "Bash", "WebFetch", "mcp__db"]));
    assert!(shown.contains(" --allowedTools=Read,Bash,WebFetch,mcp__db "), "{shown}");
}

#[test]
fn a_list_without_a_shell_takes_the_shell_away() {
    let shown = shown(spec(), &with_tools(&["Write"]));
    assert!(shown.contains(" --disallowedTools=Bash ") && !shown.contains("--allowedTools"), "{shown}");
}

#[test]
fn a_list_without_an_editor_takes_the_editors_away() {
    let shown = shown(spec(), &with_tools(&["Read", "Bash"]));
    assert!(shown.contains(" --disallowedTools=Edit,MultiEdit,NotebookEdit,Write "), "{shown}");
}

#[test]
fn patterns_stay_whole_and_smuggled_tools_are_dropped() {
    let tools = [
        "Bash(git add:*, ls)",
        "Read Write",
        "--dangerously-skip-permissions",
        "Write(/etc/**)",
        "Read(a),Write(b)",
        "",
        "Bash(x) Write(y)",
        "Bash(x Write(y)",
    ];
    let args = line(spec(), &with_tools(&tools)).args;
    let rule = args.iter().find(|arg| arg.to_string_lossy().starts_with("--allowedTools")).unwrap();
    assert_eq!(rule, "--allowedTools=Bash(git add:*, ls)");
}

#[test]
fn a_definition_too_large_for_an_argument_is_read_from_its_file() {
    let line = line(spec(), &Scene::new().text("x".repeat(121 * 1024)));
    assert!(line.to_string().ends_with(" --append-system-prompt-file=/state/definition.md"));
    assert_eq!(line.stdin, b"Test it.");
}

#[test]
fn clouds_credentials_are_passed_on_only_to_who_uses_that_cloud() {
    let vars =
        ["AWS_SECRET_ACCESS_KEY", "GOOGLE_APPLICATION_CREDENTIALS", "ANTHROPIC_API_KEY", "https_proxy"];
    let names = |spec: RunnerSpec, scene: Scene| -> Vec<String> {
        let env = line(spec, &scene).env;
        env.into_iter()
            .map(|(name, _)| name.into_string().unwrap())
            .filter(|n| vars.contains(&n.as_str()))
            .collect()
    };
    assert_eq!(names(spec(), Scene::new().env(&vars)), ["ANTHROPIC_API_KEY", "https_proxy"]);
    let mut bedrock = spec();
    bedrock.env.insert("CLAUDE_CODE_USE_BEDROCK".to_owned(), "1".to_owned());
    assert_eq!(
        names(bedrock, Scene::new().env(&vars)),
        ["ANTHROPIC_API_KEY", "AWS_SECRET_ACCESS_KEY", "https_proxy"]
    );
}

#[test]
fn a_missing_program_is_told_with_how_to_install_it() {
    let error = build(spec()).unwrap().check(&BaseEnv::default(), Path::new("/")).unwrap_err();
    insta::assert_snapshot!(error, @"runner `claude`: program `claude` was not found in PATH; install it with `npm install -g @anthropic-ai/claude-code`, or give its path as `command`");
}

#[test]
fn another_place_of_the_program_can_be_configured() {
    let spec = RunnerSpec { command: vec!["node".to_owned(), "cli.js".to_owned()], ..spec() };
    assert!(shown(spec, &Scene::new()).starts_with("node cli.js -p "));
}
