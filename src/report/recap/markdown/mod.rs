//! The recap as Markdown: for a pull request, a CI system's summary, or a terminal.

mod escape;
mod table;
mod timeline;

use std::fmt::Write;

use jiff::tz::TimeZone;

use self::escape::{id, said};
use self::table::Table;
use super::words::{self, bounds, change, count, dash, factor, figure, percent, took};
use super::{AgentRecap, AnswerRecap, Failure, GateRecap, Insight, Recap, TaskRecap};
use crate::genesis::Status;
use crate::report::spent::dollars;

/// The recap as Markdown; times are those of `zone`.
pub fn markdown(recap: &Recap, zone: &TimeZone) -> String {
    let mut page = format!("# {}\n\n", said(&recap.plan.project));
    let sections = [
        summary(recap, zone),
        section("What stands still, and why", &list(&recap.failures, failure)),
        section("Timeline", &timeline::timeline(recap, zone)),
        section("Estimates", &estimates(recap)),
        section("Gates", &list(&recap.gates, gate)),
        section("Agents and cost", &agents(recap)),
        section("Decisions", &list(&recap.decisions, insight)),
        section("Questions and answers", &list(&recap.questions, question)),
        section("Learnings", &list(&recap.learnings, insight)),
        section("Tasks", &tasks(recap)),
    ];
    page.extend(sections);
    page.trim_end().to_owned() + "\n"
}

fn section(title: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("## {title}\n\n{}\n\n", text.trim_end()) }
}

fn list<T>(items: &[T], item: impl Fn(&T) -> String) -> String {
    items.iter().flat_map(|one| ["- ".to_owned(), item(one), "\n".to_owned()]).collect()
}

fn summary(recap: &Recap, zone: &TimeZone) -> String {
    let summary = &recap.summary;
    let counts = &summary.counts;
    let mut text = format!(
        "Plan {}: **{} of {} tasks completed**",
        id(&recap.plan.epic),
        counts.completed,
        counts.total
    );
    let others = [
        (counts.in_progress, "in progress"),
        (counts.failed, "failed"),
        (counts.blocked, "blocked"),
        (counts.cancelled, "cancelled"),
        (counts.pending, "pending"),
    ];
    for (number, state) in others.into_iter().filter(|(number, _)| *number > 0) {
        let _ = write!(text, ", {number} {state}");
    }
    text.push_str(".\n\n");
    if let Some(forgotten) = words::forgotten(summary.forgotten) {
        text = text + &forgotten + "\n\n";
    }
    match summary.began {
        None if summary.forgotten > 0 => text,
        Some(began) => text + &figures(recap, &words::moment(began, zone), zone) + "\n",
        None => text + "No task has been tried yet.\n\n",
    }
}

fn figures(recap: &Recap, began: &str, zone: &TimeZone) -> String {
    let (summary, pace) = (&recap.summary, &recap.pace);
    let mut table = Table::new(&["", ""]);
    table.row(&["Began", began]);
    table.row(&["Ended", &summary.ended.map_or_else(dash, |ended| words::moment(ended, zone))]);
    table
        .row(&["Time at work", &format!("{}, {} of agents' work", took(pace.wall_ms), took(pace.worked_ms))]);
    if let (Some(average), Some(efficiency)) = (pace.average, pace.efficiency) {
        let (most, chain, share) = (pace.most, took(pace.longest_chain_ms), percent(efficiency));
        let chain = format!("the longest chain took {chain}, which is {share} of the time");
        table.row(&["At once", &format!("{average:.1} on average, {most} at most; {chain}")]);
    }
    table.row(&[
        "Attempts",
        &format!("{}, {} of them without success", summary.attempts, summary.unsuccessful),
    ]);
    if let Some(cost) = summary.cost_usd {
        let tokens = summary.tokens.map(|tokens| format!(", {} tokens", words::tokens(tokens)));
        table.row(&["Cost", &(dollars(cost) + &tokens.unwrap_or_default())]);
    }
    if let Some(changes) = words::changes(summary.changed, summary.unmeasured) {
        table.row(&["Changed", &changes]);
    }
    table.text()
}

