//! The attempts at a task, along one line of time.

use anstyle::AnsiColor;
use jiff::Timestamp;

use super::attempts::AttemptStatus;
use super::reader::Reader;
use crate::agent::Outcome;
use crate::report::signs::signs;
use crate::report::text::short;

/// The widest and the narrowest line of time that is drawn, in columns.
const WIDEST: usize = 40;
const NARROWEST: usize = 10;
/// What stands before it.
const BEFORE: usize = 62;

/// A line for each attempt, if there was more than one: when it began and ended, how long its agent was at work, how it ended, and where that lies between the first
/// one's beginning and the last one's end.
pub(super) fn timeline(attempts: &[AttemptStatus], reader: &Reader) -> Vec<String> {
    let Some(first) = attempts.iter().map(|attempt| attempt.started).min() else { return Vec::new() };
    if attempts.len() < 2 {
        return Vec::new();
    }
    let now = reader.now.timestamp();
    let last = attempts.iter().map(|attempt| end(attempt, now)).max().unwrap_or(first);
    let room = reader.width().saturating_sub(BEFORE).min(WIDEST);
    let line = |(place_in_list, attempt): (usize, &AttemptStatus)| {
        let span = (room >= NARROWEST).then(|| {
            let at = |time| place(time, (first, last), room);
            drawn(at(attempt.started), at(end(attempt, now)), attempt.outcome)
        });
        let title = if place_in_list == 0 { "timeline" } else { "" };
        let text = format!("  {title:<9} {}{}", told(attempt, reader), span.unwrap_or_default());
        text.trim_end().to_owned()
    };
    attempts.iter().enumerate().map(line).collect()
}

fn end(attempt: &AttemptStatus, now: Timestamp) -> Timestamp {
    attempt.ended.unwrap_or(now).max(attempt.started)
}

fn told(attempt: &AttemptStatus, reader: &Reader) -> String {
    let time = |time| reader.time(time);
    let ended = attempt.ended.map_or_else(|| "now".to_owned(), time);
    let took = attempt.took.map_or_else(String::new, short);
    let outcome = attempt.outcome.map_or("under way", Outcome::as_str);
    let when = format!("{} to {ended}", time(attempt.started));
    format!("{:<3} {when:<18} {took:>7}  {outcome:<17} ", attempt.attempt)
}

/// The column of a time on a line of `room` columns that goes from the first of `ends` to the second.
fn place(time: Timestamp, (first, last): (Timestamp, Timestamp), room: usize) -> usize {
    let whole = last.duration_since(first).as_millis();
    let part = time.duration_since(first).as_millis();
    let room = i128::try_from(room).unwrap_or_default();
    (part * room).checked_div(whole).and_then(|at| usize::try_from(at).ok()).unwrap_or_default()
}

/// However short it was, it is seen.
fn drawn(from: usize, to: usize, outcome: Option<Outcome>) -> String {
    let style = match outcome {
        Some(Outcome::Completed | Outcome::NoChanges) => AnsiColor::Green,
        None => AnsiColor::Cyan,
        Some(_) => AnsiColor::Red,
    };
    let (style, length) = (style.on_default(), to.saturating_sub(from).max(1));
    format!("{}{style}{}{style:#}", " ".repeat(from), signs().span.repeat(length))
}
