use super::*;
use crate::genesis::Genesis;
use crate::plan::{self, TaskId};

/// Who plays the task `api` of agent `dev` (and `free`, which names no agent), by that configuration.
fn cast_by(toml: &str, wishes: &Wishes<'_>) -> Result<Casting, CliError> {
    let text = "<projectGenesis version=\"1.0\"><metadata><projectName>p</projectName></metadata><executionPlan><executionDag/><tasks>\
                <task id=\"api\"><name>n</name><assignedAgent>dev</assignedAgent></task><task id=\"free\"><name>n</name></task>\
                </tasks></executionPlan></projectGenesis>";
    let plan = plan::load(&Genesis::parse(text.into()).unwrap()).unwrap();
    let config: Config = toml::from_str(toml).unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    cast(&plan, &config, wishes, &BaseEnv::new([("PATH", path)]), Path::new("/"))
}

fn none() -> Wishes<'static> {
    Wishes { runner: None, timeout: None, isolation: None, only_looks: false }
}

const RUNNERS: &str = "
    [runners.near]
    command = ['sh', 'near']
    [runners.far]
    command = ['sh', 'far']
    [runners.top]
    command = ['sh', 'top']
";

fn runner_of(task: &str, toml: &str, wishes: &Wishes<'_>) -> String {
    cast_by(&format!("{toml}\n{RUNNERS}"), wishes).unwrap()[task].runner.name().to_owned()
}

#[test]
fn the_nearest_layer_names_the_runner() {
    let (top, agent, task) =
        ("runner = 'top'", "[agents.dev]\nrunner = 'far'", "[tasks.api]\nrunner = 'near'");
    assert_eq!(runner_of("api", top, &none()), "top");
    assert_eq!(runner_of("api", &format!("{top}\n{agent}"), &none()), "far");
    assert_eq!(runner_of("api", &format!("{top}\n{agent}\n{task}"), &none()), "near");
    let wishes = Wishes { runner: Some("top"), timeout: None, isolation: None, only_looks: false };
    assert_eq!(runner_of("api", &format!("{agent}\n{task}"), &wishes), "top");
}

#[test]
fn what_is_said_of_one_agent_holds_for_no_other() {
    let toml = "runner = 'top'\n[agents.dev]\nrunner = 'far'";
    assert_eq!(runner_of("free", toml, &none()), "top");
    let toml = "runner = 'top'\n[agents.agent]\nrunner = 'far'";
    assert_eq!(runner_of("free", toml, &none()), "far", "a task that names no agent has the agent `agent`");
}

#[test]
fn the_nearest_layer_names_the_time_out_and_an_hour_is_the_default() {
    let minutes = |toml: &str, wishes: &Wishes<'_>| {
        let toml = format!("runner = 'top'\n{toml}\n{RUNNERS}");
        cast_by(&toml, wishes).unwrap()["api"].timeout.as_secs() / 60
    };
    let (top, agent, task) =
        ("timeout = '3m'", "[agents.dev]\ntimeout = '2m'", "[tasks.api]\ntimeout = '1m'");
    assert_eq!(minutes("", &none()), 60);
    assert_eq!(minutes(top, &none()), 3);
    assert_eq!(minutes(&format!("{top}\n{agent}"), &none()), 2);
    assert_eq!(minutes(&format!("{top}\n{agent}\n{task}"), &none()), 1);
    let wishes =
        Wishes { runner: None, timeout: Some(Duration::from_mins(4)), isolation: None, only_looks: false };
    assert_eq!(minutes(&format!("{top}\n{agent}\n{task}"), &wishes), 4);
}

