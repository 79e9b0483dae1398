//! Each task with its whole story, folded up.

use maud::{Markup, html};

use super::super::words::{self, attempt_ended, bounds, change, figure, took};
use super::super::{AttemptRecap, GatePass, Recap, TaskRecap};
use super::{said, task_link, told};
use crate::report::spent::dollars;
use crate::run::Because;

pub(super) fn tasks(recap: &Recap) -> Markup {
    html! {
        section #tasks {
            h2 { "Tasks" }
            @if recap.tasks.is_empty() { p.lead { "The plan has none." } }
            @for (at, task) in recap.tasks.iter().enumerate() { (one(recap, at, task)) }
        }
    }
}

fn one(recap: &Recap, at: usize, task: &TaskRecap) -> Markup {
    html! {
        details id=(format!("task-{at}")) class=(format!("task-story {}", task.status)) {
            summary {
                span.state { span.dot {} (words::status(task.status)) }
                span.title { span.task { (said(&task.id)) } " " span.name { (said(&task.name)) } }
                span.facts { (facts(task)) }
            }
            div.story {
                @if let Some(summary) = &task.summary { (told(summary)) }
                @if let Some(notes) = &task.notes { (told(notes)) }
                @if !task.deliverables.is_empty() { ul { @for made in &task.deliverables { li { (said(made)) } } } }
                (plan_facts(recap, task))
                @if !task.attempts.is_empty() { ol.attempts { @for attempt in &task.attempts { (story(attempt)) } } }
            }
        }
    }
}

fn facts(task: &TaskRecap) -> String {
    let unmeasured = task.unmeasured.then(|| "size of the change not known".to_owned());
    let facts = [task.took_ms.map(took), task.cost_usd.map(dollars), task.changed.map(change), unmeasured];
    facts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn plan_facts(recap: &Recap, task: &TaskRecap) -> Markup {
    html! {
        p.facts {
            "level " (task.level)
            @if task.critical { " · on the critical path" }
            @if let Some(agent) = &task.agent { " · for " (said(agent)) }
            @if let Some(estimate) = task.estimate_ms { " · estimated at " (took(estimate)) }
            @for (at, need) in task.needs.iter().enumerate() {
                (if at == 0 { " · needs " } else { ", " }) (task_link(recap, need))
            }
        }
    }
}

fn story(attempt: &AttemptRecap) -> Markup {
    let class = if attempt.counts { "accepted" } else { "passed-over" };
    html! {
        li class=(class) value=(attempt.attempt) {
            p {
                "Attempt " (attempt.attempt) " " b { (attempt_ended(attempt)) }
                @if let Some(why) = attempt.goes_on.map(goes_on) { " · " (why) }
                @if let Some(other) = attempt.resolves { " · resolves the conflict of attempt " (other) }
            }
            p.facts { (attempt_facts(attempt)) }
            @if !attempt.gates.is_empty() { ul.passes { @for pass in &attempt.gates { (gate(pass)) } } }
            @if let Some(detail) = attempt.detail.as_ref().or(attempt.summary.as_ref().filter(|_| !attempt.counts)) { (told(detail)) }
        }
    }
}

fn goes_on(because: Because) -> &'static str {
    match because {
        Because::Answer => "goes on with the answer",
        Because::Findings => "goes on with what a gate found",
        Because::Retry => "goes on after an end that was not its fault",
    }
}

fn attempt_facts(attempt: &AttemptRecap) -> String {
    let who = attempt.agent.as_deref().map(said);
    let tokens = attempt.tokens.map(|tokens| words::tokens(tokens) + " tokens");
    let by = Some(format!("by {}", said(&attempt.runner)));
    [who, by, Some(took(attempt.took_ms)), attempt.cost_usd.map(dollars), tokens]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ")
}

fn gate(pass: &GatePass) -> Markup {
    let value = pass.value.map(|value| format!(" {}", figure(value))).unwrap_or_default();
    let bound =
        bounds(pass.at_least, pass.at_most).filter(|_| !pass.passed).map(|bound| format!(" ({bound})"));
    html! {
        li class=(if pass.passed { "good" } else { "bad" }) title=[pass.detail.as_deref().map(said)] {
            (if pass.passed { "passed" } else { "not passed:" }) " " (said(&pass.gate)) (value) (bound.unwrap_or_default())
        }
    }
}
