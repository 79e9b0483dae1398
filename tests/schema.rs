//! The schema accepts what we ship and what planners write, and refuses what is no plan.
//!
//! The oracle is xmllint. Where it isn't installed these tests say so and pass.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// A change of the quickstart plan: what it shows, the text replaced (once), the text put there.
type Variant = (&'static str, &'static str, &'static str);

const QUICKSTART: &str = include_str!("../examples/genesis/quickstart/genesis.xml");

#[test]
fn every_example_is_valid() -> io::Result<()> {
    if !*XMLLINT_IS_INSTALLED {
        return Ok(());
    }
    let plans = plans_below(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"))?;
    assert!(plans.len() >= 2, "found only {plans:?}");
    for plan in plans {
        let verdict = check(&std::fs::read_to_string(&plan)?)?;
        assert!(verdict.is_valid(), "{}: {verdict:?}", plan.display());
    }
    Ok(())
}

#[test]
fn what_is_no_plan_is_refused() -> io::Result<()> {
    if !*XMLLINT_IS_INSTALLED {
        return Ok(());
    }
    for (what, from, to) in REFUSED {
        let verdict = check(&changed(from, to))?;
        assert!(verdict.is_invalid(), "{what}: {verdict:?}");
    }
    Ok(())
}

#[test]
fn freedoms_that_the_schema_documents_are_accepted() -> io::Result<()> {
    if !*XMLLINT_IS_INSTALLED {
        return Ok(());
    }
    for (what, from, to) in ACCEPTED {
        let verdict = check(&changed(from, to))?;
        assert!(verdict.is_valid(), "{what}: {verdict:?}");
    }
    let swapped = metrics_before_audit_log();
    assert!(check(&swapped)?.is_valid(), "{swapped}");
    Ok(())
}

/// The quickstart plan with one place changed.
fn changed(from: &str, to: &str) -> String {
    assert!(QUICKSTART.contains(from), "the quickstart has no {from:?}");
    QUICKSTART.replacen(from, to, 1)
}

fn metrics_before_audit_log() -> String {
    let metrics = section("metrics");
    let without = QUICKSTART.replace(&metrics, "");
    without.replace("<auditLog>", &format!("{metrics}<auditLog>"))
}

/// An element of the quickstart plan, from its start tag to its end tag.
fn section(name: &str) -> String {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let inside = QUICKSTART.split(&open).nth(1).and_then(|rest| rest.split(&close).next());
    format!("{open}{}{close}", inside.unwrap_or_default())
}

fn plans_below(folder: PathBuf) -> io::Result<Vec<PathBuf>> {
    let (mut folders, mut plans) = (vec![folder], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.ends_with("genesis.xml") {
                plans.push(path);
            }
        }
    }
    Ok(plans)
}

static XMLLINT_IS_INSTALLED: LazyLock<bool> = LazyLock::new(|| {
    let found = Command::new("xmllint").arg("--version").output().is_ok();
    if !found {
        // Past the test harness, which hides what passing tests print.
        let _ = writeln!(io::stderr(), "skipped: xmllint (libxml2-utils) is not installed");
    }
    found
});

/// What xmllint says about a document; its messages are in there for when a test fails.
#[derive(Debug)]
struct Verdict {
    code: Option<i32>,
    messages: String,
}

fn check(document: &str) -> io::Result<Verdict> {
    let mut child = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/genesis.xsd"))
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(document.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    Ok(Verdict { code: output.status.code(), messages: String::from_utf8_lossy(&output.stderr).into_owned() })
}

impl Verdict {
    fn is_valid(&self) -> bool {
        self.code == Some(0)
    }

    /// Well-formed, but against the schema. A typo in a test's own XML doesn't count.
    fn is_invalid(&self) -> bool {
        self.code != Some(0) && self.messages.contains("fails to validate")
    }
}

const REFUSED: &[Variant] = &[
    (
        "an unknown section",
        "<projectGenesis version=\"1.0\">\n  <metadata>",
        "<projectGenesis version=\"1.0\">\n  <meta/><metadata>",
    ),
    ("no format version", "<projectGenesis version=\"1.0\">", "<projectGenesis>"),
    ("an unknown attribute", "<task id=\"words\">", "<task id=\"words\" urgent=\"yes\">"),
    ("a project without a name", "<projectName>Tally</projectName>", ""),
    ("an unknown project status", "<status>planning</status>", "<status>underway</status>"),
    (
        "a time that is none",
        "<createdAt>2026-01-12T09:00:00Z</createdAt>",
        "<createdAt>yesterday</createdAt>",
    ),
    (
        "metadata in another order",
        "<projectName>Tally</projectName>\n    <epicName>quickstart</epicName>",
        "<epicName>quickstart</epicName>\n    <projectName>Tally</projectName>",
    ),
    ("an unknown element in the vision", "<problemStatement>", "<problem/><problemStatement>"),
    ("no language", "<language>POSIX sh</language>", ""),
    ("a level that is no number", "<parallelGroup level=\"1\">", "<parallelGroup level=\"first\">"),
    ("an edge with one end", "<from>words</from>", ""),
    ("a task without an id", "<task id=\"words\">", "<task>"),
    ("a task without a name", "<name>Split a text into words</name>", ""),
    ("an unknown task status", "<status>pending</status>", "<status>almost</status>"),
    (
        "an event without a time",
        "<event>\n            <timestamp>2026-01-12T09:00:00Z</timestamp>",
        "<event>",
    ),
    (
        "an element that we don't know",
        "<dependencies>words, rank</dependencies>",
        "<needs>words, rank</needs>",
    ),
    ("a tracker without a list", "<inProgress>\n      </inProgress>", ""),
    (
        "two results",
        "<statusHistory>",
        "<result><summary>a</summary></result><result><summary>b</summary></result><statusHistory>",
    ),
    ("a second audit log", "<metrics>", "<auditLog><events/></auditLog><metrics>"),
    ("a count that is none", "<totalTasks>6</totalTasks>", "<totalTasks>six</totalTasks>"),
];

const ACCEPTED: &[Variant] = &[
    ("no owner", "<owner>planner</owner>", ""),
    ("white space around a status", "<status>planning</status>", "<status>\n      planning </status>"),
    ("no framework", "<framework>none: filters joined by pipes</framework>", ""),
    (
        "no edges",
        "<dependency>\n          <from>foundation</from>\n          <to>words</to>\n        </dependency>",
        "",
    ),
    (
        "acceptance criteria",
        "<assignedAgent>",
        "<acceptanceCriteria><criterion>It runs.</criterion></acceptanceCriteria><assignedAgent>",
    ),
    ("no agent", "<assignedAgent>writer</assignedAgent>", ""),
    ("no estimate", "<estimatedDuration>90 min</estimatedDuration>", ""),
    (
        "a result before the history",
        "<statusHistory>",
        "<result><summary>Done.</summary><deliverables/></result><statusHistory>",
    ),
    ("a blocked task", "<status>pending</status>", "<status>blocked</status>"),
    (
        "an attribute of another tool",
        "<task id=\"words\">",
        "<task id=\"words\" xmlns:x=\"urn:x\" x:ticket=\"7\">",
    ),
    (
        "an element of another tool",
        "</statusHistory>",
        "</statusHistory><x:cost xmlns:x=\"urn:x\">1</x:cost>",
    ),
    ("a section of another tool", "<auditLog>", "<x:notes xmlns:x=\"urn:x\"/><auditLog>"),
    ("an empty knowledge base", "<auditLog>", "<knowledgeBase><learnings/></knowledgeBase><auditLog>"),
];
