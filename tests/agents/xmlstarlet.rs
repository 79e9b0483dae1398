//! Claude Code, told to mark its task with xmlstarlet, as many definitions tell it: its own shell finds ours.

use std::process::Command;

use crate::program::Program;
use crate::project::{PlanText, TestProject};
use crate::service::Service;

/// What its definition would have it run: an event of the task's history, and the reference from list to list.
const REPORT: &str = "xmlstarlet ed -P -L \
    -s \"//task[@id='$TASK_ID']/statusHistory\" -t elem -n event \
    -s \"//task[@id='$TASK_ID']/statusHistory/event[last()]\" -t elem -n timestamp -v 2026-01-14T10:00:00Z \
    -s \"//task[@id='$TASK_ID']/statusHistory/event[last()]\" -t elem -n status -v completed \
    -s \"//task[@id='$TASK_ID']/statusHistory/event[last()]\" -t elem -n actor -v worker \"$GENESIS_FILE_PATH\" \
    && xmlstarlet ed -P -L -m \"//inProgress/taskRef[@id='$TASK_ID']\" //statusTracker/completed \"$GENESIS_FILE_PATH\" \
    && command -v xmlstarlet > by.txt";

#[test]
fn an_xmlstarlet_in_claudes_own_shell_goes_through_ours() {
    let program = Program::Claude;
    let Some(file) = program.installed() else { return };
    if Command::new("xmlstarlet").arg("--version").output().is_err() {
        eprintln!("skipped: xmlstarlet is not installed");
        return;
    }
    let project = TestProject::new(&PlanText::of(&["a", "b"]), "");
    let odd = "    <!-- a person's note: 2 < 3 -->\n    <?keep this?>\n    <tasks>";
    project.write("genesis.xml", &project.read("genesis.xml").replace("    <tasks>", odd));
    let steps = |task: &str| vec![program.runs(REPORT), program.is_done(&format!("Did {task}."))];
    let routes = ["a", "b"].map(|task| (format!("# Task `{task}`"), steps(task)));
    let service = Service::start(&project.control, &routes);
    let runner = program.runner("real", &file, &service.url(), project.base(), &[]);
    project.write("blueprint.toml", &format!("runner = \"real\"\n{runner}"));
    project.commit_all("Who plays the agents");

    let ended = project.run(&["--retries", "0", "--jobs", "2"]);
    let log = || project.blueprint(&["logs", "a"]).stdout;
    assert_eq!(ended.code, Some(0), "{ended}\n{}", log());
    for task in ["a", "b"] {
        let by = project.show(&format!("blueprint/trial/{task}"), "by.txt");
        assert!(by.contains("/.git/blueprint/"), "ours is found first: {by}");
        assert_eq!(project.transitions(task, "completed"), 1, "the run's own, and no other");
        assert!(project.section_of(task).contains(&format!("Did {task}.")));
    }
    assert!(project.read("genesis.xml").contains(odd), "bytes that nobody edited stay");
    project.blueprint(&["validate"]).assert(0, &[]);
    project.assert_journal();
}
