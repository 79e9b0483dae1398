//! A line a task, in columns.

use std::cmp::Reverse;
use std::time::Duration;

use anstyle::{Effects, Style};
use unicode_width::UnicodeWidthStr;

use super::model::TaskStatus;
use super::reader::Reader;
use super::words::{color, summary};
use crate::genesis::Status;
use crate::report::text::{clean, fit, short};

const TITLES: [&str; 6] = ["TASK", "STATUS", "AGENT", "TRIES", "TOOK", "SUMMARY"];
const TASK: usize = 0;
const STATUS: usize = 1;
const AGENT: usize = 2;
const TRIES: usize = 3;
const TOOK: usize = 4;
const SUMMARY: usize = 5;
/// Blanks between two columns.
const GAP: usize = 2;
/// What a cell is cut to where its column has to give way, however narrow the terminal.
const LEAST_TASK: usize = 16;
const LEAST_AGENT: usize = 10;
const LEAST_SUMMARY: usize = 20;
/// Below this a summary says nothing: on the narrowest terminals there is none.
const SCANT_SUMMARY: usize = 8;

type Row = [String; TITLES.len()];

/// The table: what needs a person comes first, then what is at work, then what waits, each with the most urgent first; it fits the
/// reader's terminal unless that is very narrow.
pub(super) fn table(tasks: &[TaskStatus], reader: &Reader) -> String {
    let mut tasks: Vec<_> = tasks.iter().collect();
    tasks.sort_by_key(|task| (rank(task.status), Reverse(task.urgency)));
    let rows: Vec<_> = tasks.iter().map(|task| row(task, reader)).collect();
    let widths = widths(&rows, reader.width());
    let titles = TITLES.map(str::to_owned);
    let mut lines = vec![line(&titles, &widths, Style::new().effects(Effects::BOLD), None)];
    lines.extend(
        tasks.iter().zip(&rows).map(|(task, row)| line(row, &widths, Style::new(), Some(task.status))),
    );
    lines.join("\n") + "\n"
}

/// Which statuses stand above others.
fn rank(status: Status) -> u8 {
    match status {
        Status::Failed => 0,
        Status::Blocked => 1,
        Status::InProgress => 2,
        Status::Pending => 3,
        Status::Cancelled => 4,
        Status::Completed => 5,
    }
}

/// Cells are padded before they are coloured: a colour has no width.
fn line(cells: &Row, widths: &[usize; TITLES.len()], style: Style, status: Option<Status>) -> String {
    let shown = cells.iter().zip(widths).enumerate().filter(|(_, (_, width))| **width > 0);
    let last = shown.clone().filter(|(_, (cell, _))| !cell.is_empty()).map(|(column, _)| column).next_back();
    let cell = |(column, (cell, width)): (usize, (&String, &usize))| {
        // What ends a line needs no blanks.
        let cell = if Some(column) == last { fit(cell, *width) } else { padded(cell, *width) };
        let style = status.filter(|_| column == STATUS).map_or(style, color);
        format!("{style}{cell}{style:#}")
    };
    let shown = shown.take_while(|(column, _)| last.is_some_and(|last| *column <= last));
    shown.map(cell).collect::<Vec<_>>().join(&" ".repeat(GAP))
}

fn row(task: &TaskStatus, reader: &Reader) -> Row {
    let attempts = if task.attempts == 0 { String::new() } else { task.attempts.to_string() };
    // Of what is under way, so far.
    let took = task.elapsed_ms.map(Duration::from_millis).or_else(|| task.took());
    let took = took.map_or_else(String::new, short);
    let agent = task.agent.as_deref().map(clean).unwrap_or_default();
    [clean(&task.id), task.status.to_string(), agent, attempts, took, summary(task, reader)]
}

/// How wide each column is. Where there is no room for all, the summary gives way first, then the agent, then the task; then columns
/// are left out.
fn widths(rows: &[Row], room: usize) -> [usize; TITLES.len()] {
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
