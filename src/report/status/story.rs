//! One task, from beginning to end.

use std::time::Duration;

use super::attempts::{AttemptStatus, GateStatus};
use super::model::TaskStatus;
use super::reader::Reader;
use super::timeline::timeline;
use super::words::{because, color, owner, until};
use crate::agent::{Outcome, in_short};
use crate::report::spent::{dollars, in_and_out, spent};
use crate::report::text::{clean, folded, short};
use crate::run::Used;

/// One task's whole story; what was said in it is broken into lines of at most as many columns as the reader has where words allow.
pub fn task_lines(task: &TaskStatus, reader: &Reader) -> String {
    let width = reader.columns;
    let style = color(task.status);
    let mut lines = vec![format!("{}  {style}{}{style:#}", clean(&task.id), task.status)];
    let mut fact = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            lines.push(format!("  {name:<9} {value}"));
        }
    };
    fact("name", Some(clean(&task.name)));
    fact("agent", task.agent.as_deref().map(clean));
    fact("needs", Some(clean(&task.needs.join(", "))));
    fact("not run", because(task));
    fact("waits", until(task, reader));
    fact("owner", task.owner.as_ref().map(owner));
    fact("attempts", (task.attempts > 0).then(|| task.attempts.to_string()));
    fact("outcome", task.outcome.map(|outcome| outcome.to_string()));
    let said = |text: &Option<String>| text.as_deref().map(|text| under_each_other(&clean(text), width));
    fact("detail", said(&task.detail.as_deref().map(in_short)));
    fact("question", said(&task.question));
    fact("answer", said(&task.answer));
    fact("summary", said(&task.summary));
    let time = |time: Option<jiff::Timestamp>| time.map(|time| reader.time(time));
    let took = |ms: Option<u64>| ms.map(|ms| short(Duration::from_millis(ms)));
    fact("started", time(task.started));
    fact("ended", time(task.ended));
    fact("running", took(task.elapsed_ms).map(|so_far| format!("for {so_far}")));
    fact("took", task.took().map(short));
    fact("estimate", took(task.estimate_ms));
    fact("branch", task.branch.clone());
    fact("base", task.base.clone());
    fact("commit", task.commit.clone());
    fact("merge", task.merge.clone());
    fact("worktree", task.worktree.as_ref().map(|path| path.display().to_string()));
    fact("files", task.elsewhere.clone());
    fact("session", task.session.as_deref().map(clean));
    fact("cost", task.cost_usd.map(dollars));
    fact("tokens", task.tokens.map(in_and_out));
    lines.extend(timeline(&task.each_attempt, reader));
    // Of a task with one attempt all of it stands above.
    let has_more = |attempt: &AttemptStatus| {
        attempt.on_integration
            || !attempt.gates.is_empty()
            || task.summary.is_none() && attempt.summary.is_some()
    };
    if task.each_attempt.len() > 1 || task.each_attempt.iter().any(has_more) {
        for attempt in &task.each_attempt {
            lines.push(attempt_line(attempt, width));
            // That of the task stands above.
            let said = attempt.summary.as_ref().filter(|said| task.summary.as_ref() != Some(*said));
            lines.extend(
                said.map(|said| format!("{}{}", " ".repeat(BEFORE), under_each_other(&clean(said), width))),
            );
        }
    }
    for event in &task.history {
        lines.push(history_line(event, reader));
    }
    lines.join("\n") + "\n"
}

/// Columns before the value of a fact.
const BEFORE: usize = 12;

/// The lines of a fact's value.
fn under_each_other(text: &str, width: u16) -> String {
    let blank = " ".repeat(BEFORE);
    folded(text, &blank, &blank, width.into()).trim().to_owned()
}

/// Digits of a commit that tell it apart.
const DIGITS: usize = 12;

fn attempt_line(attempt: &AttemptStatus, width: u16) -> String {
    let short = |name: &str, commit: &Option<String>| {
        let commit = commit.as_ref().map(|commit| commit.chars().take(DIGITS).collect::<String>());
        commit.map_or_else(String::new, |commit| format!(", {name} {commit}"))
    };
    let outcome = attempt.outcome.map_or("under way", Outcome::as_str);
    let resolves =
        attempt.resolves.map_or_else(String::new, |of| format!(", resolves the conflict of attempt {of}"));
    let used = Used { cost_usd: attempt.cost_usd, tokens: attempt.tokens };
    let by = attempt.agent.as_deref().map_or_else(String::new, |agent| format!(" as {}", clean(agent)));
    let by = format!(", by {}{by}", clean(&attempt.runner));
    let used = spent(used).map_or_else(String::new, |used| format!(", {used}"));
    let where_from =
        if attempt.on_integration { " (the integration branch, as prerequisites conflict)" } else { "" };
    let text = format!(
        "{outcome}{}{resolves}{}{where_from}{}{}",
        gates(attempt),
        short("base", &attempt.base),
        short("commit", &attempt.commit),
        short("merge", &attempt.merge)
    ) + &by
        + &used;
    headed(&format!("  attempt {}  ", attempt.attempt), &text, width)
}

/// A line with what begins it as it is; what is too long for it stands below, where values of facts do.
fn headed(head: &str, text: &str, width: u16) -> String {
    folded(text, head, &" ".repeat(BEFORE), width.into()).trim_end().to_owned()
}

/// As in ` (fmt passed, coverage 71.3 of at least 80 not passed)`.
fn gates(attempt: &AttemptStatus) -> String {
    if attempt.gates.is_empty() {
        return String::new();
    }
    let said = |gate: &GateStatus| {
        let wanted = [("at least", gate.at_least), ("at most", gate.at_most)];
        let wanted =
            wanted.iter().filter_map(|(word, bound)| bound.map(|bound| format!(" of {word} {bound}")));
        let value = gate.value.map_or_else(String::new, |value| format!(" {value}"));
        let passed = if gate.passed { "passed" } else { "not passed" };
        format!("{}{value}{} {passed}", clean(&gate.gate), wanted.collect::<String>())
    };
    format!(" ({})", attempt.gates.iter().map(said).collect::<Vec<_>>().join(", "))
}

fn history_line(event: &crate::genesis::Event, reader: &Reader) -> String {
    let text = |text: &Option<String>| text.as_deref().map(clean).unwrap_or_default();
    let said = text(&event.description);
    let by = event.actor.as_deref().map_or_else(String::new, |actor| format!(" ({})", clean(actor)));
    let parsed = event.timestamp.as_deref().and_then(|time| time.trim().parse().ok());
    let time = parsed.map_or_else(|| text(&event.timestamp), |time| reader.time(time));
    let head = format!("  {time:<13} {:<12} ", clean(&event.word));
    headed(&head, &format!("{said}{by}"), reader.columns)
}
