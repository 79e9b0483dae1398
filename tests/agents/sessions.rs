//! A session that goes on: a question, its answer, and the end of the work, all before the same model.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use blueprint::agent::{
    BaseEnv, CommandLine, Definition, DefinitionMode, Ended, EnvPolicy, Exit, Identity, Kind, Launch, Limits,
    Outcome, Reading, Runner, RunnerSpec, build,
};

use crate::program::Program;
use crate::project::{PlanText, TestProject};
use crate::service::Service;

struct Scene {
    project: TestProject,
    runner: Box<dyn Runner>,
    env: BaseEnv,
}

impl Scene {
    fn new(program: Program, file: &Path, url: &str, project: TestProject, mode: DefinitionMode) -> Scene {
        let table = program.runner("main", file, url, project.base(), &[]);
        let table: toml::Table = toml::from_str(&table).unwrap();
        let table = &table["runners"]["main"];
        let words = |key: &str| {
            let words = table[key].as_array().unwrap().iter();
            words.map(|word| word.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let mut spec = RunnerSpec::new("main", program.name().parse::<Kind>().unwrap());
        (spec.command, spec.args, spec.definition) = (words("command"), words("args"), mode);
        let env = table["env"].as_table().unwrap().iter();
        spec.env = env.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
        let env = BaseEnv::new(project.env());
        let runner = build(spec).unwrap();
        runner.check(&env, project.base()).unwrap();
        Scene { project, runner, env }
    }

    /// Plays one attempt in the checkout.
    fn play(&self, prompt: &str, resume: Option<&str>, tools: &[&str]) -> Reading {
        let state = self.project.base().join("state");
        fs::create_dir_all(&state).unwrap();
        let mut definition = Definition::generic("tester");
        definition.tools = tools.iter().map(|tool| (*tool).to_owned()).collect();
        let text = "The text of the definition.";
        fs::write(state.join("definition.md"), text).unwrap();
        let line = self.runner.command_line(&Launch {
            task: "a",
            agent: "tester",
            attempt: 1,
            token: "token",
            session: "5f0c1a52-0000-8000-8000-00000000000a",
            resume,
            limits: Limits::default(),
            genesis: &self.project.plan(),
            worktree: &self.project.root,
            config_dir: self.project.base(),
            definition: &definition,
            definition_file: &state.join("definition.md"),
            prompt_file: &state.join("prompt.md"),
            definition_text: text,
            prompt_text: prompt,
            outbox: None,
            programs: None,
            build_jobs: None,
            identity: Identity { name: "tester (blueprint)", email: "tester@example.invalid" },
            place_env: &[],
            env: &self.env,
            policy: &EnvPolicy::default(),
        });
        let (out, err) = (state.join("out"), state.join("err"));
        let exit = run(&line.unwrap(), &self.project.root, &out, &err);
        let at = jiff::Zoned::now();
        self.runner.read(&Ended { exit, ended_by_us: None, stdout: &out, stderr: &err, at: &at })
    }
}

fn run(line: &CommandLine, folder: &Path, out: &PathBuf, err: &PathBuf) -> Exit {
    for (file, content) in &line.files {
        fs::write(file, content).unwrap();
    }
    let mut command = Command::new(&line.program);
    command.args(&line.args).env_clear().envs(line.env.iter().map(|(k, v)| (k, v))).current_dir(folder);
    let (out, err) = (fs::File::create(out).unwrap(), fs::File::create(err).unwrap());
    let mut child = command.stdin(Stdio::piped()).stdout(out).stderr(err).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&line.stdin).unwrap();
    Exit::Code(child.wait().unwrap().code().unwrap())
}

fn a_question_is_answered_in_the_same_session(program: Program) {
    let Some(file) = program.installed() else { return };
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    let steps = vec![program.asks("Which one?"), program.is_done("Took the second.")];
    let service = Service::start(&project.control, &[("The first word".to_owned(), steps)]);
    let scene = Scene::new(program, &file, &service.url(), project, DefinitionMode::Append);

    let asked = scene.play("The first word.", None, &[]);
    assert_eq!(
        (asked.outcome, asked.question.as_deref()),
        (Outcome::NeedsAnswer, Some("Which one?")),
        "{asked:?}"
    );
    assert!(scene.runner.can_resume());
    let session = asked.session.unwrap();
    // The answer alone matches no route: only in the same session is what was said before, too.
    let done = scene.play("The second one.", Some(&session), &[]);
    assert_eq!(done.outcome, Outcome::Completed, "{done:?}\n{}", service.requests());
    assert!(done.summary.as_deref().unwrap().contains("Took the second."), "{done:?}");
    assert_eq!(done.session.as_deref(), Some(session.as_str()));
}

/// The definition replaces the program's own instructions, and what it does not list is not offered to the model.
fn a_definition_is_heeded(program: Program) {
    let Some(file) = program.installed() else { return };
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    let steps = vec![program.is_done("Read it.")];
    let routes = [("The text of the definition[.](?s:.*)Only read".to_owned(), steps)];
    let service = Service::start(&project.control, &routes);
    let scene = Scene::new(program, &file, &service.url(), project, DefinitionMode::Replace);
    let done = scene.play("Only read.", None, &["Read", "Grep"]);
    assert_eq!(done.outcome, Outcome::Completed, "{done:?}\n{}", service.requests());
    let requests = service.requests();
    let offered = |tool: &str| requests.contains(&format!("\\n{tool}\\n"));
    match program {
        Program::Claude => assert!(!offered("Bash") && !offered("Write")),
        Program::Codex => assert!(!offered("web_search")),
        Program::Opencode => assert!(!offered("bash") && !offered("write")),
        Program::Gemini => assert!(!offered("run_shell_command") && !offered("write_file")),
    }
}

#[test]
fn claude_goes_on_with_a_session() {
    a_question_is_answered_in_the_same_session(Program::Claude);
}

#[test]
fn codex_goes_on_with_a_session() {
    a_question_is_answered_in_the_same_session(Program::Codex);
}

#[test]
fn opencode_goes_on_with_a_session() {
    a_question_is_answered_in_the_same_session(Program::Opencode);
}

#[test]
fn gemini_goes_on_with_a_session() {
    a_question_is_answered_in_the_same_session(Program::Gemini);
}

#[test]
fn claude_heeds_a_definition() {
    a_definition_is_heeded(Program::Claude);
}

#[test]
fn codex_heeds_a_definition() {
    a_definition_is_heeded(Program::Codex);
}

#[test]
fn opencode_heeds_a_definition() {
    a_definition_is_heeded(Program::Opencode);
}

#[test]
fn gemini_heeds_a_definition() {
    a_definition_is_heeded(Program::Gemini);
}
