//! `notify`: a program, or an address, that is told of what needs a person.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use boon::{Compiler, Draft, Schemas};
use rustix::process::Signal;
use serde_json::Value;

use crate::project::{BLUEPRINT, Fleet, PlanText, TestProject, wait_until};

const SCRIPT: &str =
    "== bad\nprint it is \"bad\"\nexit 3\n== ask\nprint CLARIFICATION: Postgres?\n== *\nwrite {task}.txt x";

fn project(notify: &str) -> TestProject {
    let project = TestProject::new(&PlanText::of(&["good", "bad", "ask"]), SCRIPT);
    let control = project.control.display().to_string();
    project.configure(&notify.replace("{control}", &control));
    project
}

fn told(project: &TestProject, count: usize) -> Vec<Value> {
    let file = project.control.join("told");
    let lines = || fs::read_to_string(&file).unwrap_or_default().lines().count();
    wait_until("all is told", || lines() >= count, || format!("{} lines", lines()));
    let mut told: Vec<Value> =
        fs::read_to_string(&file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    told.sort_by_key(|message| message["event"].to_string());
    told
}

#[track_caller]
fn assert_as_the_schema_says(message: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/notify.schema.json");
    let schema = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.set_default_draft(Draft::V2020_12);
    compiler.add_resource("notify.json", schema).unwrap();
    let index = compiler.compile("notify.json", &mut schemas).unwrap();
    let found = schemas.validate(message, index);
    assert!(found.is_ok(), "{:#}\n{message:#}", found.unwrap_err());
}

#[test]
fn a_program_is_told_of_failures_questions_and_the_end_with_the_next_command() {
    let project = project("notify = 'line=$(cat); echo \"$line\" >> \"{control}/told\"'");
    project.run(&[]).assert(1, &[]);
    let told = told(&project, 3);
    told.iter().for_each(assert_as_the_schema_says);
    let events: Vec<_> = told.iter().map(|message| message["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["question", "run-ended", "task-failed"]);
    assert_eq!((&told[0]["task"], &told[0]["detail"]), (&"ask".into(), &"Postgres?".into()));
    let next = told[0]["next"].as_str().unwrap();
    assert!(next.starts_with("blueprint answer ") && next.ends_with(" ask TEXT"), "{next}");
    assert_eq!((&told[1]["result"], &told[1]["exit_code"]), (&"failed".into(), &1.into()));
    assert!(told[2]["text"].as_str().unwrap().contains("task bad failed"), "{}", told[2]);
}

#[test]
fn only_what_is_asked_for_is_told() {
    let project =
        project("notify = { run = 'line=$(cat); echo \"$line\" >> \"{control}/told\"', on = ['run-ended'] }");
    project.run(&[]).assert(1, &[]);
    assert_eq!(told(&project, 1).len(), 1);
}

#[test]
fn a_program_that_fails_or_is_not_there_does_not_fail_a_run() {
    for (notify, says) in [
        ("notify = ['false']", None),
        (
            "notify = ['no-such-program-anywhere']",
            Some("nobody is notified: can't start `no-such-program-anywhere`"),
        ),
        ("notify = { webhook = '$NOT_SET' }", Some("nobody is notified: the variable `NOT_SET` is not set")),
    ] {
        let project = project(notify);
        let ended = project.run(&["good"]);
        ended.assert(0, &[]);
        assert_eq!(
            ended.stderr.matches("nobody is notified").count(),
            usize::from(says.is_some()),
            "{ended}"
        );
        assert!(says.is_none_or(|says| ended.stderr.contains(says)), "{ended}");
    }
}

const HANGS: &str = "sleep 1000 & sleep 1000; wait'";

#[test]
fn a_program_that_hangs_is_ended_with_its_processes_soon_after_the_run_and_that_is_said_once() {
    let project = project(&format!("notify = '{HANGS}"));
    let ended = project.run(&[]);
    ended.assert(1, &["warning a program of `notify` had not ended 10s after the run, and was ended"]);
    assert_eq!(ended.stderr.matches("`notify`").count(), 1, "{ended}");
    project.assert_no_process_left();
}

#[test]
fn a_program_that_hangs_is_ended_sooner_where_a_signal_ended_the_run() {
    let project = project(&format!("notify = '{HANGS}"));
    project.script("== *\nhang");
    let run = project.start(&["run", "good"]);
    project.wait_for_starts(1);
    run.signal(Signal::TERM);
    run.wait()
        .assert(143, &["warning a program of `notify` had not ended 2.0s after the run, and was ended"]);
    project.assert_no_process_left();
}

#[test]
fn what_is_told_last_has_been_told_when_the_job_ends() {
    let notify = "notify = { run = 'sleep 1; cat > \"{control}/last\"', on = ['run-ended'] }";
    let fleet = Fleet::new(&PlanText::of(&["a"]), SCRIPT);
    for arguments in [["a", "--ci"].as_slice(), &["--ci"]] {
        let job = fleet.clone(&arguments.join(" "));
        job.configure(&notify.replace("{control}", &job.control.display().to_string()));
        job.run(arguments).assert(0, &[]);
        let told: Value =
            serde_json::from_str(&fs::read_to_string(job.control.join("last")).unwrap()).unwrap();
        assert_eq!(told["next"], "blueprint status genesis.xml --remote");
        fs::remove_file(job.control.join("last")).unwrap();
    }
}

const WAIT: &str =
    "protected-paths = ['*.lock']\n[[gates]]\nname = 'release'\nkind = 'approve'\ntasks = ['gated']\n";
const TELLS: &str = "notify = { run = 'line=$(cat); echo \"$line\" >> \"{control}/told\"', on = ['question', 'task-blocked', 'task-failed'] }";

/// What each task of a plan is told to wait for.
fn next_of(project: &TestProject, arguments: &[&str]) -> Vec<(String, String, String)> {
    project.configure(&format!(
        "{}\n{WAIT}",
        TELLS.replace("{control}", &project.control.display().to_string())
    ));
    project.run(arguments).assert(1, &[]);
    let told = told(project, 4);
    told.iter().for_each(assert_as_the_schema_says);
    let text = |message: &Value, key: &str| message[key].as_str().unwrap().to_owned();
    let mut next: Vec<_> = told
        .iter()
        .map(|message| (text(message, "task"), text(message, "event"), text(message, "next")))
        .collect();
    next.sort();
    next
}

fn expected(events: [(&str, &str, &str); 4], place: &str) -> Vec<(String, String, String)> {
    let whole = |(task, event, next): (&str, &str, &str)| {
        (task.to_owned(), event.to_owned(), next.replace("PLAN", place))
    };
    events.into_iter().map(whole).collect()
}

#[test]
fn the_next_command_is_the_word_that_a_task_waits_for_and_works_where_it_is_read() {
    let script = "== ask\nprint CLARIFICATION: Postgres?\n== bad\nexit 3\n== locked\nwrite my.lock x\n== *\nwrite {task}.txt x";
    let plan = PlanText::of(&["ask", "bad", "gated", "locked"]);
    let project = TestProject::new(&plan, script);
    let place = format!("'{}'", project.plan().display());
    let here = [
        ("ask", "question", "blueprint answer PLAN ask TEXT"),
        ("bad", "task-failed", "blueprint status PLAN bad"),
        ("gated", "question", "blueprint answer PLAN gated approve"),
        ("locked", "task-blocked", "blueprint approve PLAN locked"),
    ];
    assert_eq!(next_of(&project, &[]), expected(here, &place));

    let fleet = Fleet::new(&plan, script);
    let elsewhere = [
        ("ask", "question", "blueprint answer PLAN ask TEXT --remote"),
        ("bad", "task-failed", "blueprint status PLAN bad --remote"),
        ("gated", "question", "blueprint answer PLAN gated approve --remote"),
        // It is approved where the work can be seen.
        ("locked", "task-blocked", "blueprint status PLAN locked --remote"),
    ];
    assert_eq!(next_of(&fleet.clone("job"), &["--ci"]), expected(elsewhere, "genesis.xml"));
}

#[test]
fn a_webhook_is_sent_the_document_and_no_secret() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/hook?a=\"b\"", server.local_addr().unwrap());
    let project = project(
        "env-pass = ['FAKE_AGENT_*', 'GIT_CONFIG_*', 'A_TOKEN']\nnotify = { webhook = '$HOOK', on = ['task-failed'] }",
    );
    project.script("== *\nprint the key is Zx81-qwerty-0042\nexit 3");
    let run = project
        .command(BLUEPRINT)
        .args(["run", "bad"])
        .env("HOOK", address)
        .env("A_TOKEN", "Zx81-qwerty-0042")
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(1));
    let (mut stream, _) = server.accept().unwrap();
    let mut request = String::new();
    let mut block = [0; 4096];
    while !request.ends_with('}') {
        let count = stream.read(&mut block).unwrap();
        request.push_str(std::str::from_utf8(&block[..count]).unwrap());
    }
    stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook"), "{head}");
    let message: Value = serde_json::from_str(body).unwrap();
    assert_as_the_schema_says(&message);
    assert!(!body.contains("Zx81"), "{body}");
}
