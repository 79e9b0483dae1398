//! Plans of every form run to their end, and stay in their form.
//!
//! The plans are those of `tests/forms`, with line ends, tabs, a byte order mark or no line at all, as the files' names say.

use std::fs;
use std::path::Path;

use crate::project::TestProject;

const WORK: &str = "== *
    write {task}.txt something
    commit Do the work";

/// What a run may change in a plan of one form.
struct Form {
    file: &'static str,
    name: &'static str,
    /// The beginnings of lines that may go, and come back changed.
    replaced: &'static [&'static str],
    /// The beginnings of lines that may come beside those.
    added: &'static [&'static str],
    /// What must be in the file in the end, once for each task that was run.
    holds: &'static [&'static str],
}

const GUIDE: Form = Form {
    file: "guide.xml",
    name: "guide form",
    replaced: &[
        "<status>",
        "<lastUpdatedAt>",
        "<task ",
        "<statusHistory/>",
        "<taskRef ",
        "<inProgress/>",
        "<completed></completed>",
    ],
    added: &[
        // A comment stays where the entry beside it was.
        "<!-- first, if nobody else is free -->",
        "<event timestamp=",
        "<description>",
        "<details>",
        "</event>",
        "<result>",
        "<summary>",
        "<notes>",
        "<artifactsCreated>",
        "<artifact>",
        "</artifactsCreated>",
        "</result>",
        "<statusHistory>",
        "</statusHistory>",
        "<inProgress>",
        "</inProgress>",
        "<completed>",
        "</completed>",
    ],
    holds: &["status=\"started\"", "type=\"task_completed\""],
};

const NODES: Form = Form {
    file: "guide-nodes-one-line.xml",
    name: "guide form",
    replaced: &["<status>", "<lastUpdatedAt>"],
    added: &[
        "<statusTracker>",
        "<pending>",
        "</pending>",
        "<pending/>",
        "<inProgress>",
        "</inProgress>",
        "<completed/>",
        "<completed>",
        "</completed>",
        "<failed/>",
        "<taskRef ",
        "</statusTracker>",
        "<auditLog>",
        "<event timestamp=",
        "<description>",
        "<details>",
        "</event>",
        "</auditLog>",
    ],
    holds: &["type=\"task_started\"", "type=\"task_completed\""],
};

const DAEMON: Form = Form {
    file: "daemon-crlf-tabs.xml",
    name: "daemon form",
    replaced: &["<status>", "<lastUpdatedAt>", "<taskRef ", "<completed/>"],
    added: &[
        "<completed>",
        "</completed>",
        "<result>",
        "<summary>",
        "<notes>",
        "<deliverables>",
        "<deliverable>",
        "</deliverables>",
        "</result>",
        "<statusHistory>",
        "<event>",
        "<timestamp>",
        "<description>",
        "<actor>",
        "</event>",
        "</statusHistory>",
        "<logEntry>",
        "<action>",
        "</logEntry>",
    ],
    holds: &["<status>in-progress</status>", "<action>TASK_COMPLETED</action>"],
};

const WORKFLOW: Form = Form {
    file: "workflow-bom.xml",
    name: "workflow v2 form",
    replaced: &[
        "<status>",
        "<last_updated>",
        "<task_ref ",
        "<in_progress/>",
        "<completed/>",
        "<result/>",
        "<result>",
    ],
    added: &[
        "<event type=",
        "<description>",
        "</event>",
        "<status_history>",
        "</status_history>",
        "<summary>",
        "<notes>",
        "<deliverables>",
        "<deliverable>",
        "</deliverables>",
        "</result>",
        "<in_progress>",
        "</in_progress>",
        "<completed>",
        "</completed>",
    ],
    holds: &["<event type=\"started\"", "<event type=\"completed\""],
};

const EPIC: Form = Form {
    file: "epic.xml",
    name: "epic form",
    replaced: &["<status>"],
    added: EPIC_ADDED,
    holds: &["<status>in-progress</status>"],
};

const EPIC_ATTRIBUTES: Form = Form {
    file: "epic-attributes-one-line.xml",
    name: "epic form",
    replaced: &["<status>", "<task "],
    added: EPIC_ADDED,
    holds: &["<status>in-progress</status>", "<status>completed</status><description>"],
};

const EPIC_ADDED: &[&str] = &[
    "<result>",
    "<summary>",
    "<notes>",
    "<deliverables>",
    "<deliverable>",
    "</deliverables>",
    "</result>",
    "<statusHistory>",
    "<event>",
    "<timestamp>",
    "<description>",
    "<actor>",
    "</event>",
    "</statusHistory>",
];

const BARE: Form = Form {
    file: "bare.xml",
    name: "bare form",
    replaced: &[
        "<status>",
        "<lastUpdatedAt>",
        "<taskRef ",
        "<inProgress/>",
        "<completed/>",
        "<completedTasks>",
        "<percentageComplete>",
    ],
    added: &[
        "<inProgress>",
        "</inProgress>",
        "<completed>",
        "</completed>",
        "<event>",
        "<timestamp>",
        "<type>",
        "<description>",
        "<actor>",
        "<changes>",
        "</event>",
    ],
    holds: &["<type>task_started</type>", "<type>task_completed</type>"],
};

