//! Whether a plan that another program wrote is still the plan that it was. Pure.

use std::collections::HashSet;

use crate::genesis::{Code, Diagnostic, Genesis};
use crate::plan;

/// Why it is not.
#[derive(Debug, thiserror::Error)]
pub(super) enum Damage {
    #[error("its form would become {now} instead of {before}")]
    Form { before: &'static str, now: &'static str },
    #[error("{} would be gone from it", listed(.0))]
    TasksGone(Vec<String>),
    #[error("it would have a new error: {}", .0.message)]
    NewError(Box<Diagnostic>),
}

/// As many missing tasks as a message names.
const NAMED: usize = 5;

/// Says what is wrong with `now`, which was made of `before`: what was wrong before is no reason.
///
/// # Errors
/// [`Damage`] when it is another plan, or none that could be run.
pub(super) fn check(before: &Genesis, now: &Genesis) -> Result<(), Damage> {
    if before.form() != now.form() {
        return Err(Damage::Form { before: before.form().as_str(), now: now.form().as_str() });
    }
    let ids: HashSet<_> = now.tasks().iter().map(|task| task.id.as_str()).collect();
    let gone = before.tasks().iter().map(|task| &task.id).filter(|id| !ids.contains(id.as_str()));
    let gone: Vec<_> = gone.cloned().collect();
    if !gone.is_empty() {
        return Err(Damage::TasksGone(gone));
    }
    let known: HashSet<_> = errors(before).into_iter().map(identity).collect();
    let new = errors(now).into_iter().find(|error| !known.contains(&identity(error.clone())));
    new.map_or(Ok(()), |error| Err(Damage::NewError(Box::new(error))))
}

fn errors(genesis: &Genesis) -> Vec<Diagnostic> {
    let found = plan::load(genesis).err().unwrap_or_default();
    found.into_iter().filter(Diagnostic::is_error).collect()
}

/// Its place moves with every edit before it.
fn identity(error: Diagnostic) -> (Code, String) {
    (error.code, error.message)
}

fn listed(ids: &[String]) -> String {
    let mut named: Vec<_> = ids.iter().take(NAMED).map(|id| format!("`{id}`")).collect();
    if ids.len() > NAMED {
        named.push(format!("{} more", ids.len() - NAMED));
    }
    let noun = if ids.len() == 1 { "task" } else { "tasks" };
    format!("{noun} {}", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = r#"<projectGenesis version="1.0"><metadata><projectName>p</projectName><epicName>e</epicName></metadata>
<executionPlan><executionDag><dependencies><dependency><from>a</from><to>b</to></dependency></dependencies></executionDag>
<tasks><task id="a"><name>A</name><description>a</description><assignedAgent>w</assignedAgent></task>
<task id="b"><name>B</name><description>b</description><assignedAgent>w</assignedAgent></task></tasks>
<statusTracker><pending><taskRef id="a"/><taskRef id="b"/></pending></statusTracker></executionPlan></projectGenesis>"#;

    fn parsed(text: &str) -> Genesis {
        Genesis::parse(text.as_bytes().to_vec()).unwrap()
    }

    fn change(from: &str, to: &str) -> Result<(), String> {
        assert!(PLAN.contains(from), "{from}");
        check(&parsed(PLAN), &parsed(&PLAN.replace(from, to))).map_err(|damage| damage.to_string())
    }

    #[test]
    fn what_agents_write_into_a_plan_leaves_it_the_same() {
        let moved = r#"<taskRef id="b"/></pending><completed><taskRef id="a"/></completed>"#;
        assert_eq!(change(r#"<taskRef id="a"/><taskRef id="b"/></pending>"#, moved), Ok(()));
        assert_eq!(change("<name>A</name>", "<name>A</name>\n<status>completed</status>"), Ok(()));
        let new = r#"<task id="c"><name>C</name><description>c</description></task></tasks>"#;
        assert_eq!(change("</tasks>", new), Ok(()));
    }

    #[test]
    fn a_task_that_is_gone_or_renamed_is_told() {
        let error = change(r#"<task id="a">"#, r#"<task id="c">"#).unwrap_err();
        assert_eq!(error, "task `a` would be gone from it");
    }

    #[test]
    fn errors_are_told_unless_they_were_there_before() {
        let error = change("<to>b</to>", "<to>c</to>").unwrap_err();
        assert!(error.starts_with("it would have a new error: "), "{error}");
        let broken = PLAN.replace("<to>b</to>", "<to>c</to>");
        let more = broken.replace("<name>A</name>", "<name>Another</name>");
        assert!(check(&parsed(&broken), &parsed(&more)).is_ok());
        assert!(check(&parsed(&broken), &parsed(PLAN)).is_ok());
    }

    #[test]
    fn another_form_is_another_plan() {
        let (start, end) = (PLAN.find("<tasks>").unwrap(), PLAN.find("</tasks>").unwrap() + "</tasks>".len());
        let bare = [&PLAN[..start], &PLAN[end..]].concat();
        let error = check(&parsed(PLAN), &parsed(&bare)).unwrap_err().to_string();
        assert_eq!(error, "its form would become bare instead of canonical");
    }
}
