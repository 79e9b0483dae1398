//! What was decided, learnt, asked and answered.

use jiff::Timestamp;

use super::Sources;
use crate::genesis::Known;
use crate::plan::TaskId;
use crate::report::recap::{AnswerRecap, Insight};
use crate::run::{Answered, Fact, Remark, Reported, Says, open_question};

/// As the knowledge base calls a decision.
const DECISION: &str = "decision";

/// What the knowledge base has as decided.
pub(super) fn decisions(sources: &Sources<'_>) -> Vec<Insight> {
    insights(sources, |known| known.kind == DECISION)
}

/// What it has as learnt.
pub(super) fn learnings(sources: &Sources<'_>) -> Vec<Insight> {
    insights(sources, |known| known.kind != DECISION)
}

fn insights(sources: &Sources<'_>, wanted: impl Fn(&Known) -> bool) -> Vec<Insight> {
    let said: Vec<_> = sources.records.iter().filter_map(remark).collect();
    let known = sources.genesis.known().into_iter().filter(wanted);
    known.map(|known| insight(known, &said)).collect()
}

/// A remark of an agent: its title, whose it is, and when it was made.
struct Remarked<'a> {
    title: &'a str,
    by: &'a Reported,
    at: Timestamp,
}

fn remark(record: &crate::run::Record) -> Option<Remarked<'_>> {
    let Fact::Reported(by) = &record.fact else { return None };
    match &by.says {
        Says::Remark(Remark::Learning { title, .. } | Remark::Decision { title, .. }) => {
            Some(Remarked { title, by, at: record.time })
        }
        Says::Remark(Remark::Note { .. }) | Says::Claim(_) => None,
    }
}

fn insight(known: Known, said: &[Remarked<'_>]) -> Insight {
    let by = said.iter().find(|said| said.title.trim() == known.title);
    Insight {
        task: by.map(|said| said.by.task.to_string()),
        by: by.map(|said| said.by.actor.clone()),
        at: by.map(|said| said.at),
        kind: known.kind,
        title: known.title,
        texts: known.texts,
    }
}

/// What was asked and answered, and then what waits for an answer.
pub(super) fn questions(sources: &Sources<'_>) -> Vec<AnswerRecap> {
    let answered = answered(sources).into_iter().map(|(fact, at)| answer(sources, fact, at));
    let open = sources.genesis.tasks().iter().filter_map(|task| {
        let question = open_question(sources.genesis, task, sources.history.task(&task.id))?;
        let asked = asked(sources, &TaskId::from(task.id.as_str()), question.attempt);
        let (task, attempt, question) = (task.id.clone(), question.attempt, question.text);
        Some(AnswerRecap { task, attempt, question, asked, answer: None, by: None, answered: None })
    });
    answered.chain(open).collect()
}

/// The answers that agents were told: of those to one question that nobody had heard yet, the last.
fn answered<'a>(sources: &Sources<'a>) -> Vec<(&'a Answered, Timestamp)> {
    let mut told: Vec<(&Answered, Timestamp)> = Vec::new();
    for record in sources.records {
        let Fact::Answered(fact) = &record.fact else { continue };
        match told.iter_mut().rfind(|(before, _)| before.task == fact.task) {
            Some(last) if fact.replaces(last.0) => *last = (fact, record.time),
            _ => told.push((fact, record.time)),
        }
    }
    told
}

fn answer(sources: &Sources<'_>, fact: &Answered, at: Timestamp) -> AnswerRecap {
    AnswerRecap {
        task: fact.task.to_string(),
        attempt: fact.attempt,
        question: fact.question.clone(),
        asked: asked(sources, &fact.task, fact.attempt),
        answer: Some(fact.text.clone()),
        by: Some(fact.by.clone()),
        answered: Some(at),
    }
}

/// An attempt ends with its question.
fn asked(sources: &Sources<'_>, task: &TaskId, attempt: Option<u32>) -> Option<Timestamp> {
    let attempts = &sources.history.task(task.as_str())?.attempts;
    let asking = attempts.iter().find(|known| Some(known.started.attempt) == attempt)?;
    asking.ended.as_ref().map(|(_, at)| *at)
}
