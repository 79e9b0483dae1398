//! Who did the work, what it cost, and in which runs.

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::super::words::{self, dash, factor, took};
use super::super::{AgentRecap, Recap, TaskRecap};
use super::track::{Row, bar, row};
use super::{said, task_link};
use crate::agent::Tokens;
use crate::report::spent::dollars;

/// So many tasks have a bar of their own.
const BARS: usize = 15;

pub(super) fn costs(recap: &Recap, zone: &TimeZone) -> Markup {
    html! {
        @if !recap.agents.is_empty() {
            section #work {
                h2 { "Agents and cost" }
                (agents(recap))
                (by_task(recap))
                h3 { "How attempts ended" }
                (outcomes(recap))
                @if !recap.runs.is_empty() { h3 { "Runs" } (runs(recap, zone)) }
            }
        }
    }
}

fn agents(recap: &Recap) -> Markup {
    html! {
        table {
            thead { tr { th { "Agent" } th { "Tasks done" } th { "Attempts" } th { "Time" } th { "Estimates" } th { "Tokens" } th { "Cost" } } }
            tbody { @for agent in &recap.agents { (agent_row(agent)) } }
        }
    }
}

fn agent_row(agent: &AgentRecap) -> Markup {
    let attempts = match agent.unsuccessful {
        0 => agent.attempts.to_string(),
        in_vain => format!("{}, {in_vain} in vain", agent.attempts),
    };
    html! {
        tr {
            th scope="row" { span.task { (said(agent.agent.as_deref().unwrap_or("no agent"))) } " " span.name { "by " (said(&agent.runner)) } }
            (cell("Tasks done", &words::tasks_done(agent)))
            (cell("Attempts", &attempts))
            (cell("Time", &if agent.is_reviewer() { dash() } else { took(agent.took_ms) }))
            (cell("Estimates", &agent.accuracy.map_or_else(dash, |accuracy| factor(accuracy.median_ratio))))
            (cell("Tokens", &tokens(agent.tokens)))
            (cell("Cost", &cost(agent.cost_usd)))
        }
    }
}

fn cell(label: &str, text: &str) -> Markup {
    html! { td data-label=(label) { (text) } }
}

fn cost(cost: Option<f64>) -> String {
    cost.map_or_else(dash, dollars)
}

fn tokens(tokens: Option<Tokens>) -> String {
    tokens.map_or_else(dash, words::tokens)
}

/// The dearest tasks; what of it was spent on attempts that do not count is told apart.
fn by_task(recap: &Recap) -> Markup {
    let mut tasks: Vec<_> = recap
        .tasks
        .iter()
        .filter_map(|task| Some((task, task.cost_usd.filter(|cost| *cost > 0.0)?)))
        .collect();
    tasks.sort_by(|one, other| other.1.total_cmp(&one.1));
    let rest = tasks.split_off(tasks.len().min(BARS));
    let highest = tasks.first().map_or(1.0, |(_, cost)| *cost);
    html! {
        @if !tasks.is_empty() {
            h3 { "Cost of tasks" }
            ul.legend { li { span.swatch.good {} "the attempt that was accepted" } li { span.swatch.redo.faint {} "the attempts before it, and those that came to nothing" } }
            ol.chart { @for (task, cost) in &tasks { (cost_row(recap, task, *cost, highest)) } }
            @if !rest.is_empty() {
                p.facts { "The other " (rest.len()) ": " (dollars(rest.iter().map(|(_, cost)| cost).sum())) }
            }
        }
    }
}

fn cost_row(recap: &Recap, task: &TaskRecap, cost: f64, highest: f64) -> Markup {
    let counts: f64 =
        task.attempts.iter().filter(|attempt| attempt.counts).filter_map(|attempt| attempt.cost_usd).sum();
    let (counts, all) = (100.0 * counts / highest, 100.0 * cost / highest);
    row(&Row {
        label: task_link(recap, &task.id),
        picture: html! {
            @if all - counts > 0.1 { (bar("redo faint", counts, all, None)) }
            @if counts > 0.0 { (bar("good", 0.0, counts, None)) }
        },
        says: format!("{}: {}", said(&task.id), dollars(cost)),
        figure: dollars(cost),
    })
}

fn outcomes(recap: &Recap) -> Markup {
    html! {
        table.narrow {
            thead { tr { th { "The attempt" } th { "How often" } th { "Cost" } } }
            tbody {
                @for count in &recap.outcomes {
                    tr {
                        th scope="row" { (count.outcome.sentence()) }
                        (cell("How often", &count.attempts.to_string()))
                        (cell("Cost", &cost(count.cost_usd)))
                    }
                }
            }
        }
    }
}

fn runs(recap: &Recap, zone: &TimeZone) -> Markup {
    html! {
        table {
            thead { tr { th { "Began" } th { "On" } th { "Took" } th { "Attempts" } th { "Exit code" } th { "Tokens" } th { "Cost" } } }
            tbody {
                @for run in &recap.runs {
                    @let ms = run.ended.unwrap_or(recap.made).as_millisecond() - run.started.as_millisecond();
                    tr {
                        th scope="row" { (words::moment(run.started, zone)) }
                        (cell("On", &said(&run.host)))
                        (cell("Took", &took(u64::try_from(ms).unwrap_or(0))))
                        (cell("Attempts", &run.attempts.to_string()))
                        (cell("Exit code", &run.exit.map_or_else(dash, |exit| exit.to_string())))
                        (cell("Tokens", &tokens(run.tokens)))
                        (cell("Cost", &cost(run.cost_usd)))
                    }
                }
            }
        }
    }
}
