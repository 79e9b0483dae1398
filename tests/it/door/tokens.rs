//! Who may report on a task.

use std::fs;

use super::{shell_agent, times, trial};
use crate::project::{BLUEPRINT, INTEGRATION, PlanText, Running, TestProject, files_below, wait_until};

#[test]
fn one_of_another_task_or_an_earlier_attempt_is_refused() {
    let script = "== a #1\nrecord first\nkill-self\n== a\nrecord second\ntouch ready\nwait-for go\nprint well\n\
                  == b\nwait-for go\nprint well";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    let run = project.start(&["run"]);
    wait_until("ready", || project.control.join("ready").exists(), String::new);
    project.wait_for_log("b", |log| log.starts_of("b") == 1);
    for (of, task) in [("first", "a"), ("second", "b")] {
        let token = variable(&project, of, "BLUEPRINT_TASK_TOKEN");
        let worktree = project.worktree(task);
        let vars =
            [("BLUEPRINT_TASK_TOKEN", token.as_str()), ("TASK_ID", task), ("WORKTREE_PATH", &worktree)];
        let mut stranger = project.command(BLUEPRINT);
        stranger.args(["task", "fail", "--reason", "sabotage"]).envs(vars);
        stranger.env("GENESIS_FILE_PATH", project.plan());
        Running::start(&mut stranger).wait().assert(77, &["token"]);
        // The run itself refuses it, too, where the journal is out of sight.
        let nowhere = project.base().join("nowhere");
        Running::start(stranger.env("GENESIS_FILE_PATH", nowhere)).wait().assert(77, &["token"]);
    }
    project.touch("go");
    run.wait().assert(0, &[]);
    project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
}

#[test]
fn they_stand_nowhere_but_in_the_environment() {
    let script = "== *\nrecord seen\nblueprint task|note|one\nblueprint task|done|--summary|x\nwrite a.txt x";
    let project = trial(script);
    project.complete(&["-v"]).assert(0, &[]);
    let token = variable(&project, "seen", "BLUEPRINT_TASK_TOKEN");
    assert_eq!(token.len(), 32);
    let worktrees = project.base().join("мой проект.worktrees");
    let mut files = files_below(&project.root);
    files.extend(files_below(&worktrees));
    let has = |bytes: &[u8]| bytes.windows(token.len()).any(|window| window == token.as_bytes());
    let found: Vec<_> = files.iter().filter(|(_, bytes)| has(bytes)).map(|(path, _)| path).collect();
    assert!(found.is_empty(), "{found:?}");
    assert!(files.keys().any(|path| path.ends_with("journal.jsonl")));
}

#[test]
fn an_agent_that_hides_its_own_may_not_change_anything_by_hand() {
    let project = trial("");
    let program = BLUEPRINT;
    let hidden = "env -u BLUEPRINT_TASK_TOKEN -u TASK_ID -u WORKTREE_PATH -u GENESIS_FILE_PATH";
    let plan = project.plan().display().to_string();
    project.write(
        "agent.sh",
        &format!(
            "cat > /dev/null\n{hidden} \"{program}\" task done a --genesis '{plan}' --summary mine\n\
             echo $? > codes.txt\n\
             {hidden} setsid sh -c '\"{program}\" task note --task a --genesis \"{plan}\" mine; echo $? >> codes.txt'\n\
             \"{program}\" task done --summary mine --force\necho $? >> codes.txt\n\
             \"{program}\" task done --task b --summary mine\necho $? >> codes.txt\n"
        ),
    );
    shell_agent(&project);
    project.complete(&[]);
    assert_eq!(project.show(INTEGRATION, "codes.txt"), "77\n77\n77\n77");
    assert_eq!(times(&project, "mine"), 0);
}

/// A variable that an agent recorded.
fn variable(project: &TestProject, recorded: &str, name: &str) -> String {
    let env = fs::read_to_string(project.control.join(recorded).join("env")).unwrap();
    let prefix = format!("{name}=");
    env.split('\0').find_map(|variable| variable.strip_prefix(&prefix)).unwrap().to_owned()
}
