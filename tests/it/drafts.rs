//! Agents that edit the plan with xmlstarlet where their sandbox keeps them from it.

use crate::project::{PlanText, TestProject, toml_text};
use crate::xmlstarlet::is_installed;

fn confined(sandbox: &str, script: &str) -> Option<TestProject> {
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    let control = toml_text(&project.control.to_string_lossy());
    project.configure(&format!("sandbox = \"{sandbox}\"\nsandbox-write = [{control}]"));
    if project.run(&["--dry-run"]).code == Some(74) {
        eprintln!("skipped: this machine has no sandbox `{sandbox}`");
        return None;
    }
    Some(project)
}

/// An event that is added in one call and filled in by the next ones, as agents do it.
const STEPS: &str = "\
    call xmlstarlet|ed|-L|-s|//task[@id='a']/statusHistory|-t|elem|-n|event|{plan}\n\
    call xmlstarlet|ed|-L|-s|//task[@id='a']/statusHistory/event[last()]|-t|elem|-n|timestamp|-v|2026-01-14T10:00:00Z|{plan}\n\
    call xmlstarlet|ed|-L|-s|//task[@id='a']/statusHistory/event[last()]|-t|elem|-n|status|-v|failed|{plan}\n\
    call xmlstarlet|ed|-L|-s|//task[@id='a']/statusHistory/event[last()]|-t|elem|-n|description|-v|no schema|{plan}";
const LEARNT: &str = "call xmlstarlet|ed|-L|-s|/projectGenesis|-t|elem|-n|knowledgeBase\
    |-s|/projectGenesis/knowledgeBase|-t|elem|-n|learnings|-s|//learnings|-t|elem|-n|learning\
    |-s|//learning|-t|elem|-n|title|-v|Rows are wide|-s|//learning|-t|elem|-n|description|-v|4 kB each|{plan}";

fn assert_reported(sandbox: &str) {
    if !is_installed() {
        return;
    }
    let Some(project) = confined(sandbox, &format!("== *\n{STEPS}\n{LEARNT}\nwrite a.txt x")) else { return };
    let ended = project.run(&["--retries", "0"]);
    let calls: Vec<_> = project.log().all("call").map(|call| call.more.clone()).collect();
    assert!(calls.iter().all(|call| call[0] == "0"), "{calls:?}\n{ended}");
    assert!(calls.iter().all(|call| call[1].contains("takes this edit as a report")), "{calls:?}");
    project.assert_statuses(&[("a", "failed")]);
    let plan = project.read("genesis.xml");
    assert_eq!(plan.matches("<title>Rows are wide</title>").count(), 1, "{plan}");
    assert_eq!(project.transitions("a", "failed"), 1, "by the run, and nobody else: {ended}");
    assert!(!project.files("blueprint/trial/a").iter().any(|file| file.contains("draft")));
    project.blueprint(&["validate"]).assert(0, &[]);
}

#[test]
fn in_landlock_an_edit_is_a_report() {
    assert_reported("landlock");
}

#[test]
fn in_bubblewrap_an_edit_is_a_report() {
    assert_reported("bwrap");
}
