use std::time::Duration;

use anstyle::{AnsiColor, Style};
use jiff::Zoned;
use unicode_width::UnicodeWidthStr;

use super::model::{AttemptStatus, GateStatus, Owner, StatusReport, TaskStatus};
use super::spent::Spent;
use super::waits::RootCause;
use crate::agent::{Outcome, in_short};
use crate::genesis::Status;
use crate::report::spent::{dollars, in_and_out, spent};
use crate::report::text::{clean, fit, folded, local_time, short};
use crate::run::Used;

const TITLES: [&str; 6] = ["TASK", "STATUS", "AGENT", "TRIES", "TOOK", "SUMMARY"];
const TASK: usize = 0;
const AGENT: usize = 2;
const TRIES: usize = 3;
const TOOK: usize = 4;
const SUMMARY: usize = 5;
/// So many root causes are told above the table; all stand in it.
const ROOT_CAUSES: usize = 3;
/// Blanks between two columns.
const GAP: usize = 2;
/// What a cell is cut to where its column has to give way, however narrow the terminal.
const LEAST_TASK: usize = 16;
const LEAST_AGENT: usize = 10;
const LEAST_SUMMARY: usize = 20;
/// Below this a summary says nothing: on the narrowest terminals there is none.
const SCANT_SUMMARY: usize = 8;

/// The status of a plan: a header, and a line a task, which fits a terminal of `width` columns unless that is very narrow.
pub fn status_lines(report: &StatusReport, width: u16) -> String {
    let rows: Vec<_> = report.tasks.iter().map(row).collect();
    let widths = widths(&rows, width.into());
    let line = |cells: &[String]| {
        let cells = cells.iter().zip(widths).filter(|(_, width)| *width > 0);
        let padded: Vec<_> = cells.map(|(cell, width)| padded(cell, width)).collect();
        padded.join(&" ".repeat(GAP)).trim_end().to_owned()
    };
    let lines: Vec<_> =
        std::iter::once(&TITLES.map(str::to_owned)).chain(&rows).map(|row| line(row)).collect();
    format!("{}\n\n{}\n", header(report, width.into()), lines.join("\n"))
}

/// How wide each column is. Where there is no room for all, the summary gives way first, then the agent, then the task; then columns
/// are left out.
fn widths(rows: &[[String; TITLES.len()]], room: usize) -> [usize; TITLES.len()] {
    let mut widths: [usize; TITLES.len()] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row[column].width());
        cells.max().filter(|widest| *widest > 0).map_or(0, |widest| widest.max(TITLES[column].len()))
    });
    for (column, least) in [(SUMMARY, LEAST_SUMMARY), (AGENT, LEAST_AGENT), (TASK, LEAST_TASK)] {
        let excess = needed(&widths).saturating_sub(room);
        widths[column] = widths[column].saturating_sub(excess).max(least.min(widths[column]));
    }
    for column in [TRIES, AGENT, TOOK] {
        if needed(&widths) > room {
            widths[column] = 0;
        }
    }
    let excess = needed(&widths).saturating_sub(room);
    if excess > 0 {
        let left = widths[SUMMARY].saturating_sub(excess);
        widths[SUMMARY] = if left < SCANT_SUMMARY { 0 } else { left };
    }
    widths
}

fn needed(widths: &[usize]) -> usize {
    let shown = widths.iter().filter(|width| **width > 0);
    shown.map(|width| width + GAP).sum::<usize>().saturating_sub(GAP)
}

fn padded(cell: &str, width: usize) -> String {
    let cell = fit(cell, width);
    let blanks = width.saturating_sub(cell.width());
    cell + &" ".repeat(blanks)
}

fn header(report: &StatusReport, width: usize) -> String {
    let plan = &report.plan;
    let status = plan.status.map_or_else(String::new, |status| format!(" ({status})"));
    let counts = report.counts;
    let named = [
        (counts.completed, "completed"),
        (counts.in_progress, "in progress"),
        (counts.pending, "pending"),
        (counts.blocked, "blocked"),
        (counts.failed, "failed"),
        (counts.cancelled, "cancelled"),
    ];
    let named = named.into_iter().filter(|(count, _)| *count > 0);
    let named: Vec<_> = named.map(|(count, word)| format!("{count} {word}")).collect();
    let total = if counts.total == 1 { "1 task".to_owned() } else { format!("{} tasks", counts.total) };
    let causes: String = report.root_causes.iter().take(ROOT_CAUSES).map(root_cause).collect();
    let spent =
        spent_lines(&report.spent).fold(String::new(), |spent, line| spent + "\n" + &fit(&line, width));
    format!(
        "{} / {}{status}\n{total}: {}{causes}{spent}",
        clean(&plan.project),
        clean(&plan.epic),
        named.join(", ")
    )
}

/// What all attempts used up; of one agent alone that is all that there is.
fn spent_lines(all: &Spent) -> impl Iterator<Item = String> {
    let known = |used: Used| spent(used);
    let total = known(all.used()).map(|used| format!("used so far: {used}"));
    let each = all.agents.iter().filter_map(|of| Some(format!("{} {}", clean(&of.agent), known(of.used())?)));
    let each: Vec<_> = each.collect();
    let by_agent = (each.len() > 1).then(|| format!("by agent: {}", each.join("; ")));
    total.into_iter().chain(by_agent)
}

