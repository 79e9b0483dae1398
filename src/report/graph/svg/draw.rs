//! The picture itself.

use std::collections::HashSet;
use std::fmt::Write;

use maud::{Markup, html};
use unicode_width::UnicodeWidthStr;

use super::net::{End, Net};
use super::place::{Places, Point, Size, task_of};
use crate::genesis::Status;
use crate::plan::{Plan, Task, TaskIndex};
use crate::report::text::{clean, fit, short};

/// Around everything.
const MARGIN: f64 = 16.0;
/// For the names of the levels, above everything.
const TOP: f64 = 34.0;
/// For what the colours mean, below everything.
const BOTTOM: f64 = 44.0;
/// One letter of an id: they are written in letters of one width.
const LETTER: f64 = 7.3;
/// So many columns of an id are shown.
const WIDEST: usize = 30;
/// So few of them make room for a name.
const NARROWEST: usize = 20;

/// The picture of a plan, with `head` in it before anything is drawn.
pub(in crate::report) fn picture(plan: &Plan, head: &Markup) -> Markup {
    let task = task_size(plan);
    let net = Net::of(plan);
    let places = Places::of(plan, &net, task);
    let width = (places.size.width + 2.0 * MARGIN).max(LEGEND + 2.0 * MARGIN);
    let height = places.size.height + TOP + BOTTOM;
    let critical = plan.critical_path();
    let on_path = critical_arrows(&critical, &net);
    let title = format!("The {} tasks of {}, and what each needs", plan.len(), clean(&plan.project));
    html! {
        svg.plan-graph xmlns="http://www.w3.org/2000/svg" width=(px(width)) height=(px(height))
            viewBox=(format!("0 0 {} {}", px(width), px(height))) role="img" aria-label=(title)
            style=(format!("--width: {}px", px(width))) {
            title { (title) }
            (head)
            (heads())
            rect.ground width=(px(width)) height=(px(height)) {}
            @for (level, middle) in places.levels.iter().enumerate() {
                (column(level, *middle, task, height))
            }
            g transform=(format!("translate({MARGIN} {TOP})")) {
                // The critical path lies above the others.
                @for is_critical in [false, true] {
                    @for (from, to, way) in &places.arrows {
                        @if on_path.contains(&(*from, *to)) == is_critical {
                            (arrow(&places.routed(*from, *to, way, task), is_critical, *to))
                        }
                    }
                }
                @for (index, one) in plan.tasks() {
                    (node(one, places.tasks[index.0], task, critical.contains(&index)))
                }
            }
            g transform=(format!("translate({MARGIN} {})", px(height - 22.0))) { (legend()) }
        }
    }
}

/// All are of one size: that of the longest id.
fn task_size(plan: &Plan) -> Size {
    let columns = plan.tasks().map(|(_, task)| clean(task.id.as_str()).width()).max().unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "at most 30")]
    let columns = columns.clamp(NARROWEST, WIDEST) as f64;
    Size { width: columns * LETTER + 40.0, height: 46.0 }
}

/// Of the arrows: one that is drawn in the colour of the way that it ends.
fn heads() -> Markup {
    html! {
        defs {
            @for (id, class) in [("plan-graph-tip", "tip"), ("plan-graph-critical-tip", "tip critical")] {
                marker id=(id) viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"
                    markerUnits="userSpaceOnUse" {
                    path class=(class) d="M0 0 8 4 0 8Z" {}
                }
            }
        }
    }
}

fn column(level: usize, middle: f64, task: Size, height: f64) -> Markup {
    let x = middle + MARGIN;
    html! {
        @if level.is_multiple_of(2) {
            rect.level x=(px(x - task.width / 2.0 - 8.0)) y="0" width=(px(task.width + 16.0)) height=(px(height - BOTTOM + 8.0)) {}
        }
        text.level-name x=(px(x)) y="20" { "level " (level) }
    }
}

