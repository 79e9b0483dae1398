//! Every end that an attempt by a real program can come to, in one run of many tasks.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use crate::program::Program;
use crate::project::{BLUEPRINT, PlanText, TestProject, kill, processes_with, wait_until};
use crate::service::Service;

/// A task, what the service does with it, and the outcome that has to come of it.
struct End {
    task: &'static str,
    steps: Vec<Value>,
    outcome: &'static str,
}

fn end(task: &'static str, steps: Vec<Value>, outcome: &'static str) -> End {
    End { task, steps, outcome }
}

fn refused(status: u16, kind: &str, message: &str) -> Value {
    json!({"status": status, "type": kind, "message": message, "headers": {"retry-after-ms": 50, "retry-after": 1}})
}

fn ends(program: Program, outside: &Path) -> Vec<End> {
    let limit = match program {
        Program::Claude => "rate_limit_error",
        Program::Codex | Program::Opencode => "rate_limit_exceeded",
        Program::Gemini => "RESOURCE_EXHAUSTED",
    };
    let is_codex = program == Program::Codex;
    let work = |file: &str| program.writes(file, "work");
    let mut passes = refused(429, limit, "Slow down.");
    passes["times"] = json!(1);
    passes["then"] = work("patient.txt");
    let hangs = json!({"text": "late", "delay_s": 300});
    // What Codex's sandbox denies is a command that fails. Of a refusal, two programs tell no more than its words.
    let denied = if is_codex { "no-changes" } else { "permission-denied" };
    let refusal =
        if matches!(program, Program::Codex | Program::Gemini) { "no-changes" } else { "agent-error" };
    let mut ends = vec![
        end("killed", vec![hangs.clone()], "killed"),
        end("success", vec![work("success.txt"), program.is_done("Wrote it.")], "completed"),
        end("idle", vec![program.is_done("There was nothing to do.")], "no-changes"),
        end("denied", vec![program.reaches_out(outside), json!({"text": "It did not work."})], denied),
        end("stranger", vec![refused(401, "authentication_error", "invalid key")], "authentication"),
        end("patient", vec![passes, program.is_done("Done after all.")], "completed"),
        end("limited", vec![refused(429, limit, "Rate limit reached.")], "rate-limited"),
        end("overloaded", vec![refused(529, "overloaded_error", "Overloaded")], "rate-limited"),
        end("failing", vec![refused(500, "api_error", "boom")], "unavailable"),
        end("unwilling", vec![program.refuses()], refusal),
        end("slow", vec![hangs], "timed-out"),
        end("garbled", vec![program.is_done("Nobody will read it.")], "agent-error"),
        end("asking", vec![work("half.txt"), program.asks("Which one?")], "needs-answer"),
    ];
    if matches!(program, Program::Claude | Program::Gemini) {
        let steps = (0..9).map(|n| program.runs(&format!("echo {n}"))).collect();
        ends.push(end("turns", steps, "out-of-turns"));
    }
    ends
}

/// Each task has a runner of its own: what closes or pauses one must not keep the others from their end.
fn configuration(program: Program, file: &Path, url: &str, project: &TestProject, ends: &[End]) -> String {
    let mut text = "kill-grace = \"300ms\"\ntimeout = \"4m\"\n".to_owned();
    for End { task, .. } in ends {
        let file = file.to_str().unwrap();
        let cut = format!("'{file}' \"$@\" | head -c 150; exit 0");
        let command = if *task == "garbled" { vec!["sh", "-c", &cut, "cut"] } else { vec![file] };
        let is_capped = *task == "turns" && program == Program::Claude;
        let args: &[&str] = if is_capped { &["--max-turns", "2"] } else { &[] };
        text.push_str(&program.runner_by(task, &command, url, project.base(), args));
        writeln!(text, "[tasks.{task}]\nrunner = \"{task}\"").unwrap();
        if *task == "slow" {
            text.push_str("timeout = \"20s\"\n");
        }
    }
    text
}

fn every_end_is_told_by_its_name(program: Program) {
    let Some(file) = program.installed() else { return };
    let tasks = ends(program, Path::new("/"));
    let names: Vec<_> = tasks.iter().map(|end| end.task).collect();
    let project = TestProject::new(&PlanText::of(&names), "");
    // Not below the folder for temporary files, where Codex may write; the project itself may lie there.
    let place = ["/var/tmp", env!("CARGO_TARGET_TMPDIR")].into_iter().find(|place| Path::new(place).is_dir());
    let folder = tempfile::tempdir_in(place.unwrap()).unwrap();
    let outside = folder.path().join("outside.txt");
    let ends = ends(program, &outside);
    let routes: Vec<_> =
        ends.iter().map(|end| (format!("# Task `{}`", end.task), end.steps.clone())).collect();
    let service = Service::start(&project.control, &routes);
    let text = configuration(program, &file, &service.url(), &project, &ends);
    project.write("blueprint.toml", &text);
    project.commit_all("Who plays the agents");

    let run = project.start(&["run", "--retries", "0", "--jobs", "3"]);
    let home = Program::home(project.base(), "killed");
    let agents = || {
        processes_with("HOME", home.as_os_str()).into_iter().filter(|pid| is_agent(*pid)).collect::<Vec<_>>()
    };
    wait_until("the agent that is to be killed", || !agents().is_empty(), || service.requests());
    agents().into_iter().for_each(kill);
    let ended = run.wait();

    let told: Vec<_> = ends.iter().map(|end| (end.task, project.task(end.task)["outcome"].clone())).collect();
    let expected: Vec<_> = ends.iter().map(|end| (end.task, json!(end.outcome))).collect();
    assert_eq!(told, expected, "{ended}");
    assert_eq!(project.task("asking")["question"], "Which one?");
    assert!(!outside.exists());
    project.assert_journal();
}

/// Not the supervisor, which has its agent's environment, too.
fn is_agent(pid: u32) -> bool {
    std::fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|program| program != Path::new(BLUEPRINT))
}

#[test]
fn claude_comes_to_every_end() {
    every_end_is_told_by_its_name(Program::Claude);
}

#[test]
fn codex_comes_to_every_end() {
    every_end_is_told_by_its_name(Program::Codex);
}

#[test]
fn opencode_comes_to_every_end() {
    every_end_is_told_by_its_name(Program::Opencode);
}

#[test]
fn gemini_comes_to_every_end() {
    every_end_is_told_by_its_name(Program::Gemini);
}
