//! What did not work out and stands so still: why, and what leads on.

use maud::{Markup, html};

use super::super::words::{self, count};
use super::super::{Failure, Recap};
use super::{said, task_link, told};
use crate::genesis::Status;
use crate::report::spent::dollars;
use crate::report::text::clean;
use crate::run::call;

pub(super) fn standing(recap: &Recap) -> Markup {
    html! {
        @if !recap.failures.is_empty() {
            section #standing {
                h2 { "What stands still, and why" }
                div.cards { @for failure in &recap.failures { (card(recap, failure)) } }
            }
        }
    }
}

fn card(recap: &Recap, failure: &Failure) -> Markup {
    let name = recap.tasks.iter().find(|task| task.id == failure.task).map(|task| task.name.as_str());
    let outcome = failure.outcome.map_or(words::status(failure.status), |outcome| outcome.sentence());
    html! {
        article class=(format!("card {}", failure.status)) {
            p.state { span.dot {} (outcome) }
            h3 { (task_link(recap, &failure.task)) " " span.name { (said(name.unwrap_or_default())) } }
            @if let Some(question) = &failure.question { (told(question)) }
            @else if let Some(why) = &failure.why { (told(why)) }
            p.facts { (facts(failure)) }
            p.next { code { (next(recap, failure)) } }
        }
    }
}

fn facts(failure: &Failure) -> String {
    let attempts = count(failure.attempts, "attempt", "attempts");
    let cost = failure.cost_usd.map(dollars);
    let waiting =
        (failure.holds_up > 0).then(|| count(failure.holds_up, "task waits for it", "tasks wait for it"));
    [Some(attempts), cost, waiting].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// What leads on.
fn next(recap: &Recap, failure: &Failure) -> String {
    let (verb, rest) = match (failure.status, failure.word_due) {
        (Status::Blocked, Some(word)) => word,
        (Status::Cancelled, _) => ("retry", ""),
        _ => ("explain", ""),
    };
    call(verb, &recap.plan.words, &clean(&failure.task), rest)
}
