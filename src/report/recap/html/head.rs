//! The first thing one sees: what it is, how far it has come, and its figures.

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::super::words::{self, count, percent, took};
use super::super::{ChangeSize, Recap};
use super::said;
use super::track::across;
use crate::genesis::Status;
use crate::report::spent::dollars;

/// In this order from left to right: what is done first.
const ORDER: [Status; 6] = [
    Status::Completed,
    Status::InProgress,
    Status::Blocked,
    Status::Failed,
    Status::Cancelled,
    Status::Pending,
];

pub(super) fn head(recap: &Recap, zone: &TimeZone) -> Markup {
    html! {
        header {
            p.epic { "Plan " (said(&recap.plan.epic)) @if let Some(status) = recap.plan.status { " · " (status.as_str()) } @if recap.summary.live { " · a run is under way" } }
            h1 { (said(&recap.plan.project)) }
            @if let Some(problem) = &recap.plan.problem { p.problem { (said(problem)) } }
            (progress(recap))
            (figures(recap))
            (when(recap, zone))
        }
    }
}

fn counted(recap: &Recap) -> Vec<(Status, usize)> {
    let number = |status| recap.tasks.iter().filter(|task| task.status == status).count();
    ORDER.into_iter().map(|status| (status, number(status))).filter(|(_, number)| *number > 0).collect()
}

fn progress(recap: &Recap) -> Markup {
    let counted = counted(recap);
    let total: usize = counted.iter().map(|(_, number)| number).sum();
    let mut left = 0;
    let pieces: Vec<_> = counted
        .iter()
        .map(|(status, number)| {
            let piece = (*status, share(left, total), share(*number, total));
            left += number;
            piece
        })
        .collect();
    let says: Vec<_> =
        counted.iter().map(|(status, number)| format!("{number} {}", words::status(*status))).collect();
    html! {
        svg.progress width="100%" height="14" role="img" aria-label=(says.join(", ")) {
            @for (status, from, width) in pieces {
                rect class=(status) x=(across(from)) width=(across(width)) height="14" {}
            }
        }
        ul.counts {
            @for (status, number) in &counted {
                li class=(status) { span.dot {} b { (number) } " " (words::status(*status)) }
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "percent of tasks")]
fn share(part: usize, all: usize) -> f64 {
    100.0 * part as f64 / all.max(1) as f64
}

fn figures(recap: &Recap) -> Markup {
    let (summary, pace) = (&recap.summary, &recap.pace);
    let done = format!("{} of {}", summary.counts.completed, summary.counts.total);
    let in_vain = summary.unsuccessful;
    html! {
        dl.figures {
            (figure("Completed", &done, &format!("{}\u{a0}%", summary.counts.percent())))
            @if summary.attempts > 0 {
                (figure("Time at work", &took(pace.wall_ms), &format!("{} of agents' work", took(pace.worked_ms))))
                (figure("Attempts", &summary.attempts.to_string(), &format!("{in_vain} without success")))
            }
            @if let Some(cost) = summary.cost_usd {
                (figure("Cost", &dollars(cost), &summary.tokens.map(|tokens| words::tokens(tokens) + " tokens").unwrap_or_default()))
            }
            @if let Some(size) = summary.changed {
                (figure("Changed", &format!("+{} −{}", size.insertions, size.deletions), &changed_in(size, summary.unmeasured)))
            } @else if let Some(unknown) = words::changes(None, summary.unmeasured) {
                (figure("Changed", "?", &unknown))
            }
            @if let (Some(average), Some(efficiency)) = (pace.average, pace.efficiency) {
                (figure("Efficiency", &percent(efficiency), &format!("{average:.1} at once, {} at most", pace.most)))
            }
        }
    }
}

/// Where that was, and of how many tasks it can't be said here.
fn changed_in(size: ChangeSize, unmeasured: usize) -> String {
    let files = format!("in {}", count(size.files, "file", "files"));
    match unmeasured {
        0 => files,
        more => format!("{files}; {} not known", count(more, "task", "tasks")),
    }
}

fn figure(name: &str, value: &str, more: &str) -> Markup {
    html! { div { dt { (name) } dd { b { (value) } small { (more) } } } }
}

fn when(recap: &Recap, zone: &TimeZone) -> Markup {
    let began = recap.summary.began.map(|time| words::moment(time, zone));
    html! {
        @match (began, recap.summary.ended.map(|time| words::moment(time, zone))) {
            (Some(began), Some(ended)) if began == ended => p.when { "On " (began) },
            (Some(began), Some(ended)) => p.when { "From " (began) " to " (ended) },
            (Some(began), None) => p.when { "Since " (began) },
            (None, _) if recap.summary.forgotten > 0 => {},
            (None, _) => p.when { "No task has been tried yet." },
        }
        @if let Some(forgotten) = words::forgotten(recap.summary.forgotten) { p.when { (forgotten) } }
    }
}
