//! An agent that may write nothing but its worktree.

use std::process::Command;

use super::{shell_agent, times, trial};
use crate::project::{BLUEPRINT, INTEGRATION, TestProject};

/// What makes everything of the test but the worktree read-only, for the rest of the script.
const READ_ONLY: &str = "mount --bind \"$BASE\" \"$BASE\" && mount --bind \"$WORKTREE_PATH\" \"$WORKTREE_PATH\" && \
                         mount -o remount,bind,ro \"$BASE\" || exit 21\n";
/// What takes plan, state and repository out of sight.
const OUT_OF_SIGHT: &str = "mount -t tmpfs none \"$ROOT\" || exit 22\n";

/// The agent plays in a sandbox in which `hide` was done first. False where the machine lets nobody make one.
fn in_a_sandbox(project: &TestProject, hide: &str, does: &str) -> bool {
    let can =
        Command::new("unshare").args(["-rm", "true"]).output().is_ok_and(|output| output.status.success());
    if !can {
        eprintln!("skipped: no sandbox can be made here (`unshare -rm`)");
        return false;
    }
    let [base, root] = [project.base(), &project.root].map(|path| path.display().to_string());
    let inner = project.base().join("inner.sh");
    std::fs::write(&inner, format!("{hide}cd / && cd \"$WORKTREE_PATH\"\n{does}")).unwrap();
    project.write(
        "agent.sh",
        &format!(
            "cat > /dev/null\nexport BASE='{base}' ROOT='{root}'\nexec unshare -rm sh '{}'\n",
            inner.display()
        ),
    );
    shell_agent(project);
    true
}

#[test]
fn one_that_may_only_read_the_rest_reports_and_is_answered() {
    let project = trial("");
    let does = format!(
        "(echo x > \"$GENESIS_FILE_PATH\") 2> /dev/null && exit 23\n(mkdir \"$ROOT/.git/x\") 2> /dev/null && exit 24\n\
         \"{BLUEPRINT}\" task show > show.txt || exit 25\n\
         \"{BLUEPRINT}\" task note 'from within' || exit 26\n\
         BLUEPRINT_TASK_TOKEN=wrong \"{BLUEPRINT}\" task fail --reason no\n[ $? = 77 ] || exit 27\n\
         \"{BLUEPRINT}\" task done --summary 'from a sandbox' 2> said.txt || exit 28\n"
    );
    if !in_a_sandbox(&project, READ_ONLY, &does) {
        return;
    }
    project.complete(&[]);
    assert_eq!(project.task("a")["summary"], "from a sandbox");
    assert_eq!(times(&project, "a: from within"), 1);
    assert!(project.show(INTEGRATION, "said.txt").contains("noted"));
    assert!(project.show(INTEGRATION, "show.txt").contains("The task a"));
}

#[test]
fn one_that_can_not_even_see_the_plan_reports_and_is_answered() {
    let project = trial("");
    let does = format!(
        "[ -e \"$GENESIS_FILE_PATH\" ] && exit 23\n\
         \"{BLUEPRINT}\" task done --summary 'from the dark' 2> said.txt || exit 28\n\
         BLUEPRINT_TASK_TOKEN=wrong \"{BLUEPRINT}\" task fail --reason no\n[ $? = 77 ] || exit 27\n"
    );
    if !in_a_sandbox(&project, OUT_OF_SIGHT, &does) {
        return;
    }
    project.complete(&[]);
    assert_eq!(project.task("a")["summary"], "from the dark");
    assert!(project.show(INTEGRATION, "said.txt").contains("noted"));
}
