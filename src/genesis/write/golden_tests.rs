//! What a reader of a diff sees.

use std::fmt::Write as _;

use super::tests::{at, started};
use crate::genesis::{Genesis, Status, TaskResult, Transition};

pub(super) const PLAN: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<projectGenesis version="1.0">
  <metadata>
    <projectName>Golden</projectName>
    <epicName>golden</epicName>
    <status>planning</status> <!-- by hand -->
    <lastUpdatedAt>2024-01-01T00:00:00Z</lastUpdatedAt>
  </metadata>
  
  <executionPlan>
    <executionDag>
      <dependencies>
        <dependency><from>a</from><to>b</to></dependency>
      </dependencies>
    </executionDag>
    <tasks>
      <task id='a'>
        <name>A</name>
        <description><![CDATA[Do <this>]]></description>
        <statusHistory>
          <event>
            <timestamp>2024-01-01T00:00:00Z</timestamp>
            <status>pending</status>
          </event> <!-- so far -->
        </statusHistory>
      </task>
      <task id="b">
        <name>B</name>
        <description>Then that</description>
        <estimatedDuration>2h</estimatedDuration>
      </task>
    </tasks>
    <statusTracker>
      <pending>
        <taskRef   id='a' ext="kept"/>
        <taskRef id="b"/>
      </pending>
      <inProgress/>
      <completed></completed>
    </statusTracker>
  </executionPlan>

  <!-- figures -->
  <metrics>
    <progress>
      <totalTasks>2</totalTasks>
      <completedTasks>0</completedTasks>
      <inProgressTasks> 0 </inProgressTasks>
      <percentageComplete>0.0</percentageComplete>
    </progress>
  </metrics>
</projectGenesis>"#;

/// The lines that go and come, without the others.
pub(super) fn changed_lines(before: &str, after: &str) -> String {
    let (before, after): (Vec<&str>, Vec<&str>) =
        (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    let mut longest = vec![vec![0_usize; after.len() + 1]; before.len() + 1];
    for (i, old) in before.iter().enumerate().rev() {
        for (j, new) in after.iter().enumerate().rev() {
            longest[i][j] =
                if old == new { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut text) = (0, 0, String::new());
    while i < before.len() || j < after.len() {
        if i < before.len() && j < after.len() && before[i] == after[j] {
            (i, j) = (i + 1, j + 1);
        } else if j >= after.len() || i < before.len() && longest[i + 1][j] >= longest[i][j + 1] {
            writeln!(text, "{}\t- {:?}", i + 1, before[i]).unwrap();
            i += 1;
        } else {
            writeln!(text, "{}\t+ {:?}", i, after[j]).unwrap();
            j += 1;
        }
    }
    text
}

/// A document of one line is shown with a line for each tag.
pub(super) fn in_lines(source: &str) -> String {
    if source.contains('\n') { source.to_owned() } else { source.replace("><", ">\n<") }
}

/// A task is started, done and its dependent blocked; the changes of each step.
fn story(source: &str) -> String {
    let mut genesis = Genesis::parse(source.as_bytes().to_vec()).unwrap();
    let done = Transition {
        to: Status::Completed,
        at: at(60),
        description: "tests pass\r\nall \u{1b}[32m12\u{1b}[0m",
        changes: Some("3 files"),
        result: Some(TaskResult {
            summary: "did <this> & that".into(),
            deliverables: vec!["src/a.rs".into()],
            notes: Some("none".into()),
        }),
        ..started("a")
    };
    let blocked = Transition { to: Status::Blocked, at: at(90), ..started("b") };
    let begun = started("a");
    let mut text = String::new();
    for transition in [begun, done, blocked] {
        let edit = genesis.transition(&transition).unwrap();
        let next = genesis.apply(&edit).unwrap();
        writeln!(text, "{} -> {}", transition.task, transition.to).unwrap();
        text.push_str(&changed_lines(&in_lines(genesis.source()), &in_lines(next.source())));
        genesis = next;
    }
    text
}

#[test]
fn a_transition_changes_no_other_line() {
    insta::assert_snapshot!(story(PLAN));
}

#[test]
fn carriage_returns_and_tabs_are_the_neighbours_own() {
    insta::assert_snapshot!(story(&PLAN.replace("  ", "\t").replace('\n', "\r\n")));
}

#[test]
fn a_document_of_one_line_stays_one() {
    let lines: Vec<&str> = PLAN.lines().map(str::trim).collect();
    let text = story(&lines.concat());
    insta::assert_snapshot!(text);
}

pub(super) const BARE: &str = "<projectGenesis>
  <metadata><epicName>bare</epicName><status>planning</status></metadata>
  <executionPlan>
    <executionDag>
      <parallelSets>
        <parallelGroup level=\"0\">
          <taskRef id=\"a\"/>
        </parallelGroup>
        <parallelGroup level=\"1\">
          <taskRef id=\"b\"/>
        </parallelGroup>
      </parallelSets>
    </executionDag>
    <statusTracker>
      <pending>
        <taskRef id=\"a\"/>
        <taskRef id=\"b\"/>
      </pending>
      <inProgress/>
      <completed/>
    </statusTracker>
  </executionPlan>
  <metrics>
    <progress>
      <completedTasks>0</completedTasks>
    </progress>
  </metrics>
</projectGenesis>
";

#[test]
fn a_bare_plan_stays_bare() {
    insta::assert_snapshot!(story(BARE));
}
