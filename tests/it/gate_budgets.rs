//! What reviews may use up of a run's budget.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::project::{INTEGRATION, PlanText, TestProject, toml_text};

/// Three tasks whose work is reviewed by a program that prints as Claude Code does, and says that this cost 0.25 dollars.
fn reviewed(keys: &str) -> TestProject {
    let project = TestProject::new(&PlanText::of(&["a", "b", "c"]), "== *\nwrite {task}.txt x");
    let line = r#"{"type":"result","subtype":"success","is_error":false,"result":"All is well.\nAPPROVE","session_id":"s","total_cost_usd":0.25,"usage":{"input_tokens":7,"output_tokens":3}}"#;
    let reviews = project.control.join("reviews");
    let program = format!(
        "#!/bin/sh\nif [ \"$1\" = --version ]; then echo '2.1.197 (Claude Code)'; exit; fi\ncat > /dev/null\n\
         printf '%s\\n' \"$(echo \"$@\" | tr '\\n' ' ')\" >> '{0}'\ncat <<'END'\n{line}\nEND\n",
        reviews.display()
    );
    // One write for each call: several come at once.
    let path = project.base().join("claude");
    fs::write(&path, program).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    project.configure(&format!(
        "{keys}\n[[gates]]\nname = \"review\"\nkind = \"review\"\n[agents.reviewer]\nrunner = \"paid\"\nmax-cost = 0.25\n\
         [runners.paid]\nkind = \"claude\"\ncommand = [{}]\n",
        toml_text(&path.to_string_lossy())
    ));
    project
}

fn reviews(project: &TestProject) -> Vec<String> {
    let text = fs::read_to_string(project.control.join("reviews")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn no_more_reviews_begin_than_the_budget_has_shares_for_and_the_next_run_goes_on_with_the_others() {
    let project = reviewed("");
    let ended = project.run(&["-j", "3", "--max-cost", "0.40"]);
    ended.assert(
        6,
        &[
            "the budget is used up ($0.25 of $0.40): the review `review` of its work, which may cost $0.25, is not made",
            "1 of 3 tasks completed",
            "budget: $0.25 of $0.40 used",
            "the run's budget had no share for a review of its work",
        ],
    );
    assert_eq!((reviews(&project).len(), project.log().starts().len()), (1, 3));
    let pending = project.statuses().iter().filter(|(_, status)| status == "pending").count();
    assert_eq!(pending, 2);
    project.assert_journal();
    project
        .complete(&["--max-cost", "1"])
        .assert(0, &["goes on with its gates", "budget: $0.50 of $1.00 used"]);
    assert_eq!((reviews(&project).len(), project.log().starts().len()), (3, 3), "no agent works again");
    assert_eq!(project.files(INTEGRATION).iter().filter(|file| file.contains(".txt")).count(), 3);
}

#[test]
fn reviews_that_have_to_wait_for_one_another_are_all_made() {
    // Nothing is known of what the reviewer costs: the first one has all there is, and teaches the rest.
    let project = reviewed("[tasks.a]\nmax-cost = 5");
    project.complete(&["-j", "3", "--max-cost", "0.80"]).assert(0, &["budget: $0.75 of $0.80 used"]);
    assert_eq!(reviews(&project).len(), 3);
}

#[test]
fn a_reviewer_is_told_its_own_cap_or_what_is_left_of_the_budget() {
    let project = reviewed("");
    project.complete(&["--max-cost", "9"]);
    assert!(
        reviews(&project).iter().all(|args| args.contains("--max-budget-usd=0.25")),
        "{:?}",
        reviews(&project)
    );
}