fn failure(failure: &Failure) -> String {
    let outcome = failure.outcome.map_or(words::status(failure.status), |outcome| outcome.sentence());
    let why = failure.question.as_deref().or(failure.why.as_deref()).map(|why| format!(": {}", said(why)));
    let waiting =
        (failure.holds_up > 0).then(|| count(failure.holds_up, "task waits for it", "tasks wait for it"));
    let facts: Vec<_> =
        [Some(count(failure.attempts, "attempt", "attempts")), failure.cost_usd.map(dollars), waiting]
            .into_iter()
            .flatten()
            .collect();
    format!("{} **{outcome}**{} ({})", id(&failure.task), why.unwrap_or_default(), facts.join(", "))
}

fn estimates(recap: &Recap) -> String {
    let Some(accuracy) = &recap.accuracy else { return String::new() };
    let mut table = Table::new(&["Task", "Estimated", "Took", ""]);
    for task in &recap.tasks {
        if let (Some(estimate), Some(actual), Some(ratio)) = (task.estimate_ms, task.took_ms, task.ratio) {
            table.row(&[&id(&task.id), &took(estimate), &took(actual), &factor(ratio)]);
        }
    }
    format!("{}\n\n{}", words::accuracy(accuracy), table.text())
}

fn gate(gate: &GateRecap) -> String {
    let bound = gate.tries.iter().rev().find_map(|one| bounds(one.pass.at_least, one.pass.at_most));
    let bound = bound.map(|bound| format!(" ({bound})")).unwrap_or_default();
    let values: Vec<_> = gate.tries.iter().filter_map(|one| one.pass.value).map(figure).collect();
    let values = if values.is_empty() { String::new() } else { format!("; measured {}", values.join(", ")) };
    format!("{}{bound}: {} of {} passed{values}", id(&gate.gate), gate.passed, gate.passed + gate.failed)
}

fn agents(recap: &Recap) -> String {
    if recap.agents.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[
        "Agent",
        "Runner",
        "Tasks done",
        "Attempts",
        "Without success",
        "Time",
        "Estimates",
        "Tokens",
        "Cost",
    ]);
    for agent in &recap.agents {
        let AgentRecap { attempts, unsuccessful, took_ms, .. } = agent;
        table.row(&[
            &agent.agent.as_deref().map_or_else(dash, id),
            &id(&agent.runner),
            &words::tasks_done(agent),
            &attempts.to_string(),
            &unsuccessful.to_string(),
            &if agent.is_reviewer() { dash() } else { took(*took_ms) },
            &agent.accuracy.map_or_else(dash, |accuracy| factor(accuracy.median_ratio)),
            &agent.tokens.map_or_else(dash, words::tokens),
            &agent.cost_usd.map_or_else(dash, dollars),
        ]);
    }
    table.text()
}

fn insight(insight: &Insight) -> String {
    let texts: Vec<_> = insight.texts.iter().map(|text| said(text)).collect();
    let by = insight.task.as_deref().map(|task| format!(" ({})", id(task))).unwrap_or_default();
    format!("**{}**{by}: {}", said(&insight.title), texts.join(" — "))
}

fn question(one: &AnswerRecap) -> String {
    let answer = match (&one.answer, &one.by) {
        (Some(answer), Some(by)) => format!("{} ({})", said(answer), said(by)),
        (Some(answer), None) => said(answer),
        (None, _) => "_waits for an answer_".to_owned(),
    };
    format!("{}: {}\n  - {answer}", id(&one.task), said(&one.question))
}

fn tasks(recap: &Recap) -> String {
    let mut table = Table::new(&["Task", "State", "Attempts", "Took", "Cost", "Changed", "What came of it"]);
    for task in &recap.tasks {
        table.row(&[
            &id(&task.id),
            words::status(task.status),
            &task.attempts.len().to_string(),
            &task.took_ms.map_or_else(dash, took),
            &task.cost_usd.map_or_else(dash, dollars),
            &task
                .changed
                .map_or_else(|| if task.unmeasured { "not known".to_owned() } else { dash() }, change),
            &came_of(task),
        ]);
    }
    if recap.tasks.is_empty() { String::new() } else { table.text() }
}

fn came_of(task: &TaskRecap) -> String {
    let last = task.attempts.last().and_then(|attempt| attempt.detail.as_deref());
    match (&task.summary, task.status) {
        (Some(summary), _) => said(summary),
        (None, Status::Failed | Status::Blocked) => last.map_or_else(dash, said),
        (None, Status::Completed | Status::Pending | Status::InProgress | Status::Cancelled) => dash(),
    }
}
