//! What `task show` tells.

use super::task;
use crate::project::{PlanText, TestProject};

#[test]
fn an_agent_is_told_what_it_builds_on_what_came_before_and_what_it_has_said() {
    let script = "== before\nprint the schema is there\nwrite schema.sql x\n\
                  == a #1\nprint half of it\nkill-self\n\
                  == a\nblueprint task|note|said in the attempt\nblueprint task|done|--summary|nearly\n\
                  touch said\nwait-for go";
    let plan = PlanText::of(&["before", "a", "after"]).edge("before", "a").edge("a", "after");
    let project = TestProject::new(&plan, script);
    task(&project, &["note", "--task", "a", "left by a person"], 0, &[]);
    let run = project.start(&["run"]);
    // An agent waits only for so long for the run's answer: what counts is that the run has both.
    crate::project::wait_until("said", || project.facts("reported", "a").len() == 2, String::new);
    let shown = task(&project, &["show", "a"], 0, &[]).stdout;
    for text in [
        "a  in-progress",
        "What is to be done for a",
        "45min",
        "before (completed): The task before",
        "the schema is there",
        "branch blueprint/trial/before, commit",
        "after (pending): The task after",
        "attempts  2",
        "attempt 1 was killed by a signal",
        "note: said in the attempt",
        "done: nearly",
        "left by a person",
        &project.worktree("a"),
        project.task("a")["base"].as_str().unwrap(),
    ] {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&shown).contains(&words(text)), "no {text} in {shown}");
    }
    let shown = &mut task(&project, &["show", "a", "--format", "json"], 0, &[]).json()["tasks"][0];
    let mut status = project.task("a");
    // Time passes from one look to the next.
    for task in [&mut *shown, &mut status] {
        assert!(std::mem::take(&mut task["elapsed_ms"]).is_u64(), "{task}");
    }
    assert_eq!(*shown, status);
    project.touch("go");
    run.kill();
}