/// The arrows of the critical path, straight ones and those through a knot.
fn critical_arrows(critical: &[TaskIndex], net: &Net) -> HashSet<(End, End)> {
    let all: HashSet<_> = net.arrows.iter().copied().collect();
    let mut found = HashSet::new();
    for pair in critical.windows(2) {
        let &[from, to] = pair else { continue };
        let (from, to) = (End::Task(from), End::Task(to));
        let knots = (0..net.knots.len()).map(End::Knot);
        let ways = knots.map(|knot| [(from, knot), (knot, to)]).chain([[(from, to), (from, to)]]);
        found.extend(ways.filter(|way| way.iter().all(|arrow| all.contains(arrow))).flatten());
    }
    found
}

fn arrow(way: &[Point], critical: bool, to: End) -> Markup {
    let class = if critical { "arrow critical" } else { "arrow" };
    let tip = if critical { "url(#plan-graph-critical-tip)" } else { "url(#plan-graph-tip)" };
    let tip = task_of(to).map(|_| tip);
    html! { path class=(class) d=(curve(way)) marker-end=[tip] {} }
}

/// A way through all points that leaves and comes in level.
fn curve(way: &[Point]) -> String {
    let mut path = String::new();
    for (at, (x, y)) in way.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| way.get(before));
        let _ = match before {
            None => write!(path, "M{} {}", px(*x), px(*y)),
            Some((_, y0)) if (y0 - y).abs() < 0.05 => write!(path, "H{}", px(*x)),
            Some((x0, y0)) => {
                let middle = px(f64::midpoint(*x0, *x));
                write!(path, "C{middle} {} {middle} {} {} {}", px(*y0), px(*y), px(*x), px(*y))
            }
        };
    }
    path
}

fn node(task: &Task, (x, y): Point, size: Size, critical: bool) -> Markup {
    let class = format!("node {}{}", task.status, if critical { " critical" } else { "" });
    let place = format!("translate({} {})", px(x - size.width / 2.0), px(y - size.height / 2.0));
    let (id, name) = (clean(task.id.as_str()), clean(&task.name));
    let estimate =
        task.estimate.map(|estimate| format!(", estimated at {}", short(estimate))).unwrap_or_default();
    let (width, height) = (px(size.width), px(size.height));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred pixels")]
    let columns = ((size.width - 40.0) / 6.4) as usize;
    html! {
        g class=(class) transform=(place) {
            title { (id) ": " (name) " (" (task.status) (estimate) ")" }
            rect.box width=(width) height=(height) rx="7" {}
            (mark(task.status))
            svg x="30" width=(px(size.width - 36.0)) height=(height) {
                text.id y="19" { (fit(&id, WIDEST)) }
                text.name y="36" { (fit(&name, columns)) }
            }
        }
    }
}

/// The state as a sign too: not everybody can tell the colours apart.
fn mark(status: Status) -> Markup {
    let sign = match status {
        Status::Pending => html! { circle.line cx="16" cy="23" r="5.5" {} },
        Status::InProgress => {
            html! { circle.line cx="16" cy="23" r="5.5" {} path.full d="M16 17.5a5.5 5.5 0 0 1 0 11Z" {} }
        }
        Status::Completed => html! { path.line d="M10.5 23.5 14.5 27.5 22 18.5" {} },
        Status::Failed => html! { path.line d="M11 18 21 28M21 18 11 28" {} },
        Status::Blocked => html! { path.line d="M16 16.5v8M16 28.4v.6" {} },
        Status::Cancelled => html! { path.line d="M10.5 23h11" {} },
    };
    html! { g.mark { (sign) } }
}

/// How wide all of that is.
const LEGEND: f64 = 740.0;

/// What signs and colours mean.
fn legend() -> Markup {
    html! {
        g.legend {
            @for (at, status) in (0_u8..).zip(Status::ALL) {
                g class=(format!("node {status}")) transform=(format!("translate({} -23)", f64::from(at) * 100.0 - 8.0)) {
                    (mark(status))
                    text.name x="28" y="27" { (status) }
                }
            }
            path.arrow.critical d="M612 0h28" marker-end="url(#plan-graph-critical-tip)" {}
            text.name x="648" y="4" { "critical path" }
        }
    }
}

/// Without digits that nobody can see.
fn px(length: f64) -> String {
    let text = format!("{length:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}
