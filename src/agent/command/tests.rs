use std::fs;

use super::super::launch::tests::Scene;
use super::super::{EndedBy, Kind, build};
use super::*;

fn runner(command: &[&str]) -> Box<dyn Runner> {
    let mut spec = RunnerSpec::new("local", Kind::Command);
    spec.command = command.iter().map(|part| (*part).to_owned()).collect();
    build(spec).unwrap()
}

fn line(command: &[&str]) -> CommandLine {
    runner(command).command_line(&Scene::new().launch()).unwrap()
}

/// What the runner reads from a process that ended so and printed this.
fn read(exit: Exit, ended_by_us: Option<EndedBy>, stdout: &str, stderr: &str) -> Reading {
    let folder = tempfile::tempdir().unwrap();
    let (out, err) = (folder.path().join("out"), folder.path().join("err"));
    fs::write(&out, stdout).unwrap();
    fs::write(&err, stderr).unwrap();
    runner(&["sh"]).read(&Ended { exit, ended_by_us, stdout: &out, stderr: &err, at: &jiff::Zoned::now() })
}

#[test]
fn placeholders_are_filled_inside_their_argument_and_never_split_it() {
    let line = line(&[
        "sh",
        "{config_dir}/agents/local.sh",
        "--at={worktree}:{task}",
        "{genesis} {definition} {prompt} {agent}",
        "${task} {other} {}",
    ]);
    assert_eq!(
        line.args,
        [
            "/plans/agents/local.sh",
            "--at=/trees/auth-api:auth-api",
            "/plans/genesis.xml /state/definition.md /state/prompt.md tester",
            "${task} {other} {}",
        ]
    );
}

#[test]
fn a_program_with_a_slash_is_relative_to_the_configuration() {
    assert_eq!(line(&["sh"]).program, "sh");
    assert_eq!(line(&["agents/run"]).program, "/plans/agents/run");
    assert_eq!(line(&["{config_dir}/run"]).program, "/plans/run");
    assert_eq!(line(&["/opt/run"]).program, "/opt/run");
}

#[test]
fn arguments_of_the_runner_follow_its_command() {
    let mut spec = RunnerSpec::new("local", Kind::Command);
    spec.command = vec!["sh".to_owned(), "run.sh".to_owned()];
    spec.args = vec!["--task".to_owned(), "{task}".to_owned()];
    let line = build(spec).unwrap().command_line(&Scene::new().launch()).unwrap();
    assert_eq!(line.args, ["run.sh", "--task", "auth-api"]);
}

#[test]
fn the_definition_and_the_prompt_are_on_standard_input() {
    assert_eq!(line(&["sh"]).stdin, b"You test.\n\nTest it.");
    assert_eq!(stdin("a\n", "b"), b"a\n\nb");
}

#[test]
fn exit_code_0_completes_with_the_last_line_as_the_summary() {
    let reading = read(Exit::Code(0), None, "one\n\x1b[32mwrote 3 files\x1b[0m\r\n \n", "noise");
    assert_eq!(reading.outcome, Outcome::Completed);
    assert_eq!(reading.summary.as_deref(), Some("wrote 3 files"));
    assert_eq!(read(Exit::Code(0), None, "", "").summary, None);
}

#[test]
fn a_summary_is_cut_to_a_sane_length() {
    let reading = read(Exit::Code(0), None, &"é".repeat(200_000), "");
    assert_eq!(reading.summary.unwrap().chars().count(), LINE);
}

#[test]
fn another_exit_code_fails_with_the_end_of_standard_error() {
    let reading = read(Exit::Code(3), None, "out", "a\nb\n");
    assert_eq!((reading.outcome, reading.detail.as_deref()), (Outcome::Failed, Some("exit code 3: a\nb")));
    let reading = read(Exit::Code(3), None, "only out", "");
    assert_eq!(reading.detail.as_deref(), Some("exit code 3: only out"));
    assert_eq!(read(Exit::Code(3), None, "", "").detail.as_deref(), Some("exit code 3"));
}

#[test]
fn a_signal_that_we_did_not_send_is_told() {
    let reading = read(Exit::Signal(9), None, "BLOCKED: no", "");
    assert_eq!(reading.outcome, Outcome::Killed);
    assert_eq!(reading.detail.as_deref(), Some("signal 9 (KILL): BLOCKED: no"));
}

#[test]
fn what_we_ended_is_never_taken_for_anything_else() {
    for (by, outcome) in [
        (EndedBy::TimedOut, Outcome::TimedOut),
        (EndedBy::Cancelled, Outcome::Cancelled),
        (EndedBy::Interrupted, Outcome::Interrupted),
    ] {
        for exit in [Exit::Code(0), Exit::Code(143), Exit::Signal(15)] {
            let reading = read(exit, Some(by), "half way\n", "");
            assert_eq!(reading.outcome, outcome);
            assert_eq!(reading.detail.as_deref(), Some("its last line was: half way"));
        }
    }
}

#[test]
fn answers_count_whatever_the_exit_code() {
    for code in [0, 1] {
        let told = |stdout: &str| read(Exit::Code(code), None, stdout, "");
        let reading = told("work\nBLOCKED: no key\n");
        assert_eq!((reading.outcome, reading.detail.as_deref()), (Outcome::Blocked, Some("no key")));
        let reading = told("CLARIFICATION: Which one?\n");
        assert_eq!(
            (reading.outcome, reading.question.as_deref()),
            (Outcome::NeedsAnswer, Some("Which one?"))
        );
        let reading = told("{\"error_code\":\"TOOL_FAILURE\",\n\"message\":\"gone\"}\n");
        assert_eq!(
            (reading.outcome, reading.detail.as_deref()),
            (Outcome::AgentError, Some("TOOL_FAILURE: gone"))
        );
    }
}

#[test]
fn a_missing_log_is_told_and_not_fatal() {
    let gone = Path::new("/nonexistent/log");
    let ended =
        Ended { exit: Exit::Code(1), ended_by_us: None, stdout: gone, stderr: gone, at: &jiff::Zoned::now() };
    let reading = runner(&["sh"]).read(&ended);
    assert_eq!(reading.outcome, Outcome::Failed);
    assert!(reading.detail.unwrap().contains("/nonexistent/log cannot be read"));
}

#[test]
fn a_line_of_progress_is_the_line_itself() {
    let local = runner(&["sh"]);
    assert_eq!(local.last_line("\x1b[1m  compiling\x1b[0m \n"), Some("compiling".to_owned()));
    assert_eq!(local.last_line("  \n"), None);
}

#[test]
fn a_failed_program_that_says_when_to_come_back_was_stopped_by_a_limit() {
    let at = |reading: &Reading| reading.retry_at.map(|at| at > jiff::Timestamp::now());
    let limited = read(Exit::Code(75), None, "", "busy\nRetry-After: 3600\n");
    assert_eq!((limited.outcome, at(&limited)), (Outcome::RateLimited, Some(true)));
    let vague = read(Exit::Code(1), None, "", "retry-after: later\n");
    assert_eq!((vague.outcome, vague.retry_at), (Outcome::RateLimited, None));
    let done = read(Exit::Code(0), None, "", "retry-after: 3600\n");
    assert_eq!((done.outcome, done.retry_at), (Outcome::Completed, None));
    let prose = read(Exit::Code(1), None, "", "it said retry-after: 3600\n");
    assert_eq!(prose.outcome, Outcome::Failed);
}
