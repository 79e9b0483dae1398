use super::Sources;
use super::millis_of;
use super::spans::{Span, Spans};
use crate::report::recap::{AttemptRecap, GatePass};
use crate::run::{Attempt, GateEnded, TaskHistory};

/// A task's attempts, the first one first.
pub(super) fn attempts(story: &TaskHistory, spans: &Spans, sources: &Sources<'_>) -> Vec<AttemptRecap> {
    let counts = story.success().map(|attempt| attempt.started.attempt);
    let recap = |attempt: &Attempt| {
        let number = attempt.started.attempt;
        let span = spans.of_attempt(&attempt.started.task, number);
        let span = span.unwrap_or(Span { began: attempt.at, agent_ended: None, ended: None });
        recap(attempt, span, counts == Some(number), sources)
    };
    story.attempts.iter().map(recap).collect()
}

fn recap(attempt: &Attempt, span: Span, counts: bool, sources: &Sources<'_>) -> AttemptRecap {
    let started = &attempt.started;
    let ended = attempt.ended.as_ref().map(|(ended, _)| ended);
    let used = attempt.used();
    AttemptRecap {
        attempt: started.attempt,
        // A person's belongs to no run.
        run: Some(started.run.clone()).filter(|run| !run.is_empty()),
        agent: started.agent.clone(),
        runner: started.runner.clone(),
        began: span.began,
        agent_ended: span.agent_ended,
        ended: span.ended,
        took_ms: millis_of(attempt.took(sources.history.counts_until(sources.live, sources.now))),
        is_by_a_person: attempt.is_by_a_person(),
        agent_ms: ended.map(|ended| ended.duration_ms),
        outcome: attempt.outcome(),
        counts,
        goes_on: started.continues.as_ref().map(|continues| continues.because),
        resolves: started.resolves.as_ref().map(|resolves| resolves.attempt),
        summary: ended.and_then(|ended| ended.summary.clone()),
        detail: ended.and_then(|ended| ended.question.clone().or_else(|| ended.detail.clone())),
        cost_usd: used.cost_usd,
        tokens: used.tokens,
        reviews: attempt.reviews().map(|(reviewer, used)| (reviewer.to_owned(), used)).collect(),
        gates: attempt.gates.iter().map(pass).collect(),
    }
}

fn pass(ended: &GateEnded) -> GatePass {
    GatePass {
        gate: ended.gate.clone(),
        at: ended.at,
        passed: ended.passed,
        value: ended.measured.map(|measured| measured.value),
        at_least: ended.measured.and_then(|measured| measured.at_least),
        at_most: ended.measured.and_then(|measured| measured.at_most),
        detail: ended.detail.clone(),
        cost_usd: ended.cost_usd,
    }
}
