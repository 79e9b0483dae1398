//! Figures as people read them, the same on every kind of page.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::model::{Accuracy, AgentRecap, AttemptRecap, ChangeSize};
use crate::agent::Tokens;
use crate::genesis::Status;
use crate::report::text::short;

/// What a recap lacks, if the journal has not always been there.
pub(super) fn forgotten(tasks: usize) -> Option<String> {
    let of = match tasks {
        0 => return None,
        1 => "A run was at work on 1 task".to_owned(),
        many => format!("Runs were at work on {many} tasks"),
    };
    Some(format!(
        "{of} whose journal is not here any more: `blueprint clean` removed it, or it is another clone's. What the plan itself says is all \
         that is left of that."
    ))
}

/// How long: `3m 05s`.
pub(super) fn took(ms: u64) -> String {
    short(Duration::from_millis(ms))
}

/// `2 of 3`; who reviews has none of its own to do.
pub(super) fn tasks_done(agent: &AgentRecap) -> String {
    if agent.is_reviewer() { dash() } else { format!("{} of {}", agent.completed, agent.tasks) }
}

/// What stands where nothing is known.
pub(super) fn dash() -> String {
    "–".to_owned()
}

/// `84 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Against an estimate: `3.2× longer`, `20× shorter`.
pub(super) fn factor(ratio: f64) -> String {
    match ratio {
        _ if (0.95..1.05).contains(&ratio) => "as estimated".to_owned(),
        _ if ratio >= 1.0 => format!("{}× longer", digits(ratio)),
        _ => format!("{}× shorter", digits(1.0 / ratio)),
    }
}

/// Two digits that count, and no more after the point than they need.
fn digits(number: f64) -> String {
    if number < 10.0 { format!("{number:.1}") } else { format!("{number:.0}") }
}

/// A number that a gate measured, without digits that it does not need.
pub(super) fn figure(value: f64) -> String {
    let rounded = format!("{value:.2}");
    rounded.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What a number has to be: `≥ 80`.
pub(super) fn bounds(at_least: Option<f64>, at_most: Option<f64>) -> Option<String> {
    let least = at_least.map(|least| format!("≥ {}", figure(least)));
    let most = at_most.map(|most| format!("≤ {}", figure(most)));
    let both: Vec<_> = least.into_iter().chain(most).collect();
    (!both.is_empty()).then(|| both.join(", "))
}

/// How good estimates were.
pub(super) fn accuracy(found: &Accuracy) -> String {
    format!(
        "{} with an estimate: {} were estimated, {} it took, by the median {}. The accuracy is {}, and {} once all are scaled by that.",
        count(found.tasks, "completed task", "completed tasks"),
        took(found.estimate_ms),
        took(found.took_ms),
        factor(found.median_ratio),
        percent(found.accuracy),
        percent(found.accuracy_scaled)
    )
}

/// `3 files, +120 −4`.
pub(super) fn change(size: ChangeSize) -> String {
    let files = count(size.files, "file", "files");
    format!("{files}, +{} −{}", size.insertions, size.deletions)
}

/// The changes of many tasks; nothing, if there are none. Of `unmeasured` tasks nobody can tell here.
pub(super) fn changes(size: Option<ChangeSize>, unmeasured: usize) -> Option<String> {
    let tasks = || count(unmeasured, "task, whose commits are", "tasks, whose commits are");
    match (size, unmeasured) {
        (size, 0) => size.map(change),
        (Some(size), _) => Some(format!("{}; without {} not here", change(size), tasks())),
        (None, _) => Some(format!("not known of {} not here", tasks())),
    }
}

/// `1 task`, `3 tasks`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `1.2 M`, `340 k`, `900`.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(super) fn tokens(tokens: Tokens) -> String {
    let total = tokens.total();
    match total {
        0..1_000 => total.to_string(),
        1_000..1_000_000 => format!("{} k", digits(total as f64 / 1e3)),
        _ => format!("{} M", digits(total as f64 / 1e6)),
    }
}

/// `21 Nov 2026, 23:04`.
pub(super) fn moment(time: Timestamp, zone: &TimeZone) -> String {
    time.to_zoned(zone.clone()).strftime("%-d %b %Y, %H:%M").to_string()
}

/// As a person says it.
pub(super) fn status(status: Status) -> &'static str {
    match status {
        Status::Pending => "pending",
        Status::InProgress => "in progress",
        Status::Completed => "completed",
        Status::Failed => "failed",
        Status::Blocked => "blocked",
        Status::Cancelled => "cancelled",
    }
}

/// How an attempt stands: `attempt 2 did not pass a gate`.
pub(super) fn attempt_ended(attempt: &AttemptRecap) -> &'static str {
    match (attempt.outcome, attempt.ended) {
        (Some(outcome), _) => outcome.sentence(),
        (None, Some(_)) => "was lost: nobody saw its end",
        (None, None) => "is under way",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_digits_that_they_need() {
        assert_eq!(
            [0.04, 0.5, 0.97, 1.5, 12.3].map(factor).join("; "),
            "25× shorter; 2.0× shorter; as estimated; 1.5× longer; 12× longer"
        );
        assert_eq!([80.0, 81.5, 0.129, 1234.0].map(figure), ["80", "81.5", "0.13", "1234"]);
        let tokens = |input| tokens(Tokens { input, output: 0, cached: 0 });
        assert_eq!([900, 1_200, 340_000, 1_200_000].map(tokens), ["900", "1.2 k", "340 k", "1.2 M"]);
        assert_eq!(percent(0.839), "84 %");
        assert_eq!(bounds(Some(1.0), Some(2.5)).as_deref(), Some("≥ 1, ≤ 2.5"));
    }

    #[test]
    fn sizes_of_changes_are_said_in_words() {
        let size = ChangeSize { files: 1, insertions: 12, deletions: 3 };
        assert_eq!(change(size), "1 file, +12 −3");
    }
}
