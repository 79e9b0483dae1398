//! A row of a chart: whose it is, a picture that is as wide as there is room, and a figure.

use maud::{Markup, html};

/// One row.
pub(super) struct Row {
    pub(super) label: Markup,
    /// What is in the picture; places across are in percent.
    pub(super) picture: Markup,
    /// For those who don't see it.
    pub(super) says: String,
    pub(super) figure: String,
}

/// How high the picture of a row is, in pixels.
pub(super) const HEIGHT: u8 = 22;

/// The row, as HTML.
pub(super) fn row(row: &Row) -> Markup {
    html! {
        li.row {
            span.label { (row.label) }
            svg.track width="100%" height=(HEIGHT) role="img" aria-label=(row.says) { (row.picture) }
            span.figure { (row.figure) }
        }
    }
}

/// A place or length across.
pub(super) fn across(percent: f64) -> String {
    format!("{percent:.2}%")
}

/// Something from one place to another, never so short that it can't be seen.
pub(super) fn bar(class: &str, from: f64, to: f64, says: Option<&str>) -> Markup {
    let width = (to - from).max(0.5);
    let from = from.min(100.0 - width).max(0.0);
    html! {
        rect class=(class) x=(across(from)) width=(across(width)) y="4" height="14" rx="2.5" {
            @if let Some(says) = says { title { (says) } }
        }
    }
}

/// Labels above the rows, at their places.
pub(super) fn scale<'a>(labels: impl IntoIterator<Item = (f64, &'a str)>) -> Markup {
    html! {
        li.row.scale aria-hidden="true" {
            span.label {}
            svg.track width="100%" height="18" {
                @for (at, label) in labels {
                    text x=(across(at)) y="12" text-anchor=(anchor(at)) { (label) }
                }
            }
            span.figure {}
        }
    }
}

/// At the edges it would be cut off.
fn anchor(at: f64) -> &'static str {
    match at {
        _ if at < 6.0 => "start",
        _ if at > 94.0 => "end",
        _ => "middle",
    }
}
