//! A resolution that others overtake is made again, and comes first then.

use crate::project::{INTEGRATION, PlanText, Running, TestProject, wait_until};

/// `a` is merged first; `b` conflicts, and while its agent resolves that, `c` is merged and conflicts with what it makes.
const SCRIPT: &str = "== a\nwrite same.txt from a\n\
    == b #1\nwait-for a-is-in\nwrite same.txt from b\n\
    == b #2\ntouch second\nwait-for c-is-in\nwrite same.txt from a\\nfrom b\nprint both\n\
    == b\ntouch third\nwait-for d-is-done\nsh grep -hv '[<=>|]\\{7\\}' same.txt | sort -u > same.new; mv same.new same.txt\nprint all three\n\
    == c\nwait-for second\nwrite same.txt from a\\nfrom c\n\
    == d #1\nwait-for third\nwrite d.txt of d\n";

fn is_merged(project: &TestProject, task: &str) -> bool {
    project.root.join(".git/blueprint").exists() && !project.facts("merged", task).is_empty()
}

/// Up to where `b` resolves its conflict for the second time, and `d` is done.
fn overtaken() -> (TestProject, Running) {
    let plan = PlanText::of(&["a", "b", "c", "d"]).edge("a", "c");
    let project = TestProject::new(&plan, SCRIPT);
    let run = project.start(&["run", "-j", "4"]);
    for task in ["a", "c"] {
        wait_until("a merge", || is_merged(&project, task), String::new);
        project.touch(&format!("{task}-is-in"));
    }
    wait_until("d's end", || !project.facts("attempt-ended", "d").is_empty(), String::new);
    (project, run)
}

#[test]
fn a_resolution_that_was_overtaken_is_waited_for_by_all_others() {
    let (project, run) = overtaken();
    run.wait_for("d: its merge waits until the conflict of b is resolved");
    assert!(!is_merged(&project, "d"));
    project.touch("d-is-done");
    let ended = run.wait();
    ended.assert(
        0,
        &[
            "4 of 4 tasks completed",
            "b had its conflict resolved, but work that was merged meanwhile conflicts with what was made of it, in same.txt",
            "its agent is to resolve that, in attempt 3; nothing else is merged until then",
        ],
    );
    let merged: Vec<_> = project
        .journal()
        .into_iter()
        .filter(|fact| fact["fact"] == "merged")
        .map(|fact| fact["task"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(merged, ["a", "c", "b", "d"]);
    let mut lines: Vec<_> = project.show(INTEGRATION, "same.txt").lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["from a", "from b", "from c"]);
    project.assert_journal();
}

#[test]
fn a_run_that_is_ended_meanwhile_leaves_nobody_waiting() {
    let (project, run) = overtaken();
    run.wait_for("d: its merge waits until the conflict of b is resolved");
    run.signal(rustix::process::Signal::TERM);
    assert_eq!(run.wait().code, Some(143));
    project.assert_statuses(&[("a", "completed"), ("b", "pending"), ("c", "completed"), ("d", "completed")]);
    project.touch("d-is-done");
    project.complete(&[]);
    assert_eq!(project.merges().len(), 4);
}

#[test]
fn however_often_it_is_overtaken_it_is_resolved_in_the_end() {
    let resolve = "if grep -q '<<<<<<<' same.txt; then grep -hv '[<=>|]\\{7\\}' same.txt | sort -u > same.new; mv same.new same.txt; \
                   else echo {task} >> same.txt; fi";
    let ids = ["a", "b", "c", "d", "e", "f", "g"];
    let project = TestProject::new(&PlanText::of(&ids), &format!("== *\nsh {resolve}"));
    project.complete(&["-j", "4"]);
    let mut lines: Vec<_> = project.show(INTEGRATION, "same.txt").lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ids);
}
