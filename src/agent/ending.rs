//! How an attempt ended whose program prints events: in a fixed order, since exit codes lie.

use serde_json::Value;

use super::log_text::{self, cut};
use super::structured::Structured;
use super::transcript::Transcript;
use super::{Answer, Ended, Event, Exit, Fault, Outcome, Reading, retry_at};

/// Ended by us, no end in the output, denied tools, what the program says went wrong, the answer itself.
pub(super) fn read(ended: &Ended<'_>, events: impl Fn(&Value) -> Vec<Event>) -> Reading {
    let (transcript, trouble) = match Transcript::read(ended.stdout, events) {
        Ok(transcript) => (transcript, None),
        Err(error) => {
            let trouble = format!("{} cannot be read: {error}", ended.stdout.display());
            (Transcript::default(), Some(trouble))
        }
    };
    let reading = transcript.facts();
    if let Some(by) = ended.ended_by_us {
        let said = reading.summary.as_deref().and_then(log_text::first_line);
        let detail = trouble.or(said.map(|said| format!("it said last: {said}")));
        return Reading { outcome: by.outcome(), detail, summary: None, ..reading };
    }
    let is_denied = !transcript.denied.is_empty();
    match &transcript.end {
        // Some programs are over at once, and without a word, when a tool is denied.
        end if is_denied && (end.is_some() || ended.exit.is_success()) => {
            let detail = cut(&format!("denied: {}", transcript.denied.join("; ")), log_text::MESSAGE);
            Reading { outcome: Outcome::PermissionDenied, detail: Some(detail), ..reading }
        }
        None => without_end(ended, reading, trouble),
        Some(Err(fault)) => faulty(ended, reading, fault, transcript.limit_ends()),
        Some(Ok(())) => answered(reading, transcript.said.as_deref()),
    }
}

/// What a program that ended before its time printed for people says why, in the best case. Of that, only a login that is missing is
/// taken at its word: other words can stand in the name of any file.
fn without_end(ended: &Ended<'_>, reading: Reading, trouble: Option<String>) -> Reading {
    let errors = log_text::tail(ended.stderr).unwrap_or_default();
    let told = Fault::of_service(None, None, &errors).outcome;
    let outcome = match ended.exit {
        exit if signal(exit).is_some() => Outcome::Killed,
        Exit::Code(0) => Outcome::AgentError,
        _ if told == Outcome::Authentication => told,
        _ => Outcome::Failed,
    };
    let cause = trouble.unwrap_or_else(|| "it ended without a result".to_owned());
    let detail = format!("{cause}; {}", log_text::with_last_lines(ended, ""));
    Reading { outcome, detail: Some(detail), summary: None, ..reading }
}

fn faulty(ended: &Ended<'_>, reading: Reading, fault: &Fault, limit_ends: Option<i64>) -> Reading {
    let is_limited = fault.outcome == Outcome::RateLimited;
    let told = || limit_ends.and_then(|ends| retry_at::of_epoch(ends, ended.at));
    let retry_at = is_limited.then(|| told().or_else(|| retry_at::retry_at(&fault.message, ended.at)));
    let detail = Some(fault.message.clone()).filter(|message| !message.trim().is_empty());
    Reading {
        outcome: fault.outcome,
        detail: detail.or_else(|| Some("its program gave no reason".to_owned())),
        summary: None,
        retry_at: retry_at.flatten(),
        ..reading
    }
}

fn answered(mut reading: Reading, said: Option<&str>) -> Reading {
    let message = log_text::plain(said.unwrap_or_default());
    if let Some(structured) = Structured::in_message(&message) {
        structured.tell(&mut reading);
    } else if let Some(answer) = Answer::in_message(&message) {
        answer.tell(&mut reading);
    }
    reading
}

/// Programs turn a signal into an exit code of 128 and the signal's number.
pub(super) fn signal(exit: Exit) -> Option<i32> {
    match exit {
        Exit::Signal(signal) => Some(signal),
        Exit::Code(code) => Some(code - 128).filter(|signal| (1..=31).contains(signal)),
    }
}

/// For the tests of the programs' rooms: what they read from an output, as a person would note it down.
#[cfg(test)]
pub(super) mod tests {
    use std::fs;

