//! What a run says, event by event, as lines; the same whether bars are drawn or not.

use anstyle::{AnsiColor, Style};

use super::text::{clean, fit, short};
use crate::run::{Cause, RunEvent, Stage, Summary, TaskEnded, Verdict};

/// Wide enough for most ids; longer ones push their line to the right.
const ID_WIDTH: usize = 20;
/// What an agent says is cut to this many columns in a line; all of it stands in `status TASK` and in the log.
const SAYING: usize = 400;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const ODD: Style = AnsiColor::Yellow.on_default();
const CALM: Style = Style::new();
const FAINT: Style = Style::new().dimmed();

/// The lines that an event is told by; none for what only a progress bar shows.
pub(super) fn lines(event: &RunEvent) -> Vec<String> {
    match event {
        RunEvent::Started { epic, total, selected, jobs, start, estimate } => {
            let start: String = start.chars().take(10).collect();
            let estimate = short(*estimate);
            let epic = clean(epic);
            vec![
                format!(
                    "plan {epic}: {selected} of {total} tasks to do, {jobs} at a time, from commit {start}"
                ),
                format!(
                    "{FAINT}the planners' estimates add up to {estimate} along the longest path{FAINT:#}"
                ),
            ]
        }
        RunEvent::Note(text) => vec![format!("{FAINT}note{FAINT:#}    {}", clean(text))],
        RunEvent::Warning { task, text } => {
            let about = task.as_ref().map_or_else(String::new, |task| format!("{}: ", clean(task.as_str())));
            vec![format!("{ODD}warning{ODD:#} {about}{}", clean(text))]
        }
        RunEvent::AttemptStarted { task, agent, attempt, runner, .. } => {
            let again = if *attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
            vec![line(CALM, "start", task.as_str(), &format!("{} by {runner}{again}", clean(agent)))]
        }
        RunEvent::Retrying { task, attempt, outcome, detail, pause } => {
            let detail = detail.as_deref().map_or_else(String::new, |detail| format!(": {}", clean(detail)));
            let what = format!("attempt {attempt} {}{detail}; next in {}", outcome.sentence(), short(*pause));
            vec![line(ODD, "retry", task.as_str(), &what)]
        }
        RunEvent::TaskEnded(ended) => task_ended(ended),
        RunEvent::NotRun { task, because, cause } => {
            let what = format!("because {} {}", clean(because.as_str()), became(*cause));
            vec![line(ODD, "not run", task.as_str(), &what)]
        }
        RunEvent::Stopping(stage) => vec![format!("{ODD}{}{ODD:#}", stopping(*stage))],
        RunEvent::Ended(summary) => ended(summary),
        RunEvent::Output { .. } => Vec::new(),
    }
}

fn line(style: Style, word: &str, task: &str, rest: &str) -> String {
    let rest = fit(rest, SAYING);
    format!("{style}{word:<7}{style:#} {:<ID_WIDTH$} {rest}", clean(task)).trim_end().to_owned()
}

fn task_ended(ended: &TaskEnded) -> Vec<String> {
    let (style, word) = match ended.cause {
        Cause::Completed => (GOOD, "done"),
        Cause::Failed | Cause::Cancelled => (BAD, "failed"),
        Cause::Blocked => (ODD, "blocked"),
        Cause::Interrupted | Cause::Foreign | Cause::LeftOut => (ODD, "pending"),
    };
    let took = short(ended.duration);
    let says = clean(&ended.summary);
    if ended.cause == Cause::Completed {
        return vec![line(style, word, ended.task.as_str(), &format!("{took}  {says}"))];
    }
    let why = if says.is_empty() { String::new() } else { format!(": {says}") };
    let mut lines =
        vec![line(style, word, ended.task.as_str(), &format!("{took}  {}{why}", ended.outcome.sentence()))];
    if matches!(ended.cause, Cause::Failed | Cause::Blocked) && ended.log.exists() {
        lines.push(format!("{FAINT}        its output: {}{FAINT:#}", ended.log.display()));
    }
    lines
}

fn became(cause: Cause) -> &'static str {
    match cause {
        Cause::Completed => "is completed",
        Cause::Failed => "failed",
        Cause::Blocked => "is blocked",
        Cause::Cancelled => "was cancelled",
        Cause::Interrupted => "was interrupted",
        Cause::Foreign => "is in somebody else's hands",
        Cause::LeftOut => "is not part of this run",
    }
}

fn stopping(stage: Stage) -> &'static str {
    match stage {
        Stage::Drain => "nothing new starts; running agents finish (again: end them)",
        Stage::End => "ending the running agents; their tasks become pending again (again: kill them)",
        Stage::Kill => "killing the running agents",
    }
}

fn ended(summary: &Summary) -> Vec<String> {
    let (style, word) = match summary.verdict {
        Verdict::Completed => (GOOD, "completed"),
        Verdict::Failed => (BAD, "failed"),
        Verdict::Blocked => (ODD, "blocked"),
        Verdict::Interrupted { .. } => (ODD, "interrupted"),
    };
    let cost = summary.cost_usd.map_or_else(String::new, |cost| format!(", ${cost:.2}"));
    let mut lines = vec![format!(
        "{style}{word}{style:#}: {} of {} tasks completed, {} of them in this run, in {}{cost}",
        summary.completed,
        summary.total,
        summary.done_now,
        short(summary.duration)
    )];
    let lists = [
        ("failed", &summary.failed),
        ("blocked", &summary.blocked),
        ("not run", &summary.not_run),
        ("left alone", &summary.foreign),
        ("still to do", &summary.interrupted),
    ];
    for (word, tasks) in lists.into_iter().filter(|(_, tasks)| !tasks.is_empty()) {
        let ids: Vec<_> = tasks.iter().map(|task| clean(task.as_str())).collect();
        lines.push(format!("  {word}: {}", fit(&ids.join(", "), SAYING)));
    }
    if summary.completed > 0 {
        lines.push(format!("  the work is on branch {}", summary.integration));
    }
    lines
}
