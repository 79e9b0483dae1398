//! What an agent, or a person in its place, needs to know about one task.

use super::model::TaskStatus;
use super::reader::Reader;
use super::story::task_lines;
use crate::genesis::{Genesis, Task};
use crate::plan::{Plan, TaskIndex};
use crate::report::text::{clean, folded};
use crate::run::{Attempt, History, TaskHistory};

/// All that is known of a task and of what it builds on, in lines of at most `width` columns where words allow.
pub fn show_lines(
    status: &TaskStatus,
    genesis: &Genesis,
    plan: &Plan,
    history: &History,
    index: TaskIndex,
    width: u16,
) -> String {
    let Some(task) = genesis.task(&status.id) else { return task_lines(status, &Reader::of(width)) };
    let story = history.task(&status.id);
    let needs = plan.prerequisites(index);
    let needs = needs.into_iter().filter_map(|before| genesis.task(plan.task(before).id.as_str()));
    let dependents = plan.dependents(index).into_iter();
    let mut page = Page { text: task_lines(status, &Reader::of(width)), width: width.into() };
    let details = genesis.details(&status.id);
    page.paragraph("Description", &details.description);
    page.items("Acceptance criteria", details.acceptance.into_iter());
    page.items("Prerequisites", needs.map(|before| prerequisite(genesis, before, history)));
    page.items("Waiting for it", dependents.map(|after| named(genesis, plan.task(after).id.as_str())));
    page.items("Estimate", task.estimate.iter().map(|estimate| estimate.id.clone()));
    page.items("Reported in the last attempt", story.into_iter().flat_map(reported));
    page.items("Attempts that ended", story.into_iter().flat_map(ended));
    page.items("Notes", notes(genesis, task));
    page.text
}

struct Page {
    text: String,
    width: usize,
}

impl Page {
    fn paragraph(&mut self, title: &str, text: &str) {
        let lines: Vec<_> = text.trim().lines().map(clean).collect();
        if !lines.iter().all(String::is_empty) {
            self.text.extend(["\n", title, "\n"]);
            for line in lines {
                self.text.push_str(&folded(&line, "  ", "  ", self.width));
            }
        }
    }

    fn items(&mut self, title: &str, items: impl Iterator<Item = String>) {
        let mut items = items.map(|item| clean(&item)).filter(|item| !item.is_empty()).peekable();
        if items.peek().is_some() {
            self.text.extend(["\n", title, "\n"]);
        }
        for item in items {
            self.text.push_str(&folded(&item, "  - ", "    ", self.width));
        }
    }
}

fn named(genesis: &Genesis, id: &str) -> String {
    genesis.task(id).map_or_else(|| id.to_owned(), |task| format!("{id} ({}): {}", task.status, task.name))
}

/// What came of it, and where its work is.
fn prerequisite(genesis: &Genesis, task: &Task, history: &History) -> String {
    let details = genesis.details(&task.id);
    let result = details.result.as_ref().map(|result| format!(" — {}", result.summary));
    let attempts = history.task(&task.id).into_iter().flat_map(|story| &story.attempts);
    let done = attempts.rev().find(|attempt| attempt.succeeded()).map(|done| {
        let commit = done.commit().map_or_else(String::new, |commit| format!(", commit {commit}"));
        format!("; branch {}{commit}", done.started.branch)
    });
    let [result, done] = [result, done].map(Option::unwrap_or_default);
    format!("{} ({}): {}{result}{done}", task.id, task.status, task.name)
}

fn reported(story: &TaskHistory) -> Vec<String> {
    let reports = story.last_attempt().into_iter().flat_map(|attempt| &attempt.reports);
    reports.map(|(reported, _)| format!("{}: {}", reported.says.word(), reported.says.text())).collect()
}

fn ended(story: &TaskHistory) -> Vec<String> {
    let line = |attempt: &Attempt| {
        let (ended, _) = attempt.ended.as_ref()?;
        let why = [&ended.question, &ended.detail, &ended.summary].into_iter().find_map(Option::as_deref);
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        Some(format!("attempt {} {}{why}", ended.attempt, ended.outcome.sentence()))
    };
    story.attempts.iter().filter_map(line).collect()
}

fn notes(genesis: &Genesis, task: &Task) -> impl Iterator<Item = String> {
    let by = |actor: Option<String>| actor.map_or_else(String::new, |actor| format!(" ({actor})"));
    genesis.notes(&task.id).into_iter().map(move |(actor, text)| text + &by(actor))
}
