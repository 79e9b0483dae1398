use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{Write, stderr};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::countdown::Countdown;
use super::lines::Lines;
use super::signs::signs;
use super::text::clean;
use crate::plan::TaskId;
use crate::run::RunEvent;

/// How often a spinner turns.
const TURN: Duration = Duration::from_millis(120);

/// A run on a terminal: a line for each running task with what it says last, one for the whole; what has happened stands
/// above, as the plain lines that a log would have.
pub struct Bars {
    lines: Lines,
    has_colors: bool,
    all: MultiProgress,
    overall: ProgressBar,
    countdown: Countdown,
    running: RefCell<HashMap<TaskId, ProgressBar>>,
}

impl Bars {
    /// Lines are cut to that many columns.
    pub fn new(columns: Option<u16>) -> Self {
        let all = MultiProgress::new();
        let overall = all.add(ProgressBar::new(0));
        let countdown = Countdown::new();
        overall.set_style(overall_style(&countdown));
        let has_colors = AutoStream::choice(&stderr()) != ColorChoice::Never;
        Self { lines: Lines::new(columns), has_colors, all, overall, countdown, running: RefCell::default() }
    }

    /// Shows what happened.
    pub fn show(&self, event: &RunEvent) {
        if let RunEvent::Continued { .. } = event {
            self.all.set_draw_target(ProgressDrawTarget::stderr());
        }
        for line in self.lines.of(event) {
            self.print(&line);
        }
        match event {
            RunEvent::Started(started) => {
                self.overall.set_length(started.selected as u64);
                self.overall.enable_steady_tick(TURN);
            }
            RunEvent::AttemptStarted { task, .. } => self.add(task),
            RunEvent::Output { task, line } => {
                if let Some(bar) = self.running.borrow().get(task) {
                    bar.set_message(clean(line));
                }
            }
            RunEvent::Retrying { task, .. } | RunEvent::Parked { task, .. } => self.remove(task),
            RunEvent::TaskEnded(ended) => {
                self.remove(&ended.task);
                self.overall.inc(1);
                if let Some(left) = ended.remaining {
                    self.countdown.is_left(left);
                }
            }
            RunEvent::NotRun { tasks, .. } => self.overall.inc(tasks.len() as u64),
            RunEvent::PlanChanged { open, .. } => {
                self.overall.set_length(self.overall.position() + *open as u64);
            }
            RunEvent::Suspended => self.hide(),
            RunEvent::Paused { .. } => self.countdown.pause(),
            RunEvent::Resumed { .. } => self.countdown.resume(),
            RunEvent::Ended(_) => self.clear(),
            RunEvent::Note(_)
            | RunEvent::Held { .. }
            | RunEvent::Warning { .. }
            | RunEvent::Reported { .. }
            | RunEvent::OverEstimate { .. }
            | RunEvent::Continued { .. }
            | RunEvent::Stopping(_) => {}
        }
    }

    /// Above the bars. A terminal that is gone is no reason to end a run (`MultiProgress::suspend` would panic).
    fn print(&self, line: &str) {
        let _ = if self.all.is_hidden() {
            // Bars were asked for where there is no terminal to draw them on.
            writeln!(anstream::stderr().lock(), "{line}")
        } else if self.has_colors {
            self.all.println(line)
        } else {
            self.all.println(anstream::adapter::strip_str(line).to_string())
        };
    }

    fn add(&self, task: &TaskId) {
        let bar = self.all.insert_before(&self.overall, ProgressBar::new_spinner());
        bar.set_style(style("{spinner} {prefix:<20} {elapsed:>6} {wide_msg}").tick_chars(signs().spinner));
        bar.set_prefix(clean(task.as_str()));
        bar.enable_steady_tick(TURN);
        self.running.borrow_mut().insert(task.clone(), bar);
    }

    fn remove(&self, task: &TaskId) {
        if let Some(bar) = self.running.borrow_mut().remove(task) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
    }

    /// Takes the bars off the terminal until they are asked for again: it is somebody else's for now.
    fn hide(&self) {
        let _ = self.all.clear();
        self.all.set_draw_target(ProgressDrawTarget::hidden());
    }

    fn clear(&self) {
        for (_, bar) in self.running.borrow_mut().drain() {
            bar.finish_and_clear();
        }
        self.overall.finish_and_clear();
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.clear();
    }
}

fn overall_style(countdown: &Countdown) -> ProgressStyle {
    let countdown = countdown.clone();
    let says = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
        // A text in memory takes all that is written.
        let _ = out.write_str(&countdown.says());
    };
    style("{bar:24} {pos}/{len} tasks  {times}").with_key("times", says).progress_chars(&signs().bar.concat())
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
