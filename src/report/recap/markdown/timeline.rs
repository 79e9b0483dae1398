//! The timeline in letters, where there are no pictures.

use std::fmt::Write;

use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthStr;

use super::escape::code_line;
use crate::report::recap::axis::Axis;
use crate::report::recap::kind::Kind;
use crate::report::recap::words::took;
use crate::report::recap::{Recap, TaskRecap};
use crate::report::text::fit;

/// As wide as the bars are, in columns.
const WIDTH: usize = 60;
/// As wide as ids may be.
const IDS: usize = 28;

/// A row a task that was tried, in the order of time; nothing without any.
pub(super) fn timeline(recap: &Recap, zone: &TimeZone) -> String {
    let Some(axis) = Axis::of(recap) else { return String::new() };
    let mut tasks: Vec<_> = recap.tasks.iter().filter(|task| !task.attempts.is_empty()).collect();
    tasks.sort_by_key(|task| task.attempts.first().map(|attempt| attempt.began));
    let id = |task: &TaskRecap| fit(&code_line(&task.id), IDS);
    let ids = tasks.iter().map(|task| id(task).width()).max().unwrap_or(0);
    let blanks = |text: &str| " ".repeat(ids.saturating_sub(text.width()));
    let mut text = format!("```text\n{}  {}\n", " ".repeat(ids), heads(&axis, zone).trim_end());
    for task in tasks {
        let (name, figure) = (id(task), task.took_ms.map(took).unwrap_or_default());
        let _ = writeln!(text, "{name}{}  {}  {figure}", blanks(&name), bars(task, &axis, recap));
    }
    let legend: Vec<_> = Kind::ALL.map(|kind| format!("`{}` {}", letter(kind), kind.says())).into();
    text + "```\n\n" + &legend.join(", ") + "\n"
}

fn heads(axis: &Axis, zone: &TimeZone) -> String {
    let mut line = String::new();
    for tick in axis.ticks(zone) {
        let at = column(tick.at);
        if line.is_empty() || line.len() < at {
            line.push_str(&" ".repeat(at.saturating_sub(line.len())));
            line.push_str(&tick.label);
        }
    }
    line
}

fn bars(task: &TaskRecap, axis: &Axis, recap: &Recap) -> String {
    let mut bars = vec!['·'; WIDTH];
    for attempt in &task.attempts {
        let from = column(axis.at(attempt.began)).min(WIDTH - 1);
        let to = column(axis.at(attempt.ended.unwrap_or(recap.made))).clamp(from + 1, WIDTH);
        bars[from..to].fill(letter(Kind::of(attempt)));
    }
    bars.into_iter().collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "one of 60 columns"
)]
fn column(percent: f64) -> usize {
    (percent.clamp(0.0, 100.0) / 100.0 * WIDTH as f64) as usize
}

fn letter(kind: Kind) -> char {
    match kind {
        Kind::Done => '█',
        Kind::SentBack => '▓',
        Kind::Failed => '▒',
        Kind::Waits => '░',
        Kind::Open => '-',
    }
}