#[test]
fn layers_add_a_model_and_arguments_to_the_runners_own() {
    let toml = "
        [runners.claude]
        args = ['--verbose']
        model = 'one'
        [agents.dev]
        model = 'two'
        args = ['--mcp-config', 'x']
        [tasks.api]
        model = 'three'
    ";
    let config: Config = toml::from_str(toml).unwrap();
    let task = |id: &str, agent: Option<&str>| Task {
        id: TaskId::from(id),
        name: String::new(),
        agent: agent.map(str::to_owned),
        estimate: None,
        status: Status::Pending,
    };
    let spec_of = |task: &Task| {
        let spec = spec(|| layers(task, &config), &config, &none()).unwrap();
        (spec.kind, spec.model.unwrap(), spec.args.join(" "))
    };
    assert_eq!(
        spec_of(&task("api", Some("dev"))),
        (Kind::Claude, "three".into(), "--verbose --mcp-config x".into())
    );
    assert_eq!(
        spec_of(&task("db", Some("dev"))),
        (Kind::Claude, "two".into(), "--verbose --mcp-config x".into())
    );
    assert_eq!(spec_of(&task("db", None)), (Kind::Claude, "one".into(), "--verbose".into()));
}

#[test]
fn tasks_with_the_same_runner_share_it() {
    let casting = cast_by(&format!("runner = 'top'\n{RUNNERS}"), &none()).unwrap();
    let [api, free] = ["api", "free"].map(|id| Arc::clone(&casting[id].runner));
    assert!(Arc::ptr_eq(&api, &free));
    assert_eq!((&*casting["api"].agent, &*casting["free"].agent), ("dev", "agent"));
}

#[test]
fn an_unknown_runner_is_a_usage_error_with_the_nearest_name() {
    let refused = |toml: &str| {
        let error = cast_by(toml, &none()).err().unwrap();
        assert_eq!(error.kind, super::super::error::Kind::Usage);
        (error.message, error.hint.unwrap_or_default())
    };
    let (message, hint) = refused("runner = 'claud'");
    assert_eq!((&*message, &*hint), ("there is no runner `claud`", "did you mean `claude`?"));
    let (_, hint) = refused("runner = 'zzz'\n[runners.mine]\ncommand = ['sh']");
    assert_eq!(
        hint, "known runners: claude, codex, gemini, mine, opencode",
        "only what can be used without more configuration"
    );
    let (message, hint) = refused("runner = 'mine'\n[runners.mine]\nmodel = 'x'");
    assert_eq!(message, "runner `mine` has neither a kind nor a command");
    assert!(hint.contains("[runners.mine]"), "{hint}");
}

#[test]
fn a_program_that_is_not_there_is_found_out_before_anything_starts() {
    let error =
        cast_by("runner = 'x'\n[runners.x]\ncommand = ['no-such-program-anywhere']", &none()).err().unwrap();
    assert!(error.message.contains("no-such-program-anywhere"), "{}", error.message);
}

#[test]
fn a_runner_with_a_command_needs_no_kind() {
    assert_eq!(cast_by(&format!("runner = 'top'\n{RUNNERS}"), &none()).unwrap()["api"].kind, Kind::Command);
}

#[test]
fn the_nearest_layer_names_the_isolation() {
    let isolation = |toml: &str, wishes: &Wishes<'_>| {
        cast_by(&format!("runner = 'top'\n{toml}\n{RUNNERS}"), wishes).map(|cast| cast["api"].isolation)
    };
    let (top, task) = ("isolation = 'worktree'", "[tasks.api]\nisolation = 'none'");
    assert_eq!(isolation("", &none()).unwrap(), Isolation::Worktree);
    assert_eq!(isolation(&format!("{top}\n{task}"), &none()).unwrap(), Isolation::None);
    let wishes = Wishes { isolation: Some(config::Isolation::Worktree), ..none() };
    assert_eq!(isolation(task, &wishes).unwrap(), Isolation::Worktree);
    assert_eq!(isolation("isolation = 'shared'", &none()).unwrap(), Isolation::Shared);
}

#[test]
fn a_worktree_is_shared_by_all_tasks_or_by_none() {
    let mixed = "[tasks.api]\nisolation = 'shared'";
    let error = cast_by(&format!("runner = 'top'\n{mixed}\n{RUNNERS}"), &none()).err().unwrap();
    assert!(error.message.contains("some tasks share a worktree"), "{}", error.message);
    let beside = "isolation = 'shared'\n[tasks.api]\nisolation = 'none'";
    assert!(cast_by(&format!("runner = 'top'\n{beside}\n{RUNNERS}"), &none()).is_ok());
}
