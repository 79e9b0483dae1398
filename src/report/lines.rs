//! What a run says, event by event, as lines; the same whether bars are drawn or not.

mod summary;

use std::cell::Cell;

use anstyle::{AnsiColor, Style};
use jiff::Zoned;
use unicode_width::UnicodeWidthStr;

use super::spent::spent;
use super::text::{assumed, clean, fit, local_time, short};
use crate::agent::Outcome;
use crate::plan::TaskId;
use crate::run::{Cause, PlanChange, RunEvent, Stage, Started, TaskEnded};

/// The column of ids is at least this wide, and never wider than the other.
const ID_WIDTHS: std::ops::RangeInclusive<usize> = 12..=32;
/// What an agent says is cut to this many columns where no terminal cuts it; all of it stands in `status TASK` and in the log.
const SAYING: usize = 400;
/// Below this a saying says nothing, however narrow the terminal.
const LEAST_SAYING: usize = 30;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const ODD: Style = AnsiColor::Yellow.on_default();
const CALM: Style = Style::new();
const FAINT: Style = Style::new().dimmed();

/// Tells events in lines that stand below each other.
#[derive(Debug)]
pub(super) struct Lines {
    /// The terminal's width, if there is one.
    columns: Option<u16>,
    id_width: Cell<usize>,
    /// What the clock shows, where that is fixed.
    now: Option<Zoned>,
}

impl Lines {
    pub(super) fn new(columns: Option<u16>) -> Self {
        Self { columns, id_width: Cell::new(*ID_WIDTHS.start()), now: None }
    }

    /// The lines that an event is told by; none for what only a progress bar shows.
    pub(super) fn of(&self, event: &RunEvent) -> Vec<String> {
        match event {
            RunEvent::Started(started) => self.started(started),
            RunEvent::Note(text) => vec![format!("{FAINT}note{FAINT:#}    {}", clean(text))],
            RunEvent::Warning { task, text } => vec![warning(task.as_ref(), text)],
            RunEvent::AttemptStarted { task, agent, attempt, runner, resumed, .. } => {
                let again = if *attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
                let word = if *resumed { "resume" } else { "start" };
                vec![self.line(CALM, word, task, &format!("{} by {runner}{again}", clean(agent)))]
            }
            RunEvent::Reported { task, kind, text, .. } => {
                vec![self.line(CALM, "says", task, &format!("{kind}: {}", clean(text)))]
            }
            RunEvent::Retrying { task, attempt, outcome, detail, pause } => {
                let detail =
                    detail.as_deref().map_or_else(String::new, |detail| format!(": {}", clean(detail)));
                let sentence = outcome.sentence();
                let what = format!("attempt {attempt} {sentence}; next in {}{detail}", short(*pause));
                vec![self.line(ODD, "retry", task, &what)]
            }
            RunEvent::Parked { task, attempt, until, detail } => {
                let detail =
                    detail.as_deref().map_or_else(String::new, |detail| format!(": {}", clean(detail)));
                let sentence = Outcome::RateLimited.sentence();
                let until = local_time(*until, &self.now());
                let what = format!("attempt {attempt} {sentence}, waits until {until} for its end{detail}");
                vec![self.line(ODD, "wait", task, &what)]
            }
            RunEvent::Held { runner, until, because } => {
                let (runner, because) = (clean(runner), clean(because.as_str()));
                let until = local_time(*until, &self.now());
                let why = format!("because `{because}` {}", Outcome::RateLimited.sentence());
                vec![format!(
                    "{ODD}wait{ODD:#}    nothing more is started with {runner} until {until}, {why}"
                )]
            }
            RunEvent::TaskEnded(ended) => self.task_ended(ended),
            RunEvent::NotRun { tasks, because, cause, outcome } => {
                let why = root_cause(because, *cause, *outcome);
                let count = counted(tasks.len());
                vec![format!("{ODD}not run{ODD:#} {count}, because {why}: {}", few(tasks))]
            }
            RunEvent::PlanChanged { changes, .. } => vec![plan_changed(changes)],
            RunEvent::Paused { by } => vec![format!(
                "{ODD}paused{ODD:#}  by {}: nothing new starts; running agents go on",
                clean(by)
            )],
            RunEvent::Resumed { by } => vec![format!("{ODD}resumed{ODD:#} by {}", clean(by))],
            RunEvent::Stopping(stage) => vec![format!("{ODD}{}{ODD:#}", stopping(*stage))],
            RunEvent::OverEstimate { task, estimate, ran } => {
                let what = format!("at work for {}, longer than planned ({})", short(*ran), short(*estimate));
                vec![self.line(ODD, "late", task, &what)]
            }
            RunEvent::Suspended => {
                vec![format!("{ODD}stopped, and the agents too; `fg` lets them go on{ODD:#}")]
            }
            RunEvent::Continued { after } => {
                vec![format!("{ODD}goes on after {}{ODD:#}", short(*after))]
            }
            RunEvent::Ended(summary) => self.ended(summary),
            RunEvent::Output { .. } => Vec::new(),
        }
    }

    fn started(&self, started: &Started) -> Vec<String> {
        self.id_width.set(started.id_width.clamp(*ID_WIDTHS.start(), *ID_WIDTHS.end()));
        let Started { total, selected, jobs, .. } = started;
        let epic = clean(&started.epic);
        let commit: String = started.start.chars().take(10).collect();
        if *selected == 0 {
            return vec![format!("plan {epic}: nothing to run ({total} tasks)")];
        }
        let estimate = short(started.estimate);
        let mut lines = vec![
            format!("plan {epic}: {selected} of {total} tasks to do, {jobs} at a time, from commit {commit}"),
            format!("{FAINT}the estimates add up to {estimate} along the longest path{FAINT:#}"),
        ];
        lines.extend(assumed(started.unestimated).map(|assumed| format!("{FAINT}{assumed}{FAINT:#}")));
        lines
    }

