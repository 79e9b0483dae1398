//! A session that goes on: a question, its answer, and the end of the work, all before the same model.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use blueprint::agent::{
    BaseEnv, CommandLine, Definition, DefinitionMode, Ended, EnvPolicy, Exit, Identity, Kind, Launch, Limits,
    Outcome, Reading, Runner, RunnerSpec, build,
};

use serde_json::{Value, json};

use crate::program::Program;
use crate::project::{INTEGRATION, PlanText, TestProject};
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

/// A run of a real plan, whose only task asks in the middle of its work.
struct Asked {
    project: TestProject,
    service: Service,
    file: PathBuf,
}

/// The whole prompt has the plan in it: what comes after it in the same session, has not.
const WHOLE_PROMPT: &str = "## The plan";
const ANSWER: &str = "SQLite, it is one file";

fn asked(program: Program, file: PathBuf, more: &[(String, Vec<Value>)]) -> Asked {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    let mut steps = vec![program.writes("half.txt", "one half"), program.asks("Postgres or SQLite?")];
    let first = (WHOLE_PROMPT.to_owned(), steps.clone());
    if program == Program::Claude {
        // It takes a session up with a word of its own between what was said and what is new.
        steps.push(json!({"text": "No response requested."}));
    }
    steps.extend([program.writes("whole.txt", "the other half"), program.is_done("Took SQLite.")]);
    // The answer alone matches no route.
    let then = (format!("{WHOLE_PROMPT}(?s:.*)> {ANSWER}"), steps);
    let routes: Vec<_> = more.iter().cloned().chain([then, first]).collect();
    let service = Service::start(&project.control, &routes);
    let runner = program.runner("real", &file, &service.url(), project.base(), &[]);
    project.write("blueprint.toml", &format!("runner = \"real\"\nretries = 0\n{runner}"));
    project.commit_all("Who plays the agents");
    let ended = project.run(&[]);
    ended.assert(4, &["Postgres or SQLite?"]);
    assert_eq!(project.task("a")["question"], "Postgres or SQLite?");
    let answer = project.blueprint(&["answer", "a", ANSWER]);
    assert_eq!(answer.code, Some(0), "{answer}");
    Asked { project, service, file }
}

#[track_caller]
fn assert_whole(project: &TestProject) {
    assert_eq!(project.show(INTEGRATION, "half.txt"), "one half");
    assert_eq!(project.show(INTEGRATION, "whole.txt"), "the other half");
    assert!(project.section_of("a").contains("Took SQLite."));
    project.assert_no_process_left();
}

fn a_task_that_asks_is_completed_in_the_same_session(program: Program) {
    let Some(file) = program.installed() else { return };
    let Asked { project, service, .. } = asked(program, file, &[]);
    let ended = project.run(&[]);
    assert_eq!(ended.code, Some(0), "{ended}\n{}", service.requests());
    assert_whole(&project);
    let ends = project.facts("attempt-ended", "a");
    let session = ends[0]["session"].as_str().unwrap();
    assert_eq!(ends[1]["session"], session);
    let continues = &project.facts("attempt-started", "a")[1]["continues"];
    assert_eq!(*continues, json!({"attempt": 1, "session": session, "because": "answer"}));
    project.assert_journal();
}

/// What the program knows of its sessions is gone: the agent is told all anew, and finds its work.
fn a_task_that_asks_is_completed_in_a_new_session_if_the_old_one_is_gone(program: Program) {
    let Some(file) = program.installed() else { return };
    let anew = vec![program.writes("whole.txt", "the other half"), program.is_done("Took SQLite.")];
    let Asked { project, service, file } = asked(program, file, &[("## Earlier work".to_owned(), anew)]);
    fs::remove_dir_all(Program::home(project.base(), "real")).unwrap();
    program.runner("real", &file, &service.url(), project.base(), &[]);
    let ended = project.run(&[]);
    assert_eq!(ended.code, Some(0), "{ended}\n{}", service.requests());
    ended.assert(0, &["lost its session"]);
    assert_whole(&project);
    let ends = project.facts("attempt-ended", "a");
    assert_eq!((ends.len(), &ends[1]["lost_session"]), (3, &json!(true)), "{ends:?}");
    project.assert_journal();
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
fn claude_completes_in_its_session_what_it_had_asked_about() {
    a_task_that_asks_is_completed_in_the_same_session(Program::Claude);
}

#[test]
fn claude_completes_in_a_new_session_what_it_had_asked_about_in_one_that_is_gone() {
    a_task_that_asks_is_completed_in_a_new_session_if_the_old_one_is_gone(Program::Claude);
}

#[test]
fn codex_completes_in_its_session_what_it_had_asked_about() {
    a_task_that_asks_is_completed_in_the_same_session(Program::Codex);
}

#[test]
fn codex_completes_in_a_new_session_what_it_had_asked_about_in_one_that_is_gone() {
    a_task_that_asks_is_completed_in_a_new_session_if_the_old_one_is_gone(Program::Codex);
}

#[test]
fn opencode_completes_in_its_session_what_it_had_asked_about() {
    a_task_that_asks_is_completed_in_the_same_session(Program::Opencode);
}

#[test]
fn opencode_completes_in_a_new_session_what_it_had_asked_about_in_one_that_is_gone() {
    a_task_that_asks_is_completed_in_a_new_session_if_the_old_one_is_gone(Program::Opencode);
}

#[test]
fn gemini_completes_in_its_session_what_it_had_asked_about() {
    a_task_that_asks_is_completed_in_the_same_session(Program::Gemini);
}

#[test]
fn gemini_completes_in_a_new_session_what_it_had_asked_about_in_one_that_is_gone() {
    a_task_that_asks_is_completed_in_a_new_session_if_the_old_one_is_gone(Program::Gemini);
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
