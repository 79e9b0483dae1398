//! The plan as a whole, in a few lines.

use std::time::Duration;

use anstyle::{AnsiColor, Effects, Style};

use super::model::{Counts, LiveRun, StatusReport};
use super::reader::Reader;
use super::spent::Spent;
use super::waits::RootCause;
use crate::report::signs::signs;
use crate::report::spent::spent;
use crate::report::text::{assumed, clean, fit, folded, short};
use crate::run::Used;

/// So many root causes are told above the table; all stand in it.
const ROOT_CAUSES: usize = 3;
/// The longest bar, and that on narrow terminals, in columns.
const BAR: usize = 24;
const SHORT_BAR: usize = 10;

/// What there is to say of a plan before its tasks, in lines that fit the reader's terminal where words allow.
pub(in crate::report) fn header(report: &StatusReport, reader: &Reader) -> String {
    let width = reader.width();
    let (bold, plan) = (Style::new().effects(Effects::BOLD), &report.plan);
    let status = plan.status.map_or_else(String::new, |status| format!(" ({status})"));
    let name = folded(&format!("{} / {}", clean(&plan.project), clean(&plan.epic)), "", "", width);
    let mut text = format!("{bold}{}{bold:#}{status}\n", name.trim_end());
    text.push_str(&run(report.run.as_ref(), reader));
    text.push_str(&progress(report.counts, width));
    text.extend(pace(report).map(|line| folded(&line, "", "  ", width)));
    text.extend(report.root_causes.iter().take(ROOT_CAUSES).map(|cause| root_cause(cause, width)));
    text.extend(spent_lines(&report.spent).map(|line| fit(&line, width) + "\n"));
    text
}

fn run(run: Option<&LiveRun>, reader: &Reader) -> String {
    let Some(run) = run else { return String::new() };
    let word = match (run.ending, run.paused) {
        (true, _) => "ending: ",
        (false, true) => "paused: ",
        (false, false) => "",
    };
    let since = reader.time(run.started);
    let line = format!("{word}run {} on {} since {since}", run.pid, clean(&run.host));
    folded(&line, "", "  ", reader.width())
}

fn progress(counts: Counts, width: usize) -> String {
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
    let percent = counts.percent();
    if counts.total == 0 {
        return "no tasks\n".to_owned();
    }
    let bar = bar(counts, if width < 3 * BAR { SHORT_BAR } else { BAR });
    format!("{bar} {percent}%\n") + &folded(&format!("{total}: {}", named.join(", ")), "", "  ", width)
}

/// How far a plan is, in so many columns. Only what is completed fills it.
fn bar(counts: Counts, columns: usize) -> String {
    let [done, tip, left] = signs().bar;
    let (green, faint) = (AnsiColor::Green.on_default(), Style::new().dimmed());
    let filled = (counts.completed * columns).checked_div(counts.total).unwrap_or(columns);
    let has_tip = filled < columns;
    let rest = columns - filled - usize::from(has_tip);
    let tip = if has_tip { tip } else { "" };
    format!("{green}{}{tip}{green:#}{faint}{}{faint:#}", done.repeat(filled), left.repeat(rest))
}

/// Times so far, and to come.
fn pace(report: &StatusReport) -> Option<String> {
    let plan = &report.plan;
    let elapsed = plan.elapsed_ms.map(|ms| format!("at work for {}", short(Duration::from_millis(ms))));
    let assumed = assumed(plan.unestimated).map_or_else(String::new, |assumed| format!(" ({assumed})"));
    let left = Some(plan.remaining_ms).filter(|ms| *ms > 0);
    let left = left.map(|ms| {
        format!("about {} to go along the critical path{assumed}", short(Duration::from_millis(ms)))
    });
    let known: Vec<_> = elapsed.into_iter().chain(left).collect();
    (!known.is_empty()).then(|| known.join(", "))
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

fn root_cause((cause, count): &(RootCause, usize), width: usize) -> String {
    let tasks = if *count == 1 { "task" } else { "tasks" };
    folded(&format!("{count} {tasks} not run because {}", cause.sentence()), "", "  ", width)
}