    use super::super::{EndedBy, Runner};
    use super::*;

    pub(in crate::agent) struct Case<'a> {
        pub(in crate::agent) name: &'a str,
        pub(in crate::agent) exit: Exit,
        pub(in crate::agent) ended_by_us: Option<EndedBy>,
        pub(in crate::agent) stdout: &'a str,
        pub(in crate::agent) stderr: &'a str,
    }

    impl<'a> Case<'a> {
        pub(in crate::agent) fn new(name: &'a str, code: i32, stdout: &'a str) -> Case<'a> {
            Case { name, exit: Exit::Code(code), ended_by_us: None, stdout, stderr: "" }
        }

        pub(in crate::agent) fn read(&self, runner: &dyn Runner) -> Reading {
            let folder = tempfile::tempdir().unwrap();
            let (stdout, stderr) = (folder.path().join("out"), folder.path().join("err"));
            fs::write(&stdout, self.stdout).unwrap();
            fs::write(&stderr, self.stderr).unwrap();
            runner.read(&Ended {
                exit: self.exit,
                ended_by_us: self.ended_by_us,
                stdout: &stdout,
                stderr: &stderr,
                at: &jiff::Zoned::now(),
            })
        }

        fn told(&self, runner: &dyn Runner) -> String {
            let Reading { outcome, summary, detail, question, cost_usd, tokens, session, .. } =
                self.read(runner);
            let texts =
                [("summary", summary), ("detail", detail), ("question", question), ("session", session)];
            let texts =
                texts.into_iter().filter_map(|(name, text)| Some(format!("\n    {name}: {:?}", text?)));
            let tokens =
                tokens.map(|tokens| format!("\n    tokens: {} in, {} out", tokens.input, tokens.output));
            let cost = cost_usd.map(|cost| format!("\n    cost: {cost}"));
            format!("{}: {outcome}", self.name)
                + &texts.collect::<String>()
                + &tokens.unwrap_or_default()
                + &cost.unwrap_or_default()
        }
    }

    pub(in crate::agent) fn told(runner: &dyn Runner, cases: &[Case<'_>]) -> String {
        cases.iter().map(|case| case.told(runner)).collect::<Vec<_>>().join("\n")
    }

    /// What the lines of an output tell of, as a person would be shown it, with what they spent and changed.
    pub(in crate::agent) fn shown_events(runner: &dyn Runner, lines: &str) -> String {
        let events = lines.lines().flat_map(|line| runner.events(line));
        let shown = events.map(|event| match event {
            Event::Spent { .. } | Event::Ended(Ok(None)) => format!("({event:?})"),
            event => event.line().unwrap_or_else(|| format!("({event:?})")),
        });
        shown.collect::<Vec<_>>().join("\n")
    }

    /// Ends of every program alike: ended by us, killed, broken off, with output that is none.
    pub(in crate::agent) fn broken_ends(runner: &dyn Runner, half: &str) -> String {
        let odd = "\u{feff}not json\n[]\n{}\n{\"type\":7}\n\u{0}\n{\"type\":\"result\"}\n{\"type\":\"error\"}\n{\"ty";
        let by_us = |by| Case { ended_by_us: Some(by), ..Case::new("ended by us", 0, half) };
        let mut cases = [EndedBy::TimedOut, EndedBy::Cancelled, EndedBy::Interrupted].map(by_us).to_vec();
        cases.push(Case { exit: Exit::Signal(9), ..Case::new("killed", 0, half) });
        cases.push(Case { stderr: "out of memory\n", ..Case::new("ended by a signal's code", 137, half) });
        cases.push(Case { stderr: "unknown flag\n", ..Case::new("usage error", 2, "") });
        cases.push(Case { stderr: "Error: not logged in\n", ..Case::new("told on standard error", 1, "") });
        cases.push(Case::new("half", 0, half));
        cases.push(Case::new("malformed", 1, odd));
        cases.push(Case::new("empty", 0, ""));
        told(runner, &cases)
    }

    impl Clone for Case<'_> {
        fn clone(&self) -> Self {
            Case { ..*self }
        }
    }
}
