//! Secrets: the real process has the real values, and nothing that is kept or shown has.

use std::fs;

use crate::project::{BLUEPRINT, FAKE_AGENT, PlanText, Running, TestProject, files_below, toml_text};

const SECRET: &str = "Zx81/qwerty\"0042";

/// The fake agent, which has the secret in a variable of its runner's; `keys` come first.
fn project_of(tasks: &[&str], script: &str, keys: &str) -> TestProject {
    let project = TestProject::new(&PlanText::of(tasks), script);
    let agent = toml_text(FAKE_AGENT);
    let args = format!("args = [\"--password\", {}]", toml_text(SECRET));
    let env = format!("env = {{ SHOP_API_KEY = {} }}", toml_text(SECRET));
    let runner = format!("[runners.shop]\nkind = \"command\"\ncommand = [{agent}]\n{args}\n{env}");
    project.configure(&format!("runner = \"shop\"\n{keys}\n{runner}"));
    project
}

/// Every file of the repository's own folder and the plan: no secret is in any of them, as it is or as JSON has it.
#[track_caller]
fn assert_hidden(project: &TestProject) {
    let mut files = files_below(&project.state_dir());
    files.insert(project.plan(), fs::read(project.plan()).unwrap());
    for (path, bytes) in files {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("qwerty"), "{}: {text}", path.display());
    }
}

#[test]
fn the_real_process_gets_the_secret_and_nothing_that_is_kept_has_it() {
    let script = format!(
        "== *\nrecord {{task}}\nprint the key is {SECRET}\nstderr {SECRET}!\n\
         blueprint task|note|I use {SECRET}\nwrite a.txt x\nblueprint task|done|--summary|done with {SECRET}|--deliverable|{SECRET}"
    );
    let project = project_of(&["a"], &script, "");
    let ended = project.complete(&[]);
    let env = fs::read_to_string(project.control.join("a/env")).unwrap();
    assert!(env.contains(&format!("SHOP_API_KEY={SECRET}")), "{env}");
    assert!(fs::read_to_string(project.control.join("a/args")).unwrap().contains(SECRET));
    assert_hidden(&project);
    assert!(project.section_of("a").contains("done with ***"), "{}", project.section_of("a"));
    let command = project.facts("attempt-started", "a")[0]["command"].clone();
    assert!(command.as_str().unwrap().ends_with("--password '***'"), "{command}");
    for shown in [
        &["logs", "a", "--stderr"][..],
        &["status", "a"],
        &["task", "show", "--task", "a"],
        &["explain", "a"],
    ] {
        let shown = project.blueprint(shown);
        assert!(!format!("{shown}").contains("qwerty"), "{shown}");
    }
    assert!(project.blueprint(&["logs", "a"]).stdout.contains("the key is ***"));
    assert!(!format!("{ended}").contains("qwerty"), "{ended}");
}

#[test]
fn what_went_wrong_is_told_without_the_secret() {
    let project = project_of(&["a"], &format!("== *\nstderr bad login with {SECRET}\nexit 3"), "");
    let ended = project.run(&[]);
    ended.assert(1, &["bad login with ***"]);
    assert!(!format!("{ended}").contains("qwerty"), "{ended}");
    assert_hidden(&project);
    let planned = project.blueprint(&["retry", "a"]);
    planned.assert(0, &[]);
    for shown in [&["run", "--dry-run"][..], &["explain", "a"]] {
        let shown = project.blueprint(shown);
        assert!(format!("{shown}").contains("--password '***'"), "{shown}");
    }
}

#[test]
fn a_secret_in_a_plan_is_masked_in_the_kept_prompt_when_its_agent_has_read_it() {
    let project = project_of(&["a"], "== *\nrecord {task}\nwrite a.txt x", "");
    let told = "What is to be done for a";
    let plan = project.read("genesis.xml").replace(told, &format!("{told} with {SECRET}"));
    project.write("genesis.xml", &plan);
    project.commit_all("A secret in the plan");
    project.complete(&[]);
    assert!(fs::read_to_string(project.control.join("a/stdin")).unwrap().contains(SECRET), "the real one");
    assert!(
        files_below(&project.state_dir())
            .values()
            .all(|file| !String::from_utf8_lossy(file).contains("qwerty"))
    );
}

#[test]
fn while_an_agent_works_its_log_is_shown_masked_by_its_own_environment() {
    let script = format!("== *\nprint begin {SECRET} end\ntouch printed\nwait-for go\nwrite a.txt x");
    // Whoever looks on has neither the variable nor the configuration by then.
    let project = project_of(&["a"], &script, "");
    let run = project.start(&["run"]);
    project.wait_until_there("printed");
    project.configure("");
    let shown = project.blueprint(&["logs", "a"]).stdout;
    assert_eq!(shown, "begin *** end\n");
    let follow = project.start(&["logs", "a", "--follow"]);
    follow.wait_for_output("begin *** end");
    project.touch("go");
    run.wait().assert(0, &[]);
    let followed = follow.wait();
    assert!(
        followed.stdout.contains("begin *** end") && !format!("{followed}").contains("qwerty"),
        "{followed}"
    );
}