    /// Now, in the time zone of whoever reads this.
    fn now(&self) -> Zoned {
        self.now.clone().unwrap_or_else(Zoned::now)
    }

    fn line(&self, style: Style, word: &str, task: &TaskId, rest: &str) -> String {
        let width = self.id_width.get();
        let id = fit(&clean(task.as_str()), width.max(*ID_WIDTHS.end()));
        let room = |columns: u16| usize::from(columns).saturating_sub(width + 9).max(LEAST_SAYING);
        let rest = fit(rest, self.columns.map_or(SAYING, room));
        let blanks = " ".repeat(width.saturating_sub(id.width()));
        format!("{style}{word:<7}{style:#} {id}{blanks} {rest}").trim_end().to_owned()
    }

    fn task_ended(&self, ended: &TaskEnded) -> Vec<String> {
        let (style, word) = match ended.cause {
            Cause::Completed => (GOOD, "done"),
            Cause::Failed => (BAD, "failed"),
            Cause::Cancelled => (BAD, "cancelled"),
            Cause::Blocked => (ODD, "blocked"),
            Cause::Interrupted | Cause::LeftOut => (ODD, "pending"),
            Cause::Foreign => (ODD, "left"),
        };
        let cost = spent(ended.used).map_or_else(String::new, |cost| format!(", {cost}"));
        let took = format!("{}{cost}", short(ended.duration));
        let says = clean(&ended.summary);
        if ended.cause == Cause::Completed {
            return vec![self.line(style, word, &ended.task, &format!("{took}  {says}"))];
        }
        let sentence = ended.outcome.sentence();
        // Of a task that somebody else has now it is no news how its agent ended.
        let says_all = sentence.ends_with(word) || (ended.cause == Cause::Foreign && !says.is_empty());
        let why = match (says_all, says.as_str()) {
            (true, says) => says.to_owned(),
            (false, "") => sentence.to_owned(),
            (false, says) => format!("{sentence}: {says}"),
        };
        let mut lines = vec![self.line(style, word, &ended.task, &format!("{took}  {why}"))];
        if let Some(log) = ended.log.as_ref().filter(|_| ended.cause != Cause::Interrupted) {
            lines.push(format!("{FAINT}        its output: {}{FAINT:#}", clean(&log.to_string_lossy())));
        }
        lines
    }
}

fn warning(task: Option<&TaskId>, text: &str) -> String {
    let about = task.map_or_else(String::new, |task| format!("{}: ", clean(task.as_str())));
    format!("{ODD}warning{ODD:#} {about}{}", clean(text))
}

/// At most so many changes of a plan are told one by one.
const CHANGES: usize = 8;

fn plan_changed(changes: &[PlanChange]) -> String {
    let mut told: Vec<_> = changes.iter().take(CHANGES).map(changed).collect();
    if let Some(more) = changes.len().checked_sub(CHANGES + 1) {
        told.push(format!("and {} more", more + 1));
    }
    format!("{ODD}plan{ODD:#}    {}", told.join("; "))
}

fn changed(change: &PlanChange) -> String {
    let id = |task: &TaskId| clean(task.as_str());
    match change {
        PlanChange::Added(task) => format!("added task {}", id(task)),
        PlanChange::Removed(task) => format!("{} is not in it any more", id(task)),
        PlanChange::Reworded(task) => format!("{} is worded anew", id(task)),
        PlanChange::Agent { task, agent: Some(agent) } => {
            format!("agent of {} is now {}", id(task), clean(agent))
        }
        PlanChange::Agent { task, agent: None } => format!("{} names no agent any more", id(task)),
        PlanChange::Needs { task, needs } if needs.is_empty() => {
            format!("{} needs nothing any more", id(task))
        }
        PlanChange::Needs { task, needs } => format!("{} now needs {}", id(task), few(needs)),
        PlanChange::Status { task, to, by: Some(by) } => {
            format!("{} is {to} now, by {}", id(task), clean(by))
        }
        PlanChange::Status { task, to, by: None } => format!("{} is {to} now", id(task)),
    }
}

/// Some ids, and how many more there are: the rest stands in `status`.
fn few(tasks: &[TaskId]) -> String {
    const NAMED: usize = 6;
    let named: Vec<_> = tasks.iter().take(NAMED).map(|task| clean(task.as_str())).collect();
    match tasks.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn became(cause: Cause) -> &'static str {
    match cause {
        Cause::Completed => "is completed",
        Cause::Failed => "failed",
        Cause::Blocked => "is blocked",
        Cause::Cancelled => "was cancelled",
        Cause::Interrupted => "was interrupted",
        Cause::Foreign => "is in other hands than the run's",
        Cause::LeftOut => "is not part of this run",
    }
}

fn stopping(stage: Stage) -> &'static str {
    match stage {
        Stage::Drain => "nothing new starts; running agents finish (Ctrl-C again ends them)",
        Stage::End => "ending the running agents; their tasks become pending again (Ctrl-C again kills them)",
        Stage::Kill => "killing the running agents",
    }
}

/// What became of a task by itself, as the end of "because …".
fn root_cause(task: &TaskId, cause: Cause, outcome: Option<Outcome>) -> String {
    let became = outcome.map_or_else(|| became(cause), Outcome::sentence);
    format!("`{}` {became}", clean(task.as_str()))
}

fn counted(tasks: usize) -> String {
    if tasks == 1 { "1 task".to_owned() } else { format!("{tasks} tasks") }
}

#[cfg(test)]
pub(super) mod tests;
