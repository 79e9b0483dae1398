use std::time::Duration;

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use unicode_width::UnicodeWidthStr;

use super::model::{Owner, StatusReport, TaskStatus};
use crate::genesis::Status;
use crate::report::text::{clean, fit, short};

/// The columns before the summary, which gets what is left of the width.
const COLUMNS: [&str; 5] = ["TASK", "STATUS", "AGENT", "TRIES", "TOOK"];
/// The summary is shown with at least this many columns, however narrow the terminal.
const LEAST_SUMMARY: usize = 20;

/// The status of a plan: a header, and a line a task.
pub fn status_lines(report: &StatusReport, width: u16) -> String {
    let rows: Vec<_> = report.tasks.iter().map(row).collect();
    let widest = |column: usize| {
        rows.iter().map(|row| row[column].width()).max().unwrap_or(0).max(COLUMNS[column].len())
    };
    // comfy-table sets two blanks between columns.
    let before: usize = (0..COLUMNS.len()).map(|column| widest(column) + 2).sum();
    let left = usize::from(width).saturating_sub(before).max(LEAST_SUMMARY);
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(COLUMNS.into_iter().chain(["SUMMARY"]));
    for (row, task) in rows.into_iter().zip(&report.tasks) {
        table.add_row(row.into_iter().chain([fit(&summary(task), left)]));
    }
    let lines: Vec<_> = table
        .lines()
        .map(|line| line.trim_end().strip_prefix(' ').unwrap_or(&line).trim_end().to_owned())
        .collect();
    format!("{}\n\n{}\n", header(report), lines.join("\n"))
}

fn header(report: &StatusReport) -> String {
    let plan = &report.plan;
    let status = plan.status.map_or("unknown", |status| status.as_str());
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
    let total = counts.total;
    format!(
        "{} / {} ({status})\n{total} tasks: {}",
        clean(&plan.project),
        clean(&plan.epic),
        named.join(", ")
    )
}

fn row(task: &TaskStatus) -> [String; COLUMNS.len()] {
    let attempts = if task.attempts == 0 { String::new() } else { task.attempts.to_string() };
    let took = task.duration_ms.map_or_else(String::new, |ms| short(Duration::from_millis(ms)));
    let agent = task.agent.as_deref().map(clean).unwrap_or_default();
    [clean(&task.id), task.status.to_string(), agent, attempts, took]
}

fn summary(task: &TaskStatus) -> String {
    let text = task.question.as_deref().or(task.summary.as_deref()).unwrap_or_default();
    clean(text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default())
}

/// One task's whole story.
pub fn task_lines(task: &TaskStatus) -> String {
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
    fact("owner", task.owner.as_ref().map(owner));
    fact("attempts", (task.attempts > 0).then(|| task.attempts.to_string()));
    fact("outcome", task.outcome.map(|outcome| outcome.to_string()));
    fact("detail", task.detail.as_deref().map(clean));
    fact("question", task.question.as_deref().map(clean));
    fact("summary", task.summary.as_deref().map(clean));
    fact("took", task.duration_ms.map(|ms| short(Duration::from_millis(ms))));
    fact("branch", task.branch.clone());
    fact("base", task.base.clone());
    fact("commit", task.commit.clone());
    fact("worktree", task.worktree.as_ref().map(|path| path.display().to_string()));
    fact("cost", task.cost_usd.map(|cost| format!("${cost:.2}")));
    fact("tokens", task.tokens.map(|tokens| format!("{} in, {} out", tokens.input, tokens.output)));
    for event in &task.history {
        lines.push(format!("  {}", history_line(event)));
    }
    lines.join("\n") + "\n"
}

fn history_line(event: &crate::genesis::Event) -> String {
    let text = |text: &Option<String>| text.as_deref().map(clean).unwrap_or_default();
    let said = text(&event.description);
    let by = event.actor.as_deref().map_or_else(String::new, |actor| format!(" ({})", clean(actor)));
    format!("{:<20} {:<12} {said}{by}", text(&event.timestamp), clean(&event.word))
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

fn color(status: Status) -> Style {
    match status {
        Status::Completed => AnsiColor::Green.on_default(),
        Status::Failed | Status::Cancelled => AnsiColor::Red.on_default(),
        Status::Blocked => AnsiColor::Yellow.on_default(),
        Status::InProgress => AnsiColor::Cyan.on_default(),
        Status::Pending => Style::new(),
    }
}
