//! What was done when: a row a task, its attempts from left to right.

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::super::axis::Axis;
use super::super::kind::Kind;
use super::super::words::{attempt_ended, count, percent, took};
use super::super::{AttemptRecap, Recap, TaskRecap};
use super::track::{Row, across, bar, row, scale};
use super::{said, task_link};

pub(super) fn timeline(recap: &Recap, zone: &TimeZone) -> Markup {
    let Some(axis) = Axis::of(recap) else { return html! {} };
    let mut tasks: Vec<_> = recap.tasks.iter().filter(|task| !task.attempts.is_empty()).collect();
    tasks.sort_by_key(|task| task.attempts.first().map(|attempt| attempt.began));
    let ticks = axis.ticks(zone);
    html! {
        section #timeline {
            h2 { "Timeline" }
            p.lead { (sentence(recap)) }
            (legend(recap))
            ol.chart {
                (scale(ticks.iter().map(|tick| (tick.at, tick.label.as_str()))))
                @for task in tasks {
                    (row(&Row {
                        label: task_link(recap, &task.id),
                        picture: html! { (ground(&axis, ticks.iter().map(|tick| tick.at))) (attempts(task, &axis, recap)) },
                        says: says(task),
                        figure: task.took_ms.map(took).unwrap_or_default(),
                    }))
                }
            }
        }
    }
}

fn sentence(recap: &Recap) -> String {
    let pace = &recap.pace;
    let (Some(average), Some(efficiency)) = (pace.average, pace.efficiency) else { return String::new() };
    let chain = count(pace.longest_chain.len(), "task", "tasks");
    format!(
        "{} of work were done in {}: {average:.1} at once on average, {} at most. The chain that took longest, of {chain}, took {}: no number of \
         agents could have been faster, and that is {} of the time that it all took.",
        took(pace.worked_ms),
        took(pace.wall_ms),
        pace.most,
        took(pace.longest_chain_ms),
        percent(efficiency)
    )
}

/// Of what is there.
fn legend(recap: &Recap) -> Markup {
    let all = || recap.tasks.iter().flat_map(|task| &task.attempts);
    let kinds = Kind::ALL.into_iter().filter(|kind| all().any(|attempt| Kind::of(attempt) == *kind));
    html! {
        ul.legend {
            @for kind in kinds { li { span class=(format!("swatch {}", class(kind))) {} (kind.says()) } }
            @if all().any(|attempt| !attempt.gates.is_empty()) { li { span.swatch.good.faint {} "its gates" } }
        }
    }
}

/// How an attempt is coloured.
fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Done => "good",
        Kind::SentBack => "redo",
        Kind::Failed => "bad",
        Kind::Waits => "waits",
        Kind::Open => "other",
    }
}

fn ground(axis: &Axis, ticks: impl Iterator<Item = f64>) -> Markup {
    html! {
        @for at in ticks { line.tick x1=(across(at)) x2=(across(at)) y1="0" y2="22" {} }
        @for (from, to) in axis.gaps() { rect.gap x=(across(from)) width=(across(to - from)) height="22" {} }
    }
}

fn attempts(task: &TaskRecap, axis: &Axis, recap: &Recap) -> Markup {
    html! {
        @for attempt in &task.attempts {
            @let (from, to) = (axis.at(attempt.began), axis.at(attempt.ended.unwrap_or(recap.made)));
            @let gated = attempt.agent_ended.filter(|_| !attempt.gates.is_empty());
            @let agent = gated.map_or(to, |ended| axis.at(ended).min(to));
            @let says = format!("attempt {} {}, {}", attempt.attempt, attempt_ended(attempt), took(attempt.took_ms));
            @if to - agent > 0.2 { (bar(&format!("{} faint", class(Kind::of(attempt))), agent, to, Some(&says))) }
            (bar(class(Kind::of(attempt)), from, agent, Some(&says)))
        }
    }
}

fn says(task: &TaskRecap) -> String {
    let one = |attempt: &AttemptRecap| format!("attempt {} {}", attempt.attempt, attempt_ended(attempt));
    let attempts: Vec<_> = task.attempts.iter().map(one).collect();
    format!("{}: {}", said(&task.id), attempts.join(", "))
}