#[test]
fn a_run_that_finds_an_agents_end_masks_what_it_has_left() {
    let script = format!("== *\nprint {SECRET}\nwait-for go\nwrite a.txt x");
    let project = project_of(&["a"], &script, "");
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    run.kill();
    project.touch("go");
    project.complete(&[]);
    assert_eq!(project.log().starts(), ["a"]);
    assert_hidden(&project);
}

#[test]
fn agents_in_the_checkout_and_steps_leave_no_secret_either() {
    let step = "setup = [\"echo step \\\"$SHOP_TOKEN\\\"; echo again \\\"$SHOP_TOKEN\\\" >&2\"]";
    let pass = "env-pass = [\"FAKE_AGENT_*\", \"GIT_CONFIG_*\", \"SHOP_TOKEN\"]";
    let script = format!("== *\nprint {SECRET}\nwrite {{task}}.txt x");
    let project =
        project_of(&["a", "b"], &script, &format!("{pass}\n{step}\n[tasks.b]\nisolation = \"none\""));
    let ended = Running::start(project.command(BLUEPRINT).arg("run").env("SHOP_TOKEN", SECRET)).wait();
    ended.assert(0, &[]);
    assert_hidden(&project);
    let steps = project.blueprint(&["logs", "a", "--steps"]);
    assert!(steps.stdout.contains("step ***\nagain ***"), "{steps}");
}

#[test]
fn a_value_that_is_no_secret_stays_as_it_is() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nprint production mode\nwrite a.txt x");
    let runner = format!(
        "[runners.shop]\nkind = \"command\"\ncommand = [{}]\nenv = {{ MODE = \"production\", API_TOKEN = \"production\" }}",
        toml_text(FAKE_AGENT)
    );
    project.configure(&format!("runner = \"shop\"\n{runner}"));
    project.complete(&[]);
    assert_eq!(project.blueprint(&["logs", "a"]).stdout, "production mode\n");
}

/// What a person says, with the secret in the environment of their shell.
#[track_caller]
fn say(project: &TestProject, arguments: &[&str]) {
    let arguments: Vec<_> = arguments.iter().map(|text| text.replace("{}", SECRET)).collect();
    let ended = Running::start(project.command(BLUEPRINT).args(&arguments).env("SHOP_TOKEN", SECRET)).wait();
    ended.assert(0, &["a secret in it is kept as ***"]);
}

#[test]
fn a_secret_in_what_a_person_says_is_kept_nowhere() {
    let script = "== a #1\nprint CLARIFICATION: Which key?\n== b\nexit 1\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::of(&["a", "b", "c", "d", "e", "f", "g"]), script);
    project.configure("env-pass = [\"FAKE_AGENT_*\", \"GIT_CONFIG_*\", \"SHOP_TOKEN\"]");
    project.run(&["a", "b"]).assert(1, &["Which key?"]);
    for words in [
        &["answer", "a", "use {}"][..],
        &["answer", "a", "no, use {}, please"],
        &["retry", "b", "--note", "the key is {}"],
        &["cancel", "g", "--reason", "{} is lost"],
        &["skip", "f", "--reason", "{} is there"],
        &["add", "new", "--name", "Use {}", "--description", "Log in with {}"],
        &["task", "note", "--task", "c", "log in with {}"],
        &["task", "note", "--task", "c", "--learning", "Keys", "--description", "{} is one"],
        &["task", "ask", "--task", "c", "may I use {}?"],
        &["answer", "c", "yes, {}"],
        &["task", "block", "c", "--reason", "{} does not work"],
        &["task", "start", "d"],
    ] {
        if words[1] == "start" {
            project.blueprint(words).assert(0, &[]);
        } else {
            say(&project, words);
        }
    }
    say(&project, &["task", "fail", "d", "--reason", "no login with {}"]);
    say(&project, &["task", "done", "e", "--summary", "used {}", "--deliverable", "{}.txt", "--notes", "{}"]);
    project.blueprint(&["take", "d"]).assert(0, &[]);
    say(&project, &["give", "d", "--back", "--note", "try {}"]);
    assert_hidden(&project);
    assert!(project.section_of("a").contains("use ***"), "{}", project.section_of("a"));
    for shown in [&["status", "a"][..], &["status"], &["explain", "c"], &["next"]] {
        let shown = project.blueprint(shown);
        assert!(!format!("{shown}").contains("qwerty"), "{shown}");
    }
}
