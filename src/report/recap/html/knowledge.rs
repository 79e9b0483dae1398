//! What was decided, asked and learnt.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::super::words::moment;
use super::super::{AnswerRecap, Insight, Recap};
use super::{said, task_link, told};

pub(super) fn knowledge(recap: &Recap, zone: &TimeZone) -> Markup {
    html! {
        @if !recap.decisions.is_empty() {
            section #decisions { h2 { "Decisions" } div.cards { @for one in &recap.decisions { (insight(recap, one, zone)) } } }
        }
        @if !recap.questions.is_empty() {
            section #questions { h2 { "Questions and answers" } div.cards { @for one in &recap.questions { (question(recap, one, zone)) } } }
        }
        @if !recap.learnings.is_empty() {
            section #learnings { h2 { "Learnings" } div.cards { @for one in &recap.learnings { (insight(recap, one, zone)) } } }
        }
    }
}

fn insight(recap: &Recap, insight: &Insight, zone: &TimeZone) -> Markup {
    html! {
        article.card {
            h3 { (said(&insight.title)) }
            @match insight.texts.as_slice() {
                // A decision: what made it necessary, what it is, and why.
                [context, decision, rationale] => { div.soft { (told(context)) } b { (told(decision)) } (told(rationale)) },
                texts => @for text in texts { (told(text)) },
            }
            p.facts {
                @match &insight.task {
                    Some(task) => { (task_link(recap, task)) " " (by(insight.by.as_deref(), insight.at, zone)) },
                    None => "from the plan",
                }
                @if !matches!(insight.kind.as_str(), "decision" | "learning") { " · " (said(&insight.kind)) }
            }
        }
    }
}

fn question(recap: &Recap, one: &AnswerRecap, zone: &TimeZone) -> Markup {
    html! {
        article.card.question {
            (told(&one.question))
            p.facts { (task_link(recap, &one.task)) " " (by(None, one.asked, zone)) }
            @match &one.answer {
                Some(answer) => div.answer { (told(answer)) p.facts { (by(one.by.as_deref(), one.answered, zone)) } },
                None => p.state.blocked { span.dot {} "waits for an answer" },
            }
        }
    }
}

fn by(who: Option<&str>, at: Option<Timestamp>, zone: &TimeZone) -> String {
    let at = at.map(|at| moment(at, zone));
    who.map(said).into_iter().chain(at).collect::<Vec<_>>().join(", ")
}
