use std::fmt::Write;

use crate::agent::{Outcome, Secrets};
use crate::genesis::Status;
use crate::plan::Plan;
use crate::report::chronicle::{Chapter, Chronicle};
use crate::report::spent::spent;
use crate::report::text::{clean, fit, short};
use crate::run::{History, Summary, Used};

/// The service takes a summary of a mebibyte; so many rows stay far below that.
const ROWS: usize = 500;
/// Characters of what is said of a task.
const SAYING: usize = 300;

/// A run in Markdown, for the page of the job: what needs a person comes first. `next` is the command that one would type now.
pub fn job_summary(
    chronicle: &Chronicle,
    plan: &Plan,
    history: &History,
    next: &str,
    secrets: &Secrets,
) -> String {
    let mut chapters = chronicle.chapters(plan, history);
    chapters.sort_by_key(|chapter| rank(chapter));
    let mut text = head(chronicle, plan);
    text.push_str("\n| task | status | attempts | took | used | |\n|---|---|---|---|---|---|\n");
    for chapter in chapters.iter().take(ROWS) {
        text.push_str(&row(chapter, secrets));
    }
    if chapters.len() > ROWS {
        let _ = writeln!(text, "\nand {} more", chapters.len() - ROWS);
    }
    if !next.is_empty() {
        let _ = writeln!(text, "\nNext: <code>{}</code>", literal(&secrets.masked(next)));
    }
    text
}

fn head(chronicle: &Chronicle, plan: &Plan) -> String {
    let project = if plan.project.is_empty() { &plan.epic } else { &plan.project };
    let Some(summary) = &chronicle.summary else {
        return format!("## {}: the run could not go on\n", literal(project));
    };
    let used = Used { cost_usd: summary.cost_usd, tokens: summary.tokens };
    let used = spent(used).map_or_else(String::new, |used| format!(", {used}"));
    let Summary { verdict, completed, total, done_now, duration, .. } = summary;
    format!(
        "## {}: {}\n\n{completed} of {total} tasks are completed, {done_now} of them in this run, in {}{}.\n",
        literal(project),
        verdict.as_str(),
        short(*duration),
        literal(&used)
    )
}

/// What needs a person, then what is done, then what was not run.
fn rank(chapter: &Chapter<'_>) -> u8 {
    match chapter.task.status {
        Status::Failed => 0,
        Status::Blocked => 1,
        Status::Cancelled => 2,
        Status::InProgress => 3,
        Status::Completed if chapter.ended.is_some() => 4,
        Status::Pending => 5,
        Status::Completed => 6,
    }
}

fn row(chapter: &Chapter<'_>, secrets: &Secrets) -> String {
    let Chapter { task, attempts, why, .. } = chapter;
    let status = match chapter.outcome() {
        Some(outcome) if task.status != Status::Completed => {
            format!("{} ({})", task.status, outcome.as_str())
        }
        Some(Outcome::NoChanges) => format!("{} (no changes)", task.status),
        _ => task.status.to_string(),
    };
    let took = if attempts.is_empty() { String::new() } else { short(chapter.worked()) };
    let used = spent(chapter.used()).unwrap_or_default();
    let why = fit(&clean(&secrets.masked(why.as_deref().unwrap_or_default())), SAYING);
    let attempts = if attempts.is_empty() { String::new() } else { attempts.len().to_string() };
    let id = literal(&clean(task.id.as_str()));
    format!(
        "| {id} | {} | {attempts} | {took} | {} | {} |\n",
        literal(&status),
        literal(&used),
        literal(&why)
    )
}

/// Text that Markdown and HTML take for nothing else.
fn literal(text: &str) -> String {
    let is_plain = |c: char| !c.is_ascii_punctuation() || ".,/()'?%$-".contains(c);
    let write = |c: char| if is_plain(c) { c.to_string() } else { format!("&#{};", u32::from(c)) };
    clean(text).chars().map(write).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::TaskId;
    use crate::run::RunEvent;

    #[test]
    fn no_text_can_leave_its_cell() {
        let hostile = "a | b\n\n# c <img src=x onerror=alert(1)> `d` [e](http://x) &amp; **f** \\| @g :h:";
        let text = literal(hostile);
        assert!(!text.chars().any(|c| "|<>`[]*\\@:\n".contains(c)), "{text}");
        assert_eq!(text.matches("&#124;").count(), 2);
    }

    #[test]
    fn what_needs_a_person_comes_first() {
        let plan = plan();
        let mut chronicle = Chronicle::default();
        let summary = crate::report::service::facts::tests::summary(&["bad"]);
        let not_run = RunEvent::NotRun {
            tasks: vec![TaskId::from("after")],
            because: TaskId::from("bad"),
            cause: crate::run::Cause::Failed,
            outcome: Some(Outcome::TimedOut),
        };
        chronicle.hear(&not_run);
        chronicle.hear(&RunEvent::Ended(summary));
        let text =
            job_summary(&chronicle, &plan, &History::default(), "blueprint status x", &Secrets::default());
        insta::assert_snapshot!(text);
    }

    fn plan() -> Plan {
        let text = r#"<projectGenesis version="1.0"><metadata><projectName>Shop | Co</projectName><epicName>shop</epicName></metadata>
            <executionPlan><executionDag/><tasks>
            <task id="good"><name>Good</name><description>d</description><status>completed</status></task>
            <task id="after"><name>After</name><description>d</description><dependencies>bad</dependencies></task>
            <task id="bad"><name>Bad</name><description>d</description><status>failed</status></task>
            </tasks></executionPlan></projectGenesis>"#;
        crate::plan::load(&crate::genesis::Genesis::parse(text.into()).unwrap()).unwrap()
    }
}