#[test]
fn a_guide_plan_runs() {
    run(&GUIDE, &[("carrier-api", "join"), ("page", "join")]);
}

#[test]
fn a_guide_plan_of_nodes_alone_runs() {
    run(&NODES, &[("outline", "colours"), ("colours", "print")]);
}

#[test]
fn a_daemon_plan_runs() {
    run(&DAEMON, &[("extract", "send"), ("layout", "send")]);
}

#[test]
fn a_workflow_plan_runs() {
    run(&WORKFLOW, &[("parse", "preview"), ("parse", "store")]);
}

#[test]
fn an_epic_runs() {
    run(&EPIC, &[("pantry", "week"), ("recipes", "week")]);
}

#[test]
fn an_epic_with_attributes_runs_what_is_not_done_yet() {
    run(&EPIC_ATTRIBUTES, &[]);
}

#[test]
fn a_bare_plan_runs() {
    run(&BARE, &[("empty-it", "insulate"), ("empty-it", "window")]);
}

#[test]
fn a_daemons_list_says_why_a_task_failed() {
    let project = TestProject::of_text(&text_of(DAEMON.file), "== *\n    exit 3");
    project.run(&["extract"]).assert(1, &[]);
    let plan = project.read("genesis.xml");
    let entry = plan.lines().find(|line| line.contains("<taskRef id=\"extract\""));
    assert!(entry.is_some_and(|entry| entry.contains(" error=\"")), "{plan}");
    project.run(&["--rerun-failed", "extract"]);
    project.script(WORK);
    project.run(&["--rerun-failed", "extract"]).assert(0, &[]);
    assert!(!project.read("genesis.xml").contains(" error=\""), "the reason goes with the failure");
}

/// Runs a plan to its end. What the agents saw, what `status` says and what the file holds agree, and the file has changed by
/// nothing but the transitions.
fn run(form: &Form, edges: &[(&str, &str)]) {
    let before = text_of(form.file);
    let project = TestProject::of_text(&before, WORK);
    let validated = project.blueprint(&["validate", "genesis.xml"]);
    assert_eq!(validated.code, Some(0), "{validated}");
    assert!(validated.stdout.contains(form.name), "{validated}");
    assert!(!validated.stdout.contains("warning"), "{validated}");

    project.complete(&[]);
    let status = project.status();
    assert_eq!(status["plan"]["status"], "completed", "{status}");
    assert_eq!(status["counts"]["completed"], status["counts"]["total"], "{status}");
    let log = project.log();
    for (first, then) in edges {
        assert!(log.place("end", first) < log.place("start", then), "{log:?}");
    }
    let after = project.read("genesis.xml");
    assert_only_transitions(form, &before, &after);
    assert_line_ends(&before, &after);
    for text in form.holds {
        assert_eq!(after.matches(text).count(), log.starts().len(), "{text} in {after}");
    }
    let validated = project.blueprint(&["validate", "genesis.xml", "--strict"]);
    assert_eq!(validated.code, Some(0), "{validated}");

    project.complete(&[]);
    assert_eq!(project.read("genesis.xml"), after, "a second run finds nothing to do");
}

/// Line by line, like diff; a document of one line has a line for each tag.
fn assert_only_transitions(form: &Form, before: &str, after: &str) {
    let (before, after) = (in_lines(before), in_lines(after));
    let starts = |line: &str, known: &[&str]| known.iter().any(|start| line.trim_start().starts_with(start));
    let mut after = after.lines();
    for line in before.lines().filter(|line| !starts(line, form.replaced)) {
        let known = |line: &str| starts(line, form.replaced) || starts(line, form.added);
        let found = after.by_ref().find(|candidate| {
            assert!(*candidate == line || known(candidate), "added: {candidate:?}, before {line:?}");
            *candidate == line
        });
        assert!(found.is_some(), "lost: {line:?}");
    }
    assert_eq!(after.next(), None);
}

fn assert_line_ends(before: &str, after: &str) {
    let ends = |text: &str| (text.matches("\r\n").count(), text.matches('\n').count());
    match (ends(before), ends(after)) {
        ((0, 0), ends) => assert_eq!(ends, (0, 0), "a document of one line stays one"),
        ((0, _), (windows, _)) => assert_eq!(windows, 0),
        (_, (windows, all)) => assert_eq!(windows, all),
    }
    assert_eq!(before.starts_with('\u{FEFF}'), after.starts_with('\u{FEFF}'));
}

fn in_lines(text: &str) -> String {
    if text.contains('\n') { text.to_owned() } else { text.replace("><", ">\n<") }
}

fn text_of(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/forms");
    fs::read_to_string(folder.join(file)).unwrap()
}
