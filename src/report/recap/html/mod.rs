//! The recap as one page: no network, no script, readable on a phone and on paper, in the light and in the dark.
//!
//! What strangers wrote (plan, agents, gates) comes in through [`said`] or [`told`], and `maud` escapes it. Should anything get past both,
//! the page's own policy forbids every script, and everything from elsewhere.

mod costs;
mod estimates;
mod gates;
mod head;
mod knowledge;
mod standing;
mod tasks;
mod timeline;
mod track;

use jiff::tz::TimeZone;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Recap;
use super::words;
use crate::plan::Plan;
use crate::report::graph::{PICTURE_STYLE, picture};
use crate::report::text::{clean, clean_lines};

/// What the page looks like.
const STYLE: &str = include_str!("style.css");
/// Nothing is loaded and nothing is run.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
/// A picture of more tasks is too large to be looked at, and to be sent around.
const PICTURED: usize = 400;
/// So much of a text (in characters) is shown.
const LONGEST: usize = 4_000;

/// The recap as a page; times are those of `zone`.
pub fn html(recap: &Recap, plan: &Plan, zone: &TimeZone) -> String {
    let title = format!("{}: report", clean(&recap.plan.project));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(STYLE)) (PreEscaped(PICTURE_STYLE)) }
            }
            body { (body(recap, plan, zone)) }
        }
    };
    page.into_string() + "\n"
}

fn body(recap: &Recap, plan: &Plan, zone: &TimeZone) -> Markup {
    html! {
        (head::head(recap, zone))
        main {
            (standing::standing(recap))
            (timeline::timeline(recap, zone))
            (estimates::estimates(recap))
            (graph(recap, plan))
            (gates::gates(recap))
            (costs::costs(recap, zone))
            (knowledge::knowledge(recap, zone))
            (tasks::tasks(recap))
        }
        footer {
            p { "Made by blueprint on " (words::moment(recap.made, zone)) " from " code { (said(&recap.plan.genesis.display().to_string())) } "." }
        }
    }
}

fn graph(recap: &Recap, plan: &Plan) -> Markup {
    let text = "Every task with its state. What others imply is left out; the critical path is the longest by its estimates.";
    html! {
        @if !plan.is_empty() {
            section #plan {
                h2 { "Plan" }
                @if plan.len() <= PICTURED {
                    p.lead { (text) }
                    // It can be scrolled, so it can be reached without a mouse.
                    div.wide tabindex="0" role="group" aria-label="The plan's graph" { (picture(plan, &html! {})) }
                } @else {
                    p.lead { "It has " (recap.tasks.len()) " tasks: " code { "blueprint graph --format svg" } " draws them." }
                }
            }
        }
    }
}

/// A stranger's word, in one line.
fn said(text: &str) -> String {
    cut(clean(text))
}

/// A stranger's words, their lines kept.
fn told(text: &str) -> Markup {
    html! { div.told { (cut(clean_lines(text.trim()))) } }
}

fn cut(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + " …",
        None => text,
    }
}

/// A link to what the page has of a task, by its place in the plan: an id may be anything.
fn task_link(recap: &Recap, id: &str) -> Markup {
    let at = recap.tasks.iter().position(|task| task.id == id);
    html! {
        @match at {
            Some(at) => a.task href=(format!("#task-{at}")) { (said(id)) },
            None => span.task { (said(id)) },
        }
    }
}
