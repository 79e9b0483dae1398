use std::fmt::Write;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestRerun, TestSuite, XmlString};

use super::chronicle::{Chapter, Chronicle};
use crate::agent::{Outcome, Secrets};
use crate::genesis::Status;
use crate::plan::Plan;
use crate::run::{Attempt, GateEnded, History};

/// So much of the end of what a gate printed is in the report, in bytes.
const GATE_OUTPUT: u64 = 64 * 1024;

/// A run as JUnit knows test runs: a case for each task of the plan, earlier attempts of this run as its reruns, with what its gates printed.
/// What was completed before, or not run, is skipped; what failed, is blocked or was cancelled has failed.
///
/// # Errors
/// None that is known: a text that the library can't write.
pub fn junit(
    chronicle: &Chronicle,
    plan: &Plan,
    history: &History,
    secrets: &Secrets,
) -> Result<String, quick_junit::SerializeError> {
    let writer = Writer { secrets };
    let epic = if chronicle.epic.is_empty() { &plan.epic } else { &chronicle.epic };
    let mut suite = TestSuite::new(writer.text(epic));
    let chapters = chronicle.chapters(plan, history);
    suite.add_test_cases(chapters.iter().map(|chapter| writer.case(chapter, epic)));
    let mut report = Report::new("blueprint");
    if let Some(summary) = &chronicle.summary {
        suite.set_time(summary.duration);
        report.set_time(summary.duration);
    }
    report.add_test_suite(suite);
    report.to_string().map(|text| as_jenkins_knows_it(&text))
}

/// The schema that Jenkins publishes has no count of what was skipped above the suites; in the suite itself it stays.
fn as_jenkins_knows_it(text: &str) -> String {
    let (before, after) = text.split_once(" skipped=\"").unwrap_or((text, ""));
    let after = after.split_once('"').map_or(after, |(_, after)| after);
    format!("{before}{after}")
}

struct Writer<'s> {
    secrets: &'s Secrets,
}

impl Writer<'_> {
    fn case(&self, chapter: &Chapter<'_>, epic: &str) -> TestCase {
        let mut status = self.status(chapter);
        let earlier = chapter.attempts.split_last().map(|(_, earlier)| earlier).unwrap_or_default();
        if !matches!(status, TestCaseStatus::Skipped { .. }) {
            status.add_reruns(earlier.iter().map(|attempt| self.rerun(attempt)));
        }
        let mut case = TestCase::new(self.text(chapter.task.id.as_str()), status);
        case.set_classname(self.text(epic));
        case.set_time(chapter.worked());
        let gates = chapter.attempts.last().map(|attempt| self.gates(attempt));
        if let Some(gates) = gates.filter(|gates| !gates.is_empty()) {
            case.set_system_out(gates);
        }
        case
    }

    fn status(&self, chapter: &Chapter<'_>) -> TestCaseStatus {
        let mut status = match chapter.task.status {
            Status::Completed if chapter.ended.is_some() => return TestCaseStatus::success(),
            Status::Completed | Status::Pending | Status::InProgress => TestCaseStatus::skipped(),
            Status::Failed | Status::Blocked | Status::Cancelled => {
                TestCaseStatus::non_success(kind(chapter.outcome()))
            }
        };
        let word = chapter.outcome().map_or(chapter.task.status.as_str(), Outcome::as_str);
        status.set_type(word);
        if let Some(why) = &chapter.why {
            let first = why.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            status.set_message(self.text(first));
            if first != why.trim() {
                status.set_description(self.text(why));
            }
        }
        status
    }

    fn rerun(&self, attempt: &Attempt) -> TestRerun {
        let outcome = attempt.outcome();
        let mut rerun = TestRerun::new(kind(outcome));
        rerun.set_type(outcome.map_or("unknown", Outcome::as_str));
        let ended = attempt.ended.as_ref().map(|(ended, _)| ended);
        if let Some(detail) = ended.and_then(|ended| ended.detail.as_ref().or(ended.question.as_ref())) {
            rerun.set_message(self.text(detail));
        }
        let took = attempt.took(None);
        let mut out = format!("attempt {} took {:.1}s\n", attempt.started.attempt, took.as_secs_f64());
        out.push_str(self.gates(attempt).as_str());
        rerun.set_system_out(self.text(&out));
        rerun
    }

    /// What the attempt's gates came to, and what they printed.
    fn gates(&self, attempt: &Attempt) -> XmlString {
        self.text(&attempt.gates.iter().map(gate).collect::<String>())
    }

    /// Masked, and without what XML can't hold.
    fn text(&self, text: &str) -> XmlString {
        let masked = self.secrets.masked(text);
        XmlString::new(masked.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}"))
    }
}

/// A failure is the work's, an error what kept it from being done.
fn kind(outcome: Option<Outcome>) -> NonSuccessKind {
    let is_of_the_work = |outcome: Outcome| outcome.is_of_the_program() || outcome == Outcome::Failed;
    if outcome.is_none_or(is_of_the_work) { NonSuccessKind::Failure } else { NonSuccessKind::Error }
}

fn gate(ended: &GateEnded) -> String {
    let word = if ended.passed { "passed" } else { "not passed" };
    let mut text = format!("== gate {}: {word} ({})\n", ended.gate, ended.by);
    if let Some(measured) = ended.measured {
        let _ = writeln!(text, "measured {}", measured.value);
    }
    if let Some(detail) = &ended.detail {
        let _ = writeln!(text, "{detail}");
    }
    let printed = ended.log.as_deref().and_then(|log| tail(log, GATE_OUTPUT)).unwrap_or_default();
    if !printed.trim().is_empty() {
        let _ = writeln!(text, "{}", printed.trim_end());
    }
    text
}

/// The end of a file, from the beginning of a line where it is cut.
pub(super) fn tail(path: &Path, bytes: u64) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok().filter(std::fs::Metadata::is_file)?.len();
    let start = length.saturating_sub(bytes);
    file.seek(SeekFrom::Start(start)).ok()?;
    let mut end = Vec::new();
    file.take(bytes).read_to_end(&mut end).ok()?;
    let text = String::from_utf8_lossy(&end).into_owned();
    let cut = if start > 0 { text.split_once('\n').map(|(_, rest)| format!("…\n{rest}")) } else { None };
    Some(cut.unwrap_or(text))
}
