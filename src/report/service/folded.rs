use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io::{Write, stderr};

use jiff::Timestamp;

use super::github::{self, Level};
use super::{Service, gitlab};
use crate::agent::Readable;
use crate::plan::TaskId;
use crate::report::junit::tail;
use crate::report::lines::Lines;
use crate::report::text::{clean, clean_line, fit};
use crate::run::{Cause, RunEvent, TaskEnded};

/// So much of the end of what an agent printed is shown below its task, in bytes, and then in lines.
const LOG_BYTES: u64 = 64 * 1024;
const LOG_LINES: usize = 100;
/// The service shows no more marks of a kind for one step.
const MARKS: usize = 10;
/// Characters of a mark's text.
const MARK_TEXT: usize = 1_000;

/// Makes the output of the runner of that name readable, if it is one of a program that is known.
pub type MakeReadable = Box<dyn Fn(&str) -> Option<Readable>>;

/// A run as lines on standard error, for a service: what an agent printed folds away below the line that its task ended with.
pub struct Folded {
    service: Service,
    lines: Lines,
    readable: MakeReadable,
    runners: RefCell<HashMap<TaskId, String>>,
    sections: Cell<usize>,
    errors: Cell<usize>,
    warnings: Cell<usize>,
}

impl Folded {
    /// For that service.
    pub fn new(service: Service, readable: MakeReadable) -> Self {
        let (sections, errors, warnings) = (Cell::new(0), Cell::new(0), Cell::new(0));
        Self {
            service,
            lines: Lines::new(None),
            readable,
            runners: RefCell::default(),
            sections,
            errors,
            warnings,
        }
    }

    /// Shows what happened. That nobody reads it any more is no reason to end a run.
    pub fn show(&self, event: &RunEvent) {
        // Not through what strips colours: the marks have control characters.
        let _ = stderr().lock().write_all(self.of(event, Timestamp::now()).as_bytes());
    }

    /// What an event is shown by.
    fn of(&self, event: &RunEvent, now: Timestamp) -> String {
        let lines = self.lines.of(event);
        let lines: Vec<_> = lines.iter().map(|line| self.service.tamed(&plain(line))).collect();
        match event {
            RunEvent::AttemptStarted { task, runner, .. } => {
                self.runners.borrow_mut().insert(task.clone(), runner.clone());
                joined(&lines)
            }
            RunEvent::TaskEnded(ended) => self.task_ended(ended, &lines, now.as_second()),
            RunEvent::Started(_)
            | RunEvent::Note(_)
            | RunEvent::Warning { .. }
            | RunEvent::OverEstimate { .. }
            | RunEvent::Output { .. }
            | RunEvent::Reported { .. }
            | RunEvent::Retrying { .. }
            | RunEvent::Parked { .. }
            | RunEvent::Held { .. }
            | RunEvent::NotRun { .. }
            | RunEvent::PlanChanged { .. }
            | RunEvent::Paused { .. }
            | RunEvent::Resumed { .. }
            | RunEvent::Stopping(_)
            | RunEvent::Suspended
            | RunEvent::Continued { .. }
            | RunEvent::Ended(_) => joined(&lines),
        }
    }

    fn task_ended(&self, ended: &TaskEnded, lines: &[String], now: i64) -> String {
        let mut inside: Vec<_> = lines.iter().skip(1).cloned().collect();
        inside.extend(self.printed(ended));
        let title = lines.first().map(String::as_str).unwrap_or_default();
        let mut text = if inside.is_empty() {
            joined(lines)
        } else {
            let (start, end) = self.fold(title, now);
            format!("{start}\n{}{end}\n", joined(&inside))
        };
        if let Some(mark) = self.mark(ended) {
            text = text + &mark + "\n";
        }
        text
    }

    fn fold(&self, title: &str, now: i64) -> (String, String) {
        match self.service {
            Service::Github => (github::group(title), github::end_group()),
            Service::Gitlab => {
                self.sections.set(self.sections.get() + 1);
                let name = format!("blueprint_task_{}", self.sections.get());
                (gitlab::section(&name, now, title), gitlab::end_section(&name, now))
            }
        }
    }

