//! What the gates said: a square each time, and a curve of what they measured.

use maud::{Markup, html};

use super::super::words::{bounds, figure};
use super::super::{GatePass, GateRecap, GateTry, Recap};
use super::said;
use super::track::across;

/// How high a curve is, in pixels, and the room above and below it.
const HEIGHT: f64 = 132.0;
const ROOM: f64 = 22.0;
/// With more points, their values are not written at them.
const WRITTEN: usize = 14;

pub(super) fn gates(recap: &Recap) -> Markup {
    html! {
        @if !recap.gates.is_empty() {
            section #gates {
                h2 { "Gates" }
                p.lead { "What work had to pass before it was merged, each time that it was tried." }
                div.cards { @for gate in &recap.gates { (card(gate)) } }
            }
        }
    }
}

fn card(gate: &GateRecap) -> Markup {
    let last = gate.tries.iter().rev().find_map(|one| bounds(one.pass.at_least, one.pass.at_most));
    html! {
        article.card.gate {
            h3 { span.task { (said(&gate.gate)) } @if let Some(last) = last { " " span.name { (last) } } }
            p.facts { (gate.passed) " of " (gate.passed + gate.failed) " passed" }
            div.tries aria-hidden="true" {
                @for one in &gate.tries { span class=(if one.pass.passed { "good" } else { "bad" }) title=(label(one)) {} }
            }
            @if gate.measures { (curve(gate)) (ways(gate)) }
        }
    }
}

fn label(one: &GateTry) -> String {
    let value = one.pass.value.map(|value| format!(": {}", figure(value))).unwrap_or_default();
    format!("{}, attempt {}{value}", said(&one.task), one.attempt)
}

/// What was measured, in the order of time; the values of one task are joined.
fn curve(gate: &GateRecap) -> Markup {
    let points: Vec<_> = gate.tries.iter().filter(|one| one.pass.value.is_some()).collect();
    let scale = Scale::of(&points);
    let says = format!("{} values of {}", points.len(), said(&gate.gate));
    html! {
        svg.curve width="100%" height=(HEIGHT) role="img" aria-label=(says) {
            @for bound in scale.bounds.iter() {
                line.bound x1="0%" x2="100%" y1=(scale.down(*bound)) y2=(scale.down(*bound)) {}
                text.bound x="100%" y=(format!("{:.1}", scale.height(*bound) - 5.0)) text-anchor="end" { (figure(*bound)) }
            }
            @for (at, one) in points.iter().enumerate() {
                @if let Some(before) = points.iter().take(at).rposition(|other| other.task == one.task) {
                    line.way x1=(scale.along(before)) y1=(scale.down_of(points[before])) x2=(scale.along(at)) y2=(scale.down_of(one)) {}
                }
            }
            @for (at, one) in points.iter().enumerate() {
                @let class = if one.pass.passed { "good" } else { "bad" };
                circle class=(class) cx=(scale.along(at)) cy=(scale.down_of(one)) r="4.5" { title { (label(one)) } }
                @if points.len() <= WRITTEN {
                    text x=(scale.along(at)) y=(format!("{:.1}", scale.height(value(one)) - 9.0)) text-anchor="middle" { (figure(value(one))) }
                }
            }
        }
    }
}

/// In words, of the tasks that were measured more than once: `62 → 71 → 84`.
fn ways(gate: &GateRecap) -> Markup {
    let mut ways = Vec::<(&str, Vec<&GatePass>)>::new();
    for one in gate.tries.iter().filter(|one| one.pass.value.is_some()) {
        match ways.iter_mut().find(|(task, _)| *task == one.task) {
            Some((_, way)) => way.push(&one.pass),
            None => ways.push((&one.task, vec![&one.pass])),
        }
    }
    html! {
        ul.ways {
            @for (task, way) in ways.iter().filter(|(_, way)| way.len() > 1) {
                li {
                    span.task { (said(task)) } " "
                    @for (at, pass) in way.iter().enumerate() {
                        @if at > 0 { " → " }
                        span class=(if pass.passed { "good" } else { "bad" }) { (figure(pass.value.unwrap_or_default())) }
                    }
                }
            }
        }
    }
}

fn value(one: &GateTry) -> f64 {
    one.pass.value.unwrap_or_default()
}

/// Where points are.
struct Scale {
    count: usize,
    low: f64,
    high: f64,
    /// All that values were held against.
    bounds: Vec<f64>,
}

impl Scale {
    fn of(points: &[&GateTry]) -> Self {
        let mut bounds: Vec<_> =
            points.iter().flat_map(|one| one.pass.at_least.into_iter().chain(one.pass.at_most)).collect();
        bounds.sort_by(f64::total_cmp);
        bounds.dedup();
        let all = || {
            points
                .iter()
                .map(|one| value(one))
                .chain(bounds.iter().copied())
                .filter(|value| value.is_finite())
        };
        let (low, high) = (all().fold(f64::MAX, f64::min), all().fold(f64::MIN, f64::max));
        Self { count: points.len(), low, high, bounds }
    }

    #[expect(clippy::cast_precision_loss, reason = "places of points")]
    fn along(&self, at: usize) -> String {
        across(5.0 + 90.0 * (at as f64 + 0.5) / self.count.max(1) as f64)
    }

    fn height(&self, value: f64) -> f64 {
        // Halves, so that the difference of the largest numbers is one, too.
        let share = (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        let share = if share.is_finite() { share } else { 0.5 };
        HEIGHT - ROOM - share * (HEIGHT - 2.0 * ROOM)
    }

    fn down(&self, value: f64) -> String {
        format!("{:.1}", self.height(value))
    }

    fn down_of(&self, one: &GateTry) -> String {
        self.down(value(one))
    }
}
