//! What was estimated, and what it took. Agents are faster than people by orders of magnitude, so the scale is one of magnitudes.

use maud::{Markup, html};

use super::super::words::{accuracy, factor, took};
use super::super::{Recap, TaskRecap};
use super::track::{HEIGHT, Row, across, row, scale};
use super::{said, task_link};

/// What is written at the scale, and how long that is in milliseconds.
const MARKS: [(&str, u64); 13] = [
    ("0.1s", 100),
    ("1s", 1_000),
    ("10s", 10_000),
    ("1m", 60_000),
    ("10m", 600_000),
    ("30m", 1_800_000),
    ("1h", 3_600_000),
    ("4h", 14_400_000),
    ("1d", 86_400_000),
    ("4d", 345_600_000),
    ("2w", 1_209_600_000),
    ("2mo", 5_184_000_000),
    ("1y", 31_536_000_000),
];

/// A task of which both are known, in milliseconds.
struct Pair<'a> {
    id: &'a str,
    estimate: u64,
    took: u64,
    ratio: f64,
}

pub(super) fn estimates(recap: &Recap) -> Markup {
    let Some(found) = &recap.accuracy else { return html! {} };
    let pair = |task: &TaskRecap| Some((task.estimate_ms?, task.took_ms?, task.ratio?));
    let pairs = recap.tasks.iter().filter_map(|task| {
        let (estimate, took, ratio) = pair(task)?;
        Some(Pair { id: &task.id, estimate, took, ratio })
    });
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort_by(|one, other| other.ratio.total_cmp(&one.ratio));
    let scale_of = Scale::of(&pairs);
    html! {
        section #estimates {
            h2 { "Estimates" }
            p.lead { (accuracy(found)) }
            ul.legend {
                li { span.ring {} "estimated" }
                li { span.point {} "what it took, attempts and gates together" }
            }
            ol.chart {
                (scale(scale_of.marks()))
                @for pair in &pairs {
                    (row(&Row {
                        label: task_link(recap, pair.id),
                        picture: picture(pair, &scale_of),
                        says: format!("{}: estimated at {}, took {}", said(pair.id), took(pair.estimate), took(pair.took)),
                        figure: factor(pair.ratio),
                    }))
                }
            }
        }
    }
}

fn picture(pair: &Pair<'_>, scale: &Scale) -> Markup {
    let (estimate, actual) = (across(scale.at(pair.estimate)), across(scale.at(pair.took)));
    let middle = HEIGHT / 2;
    let class = if pair.ratio > 1.05 { "span over" } else { "span" };
    html! {
        @for (at, _) in scale.marks() { line.tick x1=(across(at)) x2=(across(at)) y1="0" y2=(HEIGHT) {} }
        line class=(class) x1=(estimate) x2=(actual) y1=(middle) y2=(middle) {}
        circle.ring cx=(estimate) cy=(middle) r="5" { title { "estimated at " (took(pair.estimate)) } }
        circle.point cx=(actual) cy=(middle) r="5" { title { "took " (took(pair.took)) } }
    }
}

/// By magnitudes, in percent of the width; some room is left at both ends.
struct Scale {
    from: f64,
    to: f64,
}

impl Scale {
    fn of(pairs: &[Pair<'_>]) -> Self {
        let all = || pairs.iter().flat_map(|pair| [pair.estimate, pair.took]).map(magnitude);
        let (from, to) = (all().fold(f64::MAX, f64::min), all().fold(f64::MIN, f64::max));
        Self { from, to: to.max(from + 1.0) }
    }

    fn at(&self, ms: u64) -> f64 {
        4.0 + 92.0 * (magnitude(ms) - self.from) / (self.to - self.from)
    }

    fn marks(&self) -> Vec<(f64, &'static str)> {
        let mut marks = Vec::<(f64, &'static str)>::new();
        for (label, ms) in MARKS {
            let at = self.at(ms);
            if (0.0..=100.0).contains(&at) && marks.last().is_none_or(|(last, _)| at - last > 9.0) {
                marks.push((at, label));
            }
        }
        marks
    }
}

#[expect(clippy::cast_precision_loss, reason = "a place on a scale of magnitudes")]
fn magnitude(ms: u64) -> f64 {
    (ms.max(1) as f64).ln()
}