fn root_cause((cause, count): &(RootCause, usize)) -> String {
    let tasks = if *count == 1 { "task" } else { "tasks" };
    format!("\n{count} {tasks} not run because {}", cause.sentence())
}

fn row(task: &TaskStatus) -> [String; TITLES.len()] {
    let attempts = if task.attempts == 0 { String::new() } else { task.attempts.to_string() };
    let took = task.duration_ms.map_or_else(String::new, |ms| short(Duration::from_millis(ms)));
    let agent = task.agent.as_deref().map(clean).unwrap_or_default();
    [clean(&task.id), task.status.to_string(), agent, attempts, took, summary(task)]
}

fn summary(task: &TaskStatus) -> String {
    let is_open = task.status != Status::Completed;
    let question = task.question.as_ref().filter(|_| is_open).cloned();
    let waits = until(task).map(|until| format!("waits {until}"));
    let answer = task.answer.as_ref().map(|answer| format!("answered: {answer}"));
    let said = [because(task), waits, question, answer, task.summary.clone(), went_wrong(task)];
    let text = said.into_iter().flatten().next().unwrap_or_default();
    clean(text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default())
}

/// Why a pending task can't be run.
fn because(task: &TaskStatus) -> Option<String> {
    task.not_run_because.as_ref().map(|cause| format!("because {}", cause.sentence()))
}

/// Until when it waits.
pub(in crate::report) fn until(task: &TaskStatus) -> Option<String> {
    let until = local_time(task.waits_until?, &Zoned::now());
    Some(format!("until {until} for a limit to end"))
}

/// How the last attempt went wrong, the outcome's own words first.
fn went_wrong(task: &TaskStatus) -> Option<String> {
    if task.is_set_back {
        return None;
    }
    let outcome = task.outcome.filter(|outcome| *outcome != Outcome::Completed);
    let sentence = outcome.filter(|_| task.status != Status::Completed).map(Outcome::sentence);
    match (sentence, &task.detail) {
        (Some(sentence), Some(detail)) => Some(format!("{sentence}: {detail}")),
        (sentence, detail) => sentence.map(str::to_owned).or_else(|| detail.clone()),
    }
}

/// One task's whole story; what was said in it is broken into lines of at most `width` columns where words allow.
pub fn task_lines(task: &TaskStatus, width: u16) -> String {
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
    fact("waits", until(task));
    fact("owner", task.owner.as_ref().map(owner));
    fact("attempts", (task.attempts > 0).then(|| task.attempts.to_string()));
    fact("outcome", task.outcome.map(|outcome| outcome.to_string()));
    let said = |text: &Option<String>| text.as_deref().map(|text| under_each_other(&clean(text), width));
    fact("detail", said(&task.detail.as_deref().map(in_short)));
    fact("question", said(&task.question));
    fact("answer", said(&task.answer));
    fact("summary", said(&task.summary));
    fact("took", task.duration_ms.map(|ms| short(Duration::from_millis(ms))));
    fact("branch", task.branch.clone());
    fact("base", task.base.clone());
    fact("commit", task.commit.clone());
    fact("merge", task.merge.clone());
    fact("worktree", task.worktree.as_ref().map(|path| path.display().to_string()));
    fact("cost", task.cost_usd.map(dollars));
    fact("tokens", task.tokens.map(in_and_out));
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
        lines.push(history_line(event, width));
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
    let used = spent(used).map_or_else(String::new, |used| format!(", {used}"));
    let where_from =
        if attempt.on_integration { " (the integration branch, as prerequisites conflict)" } else { "" };
    let text = format!(
        "{outcome}{}{resolves}{}{where_from}{}{}",
        gates(attempt),
        short("base", &attempt.base),
        short("commit", &attempt.commit),
        short("merge", &attempt.merge)
    ) + &used;
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

fn history_line(event: &crate::genesis::Event, width: u16) -> String {
    let text = |text: &Option<String>| text.as_deref().map(clean).unwrap_or_default();
    let said = text(&event.description);
    let by = event.actor.as_deref().map_or_else(String::new, |actor| format!(" ({})", clean(actor)));
    let head = format!("  {:<20} {:<12} ", text(&event.timestamp), clean(&event.word));
    headed(&head, &format!("{said}{by}"), width)
}

fn owner(owner: &Owner) -> String {
    match owner {
        Owner::Run { pid: Some(pid), host, .. } => {
            format!("run {pid} on {}", host.as_deref().map(clean).unwrap_or_default())
        }
        Owner::Run { pid: None, .. } => "a run that is gone; the next `run` takes it up".to_owned(),
        Owner::Person(name) => clean(name),
    }
}

pub(in crate::report) fn color(status: Status) -> Style {
    match status {
        Status::Completed => AnsiColor::Green.on_default(),
        Status::Failed | Status::Cancelled => AnsiColor::Red.on_default(),
        Status::Blocked => AnsiColor::Yellow.on_default(),
        Status::InProgress => AnsiColor::Cyan.on_default(),
        Status::Pending => Style::new(),
    }
}
