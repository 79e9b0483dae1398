//! Agents that hang, get away, or take longer than planned.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use crate::project::{BLUEPRINT, PlanText, TestProject, wait_until};

/// One task, whose agent is a shell's script.
fn played_by_a_shell(script: &str) -> TestProject {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    let command = crate::project::toml_text(script).replace('\n', " ");
    project.configure(&format!(
        "runner = \"shell\"\n[runners.shell]\nkind = \"command\"\ncommand = [\"sh\", \"-c\", {command}]\n"
    ));
    project
}

#[test]
fn an_agent_that_gives_no_sign_of_life_is_ended_and_that_is_told() {
    for how in ["print hello\nhang", "stop-self", "ignore-term\nchild\nhang"] {
        let project = TestProject::new(&PlanText::of(&["a"]), &format!("== *\n{how}"));
        project.configure("stall-timeout = \"600ms\"");
        project.run(&["--retries", "0"]).assert(1, &["failed  a", "gave no sign of life for 600ms"]);
        assert_eq!(project.task("a")["outcome"], "timed-out");
        project.assert_no_process_left();
    }
}

#[test]
fn an_agent_that_works_without_a_word_is_alive() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwork-until go\nwrite a.txt x");
    project.configure("stall-timeout = \"1s\"");
    let run = project.start(&["run", "--retries", "0"]);
    project.wait_for_starts(1);
    sleep(Duration::from_secs(3));
    project.touch("go");
    run.wait().assert(0, &["completed: 1 of 1"]);
}

#[test]
fn a_hung_agent_is_ended_though_no_run_lives() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nignore-term\nchild\nhang");
    project.configure("stall-timeout = \"2s\"");
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    run.kill();
    project.assert_no_process_left();
    project.run(&["--retries", "0"]).assert(1, &["gave no sign of life for 2s"]);
    assert_eq!(project.task("a")["outcome"], "timed-out");
    assert_eq!(project.log().starts(), ["a"]);
}

#[test]
fn an_agent_may_close_its_outputs() {
    let project = played_by_a_shell("exec >&- 2>&-; echo x > made.txt");
    project.complete(&[]);
    project.assert_no_process_left();
}

#[test]
fn who_has_nothing_of_the_attempt_any_more_does_not_outlive_a_killed_supervisor() {
    let script = r#"[ "$BLUEPRINT_ATTEMPT" = 1 ] || { echo x > made.txt; exit 0; };
        left="$FAKE_AGENT_DIR/left"; noted="$(dirname "$BLUEPRINT_PROMPT_FILE")/processes.json";
        (env -i setsid sh -c 'echo $$ > "$1"; exec sleep 600' sh "$left" &);
        until [ -s "$left" ]; do sleep 0.05; done;
        until grep -q -e '"cgroup":"' -e '"detached":\[{' "$noted"; do sleep 0.05; done;
        kill -9 $PPID; sleep 600"#;
    let project = played_by_a_shell(script);
    project.complete(&[]);
    let pid = fs::read_to_string(project.control.join("left")).unwrap();
    let process = format!("/proc/{}", pid.trim());
    wait_until("its end", || !fs::exists(&process).unwrap(), || process.clone());
    assert_eq!(project.task("a")["attempts"], 2);
}

#[test]
fn a_task_that_takes_longer_than_planned_is_told_of_once() {
    let plan = PlanText::of(&["a"]).to_xml().replace("45min", "1s");
    let project = TestProject::of_text(&plan, "== *\nwait-for go\nwrite a.txt x");
    let run = project.start(&["run"]);
    run.wait_for("late    a");
    project.touch("go");
    let ended = run.wait();
    ended.assert(0, &["at work for 1.5s, longer than planned (1.0s)", "completed: 1 of 1"]);
    assert_eq!(ended.stderr.matches("late ").count(), 1, "{ended}");
    let facts = project.facts("over-estimate", "a");
    assert_eq!(facts.len(), 1);
    assert_eq!((&facts[0]["estimate_ms"], &facts[0]["ran_ms"]), (&1000.into(), &1500.into()));
}

#[test]
fn a_log_that_is_larger_than_memory_can_be_shown() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite a.txt x");
    project.complete(&[]);
    let log = project.state_dir().join("attempts/a/1/stdout.log");
    fs::OpenOptions::new().write(true).open(log).unwrap().set_len(3 << 30).unwrap();
    let show = format!("ulimit -v 1000000; {BLUEPRINT} logs a | wc -c");
    let shown = project.command("sh").args(["-c", &show]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&shown.stdout).trim(), (3_u64 << 30).to_string(), "{shown:?}");
}