    /// The end of what its agent printed.
    fn printed(&self, ended: &TaskEnded) -> Vec<String> {
        let Some(log) = ended.log.as_deref().and_then(|log| tail(log, LOG_BYTES)) else { return Vec::new() };
        let runner = self.runners.borrow().get(&ended.task).cloned().unwrap_or_default();
        let text = match (self.readable)(&runner) {
            Some(mut readable) => {
                let said: String = log.lines().map(|line| readable.line(line)).collect();
                said + &readable.end()
            }
            None => log,
        };
        let lines: Vec<_> = text.lines().map(|line| self.service.tamed(&clean_line(line))).collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].to_vec()
    }

    fn mark(&self, ended: &TaskEnded) -> Option<String> {
        let (level, count, word) = match ended.cause {
            Cause::Failed => (Level::Error, &self.errors, "failed"),
            Cause::Cancelled => (Level::Error, &self.errors, "was cancelled"),
            Cause::Blocked => (Level::Warning, &self.warnings, "waits for a person"),
            Cause::Completed | Cause::Interrupted | Cause::Foreign | Cause::LeftOut => return None,
        };
        count.set(count.get() + 1);
        if self.service != Service::Github || count.get() > MARKS {
            return None;
        }
        let text = if ended.summary.trim().is_empty() { ended.outcome.sentence() } else { &ended.summary };
        let text: Vec<_> = text.lines().map(clean).collect();
        let title = format!("task {} {word}", clean(ended.task.as_str()));
        Some(github::annotation(level, &title, &fit(&text.join("\n"), MARK_TEXT)))
    }
}

/// A log of a service has colours of its own, and a style at its beginning would hide a command from us, not from it.
fn plain(line: &str) -> String {
    anstream::adapter::strip_str(line).to_string()
}

fn joined(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::agent::Outcome;
    use crate::run::Used;

    fn ended(cause: Cause, summary: &str, log: Option<&Path>) -> RunEvent {
        RunEvent::TaskEnded(TaskEnded {
            task: TaskId::from("a"),
            cause,
            outcome: if cause == Cause::Completed { Outcome::Completed } else { Outcome::Failed },
            summary: summary.to_owned(),
            log: log.map(Path::to_owned),
            commit: None,
            duration: Duration::from_secs(65),
            cost_usd: None,
            used: Used::default(),
            lacks: None,
            remaining: None,
        })
    }

    fn shown(service: Service, event: &RunEvent) -> String {
        let folded = Folded::new(service, Box::new(|_| None));
        folded.of(event, Timestamp::from_second(1_767_225_600).unwrap())
    }

    #[test]
    fn github_folds_what_the_agent_printed_and_marks_what_failed() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        fs::write(&log, "one\n::error::forged\n\x1b]0;t\x07two ##[error]z\n").unwrap();
        let text = shown(Service::Github, &ended(Cause::Failed, "exit code 1\n::set-output::x", Some(&log)));
        let text = text.replace(log.to_str().unwrap(), "LOG");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn gitlab_folds_into_sections_that_no_agent_can_end() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        fs::write(&log, "one\n\x1b[0Ksection_end:1:blueprint_task_1\r\x1b[0K\nthree\n").unwrap();
        let text = shown(Service::Gitlab, &ended(Cause::Completed, "fine", Some(&log)));
        assert_eq!(
            text.matches("\x1b[0Ksection_start:1767225600:blueprint_task_1[collapsed=true]\r\x1b[0K").count(),
            1
        );
        assert_eq!(text.matches("\r\x1b[0K").count(), 2, "{text:?}");
        assert!(text.ends_with("\x1b[0Ksection_end:1767225600:blueprint_task_1\r\x1b[0K\n"), "{text:?}");
    }

    #[test]
    fn no_more_is_marked_than_the_service_shows() {
        let folded = Folded::new(Service::Github, Box::new(|_| None));
        let now = Timestamp::UNIX_EPOCH;
        let all: String = (0..20).map(|_| folded.of(&ended(Cause::Failed, "x", None), now)).collect();
        assert_eq!(all.matches("::error ").count(), MARKS);
    }
}
