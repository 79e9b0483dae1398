//! `run --junit`: a run as CI systems show test runs.

use quick_junit::{Report, TestCase, TestCaseStatus};

use crate::project::{PlanText, TestProject};
use crate::public_schemas::assert_junit;

/// As nextest's own reader reads it, after the schema that Jenkins publishes has had its say.
fn report(project: &TestProject) -> Report {
    assert_junit(&project.root.join("junit.xml"));
    Report::deserialize_from_str(&project.read("junit.xml")).unwrap()
}

fn case<'r>(report: &'r Report, id: &str) -> &'r TestCase {
    report.test_suites[0].test_cases.iter().find(|case| case.name.as_str() == id).unwrap()
}

#[test]
fn every_task_is_a_case_with_its_attempts_as_reruns_and_what_its_gates_printed() {
    let gates = "[[gates]]\nname = \"tests\"\nrun = \"echo the gate ran in $TASK_ID; test ! -e bad.txt\"\nagents = [\"worker\"]\n";
    let script = "== flaky #1\nwrite bad.txt x\n== flaky #2\ndelete bad.txt\nwrite flaky.txt x\n\
        == bad\nprint it \u{1b}[31mcan\u{7}not\u{1b}[0m & will < not ]]>\nexit 3\n== *\nwrite {task}.txt x";
    let plan = PlanText::of(&["good", "flaky", "bad", "after"]).edge("bad", "after").already(
        "good",
        "completed",
        "ada",
    );
    let project = TestProject::new(&plan, script);
    project.configure(gates);
    project.run(&["--junit", "junit.xml"]).assert(1, &[]);
    let report = report(&project);
    assert_eq!((report.tests, report.failures, report.errors), (4, 1, 0));
    assert!(
        matches!(&case(&report, "good").status, TestCaseStatus::Skipped { message: Some(message), .. } if message.contains("before this run"))
    );
    assert!(
        matches!(&case(&report, "after").status, TestCaseStatus::Skipped { message: Some(message), .. } if message.contains("bad (failed)"))
    );
    let flaky = case(&report, "flaky");
    let TestCaseStatus::Success { flaky_runs } = &flaky.status else { panic!("{flaky:?}") };
    assert_eq!(flaky_runs.len(), 1);
    assert_eq!(flaky_runs[0].ty.as_deref(), Some("gate-failed"));
    assert!(flaky_runs[0].system_out.as_ref().unwrap().contains("gate tests: not passed"));
    let out = flaky.system_out.as_ref().unwrap();
    assert!(out.contains("gate tests: passed") && out.contains("the gate ran in flaky"), "{out:?}");
    let TestCaseStatus::NonSuccess { message, ty, .. } = &case(&report, "bad").status else { panic!() };
    assert_eq!(ty.as_deref(), Some("failed"));
    assert!(message.as_ref().unwrap().contains("exit code 3"), "{message:?}");
}

#[test]
fn hostile_texts_leave_it_a_report() {
    let script = "== *\nprint CLARIFICATION: <x> & \"]]>\" \u{7}\u{fffe}\u{ffff} skipped=\"9\" -->\n";
    let plan = PlanText::of(&["a"]).epic("e\" skipped=\"1\" <&>");
    let project = TestProject::new(&plan, script);
    project.run(&["--junit", "junit.xml"]).assert(4, &[]);
    let report = report(&project);
    let TestCaseStatus::NonSuccess { ty, message, .. } = &case(&report, "a").status else { panic!() };
    assert_eq!(ty.as_deref(), Some("needs-answer"));
    assert!(message.as_ref().unwrap().contains("<x> & \"]]>\""), "{message:?}");
    assert_eq!(report.test_suites[0].name.as_str(), "e\" skipped=\"1\" <&>");
}
