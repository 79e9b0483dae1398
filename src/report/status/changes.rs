//! What has become of tasks since somebody looked last.

use std::collections::HashMap;

use super::model::{StatusReport, TaskStatus};
use super::reader::Reader;
use super::words::{color, summary};
use crate::report::text::{clean, fit};

/// What was known of each task when it was looked at last.
#[derive(Debug, Default)]
pub struct Changes {
    known: HashMap<String, String>,
}

impl Changes {
    /// Takes note of how the tasks stand; a line for each that was noted otherwise before, in the order of the plan. Lines are cut to the
    /// reader's terminal.
    pub fn since(&mut self, report: &StatusReport, reader: &Reader) -> String {
        let mut lines = String::new();
        for task in &report.tasks {
            // That it has begun is told by its status.
            let attempt = task.attempts.max(1);
            let stands = format!("{} {attempt} {}", task.status, summary(task, reader));
            let before = self.known.insert(task.id.clone(), stands.clone());
            if before.is_some_and(|before| before != stands) {
                lines.push_str(&line(task, reader));
            }
        }
        lines
    }
}

fn line(task: &TaskStatus, reader: &Reader) -> String {
    let style = color(task.status);
    let (time, id) = (reader.now.strftime("%H:%M:%S"), clean(&task.id));
    let attempt = if task.attempts > 1 { format!("  attempt {}", task.attempts) } else { String::new() };
    let head = format!("{time}  {id}  {}{attempt}  ", task.status);
    let room = reader.width().saturating_sub(unicode_width::UnicodeWidthStr::width(head.as_str()));
    let said = fit(&summary(task, reader), room);
    format!("{time}  {id}  {style}{}{style:#}{attempt}  {said}", task.status).trim_end().to_owned() + "\n"
}
